package sentinel

import (
	"fmt"
	"log/slog"
	"slices"
	"strconv"
)

// Script is a script of the administrator that runs, or is to run.
type Script struct {
	Args    []string // the path comes first
	Running bool
	PID     int
	Tries   int
	At      int64 // when it started, or when it may start; 0: at once. In ms
}

// Scripts returns the scripts that run and those that wait, the oldest first.
func (s *Sentinel) Scripts() []*Script { return s.scripts }

func (s *Sentinel) schedule(args ...string) {
	s.scripts = append(s.scripts, &Script{Args: args})
	if len(s.scripts) > mostQueuedScripts {
		if oldest := slices.IndexFunc(s.scripts, func(j *Script) bool { return !j.Running }); oldest >= 0 {
			s.scripts = slices.Delete(s.scripts, oldest, oldest+1)
		}
	}
}

// callReconfigure runs the script that tells clients of another master.
func (s *Sentinel) callReconfigure(m *Instance, leads bool, from, to addr) {
	if m.reconfigure == "" {
		return
	}
	role := "observer"
	if leads {
		role = "leader"
	}
	s.schedule(m.reconfigure, m.Name, role, "start", s.shown(from), strconv.Itoa(from.port), s.shown(to), strconv.Itoa(to.port))
}

func (s *Sentinel) runScripts() {
	now := s.now()
	for _, j := range slices.Clone(s.scripts) {
		if s.running >= mostRunningScripts {
			return
		}
		if j.Running || j.At > now {
			continue
		}
		j.Running, j.At = true, now
		j.Tries++
		s.running++
		pid, err := s.host.Run(j)
		if err != nil {
			const couldNotRun = 2 // the exit code of a process that can't be that program
			s.ScriptEnded(j, couldNotRun, 0)
			continue
		}
		j.PID = pid
		s.publish(slog.LevelDebug, "+script-child", strconv.Itoa(pid))
	}
}

// killScripts ends those that take too long. The host says when they are gone.
func (s *Sentinel) killScripts() {
	for _, j := range s.scripts {
		if j.Running && s.now()-j.At > s.times.scriptRuntime {
			s.publish(slog.LevelWarn, "-script-timeout", fmt.Sprintf("%s %d", j.Args[0], j.PID))
			s.host.Kill(j)
		}
	}
}

// ScriptEnded says that a script has ended: by itself, or by a signal if that is
// not 0. One that asks for it by exit code 1, and one that was killed, is tried
// again later.
func (s *Sentinel) ScriptEnded(j *Script, code, signal int) {
	s.publish(slog.LevelDebug, "-script-child", fmt.Sprintf("%d %d %d", j.PID, code, signal))
	s.running--
	if (signal != 0 || code == 1) && j.Tries != mostScriptRetries {
		j.Running, j.PID = false, 0
		j.At = s.now() + s.times.scriptRetry<<(j.Tries-1)
		return
	}
	if signal != 0 || code != 0 {
		s.publish(slog.LevelWarn, "-script-error", fmt.Sprintf("%s %d %d", j.Args[0], signal, code))
	}
	s.scripts = slices.DeleteFunc(s.scripts, func(other *Script) bool { return other == j })
}

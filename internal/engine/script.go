package engine

import (
	"container/list"
	"context"
	"log/slog"

	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/script"
	"github.com/resp-server/resp-server/internal/spec"
)

// Scripts are the scripts that clients can call by their SHA-1. Those that came
// with EVAL are forgotten when there are too many, the least recently used
// first; those that were loaded stay.
type Scripts struct {
	cache  map[string]*cachedScript
	evals  list.List // of *cachedScript, the least recently used first
	interp *script.Interp
	// Evicted counts the scripts that were forgotten.
	Evicted uint64
	size    int
}

// maxEvals bounds the scripts that are kept because of EVAL.
const maxEvals = 500

type cachedScript struct {
	*script.Script
	place *list.Element // in evals; nil if it was loaded
}

// Len returns the number of scripts, and the bytes of their sources.
func (s *Scripts) Len() (n, bytes int) { return len(s.cache), s.size }

// Find returns a script by its SHA-1 in lower case, or nil.
func (s *Scripts) Find(sha string) *script.Script {
	c := s.cache[sha]
	if c == nil {
		return nil
	}
	if c.place != nil {
		s.evals.MoveToBack(c.place)
	}
	return c.Script
}

// Load compiles a source unless it is there; loaded tells that it is to stay.
func (s *Scripts) Load(source []byte, loaded bool) (*script.Script, error) {
	if known := s.Find(script.SHA(source)); known != nil {
		return known, nil
	}
	compiled, err := script.Compile(source)
	if err != nil {
		return nil, err
	}
	c := &cachedScript{Script: compiled}
	if !loaded {
		for s.evals.Len() >= maxEvals {
			oldest := s.evals.Remove(s.evals.Front()).(*cachedScript)
			delete(s.cache, oldest.SHA)
			s.size -= len(oldest.Source)
			s.Evicted++
		}
		c.place = s.evals.PushBack(c)
	}
	if s.cache == nil {
		s.cache = make(map[string]*cachedScript)
	}
	s.cache[c.SHA] = c
	s.size += len(c.Source)
	return compiled, nil
}

// Flush forgets all scripts.
func (s *Scripts) Flush() {
	evicted := s.Evicted
	*s = Scripts{Evicted: evicted}
}

// RunScript runs a script as the command of this Ctx. What it changes is one
// unit. With readOnly it may not call commands that write.
func (c *Ctx) RunScript(s *script.Script, keys, argv [][]byte, readOnly bool) error {
	if s.Flags&script.Declared != 0 && s.Flags&script.NoWrites == 0 {
		switch {
		case c.refuseWrites:
			return errDiskScript
		case readOnly:
			return resp.Error("ERR Can not execute a script with write flag using *_ro command.")
		}
	}
	if s.Flags&script.Declared != 0 && s.Flags&(script.AllowOOM|script.NoWrites) == 0 && c.evict.failed {
		return resp.ErrOOM
	}
	if c.Scripts.interp == nil {
		c.Scripts.interp = script.New(script.Options{Version: c.version, MaxString: int(c.Config.ProtoMaxBulkLen)})
	}
	run := scriptRun{c: c, allowOOM: s.Flags&script.AllowOOM != 0, readOnly: readOnly || s.Flags&script.NoWrites != 0}
	db, fieldsets := c.Session.db, c.Session.fieldsets
	c.Session.fieldsets = nil
	interp := c.Scripts.interp
	c.Scripts.interp = nil // a panic leaves it in no state to go on with
	defer func() {
		c.Session.db, c.Session.fieldsets = db, fieldsets
		c.unit.silent = false
		c.PropagateNothing() // its commands have done so
	}()
	err := interp.Run(s, &run, keys, argv, c.w)
	c.Scripts.interp = interp
	if f, ok := err.(*script.Failure); ok {
		if f.Counted { // once, but two commands failed
			c.Stats.command(c.Cmd).Failed++
			c.w.Error(f.Reply)
			return nil
		}
		return f.Reply
	}
	return err
}

const errDiskScript resp.Error = "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. " +
	"Writable scripts are blocked. Use 'no-writes' flag for read only scripts."

// scriptRun is the host of a script.
type scriptRun struct {
	c        *Ctx
	readOnly bool
	allowOOM bool
	wrote    bool
}

// Call runs a command for the script.
func (r *scriptRun) Call(args [][]byte, w *resp.Writer) error {
	c := r.c
	cmd, err := c.table.lookup(args)
	if err == nil {
		err = r.gate(cmd)
	} else if cmd == nil {
		err = resp.Error("ERR Unknown Redis command called from script")
	} else {
		err = resp.Error("ERR Wrong number of args calling Redis command from script")
	}
	if err != nil {
		c.countError(err.(resp.Error))
		if cmd != nil {
			c.Stats.command(cmd).Rejected++
		}
		return err
	}
	r.wrote = r.wrote || cmd.Flags&spec.Write != 0
	out := c.w
	c.w = w
	c.Call(cmd, args)
	c.w = out
	return nil
}

// gate decides whether the script may run a command.
func (r *scriptRun) gate(cmd *Command) error {
	switch {
	case cmd.Flags&spec.NoScript != 0:
		return resp.Error("ERR This Redis command is not allowed from script")
	case r.readOnly && cmd.Flags&(spec.Write|spec.MayReplicate) != 0:
		return resp.Error("ERR Write commands are not allowed from read-only scripts.")
	case r.c.evict.failed && cmd.Flags&spec.DenyOOM != 0 && !r.wrote && !r.allowOOM:
		return resp.ErrOOM
	case r.c.refuseWrites && cmd.Flags&spec.Write != 0 && !r.wrote:
		return errDisk
	}
	return nil
}

// MayCall tells whether there is a command; everybody may call all.
func (r *scriptRun) MayCall(args [][]byte) (may, known bool) {
	cmd, _ := r.c.table.lookup(args)
	return cmd != nil, cmd != nil
}

// Propagate turns the journal of the script off and on.
func (r *scriptRun) Propagate(to int) { r.c.unit.silent = to == 0 }

// Log writes what a script says to the log.
func (r *scriptRun) Log(level int, text string) {
	r.c.Log.Log(context.Background(), [...]slog.Level{slog.LevelDebug, slog.LevelDebug, slog.LevelInfo, slog.LevelWarn}[level], text)
}

// Seconds returns the clock.
func (r *scriptRun) Seconds() float64 { return r.c.clock.Monotonic().Seconds() }

// CountError counts an error that a script made up.
func (r *scriptRun) CountError(e resp.Error) { r.c.countError(e) }

// Interrupt tells whether the script is to end because the server does. There
// is no other way to end one: while it runs, nothing else does.
func (r *scriptRun) Interrupt() bool { return r.c.stopping.Load() }

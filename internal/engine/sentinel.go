package engine

import (
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/sentinel"
)

// guarding is the server as a sentinel. The state is nil if it is none.
type guarding struct {
	state   *sentinel.Sentinel
	outside Outside
	next    int64 // when the state ticks, in ms
	changed chan struct{}
}

// Outside does what a sentinel can't do by itself: connections, and processes.
type Outside interface {
	Dial(c *sentinel.Conn, ip string, port int)
	Resolve(name string) (ip string, ok bool)
	// Run and Kill are those of sentinel.Host.
	Run(s *sentinel.Script) (pid int, err error)
	Kill(s *sentinel.Script)
	Crash()
	// Executable reports whether a script can be started.
	Executable(path string) bool
}

// Sentinel returns the sentinel that the server is, or nil.
func (e *Core) Sentinel() *sentinel.Sentinel { return e.guard.state }

// BecomeSentinel makes the server a sentinel with the lines of its settings. It is
// called once. An error is of type *config.LineError.
func (e *Core) BecomeSentinel(outside Outside) error {
	e.guard.outside = outside
	state := sentinel.New(sentinelHost{e}, e.Log)
	if err := ConfigureSentinel(state, e.Config); err != nil {
		return err
	}
	e.guard.state = state
	e.Saving.final = true // there is nothing to be saved
	return nil
}

// ConfigureSentinel has a sentinel take over the lines of settings that are for it.
// An error is of type *config.LineError.
func ConfigureSentinel(s *sentinel.Sentinel, c *config.Config) error {
	var words [][]string
	for _, line := range c.SentinelLines {
		w, _ := resp.SplitWords(line.Text)
		words = append(words, w[1:])
	}
	if i, err := s.Configure(words); err != nil {
		return &config.LineError{Line: c.SentinelLines[i], Err: err}
	}
	return nil
}

// StartSentinel lets the sentinel watch, once it can be reached.
func (e *Core) StartSentinel() {
	e.guard.state.Begin()
	e.guard.next = e.NowMilli()
}

func (e *Core) tickSentinel(now int64) {
	if g := &e.guard; g.state != nil && g.next != 0 && now >= g.next {
		g.next = now + g.state.Tick()
		g.noteChange()
	}
}

// SentinelChange returns a channel that is closed when the sentinel may know
// something new.
func (e *Core) SentinelChange() <-chan struct{} {
	if e.guard.changed == nil {
		e.guard.changed = make(chan struct{})
	}
	return e.guard.changed
}

func (g *guarding) noteChange() {
	if g.changed != nil {
		close(g.changed)
		g.changed = nil
	}
}

// keptBySentinel returns what a sentinel keeps in the file of the settings.
func (e *Core) keptBySentinel() (lines []config.SentinelLine) {
	if e.guard.state == nil {
		return nil
	}
	for _, k := range e.guard.state.Kept() {
		lines = append(lines, config.SentinelLine(k))
	}
	return lines
}

// sentinelHost is the server as its sentinel sees it.
type sentinelHost struct{ e *Core }

func (h sentinelHost) Now() int64       { return h.e.NowMilli() }
func (h sentinelHost) IntN(n int) int   { return h.e.Rand.IntN(n) }
func (h sentinelHost) NewID() string    { return h.e.randomHex(40) }
func (h sentinelHost) Password() string { return h.e.Config.RequirePass }

func (h sentinelHost) Port() int {
	if c := h.e.Config; c.Replication.TLS && c.TLS.Port != 0 {
		return int(c.TLS.Port)
	}
	return int(h.e.Config.Port)
}

func (h sentinelHost) Dial(c *sentinel.Conn, ip string, port int) {
	h.e.guard.outside.Dial(c, ip, port)
}
func (h sentinelHost) Resolve(name string) (string, bool)          { return h.e.guard.outside.Resolve(name) }
func (h sentinelHost) Executable(path string) bool                 { return h.e.guard.outside.Executable(path) }
func (h sentinelHost) Run(s *sentinel.Script) (pid int, err error) { return h.e.guard.outside.Run(s) }
func (h sentinelHost) Kill(s *sentinel.Script)                     { h.e.guard.outside.Kill(s) }
func (h sentinelHost) Crash()                                      { h.e.guard.outside.Crash() }

func (h sentinelHost) Publish(event, message string) {
	h.e.guard.noteChange()
	h.e.Publish([]byte(event), []byte(message))
}

// Save writes the file of the settings; without one nothing is kept.
func (h sentinelHost) Save() error {
	if h.e.conf == "" {
		return nil
	}
	if err := h.e.writeConfig(false); err != nil {
		return err
	}
	h.e.Log.Info("Sentinel new configuration saved on disk")
	return nil
}

package engine

import (
	"iter"
	"maps"
	"slices"

	"github.com/resp-server/resp-server/internal/script"
)

// keptReply is how large a buffer for the replies to Look may stay.
const keptReply = 64 << 10

// NewLookingSession returns an internal session for Look.
func (e *Engine) NewLookingSession(conn Conn) *Session {
	s := e.NewInternalSession(conn)
	s.NeverWait()
	s.Unjudge()
	return s
}

// Look runs a command for somebody who looks at the server and takes no part in
// what happens there, and returns its reply in RESP3. No observer sees the command,
// neither rules for faults nor a Schedule apply to it, it is not counted, and the
// keys that it reads do not become used. It is for commands that only read.
func (s *Session) Look(db int, args [][]byte) []byte {
	e := s.e
	e.engine.interpose()
	defer e.engine.leave()
	if e.closed {
		return nil
	}
	stats, counted := &e.Stats, e.Stats
	counted.Errors = maps.Clone(counted.Errors)
	var own *CommandStats
	var before CommandStats
	if cmd, err := e.table.lookup(args); err == nil {
		own = stats.command(cmd)
		before = *own
		own.Latency = nil
	}
	e.observers, e.gates = 0, e.gates&^(gateFault|gateSchedule|gateStrict)
	s.NoTouch, s.db = true, db
	if db < 0 || db >= e.Keyspace.Len() {
		s.db = 0
	}
	e.process(s, args)
	s.NoTouch, s.db = false, 0
	e.setObservers()
	e.setGates()
	if own != nil {
		*own = before
	}
	stats.Commands, stats.Hits, stats.Misses = counted.Commands, counted.Hits, counted.Misses
	stats.CommandTime, stats.ErrorReplies, stats.Errors = counted.CommandTime, counted.ErrorReplies, counted.Errors
	reply := slices.Clone(s.out.Buf)
	if s.out.Buf = s.out.Buf[:0]; cap(s.out.Buf) > keptReply {
		s.out.Buf = nil
	}
	return reply
}

// BlockedOn is what a blocked client waits with.
type BlockedOn struct {
	Command string // its full name; "" if the client waits for something else
	Args    [][]byte
	Keys    [][]byte
	// Deadline in milliseconds since 1970; 0 waits for ever.
	Deadline int64
	// Held is set if a pause, a fault or a Schedule holds the command back.
	Held bool
}

// BlockedOn returns what the client waits with, if it is blocked. It stays valid until
// the engine's lock is released.
func (s *Session) BlockedOn() (w BlockedOn, ok bool) {
	b := s.wait
	if b == nil {
		return w, false
	}
	if b.cmd != nil {
		w.Command = b.cmd.FullName
	}
	for _, l := range b.links {
		w.Keys = append(w.Keys, []byte(l.q.key.key))
	}
	w.Args, w.Deadline, w.Held = b.args, b.deadline(), b.parked
	return w, true
}

// All returns the scripts that clients can call by their SHA-1, in no order.
func (s *Scripts) All() iter.Seq[*script.Script] {
	return func(yield func(*script.Script) bool) {
		for _, c := range s.cache {
			if !yield(c.Script) {
				return
			}
		}
	}
}

// Shown returns the arguments without passwords, for observers.
func (c *Ctx) Shown() [][]byte { return c.shownArgs() }

package engine

import (
	"fmt"
	"slices"

	"github.com/resp-server/resp-server/internal/spec"
)

// schedule has commands wait, as data, until somebody says which one is next.
type schedule struct {
	waiting []*wait // in the order in which they came
	arrived func()
}

func (h *schedule) check(e *Core) error {
	if h == nil {
		return nil
	}
	for i, w := range h.waiting {
		if w.s.wait == w && (!w.parked || slices.Index(h.waiting, w) != i) {
			return fmt.Errorf("client %d is not held back once", w.s.ID)
		}
	}
	return nil
}

// Waiting is a command that waits to be chosen.
type Waiting struct {
	Client uint64 // the id of the session
	Name   string // of the client
	Addr   string // likewise
	Args   [][]byte
}

// HoldCommands has all commands that look at data wait from now on, until Choose
// names their client; arrived is called, under the engine's lock, when one came.
// nil ends it: what waits runs, in the order in which it came.
func (e *Core) HoldCommands(arrived func()) {
	if arrived != nil {
		e.schedule = &schedule{arrived: arrived}
	} else if held := e.schedule; held != nil {
		e.schedule = nil
		for _, w := range held.waiting {
			e.release(w)
		}
	}
	e.setGates()
}

// Held returns the commands that wait to be chosen, in the order in which they
// came.
func (e *Core) Held() []Waiting {
	if e.schedule == nil {
		return nil
	}
	held := make([]Waiting, len(e.schedule.waiting))
	for i, w := range e.schedule.waiting {
		held[i] = Waiting{w.s.ID, w.s.Name, w.s.conn.Addr(), w.args}
	}
	return held
}

// Choose lets the command of a client run.
func (e *Core) Choose(client uint64) {
	for i, w := range e.schedule.waiting {
		if w.s.ID == client {
			e.schedule.waiting = append(e.schedule.waiting[:i], e.schedule.waiting[i+1:]...)
			e.release(w)
			return
		}
	}
}

func (e *Core) release(w *wait) {
	if w.s.wait == w { // else the client is gone
		w.s.chosen = true
		e.resume = append(e.resume, w.s)
	}
}

// gateSchedule holds a command back. Those that only prepare others (MULTI and
// what it queues, settings of the connection) make no difference to anybody else:
// they run at once.
func (e *Core) gateSchedule(s *Session, cmd *Command, args [][]byte) error {
	const looks = spec.Write | spec.ReadOnly | spec.MayReplicate | spec.Blocking | spec.PubSub
	runs := cmd.FullName == "exec" || cmd.FullName == "watch"
	switch {
	case s.chosen:
		s.chosen = false
		return nil
	case s.multi != nil && !runs, !runs && cmd.Flags&looks == 0:
		return nil
	}
	w := &wait{s: s, cmd: cmd, args: copyArgs(args), parked: true}
	e.hold(w)
	e.schedule.waiting = append(e.schedule.waiting, w)
	e.schedule.arrived()
	return errHandled
}

package engine

import (
	"fmt"
	"slices"

	"github.com/resp-server/resp-server/internal/spec"
)

// schedule holds commands back, as data, until somebody chooses the next one.
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

// HoldCommands makes all commands that look at data wait until Choose names their
// client. It calls arrived, under the engine's lock, when one has arrived. Nil ends it:
// the waiting commands run, in the order in which they came.
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

// gateSchedule holds a command back. Commands that only prepare others (MULTI, queued
// commands, settings of the connection) run at once: nobody else sees a difference.
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

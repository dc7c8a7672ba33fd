package engine

import (
	"fmt"
	"math/bits"
	"slices"
	"time"
)

// Observers look at commands and change no data. Two of them look at the reply and
// change that: strict mode may refuse it, and its order may be shuffled. As with gates, each is a bit in
// a set, and those that nobody wants to look cost nothing.
type observerSet uint8

// The observers, in their order.
const (
	observeMonitor observerSet = 1 << iota
	observeLogs
	observeHotKeys
	observeSlots
	observeTracking
	observeShuffle
	observeStrict
	observeOutside
)

// Outcome is how a command ended, for observers.
type Outcome struct {
	Took    time.Duration
	Err     error
	Blocked bool
	mark    int // where the reply begins
}

var observers = [...]struct {
	name string
	// before may be nil.
	before func(*Core, *Ctx)
	after  func(*Core, *Ctx)
}{
	{"MONITOR", (*Core).monitorBefore, (*Core).monitorAfter},
	{"SLOWLOG, LATENCY and COMMANDLOG", nil, (*Core).logAfter},
	{"which keys are hot", nil, (*Core).hotKeysAfter},
	{"what slots take", nil, (*Core).slotsAfter},
	{"what clients cache", nil, (*Core).trackAfter},
	{"replies in another order", nil, (*Core).shuffleAfter},
	{"strict mode", nil, (*Core).strictAfter},
	{"observers from outside", (*Core).outsideBefore, (*Core).outsideAfter},
}

// observesBefore are the observers that look before a command runs.
const observesBefore = observeMonitor | observeOutside

func (e *Core) observeBefore(on observerSet, c *Ctx) {
	for ; on != 0; on &= on - 1 {
		observers[bits.TrailingZeros8(uint8(on))].before(e, c)
	}
}

func (e *Core) observeAfter(on observerSet, c *Ctx) {
	for ; on != 0; on &= on - 1 {
		observers[bits.TrailingZeros8(uint8(on))].after(e, c)
	}
}

// observersOf returns who looks at the commands of a session.
func (e *Core) observersOf(s *Session) observerSet {
	on := e.observers
	if s.tracking != nil {
		on |= observeTracking
	}
	return on
}

// observing says who looks at the commands of all sessions: observers are those
// that observersNow returns, and monitors the sessions in MONITOR mode, in the
// order in which they entered it.
type observing struct {
	observers observerSet
	monitors  []*Session
	outside   []*Observer
}

// setObservers is called when what observersNow looks at has changed.
func (e *Core) setObservers() { e.observers = e.observersNow() }

func (e *Core) observersNow() observerSet {
	on := observeLogs
	if len(e.monitors) > 0 {
		on |= observeMonitor
	}
	if e.hot != nil && e.hot.active {
		on |= observeHotKeys
	}
	if e.slotStats.on() {
		on |= observeSlots
	}
	if e.shuffle.on {
		on |= observeShuffle
	}
	if e.isStrict() {
		on |= observeStrict
	}
	if len(e.outside) > 0 {
		on |= observeOutside
	}
	return on
}

func (o *observing) check(e *Core) error {
	n := 0
	for s := range e.all {
		if s.monitor {
			n++
			if !slices.Contains(o.monitors, s) {
				return fmt.Errorf("client %d hears nothing", s.ID)
			}
		}
	}
	switch {
	case n != len(o.monitors):
		return fmt.Errorf("%d clients in MONITOR mode, %d hear of commands", n, len(o.monitors))
	case o.observers != e.observersNow():
		return fmt.Errorf("%b look, %b have to", o.observers, e.observersNow())
	}
	return nil
}

// Observer is an observer from outside, such as a recorder. A nil function is
// not called. All are called under the engine's lock; they must not keep the
// arguments and bytes that they get.
type Observer struct {
	// Received gets each command line that arrives, before anything else.
	Received func(s *Session, args [][]byte)
	// Before is called when a command is about to run, in EXEC and scripts too.
	Before func(c *Ctx)
	// After is called when it has run, also if it now waits; see Ctx.Outcome.
	After func(c *Ctx)
	// Sent gets what a client is sent, in whole replies and messages.
	Sent func(s *Session, output []byte)
	// Closed is called when a session is gone, with whether the server has ended
	// the connection, other than because it ends itself.
	Closed func(s *Session, byServer bool)
	// Left is called when a client goes to another space.
	Left func(s *Session)
	// Moved is called when a client has come from another space, before it says
	// anything. from was its session there.
	Moved func(from, to *Session)
}

// Observe has o look at all commands until remove is called.
func (e *Core) Observe(o *Observer) (remove func(*Core)) {
	e.outside = append(e.outside, o)
	e.setObservers()
	return func(e *Core) {
		e.outside = slices.DeleteFunc(e.outside, func(other *Observer) bool { return other == o })
		e.setObservers()
	}
}

func (e *Core) outsideBefore(c *Ctx) {
	for _, o := range e.outside {
		if o.Before != nil {
			o.Before(c)
		}
	}
}

func (e *Core) outsideAfter(c *Ctx) {
	for _, o := range e.outside {
		if o.After != nil {
			o.After(c)
		}
	}
}

func (e *Core) received(s *Session, args [][]byte) {
	for _, o := range e.outside {
		if o.Received != nil {
			o.Received(s, args)
		}
	}
}

func (e *Core) sent(s *Session, output []byte) {
	for _, o := range e.outside {
		if o.Sent != nil {
			o.Sent(s, output)
		}
	}
}

func (e *Core) sessionLeft(s *Session) {
	for _, o := range e.outside {
		if o.Left != nil {
			o.Left(s)
		}
	}
}

func (e *Core) sessionMoved(from, to *Session) {
	for _, o := range e.outside {
		if o.Moved != nil {
			o.Moved(from, to)
		}
	}
}

func (e *Core) sessionClosed(s *Session, byServer bool) {
	for _, o := range e.outside {
		if o.Closed != nil {
			o.Closed(s, byServer)
		}
	}
}

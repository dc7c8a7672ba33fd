package engine

import (
	"fmt"
	"math/bits"
	"slices"
	"time"
)

// Observers look at commands and change no data. Two of them may change the reply:
// strict mode refuses it, and Shuffle changes its order. As with gates, each is a bit
// in a set, and one that nobody wants costs nothing.
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

// observersOf returns the observers of a session's commands.
func (e *Core) observersOf(s *Session) observerSet {
	on := e.observers
	if s.tracking != nil {
		on |= observeTracking
	}
	return on
}

// observing holds the observers of the commands of all sessions: observers is what
// observersNow returns, and monitors are the sessions in MONITOR mode, in the order in
// which they entered it.
type observing struct {
	observers observerSet
	monitors  []*Session
	outside   []*Observer
}

// Whatever changes the result of observersNow calls setObservers.
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

// Observer is an observer from outside, such as a recorder. A function may be nil. The
// engine calls them under its lock; they must not keep the arguments and bytes that
// they get.
type Observer struct {
	// Received gets each command line that arrives, before anything else does.
	Received func(s *Session, args [][]byte)
	// Before is called when a command is about to run, also in EXEC and scripts.
	Before func(c *Ctx)
	// After is called when it has run, even if it now waits; see Ctx.Outcome.
	After func(c *Ctx)
	// Sent gets the output to a client, in whole replies and messages.
	Sent func(s *Session, output []byte)
	// Closed is called when a session is gone. byServer means that the server has
	// closed the connection, for another reason than its own end.
	Closed func(s *Session, byServer bool)
	// Left is called when a client goes to another space.
	Left func(s *Session)
	// Moved is called when a client has come from another space, before it sends
	// anything. from was its session there.
	Moved func(from, to *Session)
}

// Observe lets o observe all commands until remove is called.
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

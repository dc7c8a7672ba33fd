package clock

import (
	"fmt"
	"time"
)

// Manual stands still until a test moves it. Functions run only within Advance
// and Set, in the goroutine of the caller.
//
// Its operations cost O(pending timers); a server has a handful.
type Manual struct{ still Steered } // frozen for ever, so that it needs no base

// NewManual makes a clock that shows start. It panics if that is before 1970.
func NewManual(start time.Time) *Manual {
	mustKnow(start)
	m := new(Manual)
	m.still.shift.Store(&shift{frozen: true, at: start.Round(0)})
	return m
}

// mustKnow panics if t is a time that no server can have: its units are
// milliseconds since 1970, and 0 stands for no time at all.
func mustKnow(t time.Time) {
	if t.Unix() < 0 {
		panic(fmt.Sprintf("respserver: the clock of a server is set to %v; it starts in 1970", t))
	}
}

// Now is the time to which the clock was moved last; within a timer's
// function it is the time at which the timer was due.
func (m *Manual) Now() time.Time { return m.still.Now() }

// Monotonic is the sum of all forward moves.
func (m *Manual) Monotonic() time.Duration { return m.still.Monotonic() }

// Advance moves the clock by d. Each timer due on the way runs at its own time,
// in order (of equal times, the first armed runs first), and so do those that
// the functions arm on the way: one that always arms itself anew for the same
// moment never lets Advance return. A negative d moves Now back and runs
// nothing; the timers keep what they still have to wait. It panics if that
// leads before 1970. Advance(0) runs what was armed with no delay.
//
// Functions may themselves move the clock; the outer move then goes on from
// there, if it has not come to its end, and is abandoned after a move back.
// Concurrent moves overlap likewise: each returns when the clock has passed
// its own end.
func (m *Manual) Advance(d time.Duration) { m.still.Advance(d) }

// Set moves the clock to t, as Advance does.
func (m *Manual) Set(t time.Time) { m.still.Set(t) }

// Next is the time at which the next timer is due, and false if there is none.
func (m *Manual) Next() (time.Time, bool) {
	c := &m.still
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.first()
	if t == nil {
		return time.Time{}, false
	}
	return c.Now().Add(max(t.at-c.Monotonic(), 0)), true
}

// AfterFunc runs f within the move that passes d from now. Even if d is not
// positive, that takes a move.
func (m *Manual) AfterFunc(d time.Duration, f func()) Timer { return m.still.AfterFunc(d, f) }

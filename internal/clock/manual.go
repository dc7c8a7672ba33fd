package clock

import (
	"fmt"
	"time"
)

// Manual stands still until a test moves it. Functions run only within Advance and
// Set, in the goroutine of the caller.
//
// Operations are linear in the number of pending timers; a server has a handful.
type Manual struct{ still Steered } // frozen forever, so it needs no base

// NewManual returns a clock that shows start. It panics if that is before 1970.
func NewManual(start time.Time) *Manual {
	mustKnow(start)
	m := new(Manual)
	m.still.shift.Store(&shift{frozen: true, at: start.Round(0)})
	return m
}

// mustKnow panics if t is a time that a server can't represent: it uses
// milliseconds since 1970, and 0 stands for no time.
func mustKnow(t time.Time) {
	if t.Unix() < 0 {
		panic(fmt.Sprintf("respserver: the clock of a server is set to %v; it starts in 1970", t))
	}
}

// Now returns the time to which the clock was last moved. Within a timer's function
// it returns the time at which the timer was due.
func (m *Manual) Now() time.Time { return m.still.Now() }

// Monotonic returns the sum of all forward moves.
func (m *Manual) Monotonic() time.Duration { return m.still.Monotonic() }

// Advance moves the clock by d. Each timer due on the way runs at its own time, in
// order (of equal times, the one armed first runs first), and so do timers that the
// functions arm on the way: a function that always arms itself again for the same
// moment never lets Advance return. A negative d moves Now back and runs nothing;
// the timers keep their remaining time. Advance panics if the result is before
// 1970, or if all forward moves add up to more than 292 years. Advance(0) runs timers
// that were armed with no delay.
//
// Functions may move the clock too. The outer move then continues from there,
// unless it has reached its end, and is abandoned after a move back. Concurrent
// moves overlap likewise: each returns when the clock has passed its own end.
func (m *Manual) Advance(d time.Duration) { m.still.Advance(d) }

// Set moves the clock to t, like Advance.
func (m *Manual) Set(t time.Time) { m.still.Set(t) }

// Next returns the time at which the next timer is due, and false if there is none.
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

// AfterFunc schedules f for the move that takes the clock at least d beyond now.
// Even if d is not positive, f needs a move to run.
func (m *Manual) AfterFunc(d time.Duration, f func()) Timer { return m.still.AfterFunc(d, f) }

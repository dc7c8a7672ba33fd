package respserver

import (
	"time"

	"github.com/resp-server/resp-server/internal/clock"
)

// Clock is the time of a server: expiry, TIME, stream ids, idle times and
// timeouts all follow it. RealClock and ManualClock are clocks; a program may
// bring another one. Its methods are called by several goroutines, and while
// the server holds its lock: they must not call the server.
type Clock interface {
	// Now is the wall time, from 1970 on. It may jump in either direction.
	Now() time.Time
	// Monotonic is the time elapsed since some fixed moment. It never
	// decreases. The server measures with it how long commands take.
	Monotonic() time.Duration
	// AfterFunc calls f once when d has elapsed, wherever Now is set meanwhile,
	// and never before AfterFunc has returned. f uses the clock and its timers.
	// A clock that is moved by hand should return from the move when f has
	// returned: what is due then has happened.
	AfterFunc(d time.Duration, f func()) Timer
}

// Timer is a pending call of AfterFunc's function. Stop cancels the call; Reset
// has it made d from now, once more if it was made already. Both report
// whether a call was pending. A *time.Timer is one.
type Timer = interface {
	Stop() bool
	Reset(d time.Duration) bool
}

// RealClock is the time of the system, and the default. In a testing/synctest
// bubble it is the time of the bubble.
var RealClock Clock = clock.Real{}

// ManualClock is a Clock that stands still until it is moved. It may be used by
// several servers and goroutines.
type ManualClock struct{ m *clock.Manual }

// NewManualClock returns a clock that shows the given time. It panics if that
// is before 1970, where the time of a server begins.
func NewManualClock(start time.Time) *ManualClock {
	return &ManualClock{clock.NewManual(start)}
}

// Now returns the time that the clock shows.
func (c *ManualClock) Now() time.Time { return c.m.Now() }

// Monotonic returns the sum of all moves forward.
func (c *ManualClock) Monotonic() time.Duration { return c.m.Monotonic() }

// AfterFunc calls f in the move of the clock that passes d from now.
func (c *ManualClock) AfterFunc(d time.Duration, f func()) Timer { return c.m.AfterFunc(d, f) }

// Advance moves the clock by d. What becomes due happens, in the order of its
// time, before Advance returns: keys expire, blocked commands time out. A
// negative d moves it back without anything happening; it panics if that leads
// before 1970.
func (c *ManualClock) Advance(d time.Duration) { c.m.Advance(d) }

// Set moves the clock to a time: forward as by Advance, backward without
// anything happening. It panics if the time is before 1970.
func (c *ManualClock) Set(t time.Time) { c.m.Set(t) }

package respserver

import (
	"time"

	"github.com/resp-server/resp-server/internal/clock"
)

// Clock is the time of a server: expiry, TIME, stream ids, idle times and timeouts
// all follow it. RealClock and ManualClock implement it; a program may bring its
// own. Several goroutines call its methods, some while the server holds its lock,
// so the methods must not call the server.
type Clock interface {
	// Now returns the wall time, never before 1970. It may jump in either
	// direction.
	Now() time.Time
	// Monotonic returns the time elapsed since some fixed moment. It never
	// decreases. The server uses it to measure how long commands take.
	Monotonic() time.Duration
	// AfterFunc calls f once, when d has elapsed, even if Now jumps meanwhile, and
	// never before AfterFunc has returned. f may use the clock and its timers. If
	// the clock is moved by hand, the move should return only after f has returned,
	// so that everything due has happened by then.
	AfterFunc(d time.Duration, f func()) Timer
}

// Timer is a pending call of the function that AfterFunc was given. Stop cancels
// the call. Reset schedules it for d from now, even if it has already run. Both
// report whether a call was pending. A *time.Timer is a Timer.
type Timer = interface {
	Stop() bool
	Reset(d time.Duration) bool
}

// RealClock is the time of the system, and the default. In a testing/synctest
// bubble it is the time of the bubble.
var RealClock Clock = clock.Real{}

// ManualClock is a Clock that stands still until it is moved. Several servers and
// goroutines may share one.
type ManualClock struct{ m *clock.Manual }

// NewManualClock returns a clock that shows the given time. It panics if the time
// is before 1970, where the time of a server begins.
func NewManualClock(start time.Time) *ManualClock {
	return &ManualClock{clock.NewManual(start)}
}

// Now returns the time that the clock shows.
func (c *ManualClock) Now() time.Time { return c.m.Now() }

// Monotonic returns the sum of all moves forward.
func (c *ManualClock) Monotonic() time.Duration { return c.m.Monotonic() }

// AfterFunc schedules f for the move that takes the clock at least d beyond now.
func (c *ManualClock) AfterFunc(d time.Duration, f func()) Timer { return c.m.AfterFunc(d, f) }

// Advance moves the clock by d. Everything that becomes due happens before Advance
// returns, in the order of time: keys expire, blocked commands time out. A negative
// d moves the clock back and triggers nothing. Advance panics if the result is
// before 1970.
func (c *ManualClock) Advance(d time.Duration) { c.m.Advance(d) }

// Set moves the clock to a time: forward like Advance, backward without triggering
// anything. It panics if the time is before 1970.
func (c *ManualClock) Set(t time.Time) { c.m.Set(t) }

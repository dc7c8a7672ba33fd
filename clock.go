package respserver

import (
	"time"

	"github.com/resp-server/resp-server/internal/clock"
)

// Clock is the time of a server: expiry, TIME, stream ids, idle times and
// timeouts all follow it. RealClock and NewManualClock make one.
type Clock interface{ clock() clock.Clock }

// RealClock is the time of the system, and the default.
var RealClock Clock = realClock{}

type realClock struct{}

func (realClock) clock() clock.Clock { return clock.Real{} }

// ManualClock stands still until it is moved. It may be used by several
// servers and goroutines.
type ManualClock struct{ m *clock.Manual }

// NewManualClock returns a clock that shows the given time.
func NewManualClock(start time.Time) *ManualClock {
	return &ManualClock{clock.NewManual(start)}
}

func (c *ManualClock) clock() clock.Clock { return c.m }

// Now returns the time that the clock shows.
func (c *ManualClock) Now() time.Time { return c.m.Now() }

// Advance moves the clock by d. What becomes due happens, in the order of its
// time, before Advance returns: keys expire, blocked commands time out.
func (c *ManualClock) Advance(d time.Duration) { c.m.Advance(d) }

// Set moves the clock to a time: forward as by Advance, backward without
// anything happening.
func (c *ManualClock) Set(t time.Time) { c.m.Set(t) }

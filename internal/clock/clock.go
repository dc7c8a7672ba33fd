// Package clock is the only place in the server that reads the time or starts a
// timer, so that a test can stop it, move it, or run the whole server in a
// testing/synctest bubble.
//
// Its users:
//   - The engine reads Now once per unit (one command, one EXEC, one script).
//     Expiry, TIME, stream IDs, idle times and LFU decay all use that reading.
//   - Timeouts of blocked clients, active expiry and periodic work are timers of
//     AfterFunc. A timer counts elapsed time, even if Now jumps meanwhile: code
//     that waits for a moment of Now checks it when the timer fires, and arms the
//     timer again if it was early.
//   - Durations of commands, for the slow log, latency and statistics, are
//     differences of Monotonic.
//   - Transports use Real whatever the server's clock is: deadlines of sockets
//     belong to the network.
package clock

import "time"

// Clock shows the time and runs functions later. All implementations are safe for
// concurrent use.
type Clock interface {
	// Now returns the wall time. It may jump in either direction.
	Now() time.Time
	// Monotonic returns the time elapsed since some fixed moment; only the
	// difference of two readings is meaningful. It is cheaper than Now and never
	// decreases.
	Monotonic() time.Duration
	// AfterFunc runs f once, after d has elapsed; each implementation says in which
	// goroutine. The clock holds no lock while f runs: f may use the clock and its
	// timers.
	AfterFunc(d time.Duration, f func()) Timer
}

// Timer is a pending call of the function that AfterFunc was given. It is an alias
// so that clocks of other packages with the same interface under another name are
// clocks here.
type Timer = interface {
	// Stop cancels the call and reports whether it was pending. It does not wait
	// for a call that has begun.
	Stop() bool
	// Reset schedules the function for d from now, even if it has already run, and
	// reports whether a call was pending.
	Reset(d time.Duration) bool
}

// Real is the clock of the system. Functions run in goroutines of their own.
//
// It has no state: readings and timers belong to the calling goroutine, so inside a
// synctest bubble time is the bubble's.
// that inside a synctest bubble time is the bubble's.
type Real struct{}

// origin is the zero of Real's Monotonic.
var origin = time.Now()

// Now returns time.Now.
func (Real) Now() time.Time { return time.Now() }

// Monotonic returns the time since the process started.
func (Real) Monotonic() time.Duration { return time.Since(origin) }

// AfterFunc is time.AfterFunc.
func (Real) AfterFunc(d time.Duration, f func()) Timer { return time.AfterFunc(d, f) }

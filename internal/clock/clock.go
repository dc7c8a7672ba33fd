// Package clock is the only place of the server that reads the time or starts
// a timer, so that a test can stop it, move it, or run the whole server in a
// testing/synctest bubble.
//
// Who uses what:
//   - The engine reads Now once per unit (one command, one EXEC, one script).
//     Expiry, TIME, stream IDs, idle times and LFU decay all see that reading.
//   - Timeouts of blocked clients, active expiry and periodic work are timers
//     of AfterFunc. A timer counts elapsed time, wherever Now is set meanwhile:
//     who waits for a moment of Now looks again when the timer runs, and arms
//     it anew if it was early.
//   - Durations of commands, for the slow log, latency and statistics, are
//     differences of Monotonic.
//   - Transports use Real whatever the server's clock is: deadlines of sockets
//     belong to the network.
package clock

import "time"

// Clock tells the time and runs functions later. All implementations are safe
// for concurrent use.
type Clock interface {
	// Now is the wall time. It may jump in either direction.
	Now() time.Time
	// Monotonic is the time elapsed since some fixed moment; only the
	// difference of two readings means anything. It is cheaper than Now and
	// never decreases.
	Monotonic() time.Duration
	// AfterFunc runs f once, after d has elapsed; each implementation says
	// in which goroutine. No lock of the clock is held while f runs: f may use
	// the clock and its timers.
	AfterFunc(d time.Duration, f func()) Timer
}

// Timer is a pending call of AfterFunc's function. It is an alias so that the
// clocks of other packages, which name the interface in their own way, are
// clocks here.
type Timer = interface {
	// Stop cancels the call and reports whether there was one to cancel. It
	// does not wait for a call that has begun.
	Stop() bool
	// Reset lets the function run d from now, once more if it has already
	// run, and reports whether a call was pending.
	Reset(d time.Duration) bool
}

// Real is the clock of the system. Functions run in goroutines of their own.
//
// It keeps nothing: readings and timers belong to the goroutine that asks, so
// that inside a synctest bubble time is the bubble's.
type Real struct{}

// origin is what Real's Monotonic counts from.
var origin = time.Now()

// Now is time.Now.
func (Real) Now() time.Time { return time.Now() }

// Monotonic is the time since the process started.
func (Real) Monotonic() time.Duration { return time.Since(origin) }

// AfterFunc is time.AfterFunc.
func (Real) AfterFunc(d time.Duration, f func()) Timer { return time.AfterFunc(d, f) }

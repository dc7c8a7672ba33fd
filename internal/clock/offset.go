package clock

import (
	"slices"
	"sync"
	"time"
)

// Offset is the clock of the system, ahead of it (or behind) by an offset that
// can change. Functions run in goroutines of their own, except those that
// become due by Advance.
type Offset struct {
	origin time.Time

	mu      sync.Mutex
	offset  time.Duration // of Now
	skipped time.Duration // what Advance has added to the elapsed time
	pending []*offsetTimer
}

// NewOffset makes a clock with offset 0.
func NewOffset() *Offset { return &Offset{origin: time.Now()} }

// Now is the system's time plus the offset.
func (o *Offset) Now() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return time.Now().Add(o.offset)
}

// Monotonic is the time since the clock was made, including what was skipped.
func (o *Offset) Monotonic() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.elapsed()
}

func (o *Offset) elapsed() time.Duration { return time.Since(o.origin) + o.skipped }

// Set moves Now to t, and touches no timer.
func (o *Offset) Set(t time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.offset = t.Sub(time.Now().Round(0)) // t may be years away from any monotonic reading
}

// Advance lets d elapse at once: Now and Monotonic move by d, and the timers
// that have become due run one after another, in the order of their times,
// before Advance returns. All of them see the time after the jump. A negative
// d moves Now only.
func (o *Offset) Advance(d time.Duration) {
	o.mu.Lock()
	o.offset += d
	o.skipped += max(d, 0)
	now := o.elapsed()
	var due []*offsetTimer
	for _, t := range o.pending {
		if t.at <= now {
			due = append(due, t)
		} else if d > 0 {
			t.real.Reset(t.at - now)
		}
	}
	o.mu.Unlock()
	slices.SortStableFunc(due, func(a, b *offsetTimer) int { return int(min(max(a.at-b.at, -1), 1)) })
	for _, t := range due {
		t.fire()
	}
}

// AfterFunc runs f in its own goroutine when d has elapsed, or within Advance.
func (o *Offset) AfterFunc(d time.Duration, f func()) Timer {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := &offsetTimer{clock: o, f: f}
	t.arm(d)
	return t
}

type offsetTimer struct {
	clock *Offset
	f     func()
	at    time.Duration // elapsed time at which f is due, if pending
	real  *time.Timer
}

// arm makes t pending. The clock is locked and t is not pending.
func (t *offsetTimer) arm(d time.Duration) {
	t.at = t.clock.elapsed() + d
	t.clock.pending = append(t.clock.pending, t)
	if t.real == nil {
		t.real = time.AfterFunc(d, t.fire)
	} else {
		t.real.Reset(d)
	}
}

// disarm makes t not pending and reports whether it was. The clock is locked.
func (t *offsetTimer) disarm() bool {
	i := slices.Index(t.clock.pending, t)
	if i < 0 {
		return false
	}
	t.clock.pending = slices.Delete(t.clock.pending, i, i+1)
	t.real.Stop()
	return true
}

// fire runs f if t is still due: since the caller decided so, t may have run,
// or have been stopped or reset.
func (t *offsetTimer) fire() {
	t.clock.mu.Lock()
	run := t.at <= t.clock.elapsed() && t.disarm()
	t.clock.mu.Unlock()
	if run {
		t.f()
	}
}

func (t *offsetTimer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	return t.disarm()
}

func (t *offsetTimer) Reset(d time.Duration) bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	pending := t.disarm()
	t.arm(d)
	return pending
}

package clock

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// Manual stands still until a test moves it. Functions run only within Advance
// and Set, in the goroutine of the caller.
//
// Its operations cost O(pending timers); a server has a handful.
type Manual struct {
	mu      sync.Mutex
	now     time.Time
	elapsed time.Duration
	jumps   int            // backward moves so far
	pending []*manualTimer // in the order in which they were armed
}

// NewManual makes a clock that shows start. It panics if that is before 1970.
func NewManual(start time.Time) *Manual {
	mustKnow(start)
	return &Manual{now: start.Round(0)}
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
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// Monotonic is the sum of all forward moves.
func (m *Manual) Monotonic() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.elapsed
}

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
func (m *Manual) Advance(d time.Duration) {
	m.mu.Lock()
	if d < 0 {
		defer m.mu.Unlock()
		back := m.now.Add(d)
		mustKnow(back)
		m.now = back
		m.jumps++
		return
	}
	end, jumps := m.elapsed+d, m.jumps
	for m.jumps == jumps {
		t := m.first()
		if t == nil || t.at > end {
			m.moveTo(end)
			break
		}
		m.moveTo(t.at)
		t.disarm()
		m.mu.Unlock()
		t.f()
		m.mu.Lock()
	}
	m.mu.Unlock()
}

// Set moves the clock to t, as Advance does.
func (m *Manual) Set(t time.Time) {
	mustKnow(t) // the difference to a time far away is cut off
	m.Advance(t.Sub(m.Now()))
}

// Next is the time at which the next timer is due, and false if there is none.
func (m *Manual) Next() (time.Time, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.first()
	if t == nil {
		return time.Time{}, false
	}
	return m.now.Add(max(t.at-m.elapsed, 0)), true
}

// moveTo moves forward, never back. The clock is locked.
func (m *Manual) moveTo(elapsed time.Duration) {
	if d := elapsed - m.elapsed; d > 0 {
		m.elapsed += d
		m.now = m.now.Add(d)
	}
}

// first is the next timer to run, or nil. The clock is locked.
func (m *Manual) first() *manualTimer {
	var first *manualTimer
	for _, t := range m.pending {
		if first == nil || t.at < first.at {
			first = t
		}
	}
	return first
}

// AfterFunc runs f within the move that passes d from now. Even if d is not
// positive, that takes a move.
func (m *Manual) AfterFunc(d time.Duration, f func()) Timer {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := &manualTimer{clock: m, f: f}
	t.arm(d)
	return t
}

type manualTimer struct {
	clock *Manual
	f     func()
	at    time.Duration // elapsed time at which f is due, if pending
}

// arm makes t, which is not pending, pending. The clock is locked.
func (t *manualTimer) arm(d time.Duration) {
	t.at = t.clock.elapsed + max(d, 0)
	t.clock.pending = append(t.clock.pending, t)
}

// disarm makes t not pending and reports whether it was. The clock is locked.
func (t *manualTimer) disarm() bool {
	i := slices.Index(t.clock.pending, t)
	if i >= 0 {
		t.clock.pending = slices.Delete(t.clock.pending, i, i+1)
	}
	return i >= 0
}

func (t *manualTimer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	return t.disarm()
}

func (t *manualTimer) Reset(d time.Duration) bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	pending := t.disarm()
	t.arm(d)
	return pending
}

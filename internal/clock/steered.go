package clock

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Steered follows another clock until a test moves it, stops it, or resumes it. Its
// timers fire in the order in which they are due, whether time passes by itself or
// by a move.
//
// Reading an unmoved Steered costs one load more than reading the other clock.
type Steered struct {
	base  Clock
	pace  func(func())          // runs the functions of timers; nil: they run by themselves
	shift atomic.Pointer[shift] // nil: equal to base

	mu      sync.Mutex
	jumps   int // backward moves so far
	pending []*steeredTimer
	alarm   Timer // timer of base for the first of pending; nil: not made yet
}

// shift is the state of a moved Steered: an offset from its base, or a fixed time.
type shift struct {
	wall, elapsed time.Duration // added to base
	frozen        bool
	at            time.Time     // the fixed time if frozen
	since         time.Duration // the fixed value of Monotonic if frozen
}

// Steer returns a clock that follows base.
func Steer(base Clock) *Steered { return &Steered{base: base} }

// Pace has each timer's function run through pace, which may do more before the next
// timer runs. It is called before the first AfterFunc.
func (c *Steered) Pace(pace func(f func())) { c.pace = pace }

// Fork returns a clock that follows the same base and shows the same time as c,
// without its timers.
func (c *Steered) Fork() *Steered {
	f := &Steered{base: c.base}
	f.shift.Store(c.shift.Load())
	return f
}

// SetLike sets c to the time of other, which follows the same base. It runs no
// timers.
func (c *Steered) SetLike(other *Steered) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.Monotonic()
	c.shift.Store(other.shift.Load())
	// Timers keep their remaining time.
	gone := c.Monotonic() - now
	for _, t := range c.pending {
		t.at += gone
	}
	c.jumps++
	c.arm()
}

// Now returns the time of the base plus the moves of c.
func (c *Steered) Now() time.Time {
	switch s := c.shift.Load(); {
	case s == nil:
		return c.base.Now()
	case s.frozen:
		return s.at
	default:
		return c.base.Now().Add(s.wall)
	}
}

// Monotonic includes the moves forward.
func (c *Steered) Monotonic() time.Duration {
	switch s := c.shift.Load(); {
	case s == nil:
		return c.base.Monotonic()
	case s.frozen:
		return s.since
	default:
		return c.base.Monotonic() + s.elapsed
	}
}

// Frozen reports whether the clock stands still.
func (c *Steered) Frozen() bool {
	s := c.shift.Load()
	return s != nil && s.frozen
}

// Freeze stops the clock: from now on only moves change it.
func (c *Steered) Freeze() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.Frozen() {
		return
	}
	c.shift.Store(&shift{frozen: true, at: c.Now().Round(0), since: c.Monotonic()})
	c.arm()
}

// Resume lets the clock run again from the time it shows.
func (c *Steered) Resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.Frozen() {
		return
	}
	s := c.shift.Load()
	c.shift.Store(&shift{wall: s.at.Sub(c.base.Now()), elapsed: s.since - c.base.Monotonic()})
	c.arm()
}

// Advance moves the clock by d, like Manual.Advance.
func (c *Steered) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d < 0 {
		mustKnow(c.Now().Add(d))
		c.jumps++
		c.move(d, 0)
		return
	}
	if d > c.room() {
		panic(fmt.Sprintf("respserver: the clock of a server is advanced by %v, which is more than 292 years in all", d))
	}
	end, jumps := c.Monotonic()+d, c.jumps
	for c.jumps == jumps {
		t := c.first()
		if t == nil || t.at > end {
			c.goTo(end)
			break
		}
		c.goTo(t.at)
		c.run(t)
	}
	c.arm()
}

// Set moves the clock to t, like Advance.
func (c *Steered) Set(t time.Time) {
	mustKnow(t) // the difference to a distant time is clamped, and too much for Advance
	c.Advance(t.Sub(c.Now()))
}

// Room returns how far Advance can still move the clock: 292 years in all, since
// Monotonic counts them.
func (c *Steered) Room() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.room()
}

// spare is left for the time that passes by itself.
const spare = 366 * 24 * time.Hour

func (c *Steered) room() time.Duration { return math.MaxInt64 - spare - c.Monotonic() }

// goTo moves forward, never back. The caller holds the lock.
func (c *Steered) goTo(elapsed time.Duration) {
	if d := elapsed - c.Monotonic(); d > 0 {
		c.move(d, d)
	}
}

// run runs a pending timer. The caller holds the lock, which run releases
// meanwhile.
func (c *Steered) run(t *steeredTimer) {
	t.disarm()
	c.mu.Unlock()
	defer c.mu.Lock() // the caller unlocks again, even if f ends the goroutine
	if c.pace != nil {
		c.pace(t.f)
		return
	}
	t.f()
}

// move changes the shift. The caller holds the lock.
func (c *Steered) move(wall, elapsed time.Duration) {
	next := shift{}
	if s := c.shift.Load(); s != nil {
		next = *s
	}
	if next.frozen {
		next.at, next.since = next.at.Add(wall), next.since+elapsed
	} else {
		next.wall, next.elapsed = next.wall+wall, next.elapsed+elapsed
	}
	c.shift.Store(&next)
}

// ring runs the first timer when the base clock says that it is due.
func (c *Steered) ring() {
	c.mu.Lock()
	defer c.mu.Unlock()
	// Run one timer only: the next one has an alarm of its own, and other
	// goroutines get their turn in between.
	if t := c.first(); t != nil && !c.Frozen() && t.at <= c.Monotonic() {
		c.run(t)
	}
	c.arm()
}

// arm sets the alarm for the first timer. The caller holds the lock.
func (c *Steered) arm() {
	t := c.first()
	switch {
	case t == nil || c.Frozen():
		if c.alarm != nil {
			c.alarm.Stop()
		}
	case c.alarm == nil:
		c.alarm = c.base.AfterFunc(t.at-c.Monotonic(), c.ring)
	default:
		c.alarm.Reset(t.at - c.Monotonic())
	}
}

// first returns the next timer to run, or nil. The caller holds the lock.
func (c *Steered) first() *steeredTimer {
	var first *steeredTimer
	for _, t := range c.pending {
		if first == nil || t.at < first.at {
			first = t
		}
	}
	return first
}

// AfterFunc runs f when d has passed, in the goroutine of the base clock's timer or
// of the move.
func (c *Steered) AfterFunc(d time.Duration, f func()) Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &steeredTimer{clock: c, f: f}
	t.set(d)
	return t
}

type steeredTimer struct {
	clock *Steered
	f     func()
	at    time.Duration // value of Monotonic when f is due, if pending
}

// set makes t pending. t must not be pending. The caller holds the lock.
func (t *steeredTimer) set(d time.Duration) {
	t.at = t.clock.Monotonic() + max(d, 0)
	t.clock.pending = append(t.clock.pending, t)
	t.clock.arm()
}

// disarm makes t not pending and reports whether it was. The caller holds the lock.
func (t *steeredTimer) disarm() bool {
	i := slices.Index(t.clock.pending, t)
	if i >= 0 {
		t.clock.pending = slices.Delete(t.clock.pending, i, i+1)
	}
	return i >= 0
}

func (t *steeredTimer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	was := t.disarm()
	t.clock.arm()
	return was
}

func (t *steeredTimer) Reset(d time.Duration) bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	pending := t.disarm()
	t.set(d)
	return pending
}

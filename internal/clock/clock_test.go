package clock

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var start = time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)

// diary records events with the second of the clock at which they happened.
type diary struct {
	clock *Manual
	lines []string
}

func (d *diary) note(what string) func() {
	return func() {
		d.lines = append(d.lines, fmt.Sprintf("%v %s", d.clock.Now().Sub(start), what))
	}
}

func (d *diary) want(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(d.lines, want) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(d.lines, "\n\t"), strings.Join(want, "\n\t"))
	}
	d.lines = nil
}

func newDiary() (*Manual, *diary) {
	m := NewManual(start)
	return m, &diary{clock: m}
}

func TestManualFiresInOrder(t *testing.T) {
	m, d := newDiary()
	m.AfterFunc(3*time.Second, d.note("c"))
	m.AfterFunc(1*time.Second, d.note("a"))
	m.AfterFunc(2*time.Second, d.note("b1"))
	m.AfterFunc(2*time.Second, d.note("b2"))
	m.AfterFunc(time.Hour, d.note("never"))
	m.Advance(0)
	d.want(t)
	m.Advance(2 * time.Second)
	d.want(t, "1s a", "2s b1", "2s b2")
	if next, ok := m.Next(); !ok || next != start.Add(3*time.Second) {
		t.Errorf("Next = %v, %v", next, ok)
	}
	m.Set(start.Add(10 * time.Second))
	d.want(t, "3s c")
	if got := m.Now().Sub(start); got != 10*time.Second {
		t.Errorf("Now = %v", got)
	}
}

func TestManualArmedOnTheWay(t *testing.T) {
	m, d := newDiary()
	var tick Timer
	tick = m.AfterFunc(time.Second, func() {
		d.note("tick")()
		tick.Reset(time.Second)
		if m.Now().Sub(start) == 2*time.Second {
			m.AfterFunc(0, d.note("at once"))
			m.AfterFunc(500*time.Millisecond, d.note("between"))
			m.AfterFunc(time.Minute, d.note("later"))
		}
	})
	m.Advance(3500 * time.Millisecond)
	d.want(t, "1s tick", "2s tick", "2s at once", "2.5s between", "3s tick")
	if !tick.Stop() || tick.Stop() {
		t.Error("Stop does not say whether a call was pending")
	}
	m.Advance(time.Second)
	d.want(t)
}

func TestManualStopAndReset(t *testing.T) {
	m, d := newDiary()
	a := m.AfterFunc(time.Second, d.note("a"))
	b := m.AfterFunc(time.Second, d.note("b"))
	m.AfterFunc(time.Second/2, func() { a.Stop(); b.Reset(2 * time.Second) })
	m.Advance(time.Second)
	d.want(t)
	m.Advance(2 * time.Second)
	d.want(t, "2.5s b")
	if b.Reset(time.Second) {
		t.Error("Reset reports a pending call after it ran")
	}
	m.Advance(time.Second)
	d.want(t, "4s b")
}

func TestManualBackward(t *testing.T) {
	m, d := newDiary()
	m.AfterFunc(10*time.Second, d.note("a"))
	m.Advance(4 * time.Second)
	m.Set(start.Add(-time.Hour))
	d.want(t)
	if got := m.Now(); got != start.Add(-time.Hour) {
		t.Errorf("Now = %v", got)
	}
	if got := m.Monotonic(); got != 4*time.Second {
		t.Errorf("Monotonic = %v", got)
	}
	m.Advance(6 * time.Second)
	d.want(t, "-59m54s a")
}

func TestManualMovedByTimer(t *testing.T) {
	m, d := newDiary()
	m.AfterFunc(1*time.Second, func() { d.note("a")(); m.Advance(2 * time.Second); d.note("a ends")() })
	m.AfterFunc(2*time.Second, d.note("b"))
	m.AfterFunc(4*time.Second, d.note("c"))
	m.Advance(4 * time.Second)
	d.want(t, "1s a", "2s b", "3s a ends", "4s c")

	m.AfterFunc(time.Second, func() { m.Set(start) })
	m.AfterFunc(2*time.Second, d.note("d"))
	m.Advance(time.Minute)
	d.want(t)
	if m.Now() != start {
		t.Errorf("Now = %v after a move back on the way", m.Now())
	}
}

// TestPanicInTimer: the clock works after a function has panicked.
func TestPanicInTimer(t *testing.T) {
	m, d := newDiary()
	m.AfterFunc(time.Second, func() { panic("alarm") })
	m.AfterFunc(2*time.Second, d.note("later"))
	func() {
		defer func() {
			if r := recover(); r != "alarm" {
				t.Error(r)
			}
		}()
		m.Advance(time.Minute)
	}()
	d.want(t)
	m.Advance(time.Second)
	d.want(t, "2s later")
}

func TestManualConcurrent(t *testing.T) {
	m := NewManual(start)
	var mu sync.Mutex
	ran := 0
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				timer := m.AfterFunc(time.Millisecond, func() { mu.Lock(); ran++; mu.Unlock() })
				m.Advance(time.Millisecond)
				m.Now()
				if timer.Stop() {
					t.Error("a timer is pending after the clock has passed its time")
				}
			}
		})
	}
	wg.Wait()
	m.Advance(time.Second)
	if ran != 800 {
		t.Errorf("%d timers ran, want 800", ran)
	}
}

// An hour passes at once: Real uses the time of its bubble.
func TestRealInBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c Clock = Real{}
		wall, mono := c.Now(), c.Monotonic()
		done := make(chan time.Time)
		c.AfterFunc(time.Hour, func() { done <- c.Now() })
		if got := (<-done).Sub(wall); got != time.Hour {
			t.Errorf("%v on the wall", got)
		}
		if got := c.Monotonic() - mono; got != time.Hour {
			t.Errorf("%v elapsed", got)
		}
	})
}

func BenchmarkReal(b *testing.B) {
	b.Run("Now", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Real{}.Now()
		}
	})
	b.Run("Monotonic", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Real{}.Monotonic()
		}
	})
}

package clock

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestSteeredFollows(t *testing.T) {
	m := NewManual(time.Unix(1000, 0))
	c := Steer(m)
	var log []string
	c.AfterFunc(time.Second, func() { log = append(log, "one") })
	c.AfterFunc(3*time.Second, func() { log = append(log, "three") })
	m.Advance(2 * time.Second)
	if got := strings.Join(log, " "); got != "one" || !c.Now().Equal(time.Unix(1002, 0)) {
		t.Errorf("%v: %s", c.Now(), got)
	}
	c.Advance(5 * time.Second)
	if got := strings.Join(log, " "); got != "one three" || !c.Now().Equal(time.Unix(1007, 0)) || !m.Now().Equal(time.Unix(1002, 0)) {
		t.Errorf("%v: %s", c.Now(), got)
	}
	m.Advance(time.Second)
	if !c.Now().Equal(time.Unix(1008, 0)) {
		t.Error(c.Now())
	}
}

func TestSteeredFrozen(t *testing.T) {
	m := NewManual(time.Unix(1000, 0))
	c := Steer(m)
	fired := 0
	c.AfterFunc(time.Second, func() { fired++ })
	c.Freeze()
	m.Advance(time.Hour)
	if fired != 0 || !c.Now().Equal(time.Unix(1000, 0)) || c.Monotonic() != 0 {
		t.Errorf("%d fired at %v", fired, c.Now())
	}
	c.Advance(time.Second)
	if fired != 1 || !c.Now().Equal(time.Unix(1001, 0)) || !c.Frozen() {
		t.Errorf("%d fired at %v", fired, c.Now())
	}
	c.AfterFunc(time.Second, func() { fired++ })
	c.Resume()
	m.Advance(time.Second)
	if fired != 2 || !c.Now().Equal(time.Unix(1002, 0)) || c.Frozen() {
		t.Errorf("%d fired at %v", fired, c.Now())
	}
}

// TestSteeredOrder moves past timers that arm others on the way: each sees its own
// time.
func TestSteeredOrder(t *testing.T) {
	c := Steer(NewManual(time.Unix(0, 0)))
	var log []string
	note := func() { log = append(log, fmt.Sprint(c.Now().Unix())) }
	c.AfterFunc(3*time.Second, note)
	c.AfterFunc(time.Second, func() {
		note()
		c.AfterFunc(time.Second, note)
		c.AfterFunc(time.Minute, note)
	})
	stopped := c.AfterFunc(2*time.Second, note)
	if !stopped.Stop() || stopped.Stop() {
		t.Error("Stop")
	}
	again := c.AfterFunc(time.Hour, note)
	again.Reset(4 * time.Second)
	c.Advance(10 * time.Second)
	if want := []string{"1", "2", "3", "4"}; !slices.Equal(log, want) {
		t.Errorf("got %v", log)
	}
	c.Set(time.Unix(5, 0)) // back: nothing runs, and timers keep their remaining time
	c.Advance(50 * time.Second)
	if len(log) != 4 {
		t.Errorf("got %v", log)
	}
	c.Advance(time.Second)
	if len(log) != 5 || log[4] != "56" {
		t.Errorf("got %v", log)
	}
}

func TestSteeredFork(t *testing.T) {
	m := NewManual(time.Unix(1000, 0))
	c := Steer(m)
	fired := 0
	c.AfterFunc(time.Second, func() { fired++ })
	c.Freeze()
	c.Advance(time.Millisecond)
	before := c.Fork()
	if f := c.Fork(); !f.Now().Equal(c.Now()) || !f.Frozen() {
		t.Error("the fork is elsewhere")
	}
	c.Advance(500 * time.Millisecond)
	c.SetLike(before)
	if !c.Now().Equal(before.Now()) {
		t.Error(c.Now())
	}
	c.Advance(498 * time.Millisecond)
	if fired != 0 {
		t.Error("the timer did not wait")
	}
	c.Advance(time.Millisecond)
	if fired != 1 {
		t.Error("the timer is lost")
	}
}

func TestSteeredInBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := Steer(Real{})
		begin := c.Now()
		done := make(chan time.Time, 1)
		c.AfterFunc(time.Hour, func() { done <- c.Now() })
		if at := <-done; at.Sub(begin) != time.Hour {
			t.Errorf("fired after %v", at.Sub(begin))
		}
	})
}

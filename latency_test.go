package respserver

import (
	"strings"
	"testing"
	"time"
)

// TestLatency makes commands slow, on a manual clock so that the times are exact.
func TestLatency(t *testing.T) {
	t.Parallel()
	began := time.Unix(1700000000, 0)
	clock := NewManualClock(began)
	s := StartTest(t, Options{Clock: clock, Config: []string{"latency-monitor-threshold 100", "enable-debug-command yes"}})
	sleep := func(seconds string) {
		t.Helper()
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.Do(t.Context(), "DEBUG", "SLEEP", seconds)
		}()
		for {
			select {
			case <-done:
				return
			default:
				if _, ok := clock.m.Next(); ok {
					clock.Advance(time.Second) // past the end; the event still has its own time
				}
			}
		}
	}
	for _, seconds := range []string{"0.3", "0.05", "0.7"} {
		sleep(seconds)
	}
	event := s.Must("LATENCY", "LATEST").Array()
	if len(event) != 1 || event[0].Array()[0].Text() != "command" || event[0].Array()[2].Int() != 700 || event[0].Array()[3].Int() != 700 {
		t.Fatalf("LATEST is %v", event)
	}
	samples := s.Must("LATENCY", "HISTORY", "command").Array()
	if len(samples) != 2 || samples[0].Array()[1].Int() != 300 || samples[1].Array()[1].Int() != 700 || samples[0].Array()[0].Int() < began.Unix() {
		t.Errorf("HISTORY is %v", samples)
	}
	if g := s.Must("LATENCY", "GRAPH", "command").Text(); !strings.HasPrefix(g, "command - high 700 ms, low 300 ms (all time high 700 ms)\n---") ||
		!strings.Contains(g, "-\n #\n |\n |\n_|\n  \n") {
		t.Errorf("GRAPH is\n%s", g)
	}
	if d := s.Must("LATENCY", "DOCTOR").Text(); !strings.Contains(d, "command: 2 latency spikes, 500 ms on average, at most 700 ms") {
		t.Errorf("DOCTOR says\n%s", d)
	}
	if n := s.Must("SLOWLOG", "LEN").Int(); n != 3 {
		t.Errorf("%d commands were slow", n)
	}
	if n := s.Must("LATENCY", "RESET").Int(); n != 1 {
		t.Errorf("LATENCY RESET returns %d", n)
	}
}

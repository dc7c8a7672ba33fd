package respserver

import (
	"strings"
	"testing"
	"time"
)

// TestLatency lets commands take long, as only a clock that is moved can tell
// exactly.
func TestLatency(t *testing.T) {
	t.Parallel()
	began := time.Unix(1700000000, 0)
	clock := NewManualClock(began)
	s := start(t, Options{Clock: clock, Config: []string{"latency-monitor-threshold 100", "enable-debug-command yes"}})
	do := func(args ...any) Reply {
		t.Helper()
		r, err := s.Do(t.Context(), args...)
		if err != nil {
			t.Fatal(args, err)
		}
		return r
	}
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
					clock.Advance(time.Second) // past the end, which happens at its time
				}
			}
		}
	}
	for _, seconds := range []string{"0.3", "0.05", "0.7"} {
		sleep(seconds)
	}
	event := do("LATENCY", "LATEST").Elems
	if len(event) != 1 || event[0].Elems[0].Str != "command" || event[0].Elems[2].Int != 700 || event[0].Elems[3].Int != 700 {
		t.Fatalf("LATEST is %v", event)
	}
	samples := do("LATENCY", "HISTORY", "command").Elems
	if len(samples) != 2 || samples[0].Elems[1].Int != 300 || samples[1].Elems[1].Int != 700 || samples[0].Elems[0].Int < began.Unix() {
		t.Errorf("HISTORY is %v", samples)
	}
	if g := do("LATENCY", "GRAPH", "command").Str; !strings.HasPrefix(g, "command - high 700 ms, low 300 ms (all time high 700 ms)\n---") ||
		!strings.Contains(g, "-\n #\n |\n |\n_|\n  \n") {
		t.Errorf("GRAPH is\n%s", g)
	}
	if d := do("LATENCY", "DOCTOR").Str; !strings.Contains(d, "command: 2 latency spikes, 500 ms on average, at most 700 ms") {
		t.Errorf("DOCTOR says\n%s", d)
	}
	if n := do("SLOWLOG", "LEN").Int; n != 3 {
		t.Errorf("%d commands were slow", n)
	}
	if n := do("LATENCY", "RESET").Int; n != 1 {
		t.Errorf("%d events are reset", n)
	}
}

package respserver

import (
	"slices"
	"testing"
)

// TestSlowAppending: LATENCY tells of writes to the append-only file that take long.
func TestSlowAppending(t *testing.T) {
	srv := StartTest(t, Options{Dir: t.TempDir(), Config: []string{"appendonly yes", "latency-monitor-threshold 1", "enable-debug-command yes"}})
	srv.Must("DEBUG", "AOF-FLUSH-SLEEP", 5000)
	srv.Must("SET", "a", "1")
	srv.Must("DEBUG", "AOF-FLUSH-SLEEP", 0)
	var events []string
	for _, e := range srv.Must("LATENCY", "LATEST").Array() {
		events = append(events, e.Array()[0].Text())
		if most := e.Array()[3].Int(); e.Array()[0].Text() == "aof-write" && most < 5 {
			t.Errorf("a write of %d ms", most)
		}
	}
	if !slices.Contains(events, "aof-write") || !slices.Contains(events, "aof-write-alone") {
		t.Errorf("events %v", events)
	}
	srv.Must("CONFIG", "SET", "appendfsync", "always")
	srv.Must("SET", "a", "2") // its sync may be quick
	if got := srv.Must("MEMORY", "STATS").Map()["aof.buffer"]; got.Int() < 0 {
		t.Error(got)
	}
}

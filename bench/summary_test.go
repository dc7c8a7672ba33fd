package main

import (
	"math"
	"strings"
	"testing"
	"time"
)

// TestSummary: a line has the geometric mean and the least ratio, and what could not be
// measured does not count.
func TestSummary(t *testing.T) {
	var s summary
	s.note("time", "GET", "redis-server", 2)
	s.note("time", "SET", "redis-server", 0.5)
	for _, ratio := range []float64{0, math.Inf(1), math.NaN()} {
		s.note("time", "LPUSH", "redis-server", ratio)
	}
	s.note("time", "GET", ours, 1)
	s.note("memory", "strings", "valkey-server", 3)
	got := s.String()
	for _, line := range []string{
		"| | redis-server | valkey-server |",
		"| time | **1.00** (0.50: SET) | - |",
		"| memory | - | **3.00** (3.00: strings) |",
	} {
		if !strings.Contains(got, line+"\n") {
			t.Errorf("no line %q in\n%s", line, got)
		}
	}
}

// TestChanges: a row has changed if no round of one build is among those of the other.
func TestChanges(t *testing.T) {
	b := bench{options: options{before: "HEAD~1"}}
	row := func(name string, now, then []float64) {
		b.compare(name, []figure{{both: median(now), rounds: now}, {both: median(then), rounds: then}})
	}
	row("SET", []float64{110, 112, 111}, []float64{100, 101, 102})
	row("GET", []float64{100, 103, 102}, []float64{99, 101, 104})
	row("INCR", []float64{50, 60, 70}, []float64{100, 80, 90})
	want := `
## Changes

Every round took more processor time than every round before:

- SET: 111 ns, before 101 ns (+9.9 %)

Every round took less processor time than every round before:

- INCR: 60 ns, before 90 ns (-33.3 %)
`
	if got := b.changes(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestUsage: what the scheduler counted is divided as the ticks are.
func TestUsage(t *testing.T) {
	const ms = time.Millisecond
	got := usage{40 * ms, 20 * ms, 48 * ms}.since(usage{10 * ms, 10 * ms, 8 * ms})
	if want := (usage{30 * ms, 10 * ms, 40 * ms}); got != want {
		t.Errorf("%v, want %v", got, want)
	}
	got = usage{40 * ms, 20 * ms, 88 * ms}.since(usage{10 * ms, 10 * ms, 8 * ms})
	if want := (usage{60 * ms, 20 * ms, 80 * ms}); got != want {
		t.Errorf("%v, want %v", got, want)
	}
	if got := (usage{30 * ms, 20 * ms, 0}).since(usage{}); got.both != 50*ms {
		t.Errorf("without the scheduler's count: %v", got)
	}
}

package latency

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMonitor(t *testing.T) {
	var m Monitor
	m.Add("fork", 10, 5)
	m.Add("command", 10, 30)
	m.Add("command", 10, 20) // the same second: the longest counts
	m.Add("command", 12, 10)
	if got := m.Names(); !slices.Equal(got, []string{"command", "fork"}) {
		t.Errorf("names %v", got)
	}
	e := m.Find("command")
	if want := []Sample{{10, 30}, {12, 10}}; !slices.Equal(e.Samples, want) || e.Max != 30 || e.Last() != want[1] {
		t.Errorf("%+v", e)
	}
	for i := range int64(1000) {
		m.Add("command", 100+i, i)
	}
	if len(e.Samples) != maxSamples || e.Last() != (Sample{1099, 999}) {
		t.Errorf("%d samples, the last is %v", len(e.Samples), e.Last())
	}
	if !m.Reset("command") || m.Reset("command") || m.Find("command") != nil {
		t.Error("an event is not forgotten")
	}
}

func TestGraph(t *testing.T) {
	var m Monitor
	for i, ms := range []int64{100, 200, 300, 400, 100} {
		m.Add("command", int64(i), ms)
	}
	got := m.Find("command").Graph(func(s Sample) string { return fmt.Sprint(s.Time, "s") })
	want := strings.Join([]string{"   # ", "  #| ", " o|| ", "_|||_", "     ", "01234", "sssss", ""}, "\n")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestHistogram(t *testing.T) {
	var h Histogram
	for _, d := range []time.Duration{0, 1, 127, 128, 255, 256, 257, 1023, 1031, 1032, 5000, 1e6, 1e9, 1e12} {
		h.Add(d)
	}
	if h.Count() != 14 {
		t.Errorf("%d counted", h.Count())
	}
	var got []string
	h.Levels(func(micros int64, n uint64) { got = append(got, fmt.Sprintf("%d:%d", micros, n)) })
	if want := "1:9 2:10 8:11 1056:12 1082130:14"; strings.Join(got, " ") != want {
		t.Errorf("levels %v, want %v", got, want)
	}
	for p, want := range map[float64]time.Duration{0: 1, 50: 257, 100: 1e9} {
		if got := h.Percentile(p); got < want || got > want+want/100+1 {
			t.Errorf("p%v = %v, want about %v", p, int64(got), int64(want))
		}
	}
}

func TestHistogramError(t *testing.T) {
	for d := time.Duration(1); d < maxDuration; d = d*9/8 + 1 {
		var h Histogram
		h.Add(d)
		if got := h.Percentile(50); got < d || got > d+d/100+1 {
			t.Errorf("%d is told as %d", d, got)
		}
	}
}

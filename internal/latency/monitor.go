// Package latency records durations: the moments when an event took long, for
// LATENCY, and the distribution of the durations of each command.
//
// Nothing here locks; the types belong to one engine.
package latency

import (
	"maps"
	"slices"
	"strings"
)

// maxSamples is the number of samples kept of an event.
const maxSamples = 160

// Sample is a second in which an event took long.
type Sample struct {
	Time   int64 // s since 1970
	Millis int64 // the longest in that second
}

// Event has the samples of one kind of event.
type Event struct {
	Samples []Sample // oldest first
	Max     int64    // ms, since the last reset
}

// Last returns the newest sample.
func (e *Event) Last() Sample { return e.Samples[len(e.Samples)-1] }

// Monitor holds events by their names. The zero Monitor is empty.
type Monitor struct {
	events map[string]*Event
}

// Add records that an event took a number of milliseconds.
func (m *Monitor) Add(name string, now, millis int64) {
	e := m.events[name]
	if e == nil {
		if m.events == nil {
			m.events = make(map[string]*Event)
		}
		e = &Event{}
		m.events[name] = e
	}
	e.Max = max(e.Max, millis)
	if n := len(e.Samples); n > 0 && e.Samples[n-1].Time == now {
		last := &e.Samples[n-1]
		last.Millis = max(last.Millis, millis)
		return
	}
	if len(e.Samples) == maxSamples {
		e.Samples = slices.Delete(e.Samples, 0, 1)
	}
	e.Samples = append(e.Samples, Sample{now, millis})
}

// Find returns an event, or nil if it has never taken long.
func (m *Monitor) Find(name string) *Event { return m.events[name] }

// Names returns the names of the events, sorted.
func (m *Monitor) Names() []string { return slices.Sorted(maps.Keys(m.events)) }

// Reset removes an event, and reports whether it existed.
func (m *Monitor) Reset(name string) bool {
	_, ok := m.events[name]
	delete(m.events, name)
	return ok
}

// Sizes for LATENCY GRAPH.
const (
	graphColumns = 80
	graphRows    = 4
	// graphMarks are the characters of a row, from low to high.
	graphMarks = "_o#"
)

// Graph draws the samples of an event. label returns the text below a sample, which
// is written downwards.
func (e *Event) Graph(label func(Sample) string) string {
	low, high := e.Bounds()
	var b strings.Builder
	for i := 0; i < len(e.Samples); i += graphColumns {
		if i > 0 {
			b.WriteByte('\n')
		}
		drawGraph(&b, e.Samples[i:min(i+graphColumns, len(e.Samples))], low, high, label)
	}
	return b.String()
}

// Bounds returns the shortest and the longest duration of the samples.
func (e *Event) Bounds() (low, high int64) {
	for i, s := range e.Samples {
		if i == 0 || s.Millis < low {
			low = s.Millis
		}
		high = max(high, s.Millis)
	}
	return low, high
}

func drawGraph(b *strings.Builder, samples []Sample, low, high int64, label func(Sample) string) {
	const steps = int64(graphRows * len(graphMarks))
	span := max(high-low, 1)
	row := make([]byte, len(samples))
	for r := range graphRows {
		base := int64(graphRows-1-r) * int64(len(graphMarks))
		for i, s := range samples {
			switch at := min((s.Millis-low)*steps/span, steps-1) - base; {
			case at < 0:
				row[i] = ' '
			case at < int64(len(graphMarks)):
				row[i] = graphMarks[at]
			default:
				row[i] = '|'
			}
		}
		b.Write(row)
		b.WriteByte('\n')
	}
	labels, longest := make([]string, len(samples)), 0
	for i, s := range samples {
		labels[i] = label(s)
		longest = max(longest, len(labels[i]))
	}
	for r := -1; r < longest; r++ { // an empty line first
		for i, l := range labels {
			row[i] = ' '
			if r >= 0 && r < len(l) {
				row[i] = l[r]
			}
		}
		b.Write(row)
		b.WriteByte('\n')
	}
}

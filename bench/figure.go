package main

import (
	"slices"
	"time"
)

// figure is what was measured of a command on one server, in nanoseconds a request: by
// the clock, and of the processor, which is 0 if unknown. It is empty if the server does
// not know the command.
type figure struct {
	time, user, system, both float64
	rounds                   []float64 // the processor time of each round
}

func (f figure) rate() float64 { return 1e9 / f.time }

// samples are the rounds of a measurement.
type samples struct{ time, user, system, both []float64 }

func (s *samples) add(took time.Duration, used usage, requests int) {
	each := func(d time.Duration) float64 { return float64(d) / float64(requests) }
	s.time = append(s.time, each(took))
	s.user = append(s.user, each(used.user))
	s.system = append(s.system, each(used.system))
	s.both = append(s.both, each(used.both))
}

// figures returns the medians of the rounds on each server.
func figures(rounds []samples) []figure {
	var list []figure
	for _, s := range rounds {
		list = append(list, figure{median(s.time), median(s.user), median(s.system), median(s.both), s.both})
	}
	return list
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	if len(v) == 0 {
		return 0
	}
	return v[len(v)/2]
}

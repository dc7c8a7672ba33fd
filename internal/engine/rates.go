package engine

import "time"

const (
	rateStep  = 100 * time.Millisecond
	rateSteps = 16
)

// rates remembers the counters of some moments, to tell how fast they grow. It
// needs no timer: a server that nobody asks does nothing.
type rates struct {
	next  time.Duration // monotonic, when the next moment is due
	count int
	last  [rateSteps]moment
}

type moment struct {
	at            time.Duration
	commands      uint64
	input, output uint64
	batches       uint64
	busy          time.Duration
}

// note remembers the counters as they are.
func (s *Stats) note(now time.Duration) {
	r := &s.rates
	r.last[r.count%rateSteps] = moment{now, s.Commands, s.InputBytes, s.OutputBytes, s.Batches, s.BatchTime}
	r.count++
	r.next = now + rateStep
}

// Rates are how fast counters grew in the last one or two seconds, each per
// second.
type Rates struct {
	Commands, InputBytes, OutputBytes, Batches float64
	// BatchTime is how long a batch took on average.
	BatchTime time.Duration
}

// Rates returns how fast the counters grow now.
func (e *Core) Rates() (r Rates) {
	s := &e.Stats.rates
	n := min(s.count, rateSteps)
	if n < 2 {
		return r
	}
	newest := s.last[(s.count-1)%rateSteps]
	oldest := s.last[(s.count-2)%rateSteps]
	for i := 3; i <= n; i++ {
		m := s.last[(s.count-i)%rateSteps]
		if newest.at-m.at > 2*rateSteps*rateStep {
			break
		}
		oldest = m
	}
	seconds := (newest.at - oldest.at).Seconds()
	if seconds <= 0 {
		return r
	}
	r.Commands = float64(newest.commands-oldest.commands) / seconds
	r.InputBytes = float64(newest.input-oldest.input) / seconds
	r.OutputBytes = float64(newest.output-oldest.output) / seconds
	batches := newest.batches - oldest.batches
	r.Batches = float64(batches) / seconds
	if batches > 0 {
		r.BatchTime = (newest.busy - oldest.busy) / time.Duration(batches)
	}
	return r
}

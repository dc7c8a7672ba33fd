package latency

import (
	"math/bits"
	"time"
)

// Histogram counts durations up to a second, and longer ones as a second, with an
// error of less than 1%: it has 128 steps of equal width for each power of two. The
// zero Histogram is empty. It grows with the range of the durations: 1 KB for each
// power of two.
type Histogram struct {
	count uint64
	rows  [histogramRows]*[histogramSteps]uint64
}

const (
	stepBits       = 7
	histogramSteps = 1 << stepBits
	histogramRows  = 30 - stepBits + 1 // a second has 30 bits of nanoseconds
	maxDuration    = time.Second
)

// Add counts a duration.
func (h *Histogram) Add(d time.Duration) {
	n := uint64(min(max(d, 1), maxDuration))
	row := bits.Len64(n >> stepBits)
	r := h.rows[row]
	if r == nil {
		r = new([histogramSteps]uint64)
		h.rows[row] = r
	}
	// From the second row on the highest bit is always set, and left out.
	r[n>>max(row-1, 0)&(histogramSteps-1)]++
	h.count++
}

// Count returns the number of counted durations.
func (h *Histogram) Count() uint64 { return h.count }

// upTo returns the longest duration, in nanoseconds, of a step.
func upTo(row, step int) int64 {
	if row == 0 {
		return int64(step)
	}
	return (int64(histogramSteps+step)+1)<<(row-1) - 1
}

// steps yields the counts in the order of the durations.
func (h *Histogram) steps(yield func(upTo int64, n uint64) bool) {
	for row, r := range h.rows {
		if r == nil {
			continue
		}
		for step, n := range r {
			if n > 0 && !yield(upTo(row, step), n) {
				return
			}
		}
	}
}

// Percentile returns the duration that p percent of the durations do not exceed.
func (h *Histogram) Percentile(p float64) time.Duration {
	want := max(uint64(min(p, 100)/100*float64(h.count)+0.5), 1)
	var sum uint64
	var found int64
	h.steps(func(upTo int64, n uint64) bool {
		sum, found = sum+n, upTo
		return sum < want
	})
	return time.Duration(found)
}

// Levels yields the number of durations up to a microsecond, two, four and so on,
// where it differs from the number before. A level is the longest duration of the
// step at that power of two.
func (h *Histogram) Levels(yield func(micros int64, n uint64)) {
	var sum, told uint64
	level := int64(1024)
	h.steps(func(most int64, n uint64) bool {
		for most > levelEnd(level) {
			if sum > told {
				yield(levelEnd(level)/1000, sum)
				told = sum
			}
			level *= 2
		}
		sum += n
		return true
	})
	if sum > told {
		yield(levelEnd(level)/1000, sum)
	}
}

// levelEnd returns the end of the step that begins at a power of two.
func levelEnd(level int64) int64 { return level + level>>stepBits - 1 }

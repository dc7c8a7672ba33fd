// Package topk finds which of many names have the largest sums, in little memory: it
// keeps a fixed number of counters, each for a name, and gives the smallest one to a
// name that has none (Space-Saving, by Metwally, Agrawal and El Abbadi, 2005).
//
// Add takes logarithmic time in the number of counters. Sums are exact as long as there
// are no more names than counters. Else a name's sum is at least the one returned, and
// every name whose sum is more than Total divided by the number of counters has one.
// It is not thread safe.
package topk

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Summary has the counters.
type Summary struct {
	most int
	// heap has the counter with the smallest sum first. Each knows where it is in it.
	heap  []*counter
	names map[string]*counter
	total uint64
	bytes int
}

type counter struct {
	name string
	// sum is what was added to the name, and to others before: inherited, at most.
	sum, inherited uint64
	at             int
}

// Item is a name with its sum.
type Item struct {
	Name string
	Sum  uint64
}

// New returns a Summary with so many counters.
func New(counters int) *Summary {
	return &Summary{most: counters, names: make(map[string]*counter)}
}

// Add adds n to the sum of a name.
func (s *Summary) Add(name []byte, n uint64) {
	if n == 0 {
		return
	}
	s.total += n
	c := s.names[string(name)]
	switch {
	case c != nil:
	case len(s.heap) < s.most:
		c = &counter{at: len(s.heap)}
		s.heap = append(s.heap, c)
		s.rename(c, name)
		c.sum = n
		s.up(c.at)
		return
	default:
		c = s.heap[0]
		delete(s.names, c.name)
		s.bytes -= len(c.name)
		c.inherited = c.sum
		s.rename(c, name)
	}
	c.sum += n
	s.down(c.at)
}

func (s *Summary) rename(c *counter, name []byte) {
	c.name = string(name)
	s.names[c.name] = c
	s.bytes += len(name)
}

func (s *Summary) up(i int) {
	for i > 0 && s.heap[i].sum < s.heap[(i-1)/2].sum {
		s.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
}

func (s *Summary) down(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(s.heap); child++ {
			if s.heap[child].sum < s.heap[least].sum {
				least = child
			}
		}
		if least == i {
			return
		}
		s.swap(i, least)
		i = least
	}
}

func (s *Summary) swap(i, j int) {
	h := s.heap
	h[i], h[j] = h[j], h[i]
	h[i].at, h[j].at = i, j
}

// Total returns the sum of all that was added.
func (s *Summary) Total() uint64 { return s.total }

// Size returns about how many bytes the summary takes.
func (s *Summary) Size() int {
	const each = 96 // a counter, its place in the heap and in the map
	return len(s.heap)*each + s.bytes
}

// Top returns the n names with the largest sums, the largest first. Of equal ones the
// first in the alphabet comes first.
func (s *Summary) Top(n int) []Item {
	items := make([]Item, len(s.heap))
	for i, c := range s.heap {
		items[i] = Item{c.name, c.sum - c.inherited}
	}
	slices.SortFunc(items, func(a, b Item) int {
		return cmp.Or(cmp.Compare(b.Sum, a.Sum), strings.Compare(a.Name, b.Name))
	})
	return items[:min(n, len(items))]
}

// Check returns what does not fit together.
func (s *Summary) Check() error {
	if len(s.heap) != len(s.names) || len(s.heap) > s.most {
		return fmt.Errorf("topk: %d counters, %d names, at most %d", len(s.heap), len(s.names), s.most)
	}
	sum, bytes := uint64(0), 0
	for i, c := range s.heap {
		switch {
		case c.at != i || s.names[c.name] != c:
			return fmt.Errorf("topk: %q is lost", c.name)
		case c.sum < s.heap[max(i-1, 0)/2].sum:
			return errors.New("topk: the smallest counter is not the first")
		case c.inherited >= c.sum:
			return fmt.Errorf("topk: %q has nothing of its own", c.name)
		}
		sum += c.sum
		bytes += len(c.name)
	}
	if sum != s.total || bytes != s.bytes {
		return fmt.Errorf("topk: sums are %d, names %d bytes; counted are %d and %d", sum, bytes, s.total, s.bytes)
	}
	return nil
}

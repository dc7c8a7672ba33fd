package array

import "github.com/resp-server/resp-server/internal/datastruct/tree"

// iterator walks over the used slots of a range. The array must not be written
// meanwhile.
type iterator struct {
	// Index and Value are those of the current slot, once Next has returned true.
	Index uint64
	Value slot

	slices   tree.Iter[*slice]
	size     uint64
	low      uint64
	high     uint64
	backward bool

	slice *slice // the current slice, nil if there is none
	i     int    // the next position in its words
}

// Range walks from one index to another, in either direction. It costs O(log
// S) for S slices, and O(1) for each used slot or slot of a window.
func (a *sparse) Range(from, to uint64) iterator {
	if a == nil {
		return iterator{}
	}
	it := iterator{size: a.size, low: from, high: to}
	if from <= to {
		it.slices = a.slices.Seek(a.rank(from / a.size))
		return it
	}
	it.low, it.high, it.backward = to, from, true
	it.slices = a.slices.Seek(a.rank(from/a.size + 1))
	return it
}

// Next moves to the next used slot and returns false at the end.
func (it *iterator) Next() bool {
	for {
		if it.slice == nil && !it.enter() {
			return false
		}
		s := it.slice
		for i := it.i; i >= 0 && i < len(s.words); {
			at := i
			if it.backward {
				i--
			} else {
				i++
			}
			if s.words[at] == 0 {
				continue
			}
			off := s.first + at
			if !s.dense() {
				off = int(s.at[at])
			}
			it.i = i
			it.Index = s.id*it.size + uint64(off)
			if it.Index < it.low || it.Index > it.high {
				break
			}
			it.Value = s.value(at)
			return true
		}
		it.slice = nil
	}
}

// enter moves to the next slice.
func (it *iterator) enter() bool {
	if it.size == 0 {
		return false
	}
	var s *slice
	var ok bool
	if it.backward {
		s, ok = it.slices.Prev()
	} else {
		s, ok = it.slices.Next()
	}
	if !ok || s.id < it.low/it.size || s.id > it.high/it.size {
		return false
	}
	it.slice, it.i = s, 0
	edge, off := s.id == it.low/it.size, int(it.low%it.size)
	if it.backward {
		it.i = len(s.words) - 1
		edge, off = s.id == it.high/it.size, int(it.high%it.size)
	}
	if !edge {
		return true
	}
	i, found := s.find(off)
	if it.backward {
		if !found && !s.dense() {
			i-- // i is where the offset would be inserted
		}
		it.i = min(i, it.i)
	} else {
		it.i = max(i, it.i)
	}
	return true
}

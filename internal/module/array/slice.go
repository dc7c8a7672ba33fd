package array

import (
	"math/bits"
	"slices"
	"unsafe"
)

// slice is the part of an array between two multiples of the slice size. A
// sparse slice has the offsets and words of the used slots. A dense one has
// the words of a window, some of which may be empty:
//
//	sparse   at 3 17 4095         dense   first 16, last 19
//	      words a b  c                    words a b . c . . . .
//
// The choice between them and the size of windows follow Redis, which shows
// both in ARINFO.
type slice struct {
	id    uint64
	owner *sliceOwner
	count int // slots in use

	words []uint64
	at    []uint16 // nil if dense
	room  int      // sparse: the number of slots that Redis would have allocated
	first int      // dense: the offset of words[0]
	last  int      // dense: the offset of the last used slot

	long  []string // texts that do not fit a word
	free  []uint32 // unused places of long
	bytes int      // total size of long
}

// sliceOwner is a token: an array writes in place only to slices with its own
// token.
type sliceOwner struct{ _ byte }

const (
	minWindow   = 8 // slots of a dense slice
	minCompact  = 32
	sliceHeader = 32 // size of a slice's header in Redis, and of a word
	wordBytes   = 8
)

func (s *slice) dense() bool { return s.at == nil }

// clone returns a copy for another owner.
func (s *slice) clone(owner *sliceOwner) *slice {
	c := *s
	c.owner = owner
	c.words, c.at = slices.Clone(s.words), slices.Clone(s.at)
	c.long, c.free = slices.Clone(s.long), slices.Clone(s.free)
	return &c
}

func (s *slice) memoryUse() int {
	return int(unsafe.Sizeof(*s)) + wordBytes*cap(s.words) + 2*cap(s.at) + 16*cap(s.long) + 4*cap(s.free) + s.bytes
}

// find returns the place of an offset in words, and whether the slot is used.
// The place of an unused slot may be outside of words.
func (s *slice) find(off int) (i int, ok bool) {
	if !s.dense() {
		return slices.BinarySearch(s.at, uint16(off))
	}
	i = off - s.first
	return i, i >= 0 && i < len(s.words) && s.words[i] != 0
}

// lastOffset returns the largest used offset.
func (s *slice) lastOffset() int {
	if s.dense() {
		return s.last
	}
	return int(s.at[s.count-1])
}

// value returns the value in words[i].
func (s *slice) value(i int) slot {
	v := slot{word: s.words[i]}
	if v.Kind() == slotLong {
		v.text = s.long[v.word>>2-1]
	}
	return v
}

// set writes a slot and reports whether it was empty.
func (s *slice) set(l *limits, size, off int, text []byte) bool {
	i, used := s.find(off)
	if !used {
		i = s.makeRoom(l, size, off, i)
		s.count++
		if s.dense() {
			s.last = max(s.last, off)
		}
	}
	s.put(i, text)
	return !used
}

// makeRoom prepares an empty slot for writing, at the place i that find
// returned.
func (s *slice) makeRoom(l *limits, size, off, i int) int {
	if !s.dense() && s.count < l.sparseMax {
		if s.count >= s.room {
			s.room = min(2*s.room, l.sparseMax)
		}
		s.at = slices.Insert(s.at, i, uint16(off))
		s.words = slices.Insert(s.words, i, 0)
		return i
	}
	s.makeDense(size)
	s.include(size, off)
	return off - s.first
}

// put stores a text in words[i] and replaces the value there.
func (s *slice) put(i int, text []byte) {
	word, ok := newWord(text)
	if ok {
		s.drop(i)
		s.words[i] = word
		return
	}
	if w := s.words[i]; w != 0 && slotKind(w&kindMask) == slotLong {
		place := &s.long[w>>2-1]
		s.bytes += len(text) - len(*place)
		*place = string(text)
		return
	}
	s.bytes += len(text)
	if n := len(s.free); n > 0 {
		place := s.free[n-1]
		s.free = s.free[:n-1]
		s.long[place] = string(text)
		s.words[i] = uint64(place+1) << 2
		return
	}
	s.long = append(s.long, string(text))
	s.words[i] = uint64(len(s.long)) << 2
}

// drop empties words[i].
func (s *slice) drop(i int) {
	if w := s.words[i]; w != 0 && slotKind(w&kindMask) == slotLong {
		place := uint32(w>>2 - 1)
		s.bytes -= len(s.long[place])
		s.long[place] = ""
		s.free = append(s.free, place)
	}
	s.words[i] = 0
	if len(s.free) > max(minCompact, len(s.long)/2) {
		s.compact()
	}
}

// compact frees the unused places of long.
func (s *slice) compact() {
	long := make([]string, 0, len(s.long)-len(s.free))
	for i, w := range s.words {
		if w != 0 && slotKind(w&kindMask) == slotLong {
			long = append(long, s.long[w>>2-1])
			s.words[i] = uint64(len(long)) << 2
		}
	}
	s.long, s.free = long, nil
}

// deleteRange empties the slots from one offset to another and returns the
// number that were used. The slice may be empty afterwards.
func (s *slice) deleteRange(l *limits, from, to int) int {
	before := s.count
	if s.dense() {
		for i := max(from-s.first, 0); i <= min(to-s.first, len(s.words)-1); i++ {
			if s.words[i] != 0 {
				s.drop(i)
				s.count--
			}
		}
		if s.count > 0 {
			for s.words[s.last-s.first] == 0 {
				s.last--
			}
			s.maybeSparse(l)
		}
		return before - s.count
	}
	i, _ := slices.BinarySearch(s.at, uint16(from))
	j, ok := slices.BinarySearch(s.at, uint16(to))
	if ok {
		j++
	}
	for k := i; k < j; k++ {
		s.drop(k)
	}
	s.at, s.words = slices.Delete(s.at, i, j), slices.Delete(s.words, i, j)
	s.count -= j - i
	return before - s.count
}

// makeDense converts a sparse slice to a dense one.
func (s *slice) makeDense(size int) {
	if s.dense() {
		return
	}
	at, words := s.at, s.words
	s.at, s.first, s.last = nil, 0, 0
	window := minWindow
	if s.count > 0 {
		s.first, s.last = int(at[0]), int(at[s.count-1])
		window = max(roundUp(s.last-s.first+1), minWindow)
	}
	if window >= size {
		window, s.first = size, 0
	}
	s.first = min(s.first, size-window)
	s.words = make([]uint64, window)
	for i, off := range at {
		s.words[int(off)-s.first] = words[i]
	}
}

// include enlarges the window of a dense slice until it contains an offset: to
// the right by doubling, to the left to the next power of two, which leaves
// room on that side.
func (s *slice) include(size, off int) {
	first, window := s.first, len(s.words)
	end := first + window
	switch {
	case off >= end:
		for off >= first+window && window < size {
			window *= 2
		}
		if window >= size {
			first, window = 0, size
		}
		first = min(first, size-window)
	case off < first:
		window = min(max(roundUp(end-off), minWindow), size)
		first = max(end-window, 0)
	default:
		return
	}
	words := make([]uint64, window)
	copy(words[s.first-first:], s.words)
	s.words, s.first = words, first
}

// maybeSparse converts a dense slice with few used slots to a sparse one if
// that saves memory.
func (s *slice) maybeSparse(l *limits) {
	window, few := len(s.words), l.sparseMin
	if l.sparseMax == 0 || s.count > few || s.count > l.sparseMax || window == minWindow || window < 4*few ||
		sliceHeader+wordBytes*window < (sliceHeader+(2*few+wordBytes-1)/wordBytes*wordBytes+wordBytes*few)*5/4 {
		return
	}
	at, words := make([]uint16, 0, few), make([]uint64, 0, few)
	for i, w := range s.words {
		if w != 0 {
			at, words = append(at, uint16(s.first+i)), append(words, w)
		}
	}
	s.at, s.words, s.room = at, words, few
	s.compact()
}

// roundUp returns the smallest power of two that is at least n.
func roundUp(n int) int { return 1 << bits.Len(uint(n-1)) }

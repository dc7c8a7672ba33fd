package dict

import (
	"math/bits"
	"unsafe"
)

// A segment is a header and 1 to 16 groups in one allocation:
//
//	owner n dead depth stored | ctrl slot*8 | ctrl slot*8 | ...
//
// stored has one bit a slot, set if this owner put the element there, so that
// no other table has it. Unlike the slots it is not copied for a new owner.
//
// A ctrl word has one byte a slot: 0 is empty, 1 is dead (a tombstone),
// 0x80|tag is full, where tag is the low 7 bits of the hash. The next bits of
// the hash select the group where the search begins. The search ends at a
// group with an empty slot. Ctrl words are next to their slots, so that a
// look-up touches one place of the segment only.
//
// The bits of a hash:   directory ... ............ | home group 4 | tag 7
const (
	groupSlots = 8
	maxGroups  = 16

	emptyByte = 0
	deadByte  = 1
	tagBits   = 7

	lowBits  = 0x0101010101010101
	highBits = 0x8080808080808080
)

type segment[E any] struct {
	own    *owner
	n      uint8 // full slots
	dead   uint8
	depth  uint8 // number of high bits that the hashes of all elements share
	stored [maxGroups]uint8
	first  group[E]
}

type group[E any] struct {
	ctrl  uint64
	slots [groupSlots]E
}

type (
	segment2[E any] struct {
		segment[E]
		_ [1]group[E]
	}
	segment4[E any] struct {
		segment[E]
		_ [3]group[E]
	}
	segment8[E any] struct {
		segment[E]
		_ [7]group[E]
	}
	segment16[E any] struct {
		segment[E]
		_ [15]group[E]
	}
)

// newSegment returns an empty segment of 1, 2, 4, 8 or 16 groups.
func newSegment[E any](groups int, own *owner, depth uint8) *segment[E] {
	var s *segment[E]
	switch groups {
	case 1:
		s = new(segment[E])
	case 2:
		s = &new(segment2[E]).segment
	case 4:
		s = &new(segment4[E]).segment
	case 8:
		s = &new(segment8[E]).segment
	default:
		s = &new(segment16[E]).segment
	}
	s.own, s.depth = own, depth
	return s
}

// segmentBytes returns the size of a segment as newSegment allocates it.
func segmentBytes[E any](groups int) int {
	return int(unsafe.Sizeof(segment[E]{})) + (groups-1)*int(unsafe.Sizeof(group[E]{}))
}

// limit returns how many slots of a segment may be full or dead. At least one in
// eight is empty, which ends every search.
func limit(groups int) int { return groups * (groupSlots - 1) }

// group returns group g, which must be below the number given to newSegment.
func (s *segment[E]) group(g int) *group[E] {
	// newSegment allocates the further groups behind first.
	return (*group[E])(unsafe.Add(unsafe.Pointer(&s.first), uintptr(g)*unsafe.Sizeof(s.first)))
}

func (s *segment[E]) slot(at int) *E {
	return &s.group(at / groupSlots).slots[at%groupSlots]
}

// copyFor returns a copy of s that belongs to own, with the same slots.
func (s *segment[E]) copyFor(own *owner, groups int) *segment[E] {
	c := newSegment[E](groups, own, s.depth)
	c.n, c.dead = s.n, s.dead
	for g := range groups {
		*c.group(g) = *s.group(g)
	}
	return c
}

// add puts e in the first free slot in the search order of h and reports
// success. It fails without a change if that would take the last empty slots.
// stored means that no other owner has e.
func (s *segment[E]) add(h uint64, e E, groups int, stored bool) bool {
	for g := homeOf(h); ; g++ {
		g &= groups - 1
		grp := s.group(g)
		free := ^grp.ctrl & highBits
		if free == 0 {
			continue
		}
		i := firstByte(free)
		if byte(grp.ctrl>>(8*i)) == deadByte {
			s.dead--
		} else if int(s.n)+int(s.dead) >= limit(groups) {
			return false
		}
		grp.set(i, tagOf(h))
		grp.slots[i] = e
		if stored {
			s.stored[g] |= 1 << i
		}
		s.n++
		return true
	}
}

// erase empties a full slot.
func (s *segment[E]) erase(at int) {
	grp, i := s.group(at/groupSlots), at%groupSlots
	if zeroBytes(grp.ctrl) != 0 {
		grp.set(i, emptyByte) // an empty slot ends every search here anyway
	} else {
		grp.set(i, deadByte)
		s.dead++
	}
	var none E
	grp.slots[i] = none
	s.stored[at/groupSlots] &^= 1 << i
	s.n--
}

// replace puts a new element of the owner in a full slot.
func (s *segment[E]) replace(at int, e E) {
	*s.slot(at) = e
	s.stored[at/groupSlots] |= 1 << (at % groupSlots)
}

// isStored reports whether this owner stored the element in a slot.
func (s *segment[E]) isStored(at int) bool {
	return s.stored[at/groupSlots]>>(at%groupSlots)&1 != 0
}

func (g *group[E]) set(i int, b byte) {
	g.ctrl = g.ctrl&^(0xFF<<(8*i)) | uint64(b)<<(8*i)
}

func (s *segment[E]) isFull(at int) bool {
	return s.group(at/groupSlots).ctrl>>(8*(at%groupSlots))&0x80 != 0
}

func tagOf(h uint64) byte { return byte(h) | 0x80 }

func homeOf(h uint64) int { return int(h >> tagBits & (maxGroups - 1)) }

// zeroBytes sets the high bit of each zero byte of w. The lowest mark is
// always right, and without a zero byte there is no mark. A byte of 1 above a
// zero byte may be marked too. In a search for a tag that is a full slot, and
// costs a needless comparison of its key.
func zeroBytes(w uint64) uint64 { return (w - lowBits) &^ w & highBits }

func firstByte(marks uint64) int { return bits.TrailingZeros64(marks) / 8 }

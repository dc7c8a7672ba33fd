// Package intset is Redis's sorted array of distinct integers in one block of bytes. It has Redis's own layout, so RDB
// files and DUMP payloads contain it unchanged. Small sets of integers have this encoding.
//
//	| width: 2, 4 or 8; 4 bytes | members, 4 bytes | member | member | ... |    all little-endian
//
// All members have the width of the widest that was ever added. Operations take a set and return the changed one,
// All members have the width of the widest one ever added. Operations take a set and return the changed one, like
// append: the memory of the old one may be in use again, by this set or another. Has is O(log n). Add and Remove move
// the members behind, and Add rewrites all members when the width grows. Concurrent reads are safe while nobody writes.
// The format is that of intset.c in Redis 7.4.
package intset

import (
	"encoding/binary"
	"errors"
	"math/bits"

	"github.com/resp-server/resp-server/internal/datastruct/block"
)

const (
	headerSize = 8
	exact      = 512 // up to this size in bytes, a growing set gets only the room of the allocator's size class
)

// ErrInvalid is the error of [Set.Validate]: an unknown width, a size that does not match the header, no members, or
// members out of order.
var ErrInvalid = errors.New("intset: broken encoding")

// Set is an intset. The nil Set is invalid; use [New].
type Set []byte

// New returns the empty set.
func New() Set {
	s := Set(block.New(headerSize))
	s.setHeader(2, 0)
	return s
}

// Len returns the number of members.
func (s Set) Len() int { return int(binary.LittleEndian.Uint32(s[4:])) }

// In returns the set at the beginning of b. b may be longer; the set can grow into all of it.
func In(b []byte) Set {
	s := Set(b)
	return s[:headerSize+s.Len()*s.width()]
}

// Size returns the number of bytes of the set.
func (s Set) Size() int { return len(s) }

// Clone copies the set into memory of its own.
func (s Set) Clone() Set {
	c := Set(block.New(len(s)))
	copy(c, s)
	return c
}

// Has reports whether v is a member.
func (s Set) Has(v int64) bool {
	_, ok := s.search(v)
	return ok
}

// At returns member i of 0..Len()-1 in ascending order.
func (s Set) At(i int) int64 { return s.get(i, s.width()) }

// Random returns the member that the random number r chooses, each with the same probability. The set must not be
// empty.
func (s Set) Random(r uint64) int64 {
	i, _ := bits.Mul64(r, uint64(s.Len()))
	return s.At(int(i))
}

// Add adds v and reports whether it was new.
func (s Set) Add(v int64) (Set, bool) {
	n, width := s.Len(), s.width()
	if need := widthOf(v); need > width {
		return s.widen(v, need), true
	}
	i, found := s.search(v)
	if found {
		return s, false
	}
	at := headerSize + i*width
	s = s.grow(len(s) + width)
	copy(s[at+width:], s[at:])
	s.put(i, width, v)
	s.setHeader(width, n+1)
	return s, true
}

// Remove removes v and reports whether it was a member. The width stays the
// same.
func (s Set) Remove(v int64) (Set, bool) {
	i, found := s.search(v)
	if !found {
		return s, false
	}
	n, width := s.Len(), s.width()
	at := headerSize + i*width
	s = append(s[:at], s[at+width:]...)
	s.setHeader(width, n-1)
	return s, true
}

// Validate checks bytes of unknown origin. It checks the header and the size, in O(1), and if deep the order of the
// members too. It never panics. After a deep check every method is safe. An empty set is invalid, since Redis deletes a
// key with an empty set.
func (s Set) Validate(deep bool) error {
	if len(s) < headerSize {
		return ErrInvalid
	}
	width, n := uint64(binary.LittleEndian.Uint32(s)), uint64(binary.LittleEndian.Uint32(s[4:]))
	if width != 2 && width != 4 && width != 8 || n == 0 || headerSize+n*width != uint64(len(s)) {
		return ErrInvalid
	}
	for i := 1; deep && i < int(n); i++ {
		if s.At(i-1) >= s.At(i) {
			return ErrInvalid
		}
	}
	return nil
}

// widen adds v, which needs more bytes than the members so far. So v is smaller or larger than all of them.
func (s Set) widen(v int64, width int) Set {
	n, old, shift := s.Len(), s.width(), 0
	if v < 0 {
		shift = 1
	}
	s = s.grow(headerSize + (n+1)*width)
	for i := n - 1; i >= 0; i-- { // from the end: a member's new place overlaps only moved ones
		s.put(i+shift, width, s.get(i, old))
	}
	if v < 0 {
		s.put(0, width, v)
	} else {
		s.put(n, width, v)
	}
	s.setHeader(width, n+1)
	return s
}

// search returns the index of v, or the index for inserting it.
func (s Set) search(v int64) (int, bool) {
	n, width := s.Len(), s.width()
	if n == 0 || v > s.get(n-1, width) { // ascending insertions are frequent
		return n, false
	}
	lo, hi := 0, n
	for lo < hi {
		if mid := (lo + hi) / 2; s.get(mid, width) < v {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, s.get(lo, width) == v
}

// grow makes the set size bytes long. If it must move it gets an eighth of spare room, unless it is small.
func (s Set) grow(size int) Set {
	if size <= cap(s) {
		return s[:size]
	}
	room := size
	if size > exact {
		room += size / 8
	}
	grown := Set(block.New(room)[:size])
	copy(grown, s)
	block.Free(s)
	return grown
}

func (s Set) width() int { return int(s[0]) }

func (s Set) get(i, width int) int64 {
	b := s[headerSize+i*width:]
	switch width {
	case 2:
		return int64(int16(binary.LittleEndian.Uint16(b)))
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(b)))
	default:
		return int64(binary.LittleEndian.Uint64(b))
	}
}

func (s Set) put(i, width int, v int64) {
	b := s[headerSize+i*width:]
	switch width {
	case 2:
		binary.LittleEndian.PutUint16(b, uint16(v))
	case 4:
		binary.LittleEndian.PutUint32(b, uint32(v))
	default:
		binary.LittleEndian.PutUint64(b, uint64(v))
	}
}

func (s Set) setHeader(width, n int) {
	binary.LittleEndian.PutUint32(s, uint32(width))
	binary.LittleEndian.PutUint32(s[4:], uint32(n))
}

// widthOf returns the number of bytes that v needs.
func widthOf(v int64) int {
	switch {
	case v == int64(int16(v)):
		return 2
	case v == int64(int32(v)):
		return 4
	default:
		return 8
	}
}

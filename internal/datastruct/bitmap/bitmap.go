// Package bitmap treats strings of bytes as arrays of bits and of small
// integers.
//
// Bit 0 is the most significant bit of the first byte, as in SETBIT. Ranges of
// bits are half open. The functions work in words of 8 bytes and never
// allocate. They keep no state, so concurrent calls are safe unless one of
// them writes to the bytes of another.
package bitmap

import (
	"encoding/binary"
	"math/bits"
)

// Count returns the number of set bits, at about the speed of memory.
func Count(b []byte) int {
	// With a single sum each addition would wait for the one before.
	var n0, n1, n2, n3 int
	for len(b) >= 32 {
		n0 += bits.OnesCount64(binary.LittleEndian.Uint64(b))
		n1 += bits.OnesCount64(binary.LittleEndian.Uint64(b[8:]))
		n2 += bits.OnesCount64(binary.LittleEndian.Uint64(b[16:]))
		n3 += bits.OnesCount64(binary.LittleEndian.Uint64(b[24:]))
		b = b[32:]
	}
	for len(b) >= 8 {
		n0 += bits.OnesCount64(binary.LittleEndian.Uint64(b))
		b = b[8:]
	}
	for _, c := range b {
		n1 += bits.OnesCount8(c)
	}
	return n0 + n1 + n2 + n3
}

// CountRange returns the number of set bits from lo to hi-1. The range must
// lie within b.
func CountRange(b []byte, lo, hi int) int {
	if lo >= hi {
		return 0
	}
	first, last := lo>>3, (hi-1)>>3
	n := Count(b[first : last+1])
	n -= bits.OnesCount8(b[first] &^ (0xff >> (lo & 7)))     // before lo
	n -= bits.OnesCount8(b[last] & (0xff >> ((hi-1)&7 + 1))) // from hi on
	return n
}

// First returns the position of the first bit from lo to hi-1 that equals set,
// and -1 if there is none. The range must lie within b.
func First(b []byte, set bool, lo, hi int) int {
	if lo >= hi {
		return -1
	}
	// Search for a clear bit as a set bit in the complement.
	var flip byte
	var flip64 uint64
	if !set {
		flip, flip64 = 0xff, ^uint64(0)
	}
	i, last := lo>>3, (hi-1)>>3
	c := (b[i] ^ flip) & (0xff >> (lo & 7))
	for c == 0 {
		if i++; i > last {
			return -1
		}
		for i+8 <= last && binary.LittleEndian.Uint64(b[i:])^flip64 == 0 {
			i += 8
		}
		c = b[i] ^ flip
	}
	if at := i<<3 + bits.LeadingZeros8(c); at < hi {
		return at
	}
	return -1
}

// Op is an operation of BITOP, which combines strings.
type Op uint8

// The operations. X is the first source, Y are the others.
const (
	And   Op = iota // bits set in all sources
	Or              // bits set in any source
	Xor             // bits set in an odd number of sources
	Not             // bits clear in the only source
	Diff            // bits of X that are in no Y
	Diff1           // bits of any Y that are not in X
	AndOr           // bits of X that are in any Y
	One             // bits set in exactly one source
)

// blockSize is the number of bytes combined at a time. The intermediate
// results of a block stay in the fastest cache.
const blockSize = 4 << 10

// Combine writes the combination of the sources to dst. dst must be as long as
// the longest source, filled with zero bytes, and share no memory with a
// source. Shorter sources count as if padded with zero bytes.
func Combine(op Op, dst []byte, src [][]byte) {
	for off := 0; off < len(dst); off += blockSize {
		end := min(off+blockSize, len(dst))
		combine(op, dst[off:end], src, off, end)
	}
}

func combine(op Op, dst []byte, src [][]byte, off, end int) {
	x, ys := part(src[0], off, end), src[1:]
	switch op {
	case And, Or, Xor, Diff:
		copy(dst, x)
	case Not:
		copy(dst, x)
		invert(dst)
	case One:
		one(dst, src, off, end)
		return
	}
	for _, y := range ys {
		y := part(y, off, end)
		switch op {
		case And:
			clear(dst[len(y):])
			and(dst, y)
		case Xor:
			xor(dst, y)
		case Diff:
			andNot(dst, y)
		default:
			or(dst, y)
		}
	}
	switch op {
	case Diff1:
		andNot(dst, x)
	case AndOr:
		clear(dst[len(x):])
		and(dst, x)
	}
}

// one computes the bits set in exactly one source.
func one(dst []byte, src [][]byte, off, end int) {
	var again [blockSize]byte // bits seen more than once
	var both [blockSize]byte
	for _, s := range src {
		s := part(s, off, end)
		n := copy(both[:], s)
		and(both[:n], dst[:n])
		or(again[:n], both[:n])
		or(dst, s)
	}
	andNot(dst, again[:len(dst)])
}

// part returns b[off:end], cut at the end of b.
func part(b []byte, off, end int) []byte {
	if off >= len(b) {
		return nil
	}
	return b[off:min(end, len(b))]
}

// Package bitmap works on strings of bytes as arrays of bits and of small
// integers.
//
// Bit 0 is the most significant bit of the first byte, as in SETBIT. Ranges
// of bits are half open. Everything runs in words of 8 bytes; nothing
// allocates. The functions keep no state: they are safe for concurrent use as
// far as the bytes are.
package bitmap

import (
	"encoding/binary"
	"math/bits"
)

// Count returns how many bits are set, at about the speed of memory.
func Count(b []byte) int {
	// Four sums, because one would make each addition wait for the one before.
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

// CountRange returns how many of the bits from lo up to hi are set. The range
// must lie within b.
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

// First returns the position of the first bit from lo up to hi that is set,
// or clear if set is false, and -1 if there is none. The range must lie
// within b.
func First(b []byte, set bool, lo, hi int) int {
	if lo >= hi {
		return -1
	}
	// Looking for a clear bit is looking for a set one in the complement.
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

// Op is a way to combine strings, the operations of BITOP.
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

// blockSize is how much is combined at a time, so that the intermediate
// results of many sources stay in the fastest cache.
const blockSize = 4 << 10

// Combine writes the combination of the sources to dst, which must be filled
// with zero bytes, as long as the longest source, and none of them. Shorter
// sources count as if filled up with zero bytes.
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

// one leaves the bits that exactly one source has.
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

// part returns what there is of b between two positions.
func part(b []byte, off, end int) []byte {
	if off >= len(b) {
		return nil
	}
	return b[off:min(end, len(b))]
}

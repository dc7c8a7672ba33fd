// Package listpack is Redis's compact sequence of strings and integers in one block of bytes. It has Redis's own
// layout, so RDB files and DUMP payloads contain a pack unchanged. Small hashes, sets, sorted sets and lists are packs,
// and so are the nodes of large lists and of streams.
//
//	| bytes, 4 | elements, 2 | element | element | ... | 0xFF |
//
// An element is its encoding and length, its content, and its whole length again, readable from the end backwards. The
// element count is 65535 if it is unknown, which it becomes when it reaches that number.
//
// Operations take a pack and return the changed one, like append: the memory of the old one may be in use again, by
// this pack or another. The position of an element is the offset of its first byte, or -1 for none; a write invalidates
// the positions behind it. A write costs the bytes it moves, a walk the elements it passes.
//
// Every method accepts a pack made by this package or checked by a deep [Pack.Validate]; other packs may cause a panic.
// Concurrent reads of a pack are safe while nobody writes it.
//
// The format is that of listpack.c in Redis 7.4.
package listpack

import (
	"encoding/binary"

	"github.com/resp-server/resp-server/internal/datastruct/block"
)

const (
	headerSize   = 6
	unknownCount = 1<<16 - 1

	// MaxSize is the size in bytes beyond which no pack should grow; see
	// [Pack.CanAdd].
	MaxSize = 1 << 30
)

// Pack is a listpack. The nil Pack is invalid; use [New].
type Pack []byte

// New returns an empty pack with room for size bytes in all; 0 asks for the
// minimum.
func New(size int) Pack {
	p := Pack(block.New(max(size, headerSize+1))[:headerSize+1])
	p[headerSize] = end
	p.setHeader(0)
	return p
}

// Len returns the number of elements. It is O(1) below 65535; otherwise it
// counts them.
func (p Pack) Len() int {
	if n := p.count(); n != unknownCount {
		return n
	}
	return p.countFrom(headerSize)
}

// In returns the pack at the beginning of b. b may be longer; the pack can grow into all of it.
func In(b []byte) Pack { return b[:binary.LittleEndian.Uint32(b)] }

// Size returns the number of bytes of the pack.
func (p Pack) Size() int { return len(p) }

// Empty reports whether the pack has no elements, in O(1).
func (p Pack) Empty() bool { return len(p) == headerSize+1 }

// CanAdd reports whether the pack may grow by n bytes without exceeding
// [MaxSize].
func (p Pack) CanAdd(n int) bool { return n <= MaxSize && len(p)+n <= MaxSize }

// Clone copies the pack into memory of its own, with no spare room beyond the allocator's size class.
func (p Pack) Clone() Pack {
	c := Pack(block.New(len(p)))
	copy(c, p)
	return c
}

// CopyTo copies the pack to the beginning of buf, which must be long enough. The copy can grow into all of buf.
func (p Pack) CopyTo(buf []byte) Pack { return buf[:copy(buf, p)] }

// First returns the position of the first element, or -1.
func (p Pack) First() int { return p.orNone(headerSize) }

// Last returns the position of the last element, or -1.
func (p Pack) Last() int { return p.Prev(len(p) - 1) }

// Next returns the position of the element after the one at pos, or -1.
func (p Pack) Next(pos int) int { return p.orNone(p.skip(pos)) }

// Prev returns the position of the element before pos, or -1. Prev of [Pack.End] is the last element.
func (p Pack) Prev(pos int) int {
	if pos == headerSize {
		return -1
	}
	n := backlen(p[:pos])
	return pos - n - backlenSize(n)
}

// End returns the position behind the last element: inserting before it appends.
func (p Pack) End() int { return len(p) - 1 }

// Seek returns the position of element index, counted from 0 at the head or from -1 at the tail, or -1 if it is out of
// range. It walks from the nearer end.
func (p Pack) Seek(index int) int {
	if n := p.count(); n != unknownCount {
		if index >= n || index < -n {
			return -1
		}
		if index > n/2 {
			index -= n
		} else if index < -n/2 {
			index += n
		}
	}
	if index < 0 {
		pos := p.End()
		for ; index < 0 && pos >= 0; index++ {
			pos = p.Prev(pos)
		}
		return pos
	}
	pos := headerSize
	for ; index > 0 && p[pos] != end; index-- {
		pos = p.skip(pos)
	}
	return p.orNone(pos)
}

// Get returns the element at pos. It does not allocate.
func (p Pack) Get(pos int) Value {
	v, _ := decode(p[pos:])
	return v
}

// Read returns the element at pos and the position of the next one, or -1: one step of a walk.
func (p Pack) Read(pos int) (v Value, next int) {
	if c := p[pos]; c >= tag6Str && c < tag13Int { // a short string, by far the most frequent encoding
		to := pos + 1 + int(c&0x3F)
		return Value{Str: p[pos+1 : to : to]}, p.orNone(to + 1)
	}
	if c := p[pos]; c < tag6Str {
		return Value{Int: int64(c), IsInt: true}, p.orNone(pos + 2)
	}
	v, n := decode(p[pos:])
	return v, p.orNone(pos + n + backlenSize(n))
}

// Skip returns the position n elements after the one at pos, or -1 at the end. That many must exist.
func (p Pack) Skip(pos, n int) int {
	for ; n > 0; n-- {
		switch c := p[pos]; {
		case c < tag6Str: // small numbers and short strings, by far the most frequent encodings
			pos += 2
		case c < tag13Int:
			pos += 2 + int(c&0x3F)
		default:
			pos = p.skip(pos)
		}
	}
	return p.orNone(pos)
}

// AppendTo appends the text of the element at pos to dst.
func (p Pack) AppendTo(dst []byte, pos int) []byte { return p.Get(pos).AppendTo(dst) }

// Equal reports whether the text of the element at pos is s. It does not allocate.
func (p Pack) Equal(pos int, s []byte) bool { return p.Get(pos).Equal(s) }

// Find returns the position of the first element equal to s among the element at from and every (skip+1)th one behind
// it. It returns -1 if there is none, or if from is -1. To find a field among field-value pairs, use a skip of 1.
func (p Pack) Find(from int, s []byte, skip int) int {
	if from < 0 {
		return -1
	}
	want := ValueOf(s)
	for pos := from; p[pos] != end; {
		if c := p[pos]; c >= tag6Str && c < tag13Int { // a short string, by far the most frequent encoding, compared in place
			n := int(c & 0x3F)
			if n == len(s) && string(p[pos+1:pos+1+n]) == string(s) {
				return pos
			}
			pos += n + 2
		} else {
			v, n := decode(p[pos:])
			if v.IsInt {
				if want.IsInt && v.Int == want.Int {
					return pos
				}
			} else if string(v.Str) == string(s) {
				return pos
			}
			pos += n + backlenSize(n)
		}
		for i := 0; i < skip && p[pos] != end; i++ {
			pos = p.skip(pos)
		}
	}
	return -1
}

// skip returns the position behind the element at pos: that of the next
// element, or End.
func (p Pack) skip(pos int) int { return pos + firstSize(p[pos:]) }

// orNone returns pos if there is an element, and -1 at the end.
func (p Pack) orNone(pos int) int {
	if p[pos] == end {
		return -1
	}
	return pos
}

func (p Pack) countFrom(pos int) int {
	n := 0
	for ; p[pos] != end; pos = p.skip(pos) {
		n++
	}
	return n
}

// count returns the element count in the header.
func (p Pack) count() int { return int(binary.LittleEndian.Uint16(p[4:])) }

// setHeader sets the header to the pack's length and count elements.
func (p Pack) setHeader(count int) {
	binary.LittleEndian.PutUint32(p, uint32(len(p)))
	binary.LittleEndian.PutUint16(p[4:], uint16(min(count, unknownCount)))
}

// recount is setHeader after a change of the count by delta. An unknown count
// remains unknown.
func (p Pack) recount(delta int) {
	n := p.count()
	if n != unknownCount {
		n += delta
	}
	p.setHeader(n)
}

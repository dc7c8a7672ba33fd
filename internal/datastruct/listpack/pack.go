// Package listpack is Redis's compact sequence of strings and integers in one block of bytes, in Redis's own layout, so
// that RDB files and DUMP payloads carry a pack as it is. Small hashes, sets, sorted sets and lists are packs; so are
// the nodes of large lists and of streams.
//
//	| bytes, 4 | elements, 2 | element | element | ... | 0xFF |
//
// An element is its encoding and length, its content, and its whole length once more, written so that it can be read
// from behind. The element count is 65535 when it is not known, which it stops being when it gets there.
//
// Operations take a pack and return the changed one, like append: the memory of the old one may have been used again, by this pack or another.
// An element is addressed by its position, the offset of its first byte, or -1 where there is none; a write
// invalidates the positions behind it. Writing costs the bytes that move, walking the elements passed.
//
// A pack made by this package, or accepted by a deep [Pack.Validate], can be given to every method; others can make
// methods panic. Reading a pack from several goroutines is safe as long as nobody writes it.
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

	// MaxSize is the size in bytes that no pack should grow beyond; see [Pack.CanAdd].
	MaxSize = 1 << 30
)

// Pack is a listpack. The nil Pack is not one: begin with [New].
type Pack []byte

// New is an empty pack with room for size bytes in all; 0 asks for the least.
func New(size int) Pack {
	p := Pack(block.New(max(size, headerSize+1))[:headerSize+1])
	p[headerSize] = end
	p.setHeader(0)
	return p
}

// Len is the number of elements: O(1) below 65535, above that it counts them.
func (p Pack) Len() int {
	if n := p.count(); n != unknownCount {
		return n
	}
	return p.countFrom(headerSize)
}

// In is the pack at the beginning of b, which may be longer: all of it is the pack's room.
func In(b []byte) Pack { return b[:binary.LittleEndian.Uint32(b)] }

// Size is the number of bytes of the pack.
func (p Pack) Size() int { return len(p) }

// Empty reports whether there is no element, in O(1).
func (p Pack) Empty() bool { return len(p) == headerSize+1 }

// CanAdd reports whether the pack may grow by n bytes without passing [MaxSize].
func (p Pack) CanAdd(n int) bool { return n <= MaxSize && len(p)+n <= MaxSize }

// Clone copies the pack into memory of its own, with no room to spare beyond what the allocator rounds up to.
func (p Pack) Clone() Pack {
	c := Pack(block.New(len(p)))
	copy(c, p)
	return c
}

// CopyTo copies the pack to the beginning of buf, which must be long enough, and is the copy with all of buf as its room.
func (p Pack) CopyTo(buf []byte) Pack { return buf[:copy(buf, p)] }

// First is the position of the first element, or -1.
func (p Pack) First() int { return p.orNone(headerSize) }

// Last is the position of the last element, or -1.
func (p Pack) Last() int { return p.Prev(len(p) - 1) }

// Next is the position of the element after the one at pos, or -1.
func (p Pack) Next(pos int) int { return p.orNone(p.skip(pos)) }

// Prev is the position of the element before pos, or -1. Position [Pack.End] gives the last one.
func (p Pack) Prev(pos int) int {
	if pos == headerSize {
		return -1
	}
	n := backlen(p[:pos])
	return pos - n - backlenSize(n)
}

// End is the position behind the last element: inserting before it appends.
func (p Pack) End() int { return len(p) - 1 }

// Seek is the position of element index, counted from 0 at the head and from -1 at the tail; -1 if out of range. It
// walks from the nearer end.
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

// Get is the element at pos. It does not allocate.
func (p Pack) Get(pos int) Value {
	v, _ := decode(p[pos:])
	return v
}

// Read is the element at pos and the position of the next one, or -1: one step of a walk.
func (p Pack) Read(pos int) (v Value, next int) {
	if c := p[pos]; c >= tag6Str && c < tag13Int { // a short string, by far the most frequent
		to := pos + 1 + int(c&0x3F)
		return Value{Str: p[pos+1 : to : to]}, p.orNone(to + 1)
	}
	if c := p[pos]; c < tag6Str {
		return Value{Int: int64(c), IsInt: true}, p.orNone(pos + 2)
	}
	v, n := decode(p[pos:])
	return v, p.orNone(pos + n + backlenSize(n))
}

// Skip is the position of the element n places behind the one at pos, or -1 at the end; there must be that many.
func (p Pack) Skip(pos, n int) int {
	for ; n > 0; n-- {
		switch c := p[pos]; {
		case c < tag6Str: // small numbers and short strings, by far the most frequent
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

// Find is the position of the first element equal to s among the one at from and those skip+1, 2(skip+1), ... elements
// behind it; -1 if there is none, or if from is -1. To find a field among field-value pairs, skip 1.
func (p Pack) Find(from int, s []byte, skip int) int {
	if from < 0 {
		return -1
	}
	want := ValueOf(s)
	for pos := from; p[pos] != end; {
		if c := p[pos]; c >= tag6Str && c < tag13Int { // short strings, by far the most frequent, in place
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

// skip is the position behind the element at pos: the next element's, or End.
func (p Pack) skip(pos int) int { return pos + firstSize(p[pos:]) }

// orNone is pos if an element is there and -1 at the end.
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

// count is the element count of the header.
func (p Pack) count() int { return int(binary.LittleEndian.Uint16(p[4:])) }

// setHeader makes the header agree with the pack's length and with count elements.
func (p Pack) setHeader(count int) {
	binary.LittleEndian.PutUint32(p, uint32(len(p)))
	binary.LittleEndian.PutUint16(p[4:], uint16(min(count, unknownCount)))
}

// recount is setHeader after count has changed by delta. An unknown count stays so.
func (p Pack) recount(delta int) {
	n := p.count()
	if n != unknownCount {
		n += delta
	}
	p.setHeader(n)
}

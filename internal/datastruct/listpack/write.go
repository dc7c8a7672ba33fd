package listpack

import "github.com/resp-server/resp-server/internal/datastruct/block"

// A value passed to these methods must not be part of the pack.

// Append adds v at the tail.
func (p Pack) Append(v []byte) Pack { return p.insert(p.End(), ValueOf(v)) }

// AppendInt adds n at the tail.
func (p Pack) AppendInt(n int64) Pack { return p.insert(p.End(), IntValue(n)) }

// AppendValue adds v at the tail.
func (p Pack) AppendValue(v Value) Pack { return p.insert(p.End(), v) }

// AppendAll adds the values at the tail in order, growing the pack at most
// once.
func (p Pack) AppendAll(values ...[]byte) Pack {
	size := 0
	for _, v := range values {
		size += EntrySize(v)
	}
	at := p.End()
	p = p.resize(at, at, size)
	dst := p[:at]
	for _, v := range values {
		dst = ValueOf(v).appendEntry(dst)
	}
	p.recount(len(values))
	return p
}

// AppendPack adds all elements of q at the tail.
func (p Pack) AppendPack(q Pack) Pack {
	at := p.End()
	p = p.resize(at, at, len(q)-headerSize-1)
	copy(p[at:], q[headerSize:])
	if n := q.count(); n != unknownCount {
		p.recount(n)
	} else {
		p.setHeader(unknownCount)
	}
	return p
}

// Prepend adds v at the head. [PrependInRoom] does so without moving the rest.
func (p Pack) Prepend(v []byte) Pack { return p.insert(headerSize, ValueOf(v)) }

// PrependInt adds n at the head.
func (p Pack) PrependInt(n int64) Pack { return p.insert(headerSize, IntValue(n)) }

// InsertBefore adds v before the element at pos. pos is then the position of
// v.
func (p Pack) InsertBefore(pos int, v []byte) Pack { return p.insert(pos, ValueOf(v)) }

// InsertAfter adds v after the element at pos. [Pack.Next] of pos is then the
// position of v.
func (p Pack) InsertAfter(pos int, v []byte) Pack { return p.insert(p.skip(pos), ValueOf(v)) }

// InsertInt adds n before the element at pos.
func (p Pack) InsertInt(pos int, n int64) Pack { return p.insert(pos, IntValue(n)) }

// Replace replaces the element at pos by v, which then has position pos.
func (p Pack) Replace(pos int, v []byte) Pack { return p.replace(pos, ValueOf(v)) }

// ReplaceInt replaces the element at pos by n.
func (p Pack) ReplaceInt(pos int, n int64) Pack { return p.replace(pos, IntValue(n)) }

// Delete removes the element at pos. pos is then the position of the following one, or [Pack.End] if there is none.
func (p Pack) Delete(pos int) Pack {
	p = p.resize(pos, p.skip(pos), 0)
	p.recount(-1)
	return p
}

// DeleteRange removes up to n elements from the one at pos on.
func (p Pack) DeleteRange(pos, n int) Pack {
	to, deleted := pos, 0
	for ; deleted < n && p[to] != end; deleted++ {
		to = p.skip(to)
	}
	p = p.resize(pos, to, 0)
	p.recount(-deleted)
	return p
}

// Trim frees memory when more than half of the pack's memory is unused. Deleting alone never does, so that a pack that
// shrinks and grows in turn does not move each time.
func (p Pack) Trim() Pack {
	if cap(p) > 2*len(p)+64 {
		smaller := p.Clone()
		block.Free(p)
		return smaller
	}
	return p
}

// Split divides the pack before pos. front is the pack without the element at pos and the following ones, which rest
// holds in memory of its own.
func (p Pack) Split(pos int) (front, rest Pack) {
	moved := p.countFrom(pos)
	rest = block.New(headerSize + len(p) - pos)
	copy(rest[headerSize:], p[pos:])
	rest.setHeader(moved)
	front = p.resize(pos, p.End(), 0)
	front.recount(-moved)
	return front, rest
}

// DropFirst removes the first element in O(1): the pack then begins later in the same memory, so this frees none. There
// must be an element.
func (p Pack) DropFirst() Pack {
	n := p.count()
	p = p[firstSize(p[headerSize:]):]
	if n != unknownCount {
		n--
	}
	p.setHeader(n)
	return p
}

// PrependInRoom adds v to the pack buf[start:], in the free room before it, and returns the new start of the pack. It
// moves only the header. There must be room: start must be at least v.EntrySize().
func PrependInRoom(buf []byte, start int, v Value) int {
	n := Pack(buf[start:]).count()
	if n != unknownCount {
		n++
	}
	start -= v.EntrySize()
	p := Pack(buf[start:])
	v.appendEntry(p[:headerSize])
	p.setHeader(n)
	return start
}

func (p Pack) insert(pos int, v Value) Pack {
	p = p.resize(pos, pos, v.EntrySize())
	v.appendEntry(p[:pos])
	p.recount(1)
	return p
}

func (p Pack) replace(pos int, v Value) Pack {
	p = p.resize(pos, p.skip(pos), v.EntrySize())
	v.appendEntry(p[:pos])
	p.setHeader(p.count())
	return p
}

// resize makes the bytes from pos to to exactly n bytes long and moves the following ones. It does not update the
// header.
func (p Pack) resize(pos, to, n int) Pack {
	size := len(p) + n - (to - pos)
	if size <= cap(p) {
		tail := p[to:]
		p = p[:size]
		copy(p[pos+n:], tail)
		return p
	}
	// The allocator rounds the size up, in steps of an eighth or less. That is
	// enough room for a pack built element by element not to move too often.
	grown := Pack(block.New(size))
	copy(grown, p[:pos])
	copy(grown[pos+n:], p[to:])
	block.Free(p)
	return grown
}

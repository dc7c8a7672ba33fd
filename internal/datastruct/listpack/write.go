package listpack

import "github.com/resp-server/resp-server/internal/datastruct/block"

// No value given to these may be part of the pack that is written.

// Append adds v at the tail.
func (p Pack) Append(v []byte) Pack { return p.insert(p.End(), ValueOf(v)) }

// AppendInt adds n at the tail.
func (p Pack) AppendInt(n int64) Pack { return p.insert(p.End(), IntValue(n)) }

// AppendValue adds v at the tail.
func (p Pack) AppendValue(v Value) Pack { return p.insert(p.End(), v) }

// AppendAll adds the values at the tail in their order, growing the pack at most once.
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

// Prepend adds v at the head. See [PrependInRoom] for doing so without moving the rest.
func (p Pack) Prepend(v []byte) Pack { return p.insert(headerSize, ValueOf(v)) }

// PrependInt adds n at the head.
func (p Pack) PrependInt(n int64) Pack { return p.insert(headerSize, IntValue(n)) }

// InsertBefore adds v before the element at pos, which is then v's position.
func (p Pack) InsertBefore(pos int, v []byte) Pack { return p.insert(pos, ValueOf(v)) }

// InsertAfter adds v after the element at pos; [Pack.Next] of pos is then v's position.
func (p Pack) InsertAfter(pos int, v []byte) Pack { return p.insert(p.skip(pos), ValueOf(v)) }

// InsertInt adds n before the element at pos.
func (p Pack) InsertInt(pos int, n int64) Pack { return p.insert(pos, IntValue(n)) }

// Replace puts v in the place of the element at pos, which is then v's position.
func (p Pack) Replace(pos int, v []byte) Pack { return p.replace(pos, ValueOf(v)) }

// ReplaceInt puts n in the place of the element at pos.
func (p Pack) ReplaceInt(pos int, n int64) Pack { return p.replace(pos, IntValue(n)) }

// Delete removes the element at pos, where the following one then is; pos is [Pack.End] if there is none.
func (p Pack) Delete(pos int) Pack {
	p = p.resize(pos, p.skip(pos), 0)
	p.recount(-1)
	return p
}

// DeleteRange removes the element at pos and those behind it, n in all or as many as there are.
func (p Pack) DeleteRange(pos, n int) Pack {
	to, deleted := pos, 0
	for ; deleted < n && p[to] != end; deleted++ {
		to = p.skip(to)
	}
	p = p.resize(pos, to, 0)
	p.recount(-deleted)
	return p
}

// Trim gives memory back when more than half of it is unused. Deleting alone never does, so that a pack that shrinks
// and grows in turn is not moved each time.
func (p Pack) Trim() Pack {
	if cap(p) > 2*len(p)+64 {
		smaller := p.Clone()
		block.Free(p)
		return smaller
	}
	return p
}

// Split divides the pack before pos: what is left of it in front, and a pack with memory of its own for the element
// at pos and those behind.
func (p Pack) Split(pos int) (front, rest Pack) {
	moved := p.countFrom(pos)
	rest = block.New(headerSize + len(p) - pos)
	copy(rest[headerSize:], p[pos:])
	rest.setHeader(moved)
	front = p.resize(pos, p.End(), 0)
	front.recount(-moved)
	return front, rest
}

// DropFirst removes the first element in O(1) by beginning the pack later in the same memory, which is thus not given
// back. There must be an element.
func (p Pack) DropFirst() Pack {
	n := p.count()
	p = p[firstSize(p[headerSize:]):]
	if n != unknownCount {
		n--
	}
	p.setHeader(n)
	return p
}

// PrependInRoom adds v to the pack that is buf[start:], in the free room before start, and returns where the pack
// begins then. It moves only the header. There must be room: start must be at least v.EntrySize().
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

// resize makes the bytes from pos up to to exactly n bytes long, moving what is behind them. The header is not
// brought up to date.
func (p Pack) resize(pos, to, n int) Pack {
	size := len(p) + n - (to - pos)
	if size <= cap(p) {
		tail := p[to:]
		p = p[:size]
		copy(p[pos+n:], tail)
		return p
	}
	// The allocator rounds the size up, in steps of an eighth or less: room
	// enough that a pack built element by element is not moved too often.
	grown := Pack(block.New(size))
	copy(grown, p[:pos])
	copy(grown[pos+n:], p[to:])
	block.Free(p)
	return grown
}

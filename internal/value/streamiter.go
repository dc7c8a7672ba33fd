package value

import (
	"math/bits"

	"github.com/resp-server/resp-server/internal/datastruct/listpack"
	"github.com/resp-server/resp-server/internal/datastruct/tree"
)

// nodeCursor points to an entry of a node, deleted or not.
type nodeCursor struct {
	pack   listpack.Pack
	base   StreamID // of the node
	common int      // number of fields of the node
	first  int      // position of the first common field

	pos   int // position of the entry
	flags int64
	id    StreamID
	count int // number of fields
	body  int // position of the first value, or field and value
}

// begin returns a cursor at the first entry. A node has at least one.
func (n *streamNode) begin() nodeCursor {
	e := n.cursor()
	e.read(e.pack.Skip(e.first, e.common+1))
	return e
}

// end returns a cursor behind the last entry.
func (n *streamNode) end() nodeCursor {
	e := n.cursor()
	e.pos = e.pack.End()
	return e
}

func (n *streamNode) cursor() nodeCursor {
	p := n.pack
	pos := p.Next(p.Next(p.First()))
	count, pos := p.Read(pos)
	return nodeCursor{pack: p, base: n.id, common: int(count.Int), first: pos}
}

func (e *nodeCursor) read(pos int) {
	e.pos = pos
	v, pos := e.pack.Read(pos)
	e.flags = v.Int
	v, pos = e.pack.Read(pos)
	e.id.Ms = e.base.Ms + uint64(v.Int)
	v, pos = e.pack.Read(pos)
	e.id.Seq = e.base.Seq + uint64(v.Int)
	e.count = e.common
	if e.flags&entrySameFields == 0 {
		v, pos = e.pack.Read(pos)
		e.count = int(v.Int)
	}
	e.body = pos
}

// next moves to the next entry.
func (e *nodeCursor) next() bool {
	n := e.count
	if e.flags&entrySameFields == 0 {
		n *= 2
	}
	return e.skip(e.body, n)
}

// skip is next with n fields or values left from pos on.
func (e *nodeCursor) skip(pos, n int) bool {
	if pos = e.pack.Skip(pos, n+1); pos < 0 {
		return false
	}
	e.read(pos)
	return true
}

// prev moves to the previous entry.
func (e *nodeCursor) prev() bool {
	pos := e.pack.Prev(e.pos)
	n := e.pack.Get(pos).Int
	if n == 0 {
		return false // pos is the terminator of the common fields
	}
	for range n {
		pos = e.pack.Prev(pos)
	}
	e.read(pos)
	return true
}

// StreamIter walks the present entries between two ids. The stream must not be
// written meanwhile.
type StreamIter struct {
	// ID and Fields are the id and the number of fields of the entry.
	ID     StreamID
	Fields int

	nodes       tree.Iter[*streamNode]
	first, last StreamID
	back        bool
	inside      bool // e points to an entry
	e           nodeCursor
	name, value int // positions of the next field
	read        int // number of fields read
}

// Range returns an iterator over the entries with ids from first to last. It
// starts in O(log n) and the length of a node.
func (s *Stream) Range(first, last StreamID) StreamIter {
	if s == nil || s.length == 0 || last.Less(first) {
		return StreamIter{}
	}
	return StreamIter{nodes: s.nodes.Seek(s.floor(first)), first: first, last: last}
}

// RangeBack is Range in descending order.
func (s *Stream) RangeBack(first, last StreamID) StreamIter {
	if s == nil || s.length == 0 || last.Less(first) {
		return StreamIter{}
	}
	return StreamIter{nodes: s.nodes.Seek(s.floor(last) + 1), first: first, last: last, back: true}
}

// Next moves to the next entry and reports whether there is one.
func (it *StreamIter) Next() bool {
	for it.step() {
		id := it.e.id
		if it.back && id.Less(it.first) || !it.back && it.last.Less(id) {
			it.nodes, it.inside = tree.Iter[*streamNode]{}, false
			return false
		}
		if it.e.flags&entryDeleted != 0 || id.Less(it.first) || it.last.Less(id) {
			continue
		}
		it.ID, it.Fields = id, it.e.count
		it.name, it.value, it.read = it.e.first, it.e.body, 0
		return true
	}
	return false
}

// step moves to the next entry, deleted or not.
func (it *StreamIter) step() bool {
	if it.inside {
		switch {
		case it.back:
			it.inside = it.e.prev()
		case it.read > 0 && it.read == it.Fields:
			it.inside = it.e.skip(it.value, 0)
		default:
			it.inside = it.e.next()
		}
		it.read = 0
	}
	for !it.inside {
		if it.back {
			n, ok := it.nodes.Prev()
			if !ok {
				return false
			}
			it.e = n.end()
			it.inside = it.e.prev()
		} else {
			n, ok := it.nodes.Next()
			if !ok {
				return false
			}
			it.e = n.begin()
			it.inside = true
		}
	}
	return true
}

// Field returns the next field of the entry and its value. It may be called
// Fields times. The results are valid until the stream is written.
func (it *StreamIter) Field() (name, v listpack.Value) {
	if it.e.flags&entrySameFields != 0 {
		name, it.name = it.e.pack.Read(it.name)
	} else {
		name, it.value = it.e.pack.Read(it.value)
	}
	v, it.value = it.e.pack.Read(it.value)
	it.read++
	return name, v
}

// commonBytes returns the length of the common prefix of two ids in their
// 16-byte big-endian form.
func commonBytes(a, b StreamID) int {
	if a.Ms != b.Ms {
		return bits.LeadingZeros64(a.Ms^b.Ms) / 8
	}
	return 8 + bits.LeadingZeros64(a.Seq^b.Seq)/8
}

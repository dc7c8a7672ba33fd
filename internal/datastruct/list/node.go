package list

import (
	"unsafe"

	"github.com/resp-server/resp-server/internal/datastruct/block"
	"github.com/resp-server/resp-server/internal/datastruct/listpack"
)

const (
	listSize = int(unsafe.Sizeof(List{}))
	slotSize = int(unsafe.Sizeof(slot{}))

	emptyPack = 7   // size of a pack without elements
	firstCap  = 256 // capacity of a new node in a short list
	manyNodes = 8   // from this number of nodes on, a new one gets its full size at once
)

// fits reports whether node i, if it exists, can take an element of size bytes.
func (l *List) fits(i, size int) bool {
	if i < 0 || i >= l.Nodes() || l.limits.Large(size) {
		return false
	}
	n := &l.nodes()[i]
	return !n.plain() && !l.limits.Exceeds(len(n.buf)-int(n.start)+size+entryOverhead, int(n.count)+1)
}

// newNode returns a node with the element v. It will become node i and grow at its front or its back. It may take the
// memory of spare.
func (l *List) newNode(i int, v []byte, front bool, spare []byte) slot {
	if l.limits.Large(len(v)) {
		return slot{buf: append([]byte(nil), v...), start: plainStart, count: 1}
	}
	e := listpack.ValueOf(v)
	buf := spare
	if size := l.capFor(emptyPack+e.EntrySize(), i > 0 && i < l.Nodes()); cap(buf) < size {
		block.Free(spare)
		buf = block.New(size)
	}
	buf = buf[:cap(buf)]
	if !front {
		return slot{buf: listpack.New(0).CopyTo(buf).AppendValue(e), count: 1}
	}
	start := len(buf) - emptyPack
	listpack.New(0).CopyTo(buf[start:])
	return slot{buf: buf, start: uint32(listpack.PrependInRoom(buf, start, e)), count: 1}
}

// capFor returns the capacity for a node of size bytes. An inner node gets little spare room. A node at an end gets
// room up to the limit of a node, or, while the list is so short that the waste would matter, doubles. Only a node that
// already exceeds the limit, from elsewhere, gets more.
func (l *List) capFor(size int, inner bool) int {
	limit := l.limits.NodeBytes()
	switch {
	case size > limit:
		return size + size/8
	case inner:
		return min(size+size/8, limit)
	case l.Nodes() < manyNodes || l.limits.Fill > 0:
		return min(max(2*size, firstCap), limit)
	default:
		return limit
	}
}

// open returns node i for writing, in memory that the list owns.
func (l *List) open(i int) *slot {
	l.ownSlots()
	n := &l.nodes()[i]
	if n.owner != l.owner {
		l.setBuf(n, append([]byte(nil), n.data()...), 0)
	}
	return n
}

// setBuf makes buf the memory of n, with the pack from start on. It does not free the memory that n had before.
func (l *List) setBuf(n *slot, buf []byte, start int) {
	l.bytes += cap(buf) - cap(n.buf)
	n.buf, n.owner = buf, l.owner
	if !n.plain() {
		n.start = uint32(start)
	}
}

// setPack stores n's pack after an operation that may have moved it.
func (l *List) setPack(n *slot, p listpack.Pack) {
	if &p[0] == &n.buf[n.start] {
		n.buf = n.buf[:int(n.start)+len(p)]
	} else {
		l.setBuf(n, p, 0)
	}
}

// reserve makes room for size bytes at the front or the back of the pack of node i, which must be open. It moves the
// pack if the free room on the other side is enough, and else takes more memory.
func (l *List) reserve(i, size int, front bool) {
	n := &l.nodes()[i]
	p := n.pack()
	if front && int(n.start) >= size || !front && cap(n.buf)-len(n.buf) >= size {
		return
	}
	buf, need := n.buf[:cap(n.buf)], len(p)+size
	if free := len(buf) - need; free < 0 || free < len(buf)/4 && len(buf) < l.limits.NodeBytes() {
		buf = block.New(l.capFor(need, i > 0 && i < l.Nodes()-1))
		buf = buf[:cap(buf)]
	}
	free := len(buf) - need
	start := 0
	if l.Nodes() == 1 { // a single node may grow at both ends
		start = free / 2
	} else if front {
		start = free
	}
	if front {
		start += size
	}
	copy(buf[start:], p)
	old := n.buf
	l.setBuf(n, buf[:start+len(p)], start)
	if &old[:1][0] != &buf[0] {
		block.Free(old)
	}
}

// append adds v behind the elements of node i.
func (l *List) append(i int, v []byte) {
	n, e := l.open(i), listpack.ValueOf(v)
	l.reserve(i, e.EntrySize(), false)
	l.setPack(n, n.pack().AppendValue(e))
	n.count++
}

// prepend adds v before the elements of node i.
func (l *List) prepend(i int, v []byte) {
	n, e := l.open(i), listpack.ValueOf(v)
	l.reserve(i, e.EntrySize(), true)
	n.start = uint32(listpack.PrependInRoom(n.buf, int(n.start), e))
	n.count++
}

// close frees the spare room of node i, if it exists, when it will get no more elements. If it moves to a smaller
// block, close returns the old one.
func (l *List) close(i int) (spare []byte) {
	if i < 0 || i >= l.Nodes() {
		return nil
	}
	n := &l.nodes()[i]
	d := n.data()
	if n.owner != l.owner || l.slotsOwner != l.owner || cap(n.buf)-block.Size(len(d)) <= len(d)/16 {
		return nil
	}
	spare = n.buf
	buf := block.New(len(d))
	copy(buf, d)
	l.setBuf(n, buf, 0)
	return spare
}

// insert adds v next to the element at pos of node i.
func (l *List) insert(i, pos int, v []byte, after bool) {
	n := &l.nodes()[i]
	next, beside, cut := i, i-1, pos // index for a new node, the neighbour on that side, where to split this node
	edge := pos == n.first()
	if after {
		next, beside = i+1, i+1
		edge = pos == n.last()
		if !edge {
			cut = n.pack().Next(pos)
		}
	}
	l.count++
	switch {
	case l.fits(i, len(v)):
		switch {
		case !edge:
			n = l.open(i)
			l.reserve(i, listpack.EntrySize(v), false)
			l.setPack(n, n.pack().InsertBefore(cut, v))
			n.count++
		case after:
			l.append(i, v)
		default:
			l.prepend(i, v)
		}
	case edge && l.fits(beside, len(v)):
		if after {
			l.prepend(beside, v)
		} else {
			l.append(beside, v)
		}
	case edge:
		l.insertNode(next, l.newNode(next, v, !after, nil))
	case l.limits.Large(len(v)):
		l.split(i, cut)
		l.insertNode(i+1, l.newNode(i+1, v, false, nil))
	default:
		l.split(i, cut)
		if after {
			l.prepend(i+1, v)
			l.mergeAround(i)
		} else {
			l.append(i, v)
			l.mergeAround(i + 1)
		}
	}
}

// replaceAt replaces the element at pos of node i by v.
func (l *List) replaceAt(i, pos int, v []byte) {
	large := l.limits.Large(len(v))
	if n := &l.nodes()[i]; n.plain() != large {
		l.insert(i, pos, v, true)
		if l.deleteAt(i, pos) {
			l.mergeAround(i + 1)
		}
		return
	}
	n := l.open(i)
	if large {
		l.setBuf(n, append([]byte(nil), v...), 0)
	} else {
		l.setPack(n, n.pack().Replace(pos, v))
	}
}

// deleteAt removes the element at pos of node i. It reports whether the node remains.
func (l *List) deleteAt(i, pos int) bool {
	if l.nodes()[i].count == 1 {
		l.removeNodes(i, i+1)
		return false
	}
	n := l.open(i)
	if p := n.pack(); pos == p.First() {
		n.start += uint32(len(p) - len(p.DropFirst()))
	} else {
		l.setPack(n, p.Delete(pos))
	}
	n.count--
	l.count--
	l.trim(i)
	return true
}

// deleteInNode removes n elements, but not all, of node i from index offset
// on.
func (l *List) deleteInNode(i, offset, n int) {
	s := l.open(i)
	p := s.pack()
	l.setPack(s, p.DeleteRange(p.Seek(offset), n))
	s.count -= uint32(n)
	l.count -= n
	l.trim(i)
}

// trim frees memory of a node that has lost most of its elements, unless it is at an end, where it may grow again.
func (l *List) trim(i int) {
	if i == 0 || i == l.Nodes()-1 {
		return
	}
	if n := &l.nodes()[i]; cap(n.buf) > 2*len(n.pack())+64 {
		old := n.buf
		l.setBuf(n, n.pack().Clone(), 0)
		block.Free(old)
	}
}

// split moves the elements of node i from position pos on into a new node behind it.
func (l *List) split(i, pos int) {
	n := l.open(i)
	front, rest := n.pack().Split(pos)
	l.setPack(n, front)
	moved := uint32(rest.Len())
	n.count -= moved
	l.insertNode(i+1, slot{buf: rest, count: moved})
}

// mergeAround merges pairs of nodes near node i that fit into one, in the order that Redis tries.
func (l *List) mergeAround(i int) {
	if l.merge(i - 2) {
		i--
	}
	l.merge(i + 1)
	if l.merge(i - 1) {
		i--
	}
	l.merge(i)
}

// merge appends the elements of node i+1 to node i if they fit there. Nodes that do not exist do not fit.
func (l *List) merge(i int) bool {
	if i < 0 || i+1 >= l.Nodes() {
		return false
	}
	a, b := &l.nodes()[i], &l.nodes()[i+1]
	if a.plain() || b.plain() || l.limits.Exceeds(len(a.pack())+len(b.pack())-emptyPack, int(a.count+b.count)) {
		return false
	}
	q, moved := b.pack(), b.count
	a = l.open(i)
	l.reserve(i, len(q)-emptyPack, false)
	l.setPack(a, a.pack().AppendPack(q))
	a.count += moved
	l.nodes()[i+1].count = 0
	l.removeNodes(i+1, i+2)
	return true
}

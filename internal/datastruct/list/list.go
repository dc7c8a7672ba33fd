// Package list is Redis's quicklist: a long list as a row of nodes. A node is a listpack of up to a few KB, or a single
// element that is too large for one (a plain node).
//
// The nodes are in a directory, a slice with room at both ends. It also holds their element counts, so finding an index
// reads no node. Pushing and popping at either end is amortised O(1): a node keeps free room on the side where it
// grows. Finding an index, and inserting and removing in the middle, cost the directory entries passed or moved (by
// default one for each 8 KB) and one node.
//
// A copy of a list costs O(1), see [List.Clone] and [List.Thaw]. The owners share the directory and the nodes. Each
// copies the directory before its first write, and a node before its first write there.
//
// A list has no locks. Reading methods may run at the same time, also on lists that share nodes; writing methods need
// exclusive access to the list. Methods return elements as [listpack.Value], which is part of the list and valid until
// its next write. Elements passed in are copied, unless a method says that it keeps them, and must not be part of the
// written list.
//
// The distribution of elements over nodes follows quicklist.c of Redis 7.4, since DUMP payloads show it.
package list

import (
	"math"

	"github.com/resp-server/resp-server/internal/datastruct/listpack"
)

// List is a quicklist. Make it with [New] or [FromPack].
type List struct {
	limits Limits
	owner  *owner // identity for copy-on-write: what has the same owner may be written without a copy; nil until the first copy

	slots      []slot // the directory: nodes in [lo, hi), zero outside
	lo, hi     int
	slotsOwner *owner

	count int // elements
	bytes int // capacity of all nodes
}

// owner is the identity of one of the lists that share memory. It has a size so that pointers to it differ.
type owner struct{ _ byte }

// slot is a node in the directory. Its pack is buf[start:]; the room before it lets elements be added and removed at
// the head without moving the others.
type slot struct {
	owner *owner
	buf   []byte
	start uint32 // or plainStart: buf is the single element
	count uint32
}

const plainStart = math.MaxUint32

func (n *slot) plain() bool { return n.start == plainStart }

// pack returns the content of a node that is not plain.
func (n *slot) pack() listpack.Pack { return listpack.Pack(n.buf[n.start:]) }

// data returns the content of a node of either kind.
func (n *slot) data() []byte {
	if n.plain() {
		return n.buf
	}
	return n.buf[n.start:]
}

// value returns the element at pos. In a plain node pos does not matter.
func (n *slot) value(pos int) listpack.Value {
	if n.plain() {
		return listpack.Value{Str: n.buf}
	}
	return n.pack().Get(pos)
}

// first and last return the positions of the outermost elements.
func (n *slot) first() int {
	if n.plain() {
		return 0
	}
	return n.pack().First()
}

func (n *slot) last() int {
	if n.plain() {
		return 0
	}
	return n.pack().Last()
}

// New returns an empty list.
func New(limits Limits) *List { return &List{limits: limits} }

// FromPack returns a list with the elements of p, which it keeps and may write.
func FromPack(limits Limits, p listpack.Pack) *List {
	l := New(limits)
	l.AppendNode(p)
	return l
}

// SinglePack returns all elements as one pack if the list has exactly one node that is not plain. The caller may write
// the pack and must not use the list any more.
func (l *List) SinglePack() (listpack.Pack, bool) {
	if l.Nodes() != 1 || l.nodes()[0].plain() {
		return nil, false
	}
	n := &l.nodes()[0]
	if p := n.pack(); n.owner == l.owner && cap(n.buf)-len(p) <= len(p)/8 {
		return p, true
	}
	return n.pack().Clone(), true
}

// Clone returns a second list with the same elements, in O(1). From then on both copy a node before they write it.
// Clone changes l, so it counts as a write.
func (l *List) Clone() *List {
	c := l.Thaw()
	l.owner = new(owner)
	return c
}

// Thaw returns a writable second list with the elements of l, in O(1). l must never be written again. Thaw only reads
// l, so several goroutines may thaw one list at the same time.
func (l *List) Thaw() *List {
	c := *l
	c.owner = new(owner)
	return &c
}

// Len returns the number of elements.
func (l *List) Len() int { return l.count }

// Nodes returns the number of nodes.
func (l *List) Nodes() int { return l.hi - l.lo }

// Limits returns the limits that the list was made with.
func (l *List) Limits() Limits { return l.limits }

// MemoryUse returns the size of the list in bytes, in O(1). Memory shared with other lists counts in full.
func (l *List) MemoryUse() int { return listSize + cap(l.slots)*slotSize + l.bytes }

// Node returns node i of 0..Nodes()-1 as RDB stores it: the bytes of a listpack, or those of the single element of a plain
// node. The caller must not write them.
func (l *List) Node(i int) (data []byte, plain bool) {
	n := &l.nodes()[i]
	return n.data(), n.plain()
}

// AppendNode adds p as a new node at the tail. It keeps p and may write to all of its capacity. An empty pack adds
// nothing. A pack of unknown origin must have passed a deep Validate.
func (l *List) AppendNode(p listpack.Pack) {
	if n := p.Len(); n > 0 {
		l.insertNode(l.Nodes(), slot{buf: p, count: uint32(n)})
		l.count += n
	}
}

// AppendPlain adds v as a plain node at the tail. It keeps v.
func (l *List) AppendPlain(v []byte) {
	l.insertNode(l.Nodes(), slot{buf: v, start: plainStart, count: 1})
	l.count++
}

// PushFront adds v at the head.
func (l *List) PushFront(v []byte) {
	l.count++
	if !l.fits(0, len(v)) {
		spare := l.close(0)
		l.insertNode(0, l.newNode(0, v, true, spare))
		return
	}
	l.prepend(0, v)
}

// PushBack adds v at the tail.
func (l *List) PushBack(v []byte) {
	l.count++
	i := l.Nodes() - 1
	if !l.fits(i, len(v)) {
		spare := l.close(i)
		l.insertNode(i+1, l.newNode(i+1, v, false, spare))
		return
	}
	l.append(i, v)
}

// PopFront removes the first element and appends its text to dst. It returns false if the list is empty.
func (l *List) PopFront(dst []byte) ([]byte, bool) {
	v, ok := l.Index(0)
	dst = v.AppendTo(dst)
	l.DropFront()
	return dst, ok
}

// PopBack removes the last element and appends its text to dst. It returns false if the list is empty.
func (l *List) PopBack(dst []byte) ([]byte, bool) {
	v, ok := l.Index(-1)
	dst = v.AppendTo(dst)
	l.DropBack()
	return dst, ok
}

// DropFront removes the first element, if there is one.
func (l *List) DropFront() { l.drop(0, (*slot).first) }

// DropBack removes the last element, if there is one.
func (l *List) DropBack() { l.drop(l.Nodes()-1, (*slot).last) }

func (l *List) drop(i int, end func(*slot) int) {
	if l.count > 0 {
		l.deleteAt(i, end(&l.nodes()[i]))
	}
}

// Index returns element i, counted from 0 at the head or from -1 at the tail. It returns false if there is none.
func (l *List) Index(i int) (listpack.Value, bool) {
	node, pos := l.locate(i)
	if node < 0 {
		return listpack.Value{}, false
	}
	return l.nodes()[node].value(pos), true
}

// Set replaces element i, counted as in Index, by v. It returns false if there
// is none.
func (l *List) Set(i int, v []byte) bool {
	node, pos := l.locate(i)
	if node < 0 {
		return false
	}
	l.replaceAt(node, pos, v)
	return true
}

// DeleteRange removes up to n elements from element start on, counted as in Index, and returns their number.
func (l *List) DeleteRange(start, n int) int {
	if start < 0 {
		start += l.count
	}
	if start < 0 || start >= l.count || n <= 0 {
		return 0
	}
	n = min(n, l.count-start)
	left := n
	i, offset := l.find(start)
	if c := int(l.nodes()[i].count); offset > 0 { // the tail or the middle of the first node
		d := min(left, c-offset)
		l.deleteInNode(i, offset, d)
		left -= d
		i++
	}
	j := i
	for ; left > 0 && int(l.nodes()[j].count) <= left; j++ {
		left -= int(l.nodes()[j].count)
	}
	l.removeNodes(i, j)
	if left > 0 {
		l.deleteInNode(i, 0, left)
	}
	return n
}

// find returns the node of element i of 0..Len()-1, and the element's index in it. It walks from the nearer end.
func (l *List) find(i int) (node, offset int) {
	nodes := l.nodes()
	if i < l.count/2 {
		for node = 0; i >= int(nodes[node].count); node++ {
			i -= int(nodes[node].count)
		}
		return node, i
	}
	i = l.count - i // number of elements from it to the tail
	for node = len(nodes) - 1; i > int(nodes[node].count); node-- {
		i -= int(nodes[node].count)
	}
	return node, int(nodes[node].count) - i
}

// locate returns the node and the position of element i, which may count from the tail; the node is -1 if there is none.
func (l *List) locate(i int) (node, pos int) {
	if i < 0 {
		i += l.count
	}
	if i < 0 || i >= l.count {
		return -1, 0
	}
	node, i = l.find(i)
	n := &l.nodes()[node]
	if n.plain() {
		return node, 0
	}
	return node, n.pack().Seek(i)
}

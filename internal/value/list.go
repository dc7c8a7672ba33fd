package value

import (
	"unsafe"

	"github.com/resp-server/resp-server/internal/datastruct/list"
	"github.com/resp-server/resp-server/internal/datastruct/listpack"
)

// List is a list. It is a listpack within the limit of a node, and a quicklist
// beyond that. Indexes count from 0 at the head and from -1 at the tail.
// Methods return elements as a listpack.Value, which belongs to the list and
// is valid until its next write.
//
// The encoding changes only on request: Grow before elements are added, Shrink
// after some were removed. So the caller decides whether several changes count
// as one, as in the real server's commands.
type List struct {
	inKeyspace Head
	packed
	long *list.List // nil for a listpack
}

// NewList returns an empty List.
func NewList(*Limits) *List { return &List{packed: newPacked(listpack.New(0), 0)} }

// NewQuickList returns an empty List in the quicklist encoding. Fill it with
// AppendPack and AppendPlain, then call Settle.
func NewQuickList(limits *Limits) *List { return &List{long: list.New(listLimits(limits))} }

// AppendPack adds the elements of p to a quicklist as a new node. It keeps p.
func (l *List) AppendPack(p listpack.Pack) { l.long.AppendNode(p) }

// AppendPlain adds an element to a quicklist as a plain node. It keeps v.
func (l *List) AppendPlain(v []byte) { l.long.AppendPlain(v) }

func listLimits(limits *Limits) list.Limits {
	m := list.Limits{Fill: limits.ListMaxListpackSize, Plain: limits.ListPlainFrom}
	if m.Fill == 0 {
		m.Fill = 1
	}
	return m
}

// Type returns TypeList.
func (l *List) Type() Type { return TypeList }

// Encoding returns "listpack" or "quicklist".
func (l *List) Encoding() string {
	if l.long != nil {
		return "quicklist"
	}
	return "listpack"
}

// Empty reports whether there are no elements.
func (l *List) Empty() bool { return l.Len() == 0 }

// Thaw returns a List with the same elements; the first write to a node copies
// it.
func (l *List) Thaw() Value {
	if l.long != nil {
		return &List{long: l.long.Thaw()}
	}
	return &List{packed: l.frozen()}
}

// MemoryUse returns the capacity of all nodes and the directory.
func (l *List) MemoryUse() int {
	n := int(unsafe.Sizeof(*l)) + int(l.room)
	if l.long != nil {
		n += l.long.MemoryUse()
	}
	return n
}

// Len returns the number of elements.
func (l *List) Len() int {
	switch {
	case l == nil:
		return 0
	case l.long != nil:
		return l.long.Len()
	}
	return l.pack().Len()
}

// At returns element i, if there is one.
func (l *List) At(i int) (listpack.Value, bool) {
	if l == nil {
		return listpack.Value{}, false
	}
	if l.long != nil {
		return l.long.Index(i)
	}
	pos := l.pack().Seek(i)
	if pos < 0 {
		return listpack.Value{}, false
	}
	return l.pack().Get(pos), true
}

// Node returns node i of the quicklist, and false after the last one. A
// listpack is a single node. A plain node is a single element; any other is a
// listpack. The bytes must not be modified.
func (l *List) Node(i int) (data []byte, plain, ok bool) {
	switch {
	case l.long == nil:
		return l.pack(), false, i == 0
	case i >= l.long.Nodes():
		return nil, false, false
	}
	data, plain = l.long.Node(i)
	return data, plain, true
}

// Fill returns the limit of quicklist nodes in the form of
// list-max-listpack-size.
func (l *List) Fill() int { return l.long.Limits().Fill }

// Grow prepares the list for more elements of the given total size. A list
// that would exceed the limit becomes a quicklist.
func (l *List) Grow(limits *Limits, elements, bytes int) {
	if l.long != nil {
		return
	}
	if m := listLimits(limits); m.Exceeds(len(l.pack())+bytes, l.pack().Len()+elements) {
		l.write()
		l.long = list.FromPack(m, l.pack())
		l.packed = packed{}
	}
}

// Shrink makes the list a listpack again if removals have brought it down to
// half the limit.
func (l *List) Shrink(limits *Limits) { l.convert(limits, 2) }

// Settle chooses the encoding of a newly built list.
func (l *List) Settle(limits *Limits) {
	l.Grow(limits, 0, 0)
	l.convert(limits, 1)
}

// convert makes a quicklist with one node a listpack if the node is within the
// limit divided by part. A limit on the number of entries does not limit the
// bytes.
func (l *List) convert(limits *Limits, part int) {
	if l.long == nil || l.long.Nodes() != 1 {
		return
	}
	data, plain := l.long.Node(0)
	switch m := listLimits(limits); {
	case plain, m.Fill > 0 && l.long.Len() > m.Fill/part, m.Fill < 0 && len(data) > m.NodeBytes()/part:
		return
	}
	pack, _ := l.long.SinglePack()
	l.packed, l.long = newPacked(pack, 0), nil
}

// write makes sure that the list owns its listpack.
func (l *List) write() { l.own(l.pack()) }

// PushFront adds v at the head.
func (l *List) PushFront(v []byte) {
	if l.long != nil {
		l.long.PushFront(v)
		return
	}
	l.write()
	l.keep(l.pack().Prepend(v))
}

// PushBack adds v at the tail.
func (l *List) PushBack(v []byte) {
	if l.long != nil {
		l.long.PushBack(v)
		return
	}
	l.write()
	l.keep(l.pack().Append(v))
}

// DropFront removes the first element.
func (l *List) DropFront() {
	if l.long != nil {
		l.long.DropFront()
		return
	}
	l.DeleteRange(0, 1)
}

// DropBack removes the last element.
func (l *List) DropBack() {
	if l.long != nil {
		l.long.DropBack()
		return
	}
	l.DeleteRange(-1, 1)
}

// Set sets element i and reports whether it exists.
func (l *List) Set(i int, v []byte) bool {
	if l.long != nil {
		return l.long.Set(i, v)
	}
	pos := l.pack().Seek(i)
	if pos < 0 {
		return false
	}
	l.write()
	l.keep(l.pack().Replace(pos, v))
	return true
}

// Insert adds v before or after the first element equal to pivot, and reports
// whether there is one.
func (l *List) Insert(pivot, v []byte, after bool) bool {
	if l.long != nil {
		for it := l.long.Seek(0, false); ; {
			e, ok := it.Next()
			switch {
			case !ok:
				return false
			case !e.Equal(pivot):
			case after:
				it.InsertAfter(v)
				return true
			default:
				it.InsertBefore(v)
				return true
			}
		}
	}
	pos := l.pack().Find(l.pack().First(), pivot, 0)
	if pos < 0 {
		return false
	}
	l.write()
	if after {
		l.keep(l.pack().InsertAfter(pos, v))
	} else {
		l.keep(l.pack().InsertBefore(pos, v))
	}
	return true
}

// Remove removes the first count elements equal to v, the last ones if count
// is negative, all if it is 0. It returns the number removed.
func (l *List) Remove(v []byte, count int) (removed int) {
	reverse := count < 0
	if reverse {
		count = -count
	}
	if l.long == nil {
		return l.removePacked(v, count, reverse)
	}
	start := 0
	if reverse {
		start = -1
	}
	for it := l.long.Seek(start, reverse); ; {
		e, ok := it.Next()
		if !ok {
			return removed
		}
		if e.Equal(v) {
			it.Remove()
			if removed++; removed == count {
				return removed
			}
		}
	}
}

func (l *List) removePacked(v []byte, count int, reverse bool) (removed int) {
	skip := 0 // skip first matches, so that the last ones are removed
	if reverse {
		for pos := l.pack().Find(l.pack().First(), v, 0); pos >= 0; pos = l.pack().Find(l.pack().Next(pos), v, 0) {
			skip++
		}
		skip -= count
	}
	for pos := l.pack().Find(l.pack().First(), v, 0); pos >= 0; {
		if skip > 0 {
			skip--
			pos = l.pack().Find(l.pack().Next(pos), v, 0)
			continue
		}
		if removed == 0 {
			l.write()
		}
		l.keep(l.pack().Delete(pos))
		if removed++; removed == count {
			break
		}
		pos = l.pack().Find(pos, v, 0)
	}
	if removed > 0 { // otherwise the pack may still be shared
		l.keep(l.pack().Trim())
	}
	return removed
}

// DeleteRange removes up to n elements from element start on.
func (l *List) DeleteRange(start, n int) {
	if l.long != nil {
		l.long.DeleteRange(start, n)
		return
	}
	pos := l.pack().Seek(start)
	if pos < 0 || n <= 0 {
		return
	}
	l.write()
	l.keep(l.pack().DeleteRange(pos, n).Trim())
}

// ListIter walks over a List. It is a value and allocates nothing. A write to
// the list invalidates it.
type ListIter struct {
	long    list.Iter
	pack    listpack.Pack // nil for a quicklist
	pos     int
	reverse bool
}

// Walk returns an iterator that starts with element i and goes on towards the
// tail, or with reverse towards the head. It yields nothing if there is no
// such element.
func (l *List) Walk(i int, reverse bool) ListIter {
	switch {
	case l == nil:
		return ListIter{pack: listpack.Pack{}, pos: -1}
	case l.long != nil:
		return ListIter{long: l.long.Seek(i, reverse)}
	}
	return ListIter{pack: l.pack(), pos: l.pack().Seek(i), reverse: reverse}
}

// Span returns a pack that has the next elements, from a position on, and goes on
// behind it. pack is nil if that is not possible: Next returns the next element.
func (it *ListIter) Span() (pack listpack.Pack, pos int) {
	switch {
	case it.pack == nil:
		return it.long.Span()
	case it.reverse || it.pos < 0:
		return nil, -1
	}
	pos, it.pos = it.pos, -1
	return it.pack, pos
}

// Next returns the next element, and false if there are no more.
func (it *ListIter) Next() (v listpack.Value, ok bool) {
	switch {
	case it.pack == nil:
		return it.long.Next()
	case it.pos < 0:
		return v, false
	case it.reverse:
		v = it.pack.Get(it.pos)
		it.pos = it.pack.Prev(it.pos)
	default:
		v, it.pos = it.pack.Read(it.pos)
	}
	return v, true
}

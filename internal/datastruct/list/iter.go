package list

import "github.com/resp-server/resp-server/internal/datastruct/listpack"

// Iter walks over a list. It is a value and need not be closed. It allocates nothing. A write to the list, except by
// the iterator itself, invalidates it.
type Iter struct {
	l       *List
	node    int           // the node of the element returned last, or before the first call the one to step from
	pack    listpack.Pack // of that node; nil if it is plain
	pos     int           // the element returned last
	next    int           // the element to return next in the same node; -1 if there is none
	reverse bool
}

// Seek returns an iterator whose first element is element i, counted as in [List.Index]. It goes on towards the tail,
// or with reverse towards the head. It yields nothing if i is out of range.
func (l *List) Seek(i int, reverse bool) Iter {
	it := Iter{l: l, reverse: reverse, next: -1}
	node, pos := l.locate(i)
	if node < 0 {
		it.finish()
		return it
	}
	it.enter(node)
	it.next = pos
	return it
}

// Next returns the next element, and false if there are no more.
func (it *Iter) Next() (listpack.Value, bool) {
	if it.next < 0 && !it.step() {
		return listpack.Value{}, false
	}
	it.pos = it.next
	switch {
	case it.pack == nil:
		it.next = -1
		return it.l.nodes()[it.node].value(it.pos), true
	case it.reverse:
		it.next = it.pack.Prev(it.pos)
		return it.pack.Get(it.pos), true
	default:
		var v listpack.Value
		v, it.next = it.pack.Read(it.pos)
		return v, true
	}
}

// Span returns the pack that has the next elements, the position of the first, and goes on behind the pack. pack is nil
// if the iterator is reverse or at its end, or the next element is in no pack: Next returns it.
func (it *Iter) Span() (pack listpack.Pack, pos int) {
	if it.reverse || it.next < 0 && !it.step() || it.pack == nil {
		return nil, -1
	}
	pos, it.next = it.next, -1
	return it.pack, pos
}

// Remove removes the element that Next returned last. The iteration continues behind it.
func (it *Iter) Remove() {
	if !it.l.deleteAt(it.node, it.pos) {
		if !it.reverse {
			it.node-- // the following node took this one's place
		}
		it.next = -1
		return
	}
	next := it.next
	it.enter(it.node)
	if it.next = next; !it.reverse && next >= 0 {
		it.next = it.pos
	}
}

// Set replaces the element that Next returned last by v. It ends the
// iteration.
func (it *Iter) Set(v []byte) {
	it.l.replaceAt(it.node, it.pos, v)
	it.finish()
}

// InsertBefore adds v next to the element that Next returned last, on the head's side in both directions. It ends the
// iteration.
func (it *Iter) InsertBefore(v []byte) {
	it.l.insert(it.node, it.pos, v, false)
	it.finish()
}

// InsertAfter adds v next to the element that Next returned last, on the tail's side in both directions. It ends the
// iteration.
func (it *Iter) InsertAfter(v []byte) {
	it.l.insert(it.node, it.pos, v, true)
	it.finish()
}

// enter makes node i the current one.
func (it *Iter) enter(i int) {
	it.node, it.pack = i, nil
	if n := &it.l.nodes()[i]; !n.plain() {
		it.pack = n.pack()
	}
}

// step moves to the outermost element of the next node and reports whether there is one.
func (it *Iter) step() bool {
	i := it.node + 1
	if it.reverse {
		i = it.node - 1
	}
	if i < 0 || i >= it.l.Nodes() {
		return false
	}
	it.enter(i)
	if n := &it.l.nodes()[i]; it.reverse {
		it.next = n.last()
	} else {
		it.next = n.first()
	}
	return true
}

// finish ends the iteration.
func (it *Iter) finish() {
	it.next = -1
	if it.node = it.l.Nodes() - 1; it.reverse {
		it.node = 0
	}
}

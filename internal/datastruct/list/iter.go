package list

import "github.com/resp-server/resp-server/internal/datastruct/listpack"

// Iter walks over a list. It is a value, needs no closing and allocates nothing. A write to the list other than by the
// iterator itself ends its use.
type Iter struct {
	l       *List
	node    int           // the node of the element returned last, or the one from which to step on
	pack    listpack.Pack // of that node; nil if it is plain
	pos     int           // the element returned last
	next    int           // the element to return, in the same node; -1 if that has no more
	reverse bool
}

// Seek is an iterator whose first element is element i, counted as in [List.Index], and which goes on towards the tail, or
// towards the head when reverse is set. There is no first element if i is out of range.
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

// Next is the next element. It reports false if there are no more.
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

// Remove removes the element that Next returned last. The iteration goes on with the one that follows.
func (it *Iter) Remove() {
	if !it.l.deleteAt(it.node, it.pos) {
		if !it.reverse {
			it.node-- // the following node has come to this one's place
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

// Set puts v in the place of the element that Next returned last. It ends the iteration.
func (it *Iter) Set(v []byte) {
	it.l.replaceAt(it.node, it.pos, v)
	it.finish()
}

// InsertBefore adds v on the head's side of the element that Next returned last, whatever the direction. It ends the
// iteration.
func (it *Iter) InsertBefore(v []byte) {
	it.l.insert(it.node, it.pos, v, false)
	it.finish()
}

// InsertAfter adds v on the tail's side of the element that Next returned last, whatever the direction. It ends the
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

// step goes to the outermost element of the following node and reports whether there is one.
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

// finish leaves no more elements.
func (it *Iter) finish() {
	it.next = -1
	if it.node = it.l.Nodes() - 1; it.reverse {
		it.node = 0
	}
}

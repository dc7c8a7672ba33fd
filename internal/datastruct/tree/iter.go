package tree

// Iter is a place between two items of a tree, from which it walks both ways.
// It holds no resources. The tree must not be written while it is in use, but a
// Clone may be walked while the original is written.
type Iter[T any] struct {
	tree  *Tree[T]
	items []T // of one leaf
	i     int // the place in items: after i of them
	first int // position of items[0] in the tree
}

// Seek returns the place before the item at a position: Next returns that item
// first, Prev the one before it. Seek(0) is the beginning of the tree and
// Seek(Len) its end; positions outside are moved there.
func (t *Tree[T]) Seek(rank int) Iter[T] {
	it := Iter[T]{tree: t}
	it.move(min(max(rank, 0), t.Len()))
	return it
}

// move goes to the place before a position, 0 <= rank <= Len.
func (it *Iter[T]) move(rank int) {
	if rank < it.tree.Len() {
		it.items, it.i = it.tree.leafAt(rank)
	} else if rank > 0 {
		it.items, it.i = it.tree.leafAt(rank - 1)
		it.i++
	}
	it.first = rank - it.i
}

// Next returns the item after the place and steps over it; false at the end.
func (it *Iter[T]) Next() (v T, ok bool) {
	if it.i == len(it.items) && !it.forward() {
		return v, false
	}
	v = it.items[it.i]
	it.i++
	return v, true
}

// Prev returns the item before the place and steps back over it; false at the
// beginning.
func (it *Iter[T]) Prev() (v T, ok bool) {
	if it.i == 0 && !it.back() {
		return v, false
	}
	it.i--
	return it.items[it.i], true
}

// Rank returns the position of the item that Next would return.
func (it *Iter[T]) Rank() int { return it.first + it.i }

// forward goes to the leaf after items, by its position: leaves are not linked,
// since a linked leaf could not be copied without its neighbours.
func (it *Iter[T]) forward() bool {
	rank := it.first + len(it.items)
	if rank >= it.tree.Len() {
		return false
	}
	it.move(rank)
	return true
}

// back goes to the end of the leaf before items.
func (it *Iter[T]) back() bool {
	if it.first == 0 {
		return false
	}
	it.move(it.first - 1)
	it.i++
	return true
}

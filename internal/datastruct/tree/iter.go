package tree

// Iter is a place between two items of a tree, from which it walks in both
// directions. It need not be closed. The tree must not be written while an
// Iter is in use, but a Clone may be walked while the original is written.
type Iter[T any] struct {
	tree  *Tree[T]
	items []T // of one leaf
	i     int // the place: behind i of them
	first int // position of items[0] in the tree
}

// Seek returns the place before the item at a position: Next returns that
// item, Prev the one before it. Seek(0) is the beginning of the tree and
// Seek(Len) its end. Positions outside are moved to the nearest end.
func (t *Tree[T]) Seek(rank int) Iter[T] {
	it := Iter[T]{tree: t}
	it.move(min(max(rank, 0), t.Len()))
	return it
}

// move moves to the place before a position, 0 <= rank <= Len.
func (it *Iter[T]) move(rank int) {
	if rank < it.tree.Len() {
		it.items, it.i = it.tree.leafAt(rank)
	} else if rank > 0 {
		it.items, it.i = it.tree.leafAt(rank - 1)
		it.i++
	}
	it.first = rank - it.i
}

// Next returns the item after the place and steps over it. It returns false at
// the end.
func (it *Iter[T]) Next() (v T, ok bool) {
	if it.i < len(it.items) {
		it.i++
		return it.items[it.i-1], true
	}
	return it.forward()
}

// Prev returns the item before the place and steps back over it. It returns
// false at the beginning.
func (it *Iter[T]) Prev() (v T, ok bool) {
	if it.i > 0 {
		it.i--
		return it.items[it.i], true
	}
	return it.back()
}

// Rank returns the position of the item that Next would return.
func (it *Iter[T]) Rank() int { return it.first + it.i }

// forward is Next at the end of a leaf. It finds the next leaf by position.
// Leaves are not linked, since copying one would then mean copying its
// neighbours.
func (it *Iter[T]) forward() (v T, ok bool) {
	rank := it.first + len(it.items)
	if rank >= it.tree.Len() {
		return v, false
	}
	it.move(rank)
	it.i = 1
	return it.items[0], true
}

// back is Prev at the beginning of a leaf.
func (it *Iter[T]) back() (v T, ok bool) {
	if it.first == 0 {
		return v, false
	}
	it.move(it.first - 1)
	return it.items[it.i], true
}

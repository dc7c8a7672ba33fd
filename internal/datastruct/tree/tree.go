// Package tree is an ordered set that knows positions: a B+tree whose inner
// nodes count the items below each child, with copy-on-write by node.
//
// Items are small values, kept in the leaves by value and ordered by a compare
// function; two items that compare as 0 are the same item. Looking up, by item
// or by position, inserting and deleting cost O(log n); so does deleting a
// range of positions, plus a little for each node that leaves. Walking costs
// O(1) an item. A second owner of the whole tree costs O(1), see Clone.
//
//	inner   firsts: [ a | h | p ]    kids: [ 3 | 4 | 2 ]
//	                                         /   |   \
//	leaves                      [ a c f ] [ h i k m ] [ p s ]
//
// An inner node repeats the first item of each child, exactly: an item that was
// deleted or replaced is referenced nowhere in the tree.
//
// A node holds at most 63 items or children, and at least 21, except those on
// the right edge, which need only one. So a tree that grows by appending (stream
// ids, timestamps) has full nodes. In random order nodes are about 70 % full, in
// descending order 67 %. Arrays have little room beyond what they hold, but for
// the last leaf of a large tree, and a small tree is one small array.
//
// Nothing here locks. Any number of goroutines may read a tree while none
// writes it. Trees that share nodes are independent: one may be written while
// others are read or written elsewhere.
package tree

// Tree is a set of items in ascending order. A nil *Tree reads as empty.
type Tree[T any] struct {
	compare func(a, b T) int
	root    *node[T] // nil when empty
	owner   *owner   // of the nodes that may be written in place
	length  int
}

// New returns an empty tree. Compare returns a number below, equal to or above
// zero, and must keep giving the same answer for items in the tree.
func New[T any](compare func(a, b T) int) *Tree[T] {
	return &Tree[T]{compare: compare, owner: new(owner)}
}

// Len returns the number of items. O(1).
func (t *Tree[T]) Len() int {
	if t == nil {
		return 0
	}
	return t.length
}

// search returns the position of v in items, or where it would be inserted.
func (t *Tree[T]) search(items []T, v T) (int, bool) {
	low, high := 0, len(items)
	for low < high {
		mid := int(uint(low+high) / 2)
		switch c := t.compare(items[mid], v); {
		case c < 0:
			low = mid + 1
		case c > 0:
			high = mid
		default:
			return mid, true
		}
	}
	return low, false
}

// Get returns the item that is equal to v.
func (t *Tree[T]) Get(v T) (T, bool) {
	if t.Len() > 0 {
		n := t.root
		for {
			i, found := t.search(n.items, v)
			switch {
			case found && n.leaf():
				return n.items[i], true
			case found:
				n = n.kids[i].node
				continue
			case i == 0 || n.leaf():
				var none T
				return none, false
			}
			n = n.kids[i-1].node
		}
	}
	var none T
	return none, false
}

// Rank returns the position, from 0, of the item that is equal to v.
func (t *Tree[T]) Rank(v T) (int, bool) {
	if t.Len() == 0 {
		return 0, false
	}
	rank := 0
	n := t.root
	for !n.leaf() {
		i, found := t.search(n.items, v)
		if !found {
			if i == 0 {
				return 0, false
			}
			i--
		}
		rank += n.before(i)
		n = n.kids[i].node
	}
	i, found := t.search(n.items, v)
	if !found {
		return 0, false
	}
	return rank + i, true
}

// Search returns the smallest position whose item satisfies f, or Len if none
// does. Like sort.Search it takes f to be false for some first items and true
// for the others. It serves bounds of any kind without making up an item.
func (t *Tree[T]) Search(f func(T) bool) int {
	if t.Len() == 0 {
		return 0
	}
	rank := 0
	for n := t.root; ; {
		low, high := 0, len(n.items)
		for low < high {
			mid := int(uint(low+high) / 2)
			if f(n.items[mid]) {
				high = mid
			} else {
				low = mid + 1
			}
		}
		if low == 0 || n.leaf() {
			return rank + low
		}
		rank += n.before(low - 1)
		n = n.kids[low-1].node
	}
}

// At returns the item at a position, from 0.
func (t *Tree[T]) At(rank int) (T, bool) {
	if rank < 0 || rank >= t.Len() {
		var none T
		return none, false
	}
	items, i := t.leafAt(rank)
	return items[i], true
}

// leafAt returns the items of the leaf that holds a position, and the place of
// the position among them. The position must exist.
func (t *Tree[T]) leafAt(rank int) ([]T, int) {
	n := t.root
	for !n.leaf() {
		var i int
		i, rank = n.holding(rank)
		n = n.kids[i].node
	}
	return n.items, rank
}

// Min returns the first item. O(1).
func (t *Tree[T]) Min() (T, bool) {
	if t.Len() == 0 {
		var none T
		return none, false
	}
	return t.root.items[0], true
}

// Max returns the last item.
func (t *Tree[T]) Max() (T, bool) {
	if t.Len() == 0 {
		var none T
		return none, false
	}
	n := t.root
	for !n.leaf() {
		n = n.kids[len(n.kids)-1].node
	}
	return n.items[len(n.items)-1], true
}

// Insert adds v. An item equal to v is replaced and returned.
func (t *Tree[T]) Insert(v T) (old T, replaced bool) {
	if t.root == nil {
		t.root = &node[T]{owner: t.owner, items: append([]T(nil), v)}
		t.length = 1
		return old, false
	}
	n := t.own(&t.root)
	old, replaced, right := t.insert(n, v, true)
	if replaced {
		return old, true
	}
	t.length++
	if right != nil {
		count := right.count()
		t.root = &node[T]{
			owner: t.owner,
			items: []T{n.items[0], right.items[0]},
			kids:  []kid[T]{{n, t.length - count}, {right, count}},
		}
	}
	return old, false
}

// insert adds v below n, which must be owned. Edge says that n is on the right
// edge of the tree. If n had to be split, right is its new right neighbour.
func (t *Tree[T]) insert(n *node[T], v T, edge bool) (old T, replaced bool, right *node[T]) {
	var i int
	var found bool
	if last := len(n.items) - 1; edge && t.compare(n.items[last], v) < 0 {
		i = last + 1 // the usual case of a tree that grows by appending
	} else {
		i, found = t.search(n.items, v)
	}
	if n.leaf() {
		if found {
			old, n.items[i] = n.items[i], v
			return old, true, nil
		}
		n, i, right = t.makeRoom(n, i, edge)
		n.items = insertAt(n.items, i, v)
		return old, false, right
	}
	if !found && i > 0 {
		i--
	}
	child := t.own(&n.kids[i].node)
	old, replaced, split := t.insert(child, v, edge && i == len(n.kids)-1)
	n.items[i] = child.items[0]
	if replaced {
		return old, true, nil
	}
	n.kids[i].count++
	if split == nil {
		return old, false, nil
	}
	count := split.count()
	n.kids[i].count -= count
	n, i, right = t.makeRoom(n, i+1, edge)
	n.items = insertAt(n.items, i, split.items[0])
	n.kids = insertAt(n.kids, i, kid[T]{split, count})
	return old, false, right
}

// makeRoom prepares the owned node n for one more at position i. It splits n if
// it is full, and returns the part to insert into, the position there, and the
// right part if there was a split.
//
// The split is where runs leave the fullest nodes: an insertion at an end is
// likely to be followed by another one next to it.
func (t *Tree[T]) makeRoom(n *node[T], i int, edge bool) (*node[T], int, *node[T]) {
	if len(n.items) < most {
		return n, i, nil
	}
	if i == most && edge {
		// A leaf that the tree grows by appending to it is going to be filled.
		right := &node[T]{owner: t.owner}
		if n.leaf() {
			right.items = make([]T, 0, most)
		}
		return right, 0, right
	}
	at := most / 2
	switch i {
	case 0:
		at = least
	case most:
		at = most - least
	}
	right := &node[T]{owner: t.owner}
	n.items, right.items = deal(n.items, nil, at)
	n.kids, right.kids = deal(n.kids, nil, at)
	if i <= at && i < most {
		return n, i, right
	}
	return right, i - at, right
}

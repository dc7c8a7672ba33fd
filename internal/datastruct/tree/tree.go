// Package tree is an ordered set with positions: a B+tree whose inner nodes
// count the items below each child, with copy-on-write by node.
//
// The leaves hold the items, small values, in the order of a compare function.
// Two items that compare as 0 are the same item. Look-ups by item or position,
// insertions and deletions cost O(log n). So does deleting a range of
// positions, plus a little for each removed node. Walking costs O(1) an item.
// A second owner of the whole tree costs O(1), see Clone.
//
//	inner   firsts: [ a | h | p ]    kids: [ 3 | 4 | 2 ]
//	                                         /   |   \
//	leaves                      [ a c f ] [ h i k m ] [ p s ]
//
// An inner node repeats the first item of each child, exactly. So no deleted
// or replaced item remains referenced anywhere in the tree.
//
// A node holds 21 to 63 items or children, except on the right edge, where one
// is enough. So a tree that grows by appending (stream ids, timestamps) has
// full nodes. After insertions in random order nodes are about 70 % full, in
// descending order 67 %. Arrays have little spare room, except in the last
// leaf of a large tree. A small tree is one small array.
//
// There are no locks. Any number of goroutines may read a tree while none
// writes it. Trees that share nodes are independent: one may be written while
// others are read or written elsewhere.
package tree

// Tree is a set of items in ascending order. A nil *Tree reads as empty.
type Tree[T any] struct {
	compare func(a, b T) int
	root    *node[T] // nil when empty
	owner   *owner   // token of the nodes that may be written in place
	length  int
}

// New returns an empty tree. compare returns a number below, equal to or above
// zero. Its results for the items in the tree must not change.
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

// Get returns the item equal to v.
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

// Rank returns the position, from 0, of the item equal to v.
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

// Search returns the smallest position whose item satisfies f, or Len if there
// is none. As in sort.Search, f must be false for some first items and true
// for the others. It finds any kind of bound without an item to compare with.
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

// leafAt returns the items of the leaf with a position, and the index there.
// The position must exist.
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

// Insert adds v. It replaces an item equal to v and returns that one.
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

// insert adds v below n, which must be owned. edge means that n is on the
// right edge of the tree. If n splits, right is the new node on its right.
func (t *Tree[T]) insert(n *node[T], v T, edge bool) (old T, replaced bool, right *node[T]) {
	var i int
	var found bool
	if last := len(n.items) - 1; edge && t.compare(n.items[last], v) < 0 {
		i = last + 1 // usual for a tree that grows by appending
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

// makeRoom prepares the owned node n for one more element at position i. It
// splits n if it is full. It returns the node to insert into, the position
// there, and the new right node if there was a split.
//
// The split point is where runs of insertions leave the fullest nodes: an
// insertion at an end of a node is probably followed by one next to it.
func (t *Tree[T]) makeRoom(n *node[T], i int, edge bool) (*node[T], int, *node[T]) {
	if len(n.items) < most {
		return n, i, nil
	}
	if i == most && edge {
		// The right leaf of a tree that grows by appending will be filled, so it gets
		// the full capacity.
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

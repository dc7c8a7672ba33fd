package tree

// Delete removes the item equal to v and returns it.
func (t *Tree[T]) Delete(v T) (T, bool) {
	rank, found := t.Rank(v)
	if !found {
		var none T
		return none, false
	}
	return t.DeleteAt(rank)
}

// DeleteAt removes the item at a position, from 0, and returns it. This is the
// cheapest way to remove items at either end.
func (t *Tree[T]) DeleteAt(rank int) (T, bool) {
	if rank < 0 || rank >= t.Len() {
		var none T
		return none, false
	}
	v := t.remove(t.own(&t.root), rank, true)
	t.length--
	t.lower()
	return v, true
}

// remove removes the item at position rank below n, which must be owned. edge
// means that n is on the right edge of the tree. It does not refill n itself.
func (t *Tree[T]) remove(n *node[T], rank int, edge bool) T {
	if n.leaf() {
		v := n.items[rank]
		n.items = removeAt(n.items, rank, rank+1)
		return v
	}
	i, rank := n.holding(rank)
	child := t.own(&n.kids[i].node)
	v := t.remove(child, rank, edge && i == len(n.kids)-1)
	n.kids[i].count--
	if len(child.items) == 0 { // a node on the right edge may become empty
		n.drop(i, i+1)
		return v
	}
	n.items[i] = child.items[0]
	if n.thin(i, edge) {
		t.refill(n, i)
	}
	return v
}

// DeleteRange removes the items at positions from <= rank < to, as far as they
// exist, and returns their number. It does not return the items; walk them
// first if you need them. It costs O(log n) plus O(1) for every 21 or more
// items removed.
func (t *Tree[T]) DeleteRange(from, to int) int {
	from, to = max(from, 0), min(to, t.Len())
	if from >= to {
		return 0
	}
	if to-from == t.length {
		t.root, t.length = nil, 0
		return to
	}
	t.cut(t.own(&t.root), from, to)
	t.length -= to - from
	t.lower()
	t.mend(t.root, from, true)
	t.lower()
	return to - from
}

// lower removes a root that has at most one child.
func (t *Tree[T]) lower() {
	if t.length == 0 {
		t.root = nil
		return
	}
	for len(t.root.kids) == 1 {
		t.root = t.root.kids[0].node
	}
}

// cut removes some but not all items below n, which must be owned: those at
// positions from <= rank < to. Nodes along the cut may remain too small.
func (t *Tree[T]) cut(n *node[T], from, to int) {
	if n.leaf() {
		n.items = removeAt(n.items, from, to)
		return
	}
	first, last := len(n.kids), 0 // the kids to remove as a whole
	for i := range n.kids {
		k := &n.kids[i]
		count := k.count
		if from < count && to > 0 {
			a, b := max(from, 0), min(to, count)
			if b-a == count {
				first, last = min(first, i), i+1
			} else {
				t.cut(t.own(&k.node), a, b)
				k.count -= b - a
				n.items[i] = k.node.items[0]
			}
		}
		from, to = from-count, to-count
	}
	if first < last {
		n.drop(first, last)
	}
}

// mend refills the nodes below n along a cut before position at. It does not
// refill n itself.
//
// A child that has a single child of its own could not refill it, so children
// are refilled from the top down first. Refilling inside them may then take
// items away, so they are refilled once more, now that the subtrees are in
// order.
func (t *Tree[T]) mend(n *node[T], at int, edge bool) {
	if n.leaf() {
		return
	}
	count := n.count()
	t.refillAlong(n, at, count, edge)
	left := -1
	if at > 0 {
		i, rest := n.holding(at - 1)
		t.mend(n.kids[i].node, rest+1, edge && i == len(n.kids)-1)
		left = i
	}
	if at < count {
		if i, rest := n.holding(at); i != left {
			t.mend(n.kids[i].node, rest, edge && i == len(n.kids)-1)
		}
	}
	t.refillAlong(n, at, count, edge)
}

// refillAlong refills the kids of n on both sides of position at until they
// are large enough.
func (t *Tree[T]) refillAlong(n *node[T], at, count int, edge bool) {
	for _, rank := range [2]int{at - 1, at} {
		for rank >= 0 && rank < count {
			i, _ := n.holding(rank)
			if !n.thin(i, edge) {
				break
			}
			t.refill(n, i)
		}
	}
}

// thin reports whether kid i of n has too few items. edge means that n is on
// the right edge of the tree.
func (n *node[T]) thin(i int, edge bool) bool {
	return len(n.kids[i].node.items) < least && !(edge && i == len(n.kids)-1)
}

// refill merges kid i of the owned node n with a neighbour, or divides the
// items of both evenly if they are too many for one node.
func (t *Tree[T]) refill(n *node[T], i int) {
	i = min(i, len(n.kids)-2)
	left, right := t.own(&n.kids[i].node), n.kids[i+1].node
	total := len(left.items) + len(right.items)
	if total <= most {
		left.items = join(left.items, right.items)
		left.kids = join(left.kids, right.kids)
		n.kids[i].count += n.kids[i+1].count
		n.drop(i+1, i+2)
		return
	}
	right = t.own(&n.kids[i+1].node)
	both := n.kids[i].count + n.kids[i+1].count
	left.items, right.items = deal(left.items, right.items, total/2)
	left.kids, right.kids = deal(left.kids, right.kids, total/2)
	n.kids[i].count = left.count()
	n.kids[i+1].count = both - n.kids[i].count
	n.items[i+1] = right.items[0]
}

// drop removes kids from <= i < to of the inner node n. If that is all of
// them, the caller is about to drop n itself.
func (n *node[T]) drop(from, to int) {
	n.items = removeAt(n.items, from, to)
	n.kids = removeAt(n.kids, from, to)
}

package tree

import "unsafe"

// Clone returns a second owner of the items in O(1). From then on both copy a
// node before their first write there, and neither sees the writes of the
// other. Clone needs exclusive access to t, as a write does.
func (t *Tree[T]) Clone() *Tree[T] {
	t.owner = new(owner)
	return t.Thaw()
}

// Thaw returns a tree with the items of t in O(1). t must never be written
// again. Thaw only reads t, so several goroutines may thaw one tree at once.
func (t *Tree[T]) Thaw() *Tree[T] {
	return &Tree[T]{compare: t.compare, root: t.root, owner: new(owner), length: t.length}
}

// FromSorted returns a tree of full nodes with copies of items. It costs O(n)
// time and n-1 comparisons. It returns false if the items are not strictly
// ascending.
func FromSorted[T any](compare func(a, b T) int, items []T) (*Tree[T], bool) {
	for i := 1; i < len(items); i++ {
		if compare(items[i-1], items[i]) >= 0 {
			return nil, false
		}
	}
	t := New(compare)
	if len(items) == 0 {
		return t, true
	}
	t.length = len(items)
	level := make([]kid[T], 0, (len(items)+most-1)/most)
	for len(items) > 0 {
		n := min(len(items), most)
		level = append(level, kid[T]{&node[T]{owner: t.owner, items: join(items[:n], nil)}, n})
		items = items[n:]
	}
	for len(level) > 1 {
		var above []kid[T]
		for len(level) > 0 {
			n := min(len(level), most)
			parent := &node[T]{owner: t.owner, items: alloc[T](n), kids: join(level[:n], nil)}
			for i, k := range parent.kids {
				parent.items[i] = k.node.items[0]
			}
			above = append(above, kid[T]{parent, parent.count()})
			level = level[n:]
		}
		level = above
	}
	t.root = level[0].node
	return t, true
}

// MemoryUse returns the size of the tree and its nodes in bytes, including
// nodes shared with other owners, but not the memory that items point to. It
// visits every node, one for about 45 items.
func (t *Tree[T]) MemoryUse() int {
	if t == nil {
		return 0
	}
	size := int(unsafe.Sizeof(*t) + unsafe.Sizeof(*t.owner))
	if t.root != nil {
		size += t.root.memoryUse()
	}
	return size
}

func (n *node[T]) memoryUse() int {
	var item T
	size := int(unsafe.Sizeof(*n)) + cap(n.items)*int(unsafe.Sizeof(item))
	size += cap(n.kids) * int(unsafe.Sizeof(kid[T]{}))
	for _, k := range n.kids {
		size += k.node.memoryUse()
	}
	return size
}

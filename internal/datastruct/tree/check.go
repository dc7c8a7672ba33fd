package tree

import "fmt"

// Check walks the whole tree and returns the first broken invariant: order,
// first items, counts, fill, equal depth of all leaves, spare room, owners. It
// is for tests. Items must be comparable with ==.
func (t *Tree[T]) Check() error {
	if t.root == nil {
		if t.length != 0 {
			return fmt.Errorf("no root, length %d", t.length)
		}
		return nil
	}
	if len(t.root.kids) == 1 {
		return fmt.Errorf("root with one kid")
	}
	c := checker[T]{tree: t, depth: -1}
	count, err := c.node(t.root, 0, true)
	if err != nil {
		return err
	}
	if count != t.length {
		return fmt.Errorf("length %d, counted %d", t.length, count)
	}
	return nil
}

type checker[T any] struct {
	tree  *Tree[T]
	depth int // of the leaves; -1 before the first one
	last  *T  // the previous item
}

func (c *checker[T]) node(n *node[T], depth int, edge bool) (int, error) {
	size := len(n.items)
	switch {
	case size == 0 || size < least && !edge:
		return 0, fmt.Errorf("node with %d items at depth %d, on the edge: %v", size, depth, edge)
	case size > most:
		return 0, fmt.Errorf("node with %d items", size)
	case cap(n.items) > 2*max(size, 2)+1 && !(edge && n.leaf()):
		return 0, fmt.Errorf("room for %d, %d items", cap(n.items), size)
	}
	var none T
	for _, v := range n.items[size:cap(n.items)] {
		if any(v) != any(none) {
			return 0, fmt.Errorf("item %v left behind the end", v)
		}
	}
	if n.leaf() {
		if c.depth < 0 {
			c.depth = depth
		}
		if depth != c.depth {
			return 0, fmt.Errorf("leaves at depths %d and %d", c.depth, depth)
		}
		for i := range n.items {
			if c.last != nil && c.tree.compare(*c.last, n.items[i]) >= 0 {
				return 0, fmt.Errorf("%v before %v", *c.last, n.items[i])
			}
			c.last = &n.items[i]
		}
		return size, nil
	}
	if len(n.kids) != size {
		return 0, fmt.Errorf("%d items, %d kids", size, len(n.kids))
	}
	for _, k := range n.kids[size:cap(n.kids)] {
		if k != (kid[T]{}) {
			return 0, fmt.Errorf("a kid left behind the end")
		}
	}
	sum := 0
	for i, k := range n.kids {
		if k.node.owner == c.tree.owner && n.owner != c.tree.owner {
			return 0, fmt.Errorf("an owned node below a shared one")
		}
		if any(n.items[i]) != any(k.node.items[0]) {
			return 0, fmt.Errorf("kid %d begins with %v, not %v", i, k.node.items[0], n.items[i])
		}
		count, err := c.node(k.node, depth+1, edge && i == size-1)
		if err != nil {
			return 0, err
		}
		if count != k.count {
			return 0, fmt.Errorf("kid %d has count %d, counted %d", i, k.count, count)
		}
		sum += count
	}
	return sum, nil
}

package tree

// Limits of the items of a leaf and the children of an inner node. 63 items of 16 bytes take 1024 bytes with the
// allocator's header for objects with pointers. least must be well above 4, since DeleteRange relies on a refilled node
// having neighbours left for two thin children, twice.
const (
	most  = 63
	least = most / 3
)

// owner is a token: a tree writes in place only to nodes with its own token.
// It has a size because pointers to zero-size variables may be equal.
type owner struct{ _ byte }

// node is a leaf, or an inner node if it has kids.
type node[T any] struct {
	owner *owner
	items []T      // of a leaf; of an inner node the first item below each kid
	kids  []kid[T] // as many as items, or nil in a leaf
}

type kid[T any] struct {
	node  *node[T]
	count int // of the items below
}

func (n *node[T]) leaf() bool { return n.kids == nil }

// count returns the number of items below n.
func (n *node[T]) count() int {
	if n.leaf() {
		return len(n.items)
	}
	return n.before(len(n.kids))
}

// before returns the number of items below the first i kids.
func (n *node[T]) before(i int) int {
	sum := 0
	for _, k := range n.kids[:i] {
		sum += k.count
	}
	return sum
}

// holding returns the kid with the item at a position below n, and the item's
// position below that kid. The position must exist.
func (n *node[T]) holding(rank int) (i, rest int) {
	for i := range n.kids {
		if rank < n.kids[i].count {
			return i, rank
		}
		rank -= n.kids[i].count
	}
	panic("tree: the counts do not add up")
}

// own makes *p a node that t may write, copying it if it has another owner. t
// must already own the node with the field *p.
func (t *Tree[T]) own(p **node[T]) *node[T] {
	n := *p
	if n.owner != t.owner {
		n = &node[T]{owner: t.owner, items: join(n.items, nil), kids: join(n.kids, nil)}
		*p = n
	}
	return n
}

// insertAt inserts e at position i of s, in place if there is room.
func insertAt[E any](s []E, i int, e E) []E {
	if len(s) < cap(s) {
		s = s[:len(s)+1]
		copy(s[i+1:], s[i:])
		s[i] = e
		return s
	}
	grown := alloc[E](len(s) + 1)
	copy(grown, s[:i])
	grown[i] = e
	copy(grown[i+1:], s[i:])
	return grown
}

// removeAt removes s[from:to]. It moves the rest to a new array when most of
// the old one became empty.
func removeAt[E any](s []E, from, to int) []E {
	if rest := len(s) - (to - from); rest < cap(s)/2 && cap(s) > 4 {
		return join(s[:from], s[to:])
	}
	n := copy(s[from:], s[to:])
	clear(s[from+n:])
	return s[:from+n]
}

// join returns a followed by b in a new array, or nil if both are empty.
func join[E any](a, b []E) []E {
	if len(a)+len(b) == 0 {
		return nil
	}
	s := alloc[E](len(a) + len(b))
	copy(s, a)
	copy(s[len(a):], b)
	return s
}

// deal returns the first n elements of a followed by b, and the others, both
// in new arrays. Both are nil if a and b are empty, as the kids of leaves are.
func deal[E any](a, b []E, n int) (left, right []E) {
	n = min(n, len(a)+len(b))
	if n <= len(a) {
		return join(a[:n], nil), join(a[n:], b)
	}
	n -= len(a)
	return join(a, b[:n]), join(b[n:], nil)
}

// alloc returns n elements with spare room of an eighth, rounded up to the
// allocator's size class.
func alloc[E any](n int) []E {
	return append([]E(nil), make([]E, max(n, min(n+n/8, most)))...)[:n]
}

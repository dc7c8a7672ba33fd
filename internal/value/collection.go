package value

import "iter"

// Collection is the common part of List, Set and ZSet, for commands that
// accept any of them.
type Collection interface {
	Value
	// Len returns the number of elements.
	Len() int
	// Elements yields the elements from the given one on, in the order of LRANGE
	// and ZRANGE. With backward it uses the opposite order and from counts from
	// the end. A set has an order of its own. An element is valid until the next
	// one.
	Elements(from int, backward bool) iter.Seq[[]byte]
}

var (
	_ Collection = (*List)(nil)
	_ Collection = (*Set)(nil)
	_ Collection = (*ZSet)(nil)
)

// Elements implements Collection.
func (l *List) Elements(from int, backward bool) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		i := from
		if backward {
			i = -1 - from
		}
		var digits [20]byte
		it := l.Walk(i, backward)
		for {
			v, ok := it.Next()
			if !ok {
				return
			}
			text := v.Str
			if v.IsInt {
				text = v.AppendTo(digits[:0])
			}
			if !yield(text) {
				return
			}
		}
	}
}

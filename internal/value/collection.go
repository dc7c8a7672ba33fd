package value

import (
	"iter"

	"github.com/resp-server/resp-server/internal/datastruct/listpack"
)

// Collection is what List, Set and ZSet have in common, for commands that
// take any of them.
type Collection interface {
	Value
	// Len returns the number of elements.
	Len() int
	// Elements yields the elements in the order of LRANGE and ZRANGE, or in the
	// opposite one, but for the first ones to skip; a set has an order of its
	// own. An element is valid until the next write.
	Elements(skip int, backward bool) iter.Seq[listpack.Value]
}

// Fielder is a Hash, for commands that read a field among other things.
type Fielder interface {
	Value
	// Field returns the value of a field, which may be in scratch.
	Field(name, scratch []byte) (v []byte, ok bool)
}

// Elements yields the elements from one end to the other, but for the first
// ones to skip.
func (l *List) Elements(skip int, backward bool) iter.Seq[listpack.Value] {
	return func(yield func(listpack.Value) bool) {
		from := skip
		if backward {
			from = -1 - skip
		}
		it := l.Walk(from, backward)
		for {
			v, ok := it.Next()
			if !ok || !yield(v) {
				return
			}
		}
	}
}

package value

import "iter"

// Collection is what List, Set and ZSet have in common, for commands that
// take any of them.
type Collection interface {
	Value
	// Len returns the number of elements.
	Len() int
	// Elements yields the elements from the given one on, in the order of
	// LRANGE and ZRANGE, or in the opposite order, counted from its own end; a
	// set has an order of its own. What it yields is valid until the next
	// element.
	Elements(from int, backward bool) iter.Seq[[]byte]
}

// Fielder is a Hash, for commands that read a field among other things.
type Fielder interface {
	Value
	// Field returns the value of a field that is not past its own time, given in
	// milliseconds since 1970. It may use scratch.
	Field(name []byte, now int64, scratch []byte) (v []byte, ok bool)
}

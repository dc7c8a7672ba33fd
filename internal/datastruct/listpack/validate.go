package listpack

import (
	"encoding/binary"
	"errors"
)

// What [Pack.Validate] finds wrong.
var (
	ErrHeader = errors.New("listpack: header does not fit the size or the element count")
	ErrEntry  = errors.New("listpack: broken element")
)

// Validate checks bytes of unknown origin. Shallow, it looks at the size in the header and the terminator, in O(1);
// deep, at each element and at the count too, and what passes can be given to every method. It never panics.
func (p Pack) Validate(deep bool) error {
	if len(p) < headerSize+1 || int64(binary.LittleEndian.Uint32(p)) != int64(len(p)) || p[len(p)-1] != end {
		return ErrHeader
	}
	if !deep {
		return nil
	}
	pos, count := headerSize, 0
	for ; p[pos] != end; count++ {
		size := sizeAt(p[pos:])
		next := pos + size + backlenSize(size)
		// The element must leave room for the terminator, and reading it from behind must lead to its beginning.
		if size == 0 || next >= len(p) || backlen(p[:next]) != size {
			return ErrEntry
		}
		pos = next
	}
	if pos != p.End() {
		return ErrEntry
	}
	if n := p.count(); n != unknownCount && n != count {
		return ErrHeader
	}
	return nil
}

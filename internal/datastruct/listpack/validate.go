package listpack

import (
	"encoding/binary"
	"errors"
)

// Errors of [Pack.Validate].
var (
	ErrHeader = errors.New("listpack: header does not fit the size or the element count")
	ErrEntry  = errors.New("listpack: broken element")
)

// Validate checks bytes of unknown origin. It checks the size in the header and the terminator, in O(1), and if deep
// each element and the count too. It never panics. After a deep check every method is safe.
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
		// The terminator must follow, and reading backwards must lead to the beginning of the element.
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

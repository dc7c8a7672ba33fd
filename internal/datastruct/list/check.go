package list

import (
	"fmt"
)

// Check walks the whole list and returns the first broken invariant. It is for tests.
func (l *List) Check() error {
	count, bytes := 0, 0
	for i := range l.nodes() {
		n := &l.nodes()[i]
		if n.plain() {
			if n.count != 1 {
				return fmt.Errorf("plain node %d counts %d elements", i, n.count)
			}
		} else {
			if err := n.pack().Validate(true); err != nil {
				return fmt.Errorf("node %d: %w", i, err)
			}
			if got := n.pack().Len(); got != int(n.count) || got == 0 {
				return fmt.Errorf("node %d has %d elements and counts %d", i, got, n.count)
			}
		}
		count += int(n.count)
		bytes += cap(n.buf)
	}
	if count != l.count || bytes != l.bytes {
		return fmt.Errorf("%d elements in %d bytes, counted as %d in %d", count, bytes, l.count, l.bytes)
	}
	if l.slotsOwner == l.owner {
		for i := range l.slots {
			if s := &l.slots[i]; (i < l.lo || i >= l.hi) && (s.buf != nil || s.count != 0) {
				return fmt.Errorf("free slot %d of %d holds a node", i, len(l.slots))
			}
		}
	}
	return nil
}

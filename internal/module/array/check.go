package array

import (
	"fmt"
	"slices"
)

// Check walks the whole array and returns the first broken invariant. It is for
// tests.
func (a *sparse) Check() error {
	count, bytes := uint64(0), 0
	blocks := map[uint64]bool{}
	for it := a.slices.Seek(0); ; {
		s, ok := it.Next()
		if !ok {
			break
		}
		if err := s.check(int(a.size)); err != nil {
			return fmt.Errorf("slice %d: %w", s.id, err)
		}
		count += uint64(s.count)
		bytes += s.memoryUse()
		blocks[s.id/blockSize] = true
	}
	switch {
	case count != a.count:
		return fmt.Errorf("count %d, counted %d", a.count, count)
	case bytes != a.bytes:
		return fmt.Errorf("bytes %d, counted %d", a.bytes, bytes)
	case a.blocked && (a.blocks != len(blocks) || a.room < a.blocks):
		return fmt.Errorf("%d blocks with room for %d, counted %d", a.blocks, a.room, len(blocks))
	}
	return nil
}

func (s *slice) check(size int) error {
	used, long := 0, map[uint64]bool{}
	last, bytes := 0, 0
	for i, w := range s.words {
		if w == 0 {
			continue
		}
		used++
		last = s.first + i
		if slotKind(w&kindMask) == slotLong {
			if long[w] {
				return fmt.Errorf("two slots share a text")
			}
			long[w] = true
			bytes += len(s.long[w>>2-1])
		}
	}
	switch {
	case used != s.count || used == 0:
		return fmt.Errorf("count %d, counted %d", s.count, used)
	case len(long)+len(s.free) != len(s.long) || bytes != s.bytes:
		return fmt.Errorf("%d texts and %d free places of %d; %d bytes, counted %d", len(long), len(s.free), len(s.long), s.bytes, bytes)
	case s.dense():
		if s.last != last || s.first < 0 || s.first+len(s.words) > size || len(s.words)&(len(s.words)-1) != 0 {
			return fmt.Errorf("window of %d from %d, last %d, found %d", len(s.words), s.first, s.last, last)
		}
	case len(s.at) != len(s.words) || used != len(s.at) || !slices.IsSorted(s.at) || s.room < used:
		return fmt.Errorf("%d offsets, %d words, %d used, room for %d", len(s.at), len(s.words), used, s.room)
	}
	return nil
}

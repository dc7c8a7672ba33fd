package dict

import (
	"fmt"

	"github.com/resp-server/resp-server/internal/datastruct/hashing"
)

// Check walks the whole table and returns the first broken invariant. It is for
// tests.
func (d *Dict[E]) Check() error {
	groups, n, segs, entries, deepest := int(d.mask)+1, 0, 0, 0, 0
	if len(d.top) != 1<<d.topBits || (d.topBits == 0) != (&d.top[0] == &d.first[0]) {
		return fmt.Errorf("%d directories for %d bits", len(d.top), d.topBits)
	}
	if d.single() && &d.top[0].segs[0] != &d.one[0] {
		return fmt.Errorf("a single segment with a directory elsewhere")
	}
	if !d.single() && groups != maxGroups {
		return fmt.Errorf("segments of %d groups", groups)
	}
	for i := range d.top {
		t := &d.top[i]
		depth := int(d.topBits) + t.depth()
		if len(t.segs) != 1<<t.depth() {
			return fmt.Errorf("directory %d: %d entries at depth %d", i, len(t.segs), t.depth())
		}
		entries += len(t.segs)
		deepest = max(deepest, depth)
		deep := 0
		for first := 0; first < len(t.segs) && t.segs[first] != nil; {
			seg := t.segs[first]
			segs++
			if int(seg.depth) > depth || seg.depth < d.topBits {
				return fmt.Errorf("directory %d, segment %d: depth %d of %d", i, first, seg.depth, depth)
			}
			if int(seg.depth) == depth {
				deep++
			}
			span := d.span(t, seg)
			if first%span != 0 {
				return fmt.Errorf("directory %d, segment %d: not at a multiple of its %d entries", i, first, span)
			}
			for k := range span {
				if t.segs[first+k] != seg {
					return fmt.Errorf("directory %d, segment %d: entry %d of %d leads elsewhere", i, first, k, span)
				}
			}
			if err := d.checkSegment((i<<t.depth()+first)/span, seg, groups); err != nil {
				return fmt.Errorf("directory %d, segment %d: %w", i, first, err)
			}
			n += int(seg.n)
			first += span
		}
		if !d.single() && deep != int(t.deep) {
			return fmt.Errorf("directory %d: counted %d deep segments, it says %d", i, deep, t.deep)
		}
	}
	if n != d.n || segs != int(d.segs) || entries != int(d.entries) || deepest != int(d.deepest) {
		return fmt.Errorf("counted %d elements, %d segments, %d entries, depth %d; the table says %d, %d, %d, %d",
			n, segs, entries, deepest, d.n, d.segs, d.entries, d.deepest)
	}
	return nil
}

func (d *Dict[E]) checkSegment(prefix int, seg *segment[E], groups int) error {
	full, dead := 0, 0
	for at := range groups * groupSlots {
		ctrl := byte(seg.group(at/groupSlots).ctrl >> (8 * (at % groupSlots)))
		if ctrl&0x80 == 0 && seg.isStored(at) {
			return fmt.Errorf("slot %d: ctrl %#x, but stored", at, ctrl)
		}
		switch {
		case ctrl == emptyByte:
		case ctrl == deadByte:
			dead++
		case ctrl&0x80 == 0:
			return fmt.Errorf("slot %d: ctrl %#x", at, ctrl)
		default:
			full++
			key := d.key(*seg.slot(at))
			h := hashing.Sum64(key, d.seed)
			if tagOf(h) != ctrl {
				return fmt.Errorf("slot %d: tag %#x, hash %#x", at, ctrl, h)
			}
			if int(h>>1>>(63-seg.depth)) != prefix {
				return fmt.Errorf("slot %d: hash %#x in the wrong segment", at, h)
			}
			if found, where := d.find(h, key); found != seg || where != at {
				return fmt.Errorf("slot %d: key %q is found at %d", at, key, where)
			}
		}
	}
	if full != int(seg.n) || dead != int(seg.dead) {
		return fmt.Errorf("%d full and %d dead slots, the header says %d and %d", full, dead, seg.n, seg.dead)
	}
	if full+dead > limit(groups) {
		return fmt.Errorf("%d of %d slots taken", full+dead, groups*groupSlots)
	}
	return nil
}

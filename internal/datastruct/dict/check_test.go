package dict

import (
	"fmt"

	"github.com/resp-server/resp-server/internal/datastruct/hashing"
)

// check walks the whole table and returns the first broken invariant.
func (d *Dict[E]) check() error {
	depth, groups := d.depth(), int(d.mask)+1
	if len(d.dir) != 1<<depth {
		return fmt.Errorf("directory of %d entries at depth %d", len(d.dir), depth)
	}
	if depth == 0 && &d.dir[0] != &d.one[0] {
		return fmt.Errorf("depth 0 with a directory elsewhere")
	}
	if depth > 0 && groups != maxGroups {
		return fmt.Errorf("depth %d with segments of %d groups", depth, groups)
	}
	n, segs, deep := 0, 0, 0
	for first, seg := range d.segments() {
		segs++
		if int(seg.depth) == depth {
			deep++
		}
		if int(seg.depth) > depth {
			return fmt.Errorf("segment %d: depth %d of %d", first, seg.depth, depth)
		}
		span := 1 << (depth - int(seg.depth))
		if first%span != 0 {
			return fmt.Errorf("segment %d: not at a multiple of its %d entries", first, span)
		}
		for i := range span {
			if d.dir[first+i] != seg {
				return fmt.Errorf("segment %d: entry %d of %d leads elsewhere", first, i, span)
			}
		}
		if err := d.checkSegment(first/span, seg, groups); err != nil {
			return fmt.Errorf("segment %d: %w", first, err)
		}
		n += int(seg.n)
	}
	if n != d.n || segs != int(d.segs) || depth > 0 && deep != int(d.deep) {
		return fmt.Errorf("counted %d elements, %d segments, %d deep; the table says %d, %d, %d",
			n, segs, deep, d.n, d.segs, d.deep)
	}
	return nil
}

func (d *Dict[E]) checkSegment(prefix int, seg *segment[E], groups int) error {
	full, dead := 0, 0
	for at := range groups * groupSlots {
		ctrl := byte(seg.group(at/groupSlots).ctrl >> (8 * (at % groupSlots)))
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

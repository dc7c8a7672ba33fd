package dict

import "github.com/resp-server/resp-server/internal/datastruct/hashing"

// Stats describes how a table is filled.
type Stats struct {
	Slots    int // places for elements
	Elements int
	// Steps counts the elements by the number of groups that their look-up reads:
	// Steps[0] need one, Steps[1] two, and so on.
	Steps []int
}

// Stats returns the statistics of the table, in O(n).
func (d *Dict[E]) Stats() Stats {
	s := Stats{Elements: d.n}
	groups := int(d.mask) + 1
	s.Slots = int(d.segs) * groups * groupSlots
	for seg := range d.segments() {
		for g := range groups {
			grp := seg.group(g)
			for full := grp.ctrl & highBits; full != 0; full &= full - 1 {
				home := homeOf(hashing.Sum64(d.key(grp.slots[firstByte(full)]), d.seed)) & (groups - 1)
				step := (g - home) & (groups - 1)
				for len(s.Steps) <= step {
					s.Steps = append(s.Steps, 0)
				}
				s.Steps[step]++
			}
		}
	}
	return s
}

// KeepSize sets whether the table keeps its size when elements are removed.
// With false it shrinks to its normal size at once.
func (d *Dict[E]) KeepSize(keep bool) {
	d.keeps = keep
	for h := uint64(0); !keep && d.segmentOf(h) != nil; {
		if d.segmentOf(h).n <= lowSegment {
			d.shrink(h)
		}
		// The segment may have merged with the one before it.
		span := uint64(1) << (64 - d.segmentOf(h).depth)
		if h = h&^(span-1) + span; span == 0 || h == 0 {
			break
		}
	}
}

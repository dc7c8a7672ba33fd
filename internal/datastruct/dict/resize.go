package dict

import (
	"math/bits"
	"unsafe"

	"github.com/resp-server/resp-server/internal/datastruct/hashing"
)

// Thresholds for shrinking. Each is far enough from the one for growing, 112
// elements in a segment, that no sequence of operations flaps between two
// sizes: between two resizings of a segment there are dozens of operations.
const (
	// lowSegment is the number of elements at which a segment may shrink or
	// merge.
	lowSegment = 28
	// mergedSegment is the maximum number of elements of two segments that merge.
	mergedSegment = 56
	// lowDirectory is the number of elements per directory entry below which a
	// directory is halved; growing leaves about 25.
	lowDirectory = 8
	// reservedSegment is the number of elements per segment that Reserve plans
	// for. It is so low that hardly any segment has to split.
	reservedSegment = 80
)

// insert adds an element whose key is not present.
func (d *Dict[E]) insert(h uint64, e E) {
	if d.segs == 0 {
		d.one[0] = newSegment[E](1, d.own, 0)
		d.mask, d.segs = 0, 1
	}
	for !d.writable(h).add(h, e, int(d.mask)+1, true) {
		d.makeRoom(h)
	}
	d.n++
}

// writable returns the segment for h, copied first if d does not own it.
func (d *Dict[E]) writable(h uint64) *segment[E] {
	seg := d.segmentOf(h)
	if seg.own != d.own {
		seg = seg.copyFor(d.own, int(d.mask)+1)
		d.link(h, seg)
	}
	return seg
}

// makeRoom makes room in the full segment for h: it clears the tombstones if
// these fill it, else it enlarges or splits the segment.
func (d *Dict[E]) makeRoom(h uint64) {
	seg := d.segmentOf(h)
	groups := int(d.mask) + 1
	switch {
	case int(seg.dead) >= limit(groups)/4:
		d.link(h, d.moved(seg, groups, seg.depth))
	case groups < maxGroups:
		d.resizeOnly(2 * groups)
	default:
		d.split(h, seg)
	}
}

// moved returns a new segment with the elements of seg.
func (d *Dict[E]) moved(seg *segment[E], groups int, depth uint8) *segment[E] {
	to := newSegment[E](groups, d.own, depth)
	d.move(seg, to, to, groups)
	return to
}

// move adds the elements of from, a segment of d, to the segments zero and
// one, depending on the first hash bit in which they may differ.
func (d *Dict[E]) move(from, zero, one *segment[E], groups int) {
	bit := 63 - from.depth
	mine := from.own == d.own
	for g := range int(d.mask) + 1 {
		grp := from.group(g)
		for full := grp.ctrl & highBits; full != 0; full &= full - 1 {
			i := firstByte(full)
			e := grp.slots[i]
			h := hashing.Sum64(d.key(e), d.seed)
			to := zero
			if h>>bit&1 != 0 {
				to = one
			}
			to.add(h, e, groups, mine && from.stored[g]>>i&1 != 0)
		}
	}
}

// resizeOnly changes the size of the only segment of a table of depth 0.
func (d *Dict[E]) resizeOnly(groups int) {
	d.one[0] = d.moved(d.one[0], groups, 0)
	d.mask = uint8(groups - 1)
}

// split divides the elements of seg, the segment for h, between two segments
// of one more bit of depth. If d owns seg it becomes one of them, so that a
// growing table leaves no garbage.
//
// More than 112 keys with the same hash would make this go on until memory is
// exhausted. The secret seed keeps an attacker from choosing such keys.
func (d *Dict[E]) split(h uint64, seg *segment[E]) {
	if t := d.directoryOf(h); d.span(t, seg) == 1 {
		d.doubleDirectory(h)
	}
	depth := seg.depth + 1
	var zero *segment[E]
	one := newSegment[E](maxGroups, d.own, depth)
	if seg.own == d.own {
		from := *(*segment16[E])(unsafe.Pointer(seg)) // a copy on the stack
		zero = seg
		*(*segment16[E])(unsafe.Pointer(zero)) = segment16[E]{segment: segment[E]{own: d.own, depth: depth}}
		d.move(&from.segment, zero, one, maxGroups)
	} else {
		zero = newSegment[E](maxGroups, d.own, depth)
		d.move(seg, zero, one, maxGroups)
	}
	bit := uint64(1) << (64 - depth)
	d.link(h&^bit, zero)
	d.link(h|bit, one)
	d.segs++
	if t := d.directoryOf(h); d.span(t, one) == 1 {
		t.deep += 2
	}
}

// shrink shrinks or merges the segment for h, which has few elements.
func (d *Dict[E]) shrink(h uint64) {
	for d.merge(h) {
	}
	for {
		t := d.directoryOf(h)
		if t.depth() == 0 || t.deep > 0 || d.n >= lowDirectory*len(t.segs)*len(d.top) {
			break
		}
		d.halveDirectory(h)
	}
	if d.topBits > 0 && d.n < lowMany {
		d.unite()
	}
	if groups := int(d.mask) + 1; d.single() && groups > 1 && d.n <= groups*groupSlots/8 {
		d.resizeOnly(max(1, groups/4))
	}
}

// merge joins the segment for h with its buddy if they are small enough, and
// reports whether it did.
func (d *Dict[E]) merge(h uint64) bool {
	seg := d.segmentOf(h)
	if seg.depth <= d.topBits || seg.n > lowSegment {
		return false
	}
	buddy := d.segmentOf(h ^ 1<<(64-seg.depth))
	if buddy.depth != seg.depth || seg.n+buddy.n > mergedSegment {
		return false
	}
	deep := d.span(d.directoryOf(h), seg) == 1
	to := d.moved(seg, maxGroups, seg.depth-1)
	d.move(buddy, to, to, maxGroups)
	d.link(h, to)
	d.segs--
	if deep {
		d.directoryOf(h).deep -= 2
	}
	return true
}

// Reserve makes room for n elements in an empty table, so that loading them
// does not go through all sizes. In a table with elements it does nothing.
func (d *Dict[E]) Reserve(n int) {
	if d.n > 0 || n <= 0 {
		return
	}
	d.Clear()
	groups := 1
	for groups < maxGroups && limit(groups) < n {
		groups *= 2
	}
	depth := 0
	if n > limit(maxGroups) {
		depth = bits.Len(uint(n-1) / reservedSegment)
	}
	dir := make([]*segment[E], 1<<depth)
	for i := range dir {
		dir[i] = newSegment[E](groups, d.own, uint8(depth))
	}
	d.mask = uint8(groups - 1)
	d.segs = int32(len(dir))
	d.setDirectory(0, dir)
	if depth >= manyAt {
		d.divide()
	}
}

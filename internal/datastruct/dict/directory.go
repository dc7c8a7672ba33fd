package dict

import "math/bits"

// A directory maps the high bits of a hash to a segment. A small table has one
// directory. At 2^manyAt entries it divides into 2^manyBits, one for each
// value of the first bits of the hash, which then double independently. In a
// table of 10 million elements a single directory would take 2 MB, and copying
// it would be a noticeable pause.
const manyBits = 8

// Variables, so that tests can divide small tables.
var (
	manyAt  = 13
	lowMany = 32 << 10 // below this number of elements a single directory is enough again
)

type directory[E any] struct {
	segs  []*segment[E] // 2^depth
	shift uint8         // 63 - depth
	deep  int32         // distinct segments that use the full depth; not maintained for a single segment
	own   *owner        // of segs
}

// depth returns the number of hash bits that select an entry, after the bits
// that select the directory.
func (t *directory[E]) depth() int { return 63 - int(t.shift) }

// directoryOf returns the directory for h.
func (d *Dict[E]) directoryOf(h uint64) *directory[E] {
	// Two shifts, because Go would check a shift by up to 64 with a comparison.
	return &d.top[h>>1>>((63-d.topBits)&63)]
}

// index returns the index of the entry for h in its directory.
func (d *Dict[E]) index(t *directory[E], h uint64) int {
	return int(h << (d.topBits & 63) >> 1 >> (t.shift & 63))
}

// segmentOf returns the segment for h, nil in a table that never had elements.
func (d *Dict[E]) segmentOf(h uint64) *segment[E] {
	t := d.directoryOf(h)
	return t.segs[d.index(t, h)]
}

// single reports whether the table has a single segment and needs no directory.
func (d *Dict[E]) single() bool { return d.topBits == 0 && d.first[0].shift == 63 }

// span returns the number of directory entries that point to a segment.
func (d *Dict[E]) span(t *directory[E], seg *segment[E]) int {
	return 1 << (int(d.topBits) + t.depth() - int(seg.depth))
}

// link points all directory entries for the hash range of seg, in which h
// lies, at seg.
func (d *Dict[E]) link(h uint64, seg *segment[E]) {
	d.ownTop()
	t := d.directoryOf(h)
	if !d.single() && t.own != d.own {
		t.segs = append(make([]*segment[E], 0, len(t.segs)), t.segs...)
		t.own = d.own
	}
	span := d.span(t, seg)
	first := d.index(t, h) &^ (span - 1)
	for i := range span {
		t.segs[first+i] = seg
	}
}

func (d *Dict[E]) ownTop() {
	if d.topBits > 0 && d.topOwn != d.own {
		d.top = append(make([]directory[E], 0, len(d.top)), d.top...)
		d.topOwn = d.own
	}
}

// doubleDirectory makes the directory for h use one more bit.
func (d *Dict[E]) doubleDirectory(h uint64) {
	old := d.directoryOf(h).segs
	segs := make([]*segment[E], 2*len(old))
	for i, seg := range old {
		segs[2*i], segs[2*i+1] = seg, seg
	}
	d.setDirectory(h, segs)
	if d.topBits == 0 && len(segs) >= 1<<manyAt {
		d.divide()
	}
}

// halveDirectory drops every second entry of the directory for h. No segment
// there may need the full depth.
func (d *Dict[E]) halveDirectory(h uint64) {
	old := d.directoryOf(h).segs
	segs := make([]*segment[E], len(old)/2)
	for i := range segs {
		segs[i] = old[2*i]
	}
	d.setDirectory(h, segs)
}

// setDirectory replaces the directory for h.
func (d *Dict[E]) setDirectory(h uint64, segs []*segment[E]) {
	d.ownTop()
	t := d.directoryOf(h)
	d.entries += int32(len(segs) - len(t.segs))
	if d.topBits == 0 {
		d.one[0] = nil
		if len(segs) == 1 {
			d.one[0] = segs[0]
			segs = d.one[:]
		}
	}
	*t = directory[E]{segs: segs, shift: uint8(64 - bits.Len(uint(len(segs)))), own: d.own}
	d.countDeep(t)
	d.deepest = 0
	for i := range d.top {
		d.deepest = max(d.deepest, d.topBits+uint8(d.top[i].depth()))
	}
}

func (d *Dict[E]) countDeep(t *directory[E]) {
	t.deep = 0
	for i := 0; i < len(t.segs); {
		span := d.span(t, t.segs[i])
		if span == 1 {
			t.deep++
		}
		i += span
	}
}

// divide replaces the single directory by 2^manyBits ones.
func (d *Dict[E]) divide() {
	for seg := range d.segments() {
		if seg.depth < manyBits {
			return // it would belong to several directories; a later doubling tries again
		}
	}
	segs, shift := d.first[0].segs, d.first[0].shift
	top := make([]directory[E], 1<<manyBits)
	each := len(segs) / len(top)
	d.first[0] = directory[E]{}
	d.top, d.topBits, d.topOwn = top, manyBits, d.own
	for i := range top {
		top[i] = directory[E]{segs: segs[i*each : (i+1)*each : (i+1)*each], shift: shift + manyBits, own: d.own}
		d.countDeep(&top[i])
	}
}

// unite replaces the many directories by one.
func (d *Dict[E]) unite() {
	segs := make([]*segment[E], 0, 1<<d.deepest)
	for i := range d.top {
		t := &d.top[i]
		for _, seg := range t.segs {
			for range 1 << (int(d.deepest) - int(d.topBits) - t.depth()) {
				segs = append(segs, seg)
			}
		}
	}
	d.top, d.topBits, d.topOwn = d.first[:], 0, nil
	d.entries = 0
	d.setDirectory(0, segs)
}

package dict

import (
	"math/bits"

	"github.com/resp-server/resp-server/internal/datastruct/hashing"
)

// A scan goes through hash space in ascending order of positions; a position
// is the top bits of a hash. The cursor is the position with its bits
// reversed. Each call ends at a multiple of 1/2^scanBits of the space. So the
// cursors of a small table are small numbers, as in Redis. The largest have 14
// decimal digits, which a Lua number prints without loss.
const (
	prefixBits = 46
	scanEnd    = 1 << prefixBits

	// minScanBits are the bits of Redis's smallest table.
	minScanBits = 2
)

func prefixOf(h uint64) uint64 { return h >> (64 - prefixBits) }

// reversed turns a position into a cursor and back. Bits beyond the largest
// cursor have no meaning.
func reversed(x uint64) uint64 { return bits.Reverse64(x) >> (64 - prefixBits) }

// scanBits returns the number of bits of a cursor. It is large enough for
// about one element between two possible ends of a step: 2^scanBits is the
// least power of two not below the number of elements.
func (d *Dict[E]) scanBits() int {
	return min(max(bits.Len(uint(max(d.n-1, 0))), minScanBits), prefixBits)
}

// Scan yields about count elements from cursor on and returns the cursor for
// the next call. The first cursor is 0, and 0 is returned at the end. An
// element that is present during the whole iteration is yielded at least once
// (in fact exactly once), whatever else changes in between, even if some of
// the calls are made on a clone. Any cursor is safe.
// The guarantee holds because a call yields exactly the elements whose position
// is in [cursor, next), whatever the segments are at that time. A call visits
// at most 10*count segments. yield must not change the table.
func (d *Dict[E]) Scan(cursor uint64, count int, yield func(E)) (next uint64) {
	left := max(count, 1)
	at := reversed(cursor)
	for visits := 0; at < scanEnd; visits++ {
		if left <= 0 || visits/10 >= max(count, 1) {
			return reversed(at)
		}
		seg := d.segmentOf(at << (64 - prefixBits))
		if seg == nil {
			break
		}
		inside := uint64(1)<<(prefixBits-seg.depth) - 1
		last := at | inside
		if at&inside == 0 && int(seg.n) <= left {
			d.yieldAll(seg, yield)
			left -= int(seg.n)
		} else {
			var n int
			last, n = d.yieldSome(seg, at, last, left, yield)
			left -= n
		}
		at = last + 1
	}
	return 0
}

func (d *Dict[E]) yieldAll(seg *segment[E], yield func(E)) {
	for g := range int(d.mask) + 1 {
		grp := seg.group(g)
		for full := grp.ctrl & highBits; full != 0; full &= full - 1 {
			yield(grp.slots[firstByte(full)])
		}
	}
}

// yieldSome yields the count elements of seg with the smallest positions in
// [from, last], and those up to the next place where a step may end. It
// returns the last position covered and the number of elements yielded.
func (d *Dict[E]) yieldSome(seg *segment[E], from, last uint64, count int, yield func(E)) (covered uint64, n int) {
	const slotBits = 7
	var room [maxGroups * groupSlots]uint64
	list := room[:0] // of positions with their slots
	for g := range int(d.mask) + 1 {
		grp := seg.group(g)
		for full := grp.ctrl & highBits; full != 0; full &= full - 1 {
			i := firstByte(full)
			if p := prefixOf(hashing.Sum64(d.key(grp.slots[i]), d.seed)); p >= from {
				list = append(list, p<<slotBits|uint64(g*groupSlots+i))
			}
		}
	}
	if len(list) > count {
		step := uint64(1)<<(prefixBits-d.scanBits()) - 1
		last = min(last, smallest(list, count)>>slotBits|step)
	}
	for _, p := range list {
		if p>>slotBits <= last {
			yield(*seg.slot(int(p & (1<<slotBits - 1))))
			n++
		}
	}
	return last, n
}

// smallest returns the k-th smallest of list, counted from 1, by quickselect.
// It reorders list. The elements are hash bits, so the middle one is a random
// pivot.
func smallest(list []uint64, k int) uint64 {
	for {
		pivot := list[len(list)/2]
		less, equal := 0, 0
		for i, p := range list {
			if p < pivot {
				list[i] = list[less+equal]
				list[less+equal] = list[less]
				list[less] = p
				less++
			} else if p == pivot {
				list[i] = list[less+equal]
				list[less+equal] = p
				equal++
			}
		}
		switch {
		case k <= less:
			list = list[:less]
		case k <= less+equal:
			return pivot
		default:
			list = list[less+equal:]
			k -= less + equal
		}
	}
}

// Random returns an element with uniform probability, using random numbers
// from r. It returns false if there is none.
func (d *Dict[E]) Random(r func() uint64) (e E, ok bool) {
	if d.n == 0 {
		return e, false
	}
	// Choose random slots from all entries of a directory of the greatest depth
	// and take the first hit. A segment with several entries counts only at its
	// first one.
	slots := uint64(d.mask+1) * groupSlots
	for range 1000 {
		x := r()
		seg := d.segmentOf(x)
		at := int(x % slots)
		if x<<(seg.depth&63)>>1>>((63-d.deepest+seg.depth)&63) == 0 && seg.isFull(at) {
			return *seg.slot(at), true
		}
	}
	// Nearly empty: count down to a random element.
	k, _ := bits.Mul64(r(), uint64(d.n))
	for e = range d.All() {
		if k == 0 {
			break
		}
		k--
	}
	return e, true
}

package dict

import (
	"math/bits"

	"github.com/resp-server/resp-server/internal/datastruct/hashing"
)

// A scan cursor is a position in hash space made of the top 48 bits of a
// hash: small enough for clients that keep numbers in a float64.
const (
	prefixBits = 48
	scanEnd    = 1 << prefixBits
)

func prefixOf(h uint64) uint64 { return h >> (64 - prefixBits) }

// Scan yields about count elements from cursor on and returns the cursor to
// go on with. The first cursor is 0, and 0 is returned at the end. An element
// that is present from the start to the end of an iteration is yielded at
// least once, and exactly once if the table does not change or only grows or
// shrinks by other elements, also if some of the calls are made on a clone.
// Any cursor is safe; from 2^48 on there is nothing.
//
// The guarantee holds because a call yields exactly the elements whose hash
// prefix is in [cursor, next), whatever the segments are at that time. A call
// visits at most 10*count segments. yield must not change the table.
func (d *Dict[E]) Scan(cursor uint64, count int, yield func(E)) (next uint64) {
	left := max(count, 1)
	for visits := 0; cursor < scanEnd; visits++ {
		if left <= 0 || visits/10 >= max(count, 1) {
			return cursor
		}
		seg := d.dir[d.index(cursor<<(64-prefixBits))]
		if seg == nil {
			break
		}
		span := uint64(1) << (prefixBits - seg.depth)
		last := cursor | (span - 1)
		if cursor&(span-1) != 0 || int(seg.n) > left {
			last = d.boundary(seg, cursor, last, left)
		}
		left -= d.yieldRange(seg, cursor, last, span, yield)
		cursor = last + 1
	}
	return 0
}

// boundary returns the last prefix to yield of the range [from, last] of seg,
// so that about count elements are yielded.
func (d *Dict[E]) boundary(seg *segment[E], from, last uint64, count int) uint64 {
	var room [maxGroups * groupSlots]uint64
	prefixes := room[:0]
	for g := range int(d.mask) + 1 {
		grp := seg.group(g)
		for full := grp.ctrl & highBits; full != 0; full &= full - 1 {
			p := prefixOf(hashing.Sum64(d.key(grp.slots[firstByte(full)]), d.seed))
			if p >= from {
				prefixes = append(prefixes, p)
			}
		}
	}
	if len(prefixes) <= count {
		return last
	}
	return smallest(prefixes, count)
}

// yieldRange yields the elements of seg with a prefix in [from, last] and
// returns how many these are.
func (d *Dict[E]) yieldRange(seg *segment[E], from, last, span uint64, yield func(E)) (n int) {
	whole := last-from == span-1
	for g := range int(d.mask) + 1 {
		grp := seg.group(g)
		for full := grp.ctrl & highBits; full != 0; full &= full - 1 {
			e := grp.slots[firstByte(full)]
			if !whole {
				if p := prefixOf(hashing.Sum64(d.key(e), d.seed)); p < from || p > last {
					continue
				}
			}
			yield(e)
			n++
		}
	}
	return n
}

// smallest returns the k-th smallest of list, k from 1 on, by quickselect. It
// reorders list, which is made of hash bits: its middle is a random pivot.
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

// Random returns an element with uniform probability, using the random
// numbers of r; false if there is none.
func (d *Dict[E]) Random(r func() uint64) (e E, ok bool) {
	if d.n == 0 {
		return e, false
	}
	// Throw at all slots of all directory entries and take the first hit. A
	// segment with several entries counts only at its first one.
	slots := uint64(d.mask+1) * groupSlots
	for range 1000 {
		x := r()
		i := d.index(x)
		seg := d.dir[i]
		at := int(x % slots)
		if i&(1<<(d.depth()-int(seg.depth))-1) == 0 && seg.isFull(at) {
			return *seg.slot(at), true
		}
	}
	// Nearly empty: count down.
	k, _ := bits.Mul64(r(), uint64(d.n))
	for e = range d.All() {
		if k == 0 {
			break
		}
		k--
	}
	return e, true
}

// Package dict is the hash table under the keyspace and the big hashes, sets
// and sorted sets.
//
// A Dict is intrusive: it stores elements that carry their own key, and a
// function given to New finds the key in an element. Elements are meant to be
// pointer-shaped (8 bytes). Clones share them, so an element that is in a table
// may be modified only as Owns allows.
//
// # Structure
//
// Extendible hashing: a directory of 2^depth pointers, indexed by the high
// bits of the hash, leads to segments of at most 128 slots, so each segment
// covers a contiguous range of hash space. A full segment splits in two
// alone; only then, if need be, the directory doubles. No operation ever
// rehashes the whole table.
//
//	depth 2      dir[0] ──┐
//	             dir[1] ──┴─> segment of depth 1: hashes 0...
//	             dir[2] ────> segment of depth 2: hashes 10...
//	             dir[3] ────> segment of depth 2: hashes 11...
//
// As long as there is only one segment it grows from 8 slots to 128; all
// segments of a table that has more than one have 128. So a look-up knows
// the size of the segment before it has touched it: it costs a cache miss in
// the directory, one or two in the segment and one in the element.
//
// The directory of a big table is divided into 256, by the first bits of the
// hash, which double on their own (see directory.go).
//
// A segment is an array of groups of 8 slots with a byte of metadata each, as
// in Swiss tables (see segment.go).
//
// # Costs
//
// Get, Put and Delete are O(1), without allocation unless a segment is made;
// the longest pauses are splitting a segment (about 100 elements) and copying
// a directory (8 bytes for about 25 elements, up to 64 KB; one in 256 of a big
// table). A big table takes about 17 bytes an element.
//
// # Copy-on-write
//
// Clone and Thaw make a second owner in O(1). Afterwards each owner copies
// a directory and a segment when it first writes there. The elements themselves
// are shared, but for those that an owner has stored since: see Owns.
//
// # Concurrency
//
// A Dict is not safe for concurrent use. Methods that do not change it may
// run at the same time as each other; two Dicts that share structure through
// Clone or Thaw are independent.
package dict

import (
	"bytes"
	"iter"
	"unsafe"

	"github.com/resp-server/resp-server/internal/datastruct/hashing"
)

// Dict is a hash table of elements of type E. Make it with New; it must not
// be copied.
type Dict[E any] struct {
	top     []directory[E] // 2^topBits; &first while topBits is 0
	topBits uint8          // 0 or manyBits
	mask    uint8          // groups in each segment - 1
	deepest uint8          // the depth of the deepest directory
	keeps   bool           // its size
	key     func(E) []byte
	seed    uint64

	n       int
	segs    int32 // distinct segments
	entries int32 // of all directories

	// What carries my token I may write to. A nil token is as good as any:
	// sharing begins with Clone or Thaw, and these hand out new ones.
	own    *owner
	topOwn *owner // of top, if it is not &first
	first  [1]directory[E]
	one    [1]*segment[E] // the directory of depth 0; nil before the first element
}

// owner is a token; only its address matters.
type owner struct{ _ byte }

// New returns an empty table that hashes with seed. key returns the key of an
// element; it is called often and must not allocate.
func New[E any](seed uint64, key func(E) []byte) *Dict[E] {
	d := &Dict[E]{key: key, seed: seed}
	d.Clear()
	return d
}

// Len returns the number of elements.
func (d *Dict[E]) Len() int { return d.n }

// Clear removes all elements and gives up the memory.
func (d *Dict[E]) Clear() {
	d.one[0] = nil
	d.first[0] = directory[E]{segs: d.one[:], shift: 63}
	d.top, d.topBits, d.deepest = d.first[:], 0, 0
	d.mask = 0
	d.n, d.segs, d.entries = 0, 0, 1
}

// Clone returns a second owner of the elements, in O(1). Afterwards either
// may be written and does not see the other's writes. It changes the token of
// d, so it needs exclusive access to d.
func (d *Dict[E]) Clone() *Dict[E] {
	d.own = new(owner)
	return d.Thaw()
}

// Thaw returns a writable second owner of a table that nobody will write
// again, in O(1). It only reads d: several goroutines may thaw one table.
func (d *Dict[E]) Thaw() *Dict[E] {
	c := new(Dict[E])
	*c = *d
	c.own = new(owner)
	if c.topBits == 0 {
		c.top = c.first[:]
	}
	if c.single() {
		c.first[0].segs = c.one[:]
	}
	return c
}

// MemoryUse returns the bytes of the table itself, without the elements. What
// is shared with a clone counts in both. It is O(1).
func (d *Dict[E]) MemoryUse() int {
	use := int(unsafe.Sizeof(*d)) + int(d.segs)*segmentBytes[E](int(d.mask)+1)
	if !d.single() {
		use += int(d.entries) * int(unsafe.Sizeof(d.one[0]))
	}
	if d.topBits > 0 {
		use += len(d.top) * int(unsafe.Sizeof(d.first[0]))
	}
	return use
}

// Get returns the element with the given key.
func (d *Dict[E]) Get(key []byte) (e E, ok bool) {
	h := hashing.Sum64(key, d.seed)
	if seg, at := d.find(h, key); at >= 0 {
		return *seg.slot(at), true
	}
	return e, false
}

// Slot is the place of a key in a table: where its element is, or would go.
// It holds until the next change of the table.
type Slot[E any] struct {
	Elem E // the element there; the zero value if there is none
	hash uint64
	at   int
}

// Found says whether the key is present.
func (s Slot[E]) Found() bool { return s.at >= 0 }

// Lookup returns the place of key, to be read and then given to Store or
// Remove, which need not search again.
func (d *Dict[E]) Lookup(key []byte) Slot[E] {
	s := Slot[E]{hash: hashing.Sum64(key, d.seed)}
	seg, at := d.find(s.hash, key)
	if s.at = at; at >= 0 {
		s.Elem = *seg.slot(at)
	}
	return s
}

// Store puts e, whose key must be the one that s was looked up with, in its
// place: it replaces the element that is there or adds a new one.
func (d *Dict[E]) Store(s Slot[E], e E) {
	if s.at >= 0 {
		d.writable(s.hash).replace(s.at, e)
		return
	}
	d.insert(s.hash, e)
}

// Owns reports whether the element that s has found was stored since the table
// was last cloned: then no other table has it, and who stored it may modify it
// in place, but for its key.
func (d *Dict[E]) Owns(s Slot[E]) bool {
	if s.at < 0 {
		return false
	}
	seg := d.segmentOf(s.hash)
	return seg.own == d.own && seg.isStored(s.at)
}

// Remove deletes the element that s has found. If it found none, nothing happens.
func (d *Dict[E]) Remove(s Slot[E]) {
	if s.at < 0 {
		return
	}
	seg := d.writable(s.hash)
	seg.erase(s.at)
	d.n--
	if seg.n <= lowSegment && !d.keeps {
		d.shrink(s.hash)
	}
}

// Put adds e, or replaces the element that has the same key and returns that.
func (d *Dict[E]) Put(e E) (old E, replaced bool) {
	s := d.Lookup(d.key(e))
	d.Store(s, e)
	return s.Elem, s.Found()
}

// Delete removes and returns the element with the given key.
func (d *Dict[E]) Delete(key []byte) (E, bool) {
	s := d.Lookup(key)
	d.Remove(s)
	return s.Elem, s.Found()
}

// All yields all elements in hash order, roughly. The table must not change meanwhile.
func (d *Dict[E]) All() iter.Seq[E] {
	return func(yield func(E) bool) {
		for seg := range d.segments() {
			for g := range int(d.mask) + 1 {
				grp := seg.group(g)
				for full := grp.ctrl & highBits; full != 0; full &= full - 1 {
					if !yield(grp.slots[firstByte(full)]) {
						return
					}
				}
			}
		}
	}
}

// segments yields each segment once.
func (d *Dict[E]) segments() iter.Seq[*segment[E]] {
	return func(yield func(*segment[E]) bool) {
		for i := range d.top {
			t := &d.top[i]
			for j := 0; j < len(t.segs); {
				seg := t.segs[j]
				if seg == nil || !yield(seg) {
					return
				}
				j += d.span(t, seg)
			}
		}
	}
}

// find returns the segment and the slot in it of the element with the given
// key; the slot is -1 if there is none.
func (d *Dict[E]) find(h uint64, key []byte) (*segment[E], int) {
	seg := d.segmentOf(h)
	if seg == nil {
		return nil, -1
	}
	mask := int(d.mask)
	want := uint64(tagOf(h)) * lowBits
	for g := homeOf(h) & mask; ; g = (g + 1) & mask {
		grp := seg.group(g)
		for match := zeroBytes(grp.ctrl ^ want); match != 0; match &= match - 1 {
			i := firstByte(match)
			if bytes.Equal(d.key(grp.slots[i]), key) {
				return seg, g*groupSlots + i
			}
		}
		if zeroBytes(grp.ctrl) != 0 {
			return nil, -1
		}
	}
}

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
// The table uses extendible hashing. A directory of 2^depth pointers, indexed
// by the high bits of the hash, leads to segments of at most 128 slots, so
// each segment covers a contiguous range of hashes. A full segment splits
// alone; the directory doubles only if it has too few bits for that. No
// operation ever rehashes the whole table.
//
//	depth 2      dir[0] ──┐
//	             dir[1] ──┴─> segment of depth 1: hashes 0...
//	             dir[2] ────> segment of depth 2: hashes 10...
//	             dir[3] ────> segment of depth 2: hashes 11...
//
// A single segment grows from 8 slots to 128. With more than one, all segments have
// 128. So a look-up knows the size of a segment before it reads it. It costs a
// cache miss in the directory, one or two in the segment and one in the element.
//
// The directory of a big table is divided into 256 by the first bits of the
// hash. These double independently (see directory.go).
//
// A segment is an array of groups of 8 slots with a byte of metadata each, as
// in Swiss tables (see segment.go).
//
// # Costs
//
// Get, Put and Delete are O(1). They allocate only when they make a segment.
// The longest pauses are a split (about 100 elements) and the copy of a
// directory (8 bytes for about 25 elements, up to 64 KB; in a big table one of
// the 256). A big table takes about 17 bytes an element.
//
// # Copy-on-write
//
// Clone and Thaw make a second owner in O(1). Afterwards each owner copies a
// directory and a segment before its first write there. The owners share the
// elements, except those stored since (see Owns).
//
// # Concurrency
//
// A Dict is not safe for concurrent use. Methods that do not change it may run
// at the same time. Two Dicts that share structure through Clone or Thaw are
// independent.
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
	keeps   bool           // keeps its size when elements are removed
	key     func(E) []byte
	seed    uint64

	n       int
	segs    int32 // distinct segments
	entries int32 // of all directories

	// The table may write to what carries its token. It may start with nil, since
	// sharing begins with Clone or Thaw, which hand out new tokens.
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

// Clone returns a second owner of the elements, in O(1). Afterwards neither
// sees the writes of the other. It changes the token of d, so it needs
// exclusive access to d.
func (d *Dict[E]) Clone() *Dict[E] {
	d.own = new(owner)
	return d.Thaw()
}

// Thaw returns a writable second owner of a table that is never written again,
// in O(1). It only reads d: several goroutines may thaw one table.
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

// MemoryUse returns the size of the table in bytes, without the elements.
// Parts shared with a clone count in both. It is O(1).
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

// Slot is the place of a key in a table: of its element, or where that would
// go. It is valid until the table next changes.
type Slot[E any] struct {
	Elem E // the element there; the zero value if there is none
	hash uint64
	at   int
}

// Found reports whether the key is present.
func (s Slot[E]) Found() bool { return s.at >= 0 }

// Lookup returns the place of key, for reading and then for Store or Remove,
// which need no second search.
func (d *Dict[E]) Lookup(key []byte) Slot[E] {
	s := Slot[E]{hash: hashing.Sum64(key, d.seed)}
	seg, at := d.find(s.hash, key)
	if s.at = at; at >= 0 {
		s.Elem = *seg.slot(at)
	}
	return s
}

// Store puts e, which must have the key of s, in the place s: it replaces the
// element there or adds a new one.
func (d *Dict[E]) Store(s Slot[E], e E) {
	if s.at >= 0 {
		d.writable(s.hash).replace(s.at, e)
		return
	}
	d.insert(s.hash, e)
}

// Owns reports whether the found element was stored since the last clone of
// the table. If so no other table has it, and its owner may modify it in
// place, except for its key.
func (d *Dict[E]) Owns(s Slot[E]) bool {
	if s.at < 0 {
		return false
	}
	seg := d.segmentOf(s.hash)
	return seg.own == d.own && seg.isStored(s.at)
}

// Remove deletes the found element. If there is none it does nothing.
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

// Put adds e. It replaces an element with the same key and returns that one.
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

// All yields all elements, roughly in hash order. The table must not change
// meanwhile.
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

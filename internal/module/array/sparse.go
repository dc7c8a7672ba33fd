package array

import (
	"math"
	"strconv"
	"unsafe"

	"github.com/resp-server/resp-server/internal/datastruct/tree"
	"github.com/resp-server/resp-server/internal/value"
)

// sparse is the content of an array: it has values at some of the indexes from 0
// to maxIndex, and a place where insertions go on. A nil one is an empty one.
//
// The indexes are cut into slices of some thousand; only those with values
// exist, in a tree. Access to an index costs O(log S) of their number S. What
// Redis has instead, a directory, or blocks of it once an index is large, is
// counted to be shown.
type sparse struct {
	slices *tree.Tree[*slice]
	owner  *sliceOwner
	size   uint64 // of a slice, a power of two
	count  uint64 // of the slots in use
	last   uint64 // the index inserted last; noIndex if none
	bytes  int    // of all slices

	// blocked tells that an index was too large for one directory; blocks are
	// the parts of the directory that have slices, and room for how many Redis
	// would have.
	blocked      bool
	blocks, room int
}

const (
	// maxIndex is the largest index.
	maxIndex = math.MaxUint64 - 1

	noIndex    = math.MaxUint64
	blockSize  = 2048 // slices of a block
	blocksRoom = 4
	sparseRoom = 4 // slots of a new slice
)

// newSparse returns an empty array.
func newSparse(l *limits) *sparse {
	return &sparse{slices: tree.New(compareSlices), owner: new(sliceOwner), size: uint64(l.sliceSize), last: noIndex}
}

func compareSlices(a, b *slice) int {
	switch {
	case a.id < b.id:
		return -1
	case a.id > b.id:
		return 1
	}
	return 0
}

// Encoding returns "sliced-array".
func (a *sparse) Encoding() string { return "sliced-array" }

// Empty reports whether no slot is in use.
func (a *sparse) Empty() bool { return a.count == 0 }

// Thaw returns an array of the same content, in O(1).
func (a *sparse) Thaw() value.Content {
	t := *a
	t.owner = new(sliceOwner)
	t.slices = a.slices.Thaw()
	return &t
}

// MemoryUse returns the size of the slices with an estimate for the tree.
func (a *sparse) MemoryUse() int {
	return int(unsafe.Sizeof(*a)) + a.bytes + 10*a.slices.Len()
}

// Count returns the number of slots in use.
func (a *sparse) Count() uint64 {
	if a == nil {
		return 0
	}
	return a.count
}

// Len returns the largest index in use plus one.
func (a *sparse) Len() uint64 {
	if a.Count() == 0 {
		return 0
	}
	s, _ := a.slices.Max()
	return s.id*a.size + uint64(s.lastOffset()) + 1
}

// Get returns the value at an index.
func (a *sparse) Get(index uint64) (v slot, ok bool) {
	if a == nil {
		return v, false
	}
	s := a.find(index / a.size)
	if s == nil {
		return v, false
	}
	i, ok := s.find(int(index % a.size))
	if !ok {
		return v, false
	}
	return s.value(i), true
}

// rank returns the position of the first slice whose id is not below a given
// one.
func (a *sparse) rank(id uint64) int {
	return a.slices.Search(func(s *slice) bool { return s.id >= id })
}

// find returns a slice, nil if there is none.
func (a *sparse) find(id uint64) *slice {
	if s, ok := a.slices.At(a.rank(id)); ok && s.id == id {
		return s
	}
	return nil
}

// own returns s, or the copy that took its place, to be written.
func (a *sparse) own(s *slice) *slice {
	if s.owner != a.owner {
		a.bytes -= s.memoryUse()
		s = s.clone(a.owner)
		a.bytes += s.memoryUse()
		a.slices.Insert(s)
	}
	return s
}

// Set writes a slot, copying the text, and reports whether it was empty.
func (a *sparse) Set(l *limits, index uint64, text []byte) bool {
	id := index / a.size
	s := a.find(id)
	if s == nil {
		s = a.addSlice(l, id, index%a.size, false)
	}
	s = a.own(s)
	before := s.memoryUse()
	added := s.set(l, int(a.size), int(index%a.size), text)
	a.bytes += s.memoryUse() - before
	if added {
		a.count++
	}
	return added
}

// addSlice adds a slice, which must get a value at an offset.
func (a *sparse) addSlice(l *limits, id, off uint64, dense bool) *slice {
	a.reach(id)
	if a.blocked && !a.hasBlock(id/blockSize) {
		a.blocks++
		if a.blocks > a.room {
			a.room *= 2
		}
	}
	s := &slice{id: id, owner: a.owner}
	if dense || l.sparseMax == 0 {
		s.words = make([]uint64, minWindow)
		s.first = min(int(off), int(a.size)-minWindow)
	} else {
		s.at, s.room = []uint16{}, min(sparseRoom, l.sparseMax)
	}
	a.slices.Insert(s)
	a.bytes += s.memoryUse()
	return s
}

// reach makes the directory one that can have a slice.
func (a *sparse) reach(id uint64) {
	if a.blocked || id < blockSize {
		return
	}
	a.blocked, a.room = true, blocksRoom
	a.blocks = min(a.slices.Len(), 1)
}

func (a *sparse) hasBlock(block uint64) bool {
	s, ok := a.slices.At(a.rank(block * blockSize))
	return ok && s.id/blockSize == block
}

// removed counts the blocks after slices were removed.
func (a *sparse) removed() {
	if !a.blocked {
		return
	}
	a.blocks = 0
	for i := 0; ; a.blocks++ {
		s, ok := a.slices.At(i)
		if !ok {
			return
		}
		if s.id/blockSize == math.MaxUint64/a.size/blockSize {
			i = a.slices.Len()
		} else {
			i = a.rank((s.id/blockSize + 1) * blockSize)
		}
	}
}

// Reserve readies the array for values at all indexes from one to another,
// which must be set next: slices that will get many become dense at once.
func (a *sparse) Reserve(l *limits, from, to uint64) {
	if l.sparseMax == 0 {
		return
	}
	a.reach(to / a.size)
	for id := from / a.size; id <= to/a.size; id++ {
		first, last := uint64(0), a.size-1
		if id == from/a.size {
			first = from % a.size
		}
		if id == to/a.size {
			last = to % a.size
		}
		n := int(last - first + 1)
		s := a.find(id)
		switch {
		case s == nil && n > l.sparseMax:
			a.addSlice(l, id, first, true)
		case s == nil || s.dense():
		case n > l.sparseMax || s.count+n-s.usedBetween(int(first), int(last)) > l.sparseMax:
			s = a.own(s)
			before := s.memoryUse()
			s.makeDense(int(a.size))
			a.bytes += s.memoryUse() - before
		}
	}
}

// usedBetween counts the slots in use of a sparse slice between two offsets.
func (s *slice) usedBetween(first, last int) (n int) {
	for _, off := range s.at {
		if int(off) >= first && int(off) <= last {
			n++
		}
	}
	return n
}

// Delete empties a slot and reports whether it was in use.
func (a *sparse) Delete(l *limits, index uint64) bool {
	if _, ok := a.Get(index); !ok {
		return false
	}
	return a.DeleteRange(l, index, index) == 1
}

// DeleteRange empties the slots from one index to another and returns how many
// were in use. It costs O(N) of these.
func (a *sparse) DeleteRange(l *limits, from, to uint64) uint64 {
	if a.Count() == 0 {
		return 0
	}
	before := a.count
	i, gone := a.rank(from/a.size), -1 // from gone on, slices go as a whole
	removed := false
	flush := func() {
		if gone >= 0 && i > gone {
			a.slices.DeleteRange(gone, i)
			removed = true
			i = gone
		}
		gone = -1
	}
	for {
		s, ok := a.slices.At(i)
		if !ok || s.id > to/a.size {
			break
		}
		first, last := 0, int(a.size-1)
		if s.id == from/a.size {
			first = int(from % a.size)
		}
		if s.id == to/a.size {
			last = int(to % a.size)
		}
		if first == 0 && last == int(a.size-1) {
			if gone < 0 {
				gone = i
			}
			a.count -= uint64(s.count)
			a.bytes -= s.memoryUse()
			i++
			continue
		}
		flush()
		s = a.own(s)
		was := s.memoryUse()
		a.count -= uint64(s.deleteRange(l, first, last))
		if s.count > 0 {
			a.bytes += s.memoryUse() - was
			i++
			continue
		}
		a.bytes -= was
		a.slices.DeleteAt(i)
		removed = true
	}
	flush()
	if removed {
		a.removed()
	}
	return before - a.count
}

// Next returns the index that the next insertion uses, false if there is none
// left.
func (a *sparse) Next() (index uint64, ok bool) {
	if a == nil || a.last == noIndex {
		return 0, true
	}
	return a.last + 1, a.last < maxIndex
}

// Seek sets the index that the next insertion uses. One that is too large
// leaves none.
func (a *sparse) Seek(index uint64) { a.last = index - 1 }

// Last returns the index that was inserted last, false if there is none.
func (a *sparse) Last() (index uint64, ok bool) { return a.last, a.last != noIndex }

// Fit readies the array to be a ring of a number of slots. One that was larger
// keeps the values inserted last, and one that began again at 0 gets its
// values in the order of their insertion, so that there is room behind them.
// An empty slot ends what is kept.
func (a *sparse) Fit(l *limits, size uint64) {
	span := a.Len()
	keep := span
	switch {
	case span == 0 || size == span:
		return
	case size < span:
		keep = size
	case a.last == noIndex || a.last+1 >= span:
		return
	}
	newest := a.last % span
	if a.last == noIndex {
		newest = span - 1
	}
	n, oldest := uint64(0), newest
	for at := newest; n < keep; n++ {
		if _, ok := a.Get(at); !ok {
			break
		}
		oldest = at
		if at == 0 {
			at = span
		}
		at--
	}
	fresh := newSparse(l)
	var room [64]byte
	for i := range n {
		v, _ := a.Get((oldest + i) % span)
		fresh.Set(l, i, v.Bytes(room[:0]))
	}
	if n > 0 {
		fresh.last = n - 1
	}
	*a = *fresh
}

// layout is what ARINFO shows.
type layout struct {
	Slices, SliceSize, Directory, Blocks int
	// Of all slices together:
	Dense, Sparse       int // how many there are
	Window, WindowCount int // slots of the windows of dense ones, and in use
	SparseRoom          int
}

// Info describes how the array is kept. What is known of all slices together
// is told only if full is true, which costs O(S).
func (a *sparse) Info(full bool) (info layout) {
	info.Slices, info.SliceSize = a.slices.Len(), int(a.size)
	switch s, ok := a.slices.Max(); {
	case a.blocked:
		info.Directory, info.Blocks = a.room, a.blocks
	case ok:
		info.Directory = roundUp(int(s.id) + 1)
	}
	if !full {
		return info
	}
	for it := a.slices.Seek(0); ; {
		s, ok := it.Next()
		switch {
		case !ok:
			return info
		case s.dense():
			info.Dense++
			info.Window += len(s.words)
			info.WindowCount += s.count
		default:
			info.Sparse++
			info.SparseRoom += s.room
		}
	}
}

// Digest adds the slots in use in their order.
func (a *sparse) Digest(d *value.Digest) {
	var text []byte
	var room [scratchSize]byte
	for it := a.Range(0, maxIndex); it.Next(); {
		text = strconv.AppendUint(text[:0], it.Index, 10)
		d.Mix(text)
		d.Mix(it.Value.Bytes(room[:0]))
	}
}

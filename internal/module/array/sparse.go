package array

import (
	"math"
	"strconv"
	"unsafe"

	"github.com/resp-server/resp-server/internal/datastruct/tree"
	"github.com/resp-server/resp-server/internal/value"
)

// sparse is the content of an array: values at some of the indexes from 0 to
// maxIndex, and an insertion cursor. A nil one is empty.
//
// The indexes are divided into slices of some thousand. Slices with values are
// in a tree, so access to an index costs O(log S) for S slices. Redis has a
// directory instead, or blocks of it for large indexes. Their sizes are
// counted only to be shown.
type sparse struct {
	slices *tree.Tree[*slice]
	owner  *sliceOwner
	size   uint64 // of a slice; a power of two
	count  uint64 // number of used slots
	last   uint64 // index of the last insertion; noIndex if there was none
	bytes  int    // size of all slices

	// blocked means that an index was too large for one directory. blocks are the
	// parts of the directory with slices, and room is the number of blocks that
	// Redis would have allocated.
	blocked      bool
	blocks, room int
}

const (
	// maxIndex is the largest index.
	maxIndex = math.MaxUint64 - 1

	noIndex    = math.MaxUint64
	blockSize  = 2048 // slices of a block
	blocksRoom = 4
	sparseRoom = 4 // initial slots of a sparse slice
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

// Empty reports whether no slot is used.
func (a *sparse) Empty() bool { return a.count == 0 }

// Thaw returns an array with the same content, in O(1).
func (a *sparse) Thaw() value.Content {
	t := *a
	t.owner = new(sliceOwner)
	t.slices = a.slices.Thaw()
	return &t
}

// MemoryUse returns the size of the slices plus an estimate for the tree.
func (a *sparse) MemoryUse() int {
	return int(unsafe.Sizeof(*a)) + a.bytes + 10*a.slices.Len()
}

// Count returns the number of used slots.
func (a *sparse) Count() uint64 {
	if a == nil {
		return 0
	}
	return a.count
}

// Len returns the largest used index plus one.
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

// rank returns the position of the first slice with at least the given id.
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

// own returns s for writing, or the copy that replaces it.
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

// addSlice adds a slice. The caller must then set a value at an offset.
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

// reach extends Redis's directory to a slice.
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

// removed recounts the blocks after slices were removed.
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

// Reserve prepares the array for values at all indexes from one to another,
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

// usedBetween counts the used slots of a sparse slice between two offsets.
func (s *slice) usedBetween(first, last int) (n int) {
	for _, off := range s.at {
		if int(off) >= first && int(off) <= last {
			n++
		}
	}
	return n
}

// Delete empties a slot and reports whether it was used.
func (a *sparse) Delete(l *limits, index uint64) bool {
	if _, ok := a.Get(index); !ok {
		return false
	}
	return a.DeleteRange(l, index, index) == 1
}

// DeleteRange empties the slots from one index to another and returns the
// number that were used. It costs O(N) for N of them.
func (a *sparse) DeleteRange(l *limits, from, to uint64) uint64 {
	if a.Count() == 0 {
		return 0
	}
	before := a.count
	i, gone := a.rank(from/a.size), -1 // from gone on, whole slices are removed
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

// Next returns the index of the next insertion, false if there is none left.
func (a *sparse) Next() (index uint64, ok bool) {
	if a == nil || a.last == noIndex {
		return 0, true
	}
	return a.last + 1, a.last < maxIndex
}

// Seek sets the index of the next insertion. An index above maxIndex leaves
// none.
func (a *sparse) Seek(index uint64) { a.last = index - 1 }

// Last returns the index of the last insertion, false if there was none.
func (a *sparse) Last() (index uint64, ok bool) { return a.last, a.last != noIndex }

// Fit turns the array into a ring of size slots. A larger array keeps the
// values inserted last. A ring that had wrapped around is sorted by insertion,
// so that there is room behind its values. An empty slot ends the values that
// are kept.
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
		index := oldest + i
		if i >= span-oldest { // the sum may be too large for 64 bits
			index = i - (span - oldest)
		}
		v, _ := a.Get(index)
		fresh.Set(l, i, v.Bytes(room[:0]))
	}
	if n > 0 {
		fresh.last = n - 1
	}
	*a = *fresh
}

// layout is the reply of ARINFO.
type layout struct {
	Slices, SliceSize, Directory, Blocks int
	// Totals of all slices:
	Dense, Sparse       int // number of slices
	Window, WindowCount int // slots in the windows of dense slices, and used ones
	SparseRoom          int
}

// Info describes the representation of the array. It includes the totals of
// all slices only if full is set, which costs O(S).
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

// maxDigestLen is up to which length an array has Redis's digest, for which
// every slot is read: that of a long one would take hours.
const maxDigestLen = 1 << 16

// Digest adds the used slots in order.
func (a *sparse) Digest(d *value.Digest) {
	var room [scratchSize]byte
	long := a.Len() > maxDigestLen
	next := uint64(0)
	for it := a.Range(0, maxIndex); it.Next(); next = it.Index + 1 {
		for ; !long && next < it.Index; next++ {
			d.Mix([]byte("(null)"))
		}
		if long {
			d.Mix(strconv.AppendUint(room[:0], it.Index, 10))
		}
		d.Mix(it.Value.Bytes(room[:0]))
	}
}

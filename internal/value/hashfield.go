package value

import (
	"bytes"
	"encoding/binary"
	"unsafe"

	"github.com/resp-server/resp-server/internal/datastruct/block"
)

// field is an element of a large hash: one allocation without pointers. It is
// immutable as long as the hash may share it with another one.
//
//	 0            4            8          16
//	+------------+------------+----------+-------+-------+
//	| name len   | value len  | time i64 | name  | value |
//	| u32, top   | u32        | if timed |       |       |
//	| bit: timed |            |          |       |       |
//	+------------+------------+----------+-------+-------+
type field struct{ p unsafe.Pointer }

const (
	fieldHeader = 8
	fieldTimed  = 1 << 31
)

func newField(name, value []byte, at int64) field {
	off, nameLen := fieldHeader, uint32(len(name))
	if at != 0 {
		off += 8
		nameLen |= fieldTimed
	}
	n := off + len(name) + len(value)
	mem := make([]byte, n, block.Size(n)) // leaves room for another value of about this length
	binary.NativeEndian.PutUint32(mem, nameLen)
	binary.NativeEndian.PutUint32(mem[4:], uint32(len(value)))
	if at != 0 {
		binary.NativeEndian.PutUint64(mem[fieldHeader:], uint64(at))
	}
	copy(mem[off+copy(mem[off:], name):], value)
	return field{unsafe.Pointer(unsafe.SliceData(mem))}
}

func (f field) header() []byte { return unsafe.Slice((*byte)(f.p), fieldHeader) }

func (f field) layout() (off, nameLen, valueLen int) {
	h := f.header()
	n := binary.NativeEndian.Uint32(h)
	off = fieldHeader
	if n&fieldTimed != 0 {
		off += 8
	}
	return off, int(n &^ fieldTimed), int(binary.NativeEndian.Uint32(h[4:]))
}

func (f field) name() []byte {
	off, n, _ := f.layout()
	// Slice from the beginning: an empty part has no byte to point to.
	return unsafe.Slice((*byte)(f.p), off+n)[off:]
}

func (f field) value() []byte {
	off, n, size := f.layout()
	return unsafe.Slice((*byte)(f.p), off+n+size)[off+n:]
}

// fits reports whether the field with a value of n bytes would have the same
// block size.
func (f field) fits(n int) bool {
	off, name, size := f.layout()
	return n == size || block.Size(off+name+n) == block.Size(off+name+size)
}

// setValue replaces the value in place by one that fits.
func (f field) setValue(v []byte) {
	off, name, _ := f.layout()
	binary.NativeEndian.PutUint32(f.header()[4:], uint32(len(v)))
	copy(unsafe.Slice((*byte)(f.p), off+name+len(v))[off+name:], v)
}

// at returns the expiry time, 0 if there is none.
func (f field) at() int64 {
	if binary.NativeEndian.Uint32(f.header())&fieldTimed == 0 {
		return 0
	}
	return int64(binary.NativeEndian.Uint64(unsafe.Slice((*byte)(unsafe.Add(f.p, fieldHeader)), 8)))
}

// fieldExpiry is an item of the index of expiry times.
type fieldExpiry struct {
	at int64
	f  field
}

func compareFieldExpiry(a, b fieldExpiry) int {
	switch {
	case a.at < b.at:
		return -1
	case a.at > b.at:
		return 1
	case a.f == b.f:
		return 0
	}
	return bytes.Compare(a.f.name(), b.f.name())
}

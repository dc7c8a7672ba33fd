// Package hyperloglog estimates how many different elements it has seen, in
// 12 kB at most and with a standard error of 0.81 %.
//
// A HyperLogLog is a string of bytes in the format of Redis, which clients can
// read, copy and write as a string: 16 bytes of header and 16384 registers.
//
//	+------+---+-----+----------+-----------//
//	| HYLL | E | N/U | estimate | registers
//	+------+---+-----+----------+-----------//
//
// E is the encoding and N/U three zero bytes. The estimate is little endian,
// and invalid if the top bit of its last byte is set. An element is hashed by
// MurmurHash64A. 14 bits of the hash choose the register, which holds one plus
// the longest run of zero bits in the other bits.
//
// Dense registers are 6 bits wide, least significant bits first. Sparse ones
// are runs:
//
//	00xxxxxx           x+1 registers of 0
//	01xxxxxx xxxxxxxx  x+1 registers of 0
//	1vvvvvxx           x+1 registers of v+1
//
// The estimator is from Otmar Ertl, "New cardinality estimation algorithms for
// HyperLogLog sketches", arXiv:1702.01284.
//
// Functions that change a HyperLogLog do so in place if they can, and return
// the result. A change is not safe for concurrent use.
package hyperloglog

import (
	"encoding/binary"
	"errors"
)

// ErrCorrupt means that sparse registers do not add up.
var ErrCorrupt = errors.New("corrupted HyperLogLog")

// NumRegisters is the number of registers of each HyperLogLog.
const NumRegisters = registers

const (
	indexBits = 14
	registers = 1 << indexBits
	indexMask = registers - 1
	// maxRank is one plus the longest run in the bits of the hash without the
	// index.
	maxRank = 64 - indexBits + 1

	headerSize = 16
	denseSize  = headerSize + registers*6/8

	encodingAt = 4
	cacheAt    = 8
	staleAt    = 15
	staleBit   = 0x80

	dense  = 0
	sparse = 1
)

// New returns an empty HyperLogLog: 18 bytes.
func New() []byte {
	b := make([]byte, headerSize, 64)
	copy(b, "HYLL")
	b[encodingAt] = sparse
	return appendRun(b, 0, registers)
}

// Valid reports whether a string looks like a HyperLogLog. It does not check
// sparse registers.
func Valid(b []byte) bool {
	return len(b) >= headerSize && string(b[:4]) == "HYLL" && b[encodingAt] <= sparse &&
		(b[encodingAt] != dense || len(b) == denseSize)
}

// IsDense reports whether a HyperLogLog has the dense encoding.
func IsDense(b []byte) bool { return b[encodingAt] == dense }

// Cached returns the estimate stored by SetCached. ok is false if elements
// were added since.
func Cached(b []byte) (n uint64, ok bool) {
	return binary.LittleEndian.Uint64(b[cacheAt:]), b[staleAt]&staleBit == 0
}

// SetCached stores an estimate.
func SetCached(b []byte, n uint64) { binary.LittleEndian.PutUint64(b[cacheAt:], n) }

// Invalidate marks the stored estimate as out of date.
func Invalidate(b []byte) { b[staleAt] |= staleBit }

// Add adds an element and reports whether a register changed; if so the caller
// must Invalidate. Sparse registers become dense if they would take more than
// sparseMax bytes, header included. It takes O(1) time if dense, else
// O(sparseMax).
func Add(b, element []byte, sparseMax int) (out []byte, changed bool, err error) {
	index, rank := locate(element)
	return set(b, index, rank, sparseMax)
}

// set raises a register to a value.
func set(b []byte, index int, rank uint8, sparseMax int) ([]byte, bool, error) {
	if IsDense(b) {
		return b, setDense(b[headerSize:], index, rank), nil
	}
	return setSparse(b, index, rank, sparseMax)
}

// ToDense returns a HyperLogLog with dense registers: b itself if it has them,
// else a new one. O(1).
func ToDense(b []byte) ([]byte, error) {
	if IsDense(b) {
		return b, nil
	}
	out := make([]byte, denseSize)
	copy(out, b[:headerSize])
	out[encodingAt] = dense
	regs := out[headerSize:]
	if !eachSparse(b, func(index int, value uint8) { setDense(regs, index, value) }) {
		return nil, ErrCorrupt
	}
	return out, nil
}

// Count estimates the number of distinct elements. It takes constant time,
// some microseconds; see Cached.
func Count(b []byte) (uint64, error) {
	var h histogram
	if IsDense(b) {
		h.addDense(b[headerSize:])
	} else if !h.addSparse(b) {
		return 0, ErrCorrupt
	}
	return h.estimate(), nil
}

// Registers is the union of HyperLogLogs; the zero value is empty.
type Registers [registers]uint8

// Merge adds the elements of a HyperLogLog. It takes constant time, some
// microseconds. After an error some registers may be merged already.
func (r *Registers) Merge(b []byte) error {
	if IsDense(b) {
		r.mergeDense(b[headerSize:])
		return nil
	}
	if !eachSparse(b, func(index int, value uint8) { r[index] = max(r[index], value) }) {
		return ErrCorrupt
	}
	return nil
}

func (r *Registers) mergeDense(regs []byte) {
	for i := 0; i < registers; i += 4 {
		w := uint32(regs[0]) | uint32(regs[1])<<8 | uint32(regs[2])<<16
		regs = regs[3:]
		q := r[i : i+4 : i+4]
		q[0] = max(q[0], uint8(w&63))
		q[1] = max(q[1], uint8(w>>6&63))
		q[2] = max(q[2], uint8(w>>12&63))
		q[3] = max(q[3], uint8(w>>18))
	}
}

// Count estimates the number of distinct elements of the union.
func (r *Registers) Count() uint64 {
	var h histogram
	for _, value := range r {
		h[value]++
	}
	return h.estimate()
}

// Store raises the registers of b to those of r. The caller must Invalidate.
func (r *Registers) Store(b []byte, sparseMax int) ([]byte, error) {
	for index, value := range r {
		if value == 0 {
			continue
		}
		var err error
		if b, _, err = set(b, index, value, sparseMax); err != nil {
			return b, err
		}
	}
	return b, nil
}

// Register returns the value of a register of a dense HyperLogLog.
func Register(b []byte, index int) uint8 { return getDense(b[headerSize:], index) }

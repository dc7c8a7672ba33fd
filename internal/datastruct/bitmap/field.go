package bitmap

import (
	"encoding/binary"
	"math"
)

// Field is a kind of integer inside a bitmap: signed of 1 to 64 bits or
// unsigned of 1 to 63, most significant bit first.
type Field struct {
	Signed bool
	Width  uint8
}

// Overflow is the handling of a number that does not fit its field.
type Overflow uint8

// The modes of BITFIELD's OVERFLOW.
const (
	Wrap     Overflow = iota // keep the low bits
	Saturate                 // the nearest number that fits
	Fail                     // leave the field unchanged
)

// window is the most bytes that a field can touch.
const window = 9

// Get reads the field that begins at bit at. Bits beyond the end of b are
// zero.
func (f Field) Get(b []byte, at int) int64 {
	var w [window]byte
	if i := at >> 3; i < len(b) {
		copy(w[:], b[i:])
	}
	u := f.load(&w, uint(at&7))
	if f.Signed {
		unused := 64 - f.Width
		return int64(u<<unused) >> unused
	}
	return int64(u)
}

// Set writes the low bits of v to the field that begins at bit at. The whole
// field must lie within b.
func (f Field) Set(b []byte, at int, v int64) {
	var w [window]byte
	b = b[at>>3:]
	n := copy(w[:], b)
	f.store(&w, uint(at&7), uint64(v))
	copy(b, w[:n])
}

func (f Field) load(w *[window]byte, shift uint) uint64 {
	u := binary.BigEndian.Uint64(w[:])<<shift | uint64(w[8])>>(8-shift)
	return u >> (64 - f.Width)
}

func (f Field) store(w *[window]byte, shift uint, v uint64) {
	top := 64 - uint(f.Width)
	mask, v := ^uint64(0)<<top, v<<top
	head := binary.BigEndian.Uint64(w[:])
	binary.BigEndian.PutUint64(w[:], head&^(mask>>shift)|v>>shift)
	if shift > 0 {
		spill := 8 - shift // bits of the ninth byte follow those of the first eight
		w[8] = w[8]&^byte(mask<<spill) | byte(v<<spill)
	}
}

// Add returns old plus incr, and whether the sum overflows the field; old must
// fit it. After an overflow mode determines the sum, which has no meaning for
// Fail.
func (f Field) Add(old, incr int64, mode Overflow) (sum int64, over bool) {
	if f.Signed {
		return f.addSigned(old, incr, mode)
	}
	return f.addUnsigned(old, incr, mode)
}

// Fit returns v as a value of the field. It treats an overflow as Add does.
func (f Field) Fit(v int64, mode Overflow) (fit int64, over bool) { return f.Add(v, 0, mode) }

func (f Field) addSigned(v, incr int64, mode Overflow) (int64, bool) {
	hi := int64(math.MaxInt64) >> (64 - f.Width)
	lo := -hi - 1
	// The differences may wrap around. The signs exclude that for 64 bits. For
	// less it happens with numbers far below lo, which Redis then takes for too
	// large ones: BITFIELD k OVERFLOW SAT SET i8 0 -9223372036854775808 stores
	// 127.
	small := f.Width < 64
	var limit int64
	switch {
	case v > hi || (small || v >= 0 && incr > 0) && incr > hi-v:
		limit = hi
	case v < lo || (small || v < 0 && incr < 0) && incr < lo-v:
		limit = lo
	default:
		return v + incr, false
	}
	if mode == Wrap {
		unused := 64 - f.Width
		return (v + incr) << unused >> unused, true
	}
	return limit, true
}

func (f Field) addUnsigned(v, incr int64, mode Overflow) (int64, bool) {
	hi := int64(1)<<f.Width - 1
	var limit int64
	switch {
	case v < 0 || v > hi || incr > 0 && incr > hi-v:
		limit = hi // a negative number counts as too large
	case incr < 0 && incr < -v:
		limit = 0
	default:
		return v + incr, false
	}
	if mode == Wrap {
		return (v + incr) & hi, true
	}
	return limit, true
}

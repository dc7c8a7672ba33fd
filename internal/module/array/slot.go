package array

import (
	"math"
	"strconv"
	"unsafe"

	"github.com/resp-server/resp-server/internal/numfmt"
)

// slot is the value of a slot. Its bytes may belong to the array, and are
// valid until the next write to that.
//
// Like Redis, a slot contains integers, floating point numbers and texts of up
// to seven bytes directly. It contains a number if formatting that gives
// exactly the text.
type slot struct {
	word uint64
	text string // of a long value
}

// slotKind is the representation of a value.
type slotKind uint8

// The kinds, numbered as in RDB files; they are also the low bits of a word. A
// word of zero is an empty slot.
const (
	slotLong slotKind = iota
	slotInt
	slotFloat
	slotShort
)

const (
	kindMask    = 3
	maxShort    = 7         // bytes of an slotShort
	maxInt      = 1<<61 - 1 // of an slotInt
	minInt      = -maxInt - 1
	scratchSize = 32 // holds the text of any number
)

// newWord returns the word for a text, false if the text does not fit one.
func newWord(text []byte) (word uint64, ok bool) {
	if n, ok := numfmt.ParseInt(text); ok && n >= minInt && n <= maxInt {
		return uint64(n)<<2 | uint64(slotInt), true
	}
	if f, ok := exactFloat(text); ok {
		return math.Float64bits(f) | uint64(slotFloat), true
	}
	if len(text) > maxShort {
		return 0, false
	}
	word = uint64(slotShort) | uint64(len(text))<<2
	for i, b := range text {
		word |= uint64(b) << (8 * (i + 1))
	}
	return word, true
}

// exactFloat parses a text as a number without its two lowest bits, which hold
// the kind. It returns false unless that number is formatted as the same text.
func exactFloat(text []byte) (float64, bool) {
	points := 0
	for i, b := range text {
		switch {
		case b == '.':
			points++
		case b == '-' && i == 0 || b >= '0' && b <= '9':
		default:
			return 0, false
		}
	}
	if points != 1 {
		return 0, false
	}
	f, ok := numfmt.ParseFloat(text)
	if !ok {
		return 0, false
	}
	f = math.Float64frombits(math.Float64bits(f) &^ kindMask)
	var room [scratchSize]byte
	return f, string(appendFloat(room[:0], f)) == string(text)
}

// appendFloat appends the text of a slotFloat, a number with at least one decimal or an exponent.
func appendFloat(dst []byte, f float64) []byte {
	at := len(dst)
	dst = numfmt.AppendFloat(dst, f)
	for _, b := range dst[at:] {
		if b == '.' || b == 'e' || b == 'n' { // neither inf nor nan has decimals
			return dst
		}
	}
	return append(dst, ".0"...)
}

// Kind returns the representation of the value.
func (v slot) Kind() slotKind { return slotKind(v.word & kindMask) }

// Int returns the number of a slotInt.
func (v slot) Int() int64 { return int64(v.word) >> 2 }

// Float returns the number of a slotFloat.
func (v slot) Float() float64 { return math.Float64frombits(v.word &^ kindMask) }

// Bytes returns the text of the value, for which it may use scratch. It must
// not be modified.
func (v slot) Bytes(scratch []byte) []byte {
	if v.Kind() == slotLong {
		return unsafe.Slice(unsafe.StringData(v.text), len(v.text))
	}
	return v.AppendTo(scratch[:0])
}

// AppendTo appends the text of the value.
func (v slot) AppendTo(dst []byte) []byte {
	switch v.Kind() {
	case slotInt:
		return strconv.AppendInt(dst, v.Int(), 10)
	case slotFloat:
		return appendFloat(dst, v.Float())
	case slotShort:
		for i := range int(v.word >> 2 & maxShort) {
			dst = append(dst, byte(v.word>>(8*(i+1))))
		}
		return dst
	}
	return append(dst, v.text...)
}

package listpack

import (
	"encoding/binary"
	"math"
	"strconv"
)

// Value is an element: an integer if IsInt is set, else a string. A value read from a pack does not own Str, which is
// part of the pack and valid until the next write to it.
type Value struct {
	Str   []byte
	Int   int64
	IsInt bool
}

// ValueOf returns v as a pack stores it: as an integer if v is the canonical decimal form of an int64, so that the
// number gives back the text, and else as a string. Str refers to v.
func ValueOf(v []byte) Value {
	if n, ok := ParseInt(v); ok {
		return Value{Int: n, IsInt: true}
	}
	return Value{Str: v}
}

// IntValue returns n as an element.
func IntValue(n int64) Value { return Value{Int: n, IsInt: true} }

// AppendTo appends the text of v to dst.
func (v Value) AppendTo(dst []byte) []byte {
	if v.IsInt {
		return strconv.AppendInt(dst, v.Int, 10)
	}
	return append(dst, v.Str...)
}

// Equal reports whether the text of v is s. It does not allocate.
func (v Value) Equal(s []byte) bool {
	if v.IsInt {
		n, ok := ParseInt(s)
		return ok && n == v.Int
	}
	return string(v.Str) == string(s)
}

// TextLen returns the length of the text of v in bytes.
func (v Value) TextLen() int {
	if !v.IsInt {
		return len(v.Str)
	}
	u, n := uint64(v.Int), 1
	if v.Int < 0 {
		u, n = -u, 2
	}
	for ; u >= 10; u /= 10 {
		n++
	}
	return n
}

// EntrySize returns the number of bytes by which a pack grows when v is added to it.
func (v Value) EntrySize() int {
	n := v.encodedSize()
	return n + backlenSize(n)
}

// EntrySize returns the number of bytes by which a pack grows when value is added to it.
func EntrySize(value []byte) int { return ValueOf(value).EntrySize() }

// ParseInt parses s as an int64 if s is exactly the number's formatted text: no plus sign, no leading zero, no "-0", no
// blanks.
func ParseInt(s []byte) (int64, bool) {
	digits := s
	if len(s) > 0 && s[0] == '-' {
		digits = s[1:]
	}
	if len(digits) == 0 || len(digits) > 19 { // the longest int64 has 19 digits
		return 0, false
	}
	if digits[0] == '0' {
		return 0, len(s) == 1
	}
	var u uint64 // 19 digits cannot overflow it
	for _, c := range digits {
		if c -= '0'; c > 9 {
			return 0, false
		} else {
			u = u*10 + uint64(c)
		}
	}
	if len(digits) < len(s) {
		return -int64(u), u <= 1<<63
	}
	return int64(u), u <= math.MaxInt64
}

// The first byte of an element is its encoding. In the first four forms the high bits are the tag, and the low bits
// begin the number or the length.
const (
	tag6Str  = 0x80 // 10xxxxxx: string of up to 63 bytes
	tag13Int = 0xC0 // 110xxxxx: 13 bits, high part first
	tag12Str = 0xE0 // 1110xxxx: string of up to 4095 bytes, length high part first
	tag32Str = 0xF0 // 4 bytes of length, little-endian as all that follows
	tag16Int = 0xF1
	tag24Int = 0xF2
	tag32Int = 0xF3
	tag64Int = 0xF4
	end      = 0xFF
)

// encodedSize returns the size of v without its back length.
func (v Value) encodedSize() int {
	if !v.IsInt {
		switch n := len(v.Str); {
		case n < 1<<6:
			return 1 + n
		case n < 1<<12:
			return 2 + n
		default:
			return 5 + n
		}
	}
	switch n := v.Int; {
	case n >= 0 && n < 1<<7:
		return 1
	case n >= -1<<12 && n < 1<<12:
		return 2
	case n == int64(int16(n)):
		return 3
	case n >= -1<<23 && n < 1<<23:
		return 4
	case n == int64(int32(n)):
		return 5
	default:
		return 9
	}
}

// appendEntry appends v in its encoded form, back length included.
func (v Value) appendEntry(dst []byte) []byte {
	size := v.encodedSize()
	if v.IsInt {
		n := v.Int
		switch size {
		case 1:
			dst = append(dst, byte(n))
		case 2:
			dst = append(dst, tag13Int|byte(n>>8)&0x1F, byte(n))
		case 3:
			dst = append(dst, tag16Int, byte(n), byte(n>>8))
		case 4:
			dst = append(dst, tag24Int, byte(n), byte(n>>8), byte(n>>16))
		case 5:
			dst = binary.LittleEndian.AppendUint32(append(dst, tag32Int), uint32(n))
		default:
			dst = binary.LittleEndian.AppendUint64(append(dst, tag64Int), uint64(n))
		}
		return append(dst, byte(size))
	}
	switch n := len(v.Str); size - n {
	case 1:
		dst = append(dst, tag6Str|byte(n))
	case 2:
		dst = append(dst, tag12Str|byte(n>>8), byte(n))
	default:
		dst = binary.LittleEndian.AppendUint32(append(dst, tag32Str), uint32(n))
	}
	return appendBacklen(append(dst, v.Str...), size)
}

// decode reads the element at the beginning of b, which must be complete, and returns its size without the back length.
func decode(b []byte) (v Value, size int) {
	switch c := b[0]; {
	case c < tag6Str:
		return Value{Int: int64(c), IsInt: true}, 1
	case c < tag13Int:
		size = 1 + int(c&0x3F)
		return Value{Str: b[1:size:size]}, size
	case c < tag12Str:
		return Value{Int: int64(int16(uint16(c)<<11|uint16(b[1])<<3) >> 3), IsInt: true}, 2
	case c < tag32Str:
		size = 2 + int(c&0x0F)<<8 + int(b[1])
		return Value{Str: b[2:size:size]}, size
	case c == tag32Str:
		size = 5 + int(binary.LittleEndian.Uint32(b[1:]))
		return Value{Str: b[5:size:size]}, size
	case c == tag16Int:
		return Value{Int: int64(int16(binary.LittleEndian.Uint16(b[1:]))), IsInt: true}, 3
	case c == tag24Int:
		return Value{Int: int64(int32(uint32(b[1])<<8|uint32(b[2])<<16|uint32(b[3])<<24) >> 8), IsInt: true}, 4
	case c == tag32Int:
		return Value{Int: int64(int32(binary.LittleEndian.Uint32(b[1:]))), IsInt: true}, 5
	default:
		return Value{Int: int64(binary.LittleEndian.Uint64(b[1:])), IsInt: true}, 9
	}
}

// sizeAt returns the size of the element at the beginning of b without its back length. It returns 0 if the first byte
// is no encoding, or if b ends before the length is known.
func sizeAt(b []byte) int {
	switch c := b[0]; {
	case c < tag6Str:
		return 1
	case c < tag13Int:
		return 1 + int(c&0x3F)
	case c < tag12Str:
		return 2
	case c < tag32Str:
		if len(b) < 2 {
			return 0
		}
		return 2 + int(c&0x0F)<<8 + int(b[1])
	case c == tag32Str:
		if len(b) < 5 {
			return 0
		}
		return 5 + int(binary.LittleEndian.Uint32(b[1:]))
	case c <= tag32Int:
		return 3 + int(c-tag16Int)
	case c == tag64Int:
		return 9
	default:
		return 0
	}
}

// backlenSize returns the number of bytes of the back length of an element of n bytes: seven bits in each. From two
// bytes on Redis does not use the largest number that would fit, so this follows it.
func backlenSize(n int) int {
	switch {
	case n < 1<<7:
		return 1
	case n < 1<<14-1:
		return 2
	case n < 1<<21-1:
		return 3
	case n < 1<<28-1:
		return 4
	default:
		return 5
	}
}

// appendBacklen appends the length of an element for reading backwards: the lowest seven bits last, with the high bit
// set on all bytes but the first, the last one that such a reader meets.
func appendBacklen(dst []byte, n int) []byte {
	size := backlenSize(n)
	if size == 1 {
		return append(dst, byte(n))
	}
	dst = append(dst, byte(n>>(7*(size-1))))
	for i := size - 2; i >= 0; i-- {
		dst = append(dst, byte(n>>(7*i))|0x80)
	}
	return dst
}

// backlen reads the back length at the end of b. It returns -1 if that has
// more than five bytes.
func backlen(b []byte) int {
	n := 0
	for i := range min(5, len(b)) {
		c := b[len(b)-1-i]
		n |= int(c&0x7F) << (7 * i)
		if c < 0x80 {
			return n
		}
	}
	return -1
}

// firstSize returns the whole size of the element at the beginning of b, including its back length.
func firstSize(b []byte) int {
	n := sizeAt(b)
	return n + backlenSize(n)
}

// Package numfmt parses and prints numbers as Redis does, byte for byte.
//
// Integers are strict decimals. Doubles are parsed as C's strtod parses a
// whole string, and printed in the short form of Redis 7.2 and later. Long
// doubles are the 80-bit numbers of the x87, which INCRBYFLOAT and
// HINCRBYFLOAT use. A parser returns false for an invalid number; the commands
// choose the error.
//
// All functions are pure and safe for concurrent use.
package numfmt

import "math"

// ParseInt parses a decimal integer in the only form that Redis prints: an
// optional minus, no plus, no leading zeros, no spaces, not "-0". These are
// also the strings that Redis may store as integers. It does not allocate.
func ParseInt(b []byte) (int64, bool) {
	if len(b) > 0 && b[0] == '-' {
		v, ok := ParseUint(b[1:])
		if !ok || v == 0 || v > 1<<63 {
			return 0, false
		}
		return -int64(v), true
	}
	v, ok := ParseUint(b)
	if !ok || v > math.MaxInt64 {
		return 0, false
	}
	return int64(v), true
}

// maxUintDigits is the number of digits of the largest uint64.
const maxUintDigits = 20

// ParseUint parses an unsigned decimal integer of up to 64 bits: digits only,
// no leading zeros. It does not allocate.
func ParseUint(b []byte) (uint64, bool) {
	if len(b) == 0 || len(b) > maxUintDigits || (b[0] == '0' && len(b) > 1) {
		return 0, false
	}
	var v uint64
	for _, c := range b {
		d := uint64(c - '0')
		if d > 9 {
			return 0, false
		}
		v = v*10 + d
	}
	// Nineteen digits always fit. A number of twenty digits that overflows wraps
	// around to less than the smallest number of twenty digits.
	if len(b) == maxUintDigits && (b[0] != '1' || v < 1e19) {
		return 0, false
	}
	return v, true
}

// ParseUintLax parses an unsigned integer as C's strtoull in base 10 parses a
// whole string. Redis uses this for the two parts of a stream ID. It accepts
// leading spaces, leading zeros and a sign. A minus wraps around, except that
// it rejects the form that ParseInt accepts.
func ParseUintLax(b []byte) (uint64, bool) {
	if n, ok := ParseInt(b); ok {
		return uint64(n), n >= 0
	}
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	neg := len(b) > 0 && b[0] == '-'
	if neg || (len(b) > 0 && b[0] == '+') {
		b = b[1:]
	}
	for len(b) > 1 && b[0] == '0' {
		b = b[1:]
	}
	v, ok := ParseUint(b)
	if neg {
		v = -v
	}
	return v, ok
}

func isSpace(c byte) bool { return c == ' ' || (c >= '\t' && c <= '\r') }

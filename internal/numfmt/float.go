package numfmt

import (
	"bytes"
	"math"
	"strconv"
)

// ParseFloat parses a double as Redis does, with C's strtod over the whole
// string: decimal or hexadecimal, with or without exponent, an optional sign,
// and inf or infinity in any case. It rejects leading spaces, trailing bytes,
// the empty string, NaN, overflow, and underflow to zero. It allocates only
// for numbers longer than 32 bytes.
func ParseFloat(b []byte) (float64, bool) {
	if n, ok := ParseInt(b); ok {
		return float64(n), true // rounds to nearest even, as strtod does
	}
	f, inRange, ok := parseFloat(b)
	if !ok || !inRange {
		return 0, false
	}
	return f, true
}

// ParseFloatLax parses a double like the ends of score ranges: a C string up
// to the first zero byte, with leading spaces skipped. The empty text is 0,
// and an overflow gives an infinity.
func ParseFloatLax(b []byte) (float64, bool) {
	b, _, _ = bytes.Cut(b, []byte{0})
	if len(b) == 0 {
		return 0, true
	}
	f, _, ok := parseFloat(bytes.TrimLeft(b, " \t\n\v\f\r"))
	return f, ok
}

// parseFloat returns an infinity or zero, and inRange false, for a number that
// does not fit.
func parseFloat(b []byte) (f float64, inRange, ok bool) {
	lit, ok := scanFloat(b)
	if !ok {
		return 0, false, false
	}
	if lit.inf {
		return math.Inf(lit.sign()), true, true
	}
	var err error
	if lit.hex && !lit.hasExp {
		f, err = strconv.ParseFloat(string(b)+"p0", 64) // optional in C, required in Go
	} else {
		f, err = strconv.ParseFloat(string(b), 64)
	}
	return f, err == nil && (f != 0 || lit.zero()), true
}

// literal is a floating-point constant of C in its parts.
type literal struct {
	neg, inf, hex, hasExp bool
	whole, frac           []byte // digits before and after the point, without prefix
	exp                   int    // of ten, or of two if hex; clamped to maxExp
}

// maxExp clamps the exponent of a literal. No number of digits that fits in
// memory can compensate for more.
const maxExp = 1 << 40

func (l *literal) sign() int {
	if l.neg {
		return -1
	}
	return 1
}

// zero reports whether all digits are zeros.
func (l *literal) zero() bool {
	return len(bytes.TrimLeft(l.whole, "0")) == 0 && len(bytes.TrimLeft(l.frac, "0")) == 0
}

// scanFloat splits b, which must be a single constant. It rejects NaNs.
func scanFloat(b []byte) (l literal, ok bool) {
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		l.neg = b[0] == '-'
		b = b[1:]
	}
	if len(b) == 0 {
		return l, false
	}
	if b[0]|0x20 == 'i' {
		l.inf = bytes.EqualFold(b, []byte("inf")) || bytes.EqualFold(b, []byte("infinity"))
		return l, l.inf
	}
	digit, mark := isDigit, byte('e')
	if len(b) > 2 && b[0] == '0' && b[1]|0x20 == 'x' {
		l.hex = true
		digit, mark = isHexDigit, 'p'
		b = b[2:]
	}
	l.whole, b = cutDigits(b, digit)
	if len(b) > 0 && b[0] == '.' {
		l.frac, b = cutDigits(b[1:], digit)
	}
	if len(l.whole)+len(l.frac) == 0 {
		return l, false
	}
	if len(b) == 0 {
		return l, true
	}
	if b[0]|0x20 != mark {
		return l, false
	}
	l.hasExp = true
	b = b[1:]
	neg := len(b) > 0 && b[0] == '-'
	if neg || (len(b) > 0 && b[0] == '+') {
		b = b[1:]
	}
	exp, rest := cutDigits(b, isDigit)
	if len(exp) == 0 || len(rest) > 0 {
		return l, false
	}
	for _, c := range exp {
		l.exp = min(l.exp*10+int(c-'0'), maxExp)
	}
	if neg {
		l.exp = -l.exp
	}
	return l, true
}

// cutDigits splits off the leading bytes that are digits.
func cutDigits(b []byte, digit func(byte) bool) (digits, rest []byte) {
	n := 0
	for n < len(b) && digit(b[n]) {
		n++
	}
	return b[:n], b[n:]
}

func isDigit(c byte) bool    { return c-'0' <= 9 }
func isHexDigit(c byte) bool { return c-'0' <= 9 || (c|0x20)-'a' <= 5 }

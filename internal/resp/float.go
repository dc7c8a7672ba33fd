package resp

import (
	"bytes"
	"math"
	"strconv"
)

// appendFloat appends f as Redis 7.4 prints doubles: integers up to 2^62 as such, for others the shortest digits that
// read back the same, with an exponent where plain digits would need more than six zeros.
func appendFloat(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "nan"...)
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	case -1<<62 <= f && f <= 1<<62 && f == math.Trunc(f) && (f != 0 || !math.Signbit(f)):
		return strconv.AppendInt(dst, int64(f), 10)
	}
	var text [32]byte
	digits := strconv.AppendFloat(text[:0], f, 'e', -1, 64)
	if digits[0] == '-' {
		dst, digits = append(dst, '-'), digits[1:]
	}
	if f == 0 {
		return append(dst, '0')
	}
	// d.ddde±xx: the value is 0.d1d2d3… times 10 to the point.
	e := bytes.IndexByte(digits, 'e')
	point, _ := strconv.Atoi(string(digits[e+1:]))
	point++
	if e > 1 {
		copy(digits[1:], digits[2:e]) // close the gap of the '.'
		e--
	}
	digits = digits[:e]
	n := len(digits)
	size := point - 1
	if size < 0 {
		size = -size
	}
	const zeros = "000000000000000000000000"
	switch {
	case point >= n && size < n+7:
		dst = append(dst, digits...)
		return append(dst, zeros[:point-n]...)
	case point < n && (n-point < 7 || size < 4):
		if point <= 0 {
			dst = append(dst, "0."...)
			dst = append(dst, zeros[:-point]...)
			return append(dst, digits...)
		}
		dst = append(dst, digits[:point]...)
		dst = append(dst, '.')
		return append(dst, digits[point:]...)
	}
	dst = append(dst, digits[0])
	if n > 1 {
		dst = append(dst, '.')
		dst = append(dst, digits[1:]...)
	}
	dst = append(dst, 'e', '+')
	if point < 1 {
		dst[len(dst)-1] = '-'
	}
	return strconv.AppendInt(dst, int64(size), 10)
}

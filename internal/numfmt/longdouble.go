package numfmt

import (
	"cmp"
	"math"
	"math/big"
	"math/bits"
	"strconv"
)

// LongDouble is a number with a 64-bit mantissa: C's long double on x86, which
// INCRBYFLOAT and HINCRBYFLOAT use. The zero value is 0. There is neither a
// NaN nor a signed zero, since these can't be stored or printed. Subnormal
// numbers keep all their bits, since even the largest one is far below the
// last decimal printed.
type LongDouble struct {
	mant uint64 // the top bit is set, unless the number is zero or infinite
	exp  int32  // the value is mant * 2^exp
	neg  bool
	inf  bool
}

const (
	maxLongExp = 16384 - 64 // exponent of the largest finite number
	minLongExp = -16445     // exponent of the bit that is the smallest number
	// maxLongLen is the length from which Redis refuses to parse.
	maxLongLen = 5 * 1024
)

// LongDoubleFromInt converts n, exactly.
func LongDoubleFromInt(n int64) LongDouble {
	if n < 0 {
		return fromUint128(true, 0, -uint64(n), 0)
	}
	return fromUint128(false, 0, uint64(n), 0)
}

// ParseLongDouble parses a long double by the rules of ParseFloat. It rejects
// texts of 5 kB and more. It does not allocate for numbers of up to 19 digits
// without an extreme exponent, and uses math/big for others.
func ParseLongDouble(b []byte) (LongDouble, bool) {
	if n, ok := ParseInt(b); ok {
		return LongDoubleFromInt(n), true
	}
	if len(b) >= maxLongLen {
		return LongDouble{}, false
	}
	l, ok := scanFloat(b)
	switch {
	case !ok:
		return LongDouble{}, false
	case l.inf:
		return LongDouble{inf: true, neg: l.neg}, true
	case l.zero():
		return LongDouble{}, true
	}
	exp := l.exp - len(l.frac)
	if !l.hex && len(l.whole)+len(l.frac) <= 19 && -19 <= exp && exp <= 19 {
		var m uint64
		for _, part := range [2][]byte{l.whole, l.frac} {
			for _, c := range part {
				m = m*10 + uint64(c-'0')
			}
		}
		if exp < 0 {
			return quotient(l.neg, m, pow10[-exp]), true
		}
		hi, lo := bits.Mul64(m, pow10[exp])
		return fromUint128(l.neg, hi, lo, 0), true
	}
	return parseBig(&l)
}

// pow10 holds the powers of ten that fit.
var pow10 = [20]uint64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
	1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}

// quotient returns n/d, correctly rounded. Neither may be zero.
func quotient(neg bool, n, d uint64) LongDouble {
	sn, sd := bits.LeadingZeros64(n), bits.LeadingZeros64(d)
	n, d = n<<sn, d<<sd
	exp := sd - sn - 64
	hi, lo := n, uint64(0)
	if n >= d { // otherwise the quotient would have 65 bits
		hi, lo = n>>1, n<<63
		exp++
	}
	q, r := bits.Div64(hi, lo, d)
	half := uint64(0) // the remainder as a fraction of 2^64; only its relation to one half matters
	switch {
	case r > d-r:
		half = 1<<63 + 1
	case r == d-r:
		half = 1 << 63
	case r > 0:
		half = 1
	}
	return fromUint128(neg, q, half, exp-64)
}

// fromUint128 returns (hi, lo) * 2^exp, rounded to nearest even.
func fromUint128(neg bool, hi, lo uint64, exp int) LongDouble {
	if hi == 0 {
		hi, lo = lo, 0
		exp -= 64
		if hi == 0 {
			return LongDouble{}
		}
	}
	s := bits.LeadingZeros64(hi)
	hi, lo = hi<<s|lo>>(64-s), lo<<s
	exp += 64 - s
	const half = 1 << 63
	if lo > half || (lo == half && hi&1 == 1) {
		hi++
		if hi == 0 {
			hi = 1 << 63
			exp++
		}
	}
	return LongDouble{mant: hi, exp: int32(exp), neg: neg}
}

// parseBig parses the numbers that are beyond the fast path of
// ParseLongDouble. It keeps only the 64 leading bits of an exact quotient, so
// its result is correctly rounded too.
func parseBig(l *literal) (LongDouble, bool) {
	base, digitWidth, limit := 10, 1, 4951
	if l.hex {
		base, digitWidth, limit = 16, 4, 16446
	}
	exp := l.exp - digitWidth*len(l.frac)
	if exp > limit || exp+digitWidth*(len(l.whole)+len(l.frac)) < -limit {
		return LongDouble{}, false // too large or too small, whatever the digits
	}
	m, _ := new(big.Int).SetString(string(l.whole)+string(l.frac), base)
	f := new(big.Float).SetPrec(64)
	switch {
	case l.hex:
		f.SetInt(m)
		f.SetMantExp(f, exp)
	case exp >= 0:
		f.SetInt(m.Mul(m, bigPow10(exp)))
	default:
		f.Quo(new(big.Float).SetInt(m), new(big.Float).SetInt(bigPow10(-exp)))
	}
	e := f.MantExp(f) - 64
	mant, _ := f.SetMantExp(f, 64).Uint64()
	if e > maxLongExp || e+63 < minLongExp-1 || (e+63 == minLongExp-1 && mant == 1<<63) {
		return LongDouble{}, false
	}
	return LongDouble{mant: mant, exp: int32(e), neg: l.neg}, true
}

func bigPow10(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// MaxLongDouble returns the largest finite number.
func MaxLongDouble() LongDouble { return LongDouble{mant: math.MaxUint64, exp: maxLongExp} }

// IsInf reports whether a is infinite.
func (a LongDouble) IsInf() bool { return a.inf }

// Neg returns -a.
func (a LongDouble) Neg() LongDouble {
	a.neg = !a.neg && (a.inf || a.mant != 0)
	return a
}

// Cmp returns a negative number, zero or a positive number if a is less than,
// equal to or greater than b.
func (a LongDouble) Cmp(b LongDouble) int {
	x, y := a, b
	if a.neg && b.neg {
		x, y = b, a
	}
	return cmp.Or(
		cmp.Compare(a.sign(), b.sign()),
		cmp.Compare(x.rank(), y.rank()),
		cmp.Compare(x.mant, y.mant),
	)
}

func (a LongDouble) sign() int {
	switch {
	case a.neg:
		return -1
	case a.inf || a.mant != 0:
		return 1
	}
	return 0
}

// rank orders numbers other than zero by magnitude, up to their mantissas.
func (a LongDouble) rank() int32 {
	if a.inf {
		return math.MaxInt32
	}
	return a.exp
}

// Add returns a+b, rounded to nearest even. ok is false if the sum is infinite
// or not a number: "ERR increment would produce NaN or Infinity".
func (a LongDouble) Add(b LongDouble) (sum LongDouble, ok bool) {
	switch {
	case a.inf || b.inf:
		return LongDouble{}, false
	case a.mant == 0:
		return b, true
	case b.mant == 0:
		return a, true
	}
	if a.exp < b.exp || (a.exp == b.exp && a.mant < b.mant) {
		a, b = b, a
	}
	// (hi, lo) is b with a's exponent and 64 more bits. The last bit is set if
	// any bits below are lost.
	var hi, lo uint64
	switch d := uint(a.exp - b.exp); {
	case d < 64:
		hi, lo = b.mant>>d, b.mant<<(64-d)
	case d < 128:
		lo = b.mant >> (d - 64)
		if lo<<(d-64) != b.mant {
			lo |= 1
		}
	default:
		lo = 1
	}
	exp := int(a.exp) - 64
	if a.neg == b.neg {
		var carry uint64
		hi, carry = bits.Add64(a.mant, hi, 0)
		if carry != 0 {
			lo = hi<<63 | lo>>1 | lo&1
			hi = 1<<63 | hi>>1
			exp++
		}
	} else {
		var borrow uint64
		lo, borrow = bits.Sub64(0, lo, 0)
		hi, _ = bits.Sub64(a.mant, hi, borrow)
	}
	sum = fromUint128(a.neg, hi, lo, exp)
	return sum, sum.exp <= maxLongExp
}

// AppendHuman appends a in the format of INCRBYFLOAT: %.17Lf without trailing
// zeros, never with an exponent. It does not allocate for numbers below 2^64.
func (a LongDouble) AppendHuman(dst []byte) []byte {
	if a.inf {
		if a.neg {
			dst = append(dst, '-')
		}
		return append(dst, "inf"...)
	}
	if a.exp > 0 {
		if a.neg {
			dst = append(dst, '-')
		}
		m := new(big.Int).SetUint64(a.mant)
		return m.Lsh(m, uint(a.exp)).Append(dst, 10)
	}
	whole, frac := a.split()
	if a.neg && (whole != 0 || frac != 0) {
		dst = append(dst, '-')
	}
	dst = strconv.AppendUint(dst, whole, 10)
	if frac == 0 {
		return dst
	}
	// A leading one keeps the leading zeros; the point replaces it.
	at := len(dst)
	dst = strconv.AppendUint(dst, decimals+frac, 10)
	dst[at] = '.'
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// decimals is 10 to the number of decimals printed.
const decimals = 1e17

// split returns the integer part of |a|, which must be below 2^64, and 10^17
// times the fraction, rounded to nearest even.
func (a LongDouble) split() (whole, frac uint64) {
	n := uint(-a.exp) // number of bits after the point
	if n >= 128 {
		return 0, 0 // less than half of the last decimal
	}
	whole = a.mant >> n
	hi, lo := bits.Mul64(a.mant-whole<<n, decimals)
	// Shift (hi, lo) right by n, and keep the bits shifted out in rest.
	var rest uint64
	if n < 64 {
		frac, rest = hi<<(64-n)|lo>>n, lo<<(64-n)
	} else {
		frac, rest = hi>>(n-64), hi<<(128-n)
		if n > 64 && lo != 0 {
			rest |= 1
		} else if n == 64 {
			rest = lo
		}
	}
	const half = 1 << 63
	if rest > half || (rest == half && frac&1 == 1) {
		frac++
	}
	if frac == decimals {
		return whole + 1, 0
	}
	return whole, frac
}

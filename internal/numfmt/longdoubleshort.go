package numfmt

import (
	"math"
	"math/big"
)

// LongDoubleFromFloat converts a finite f, exactly.
func LongDoubleFromFloat(f float64) LongDouble {
	frac, exp := math.Frexp(math.Abs(f))
	return fromUint128(math.Signbit(f), 0, uint64(frac*(1<<53)), exp-53)
}

// Trunc returns a without its fraction, and false if that does not fit an
// int64.
func (a LongDouble) Trunc() (int64, bool) {
	if a.inf || a.exp > 0 {
		return 0, false
	}
	var n uint64
	if a.exp > -64 {
		n = a.mant >> uint(-a.exp)
	}
	switch {
	case a.neg && n <= 1<<63:
		return -int64(n), true
	case !a.neg && n <= math.MaxInt64:
		return int64(n), true
	}
	return 0, false
}

// AppendShort appends a as C prints it with %.17Lg: seventeen digits without
// trailing zeros, with an exponent if the number is very large or small.
func (a LongDouble) AppendShort(dst []byte) []byte {
	if a.inf || a.mant == 0 {
		return a.AppendHuman(dst)
	}
	f := new(big.Float).SetPrec(64).SetUint64(a.mant)
	f.SetMantExp(f, int(a.exp))
	if a.neg {
		f.Neg(f)
	}
	return f.Append(dst, 'g', 17)
}

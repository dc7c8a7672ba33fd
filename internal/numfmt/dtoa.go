package numfmt

import (
	"math"
	"math/bits"
	"strconv"
)

// AppendFloat appends f in the format of scores, distances and RESP3 doubles.
// Integers below 2^62 have all their digits. Everything else uses Grisu2, with
// an exponent when the plain form would be long. inf, -inf, nan and -0 are
// names.
//
// Grisu2 (Florian Loitsch, "Printing Floating-Point Numbers Quickly and
// Accurately with Integers", PLDI 2010) always prints digits that read back as
// f. For about one double in a thousand they are not the shortest or not the
// nearest ones. Redis shows those digits to its users, so strconv's always
// shortest form will not do.
func AppendFloat(dst []byte, f float64) []byte {
	if f >= -1<<62 && f <= 1<<62 && f == math.Trunc(f) && f != 0 {
		return strconv.AppendInt(dst, int64(f), 10)
	}
	return AppendGrisu(dst, f)
}

// AppendGrisu is AppendFloat without the exception for large integers.
func AppendGrisu(dst []byte, f float64) []byte {
	switch {
	case f != f:
		return append(dst, "nan"...)
	case f > math.MaxFloat64:
		return append(dst, "inf"...)
	case f < -math.MaxFloat64:
		return append(dst, "-inf"...)
	case f == 0:
		if math.Signbit(f) {
			dst = append(dst, '-')
		}
		return append(dst, '0')
	}
	if f < 0 {
		dst = append(dst, '-')
		f = -f
	}
	var buf [maxDigits]byte
	n, exp := grisu2(&buf, f)
	return appendDecimal(dst, buf[:n], exp)
}

// appendDecimal appends digits * 10^exp in Redis's layout. It is plain if that
// adds at most 7 zeros to an integer, or if a fraction has at most 6 decimals
// or its first digit is at 10^-3 to 10^3. Otherwise it is d.ddde±x.
func appendDecimal(dst, digits []byte, exp int) []byte {
	point := len(digits) + exp // number of digits before the point
	lead := point - 1          // exponent of the first digit
	switch {
	case exp >= 0 && exp < 8:
		dst = append(dst, digits...)
		return append(dst, "0000000"[:exp]...)
	case exp < 0 && point > 0 && (exp > -7 || lead < 4):
		dst = append(dst, digits[:point]...)
		dst = append(dst, '.')
		return append(dst, digits[point:]...)
	case exp < 0 && point <= 0 && (exp > -7 || lead > -4):
		dst = append(dst, "0.000000"[:2-point]...)
		return append(dst, digits...)
	}
	dst = append(dst, digits[0])
	if len(digits) > 1 {
		dst = append(dst, '.')
		dst = append(dst, digits[1:]...)
	}
	if lead < 0 {
		dst = append(dst, 'e')
	} else {
		dst = append(dst, 'e', '+')
	}
	return strconv.AppendInt(dst, int64(lead), 10)
}

// maxDigits is the maximum number of digits that Grisu2 produces for a double.
const maxDigits = 18

// diyFP is frac * 2^exp: Grisu's "do it yourself" number.
type diyFP struct {
	frac uint64
	exp  int
}

// mul returns the upper half of the product, rounded.
func (a diyFP) mul(b diyFP) diyFP {
	hi, lo := bits.Mul64(a.frac, b.frac)
	return diyFP{hi + lo>>63, a.exp + b.exp + 64}
}

// grisu2 writes the digits of f, which must be positive and finite. It returns
// their number and the power of ten of the last one.
func grisu2(buf *[maxDigits]byte, f float64) (n, exp int) {
	const hidden = 1 << 52
	b := math.Float64bits(f)
	w := diyFP{b & (hidden - 1), int(b >> 52)}
	if w.exp != 0 {
		w.frac |= hidden
		w.exp -= 1075
	} else {
		w.exp = -1074
	}

	// high and low are halfway to the neighbours of w, both with high's exponent.
	// Below a power of two the doubles are closer together.
	high := diyFP{w.frac<<1 + 1, w.exp - 1}
	s := bits.LeadingZeros64(high.frac)
	high = diyFP{high.frac << s, high.exp - s}
	closer := 1
	if w.frac == hidden {
		closer = 2
	}
	low := (w.frac<<closer - 1) << (w.exp - closer - high.exp)
	s = bits.LeadingZeros64(w.frac)
	w = diyFP{w.frac << s, w.exp - s}

	pow, k := scale(high.exp)
	w, high = w.mul(pow), high.mul(pow)
	low = diyFP{low, 0}.mul(pow).frac
	// The products may be off by one, so step inwards.
	return digits(buf, w.frac, diyFP{high.frac - 1, high.exp}, low+1, -k)
}

// scale finds the power of ten that brings a number with the binary exponent
// exp into the range where the integer part has at most 32 bits. Often two
// powers do. Redis takes the first guess, and the choice shows in the digits.
func scale(exp int) (pow diyFP, k int) {
	guess := int(float64(-(exp + len(powersOfTen))) * 0.30102999566398114)
	for i := (guess - firstPower) / powerStep; ; {
		k = firstPower + i*powerStep
		pow = diyFP{powersOfTen[i], (k*217706)>>16 - 63} // k*log2(10), rounded down
		switch e := exp + pow.exp + 64; {
		case e < -60:
			i++
		case e > -32:
			i--
		default:
			return pow, k
		}
	}
}

// digits generates digits of high until the rest is less than the distance to
// low, so that the digits identify the number. Then it lowers the last digit
// as long as that brings it nearer to w.
func digits(buf *[maxDigits]byte, w uint64, high diyFP, low uint64, k int) (n, exp int) {
	toW, room := high.frac-w, high.frac-low
	shift := -high.exp
	whole, part := uint32(high.frac>>shift), high.frac&(1<<shift-1)

	for div, kappa := uint32(1e9), 9; kappa >= 0; div, kappa = div/10, kappa-1 {
		d := whole / div
		whole -= d * div
		if d != 0 || n != 0 {
			buf[n] = '0' + byte(d)
			n++
		}
		if rest := uint64(whole)<<shift + part; rest <= room {
			approach(&buf[n-1], room, rest, uint64(div)<<shift, toW)
			return n, k + kappa
		}
	}
	for kappa, unit := -1, uint64(10); ; kappa, unit = kappa-1, unit*10 {
		part *= 10
		room *= 10
		d := part >> shift
		part &= 1<<shift - 1
		if d != 0 || n != 0 {
			buf[n] = '0' + byte(d)
			n++
		}
		if part < room {
			approach(&buf[n-1], room, part, 1<<shift, toW*unit)
			return n, k + kappa
		}
	}
}

// approach lowers the last digit, worth unit, while rest, the distance from
// high, stays within room and approaches toW.
func approach(last *byte, room, rest, unit, toW uint64) {
	for rest < toW && room-rest >= unit && (rest+unit < toW || toW-rest > rest+unit-toW) {
		*last--
		rest += unit
	}
}

const (
	firstPower = -348
	powerStep  = 8
)

// powersOfTen holds the upper 64 bits of 10^-348, 10^-340, ..., 10^340,
// rounded to nearest. A test recomputes them.
var powersOfTen = [87]uint64{
	0xfa8fd5a0081c0288, 0xbaaee17fa23ebf76, 0x8b16fb203055ac76, 0xcf42894a5dce35ea,
	0x9a6bb0aa55653b2d, 0xe61acf033d1a45df, 0xab70fe17c79ac6ca, 0xff77b1fcbebcdc4f,
	0xbe5691ef416bd60c, 0x8dd01fad907ffc3c, 0xd3515c2831559a83, 0x9d71ac8fada6c9b5,
	0xea9c227723ee8bcb, 0xaecc49914078536d, 0x823c12795db6ce57, 0xc21094364dfb5637,
	0x9096ea6f3848984f, 0xd77485cb25823ac7, 0xa086cfcd97bf97f4, 0xef340a98172aace5,
	0xb23867fb2a35b28e, 0x84c8d4dfd2c63f3b, 0xc5dd44271ad3cdba, 0x936b9fcebb25c996,
	0xdbac6c247d62a584, 0xa3ab66580d5fdaf6, 0xf3e2f893dec3f126, 0xb5b5ada8aaff80b8,
	0x87625f056c7c4a8b, 0xc9bcff6034c13053, 0x964e858c91ba2655, 0xdff9772470297ebd,
	0xa6dfbd9fb8e5b88f, 0xf8a95fcf88747d94, 0xb94470938fa89bcf, 0x8a08f0f8bf0f156b,
	0xcdb02555653131b6, 0x993fe2c6d07b7fac, 0xe45c10c42a2b3b06, 0xaa242499697392d3,
	0xfd87b5f28300ca0e, 0xbce5086492111aeb, 0x8cbccc096f5088cc, 0xd1b71758e219652c,
	0x9c40000000000000, 0xe8d4a51000000000, 0xad78ebc5ac620000, 0x813f3978f8940984,
	0xc097ce7bc90715b3, 0x8f7e32ce7bea5c70, 0xd5d238a4abe98068, 0x9f4f2726179a2245,
	0xed63a231d4c4fb27, 0xb0de65388cc8ada8, 0x83c7088e1aab65db, 0xc45d1df942711d9a,
	0x924d692ca61be758, 0xda01ee641a708dea, 0xa26da3999aef774a, 0xf209787bb47d6b85,
	0xb454e4a179dd1877, 0x865b86925b9bc5c2, 0xc83553c5c8965d3d, 0x952ab45cfa97a0b3,
	0xde469fbd99a05fe3, 0xa59bc234db398c25, 0xf6c69a72a3989f5c, 0xb7dcbf5354e9bece,
	0x88fcf317f22241e2, 0xcc20ce9bd35c78a5, 0x98165af37b2153df, 0xe2a0b5dc971f303a,
	0xa8d9d1535ce3b396, 0xfb9b7cd9a4a7443c, 0xbb764c4ca7a44410, 0x8bab8eefb6409c1a,
	0xd01fef10a657842c, 0x9b10a4e5e9913129, 0xe7109bfba19c0c9d, 0xac2820d9623bf429,
	0x80444b5e7aa7cf85, 0xbf21e44003acdd2d, 0x8e679c2f5e44ff8f, 0xd433179d9c8cb841,
	0x9e19db92b4e31ba9, 0xeb96bf6ebadf77d9, 0xaf87023b9bf0ee6b,
}

// AppendLong appends f with 17 digits, as C's %.17g prints it.
func AppendLong(dst []byte, f float64) []byte {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return AppendFloat(dst, f)
	}
	return strconv.AppendFloat(dst, f, 'g', 17, 64)
}

package geohash

import "math"

// A stored distance shows all its digits. The last one equals Redis's only if
// sine, cosine and arc sine are correctly rounded, as a good C library does in
// almost all cases. Package math may be one unit off in the last place. The
// functions here carry 15 more bits, in pairs of numbers, and round once.

// pair is the sum of two numbers, the second less than an ulp of the first.
type pair struct{ hi, lo float64 }

// sum returns a+b exactly.
func sum(a, b float64) pair {
	s := a + b
	t := s - a
	return pair{s, (a - (s - t)) + (b - t)}
}

func (p pair) plus(q pair) pair {
	s := sum(p.hi, q.hi)
	return sum(s.hi, s.lo+(p.lo+q.lo))
}

func (p pair) times(q pair) pair {
	hi := float64(p.hi * q.hi)
	return sum(hi, math.FMA(p.hi, q.hi, -hi)+(float64(p.hi*q.lo)+float64(p.lo*q.hi)))
}

// Half of pi, as a sum of three numbers.
const (
	halfPi1 = 0x1.921fb54442d18p+0
	halfPi2 = 0x1.1a62633145c07p-54
	halfPi3 = -0x1.f1976b7ed8fbcp-110
)

// Coefficients of the Taylor series. The first ones need the precision of a
// pair. The number of terms suffices for arguments up to pi/4.
var (
	sin3 = pair{-0x1.5555555555555p-3, -0x1.5555555555555p-57}
	sin5 = pair{0x1.1111111111111p-7, 0x1.1111111111111p-63}
	sin7 = pair{-0x1.a01a01a01a01ap-13, -0x1.a01a01a01a01ap-73}
	cos2 = pair{-0.5, 0}
	cos4 = pair{0x1.5555555555555p-5, 0x1.5555555555555p-59}
	cos6 = pair{-0x1.6c16c16c16c17p-10, 0x1.f49f49f49f49fp-65}

	sinRest = [...]float64{1. / 362880, -1. / 39916800, 1. / 6227020800, -1. / 1307674368000, 1. / 355687428096000, -1. / 121645100408832000}
	cosRest = [...]float64{1. / 40320, -1. / 3628800, 1. / 479001600, -1. / 87178291200, 1. / 20922789888000, -1. / 6402373705728000}
)

// sin and cos take x from -pi to pi.
func sin(x float64) float64 { return turned(x, 0).hi }
func cos(x float64) float64 { return turned(x, 1).hi }

// turned returns the sine of x plus a number of quarter turns.
func turned(x float64, quarters int) pair {
	k := math.RoundToEven(x / halfPi1)
	r := sum(x, -k*halfPi1) // k is at most 2: the products are exact
	r = r.plus(sum(-k*halfPi2, -k*halfPi3))
	switch (int(k) + quarters) & 3 {
	case 0:
		return sinSeries(r)
	case 1:
		return cosSeries(r)
	case 2:
		r = sinSeries(r)
	case 3:
		r = cosSeries(r)
	}
	return pair{-r.hi, -r.lo}
}

func sinSeries(r pair) pair {
	z := r.times(r)
	p := sin7.plus(pair{float64(z.hi * polynomial(&sinRest, z.hi)), 0})
	p = sin5.plus(z.times(p))
	p = sin3.plus(z.times(p))
	return r.plus(r.times(z).times(p))
}

func cosSeries(r pair) pair {
	z := r.times(r)
	p := cos6.plus(pair{float64(z.hi * polynomial(&cosRest, z.hi)), 0})
	p = cos4.plus(z.times(p))
	p = cos2.plus(z.times(p))
	return pair{1, 0}.plus(z.times(p))
}

func polynomial(c *[6]float64, z float64) float64 {
	return c[0] + z*(c[1]+z*(c[2]+z*(c[3]+z*(c[4]+z*c[5]))))
}

// asin takes x from 0 to 1.
func asin(x float64) float64 {
	y := math.Asin(x)
	if x >= 1 {
		return y
	}
	if x > 0.5 { // math.Asin loses digits here
		y = halfPi1 - 2*math.Asin(math.Sqrt((1-x)/2))
	}
	// One step of Newton's method.
	s := turned(y, 0)
	return y + ((x-s.hi)-s.lo)/math.Cos(y)
}

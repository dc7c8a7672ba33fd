package geohash

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// exactSin computes the Taylor series with 200 bits.
func exactSin(x *big.Float) *big.Float {
	square := new(big.Float).Mul(x, x)
	term, total := new(big.Float).Set(x), new(big.Float).Set(x)
	for n := int64(2); n < 80; n += 2 {
		term.Mul(term, square)
		term.Quo(term, new(big.Float).SetInt64(-n*(n+1)))
		total.Add(total, term)
	}
	return total
}

func exact(x float64) *big.Float { return new(big.Float).SetPrec(200).SetFloat64(x) }

// TestNearest checks that sine, cosine and arc sine are correctly rounded.
func TestNearest(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	// asin must be the closest number: x lies between the sines of the midpoints
	// to both neighbours.
	above := func(y float64) *big.Float {
		middle := exact(y)
		return middle.Add(middle, exact(math.Nextafter(y, 2))).Quo(middle, exact(2))
	}
	for range 2000 {
		x := (rnd.Float64()*2 - 1) * math.Pi
		if rnd.IntN(2) == 0 {
			x *= math.Exp(-20 * rnd.Float64())
		}
		if want, _ := exactSin(exact(x)).Float64(); sin(x) != want {
			t.Errorf("sin(%v) = %v, want %v", x, sin(x), want)
		}
		halfPi, _, err := big.ParseFloat("1.57079632679489661923132169163975144209858469968755291048747229615", 10, 200, 0)
		if err != nil {
			t.Fatal(err)
		}
		if want, _ := exactSin(halfPi.Add(halfPi, exact(x))).Float64(); cos(x) != want {
			t.Errorf("cos(%v) = %v, want %v", x, cos(x), want)
		}
		x = math.Abs(math.Sin(x))
		if x == 1 {
			continue
		}
		y := asin(x)
		if exactSin(above(math.Nextafter(y, -1))).Cmp(exact(x)) > 0 || exactSin(above(y)).Cmp(exact(x)) < 0 {
			t.Errorf("asin(%v) = %v is not the nearest", x, y)
		}
	}
	for _, x := range []float64{0, 0.5, 1} {
		if asin(x) != math.Asin(x) {
			t.Errorf("asin(%v) = %v, want %v", x, asin(x), math.Asin(x))
		}
	}
}

func BenchmarkDistance(b *testing.B) {
	p, q := Point{2.1909389952632, 41.433791470673}, Point{2.1873744593677, 41.406342043777}
	for b.Loop() {
		Distance(p, q)
	}
}

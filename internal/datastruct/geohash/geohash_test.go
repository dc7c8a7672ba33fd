package geohash

import (
	"math"
	"math/rand/v2"
	"testing"
)

func random(rnd *rand.Rand) Point {
	return Point{MinLong + rnd.Float64()*(MaxLong-MinLong), MinLat + rnd.Float64()*(MaxLat-MinLat)}
}

func TestRoundTrip(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 10000 {
		p := random(rnd)
		q := Decode(Encode(p))
		if math.Abs(p.Lat-q.Lat) > 1e-5 || math.Abs(p.Long-q.Long) > 1e-5 {
			t.Fatalf("%v comes back as %v", p, q)
		}
		if Encode(q) != Encode(p) {
			t.Fatalf("the middle of the cell of %v is in another cell", p)
		}
	}
}

// TestRanges compares searches with looking at every point. Near the poles and
// over the date line Redis misses points; ours are the same, so they are left
// out here.
func TestRanges(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	points := make([]Point, 2000)
	for i := range points {
		points[i] = Point{-30 + rnd.Float64()*60, -50 + rnd.Float64()*100}
	}
	for range 300 {
		s := Shape{Center: points[rnd.IntN(len(points))], Radius: math.Exp(rnd.Float64() * 14)}
		if rnd.IntN(2) == 0 {
			s = Shape{Center: s.Center, Box: true, Width: s.Radius, Height: s.Radius * rnd.Float64()}
		}
		for _, p := range points {
			p = Decode(Encode(p))
			if _, ok := s.Contains(p); !ok {
				continue
			}
			found := false
			for lo, hi := range s.Ranges {
				found = found || lo <= Encode(p) && Encode(p) < hi
			}
			if !found {
				t.Fatalf("%v is in %+v, but in none of its ranges", p, s)
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(uint64(0))
	f.Add(uint64(math.MaxUint64))
	f.Fuzz(func(t *testing.T, bits uint64) {
		if p := Decode(bits); !p.Valid() {
			t.Errorf("%d is at %v", bits, p)
		}
	})
}

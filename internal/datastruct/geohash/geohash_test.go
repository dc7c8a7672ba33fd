package geohash

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/resp-server/resp-server/internal/effort"
)

func random(rnd *rand.Rand) Point {
	return Point{MinLong + rnd.Float64()*(MaxLong-MinLong), MinLat + rnd.Float64()*(MaxLat-MinLat)}
}

func TestRoundTrip(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range effort.Of(10000) {
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

// TestRanges compares searches with a look at every point. Near the poles and
// across the date line Redis misses points. This package misses the same ones,
// so the test avoids these regions.
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

// TestContains compares the shortcuts for distant points with Distance.
func TestContains(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	inside := 0
	for range effort.Of(3000) {
		center := Point{-180 + rnd.Float64()*360, -85 + rnd.Float64()*170}
		s := Shape{Center: center, Radius: math.Exp(rnd.Float64() * 17)}
		near := degrees(s.Radius/earthRadius) * 2
		for range 50 {
			p := Point{center.Long + near*(rnd.Float64()*2-1)/math.Cos(radians(center.Lat)), center.Lat + near*(rnd.Float64()*2-1)}
			if p.Long > 180 {
				p.Long -= 360
			}
			p = Point{min(max(p.Long, -180), 180), min(max(p.Lat, MinLat), MaxLat)}
			d := Distance(center, p)
			got, ok := s.Contains(p)
			if ok != (d <= s.Radius) || ok && math.Abs(got-d) > d*1e-12+1e-8 {
				t.Fatalf("%v in %v: %v, %v; it is %v away", p, s, got, ok, d)
			}
			if ok {
				inside++
			}
		}
	}
	t.Logf("%d points inside", inside)
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

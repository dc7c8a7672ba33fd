package topk

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
)

// TestFew: with no more names than counters all sums are exact.
func TestFew(t *testing.T) {
	s := New(3)
	for _, name := range []string{"b", "a", "b", "c", "a", "b"} {
		s.Add([]byte(name), 2)
	}
	s.Add([]byte("nothing"), 0)
	want := []Item{{"b", 6}, {"a", 4}, {"c", 2}}
	if got := s.Top(5); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := s.Top(1); !slices.Equal(got, want[:1]) || s.Total() != 12 {
		t.Errorf("got %v of %d", got, s.Total())
	}
}

// TestModel: no sum that is returned is more than the true one, and names that have
// more than their share of all are found.
func TestModel(t *testing.T) {
	for seed := range uint64(20) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		const counters = 50
		s, sums := New(counters), map[string]uint64{}
		for range 20_000 {
			n := rnd.IntN(1000)
			if rnd.IntN(2) == 0 {
				n = rnd.IntN(5) // often
			}
			name, weight := strconv.Itoa(n), uint64(rnd.IntN(20))
			s.Add([]byte(name), weight)
			sums[name] += weight
			if n == 0 {
				if err := s.Check(); err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
			}
		}
		top := s.Top(counters)
		for _, item := range top {
			if item.Sum > sums[item.Name] {
				t.Fatalf("seed %d: %s has %d of %d", seed, item.Name, item.Sum, sums[item.Name])
			}
		}
		for name, sum := range sums {
			if sum > s.Total()/counters && !slices.ContainsFunc(top, func(i Item) bool { return i.Name == name }) {
				t.Fatalf("seed %d: %s with %d of %d is not found", seed, name, sum, s.Total())
			}
		}
		for i, item := range top[:5] {
			if n, _ := strconv.Atoi(item.Name); n > 4 {
				t.Errorf("seed %d: %v is the %d. name", seed, item, i)
			}
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	b.ReportAllocs()
	s, names := New(1000), make([][]byte, 1<<16)
	for i := range names {
		names[i] = strconv.AppendInt(nil, int64(i*i%5000), 10)
	}
	for i := range b.N {
		s.Add(names[i%len(names)], 10)
	}
}

package intset

import (
	"encoding/hex"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/resp-server/resp-server/internal/effort"
)

// The sets come from DUMP payloads of redis-server 7.4.1.
func TestLayoutIsThatOfRedis(t *testing.T) {
	s := New()
	for _, v := range []int64{3, 1, 2, -5} {
		s, _ = s.Add(v)
	}
	expect := func(want string) {
		t.Helper()
		if got := hex.EncodeToString(s); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
	expect("0200000004000000fbff010002000300")
	s, _ = s.Add(70000)
	expect("0400000005000000fbffffff01000000020000000300000070110100")
	s, _ = s.Add(-5000000000)
	expect("0800000006000000000efad5fefffffffbffffffffffffff01000000000000000200000000000000" +
		"03000000000000007011010000000000")
	s, _ = s.Remove(3)
	expect("0800000005000000000efad5fefffffffbffffffffffffff01000000000000000200000000000000" +
		"7011010000000000")
}

func TestModel(t *testing.T) {
	for _, bits := range []int{6, 16, 33, 64} {
		seed := rand.Uint64()
		r := rand.New(rand.NewPCG(seed, 0))
		s, want := New(), map[int64]bool{}
		for step := range effort.Of(3000) {
			v := int64(r.Uint64()) >> (64 - bits)
			if r.IntN(3) == 0 && s.Len() > 0 {
				v = s.Random(r.Uint64())
			}
			if s.Has(v) != want[v] {
				t.Fatalf("seed %d step %d: Has(%d) %v", seed, step, v, s.Has(v))
			}
			var changed bool
			if r.IntN(2) == 0 || len(want) > 300 {
				s, changed = s.Remove(v)
				if changed != want[v] {
					t.Fatalf("seed %d step %d: Remove(%d) %v", seed, step, v, changed)
				}
				delete(want, v)
			} else {
				s, changed = s.Add(v)
				if changed == want[v] {
					t.Fatalf("seed %d step %d: Add(%d) %v", seed, step, v, changed)
				}
				want[v] = true
			}
			if len(want) > 0 && s.Validate(true) != nil || s.Len() != len(want) {
				t.Fatalf("seed %d step %d: Len %d, want %d", seed, step, s.Len(), len(want))
			}
			if step%50 == 0 {
				for i, v := range slices.Sorted(maps.Keys(want)) {
					if s.At(i) != v {
						t.Fatalf("seed %d step %d: At(%d) %d, want %d", seed, step, i, s.At(i), v)
					}
				}
			}
		}
	}
}

func TestEdges(t *testing.T) {
	s := New()
	if s.Validate(true) == nil {
		t.Error("an empty set is valid")
	}
	for _, v := range []int64{math.MaxInt64, math.MinInt64, 0, math.MaxInt32, math.MinInt16} {
		s, _ = s.Add(v)
	}
	if s.At(0) != math.MinInt64 || s.At(4) != math.MaxInt64 || s.Random(0) != math.MinInt64 || s.Random(math.MaxUint64) != math.MaxInt64 {
		t.Errorf("%x", []byte(s))
	}
	for _, broken := range []string{"", "0200000001", "02000000010000000100ff", "03000000010000000100ff",
		"020000000200000002000100", "020000000200000001000100", "0800000001000020ffffffffffffffff"} {
		b, _ := hex.DecodeString(broken)
		if Set(b).Validate(true) == nil {
			t.Errorf("%s is valid", broken)
		}
	}
}

func FuzzValidate(f *testing.F) {
	f.Add([]byte{2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 2, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		s := Set(b)
		if s.Validate(true) != nil {
			return
		}
		s = s.Clone()
		for s.Len() > 0 {
			v := s.At(s.Len() / 2)
			if !s.Has(v) {
				t.Fatalf("%d is missing", v)
			}
			s, _ = s.Remove(v)
		}
	})
}

func BenchmarkHas(b *testing.B) {
	s := New()
	for i := range int64(512) {
		s, _ = s.Add(i * 3)
	}
	b.ReportAllocs()
	for i := int64(0); b.Loop(); i++ {
		s.Has(i & 1023)
	}
}

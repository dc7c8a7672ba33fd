package value

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/effort"
)

// zsetModel is a sorted set as a sorted slice.
type zsetModel []Scored

func (m zsetModel) find(name string) int {
	return slices.IndexFunc(m, func(s Scored) bool { return string(s.Member) == name })
}

func (m zsetModel) with(name string, score float64) zsetModel {
	m = append(m.without(name), Scored{[]byte(name), score})
	slices.SortFunc(m, CompareScored)
	return m
}

func (m zsetModel) without(name string) zsetModel {
	return slices.DeleteFunc(slices.Clone(m), func(s Scored) bool { return string(s.Member) == name })
}

func checkZSet(t *testing.T, z *ZSet, m zsetModel) {
	t.Helper()
	if err := Check(z); err != nil {
		t.Fatal(err)
	}
	if z.Len() != len(m) || z.Empty() != (len(m) == 0) {
		t.Fatalf("%d members, want %d", z.Len(), len(m))
	}
	var all zsetModel
	for name, score := range z.All() {
		all = append(all, Scored{slices.Clone(name), score})
	}
	equal := func(a, b Scored) bool { return string(a.Member) == string(b.Member) && a.Score == b.Score }
	if !slices.EqualFunc(all, m, equal) {
		t.Fatalf("All yields %v, want %v", all, m)
	}
	it := z.Seek(len(m)-1, true)
	for i := len(m) - 1; i >= 0; i-- {
		name, score, ok := it.Next()
		if !ok || !equal(Scored{name, score}, m[i]) {
			t.Fatalf("backwards at %d: %q %v, want %v", i, name, score, m[i])
		}
	}
	for i, s := range m {
		if score, ok := z.Score(s.Member); !ok || score != s.Score {
			t.Fatalf("score of %q: %v %v, want %v", s.Member, score, ok, s.Score)
		}
		if rank, ok := z.Rank(s.Member); !ok || rank != i {
			t.Fatalf("rank of %q: %d, want %d", s.Member, rank, i)
		}
	}
	for _, bound := range []float64{math.Inf(-1), -5, 0, 0.5, 7, math.Inf(1)} {
		want := slices.IndexFunc(m, func(s Scored) bool { return s.Score >= bound })
		if want < 0 {
			want = len(m)
		}
		if got := z.SearchScore(func(f float64) bool { return f >= bound }); got != want {
			t.Fatalf("first rank with a score from %v: %d, want %d", bound, got, want)
		}
	}
}

func TestZSetModel(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	type owner struct {
		z *ZSet
		m zsetModel
	}
	for range effort.Of(30) {
		owners := []owner{{NewZSet(&testLimits), nil}}
		names := 4 + rnd.IntN(20)
		for range 200 {
			o := &owners[rnd.IntN(len(owners))]
			name := strconv.Itoa(rnd.IntN(names))
			if rnd.IntN(100) == 0 {
				name = strings.Repeat(name, 17)
			}
			score := []float64{float64(rnd.IntN(20) - 10), rnd.NormFloat64(), math.Inf(1), math.Inf(-1), 1e300, 0.1}[min(rnd.IntN(12), 5)]
			at := o.m.find(name)
			switch rnd.IntN(6) {
			case 0, 1, 2:
				added, updated := o.z.Set(&testLimits, []byte(name), score)
				if added != (at < 0) || updated != (at >= 0 && o.m[at].Score != score) {
					t.Fatalf("Set(%q, %v) is %v, %v", name, score, added, updated)
				}
				o.m = o.m.with(name, score)
			case 3:
				if o.z.Delete([]byte(name)) != (at >= 0) {
					t.Fatalf("Delete(%q) is not %v", name, at >= 0)
				}
				o.m = o.m.without(name)
			case 4:
				if n := len(o.m); n > 0 {
					lo := rnd.IntN(n)
					hi := lo + rnd.IntN(min(n-lo, 3)+1)
					o.z.DeleteRange(lo, hi)
					o.m = slices.Concat(o.m[:lo], o.m[hi:])
				}
			case 5:
				if len(owners) < 4 {
					frozen := *o
					o.z = frozen.z.Thaw().(*ZSet)
					owners = append(owners, owner{frozen.z.Thaw().(*ZSet), slices.Clone(frozen.m)})
				}
			}
			for _, o := range owners {
				checkZSet(t, o.z, o.m)
			}
		}
		for _, o := range owners {
			checkZSet(t, ZSetFrom(&testLimits, slices.Clone(o.m)), o.m)
		}
	}
}

func BenchmarkZSet(b *testing.B) {
	limits := testLimits
	limits.ZSetMaxListpackEntries = 128
	for _, n := range []int{100, 1000000} {
		z := NewZSet(&limits)
		names := make([][]byte, n)
		for i := range names {
			names[i] = fmt.Appendf(nil, "member:%d", i)
			z.Set(&limits, names[i], float64(i))
		}
		b.Run(fmt.Sprintf("set/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				z.Set(&limits, names[i*7919%n], float64(i))
			}
		})
		b.Run(fmt.Sprintf("rank/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				z.Rank(names[i*7919%n])
			}
		})
		b.Run(fmt.Sprintf("range10/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				it := z.Seek(i*7919%n, false)
				for range 10 {
					it.Next()
				}
			}
		})
	}
}

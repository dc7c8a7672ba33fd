package pubsub

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/resp-server/resp-server/internal/effort"
)

// TestModel compares a Registry with a set of pairs.
func TestModel(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	type pair struct {
		kind Kind
		name string
		s    int
	}
	var r Registry[int]
	model := map[pair]bool{}
	for range effort.Of(5000) {
		p := pair{Kind(rnd.IntN(int(kinds))), fmt.Sprint("c", rnd.IntN(5)), rnd.IntN(8)}
		if rnd.IntN(2) == 0 {
			if r.Subscribe(p.kind, p.name, p.s) == model[p] {
				t.Fatalf("Subscribe(%v) is not %v", p, !model[p])
			}
			model[p] = true
		} else {
			if r.Unsubscribe(p.kind, p.name, p.s) != model[p] {
				t.Fatalf("Unsubscribe(%v) is not %v", p, model[p])
			}
			delete(model, p)
		}
		if err := r.Check(); err != nil {
			t.Fatal(err)
		}
		var want []int
		names := map[string]bool{}
		for q := range model {
			if q.kind == p.kind {
				names[q.name] = true
				if q.name == p.name {
					want = append(want, q.s)
				}
			}
		}
		slices.Sort(want)
		if got := slices.Sorted(slices.Values(r.Subscribers(p.kind, []byte(p.name)))); !slices.Equal(got, want) {
			t.Fatalf("subscribers of %v: %v, want %v", p, got, want)
		}
		if r.Len(p.kind) != len(names) {
			t.Fatalf("%d names, want %d", r.Len(p.kind), len(names))
		}
		if got := slices.Sorted(func(yield func(string) bool) { r.Names(p.kind, yield) }); !slices.Equal(got, slices.Sorted(maps.Keys(names))) {
			t.Fatalf("names %v, want %v", got, names)
		}
	}
}

func TestMatching(t *testing.T) {
	var r Registry[int]
	r.Subscribe(Pattern, "news.*", 1)
	r.Subscribe(Pattern, "*", 2)
	r.Subscribe(Pattern, "weather", 3)
	r.Subscribe(Channel, "news.art", 4)
	got := map[string][]int{}
	r.Matching([]byte("news.art"), func(pattern string, to []int) { got[pattern] = slices.Clone(to) })
	if want := (map[string][]int{"news.*": {1}, "*": {2}}); !maps.EqualFunc(got, want, slices.Equal[[]int]) {
		t.Errorf("%v, want %v", got, want)
	}
}

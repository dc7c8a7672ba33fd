package tracking

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/resp-server/resp-server/internal/effort"
)

// TestTable compares a Table with a map of sets.
func TestTable(t *testing.T) {
	seed := rand.Uint64()
	t.Log("seed", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	var table Table
	model := map[string]map[uint64]bool{}
	take := func(key string, got []uint64) {
		t.Helper()
		slices.Sort(got)
		if want := slices.Sorted(maps.Keys(model[key])); !slices.Equal(got, want) {
			t.Fatalf("clients of %s: %v, want %v", key, got, want)
		}
		delete(model, key)
	}
	for range effort.Of(20000) {
		key, client := fmt.Sprint("k", rnd.IntN(50)), 1+rnd.Uint64N(8)
		switch n := rnd.IntN(100); {
		case n < 80:
			table.Add([]byte(key), client)
			if model[key] == nil {
				model[key] = map[uint64]bool{}
			}
			model[key][client] = true
		case n < 97:
			take(key, table.Take(nil, []byte(key)))
		case n < 99 && table.Keys() > 0:
			take(table.TakeRandom(nil, rnd.IntN))
		case n == 99 && rnd.IntN(10) == 0:
			table.Clear()
			clear(model)
		}
		items := 0
		for _, clients := range model {
			items += len(clients)
		}
		if table.Keys() != len(model) || table.Items() != items {
			t.Fatalf("%d keys, %d items, want %d, %d", table.Keys(), table.Items(), len(model), items)
		}
		if err := table.Check(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTakeAppends(t *testing.T) {
	var table Table
	table.Add([]byte("k"), 7)
	table.Add([]byte("k"), 5)
	if got, want := table.Take([]uint64{1}, []byte("k")), []uint64{1, 7, 5}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := table.Take(nil, []byte("k")); got != nil {
		t.Errorf("a key is taken twice: %v", got)
	}
}

func TestAddAllocates(t *testing.T) {
	var table Table
	key := []byte("k")
	table.Add(key, 1)
	table.Add(key, 2)
	if n := testing.AllocsPerRun(100, func() { table.Add(key, 1); table.Add(key, 2) }); n != 0 {
		t.Errorf("%v allocations for known clients", n)
	}
}

// heard is one call of Broadcast's yield.
type heard struct {
	clients []uint64
	changes []Change
}

func broadcast(p *Prefixes) (all []heard) {
	p.Broadcast(func(clients []uint64, changes []Change) {
		all = append(all, heard{slices.Clone(clients), changes})
	})
	return all
}

func TestPrefixes(t *testing.T) {
	var p Prefixes
	for _, test := range []struct {
		prefix string
		client uint64
		want   bool
	}{
		{"b", 2, true}, {"a", 2, true}, {"a", 1, true}, {"a", 1, false}, {"", 3, true}, {"nobody", 3, true},
	} {
		if got := p.Add(test.prefix, test.client); got != test.want {
			t.Errorf("Add(%q, %d): %v", test.prefix, test.client, got)
		}
	}
	p.Changed([]byte("b1"), 0)
	p.Changed([]byte("ab"), 2)
	p.Changed([]byte("a"), 0)
	p.Changed([]byte("a"), 7)
	p.Changed([]byte(""), 7)
	want := []heard{
		{[]uint64{3}, []Change{{"", 7}, {"a", 7}, {"ab", 2}, {"b1", 0}}},
		{[]uint64{1, 2}, []Change{{"a", 7}, {"ab", 2}}},
		{[]uint64{2}, []Change{{"b1", 0}}},
	}
	if got := broadcast(&p); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := broadcast(&p); got != nil {
		t.Errorf("broadcast twice: %v", got)
	}
	p.Remove("a", 1)
	p.Remove("a", 2)
	p.Remove("a", 2)
	p.Remove("", 9)
	if p.Len() != 3 {
		t.Errorf("%d prefixes, want 3", p.Len())
	}
	p.Changed([]byte("a"), 7)
	if got, want := broadcast(&p), []heard{{[]uint64{3}, []Change{{"a", 7}}}}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestOverlap(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{{"", "", true}, {"", "a", true}, {"ab", "a", true}, {"ab", "ab", true}, {"ab", "ac", false}, {"b", "ab", false}} {
		if Overlap(test.a, test.b) != test.want || Overlap(test.b, test.a) != test.want {
			t.Errorf("Overlap(%q, %q) is not %v", test.a, test.b, test.want)
		}
	}
}

package value

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/datastruct/listpack"
	"github.com/resp-server/resp-server/internal/effort"
)

var testSetLimits = Limits{Seed: 42, SetMaxIntsetEntries: 12, SetMaxListpackEntries: 8, SetMaxListpackValue: 10}

func membersOf(s *Set) []string {
	all := []string{}
	for m := range s.Texts {
		all = append(all, string(m))
	}
	return all
}

func checkSet(t *testing.T, s *Set, want map[string]bool) {
	t.Helper()
	if err := Check(s); err != nil {
		t.Fatal(err)
	}
	got := membersOf(s)
	slices.Sort(got)
	if !slices.Equal(got, slices.Sorted(maps.Keys(want))) || s.Len() != len(want) || s.Empty() != (len(want) == 0) {
		t.Fatalf("%s of %d members %q, want %q", s.Encoding(), s.Len(), got, slices.Sorted(maps.Keys(want)))
	}
	if i, ok := s.Ints(); ok && !s.Empty() {
		if err := i.Validate(true); err != nil {
			t.Fatal(err)
		}
	}
	if p, ok := s.Pack(); ok {
		if err := p.Validate(true); err != nil {
			t.Fatal(err)
		}
	}
}

func randomMember(r *rand.Rand) []byte {
	switch r.IntN(30) {
	case 0:
		return []byte("a member that is long: " + strings.Repeat("x", r.IntN(300)))
	case 1, 2:
		return fmt.Appendf(nil, "m%d", r.IntN(10))
	case 3:
		return fmt.Append(nil, r.Int64()-r.Int64())
	case 4:
		return nil
	}
	return fmt.Append(nil, r.IntN(20)-5)
}

// TestSetModel makes random writes to sets that share memory, and compares
// them with maps.
func TestSetModel(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	l := &testSetLimits
	type owner struct {
		s      *Set
		model  map[string]bool
		frozen bool
	}
	fresh := func() *owner { return &owner{s: NewSet(l), model: map[string]bool{}} }
	owners := []*owner{fresh()}
	seen := map[string]int{}
	for range effort.Of(30_000) {
		i := r.IntN(len(owners))
		o := owners[i]
		switch {
		case r.IntN(100) == 0 && !o.frozen:
			o = fresh()
			owners[i] = o
		case o.frozen || r.IntN(30) == 0:
			o.frozen = true
			c := &owner{s: o.s.Thaw().(*Set), model: maps.Clone(o.model)}
			if len(owners) < 5 {
				owners = append(owners, c)
			} else {
				owners[r.IntN(len(owners))] = c
			}
			o = c
		}
		randomSetWrite(t, r, l, o.s, o.model)
		seen[o.s.Encoding()]++
		for _, o := range owners {
			checkSet(t, o.s, o.model)
		}
		for range 5 {
			if m := randomMember(r); o.s.Has(m) != o.model[string(m)] || o.s.HasValue(listpack.ValueOf(m)) != o.model[string(m)] {
				t.Fatalf("Has(%q)", m)
			}
		}
	}
	if len(seen) != 3 {
		t.Errorf("saw only encodings %v", seen)
	}
}

func randomSetWrite(t *testing.T, r *rand.Rand, l *Limits, s *Set, model map[string]bool) {
	m := randomMember(r)
	was := model[string(m)]
	switch op := r.IntN(20); {
	case op < 9:
		if op == 0 || s.Empty() {
			s.Prepare(l, m, r.IntN(15)+1)
		}
		added := false
		if op%2 == 0 {
			added = s.Add(l, m)
		} else {
			added = s.AddValue(l, listpack.ValueOf(m))
		}
		if added == was {
			t.Fatalf("Add(%q) is %v", m, added)
		}
		model[string(m)] = true
	case op < 18:
		removed := false
		if op%2 == 0 {
			removed = s.Remove(m)
		} else {
			removed = s.RemoveValue(listpack.ValueOf(m))
		}
		if removed != was {
			t.Fatalf("Remove(%q) is %v", m, removed)
		}
		delete(model, string(m))
	case op == 18 && len(model) > 1:
		n := r.IntN(len(model)-1) + 1
		popped := 0
		s.Pop(l, n, r, func(v listpack.Value) {
			m := string(v.AppendTo(nil))
			if !model[m] {
				t.Fatalf("popped %q, which is no member or was popped before", m)
			}
			delete(model, m)
			popped++
		})
		if popped != n {
			t.Fatalf("popped %d of %d", popped, n)
		}
	case len(model) > 0:
		if v := s.Random(r); !model[string(v.AppendTo(nil))] {
			t.Fatalf("random member %v is no member", v)
		}
		n, sample := r.IntN(len(model)+1), map[string]bool{}
		s.Sample(n, r, func(v listpack.Value) {
			m := string(v.AppendTo(nil))
			if !model[m] {
				t.Fatalf("sampled %q, which is no member", m)
			}
			sample[m] = true
		})
		if len(sample) != n {
			t.Fatalf("sampled %d members, want %d", len(sample), n)
		}
	}
}

func setOf(l *Limits, members ...string) *Set {
	s := NewSet(l)
	for i, m := range members {
		if i == 0 {
			s.Prepare(l, []byte(m), len(members))
		}
		s.Add(l, []byte(m))
	}
	return s
}

// TestSetOperations compares set operations with the same ones on maps, for
// all encodings and numbers of sets.
func TestSetOperations(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	l := &testSetLimits
	for range effort.Of(3000) {
		sets := make([]*Set, r.IntN(4)+1)
		models := make([]map[string]bool, len(sets))
		for i := range sets {
			models[i] = map[string]bool{}
			if r.IntN(6) == 0 {
				continue
			}
			if i > 0 && r.IntN(10) == 0 {
				sets[i], models[i] = sets[0], models[0]
				continue
			}
			sets[i] = NewSet(l)
			for range r.IntN(20) + 1 {
				m := randomMember(r)
				sets[i].Add(l, m)
				models[i][string(m)] = true
			}
		}
		union, diff, inter := map[string]bool{}, map[string]bool{}, map[string]bool{}
		for _, m := range models {
			maps.Copy(union, m)
		}
		for m := range models[0] {
			n := 0
			for _, other := range models[1:] {
				if other[m] {
					n++
				}
			}
			diff[m], inter[m] = n == 0, n == len(models)-1
		}
		maps.DeleteFunc(diff, func(_ string, in bool) bool { return !in })
		maps.DeleteFunc(inter, func(_ string, in bool) bool { return !in })
		checkSet(t, Union(l, sets), union)
		checkSet(t, Difference(l, sets), diff)
		if !slices.Contains(sets, nil) {
			checkSet(t, Intersection(l, slices.Clone(sets)), inter)
		}
		for i, s := range sets { // the operations must not change their sources
			checkSet(t, s.orEmpty(), models[i])
		}
	}
}

func (s *Set) orEmpty() *Set {
	if s == nil {
		return newIntSet()
	}
	return s
}

func TestSetEncoding(t *testing.T) {
	l := &testSetLimits
	tests := []struct {
		name string
		set  *Set
		want string
	}{
		{"integers", setOf(l, "1", "2", "-3"), "intset"},
		{"an integer that is not canonical", setOf(l, "1", "02"), "listpack"},
		{"a string", setOf(l, "a"), "listpack"},
		{"a long string", setOf(l, "abcdefghijk"), "hashtable"},
		{"a string of the longest length", setOf(l, "abcdefghij"), "listpack"},
		{"a long integer and a string", setOf(l, "12345678901", "a"), "hashtable"},
		{"a long negative integer and a string", setOf(l, "-1234567890", "a"), "hashtable"},
		{"eight strings", setOf(l, "a", "b", "c", "d", "e", "f", "g", "h"), "listpack"},
		{"nine strings", setOf(l, "a", "b", "c", "d", "e", "f", "g", "h", "i"), "hashtable"},
		{"nine arguments, one string", setOf(l, "a", "a", "a", "a", "a", "a", "a", "a", "a"), "hashtable"},
		{"twelve integers", setOf(l, "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"), "intset"},
		{"thirteen integers", setOf(l, "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13"), "hashtable"},
		{"eight integers and a string", setOf(l, "1", "2", "3", "4", "5", "6", "7", "8", "a"), "hashtable"},
		{"seven integers and a string", setOf(l, "1", "2", "3", "4", "5", "6", "7", "a"), "listpack"},
	}
	for _, test := range tests {
		if got := test.set.Encoding(); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

// TestSetUniform draws often and compares the counts.
func TestSetUniform(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, l := range []*Limits{{SetMaxIntsetEntries: 100}, {SetMaxListpackEntries: 100, SetMaxListpackValue: 10}, {}} {
		var members []string
		for i := range 30 {
			members = append(members, fmt.Sprint(i))
		}
		const draws = 30_000
		check := func(how string, counts map[string]int, each float64) {
			t.Helper()
			for _, m := range members {
				if c := float64(counts[m]); c < each*0.8 || c > each*1.2 {
					t.Errorf("%s of %s: %s came %v times, want about %v", how, setOf(l, members...).Encoding(), m, c, each)
				}
			}
		}
		s, counts := setOf(l, members...), map[string]int{}
		for range draws {
			counts[string(s.Random(r).AppendTo(nil))]++
		}
		check("Random", counts, draws/30)
		for _, n := range []int{3, 8, 20, 29} {
			clear(counts)
			for range draws / 10 {
				s.Sample(n, r, func(v listpack.Value) { counts[string(v.AppendTo(nil))]++ })
			}
			check(fmt.Sprintf("Sample(%d)", n), counts, float64(n)*draws/300)
		}
		for _, n := range []int{10, 28} {
			clear(counts)
			for range draws / 10 {
				s := s.Thaw().(*Set)
				s.Pop(l, n, r, func(v listpack.Value) { counts[string(v.AppendTo(nil))]++ })
			}
			check(fmt.Sprintf("Pop(%d)", n), counts, float64(n)*draws/300)
		}
	}
}

func BenchmarkSetAdd(b *testing.B) {
	l := &Limits{SetMaxIntsetEntries: 512, SetMaxListpackEntries: 128, SetMaxListpackValue: 64}
	s := NewSet(l)
	var m []byte
	b.ReportAllocs()
	for i := range b.N {
		m = fmt.Appendf(m[:0], "member:%08d", i)
		s.Add(l, m)
	}
}

func BenchmarkSetHas(b *testing.B) {
	l := &Limits{SetMaxIntsetEntries: 512, SetMaxListpackEntries: 128, SetMaxListpackValue: 64}
	s := NewSet(l)
	for i := range 100_000 {
		s.Add(l, fmt.Appendf(nil, "member:%08d", i))
	}
	m := []byte("member:00050000")
	b.ReportAllocs()
	for b.Loop() {
		s.Has(m)
	}
}

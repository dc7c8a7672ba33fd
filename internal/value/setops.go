package value

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"github.com/resp-server/resp-server/internal/datastruct/listpack"
)

// These operations accept nil for an empty set. Where the algorithm decides
// the order or encoding of the result, it follows the real server.

// Union returns a new set of the members of all sets.
func Union(l *Limits, sets []*Set) *Set {
	u := newIntSet()
	for _, s := range sets {
		u.addAll(l, s)
	}
	return u
}

// addAll adds the members of another set. Tables share the members.
func (s *Set) addAll(l *Limits, from *Set) {
	if from != nil && from.form == setTable {
		for m := range from.table.All() {
			s.addMember(l, m)
		}
		return
	}
	for v := range from.All {
		s.AddValue(l, v)
	}
}

func (s *Set) addMember(l *Limits, m setMember) {
	if s.form != setTable {
		s.Add(l, m.bytes())
		return
	}
	if slot := s.table.Lookup(m.bytes()); !slot.Found() {
		s.table.Store(slot, m)
	}
}

// Difference returns a new set of the members of the first set that are in
// none of the others. It chooses the cheaper method: to look up each member of
// the first set in the others, or to remove all members of the others.
func Difference(l *Limits, sets []*Set) *Set {
	d, first := newIntSet(), sets[0]
	if first == nil || slices.Contains(sets[1:], first) {
		return d
	}
	lookUp, remove := 0, 0
	for _, s := range sets {
		if s != nil {
			lookUp += first.Len()
			remove += s.Len()
		}
	}
	if lookUp/2 > remove {
		d.addAll(l, first)
		for _, s := range sets[1:] {
			for v := range s.All {
				d.RemoveValue(v)
			}
			if d.Empty() {
				break
			}
		}
		return d
	}
	others := slices.Clone(sets[1:])
	slices.SortStableFunc(others, func(a, b *Set) int { return cmp.Compare(b.Len(), a.Len()) })
	for v := range first.All {
		if !slices.ContainsFunc(others, func(s *Set) bool { return s.HasValue(v) }) {
			d.AddValue(l, v)
		}
	}
	return d
}

// Intersect yields the members common to all sets, in the order of the
// smallest set. It looks up the members of that one in the others. It sorts
// the slice sets.
func Intersect(sets []*Set, yield func(listpack.Value) bool) {
	slices.SortStableFunc(sets, func(a, b *Set) int { return cmp.Compare(a.Len(), b.Len()) })
next:
	for v := range sets[0].All {
		for _, s := range sets[1:] {
			if s != sets[0] && !s.HasValue(v) {
				continue next
			}
		}
		if !yield(v) {
			return
		}
	}
}

// Intersection returns a new set of the members common to all sets. It sorts
// the slice sets.
func Intersection(l *Limits, sets []*Set) *Set {
	smallest := slices.MinFunc(sets, func(a, b *Set) int { return cmp.Compare(a.Len(), b.Len()) })
	s := newIntSet()
	if smallest != nil && smallest.form != setInts {
		s = newPackSet(0)
	}
	onlyInts := true
	Intersect(sets, func(v listpack.Value) bool {
		if onlyInts && !v.IsInt {
			_, onlyInts = listpack.ParseInt(v.Str)
		}
		s.AddValue(l, v)
		return true
	})
	if onlyInts && s.form != setInts && s.Len() <= l.maxIntset() {
		ints := newIntSet()
		ints.addAll(l, s)
		return ints
	}
	return s
}

// Sample yields n distinct members, each selection with the same probability;
// n must not exceed the number of members. An intset or listpack yields them
// in its order.
func (s *Set) Sample(n int, r *rand.Rand, yield func(listpack.Value)) {
	if s.form == setTable && n <= s.Len()/3 {
		// For few of many, draw until there are enough.
		seen := newTableSet(&Limits{Seed: r.Uint64()}, n)
		for seen.Len() < n {
			m, _ := s.table.Random(r.Uint64)
			if slot := seen.table.Lookup(m.bytes()); !slot.Found() {
				seen.table.Store(slot, m)
				yield(listpack.Value{Str: m.bytes()})
			}
		}
		return
	}
	left := s.Len()
	for v := range s.All {
		if n == 0 {
			return
		}
		if r.IntN(left) < n {
			yield(v)
			n--
		}
		left--
	}
}

// Pop removes n distinct members, each selection with the same probability,
// and yields them; n must be less than the number of members.
func (s *Set) Pop(l *Limits, n int, r *rand.Rand, yield func(listpack.Value)) {
	const most = 5 // below this many times the rest, members are removed one by one
	stay := s.Len() - n
	if s.form != setPack && stay*most > n {
		for range n {
			v := s.Random(r) // valid after the removal: an integer, or immutable
			s.RemoveValue(v)
			yield(v)
		}
		return
	}
	// Go through all members once and keep the others in a new set. The rest of a
	// table may get a smaller encoding.
	kept, mayConvert := newPackSet(0), stay*most <= n
	if s.form == setInts {
		kept = newIntSet()
	}
	left := s.Len()
	for v := range s.All {
		switch {
		case r.IntN(left) < n:
			yield(v)
			n--
		case mayConvert:
			kept.AddValue(l, v)
		default:
			kept.keep(kept.pack().AppendValue(v))
		}
		left--
	}
	s.become(kept)
}

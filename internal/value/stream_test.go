package value

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/resp-server/resp-server/internal/datastruct/listpack"
	"github.com/resp-server/resp-server/internal/effort"
)

// naiveStream is a stream as a slice, with groups as maps.
type naiveStream struct {
	entries                       []naiveEntry
	lastID, firstID, maxDeletedID StreamID
	added                         uint64
	groups                        map[string]*naiveGroup
}

type naiveEntry struct {
	id    StreamID
	pairs []string
}

type naiveGroup struct {
	pending   map[StreamID]naivePending
	consumers map[string]bool
}

type naivePending struct {
	consumer   string
	deliveries uint64
}

func (s *naiveStream) clone() *naiveStream {
	c := *s
	c.entries = slices.Clone(s.entries)
	c.groups = map[string]*naiveGroup{}
	for name, g := range s.groups {
		n := &naiveGroup{map[StreamID]naivePending{}, map[string]bool{}}
		for id, p := range g.pending {
			n.pending[id] = p
		}
		for name := range g.consumers {
			n.consumers[name] = true
		}
		c.groups[name] = n
	}
	return &c
}

func (s *naiveStream) first() {
	s.firstID = StreamID{}
	if len(s.entries) > 0 {
		s.firstID = s.entries[0].id
	}
}

func (s *naiveStream) find(id StreamID) int {
	return slices.IndexFunc(s.entries, func(e naiveEntry) bool { return e.id == id })
}

func (s *naiveStream) delete(id StreamID) bool {
	i := s.find(id)
	if i < 0 {
		return false
	}
	s.entries = slices.Delete(slices.Clone(s.entries), i, i+1)
	if s.maxDeletedID.Less(id) {
		s.maxDeletedID = id
	}
	s.first()
	return true
}

func text(v listpack.Value) string { return string(v.AppendTo(nil)) }

// collect reads the entries of an iterator, but sometimes skips fields.
func collect(it StreamIter, r *rand.Rand) (out []naiveEntry) {
	for it.Next() {
		e := naiveEntry{id: it.ID}
		fields := it.Fields
		if r != nil && r.IntN(4) == 0 {
			fields = r.IntN(fields + 1)
		}
		for range fields {
			name, v := it.Field()
			e.pairs = append(e.pairs, text(name), text(v))
		}
		out = append(out, e)
	}
	return out
}

func (s *Stream) compare(t *testing.T, n *naiveStream) {
	t.Helper()
	if err := s.check(); err != nil {
		t.Fatal(err)
	}
	all := collect(s.Range(StreamID{}, MaxStreamID), nil)
	equal := func(a, b naiveEntry) bool { return a.id == b.id && slices.Equal(a.pairs, b.pairs) }
	if !slices.EqualFunc(all, n.entries, equal) {
		t.Fatalf("entries are\n%v, want\n%v", all, n.entries)
	}
	back := collect(s.RangeBack(StreamID{}, MaxStreamID), nil)
	slices.Reverse(back)
	if !slices.EqualFunc(back, n.entries, equal) {
		t.Fatalf("backwards entries are\n%v, want\n%v", back, n.entries)
	}
	if s.LastID != n.lastID || s.FirstID != n.firstID || s.MaxDeletedID != n.maxDeletedID || s.EntriesAdded != n.added {
		t.Fatalf("last %v first %v deleted %v added %d, want %+v", s.LastID, s.FirstID, s.MaxDeletedID, s.EntriesAdded, n)
	}
	if s.GroupCount() != len(n.groups) {
		t.Fatalf("%d groups, want %d", s.GroupCount(), len(n.groups))
	}
	for name, ng := range n.groups {
		g := s.Group([]byte(name))
		if g.ConsumerCount() != len(ng.consumers) || g.PendingCount() != len(ng.pending) {
			t.Fatalf("group %s has %d consumers and %d pending, want %+v", name, g.ConsumerCount(), g.PendingCount(), ng)
		}
		for id, np := range ng.pending {
			if p, ok := g.Pending(id); !ok || g.Owner(p).Name() != np.consumer || p.Deliveries != np.deliveries {
				t.Fatalf("pending %v is %+v, want %+v", id, p, np)
			}
		}
	}
}

// TestStreamModel makes the same changes to streams and to naive ones. It
// takes copies, which must not see each other's changes.
func TestStreamModel(t *testing.T) {
	for seed := range effort.Of(uint64(12)) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			limits := &Limits{StreamNodeMaxBytes: []int{4096, 200, 0}[r.IntN(3)], StreamNodeMaxEntries: []int{100, 5, 1, 0}[r.IntN(4)]}
			type owner struct {
				s *Stream
				n *naiveStream
			}
			owners := []owner{{NewStream(), &naiveStream{groups: map[string]*naiveGroup{}}}}
			for step := range 3000 {
				i := r.IntN(len(owners))
				o := owners[i]
				if r.IntN(100) == 0 { // the frozen value gets two owners, as in the keyspace
					other := owner{o.s.Thaw().(*Stream), o.n.clone()}
					owners[i].s = o.s.Thaw().(*Stream)
					if len(owners) < 4 {
						owners = append(owners, other)
					} else {
						owners[r.IntN(4)] = other
					}
					o = owners[i]
				}
				modelStep(r, o.s, o.n, limits)
				if step%100 == 0 {
					for _, o := range owners {
						o.s.compare(t, o.n)
					}
				}
			}
			for _, o := range owners {
				o.s.compare(t, o.n)
			}
		})
	}
}

func modelStep(r *rand.Rand, s *Stream, n *naiveStream, limits *Limits) {
	anyID := func() StreamID {
		if len(n.entries) > 0 && r.IntN(5) > 0 {
			return n.entries[r.IntN(len(n.entries))].id
		}
		return StreamID{r.Uint64N(n.lastID.Ms + 2), r.Uint64N(3)}
	}
	names := [][]byte{[]byte("a"), []byte("b"), []byte("c")}
	name := names[r.IntN(3)]
	who := names[r.IntN(3)]
	switch k := r.IntN(20); {
	case k < 8:
		id := n.lastID
		if r.IntN(3) == 0 {
			id = StreamID{Ms: id.Ms + r.Uint64N(1<<(r.UintN(20)))}
		}
		if !n.lastID.Less(id) {
			id, _ = n.lastID.Next()
		}
		var pairs [][]byte
		for f := range 1 + r.IntN(3) {
			pairs = append(pairs, fmt.Appendf(nil, "f%d", f+r.IntN(2)), fmt.Appendf(nil, "%0*d", r.IntN(40), r.IntN(1000)))
		}
		s.Add(limits, id, pairs)
		e := naiveEntry{id: id}
		for _, p := range pairs {
			e.pairs = append(e.pairs, string(p))
		}
		n.entries = append(n.entries[:len(n.entries):len(n.entries)], e)
		n.lastID = id
		n.added++
		n.first()
	case k < 11:
		id := anyID()
		if got, want := s.Delete(id), n.delete(id); got != want {
			panic(fmt.Sprintf("Delete(%v) = %v, want %v", id, got, want))
		}
	case k < 12:
		if r.IntN(4) == 0 {
			keep := r.IntN(len(n.entries) + 1)
			if got := s.Trim(Trim{MaxLen: int64(keep)}); got != int64(len(n.entries)-keep) {
				panic(fmt.Sprintf("Trim to %d of %d = %d", keep, len(n.entries), got))
			}
			n.entries = n.entries[len(n.entries)-keep:]
			n.first()
		}
	case k < 13:
		if id := anyID(); r.IntN(4) == 0 {
			s.Trim(Trim{MaxLen: -1, MinID: id})
			n.entries = slices.DeleteFunc(slices.Clone(n.entries), func(e naiveEntry) bool { return e.id.Less(id) })
			n.first()
		}
	case k < 15:
		first, last := anyID(), anyID()
		want := 0
		for _, e := range n.entries {
			if !e.id.Less(first) && !last.Less(e.id) {
				want++
			}
		}
		got := collect(s.Range(first, last), r)
		back := collect(s.RangeBack(first, last), r)
		if len(got) != want || len(back) != want {
			panic(fmt.Sprintf("Range(%v, %v) has %d, backwards %d, want %d", first, last, len(got), len(back), want))
		}
		if found := n.find(first) >= 0; s.FindEntry(first) != found {
			panic(fmt.Sprintf("FindEntry(%v), want %v", first, found))
		}
	default:
		groupStep(r, s, n, name, who, anyID())
	}
}

func groupStep(r *rand.Rand, s *Stream, n *naiveStream, name, who []byte, id StreamID) {
	ng := n.groups[string(name)]
	g := s.WritableGroup(name)
	if (g == nil) != (ng == nil) {
		panic("group " + string(name))
	}
	switch {
	case g == nil:
		s.AddGroup(name, id, 0)
		n.groups[string(name)] = &naiveGroup{map[StreamID]naivePending{}, map[string]bool{}}
		return
	case r.IntN(30) == 0:
		s.DeleteGroup(name)
		delete(n.groups, string(name))
		return
	}
	c := g.WritableConsumer(who)
	if (c != nil) != ng.consumers[string(who)] {
		panic("consumer " + string(who))
	}
	switch {
	case c == nil:
		g.AddConsumer(who, 0)
		ng.consumers[string(who)] = true
	case r.IntN(30) == 0:
		g.DeleteConsumer(c)
		delete(ng.consumers, string(who))
		for id, p := range ng.pending {
			if p.consumer == string(who) {
				delete(ng.pending, id)
			}
		}
	case r.IntN(3) == 0:
		_, had := ng.pending[id]
		if g.Ack(id) != had {
			panic(fmt.Sprintf("Ack(%v), want %v", id, had))
		}
		delete(ng.pending, id)
	case r.IntN(8) == 0:
		g.Release(Pending{ID: id, Deliveries: 5})
		ng.pending[id] = naivePending{"", 5}
	default:
		p, _ := g.Pending(id)
		p.ID = id
		p.Deliveries++
		g.SetPending(p, c)
		ng.pending[id] = naivePending{string(who), ng.pending[id].deliveries + 1}
	}
}

// naiveRadixNodes builds the radix tree and counts its nodes.
func naiveRadixNodes(keys []string) int {
	switch {
	case len(keys) == 0:
		return 0
	case len(keys) == 1 && keys[0] == "":
		return 1
	}
	common := 0
	for common < len(keys[0]) && keys[0][common] == keys[len(keys)-1][common] {
		common++
	}
	if common > 0 { // the chain, and the node behind it
		rest := make([]string, len(keys))
		for i, k := range keys {
			rest[i] = k[common:]
		}
		return 1 + naiveRadixNodes(rest)
	}
	total := 1
	for len(keys) > 0 {
		i := 0
		var below []string
		for ; i < len(keys) && keys[i][0] == keys[0][0]; i++ {
			below = append(below, keys[i][1:])
		}
		total += naiveRadixNodes(below)
		keys = keys[i:]
	}
	return total
}

func TestRadixNodes(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for range effort.Of(300) {
		s := NewStream()
		var keys []string
		id := StreamID{}
		for range r.IntN(40) {
			if r.IntN(3) == 0 {
				id.Ms += r.Uint64N(1<<r.UintN(40)) + 1
				id.Seq = r.Uint64N(1 << r.UintN(20))
			} else {
				id.Seq += 1 + r.Uint64N(1<<r.UintN(30))
			}
			s.Add(&Limits{StreamNodeMaxEntries: 1}, id, [][]byte{{'f'}, {'v'}})
			keys = append(keys, fmt.Sprintf("%s%s", be(id.Ms), be(id.Seq)))
		}
		want := max(naiveRadixNodes(keys), 1)
		if got := s.RadixNodes(); got != want {
			t.Fatalf("%d nodes for %d keys, want %d", got, len(keys), want)
		}
	}
}

func be(n uint64) []byte {
	b := make([]byte, 8)
	for i := range b {
		b[i] = byte(n >> (56 - 8*i))
	}
	return b
}

func TestStreamIDs(t *testing.T) {
	for _, c := range []struct {
		text string
		want StreamID
		ok   bool
	}{
		{"1-2", StreamID{1, 2}, true},
		{"7", StreamID{7, 99}, true},
		{"18446744073709551615-18446744073709551615", MaxStreamID, true},
		{"1-2\x00-rest", StreamID{1, 2}, true},
		{"", StreamID{}, false},
		{"-1", StreamID{}, false},
		{"1-", StreamID{}, false},
		{"1-2-3", StreamID{}, false},
		{"*", StreamID{}, false},
	} {
		id, ok := ParseStreamID([]byte(c.text), 99)
		if ok != c.ok || ok && id != c.want {
			t.Errorf("%q is %v %v", c.text, id, ok)
		}
	}
	if id, auto, ok := ParseStreamIDAuto([]byte("5-*")); !ok || !auto || id.Ms != 5 {
		t.Error("5-* is", id, auto, ok)
	}
	if id, ok := (StreamID{4, 0}).Prev(); !ok || id != (StreamID{3, MaxStreamID.Seq}) {
		t.Error("before 4-0 is", id, ok)
	}
	if id, ok := (StreamID{3, MaxStreamID.Seq}).Next(); !ok || id != (StreamID{4, 0}) {
		t.Error("after 3-max is", id, ok)
	}
	if _, ok := (StreamID{}).Prev(); ok {
		t.Error("0-0 has a predecessor")
	}
	if _, ok := MaxStreamID.Next(); ok {
		t.Error("the largest id has a successor")
	}
}

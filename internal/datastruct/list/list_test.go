package list

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/resp-server/resp-server/internal/datastruct/listpack"
	"github.com/resp-server/resp-server/internal/effort"
)

// elements returns the elements from head to tail, read in the given direction.
func elements(l *List, reverse bool) [][]byte {
	var all [][]byte
	start := 0
	if reverse {
		start = -1
	}
	it := l.Seek(start, reverse)
	for v, ok := it.Next(); ok; v, ok = it.Next() {
		all = append(all, v.AppendTo(nil))
	}
	if reverse {
		slices.Reverse(all)
	}
	return all
}

func same(a, b [][]byte) bool { return slices.EqualFunc(a, b, bytes.Equal) }

// pair is a list with its expected elements.
type pair struct {
	list *List
	want [][]byte
}

func (p *pair) verify(t *testing.T, what string) {
	t.Helper()
	if err := p.list.Check(); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if p.list.Len() != len(p.want) {
		t.Fatalf("%s: Len %d, want %d", what, p.list.Len(), len(p.want))
	}
	for _, reverse := range []bool{false, true} {
		if got := elements(p.list, reverse); !same(got, p.want) {
			t.Fatalf("%s: (reverse %v)\n got %.200q\nwant %.200q", what, reverse, got, p.want)
		}
	}
}

// randomElement returns a number, a short string, or sometimes an element that is large for the limits.
func randomElement(r *rand.Rand, m Limits) []byte {
	switch r.IntN(12) {
	case 0, 1, 2:
		return strconv.AppendInt(nil, int64(r.Uint64())>>r.IntN(64), 10)
	case 3:
		return bytes.Repeat([]byte{byte('a' + r.IntN(26))}, r.IntN(m.NodeBytes()/2))
	case 4:
		if r.IntN(8) == 0 {
			return bytes.Repeat([]byte{byte('A' + r.IntN(26))}, m.NodeBytes()-20+r.IntN(100))
		}
		fallthrough
	default:
		return bytes.Repeat([]byte{byte('a' + r.IntN(26))}, r.IntN(80))
	}
}

func TestModel(t *testing.T) {
	for _, m := range []Limits{{}, {Fill: -1}, {Fill: 1}, {Fill: 3}, {Fill: 128}, {Fill: -1, Plain: 60}} {
		t.Run(fmt.Sprint(m), func(t *testing.T) {
			for range effort.Of(2) {
				seed := rand.Uint64()
				r := rand.New(rand.NewPCG(seed, 0))
				lists := []*pair{{list: New(m)}}
				for step := range 600 {
					p := lists[r.IntN(len(lists))]
					what := fmt.Sprintf("seed %d step %d: ", seed, step) + p.mutate(r, m, step%200 < 140)
					if err := p.list.Check(); err != nil {
						t.Fatalf("%s: %v", what, err)
					}
					if r.IntN(40) == 0 {
						c := &pair{p.list.Clone(), slices.Clone(p.want)}
						if len(lists) < 4 {
							lists = append(lists, c)
						} else {
							lists[r.IntN(len(lists))] = c
						}
					}
					if step%25 == 0 {
						for _, p := range lists {
							p.verify(t, what)
						}
					} else if step%5 == 0 {
						p.verify(t, what)
					}
				}
			}
		})
	}
}

// mutate makes a random change to the list and to the expected elements, and
// describes it.
func (p *pair) mutate(r *rand.Rand, m Limits, grow bool) string {
	l, n := p.list, len(p.want)
	v := randomElement(r, m)
	at := 0
	if n > 0 {
		at = r.IntN(n)
	}
	kind := r.IntN(12)
	if grow && kind > 7 {
		kind -= 8
	}
	switch kind {
	case 0, 1:
		for range 1 + r.IntN(20) {
			l.PushBack(v)
			p.want = append(p.want, v)
		}
		return "PushBack"
	case 2, 3:
		for range 1 + r.IntN(20) {
			l.PushFront(v)
			p.want = slices.Insert(p.want, 0, v)
		}
		return "PushFront"
	case 4, 5:
		if n == 0 {
			return "nothing"
		}
		it := l.Seek(at, r.IntN(2) == 0)
		it.Next()
		if kind == 4 {
			it.InsertBefore(v)
			p.want = slices.Insert(p.want, at, v)
			return fmt.Sprintf("InsertBefore %d", at)
		}
		it.InsertAfter(v)
		p.want = slices.Insert(p.want, at+1, v)
		return fmt.Sprintf("InsertAfter %d", at)
	case 6:
		i := at
		if r.IntN(2) == 0 {
			i -= n
		}
		if l.Set(i, v) != (n > 0) {
			return "Set reports wrongly"
		}
		if n > 0 {
			p.want[at] = v
		}
		return fmt.Sprintf("Set %d", at)
	case 7: // read single elements
		if e, ok := l.Index(at); ok != (n > 0) || ok && !e.Equal(p.want[at]) {
			panic(fmt.Sprintf("Index %d", at))
		}
		if e, ok := l.Index(at - n); ok != (n > 0) || ok && !e.Equal(p.want[at]) {
			panic(fmt.Sprintf("Index %d", at-n))
		}
		return "Index"
	case 8:
		for range 1 + r.IntN(20) {
			got, ok := l.PopFront([]byte("x"))
			if ok != (len(p.want) > 0) {
				panic("PopFront")
			}
			if ok {
				if !bytes.Equal(got[1:], p.want[0]) {
					panic("PopFront")
				}
				p.want = p.want[1:]
			}
		}
		return "PopFront"
	case 9:
		for range 1 + r.IntN(20) {
			got, ok := l.PopBack([]byte("x"))
			if ok != (len(p.want) > 0) {
				panic("PopBack")
			}
			if last := len(p.want) - 1; ok {
				if !bytes.Equal(got[1:], p.want[last]) {
					panic("PopBack")
				}
				p.want = p.want[:last]
			}
		}
		return "PopBack"
	case 10:
		d := r.IntN(max(1, n/3)) + 1
		start := at
		if r.IntN(2) == 0 {
			start -= n
		}
		if got := l.DeleteRange(start, d); got != min(d, n-at) {
			panic(fmt.Sprintf("DeleteRange %d of %d: %d", start, n, got))
		}
		p.want = slices.Delete(slices.Clone(p.want), at, min(n, at+d))
		return fmt.Sprintf("DeleteRange %d %d", start, d)
	default: // remove every other one of a few elements
		reverse := r.IntN(2) == 0
		it := l.Seek(at, reverse)
		want := slices.Clone(p.want)
		i := at
		for range 10 {
			e, ok := it.Next()
			if ok != (i >= 0 && i < len(want)) {
				panic("Next after Remove")
			}
			if !ok {
				break
			}
			if !e.Equal(want[i]) {
				panic("wrong element after Remove")
			}
			if r.IntN(2) == 0 {
				it.Remove()
				want = slices.Delete(want, i, i+1)
				if reverse {
					i--
				}
			} else if reverse {
				i--
			} else {
				i++
			}
		}
		p.want = want
		return fmt.Sprintf("Remove from %d, reverse %v", at, reverse)
	}
}

func TestThawedByTwoAtOnce(t *testing.T) {
	frozen := New(Limits{Fill: -1})
	for i := range 2000 {
		frozen.PushBack(strconv.AppendInt(nil, int64(i), 10))
	}
	want := elements(frozen, false)
	var wg sync.WaitGroup
	for g := range 2 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			p := &pair{frozen.Thaw(), slices.Clone(want)}
			r := rand.New(rand.NewPCG(uint64(g), 1))
			for i := range 300 {
				p.mutate(r, Limits{Fill: -1}, i%2 == 0)
			}
			if err := p.list.Check(); err != nil || !same(elements(p.list, false), p.want) {
				t.Errorf("thawed list differs: %v", err)
			}
		}()
	}
	wg.Wait()
	if !same(elements(frozen, false), want) {
		t.Error("writing to a thawed list changed the frozen one")
	}
}

func TestQueueStaysSmall(t *testing.T) {
	for _, front := range []bool{false, true} {
		l := New(Limits{})
		v := []byte("an element of a queue")
		for i := range 20000 {
			if front {
				l.PushFront(v)
			} else {
				l.PushBack(v)
			}
			if i >= 10 {
				if front {
					l.PopBack(nil)
				} else {
					l.PopFront(nil)
				}
			}
		}
		if l.Nodes() != 1 || l.MemoryUse() > 3000 {
			t.Errorf("queue of %d elements: %d nodes, %d bytes", l.Len(), l.Nodes(), l.MemoryUse())
		}
	}
}

func TestMemoryIsUsed(t *testing.T) {
	for _, m := range []Limits{{}, {Fill: -5}, {Fill: 100}, {Fill: 512}} {
		for _, front := range []bool{false, true} {
			l, want := New(m), 0
			for i := range 100000 {
				v := fmt.Appendf(nil, "e%09d", i)
				if front {
					l.PushFront(v)
				} else {
					l.PushBack(v)
				}
				want += listpack.EntrySize(v)
			}
			if use := l.MemoryUse(); float64(use) > float64(want)*1.13 {
				t.Errorf("%+v front %v: %d bytes of entries take %d in %d nodes", m, front, want, use, l.Nodes())
			}
		}
	}
}

func TestPackThereAndBack(t *testing.T) {
	p := listpack.New(0).AppendAll([]byte("a"), []byte("12"), []byte("b"))
	l := FromPack(Limits{}, p.Clone())
	got, ok := l.SinglePack()
	if !ok || !bytes.Equal(got, p) {
		t.Errorf("SinglePack %x %v, want %x", got, ok, p)
	}
	c := FromPack(Limits{}, p.Clone())
	d := c.Clone()
	if got, _ := d.SinglePack(); &got[0] == &c.nodes()[0].buf[0] {
		t.Error("SinglePack of a clone returned shared memory")
	}
	l = FromPack(Limits{}, listpack.New(0))
	if _, ok := l.SinglePack(); ok || l.Len() != 0 || l.Nodes() != 0 {
		t.Error("an empty pack became a node")
	}
	l.AppendPlain([]byte("x"))
	if _, ok := l.SinglePack(); ok {
		t.Error("SinglePack accepted a plain node")
	}
	if v, ok := l.Index(0); !ok || string(v.Str) != "x" {
		t.Errorf("plain element %q", v.Str)
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		m              Limits
		bytes          int
		size, count    int
		exceeds, large bool
	}{
		{Limits{}, 8192, 8192, 1 << 20, false, false},
		{Limits{}, 8192, 8193, 1, true, true},
		{Limits{Fill: -1}, 4096, 4097, 1, true, true},
		{Limits{Fill: -5}, 65536, 65536, 1, false, false},
		{Limits{Fill: -9}, 65536, 65537, 1, true, true},
		{Limits{Fill: 2}, 8192, 100, 2, false, false},
		{Limits{Fill: 2}, 8192, 100, 3, true, false},
		{Limits{Fill: 2}, 8192, 8193, 1, true, true},
		{Limits{Plain: 5}, 8192, 5, 1, false, true},
		{Limits{Plain: 1 << 30}, 8192, 9000, 1, true, false},
	} {
		if c.m.NodeBytes() != c.bytes || c.m.Exceeds(c.size, c.count) != c.exceeds || c.m.Large(c.size) != c.large {
			t.Errorf("%+v: %d, Exceeds(%d, %d) %v, Large %v", c.m, c.m.NodeBytes(), c.size, c.count,
				c.m.Exceeds(c.size, c.count), c.m.Large(c.size))
		}
	}
}

func TestReadingDoesNotAllocate(t *testing.T) {
	l := New(Limits{})
	for i := range 5000 {
		l.PushBack(strconv.AppendInt(nil, int64(i), 10))
	}
	sum := int64(0)
	if n := testing.AllocsPerRun(10, func() {
		it := l.Seek(1000, false)
		for range 100 {
			v, _ := it.Next()
			sum += v.Int
		}
		v, _ := l.Index(-1234)
		sum += v.Int
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

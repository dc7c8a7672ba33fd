package value

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/datastruct/listpack"
	"github.com/resp-server/resp-server/internal/effort"
)

// elementsOf walks a list in either direction.
func elementsOf(l *List, reverse bool) (all []string) {
	start := 0
	if reverse {
		start = -1
	}
	for it := l.Walk(start, reverse); ; {
		v, ok := it.Next()
		if !ok {
			return all
		}
		all = append(all, string(v.AppendTo(nil)))
	}
}

// spansOf walks a list from element i on by the packs that it is made of.
func spansOf(l *List, i int) (all []string) {
	for it := l.Walk(i, false); ; {
		pack, pos := it.Span()
		for pos >= 0 {
			var v listpack.Value
			v, pos = pack.Read(pos)
			all = append(all, string(v.AppendTo(nil)))
		}
		if pack == nil {
			v, ok := it.Next()
			if !ok {
				return all
			}
			all = append(all, string(v.AppendTo(nil)))
		}
	}
}

func checkList(t *testing.T, l *List, want []string) {
	t.Helper()
	if err := Check(l); err != nil {
		t.Fatal(err)
	}
	if l.Len() != len(want) || l.Empty() != (len(want) == 0) {
		t.Fatalf("length %d, want %d", l.Len(), len(want))
	}
	if got := elementsOf(l, false); !slices.Equal(got, want) {
		t.Fatalf("elements %q, want %q", got, want)
	}
	if got := spansOf(l, len(want)/3); !slices.Equal(got, want[len(want)/3:]) {
		t.Fatalf("elements in spans %q, want %q from %d on", got, want, len(want)/3)
	}
	got := elementsOf(l, true)
	slices.Reverse(got)
	if !slices.Equal(got, want) {
		t.Fatalf("from the tail %q, want %q", got, want)
	}
	n := 0
	for i := 0; ; i++ {
		data, plain, ok := l.Node(i)
		if !ok {
			break
		}
		if plain {
			n++
			continue
		}
		if err := listpack.Pack(data).Validate(true); err != nil {
			t.Fatal(err)
		}
		n += listpack.Pack(data).Len()
	}
	if n != len(want) {
		t.Fatalf("nodes have %d elements, want %d", n, len(want))
	}
}

// TestListModel makes random writes to lists that share memory, and compares
// them with slices.
func TestListModel(t *testing.T) {
	for _, fill := range []int{-1, 0, 1, 2, 5, 32} {
		t.Run(fmt.Sprint(fill), func(t *testing.T) {
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			r := rand.New(rand.NewPCG(seed, 0))
			limits := &Limits{ListMaxListpackSize: fill}
			type owner struct {
				l      *List
				model  []string
				frozen bool
			}
			owners := []*owner{{l: NewList(limits)}}
			for range effort.Of(3000) {
				o := owners[r.IntN(len(owners))]
				if o.frozen || r.IntN(40) == 0 {
					o.frozen = true
					c := &owner{l: o.l.Thaw().(*List), model: slices.Clone(o.model)}
					if len(owners) < 6 {
						owners = append(owners, c)
					} else {
						owners[r.IntN(len(owners))] = c
					}
					o = c
				}
				o.model = randomListWrite(t, r, limits, o.l, o.model)
				for _, o := range owners {
					checkList(t, o.l, o.model)
				}
			}
		})
	}
}

func randomElement(r *rand.Rand) []byte {
	switch r.IntN(12) {
	case 0:
		return bytes.Repeat([]byte{'x'}, r.IntN(200))
	case 1:
		return fmt.Append(nil, r.Int64()-r.Int64())
	}
	return fmt.Append(nil, r.IntN(8))
}

func randomListWrite(t *testing.T, r *rand.Rand, limits *Limits, l *List, m []string) []string {
	v := randomElement(r)
	switch op := r.IntN(20); {
	case op < 8:
		l.Grow(limits, 1, len(v))
		if op%2 == 0 {
			l.PushFront(v)
			m = slices.Insert(m, 0, string(v))
		} else {
			l.PushBack(v)
			m = append(m, string(v))
		}
	case op < 10 && len(m) > 0:
		if op == 8 {
			l.DropFront()
			m = m[1:]
		} else {
			l.DropBack()
			m = m[:len(m)-1]
		}
	case op < 12:
		l.Grow(limits, 1, len(v))
		i := r.IntN(len(m)+2) - r.IntN(len(m)+2)
		at := i
		if at < 0 {
			at += len(m)
		}
		ok := at >= 0 && at < len(m)
		if l.Set(i, v) != ok {
			t.Fatalf("Set(%d) of %d", i, len(m))
		}
		if ok {
			m[at] = string(v)
		}
	case op < 15:
		pivot, after := randomElement(r), r.IntN(2) == 0
		l.Grow(limits, 1, len(v))
		i := slices.Index(m, string(pivot))
		if l.Insert(pivot, v, after) != (i >= 0) {
			t.Fatalf("Insert beside %q of %q", pivot, m)
		}
		if i >= 0 {
			if after {
				i++
			}
			m = slices.Insert(m, i, string(v))
		}
	case op < 18:
		count := r.IntN(5) - 2
		var want int
		m, want = removeElements(m, string(v), count)
		if n := l.Remove(v, count); n != want {
			t.Fatalf("Remove(%q, %d) is %d, want %d", v, count, n, want)
		}
	case op == 18 && len(m) > 0:
		start, n := r.IntN(len(m)), r.IntN(6)
		end := min(start+n, len(m))
		if r.IntN(2) == 0 {
			l.DeleteRange(start, n)
		} else {
			l.DeleteRange(start-len(m), n)
		}
		m = slices.Delete(m, start, end)
	case r.IntN(10) == 0:
		l.DeleteRange(0, len(m)*3/4)
		m = m[len(m)*3/4:]
	}
	l.Shrink(limits)
	return m
}

func removeElements(m []string, v string, count int) (rest []string, removed int) {
	most := count
	if count < 0 {
		slices.Reverse(m)
		most = -count
	}
	for _, e := range m {
		if e == v && (count == 0 || removed < most) {
			removed++
		} else {
			rest = append(rest, e)
		}
	}
	if count < 0 {
		slices.Reverse(rest)
	}
	return rest, removed
}

func TestNilList(t *testing.T) {
	var l *List
	if _, ok := l.At(0); ok || l.Len() != 0 || elementsOf(l, false) != nil {
		t.Error("a missing list is not empty")
	}
}

// TestListEncoding moves one list over the limits and back.
func TestListEncoding(t *testing.T) {
	limits := &Limits{ListMaxListpackSize: -1}
	l := NewList(limits)
	push := func(n int, want string) {
		t.Helper()
		v := []byte(strings.Repeat("x", n))
		l.Grow(limits, 1, n)
		l.PushBack(v)
		if got := l.Encoding(); got != want {
			t.Errorf("%s after %d bytes, want %s", got, n, want)
		}
	}
	push(4089, "listpack") // 4096 bytes, as the limit counts
	push(1, "quicklist")
	l.DropFront()
	l.Shrink(limits)
	if l.Encoding() != "listpack" {
		t.Error("no listpack after the removal of all elements but one")
	}
	l = NewList(limits)
	push(4090, "quicklist")
	l.Settle(limits) // the limit overestimated the size
	if data, plain, _ := l.Node(0); plain || len(data) != 4090+6+1+2+2 || l.Encoding() != "quicklist" {
		t.Errorf("%s of %d bytes", l.Encoding(), len(data))
	}

	l = NewQuickList(limits)
	l.AppendPack(listpack.New(0).Append([]byte("a")))
	l.Settle(limits)
	if l.Encoding() != "listpack" || l.Len() != 1 {
		t.Error("a small list of one node did not settle as a listpack")
	}
	l = NewQuickList(limits)
	l.AppendPlain([]byte("a"))
	l.Settle(limits)
	if l.Encoding() != "quicklist" || l.Len() != 1 {
		t.Error("a plain node settled as a listpack")
	}
}

// BenchmarkListPush shows that the cost of a push does not depend on the
// length.
func BenchmarkListPush(b *testing.B) {
	limits := &Limits{ListMaxListpackSize: -2}
	v := []byte("element:000123")
	for _, n := range []int{1_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; i < b.N; {
				l := NewList(limits)
				for ; l.Len() < n && i < b.N; i++ {
					l.Grow(limits, 1, len(v))
					l.PushFront(v)
				}
			}
		})
	}
}

func BenchmarkListRange(b *testing.B) {
	limits := &Limits{ListMaxListpackSize: -2}
	l := NewList(limits)
	for i := range 100_000 {
		l.Grow(limits, 1, 14)
		l.PushBack(fmt.Appendf(nil, "element:%06d", i))
	}
	var reply []byte
	b.ReportAllocs()
	for b.Loop() {
		reply = reply[:0]
		for it := l.Walk(0, false); ; {
			v, ok := it.Next()
			if !ok {
				break
			}
			reply = v.AppendTo(reply)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100_000, "ns/element")
}

// TestRemoveNothingOfShared removes a missing element from a shared list with
// spare room. The memory of the second owner must not be freed.
func TestRemoveNothingOfShared(t *testing.T) {
	l := NewList(&Limits{})
	for range 40 {
		l.PushBack([]byte("element"))
	}
	for l.Len() > 2 {
		l.DropFront()
	}
	l.keep(append(make([]byte, 0, 1024), l.pack()...))
	a, b := l.Thaw().(*List), l.Thaw().(*List)
	if n := a.Remove([]byte("missing"), 0); n != 0 {
		t.Fatalf("%d removed", n)
	}
	a.PushBack([]byte("more"))
	for range 100 {
		NewList(&Limits{}).PushBack(make([]byte, 900)) // would reuse freed memory
	}
	if v, _ := b.At(1); b.Len() != 2 || string(v.Str) != "element" {
		t.Fatalf("%d elements, the second is %q", b.Len(), v.Str)
	}
}

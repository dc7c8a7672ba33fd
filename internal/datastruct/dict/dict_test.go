package dict

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/resp-server/resp-server/internal/effort"
)

type item struct {
	key   []byte
	value int
}

func itemKey(e *item) []byte { return e.key }

func newItem(i int) *item { return &item{key: fmt.Appendf(nil, "key:%d", i), value: i} }

func filled(n int) *Dict[*item] {
	d := New(1, itemKey)
	for i := range n {
		d.Put(newItem(i))
	}
	return d
}

// owned is a table with its expected content.
type owned struct {
	d      *Dict[*item]
	model  map[string]*item
	frozen bool
}

func (o *owned) copyModel() map[string]*item {
	m := make(map[string]*item, len(o.model))
	for k, e := range o.model {
		m[k] = e
	}
	return m
}

func (o *owned) compare(t *testing.T) {
	t.Helper()
	if err := o.d.Check(); err != nil {
		t.Fatal(err)
	}
	if o.d.Len() != len(o.model) {
		t.Fatalf("Len is %d, want %d", o.d.Len(), len(o.model))
	}
	n := 0
	for e := range o.d.All() {
		if o.model[string(e.key)] != e {
			t.Fatalf("All yields %q=%d, want %v", e.key, e.value, o.model[string(e.key)])
		}
		n++
	}
	if n != len(o.model) {
		t.Fatalf("All yields %d elements of %d", n, len(o.model))
	}
}

// TestModel runs random operations on several owners that share structure,
// and compares each with a map of its own.
func TestModel(t *testing.T) {
	for _, keys := range []int{6, 40, 300, 4000} {
		t.Run(fmt.Sprint(keys, " keys"), func(t *testing.T) { testModel(t, keys, rand.Uint64()) })
	}
}

// TestModelDivided is TestModel for tables that grow and shrink past the size
// at which their directory is divided.
func TestModelDivided(t *testing.T) {
	divideEarly(t)
	testModel(t, 14_000, rand.Uint64())
}

func divideEarly(t *testing.T) {
	at, low := manyAt, lowMany
	t.Cleanup(func() { manyAt, lowMany = at, low })
	manyAt, lowMany = 9, 9000
}

func testModel(t *testing.T, keys int, seed uint64) {
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	owners := []*owned{{d: New(seed, itemKey), model: map[string]*item{}}}
	grow := 60 // percentage of additions among the writes
	for step := range effort.Of(max(40_000, 20*keys)) {
		if step%(5*keys) == 0 {
			grow = []int{95, 60, 50, 40, 5}[rng.IntN(5)]
		}
		at := rng.IntN(len(owners))
		o := owners[at]
		key := fmt.Appendf(nil, "key:%d", rng.IntN(keys))
		want, present := o.model[string(key)]
		switch op := rng.IntN(1000); {
		case op == 0 && len(owners) < 5:
			c := &owned{model: o.copyModel()}
			if o.frozen {
				c.d = o.d.Thaw()
			} else {
				c.d = o.d.Clone()
			}
			owners = append(owners, c)
		case op == 1:
			o.frozen = true
		case op == 2 && len(owners) > 1:
			o.compare(t)
			owners = append(owners[:at], owners[at+1:]...)
		case op == 3 && !o.frozen && step%7 == 0:
			o.d.Clear()
			clear(o.model)
			if step%2 == 0 {
				o.d.Reserve(rng.IntN(2 * keys))
			}
		case op < 300 || o.frozen:
			if got, ok := o.d.Get(key); got != want || ok != present {
				t.Fatalf("step %d: Get(%q) = %v, %v, want %v", step, key, got, ok, want)
			}
		case rng.IntN(100) < grow:
			e := &item{key: key, value: step}
			if old, replaced := o.d.Put(e); old != want || replaced != present {
				t.Fatalf("step %d: Put(%q) = %v, %v, want %v", step, key, old, replaced, want)
			}
			o.model[string(key)] = e
		default:
			if old, ok := o.d.Delete(key); old != want || ok != present {
				t.Fatalf("step %d: Delete(%q) = %v, %v, want %v", step, key, old, ok, want)
			}
			delete(o.model, string(key))
		}
		if step%max(50, keys) == 0 {
			if err := o.d.Check(); err != nil {
				t.Fatalf("step %d: %v", step, err)
			}
		}
	}
	for _, o := range owners {
		o.compare(t)
	}
}

// TestGrowAndDrain fills and empties a table and checks that its memory
// follows.
func TestGrowAndDrain(t *testing.T) {
	testGrowAndDrain(t, 0)
	divideEarly(t)
	testGrowAndDrain(t, manyBits)
}

func testGrowAndDrain(t *testing.T, topBits uint8) {
	const n = 50_000
	d := New(3, itemKey)
	small := d.MemoryUse()
	for i := range n {
		d.Put(newItem(i))
		if i%5000 == 0 {
			if err := d.Check(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if d.topBits != topBits {
		t.Fatalf("the directory is divided by %d bits, want %d", d.topBits, topBits)
	}
	if perElement := d.MemoryUse() / n; perElement > 20 {
		t.Errorf("%d bytes an element", perElement)
	}
	for i := range n {
		if _, ok := d.Delete(newItem(i).key); !ok {
			t.Fatalf("element %d is lost", i)
		}
		if i%5000 == 0 {
			if err := d.Check(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := d.Check(); err != nil {
		t.Fatal(err)
	}
	if use := d.MemoryUse(); use > small+segmentBytes[*item](1) {
		t.Errorf("the drained table takes %d bytes, a new one %d", use, small)
	}
}

// TestNoFlapping adds and removes elements around every size. Resizing must be
// rare, so it counts the allocations.
func TestNoFlapping(t *testing.T) {
	for n := 1; n < 3000; n += 1 + n/20 {
		d := filled(n)
		extra := []*item{newItem(-1), newItem(-2), newItem(-3)}
		allocs := testing.AllocsPerRun(50, func() {
			for _, e := range extra {
				d.Put(e)
			}
			for _, e := range extra {
				d.Delete(e.key)
			}
		})
		if allocs >= 1 {
			t.Errorf("%d elements: %.0f allocations for 3 puts and deletes", n, allocs)
		}
	}
}

// TestChurn replaces the elements of tables of constant length again and
// again. Tombstones must be cleared instead of growing the table.
func TestChurn(t *testing.T) {
	for _, n := range []int{5, 25, 50, 100, 2000} {
		d := filled(n)
		for i := range 30_000 {
			d.Delete(newItem(i).key)
			d.Put(newItem(i + n))
		}
		if err := d.Check(); err != nil {
			t.Fatal(err)
		}
		if use, fresh := d.MemoryUse(), filled(n).MemoryUse(); use > fresh*5/2 {
			t.Errorf("%d elements: %d bytes, %d in a new table", n, use, fresh)
		}
	}
}

func TestLookupStoreRemove(t *testing.T) {
	d := New(1, itemKey)
	e := newItem(1)
	s := d.Lookup(e.key)
	if s.Found() {
		t.Fatal("found in an empty table")
	}
	d.Remove(s)
	d.Store(s, e)
	s = d.Lookup(e.key)
	if !s.Found() || s.Elem != e {
		t.Fatalf("found %v", s.Elem)
	}
	other := newItem(1)
	d.Store(s, other)
	if got, _ := d.Get(e.key); got != other || d.Len() != 1 {
		t.Fatal("not replaced")
	}
	d.Remove(s)
	if _, ok := d.Get(e.key); ok || d.Len() != 0 {
		t.Fatal("not removed")
	}
}

func TestPrefetch(t *testing.T) {
	for _, n := range []int{0, 1, 100, 10_000} {
		d := filled(n)
		shared := d.Clone()
		var keys [][]byte
		for i := range 3 * PrefetchBatch {
			keys = append(keys, newItem(i*n/PrefetchBatch).key)
		}
		keys[1], keys[2] = nil, []byte("missing")
		found := make([]*item, len(keys))
		for _, d := range []*Dict[*item]{d, shared} {
			d.Prefetch(keys, found)
			d.Prefetch(keys[:3], found[:3])
			d.Prefetch(nil, nil)
			if err := d.Check(); err != nil || d.Len() != n {
				t.Fatalf("%d elements of %d, %v", d.Len(), n, err)
			}
		}
		right := 0
		for i, e := range found {
			if e != nil && string(e.key) == string(keys[i]) {
				right++
			}
		}
		if n == 10_000 && right < PrefetchBatch/2 {
			t.Errorf("only %d of %d were found", right, PrefetchBatch)
		}
		if n := testing.AllocsPerRun(10, func() { d.Prefetch(keys, found) }); n > 0 {
			t.Errorf("%v allocations", n)
		}
	}
}

func TestReserve(t *testing.T) {
	for _, n := range []int{1, 7, 8, 56, 57, 112, 113, 1000, 100_000} {
		d := New(1, itemKey)
		d.Reserve(n)
		if err := d.Check(); err != nil {
			t.Fatalf("%d: %v", n, err)
		}
		before := d.MemoryUse()
		for i := range n {
			d.Put(newItem(i))
		}
		if err := d.Check(); err != nil {
			t.Fatalf("%d: %v", n, err)
		}
		if after := d.MemoryUse(); after > before+before/8+32*1024 {
			t.Errorf("%d: %d bytes reserved, %d used", n, before, after)
		}
	}
}

// TestThawConcurrently has two goroutines thaw one frozen table and write to
// their copies. It is for the race detector.
func TestThawConcurrently(t *testing.T) {
	for _, n := range []int{5, 100, 5000} {
		frozen := filled(n)
		var wg sync.WaitGroup
		for g := range 2 {
			wg.Go(func() {
				d := frozen.Thaw()
				for i := g; i < n; i += 2 {
					d.Delete(newItem(i).key)
				}
				for i := n; i < 2*n; i++ {
					d.Put(newItem(i))
				}
				if err := d.Check(); err != nil || d.Len() != n+n/2 && d.Len() != n+(n+1)/2 {
					t.Errorf("%d elements, %v", d.Len(), err)
				}
			})
		}
		wg.Wait()
		if err := frozen.Check(); err != nil || frozen.Len() != n {
			t.Errorf("the frozen table has %d elements, %v", frozen.Len(), err)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	d := filled(1000)
	present, absent := []byte("key:500"), []byte("key:none")
	again := newItem(500)
	for name, f := range map[string]func(){
		"Get":          func() { d.Get(present); d.Get(absent) },
		"Put replaces": func() { d.Put(again) },
		"Random":       func() { d.Random(rand.Uint64) },
		"Scan":         func() { d.Scan(12345, 10, func(*item) {}) },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %.0f allocations", name, n)
		}
	}
}

// TestWideElements uses elements that are not one pointer.
func TestWideElements(t *testing.T) {
	type wide struct {
		id  [8]byte
		ptr *int
		tag byte
	}
	d := New(9, func(w wide) []byte { return append([]byte(nil), w.id[:]...) })
	for i := range 3000 {
		w := wide{ptr: new(int), tag: byte(i)}
		*w.ptr = i
		binary.LittleEndian.PutUint64(w.id[:], uint64(i))
		d.Put(w)
	}
	if err := d.Check(); err != nil {
		t.Fatal(err)
	}
	for w := range d.All() {
		if uint64(*w.ptr) != binary.LittleEndian.Uint64(w.id[:]) {
			t.Fatalf("%v holds %d", w, *w.ptr)
		}
	}
}

// TestOwns has many owners of tables with a common origin write elements in
// place where Owns permits it. None may see the writes of another, and Owns
// must permit exactly the elements stored since the last clone.
func TestOwns(t *testing.T) {
	divideEarly(t)
	for _, keys := range []int{6, 100, 14_000} {
		t.Run(fmt.Sprint(keys, " keys"), func(t *testing.T) { testOwns(t, keys, rand.Uint64()) })
	}
}

func testOwns(t *testing.T, keys int, seed uint64) {
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	type owner struct {
		d      *Dict[*item]
		values map[string]int
		mine   map[string]bool // stored since the last clone
		frozen bool
	}
	owners := []*owner{{d: New(seed, itemKey), values: map[string]int{}, mine: map[string]bool{}}}
	compare := func(o *owner) {
		t.Helper()
		if err := o.d.Check(); err != nil {
			t.Fatal(err)
		}
		if o.d.Len() != len(o.values) {
			t.Fatalf("%d elements, want %d", o.d.Len(), len(o.values))
		}
		for e := range o.d.All() {
			key := string(e.key)
			if want, ok := o.values[key]; !ok || e.value != want {
				t.Fatalf("%q is %d, want %d, %v", key, e.value, want, ok)
			}
			if got := o.d.Owns(o.d.Lookup(e.key)); got != o.mine[key] && !o.frozen {
				t.Fatalf("Owns(%q) is %v", key, got)
			}
		}
	}
	steps := max(20_000, 8*keys)
	add := 80
	for step := range steps {
		if step%(2*keys+500) == 0 {
			add = []int{90, 70, 50, 10}[rng.IntN(4)] // percentage of additions among the writes
		}
		at := rng.IntN(len(owners))
		o := owners[at]
		switch op := rng.IntN(steps); {
		case op < 40 && len(owners) < 6:
			c := &owner{values: maps.Clone(o.values), mine: map[string]bool{}}
			if o.frozen {
				c.d = o.d.Thaw()
			} else {
				c.d = o.d.Clone()
				clear(o.mine)
			}
			owners = append(owners, c)
			continue
		case op < 50:
			o.frozen = true
		case op < 70 && len(owners) > 1:
			compare(o)
			owners = append(owners[:at], owners[at+1:]...)
			continue
		}
		if o.frozen {
			continue
		}
		key := fmt.Appendf(nil, "key:%d", rng.IntN(keys))
		s := o.d.Lookup(key)
		if rng.IntN(100) >= add {
			o.d.Remove(s)
			delete(o.values, string(key))
			delete(o.mine, string(key))
			continue
		}
		if owns := o.d.Owns(s); owns != o.mine[string(key)] {
			t.Fatalf("step %d: Owns(%q) is %v", step, key, owns)
		} else if owns {
			s.Elem.value = step
		} else {
			o.d.Store(s, &item{key: key, value: step})
		}
		o.values[string(key)], o.mine[string(key)] = step, true
	}
	for _, o := range owners {
		compare(o)
	}
}

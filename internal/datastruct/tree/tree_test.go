package tree

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/resp-server/resp-server/internal/effort"
)

// entry has a field that the order ignores, so that a replacement is visible.
type entry struct {
	key   int
	value int
}

func compareEntries(a, b entry) int { return cmp.Compare(a.key, b.key) }

// pair is a tree with the sorted slice that it must equal.
type pair struct {
	tree   *Tree[entry]
	frozen bool // thawed, so never written again
	model  []entry
}

func (p *pair) find(key int) (int, bool) {
	return slices.BinarySearchFunc(p.model, entry{key: key}, compareEntries)
}

// same compares all results of reading, in full.
func (p *pair) same() error {
	if err := p.tree.Check(); err != nil {
		return err
	}
	if p.tree.Len() != len(p.model) {
		return fmt.Errorf("Len %d, want %d", p.tree.Len(), len(p.model))
	}
	it := p.tree.Seek(0)
	for i, want := range p.model {
		if it.Rank() != i {
			return fmt.Errorf("Iter.Rank %d, want %d", it.Rank(), i)
		}
		if v, ok := it.Next(); !ok || v != want {
			return fmt.Errorf("Next at %d: %v %v, want %v", i, v, ok, want)
		}
	}
	if v, ok := it.Next(); ok {
		return fmt.Errorf("Next at the end: %v", v)
	}
	for i := len(p.model) - 1; i >= 0; i-- {
		if v, ok := it.Prev(); !ok || v != p.model[i] {
			return fmt.Errorf("Prev to %d: %v %v, want %v", i, v, ok, p.model[i])
		}
	}
	if v, ok := it.Prev(); ok {
		return fmt.Errorf("Prev at the beginning: %v", v)
	}
	return nil
}

// probe compares the results for one key and one position.
func (p *pair) probe(key, rank int) error {
	i, found := p.find(key)
	v, ok := p.tree.Get(entry{key: key})
	if ok != found || ok && v != p.model[i] {
		return fmt.Errorf("Get %d: %v %v", key, v, ok)
	}
	if r, ok := p.tree.Rank(entry{key: key}); ok != found || ok && r != i {
		return fmt.Errorf("Rank %d: %d %v, want %d %v", key, r, ok, i, found)
	}
	if r := p.tree.Search(func(e entry) bool { return e.key >= key }); r != i {
		return fmt.Errorf("Search %d: %d, want %d", key, r, i)
	}
	v, ok = p.tree.At(rank)
	if want := rank >= 0 && rank < len(p.model); ok != want || ok && v != p.model[rank] {
		return fmt.Errorf("At %d: %v %v", rank, v, ok)
	}
	it := p.tree.Seek(rank)
	if at := min(max(rank, 0), len(p.model)); it.Rank() != at {
		return fmt.Errorf("Seek %d: at %d, want %d", rank, it.Rank(), at)
	}
	// Walk back and forth across the ends of leaves.
	for at, step := it.Rank(), 0; step < 8; step++ {
		for range 1 + (step*13+rank&7)%9*10 {
			var v entry
			var ok bool
			want := at
			if step%2 == 0 {
				v, ok = it.Next()
			} else {
				v, ok = it.Prev()
				want--
			}
			if exists := want >= 0 && want < len(p.model); ok != exists || ok && v != p.model[want] {
				return fmt.Errorf("walk from %d, at %d: %v %v", rank, want, v, ok)
			}
			if ok {
				at += 1 - 2*(step%2)
			}
			if it.Rank() != at {
				return fmt.Errorf("walk from %d: Rank %d, want %d", rank, it.Rank(), at)
			}
		}
	}
	low, okLow := p.tree.Min()
	high, okHigh := p.tree.Max()
	some := len(p.model) > 0
	if okLow != some || okHigh != some || some && (low != p.model[0] || high != p.model[len(p.model)-1]) {
		return fmt.Errorf("Min %v %v, Max %v %v", low, okLow, high, okHigh)
	}
	return nil
}

func (p *pair) insert(key, value int) error {
	i, found := p.find(key)
	old, replaced := p.tree.Insert(entry{key, value})
	if replaced != found || found && old != p.model[i] {
		return fmt.Errorf("Insert %d: %v %v", key, old, replaced)
	}
	if found {
		p.model[i].value = value
	} else {
		p.model = slices.Insert(p.model, i, entry{key, value})
	}
	return nil
}

func (p *pair) delete(key int) error {
	i, found := p.find(key)
	v, ok := p.tree.Delete(entry{key: key})
	if ok != found || ok && v != p.model[i] {
		return fmt.Errorf("Delete %d: %v %v", key, v, ok)
	}
	if ok {
		p.model = slices.Delete(p.model, i, i+1)
	}
	return nil
}

func (p *pair) deleteAt(rank int) error {
	v, ok := p.tree.DeleteAt(rank)
	if want := rank >= 0 && rank < len(p.model); ok != want || ok && v != p.model[rank] {
		return fmt.Errorf("DeleteAt %d: %v %v", rank, v, ok)
	}
	if ok {
		p.model = slices.Delete(p.model, rank, rank+1)
	}
	return nil
}

func (p *pair) deleteRange(from, to int) error {
	a, b := max(from, 0), min(to, len(p.model))
	b = max(a, b)
	if n := p.tree.DeleteRange(from, to); n != b-a {
		return fmt.Errorf("DeleteRange %d %d of %d: %d", from, to, len(p.model), n)
	}
	if a < b {
		p.model = slices.Delete(p.model, a, b)
	}
	return nil
}

// TestModel runs random operations on several owners of shared nodes, in phases
// that grow, shrink and shift, and compares with sorted slices.
func TestModel(t *testing.T) {
	for range effort.Of(6) {
		seed := rand.Uint64()
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 0))
			steps, space := 4000, 1<<(6+r.IntN(9))
			pairs := []*pair{{tree: New(compareEntries)}}
			appended := space
			for step := range steps {
				at := r.IntN(len(pairs))
				p := pairs[at]
				key := r.IntN(space)
				rank := r.IntN(len(p.model)+3) - 1
				var err error
				grow := step/700%2 == 0
				switch op := r.IntN(100); {
				case op < 4:
					err = p.probe(key, rank)
				case op < 6:
					q := &pair{model: slices.Clone(p.model)}
					if p.frozen || op == 4 {
						p.frozen = true
						q.tree = p.tree.Thaw()
					} else {
						q.tree = p.tree.Clone()
					}
					if len(pairs) < 5 {
						pairs = append(pairs, q)
					} else {
						pairs[r.IntN(len(pairs))] = q
					}
				case p.frozen:
				case op < 8:
					err = p.deleteRange(rank, rank+r.IntN(1+r.IntN(len(p.model)+2)))
				case op < 20:
					for range r.IntN(30) {
						err = cmp.Or(err, p.insert(appended, step))
						appended++
					}
				case op < 30:
					for range r.IntN(40) {
						err = cmp.Or(err, p.deleteAt(0))
					}
				case op < 34:
					for range r.IntN(20) {
						err = cmp.Or(err, p.deleteAt(len(p.model)-1))
					}
				case op < 37:
					err = p.deleteAt(rank)
				default:
					for range r.IntN(40) {
						if key := r.IntN(space); r.IntN(10) < 3 == grow {
							err = cmp.Or(err, p.delete(key))
						} else {
							err = cmp.Or(err, p.insert(key, step))
						}
					}
				}
				if err == nil {
					err = p.tree.Check()
				}
				if err == nil && step%50 == 0 {
					for _, p := range pairs {
						err = cmp.Or(err, p.same())
					}
					var live, frozen []*Tree[entry]
					for _, p := range pairs {
						if p.frozen {
							frozen = append(frozen, p.tree)
						} else {
							live = append(live, p.tree)
						}
					}
					err = cmp.Or(err, checkOwners(live, frozen))
				}
				if err != nil {
					t.Fatalf("seed %d step %d, space %d: %v", seed, step, space, err)
				}
			}
		})
	}
}

// ascending returns n entries with keys 0, 2, 4...
func ascending(n int) []entry {
	s := make([]entry, n)
	for i := range s {
		s[i] = entry{key: 2 * i}
	}
	return s
}

func sorted(t testing.TB, n int) *pair {
	model := ascending(n)
	tr, ok := FromSorted(compareEntries, model)
	if !ok {
		t.Fatal("ascending items refused")
	}
	return &pair{tree: tr, model: model}
}

func TestFromSorted(t *testing.T) {
	for _, n := range []int{0, 1, 2, most - 1, most, most + 1, 2 * most, most * most, most*most + 1, 2*most*most + 5} {
		p := sorted(t, n)
		if err := p.same(); err != nil {
			t.Errorf("%d items: %v", n, err)
		}
		for _, key := range []int{-1, n, 2*n + 1, 1, 0} {
			if err := p.insert(key, 1); err != nil {
				t.Errorf("%d items: %v", n, err)
			}
		}
		if err := p.same(); err != nil {
			t.Errorf("%d items and some: %v", n, err)
		}
	}
	for _, items := range [][]entry{{{key: 1}, {key: 1}}, {{key: 2}, {key: 1}}} {
		if _, ok := FromSorted(compareEntries, items); ok {
			t.Errorf("%v accepted", items)
		}
	}
}

func TestDeleteRange(t *testing.T) {
	const n = 2*most*most + 7 // three levels, and a thin right edge
	edges := []int{-1, 0, 1, least, most - 1, most, most + 1, 3*most - 1, 3 * most,
		most*most - 1, most * most, most*most + 1, most*most + most, 2*most*most - 1, 2 * most * most, n - 1, n, n + 1}
	whole := sorted(t, n)
	for _, from := range edges {
		for _, to := range edges {
			p := pair{tree: whole.tree.Clone(), model: slices.Clone(whole.model)}
			err := p.deleteRange(from, to)
			if err == nil {
				err = p.tree.Check()
			}
			if err == nil && (from+to)%5 == 0 {
				err = p.same()
			}
			if err == nil {
				err = checkOwners([]*Tree[entry]{p.tree, whole.tree}, nil)
			}
			if err != nil {
				t.Fatalf("%d to %d: %v", from, to, err)
			}
		}
	}
	if err := whole.same(); err != nil {
		t.Fatal(err)
	}
}

// TestOrders inserts in three orders and deletes at both ends. It checks the
// fill that the package promises.
func TestOrders(t *testing.T) {
	const n = 20000
	orders := []struct {
		name string
		key  func(i int) int
		fill float64 // at least
	}{
		{"ascending", func(i int) int { return i }, 0.99},
		{"descending", func(i int) int { return n - i }, 0.65},
		{"scattered", func(i int) int { return i * 7919 % 20011 }, 0.62},
	}
	for _, o := range orders {
		t.Run(o.name, func(t *testing.T) {
			tr := New(compareEntries)
			for i := range n {
				tr.Insert(entry{key: o.key(i)})
			}
			if err := tr.Check(); err != nil {
				t.Fatal(err)
			}
			leaves := 0
			var visit func(*node[entry])
			visit = func(n *node[entry]) {
				if n.leaf() {
					leaves++
				}
				for _, k := range n.kids {
					visit(k.node)
				}
			}
			visit(tr.root)
			if fill := float64(n) / float64(leaves*most); fill < o.fill {
				t.Errorf("leaves are filled to %.2f", fill)
			}
			if use := float64(tr.MemoryUse()) / n; use > 24 {
				t.Errorf("%.1f bytes an item of 16", use)
			}
			for tr.Len() > 0 {
				low, _ := tr.Min()
				if v, ok := tr.DeleteAt(0); !ok || v != low {
					t.Fatalf("took %v, Min is %v", v, low)
				}
				if high, ok := tr.Max(); ok {
					if v, _ := tr.DeleteAt(tr.Len() - 1); v != high {
						t.Fatalf("took %v, Max is %v", v, high)
					}
				}
				if tr.Len()%500 == 0 {
					if err := tr.Check(); err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
}

func TestEmpty(t *testing.T) {
	var none *Tree[entry]
	for _, tr := range []*Tree[entry]{none, New(compareEntries)} {
		it := tr.Seek(3)
		_, next := it.Next()
		_, prev := it.Prev()
		_, low := tr.Min()
		_, high := tr.Max()
		_, get := tr.Get(entry{})
		_, rank := tr.Rank(entry{})
		_, at := tr.At(0)
		if next || prev || low || high || get || rank || at {
			t.Error("an empty tree has an item")
		}
		if tr.Len() != 0 || tr.Search(func(entry) bool { return true }) != 0 || it.Rank() != 0 {
			t.Error("an empty tree has a length")
		}
	}
	if none.MemoryUse() != 0 {
		t.Error("no tree uses memory")
	}
}

func TestSmallIsSmall(t *testing.T) {
	tr := New(compareEntries)
	for i := range 3 {
		tr.Insert(entry{key: i})
	}
	if use := tr.MemoryUse(); use > 192 {
		t.Errorf("3 items use %d bytes", use)
	}
}

// TestQueue appends and deletes at the other end. Neither depth nor memory may
// grow.
func TestQueue(t *testing.T) {
	tr := New(compareEntries)
	for i := range 50000 {
		tr.Insert(entry{key: i})
		if i >= 10 {
			tr.DeleteAt(0)
		}
	}
	if err := tr.Check(); err != nil {
		t.Fatal(err)
	}
	if use := tr.MemoryUse(); use > 2500 {
		t.Errorf("10 items use %d bytes", use)
	}
}

// TestNoAllocation checks that reading and replacing allocate nothing.
func TestNoAllocation(t *testing.T) {
	p := sorted(t, 10000)
	sum := 0
	if n := testing.AllocsPerRun(100, func() {
		it := p.tree.Seek(5000)
		for range 200 {
			v, _ := it.Next()
			sum += v.key
		}
		v, _ := p.tree.At(77)
		r, _ := p.tree.Rank(v)
		sum += r + p.tree.Search(func(e entry) bool { return e.key >= sum })
		p.tree.Insert(entry{key: 2000})
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestConcurrentOwners writes owners of the same nodes at the same time while
// others thaw and walk a frozen tree. The race detector reports errors.
func TestConcurrentOwners(t *testing.T) {
	frozen := sorted(t, 5000)
	original := &pair{tree: frozen.tree.Clone(), model: slices.Clone(frozen.model)}
	var owners []*pair
	for range 2 {
		owners = append(owners, &pair{tree: original.tree.Clone(), model: slices.Clone(frozen.model)})
	}
	owners = append(owners, original)
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			p := &pair{model: frozen.model}
			if i < len(owners) {
				p = owners[i]
			} else {
				p.tree = frozen.tree.Thaw()
			}
			p.model = slices.Clone(p.model)
			if i%3 == 0 {
				if err := frozen.same(); err != nil {
					t.Error(err)
				}
			}
			for step := range 1500 {
				if err := cmp.Or(p.insert(step*5+i, i), p.delete(step*4)); err != nil {
					t.Error(err)
					return
				}
			}
			if err := cmp.Or(p.deleteRange(500+i, 1000), p.same()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := frozen.same(); err != nil {
		t.Error(err)
	}
}

// checkOwners returns an error if a tree contains a node that another one
// would write in place. Frozen trees write none.
func checkOwners[T any](live, frozen []*Tree[T]) error {
	writer := map[*owner]*Tree[T]{}
	for _, t := range live {
		if writer[t.owner] != nil {
			return fmt.Errorf("two trees have the same token")
		}
		writer[t.owner] = t
	}
	var visit func(t *Tree[T], n *node[T]) error
	visit = func(t *Tree[T], n *node[T]) error {
		if w := writer[n.owner]; w != nil && w != t {
			return fmt.Errorf("a tree may write a shared node")
		}
		for _, k := range n.kids {
			if err := visit(t, k.node); err != nil {
				return err
			}
		}
		return nil
	}
	for _, t := range append(frozen, live...) {
		if t.root == nil {
			continue
		}
		if err := visit(t, t.root); err != nil {
			return err
		}
	}
	return nil
}

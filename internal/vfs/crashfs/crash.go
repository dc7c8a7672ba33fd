package crashfs

import (
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/resp-server/resp-server/internal/vfs"
)

// maxChanges is the number of name changes up to which all combinations are tried.
const maxChanges = 12

// Crashes returns the states that a crash at this moment may leave. If there are
// more than limit, it returns a random sample that includes the extremes. Each
// state is a file system of its own, on which everything is safe.
func (f *FS) Crashes(limit int, rnd *rand.Rand) iter.Seq[*FS] {
	f.mu.Lock()
	s := f.clone()
	f.mu.Unlock()
	return func(yield func(*FS) bool) {
		if len(s.changes) <= maxChanges && s.count(limit) <= limit {
			s.all(yield)
			return
		}
		most := uint64(1)<<len(s.changes) - 1
		first := func(n int) int { return 0 }
		last := func(n int) int { return n - 1 }
		for i := range limit {
			mask, choose := rnd.Uint64()&most, rnd.IntN
			switch i {
			case 0:
				mask, choose = 0, first
			case 1:
				mask, choose = most, first
			case 2:
				mask, choose = most, last
			case 3:
				mask, choose = 0, last
			}
			if !yield(s.tree(mask).state(choose)) {
				return
			}
		}
	}
}

// clone copies the file system, except for the contents of files.
func (f *FS) clone() *FS {
	seen := make(map[*node]*node)
	var copyNode func(n *node) *node
	copyAll := func(names map[string]*node) map[string]*node {
		if names == nil {
			return nil
		}
		c := make(map[string]*node, len(names))
		for name, n := range names {
			c[name] = copyNode(n)
		}
		return c
	}
	copyNode = func(n *node) *node {
		if n == nil || seen[n] != nil {
			return seen[n]
		}
		c := &node{data: slices.Clip(n.data), base: slices.Clip(n.base), log: slices.Clone(n.log)}
		seen[n] = c
		c.now, c.safe = copyAll(n.now), copyAll(n.safe)
		return c
	}
	c := &FS{root: copyNode(f.root), temps: f.temps}
	for _, ch := range f.changes {
		edits := slices.Clone(ch.edits)
		for i := range edits {
			edits[i].dir, edits[i].node = copyNode(edits[i].dir), copyNode(edits[i].node)
		}
		c.changes = append(c.changes, &change{edits})
	}
	return c
}

// contents returns the contents that a crash may leave of a file, from the least to
// the most.
func (n *node) contents() [][]byte {
	var all [][]byte
	add := func(data []byte) {
		if !slices.ContainsFunc(all, func(old []byte) bool { return string(old) == string(data) }) {
			all = append(all, data)
		}
	}
	var open []int // indexes into the log
	for i, w := range n.log {
		if !w.synced {
			open = append(open, i)
		}
	}
	// with applies the synced writes, and those of the others that choose lets
	// through.
	with := func(choose func(k int, w write) (write, bool)) {
		data, k := slices.Clone(n.base), 0
		for _, w := range n.log {
			ok := true
			if !w.synced {
				w, ok = choose(k, w)
				k++
			}
			if ok {
				data = w.apply(data)
			}
		}
		add(data)
	}
	for done := range open {
		with(func(k int, w write) (write, bool) { return w, k < done })
		size := len(n.log[open[done]].data)
		for _, cut := range []int{1, size / 2, size - 1} {
			if cut <= 0 || cut >= size {
				continue
			}
			with(func(k int, w write) (write, bool) { // torn
				if k == done {
					w.data = w.data[:cut]
				}
				return w, k <= done
			})
		}
		if size > 0 {
			with(func(k int, w write) (write, bool) { // the length is right, the bytes are not
				if k == done {
					w.data = make([]byte, size)
				}
				return w, k <= done
			})
			with(func(k int, w write) (write, bool) { return w, k != done }) // later writes survive
		}
	}
	whole := slices.Clone(n.base)
	for _, w := range n.log {
		whole = w.apply(whole)
	}
	// The whole content comes last, even if it was in the list already.
	all = slices.DeleteFunc(all, func(old []byte) bool { return string(old) == string(whole) })
	return append(all, whole)
}

// tree has the names that a crash leaves, with the files whose content has several
// possible forms.
type tree struct {
	names map[*node]map[string]*node
	root  *node
	dirty []*node
	forms [][][]byte
}

// tree applies the changes whose bits are set.
func (f *FS) tree(mask uint64) *tree {
	t := &tree{names: make(map[*node]map[string]*node), root: f.root}
	at := func(dir *node) map[string]*node {
		if t.names[dir] == nil {
			t.names[dir] = maps.Clone(dir.safe)
		}
		return t.names[dir]
	}
	for i, c := range f.changes {
		if mask&(1<<i) == 0 {
			continue
		}
		for _, e := range c.edits {
			if e.node == nil {
				delete(at(e.dir), e.name)
			} else {
				at(e.dir)[e.name] = e.node
			}
		}
	}
	var walk func(n *node)
	walk = func(n *node) {
		for _, name := range slices.Sorted(maps.Keys(at(n))) {
			switch child := at(n)[name]; {
			case child.now != nil:
				walk(child)
			case len(child.log) > 0 && !slices.Contains(t.dirty, child):
				t.dirty = append(t.dirty, child)
				t.forms = append(t.forms, child.contents())
			}
		}
	}
	walk(f.root)
	return t
}

// state makes a file system; choose picks one of the n forms of a file.
func (t *tree) state(choose func(n int) int) *FS {
	made := make(map[*node]*node)
	for i, n := range t.dirty {
		data := t.forms[i][choose(len(t.forms[i]))]
		made[n] = &node{data: slices.Clip(data), base: slices.Clip(data)}
	}
	var build func(n *node) *node
	build = func(n *node) *node {
		if made[n] != nil {
			return made[n]
		}
		if n.now == nil {
			made[n] = &node{data: n.base, base: n.base}
			return made[n]
		}
		d := newDir()
		for name, child := range t.names[n] {
			c := build(child)
			d.now[name], d.safe[name] = c, c
		}
		return d
	}
	return &FS{root: build(t.root)}
}

// count returns the number of states, or a number above limit.
func (f *FS) count(limit int) int {
	total := 0
	for mask := uint64(0); mask < 1<<len(f.changes) && total <= limit; mask++ {
		n := 1
		for _, forms := range f.tree(mask).forms {
			n = min(n*len(forms), limit+1)
		}
		total += n
	}
	return total
}

func (f *FS) all(yield func(*FS) bool) {
	for mask := uint64(0); mask < 1<<len(f.changes); mask++ {
		t := f.tree(mask)
		picks := make([]int, len(t.forms))
		for more := true; more; {
			i := 0
			if !yield(t.state(func(int) int { i++; return picks[i-1] })) {
				return
			}
			more = false
			for i := range picks {
				if picks[i]++; picks[i] < len(t.forms[i]) {
					more = true
					break
				}
				picks[i] = 0
			}
		}
	}
}

// Explore calls run with a file system that wraps f. Before each operation, and at
// the end, it calls now, and then calls check with each state that a crash at that
// moment may leave, at most limit of them. So what now reads of run's progress is
// never ahead of the states.
func (f *FS) Explore(limit int, run func(vfs.FS), now func(op vfs.Op, name string) (check func(left *FS))) {
	var mu sync.Mutex
	rnd := rand.New(rand.NewPCG(1, 2))
	look := func(op vfs.Op, name string) error {
		mu.Lock()
		defer mu.Unlock()
		check := now(op, name)
		for left := range f.Crashes(limit, rnd) {
			check(left)
		}
		return nil
	}
	run(vfs.Faulty{FS: f, Fail: look})
	look("end", "")
}

// Fault is a failing operation.
type Fault struct {
	Op   vfs.Op // empty if the run did not reach it
	Name string
	Err  error
	// Lasting means that from then on every operation fails that can fail for the
	// same reason.
	Lasting bool

	healed atomic.Bool
}

// Heal ends the fault.
func (f *Fault) Heal() { f.healed.Store(true) }

func (f *Fault) String() string {
	s := fmt.Sprintf("%s %s: %v", f.Op, f.Name, f.Err)
	if f.Lasting {
		s += ", lasting"
	}
	return s
}

// Faults calls run again and again. Each time another operation fails, because the
// disk is full or broken, once or permanently. run calls inject to put the fault in
// front of a file system. Read fault in one goroutine at a time, after run has
// ended.
func Faults(run func(inject func(vfs.FS) vfs.FS, fault *Fault)) {
	for _, err := range []error{syscall.ENOSPC, syscall.EIO} {
		for _, lasting := range []bool{false, true} {
			for nth, more := 1, true; more; nth++ {
				var (
					mu    sync.Mutex
					calls int
					fault = &Fault{Err: err, Lasting: lasting}
				)
				run(func(fsys vfs.FS) vfs.FS {
					return vfs.Faulty{FS: fsys, Fail: func(op vfs.Op, name string) error {
						if err == syscall.ENOSPC && !needsSpace(op) {
							return nil
						}
						mu.Lock()
						defer mu.Unlock()
						calls++
						if calls == nth {
							fault.Op, fault.Name = op, name
						}
						if calls < nth || calls > nth && !lasting || fault.healed.Load() {
							return nil
						}
						if op == vfs.OpWrite {
							return vfs.ShortWrite{Err: err}
						}
						return err
					}}
				}, fault)
				mu.Lock()
				more = calls >= nth
				mu.Unlock()
			}
		}
	}
}

// needsSpace reports whether an operation may fail on a full disk.
func needsSpace(op vfs.Op) bool {
	switch op {
	case vfs.OpCreate, vfs.OpAppend, vfs.OpMkdir, vfs.OpWrite, vfs.OpSync, vfs.OpClose, vfs.OpRename, vfs.OpSyncDir:
		return true
	}
	return false
}

package lua

import (
	"math"
	"math/bits"
	"unsafe"
)

// Table is the table of Lua: an array for the keys 1..n, and a hash table. The
// hash table is a chained scatter table with Brent's variation: a key is in
// its main position unless another key that is in its own main position is
// there. Sizes are powers of two. They change only when a new key finds no
// free place. Then both parts get new sizes, such that more than half of the
// array is used. All of this shows in the order of Next.
type Table struct {
	object
	ReadOnly bool
	meta     *Table
	array    []Value
	nodes    []node
	free     int // all nodes from here on are used
}

type node struct {
	key, val Value
	next     int32 // distance to the next node of the chain; 0 ends it
}

// NewTable returns a table with room for array elements and for other keys.
func NewTable(elements, keys int) *Table {
	t := &Table{object: object{TableKind}}
	if elements > 0 {
		t.array = make([]Value, elements)
	}
	if keys > 0 {
		t.makeNodes(keys)
	}
	return t
}

// Value returns the table as a value.
func (t *Table) Value() Value { return Value{p: &t.object} }

// Metatable returns the metatable, or nil.
func (t *Table) Metatable() *Table { return t.meta }

// SetMetatable sets the metatable.
func (t *Table) SetMetatable(m *Table) { t.meta = m }

func (t *Table) makeNodes(n int) {
	t.nodes, t.free = nil, 0
	if n > 0 {
		size := 1 << bits.Len(uint(n-1))
		t.nodes, t.free = make([]node, size), size
	}
}

func (s *str) sum() uint32 {
	if !s.hashed {
		s.hash, s.hashed = hashString(s.s), true
	}
	return s.hash
}

// hashString hashes at most 32 characters.
func hashString(s string) uint32 {
	h := uint32(len(s))
	step := len(s)>>5 + 1
	for i := len(s); i >= step; i -= step {
		h ^= h<<5 + h>>2 + uint32(s[i-1])
	}
	return h
}

// main returns the main position of a key.
func (t *Table) main(key Value) int {
	size := uint32(len(t.nodes))
	switch key.Kind() {
	case String:
		return int(key.str().sum() & (size - 1))
	case Number:
		if key.n == 0 {
			return 0
		}
		b := math.Float64bits(key.n)
		return int((uint32(b) + uint32(b>>32)) % (size - 1 | 1))
	case Bool:
		return int(uint32(key.n) & (size - 1))
	default:
		return int(address(key) % (size - 1 | 1))
	}
}

// Get returns the value of a key, nil if it is missing.
func (t *Table) Get(key Value) Value {
	switch key.Kind() {
	case Nil:
		return Value{}
	case String:
		return t.getStr(key.str())
	case Number:
		if i := int(key.n); float64(i) == key.n {
			return t.GetInt(i)
		}
	}
	if n := t.find(key); n != nil {
		return n.val
	}
	return Value{}
}

// GetInt returns the value of an integer key.
func (t *Table) GetInt(i int) Value {
	if uint(i-1) < uint(len(t.array)) {
		return t.array[i-1]
	}
	if n := t.find(Int(i)); n != nil {
		return n.val
	}
	return Value{}
}

// Field returns the value of a string key.
func (t *Table) Field(name string) Value {
	if len(t.nodes) == 0 {
		return Value{}
	}
	s := str{object: object{String}, s: name}
	return t.getStr(&s)
}

func (t *Table) getStr(s *str) Value {
	if len(t.nodes) == 0 {
		return Value{}
	}
	for i := int(s.sum() & uint32(len(t.nodes)-1)); ; {
		n := &t.nodes[i]
		if n.key.Kind() == String {
			if k := n.key.str(); k == s || k.hash == s.hash && k.s == s.s {
				return n.val
			}
		}
		if n.next == 0 {
			return Value{}
		}
		i += int(n.next)
	}
}

func (t *Table) find(key Value) *node {
	if len(t.nodes) == 0 {
		return nil
	}
	for i := t.main(key); ; {
		n := &t.nodes[i]
		if equals(n.key, key) {
			return n
		}
		if n.next == 0 {
			return nil
		}
		i += int(n.next)
	}
}

// Set sets a key, which must be neither nil nor NaN.
func (t *Table) Set(key, v Value) {
	if key.Kind() == Number {
		if i := int(key.n); float64(i) == key.n {
			t.SetInt(i, v)
			return
		}
	}
	t.setNode(key, v)
}

// SetInt sets an integer key.
func (t *Table) SetInt(i int, v Value) {
	if uint(i-1) < uint(len(t.array)) {
		t.array[i-1] = v
		return
	}
	t.setNode(Int(i), v)
}

// SetField sets a string key.
func (t *Table) SetField(name string, v Value) { t.setNode(Str(name), v) }

func (t *Table) setNode(key, v Value) {
	if n := t.find(key); n != nil {
		n.val = v
		return
	}
	t.insert(key, v)
}

// insert adds a missing key. Even with a nil value it uses a place.
func (t *Table) insert(key, v Value) {
	if len(t.nodes) == 0 {
		t.rehash(key)
		t.Set(key, v)
		return
	}
	mp := t.main(key)
	n := &t.nodes[mp]
	if !n.val.IsNil() {
		free := t.freeNode()
		if free < 0 {
			t.rehash(key)
			t.Set(key, v)
			return
		}
		f := &t.nodes[free]
		other := t.main(n.key)
		if other != mp {
			// The key there is not in its main position, so it moves.
			for other+int(t.nodes[other].next) != mp {
				other += int(t.nodes[other].next)
			}
			t.nodes[other].next = int32(free - other)
			*f = *n
			if n.next != 0 {
				f.next += int32(mp - free)
			}
			n.next = 0
			n.val = Value{}
		} else {
			if n.next != 0 {
				f.next = int32(mp + int(n.next) - free)
			} else {
				f.next = 0
			}
			n.next = int32(free - mp)
			n = f
		}
	}
	if key.Kind() == String {
		key.str().sum() // getStr compares hashes
	}
	n.key, n.val = key, v
}

func (t *Table) freeNode() int {
	for t.free > 0 {
		t.free--
		if t.nodes[t.free].key.IsNil() {
			return t.free
		}
	}
	return -1
}

// arrayKey returns the index of a key in the array part, 0 if it has none.
func arrayKey(key Value) int {
	if key.Kind() == Number {
		if i := int(key.n); float64(i) == key.n && i > 0 && i <= maxArray {
			return i
		}
	}
	return 0
}

const maxArray = 1 << 26

// rehash resizes both parts, with room for one more key.
func (t *Table) rehash(extra Value) {
	var nums [27]int // nums[i] counts the keys in (2^(i-1), 2^i]
	elements := 0
	for i, v := range t.array {
		if !v.IsNil() {
			nums[bits.Len(uint(i))]++
			elements++
		}
	}
	total := elements
	count := func(key Value) {
		total++
		if i := arrayKey(key); i > 0 {
			nums[bits.Len(uint(i-1))]++
			elements++
		}
	}
	for i := range t.nodes {
		if n := &t.nodes[i]; !n.val.IsNil() {
			count(n.key)
		}
	}
	count(extra)
	size, used := 0, 0
	for i, sum := 0, 0; i < len(nums) && 1<<i/2 < elements; i++ {
		sum += nums[i]
		if sum > 1<<i/2 {
			size, used = 1<<i, sum
		}
		if sum == elements {
			break
		}
	}
	t.resize(size, total-used)
}

func (t *Table) resize(elements, keys int) {
	old, nodes := t.array, t.nodes
	switch {
	case elements > len(old):
		t.array = make([]Value, elements)
		copy(t.array, old)
	default:
		t.array = old[:elements:elements]
	}
	t.makeNodes(keys)
	for i := elements; i < len(old); i++ {
		if !old[i].IsNil() {
			t.SetInt(i+1, old[i])
		}
	}
	for i := len(nodes) - 1; i >= 0; i-- {
		if n := &nodes[i]; !n.val.IsNil() {
			t.Set(n.key, n.val)
		}
	}
}

// Next returns the key after a given one, and its value. nil is before the
// first key and after the last. ok is false for a key that is not in the
// table.
func (t *Table) Next(key Value) (k, v Value, ok bool) {
	k, v, _, ok = t.next(key)
	return k, v, ok
}

// next is Next, and counts the empty places passed.
func (t *Table) next(key Value) (k, v Value, passed int, ok bool) {
	i := 0
	if !key.IsNil() {
		if i = arrayKey(key); i == 0 || i > len(t.array) {
			n := t.findIndex(key)
			if n < 0 {
				return Value{}, Value{}, 0, false
			}
			i = len(t.array) + n + 1
		}
	}
	start := i
	for ; i < len(t.array); i++ {
		if !t.array[i].IsNil() {
			return Int(i + 1), t.array[i], i - start, true
		}
	}
	for ; i < len(t.array)+len(t.nodes); i++ {
		if n := &t.nodes[i-len(t.array)]; !n.val.IsNil() {
			return n.key, n.val, i - start, true
		}
	}
	return Value{}, Value{}, i - start, true
}

func (t *Table) findIndex(key Value) int {
	if len(t.nodes) == 0 {
		return -1
	}
	for i := t.main(key); ; {
		n := &t.nodes[i]
		if equals(n.key, key) {
			return i
		}
		if n.next == 0 {
			return -1
		}
		i += int(n.next)
	}
}

// Len returns a border: an n such that element n exists and n+1 does not.
func (t *Table) Len() int {
	j := len(t.array)
	if j > 0 && t.array[j-1].IsNil() {
		i := 0
		for j-i > 1 {
			m := int(uint(i+j) >> 1)
			if t.array[m-1].IsNil() {
				j = m
			} else {
				i = m
			}
		}
		return i
	}
	if len(t.nodes) == 0 {
		return j
	}
	i := j
	j++
	for !t.GetInt(j).IsNil() {
		i = j
		if j > math.MaxInt32/2 {
			for i = 1; !t.GetInt(i).IsNil(); i++ {
			}
			return i - 1
		}
		j *= 2
	}
	for j-i > 1 {
		m := int(uint(i+j) >> 1)
		if t.GetInt(m).IsNil() {
			j = m
		} else {
			i = m
		}
	}
	return i
}

// address returns the address of an object for hashing. Go's garbage collector
// moves no objects.
func address(v Value) uint32 { return uint32(uintptr(unsafe.Pointer(v.p)) >> 4) }

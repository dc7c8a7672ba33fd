package value

import (
	"iter"
	"math/rand/v2"
	"strconv"
	"unsafe"

	"github.com/resp-server/resp-server/internal/datastruct/dict"
	"github.com/resp-server/resp-server/internal/datastruct/intset"
	"github.com/resp-server/resp-server/internal/datastruct/listpack"
)

// Set is a set: an intset while all members are integers, else a listpack
// while they are few and short, else a hash table. It never converts back,
// except when SPOP leaves few members.
//
// Methods return members as a listpack.Value, which belongs to the set and is
// valid until its next write.
type Set struct {
	inKeyspace Head
	packed     // its form is one of the constants below
	table      *dict.Dict[setMember]
}

// Forms of a set.
const (
	setInts uint8 = iota
	setPack
	setTable
)

// NewSet returns an empty Set.
func NewSet(*Limits) *Set { return newIntSet() }

func newIntSet() *Set { return &Set{packed: newPacked(intset.New(), setInts)} }

func newPackSet(size int) *Set { return &Set{packed: newPacked(listpack.New(size), setPack)} }

func newTableSet(l *Limits, size int) *Set {
	s := &Set{packed: packed{form: setTable}, table: dict.New(l.Seed, setMember.bytes)}
	s.table.Reserve(size)
	return s
}

// SetOfInts returns a Set with the members of i. It keeps i.
func SetOfInts(l *Limits, i intset.Set) *Set {
	s := &Set{packed: newPacked(i, setInts)}
	if i.Len() > l.maxIntset() {
		s.toTable(l, i.Len())
	}
	return s
}

// SetOfPack returns a Set with the elements of p. It keeps p. The elements
// must be distinct.
func SetOfPack(l *Limits, p listpack.Pack) *Set {
	s := &Set{packed: newPacked(p, setPack)}
	if n := p.Len(); n > l.SetMaxListpackEntries {
		s.toTable(l, n)
	}
	return s
}

// SetOf returns a Set of n distinct members.
func SetOf(l *Limits, n int, members iter.Seq[[]byte]) *Set {
	s := newIntSet()
	if n > l.maxIntset() {
		s = newTableSet(l, n)
	}
	for m := range members {
		s.Add(l, m)
	}
	return s
}

// maxIntset returns the maximum length of an intset, at most the format's.
func (l *Limits) maxIntset() int { return min(l.SetMaxIntsetEntries, 1<<30) }

// setMember is a member in a table: one allocation without pointers, with its
// length and its bytes. It is immutable, so that several sets can share it.
//
//	| length, 1 | bytes |         up to 254 bytes
//	| 255 | length, 8 | bytes |
type setMember struct{ p *byte }

const longMember = 255

func newSetMember(b []byte) setMember {
	var mem []byte
	if n := len(b); n < longMember {
		mem = make([]byte, 1+n)
		mem[0] = byte(n)
		copy(mem[1:], b)
	} else {
		mem = make([]byte, 9+n)
		mem[0] = longMember
		for i := range 8 {
			mem[1+i] = byte(n >> (8 * i))
		}
		copy(mem[9:], b)
	}
	return setMember{&mem[0]}
}

func (m setMember) bytes() []byte {
	// The first byte determines the length of the allocation.
	if n := int(*m.p); n < longMember {
		return unsafe.Slice(m.p, 1+n)[1 : 1+n : 1+n]
	}
	n := 0
	for i, b := range unsafe.Slice(m.p, 9)[1:] {
		n |= int(b) << (8 * i)
	}
	return unsafe.Slice(m.p, 9+n)[9 : 9+n : 9+n]
}

func (s *Set) ints() intset.Set { return intset.In(s.bytes()) }

// become moves the content of t to s and leaves t empty.
func (s *Set) become(t *Set) {
	s.drop()
	s.packed, s.table = t.packed, t.table
}

// Type returns TypeSet.
func (s *Set) Type() Type { return TypeSet }

// Encoding returns "intset", "listpack" or "hashtable".
func (s *Set) Encoding() string {
	return [...]string{"intset", "listpack", "hashtable"}[s.form]
}

// Empty reports whether there are no members.
func (s *Set) Empty() bool { return s.Len() == 0 }

// Thaw returns a Set with the same members; the first write to a part copies
// it.
func (s *Set) Thaw() Value {
	c := &Set{packed: s.frozen()}
	if s.table != nil {
		c.table = s.table.Thaw()
	}
	return c
}

// MemoryUse returns the capacity of the set. For a table it estimates the
// members from one of them.
func (s *Set) MemoryUse() int {
	use := int(unsafe.Sizeof(*s)) + int(s.room)
	if s.table != nil {
		use += s.table.MemoryUse()
		for m := range s.table.All() {
			use += s.table.Len() * ((len(m.bytes()) + 8) &^ 7)
			break
		}
	}
	return use
}

// Len returns the number of members.
func (s *Set) Len() int {
	if s == nil {
		return 0
	}
	switch s.form {
	case setInts:
		return s.ints().Len()
	case setPack:
		return s.pack().Len()
	}
	return s.table.Len()
}

// Ints returns the intset if the set has this encoding. It must not be
// written.
func (s *Set) Ints() (intset.Set, bool) {
	if s.form != setInts {
		return nil, false
	}
	return s.ints(), true
}

// Pack returns the listpack if the set has this encoding. It must not be
// written.
func (s *Set) Pack() (listpack.Pack, bool) {
	if s.form != setPack {
		return nil, false
	}
	return s.pack(), true
}

// Has reports whether m is a member.
func (s *Set) Has(m []byte) bool {
	if s == nil {
		return false
	}
	switch s.form {
	case setInts:
		n, ok := listpack.ParseInt(m)
		return ok && s.ints().Has(n)
	case setPack:
		return s.pack().Find(s.pack().First(), m, 0) >= 0
	}
	_, ok := s.table.Get(m)
	return ok
}

// HasValue is Has for a member of another set.
func (s *Set) HasValue(v listpack.Value) bool {
	if !v.IsInt {
		return s.Has(v.Str)
	}
	if s != nil && s.form == setInts {
		return s.ints().Has(v.Int)
	}
	var digits [20]byte
	return s.Has(strconv.AppendInt(digits[:0], v.Int, 10))
}

// All yields all members: those of an intset in ascending order, those of a
// listpack in the order of insertion, those of a table in no order.
func (s *Set) All(yield func(listpack.Value) bool) {
	switch {
	case s == nil:
	case s.form == setInts:
		for i := range s.ints().Len() {
			if !yield(listpack.IntValue(s.ints().At(i))) {
				return
			}
		}
	case s.form == setPack:
		p := s.pack()
		for pos := p.First(); pos >= 0; {
			var v listpack.Value
			if v, pos = p.Read(pos); !yield(v) {
				return
			}
		}
	default:
		for m := range s.table.All() {
			if !yield(listpack.Value{Str: m.bytes()}) {
				return
			}
		}
	}
}

// Elements implements Collection; a set has only one direction.
func (s *Set) Elements(from int, _ bool) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		i := 0
		for m := range s.Texts {
			if i >= from && !yield(m) {
				return
			}
			i++
		}
	}
}

// Texts yields the members as bytes, each valid until the next one.
func (s *Set) Texts(yield func([]byte) bool) {
	var digits [20]byte
	for v := range s.All {
		b := v.Str
		if v.IsInt {
			b = v.AppendTo(digits[:0])
		}
		if !yield(b) {
			return
		}
	}
}

// Digest adds the members, which are unordered.
func (s *Set) Digest(d *Digest) {
	for m := range s.Texts {
		d.Add(m)
	}
}

// Scan yields about count members from a cursor on and returns the next
// cursor, 0 at the end; see dict.Scan for its guarantees. It yields a set that
// is no table as a whole.
func (s *Set) Scan(cursor uint64, count int, yield func(listpack.Value)) uint64 {
	if s.form != setTable {
		for v := range s.All {
			yield(v)
		}
		return 0
	}
	return s.table.Scan(cursor, count, func(m setMember) { yield(listpack.Value{Str: m.bytes()}) })
}

// Prepare prepares the set for n members, the first of which is given. It
// chooses a suitable encoding for an empty set, and converts a set to a table
// if the members would make it one on the way.
func (s *Set) Prepare(l *Limits, first []byte, n int) {
	switch _, isInt := listpack.ParseInt(first); {
	case s.form == setInts && n > l.maxIntset() && s.Len() > 0, s.form == setPack && n > l.SetMaxListpackEntries:
		s.toTable(l, n)
	case s.Len() > 0, isInt && n <= l.maxIntset():
	case n <= l.SetMaxListpackEntries:
		s.drop()
		s.packed = newPacked(listpack.New(0), setPack)
	default:
		s.become(newTableSet(l, n))
	}
}

// Add adds m and reports whether it is new.
func (s *Set) Add(l *Limits, m []byte) bool {
	switch s.form {
	case setInts:
		if n, ok := listpack.ParseInt(m); ok {
			return s.addInt(l, n)
		}
		s.leaveInts(l, len(m))
		if s.form == setPack {
			s.keep(s.pack().Append(m))
			return true
		}
	case setPack:
		p := s.pack()
		if p.Find(p.First(), m, 0) >= 0 {
			return false
		}
		if p.Len() < l.SetMaxListpackEntries && len(m) <= l.SetMaxListpackValue && p.CanAdd(len(m)) {
			s.write()
			s.keep(s.pack().Append(m))
			return true
		}
		s.toTable(l, p.Len()+1)
	}
	slot := s.table.Lookup(m)
	if !slot.Found() {
		s.table.Store(slot, newSetMember(m))
	}
	return !slot.Found()
}

// AddValue is Add for a member of another set.
func (s *Set) AddValue(l *Limits, v listpack.Value) bool {
	if !v.IsInt {
		return s.Add(l, v.Str)
	}
	if s.form == setInts {
		return s.addInt(l, v.Int)
	}
	var digits [20]byte
	return s.Add(l, strconv.AppendInt(digits[:0], v.Int, 10))
}

func (s *Set) addInt(l *Limits, n int64) (added bool) {
	if s.ints().Has(n) {
		return false
	}
	s.write()
	ints, _ := s.ints().Add(n)
	s.keep(ints)
	if n := s.ints().Len(); n > l.maxIntset() {
		s.toTable(l, n)
	}
	return true
}

// Remove removes m and reports whether it was a member.
func (s *Set) Remove(m []byte) bool {
	switch s.form {
	case setInts:
		n, ok := listpack.ParseInt(m)
		if !ok || !s.ints().Has(n) {
			return false
		}
		s.write()
		ints, _ := s.ints().Remove(n)
		s.keep(ints)
		return true
	case setPack:
		pos := s.pack().Find(s.pack().First(), m, 0)
		if pos < 0 {
			return false
		}
		s.write()
		s.keep(s.pack().Delete(pos).Trim())
		return true
	}
	slot := s.table.Lookup(m)
	s.table.Remove(slot)
	return slot.Found()
}

// RemoveValue is Remove for a member of another set.
func (s *Set) RemoveValue(v listpack.Value) bool {
	if !v.IsInt {
		return s.Remove(v.Str)
	}
	var digits [20]byte
	return s.Remove(strconv.AppendInt(digits[:0], v.Int, 10))
}

// Random returns a member, each with the same probability. The set must not be
// empty.
func (s *Set) Random(r *rand.Rand) listpack.Value {
	switch s.form {
	case setInts:
		return listpack.IntValue(s.ints().Random(r.Uint64()))
	case setPack:
		return s.pack().Get(s.pack().Seek(r.IntN(s.pack().Len())))
	}
	m, _ := s.table.Random(r.Uint64)
	return listpack.Value{Str: m.bytes()}
}

// write makes sure that the set owns its intset or listpack.
func (s *Set) write() {
	if s.form == setInts {
		s.own(s.ints())
	} else {
		s.own(s.pack())
	}
}

// leaveInts converts an intset to an encoding for a member of size bytes that
// is not an integer.
func (s *Set) leaveInts(l *Limits, size int) {
	n, longest := s.ints().Len(), 0
	if n > 0 {
		longest = max(listpack.IntValue(s.ints().At(0)).TextLen(), listpack.IntValue(s.ints().At(n-1)).TextLen())
	}
	if n >= l.SetMaxListpackEntries || size > l.SetMaxListpackValue || longest > l.SetMaxListpackValue {
		s.toTable(l, n+1)
		return
	}
	p := listpack.New(0)
	for v := range s.All {
		p = p.AppendValue(v)
	}
	s.drop()
	s.packed = newPacked(p, setPack)
}

// toTable converts the set to a table with room for n members.
func (s *Set) toTable(l *Limits, n int) {
	t := newTableSet(l, n)
	for m := range s.Texts {
		t.table.Put(newSetMember(m))
	}
	s.become(t)
}

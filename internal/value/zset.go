package value

import (
	"bytes"
	"encoding/binary"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"unsafe"

	"github.com/resp-server/resp-server/internal/datastruct/dict"
	"github.com/resp-server/resp-server/internal/datastruct/listpack"
	"github.com/resp-server/resp-server/internal/datastruct/tree"
	"github.com/resp-server/resp-server/internal/numfmt"
)

// ZSet is a sorted set: members with scores, ordered by score and then by the
// bytes of the member.
//
// A small one is a listpack of members and scores in that order. A large one
// is a tree in that order, which finds ranks and ranges in O(log n), and a
// dict, which finds the score of a member. Both share the members'
// allocations.
type ZSet struct {
	inKeyspace Head
	packed
	large *largeZSet // nil for a listpack
}

type largeZSet struct {
	members *dict.Dict[member]
	order   *tree.Tree[scored]
}

// NewZSet returns an empty ZSet.
func NewZSet(*Limits) *ZSet { return &ZSet{packed: newPacked(listpack.New(0), 0)} }

// ZSetFromPack returns a ZSet of a valid listpack of members and scores in
// order. It takes over the listpack.
func ZSetFromPack(l *Limits, p listpack.Pack) *ZSet {
	z := &ZSet{packed: newPacked(p, 0)}
	if z.Len() > l.ZSetMaxListpackEntries {
		z.convert(l)
	}
	return z
}

// Packed returns the listpack of a small sorted set, which must not be
// modified, and nil for a large one.
func (z *ZSet) Packed() listpack.Pack { return z.pack() }

// member is an element of a large sorted set, shared by tree and dict: one
// allocation without pointers.
//
//	 0           8          12
//	+-----------+----------+-------+
//	| score f64 | len u32  | bytes |
//	+-----------+----------+-------+
type member struct{ p unsafe.Pointer }

const memberHeader = 12

func newMember(name []byte, score float64) member {
	// Even an empty name needs an address inside the allocation.
	mem := make([]byte, memberHeader+max(len(name), 1))
	binary.NativeEndian.PutUint64(mem, math.Float64bits(score))
	binary.NativeEndian.PutUint32(mem[8:], uint32(len(name)))
	copy(mem[memberHeader:], name)
	return member{unsafe.Pointer(unsafe.SliceData(mem))}
}

func (m member) name() []byte {
	n := binary.NativeEndian.Uint32(unsafe.Slice((*byte)(unsafe.Add(m.p, 8)), 4))
	// Slice from the beginning: an empty name has no byte to point to.
	return unsafe.Slice((*byte)(m.p), memberHeader+int(n))[memberHeader:]
}

func (m member) score() float64 {
	return math.Float64frombits(binary.NativeEndian.Uint64(unsafe.Slice((*byte)(m.p), 8)))
}

// setScore changes the score of a member that no other sorted set shares and
// that is not in the tree.
func (m member) setScore(score float64) {
	binary.NativeEndian.PutUint64(unsafe.Slice((*byte)(m.p), 8), math.Float64bits(score))
}

// scored is an item of the tree.
type scored struct {
	score float64
	m     member
}

func compareScored(a, b scored) int {
	switch {
	case a.score < b.score:
		return -1
	case a.score > b.score:
		return 1
	case a.m == b.m:
		return 0
	}
	return bytes.Compare(a.m.name(), b.m.name())
}

// Type returns TypeZSet.
func (z *ZSet) Type() Type { return TypeZSet }

// Encoding returns "listpack" or "skiplist", Redis's name for the encoding of
// a large one.
func (z *ZSet) Encoding() string {
	if z.large != nil {
		return "skiplist"
	}
	return "listpack"
}

// Len returns the number of members.
func (z *ZSet) Len() int {
	switch {
	case z == nil:
		return 0
	case z.large != nil:
		return z.large.members.Len()
	}
	return z.pack().Len() / 2
}

// Empty reports whether there are no members.
func (z *ZSet) Empty() bool { return z.Len() == 0 }

// Thaw returns a writable ZSet with the same content.
func (z *ZSet) Thaw() Value {
	if z.large != nil {
		return &ZSet{large: &largeZSet{members: z.large.members.Thaw(), order: z.large.order.Thaw()}}
	}
	return &ZSet{packed: z.frozen()}
}

// MemoryUse estimates the size of a large sorted set from one of its members.
func (z *ZSet) MemoryUse() int {
	n := int(unsafe.Sizeof(*z)) + int(z.room)
	if z.large != nil {
		n += int(unsafe.Sizeof(*z.large))
		one, _ := z.large.order.Min()
		each := (memberHeader+len(one.m.name())+7)&^7 + int(unsafe.Sizeof(one))*4/3
		n += z.large.members.MemoryUse() + z.Len()*each
	}
	return n
}

func (z *ZSet) write() { z.own(z.pack()) }

// packScore reads the score after a member of the pack.
func (z *ZSet) packScore(pos int) float64 {
	v := z.pack().Get(z.pack().Next(pos))
	if v.IsInt {
		return float64(v.Int)
	}
	f, _ := numfmt.ParseFloat(v.Str)
	return f
}

// scoreValue returns the form of a score in the pack: an integer if it is one.
func scoreValue(score float64, scratch []byte) listpack.Value {
	if n := int64(score); float64(n) == score && n > -1<<62 && n < 1<<62 {
		return listpack.IntValue(n)
	}
	return listpack.ValueOf(numfmt.AppendFloat(scratch[:0], score))
}

func (z *ZSet) find(name []byte) int {
	if z == nil {
		return -1
	}
	return z.pack().Find(z.pack().First(), name, 1)
}

// Score returns the score of a member.
func (z *ZSet) Score(name []byte) (float64, bool) {
	if z != nil && z.large != nil {
		m, ok := z.large.members.Get(name)
		if !ok {
			return 0, false
		}
		return m.score(), true
	}
	pos := z.find(name)
	if pos < 0 {
		return 0, false
	}
	return z.packScore(pos), true
}

// Set sets the score of a member, which must not be NaN. It reports whether
// the member is new, or else whether its score changed.
func (z *ZSet) Set(l *Limits, name []byte, score float64) (added, updated bool) {
	if z.large == nil && z.mustConvert(l, name) {
		z.convert(l)
	}
	if z.large != nil {
		s := z.large.members.Lookup(name)
		m := s.Elem
		if s.Found() {
			if m.score() == score {
				return false, false
			}
			z.large.order.Delete(scored{m.score(), m})
		}
		if z.large.members.Owns(s) {
			m.setScore(score)
		} else {
			m = newMember(name, score)
			z.large.members.Store(s, m)
		}
		z.large.order.Insert(scored{score, m})
		return !s.Found(), s.Found()
	}
	z.write()
	pos := z.find(name)
	if pos >= 0 {
		if z.packScore(pos) == score {
			return false, false
		}
		z.keep(z.pack().DeleteRange(pos, 2))
	}
	z.insert(name, score)
	return pos < 0, pos >= 0
}

// mustConvert reports whether a new member would make the pack too large.
func (z *ZSet) mustConvert(l *Limits, name []byte) bool {
	if len(name) <= l.ZSetMaxListpackValue && z.pack().Len()/2 < l.ZSetMaxListpackEntries && z.pack().CanAdd(len(name)) {
		return false
	}
	return z.find(name) < 0
}

// Expect converts a sorted set before n members are added, if their number or
// the length of the longest requires it.
func (z *ZSet) Expect(l *Limits, n, longest int) {
	if z.large == nil && (n > l.ZSetMaxListpackEntries || longest > l.ZSetMaxListpackValue) {
		z.convert(l)
		z.large.members.Reserve(n)
	}
}

// insert adds a member to the pack in order.
func (z *ZSet) insert(name []byte, score float64) {
	var scratch [32]byte
	v := scoreValue(score, scratch[:])
	for pos := z.pack().First(); pos >= 0; {
		next := z.pack().Next(pos)
		s := z.packScore(pos)
		if s > score || s == score && compareValue(z.pack().Get(pos), name) > 0 {
			z.keep(z.pack().InsertBefore(pos, name))
			at := z.pack().Next(pos)
			if v.IsInt {
				z.keep(z.pack().InsertInt(at, v.Int))
			} else {
				z.keep(z.pack().InsertBefore(at, v.Str))
			}
			return
		}
		pos = z.pack().Next(next)
	}
	z.keep(z.pack().Append(name).AppendValue(v))
}

func compareValue(v listpack.Value, s []byte) int {
	var scratch [24]byte
	return bytes.Compare(entryText(v, scratch[:]), s)
}

// convert converts the sorted set to a tree and a dict.
func (z *ZSet) convert(l *Limits) {
	members := dict.New(l.Seed, member.name)
	members.Reserve(z.Len())
	items := make([]scored, 0, z.Len())
	for name, score := range z.All() {
		m := newMember(name, score)
		members.Put(m)
		items = append(items, scored{score, m})
	}
	order, ok := tree.FromSorted(compareScored, items)
	if !ok {
		panic("value: a sorted set's listpack is not sorted")
	}
	z.large = &largeZSet{members, order}
	z.drop()
}

// Scored is a member with its score.
type Scored struct {
	Member []byte
	Score  float64
}

// CompareScored compares members in the order of sorted sets.
func CompareScored(a, b Scored) int {
	switch {
	case a.Score < b.Score:
		return -1
	case a.Score > b.Score:
		return 1
	}
	return bytes.Compare(a.Member, b.Member)
}

// ZSetFrom returns a ZSet of distinct members in any order. It sorts list in
// place, in O(n log n). The encoding is that of a stored result.
func ZSetFrom(l *Limits, list []Scored) *ZSet {
	slices.SortFunc(list, CompareScored)
	z := NewZSet(l)
	longest := 0
	for _, s := range list {
		longest = max(longest, len(s.Member))
	}
	if len(list) <= l.ZSetMaxListpackEntries && longest <= l.ZSetMaxListpackValue {
		var scratch [32]byte
		for _, s := range list {
			z.keep(z.pack().Append(s.Member).AppendValue(scoreValue(s.Score, scratch[:])))
		}
		return z
	}
	members := dict.New(l.Seed, member.name)
	members.Reserve(len(list))
	items := make([]scored, len(list))
	for i, s := range list {
		m := newMember(s.Member, s.Score)
		members.Put(m)
		items[i] = scored{s.Score, m}
	}
	order, _ := tree.FromSorted(compareScored, items)
	z.large = &largeZSet{members, order}
	z.drop()
	return z
}

// Delete removes a member.
func (z *ZSet) Delete(name []byte) bool {
	if z.large != nil {
		m, ok := z.large.members.Delete(name)
		if ok {
			z.large.order.Delete(scored{m.score(), m})
		}
		return ok
	}
	pos := z.find(name)
	if pos < 0 {
		return false
	}
	z.write()
	z.keep(z.pack().DeleteRange(pos, 2).Trim())
	return true
}

// DeleteRange removes the members with ranks from to to-1.
func (z *ZSet) DeleteRange(from, to int) {
	if from >= to {
		return
	}
	if z.large != nil {
		it := z.large.order.Seek(from)
		for range to - from {
			s, _ := it.Next()
			z.large.members.Delete(s.m.name())
		}
		z.large.order.DeleteRange(from, to)
		return
	}
	z.write()
	z.keep(z.pack().DeleteRange(z.pack().Seek(2*from), 2*(to-from)).Trim())
}

// Rank returns the rank of a member.
func (z *ZSet) Rank(name []byte) (int, bool) {
	if z != nil && z.large != nil {
		m, ok := z.large.members.Get(name)
		if !ok {
			return 0, false
		}
		return z.large.order.Rank(scored{m.score(), m})
	}
	target := z.find(name)
	if target < 0 {
		return 0, false
	}
	rank := 0
	for pos := z.pack().First(); pos != target; rank++ {
		pos = z.pack().Next(z.pack().Next(pos))
	}
	return rank, true
}

// SearchScore returns the smallest rank whose score satisfies f, or Len if
// there is none. f must be false up to some score and true from there on.
func (z *ZSet) SearchScore(f func(score float64) bool) int {
	if z != nil && z.large != nil {
		return z.large.order.Search(func(s scored) bool { return f(s.score) })
	}
	return z.search(func(pos int) bool { return f(z.packScore(pos)) })
}

// SearchMember is SearchScore by the bytes of members. They are in order only
// if all have the same score.
func (z *ZSet) SearchMember(f func(name []byte) bool) int {
	if z != nil && z.large != nil {
		return z.large.order.Search(func(s scored) bool { return f(s.m.name()) })
	}
	var scratch [24]byte
	return z.search(func(pos int) bool { return f(entryText(z.pack().Get(pos), scratch[:])) })
}

func (z *ZSet) search(f func(pos int) bool) int {
	if z.Len() == 0 {
		return 0
	}
	rank := 0
	for pos := z.pack().First(); pos >= 0 && !f(pos); rank++ {
		pos = z.pack().Next(z.pack().Next(pos))
	}
	return rank
}

// ZIter walks over the members of a ZSet, which must not be written meanwhile.
type ZIter struct {
	z       *ZSet
	it      tree.Iter[scored]
	pos     int // in the pack
	reverse bool
	scratch [24]byte
}

// Seek returns an iterator that starts with the member at a rank and goes
// upwards, or with reverse downwards.
func (z *ZSet) Seek(rank int, reverse bool) ZIter {
	it := ZIter{z: z, pos: -1, reverse: reverse}
	switch {
	case rank < 0 || rank >= z.Len():
		it.z = nil
	case z.large == nil:
		it.pos = z.pack().Seek(2 * rank)
	case reverse:
		it.it = z.large.order.Seek(rank + 1)
	default:
		it.it = z.large.order.Seek(rank)
	}
	return it
}

// Next returns the next member and its score. The bytes are valid until the
// next call.
func (it *ZIter) Next() (name []byte, score float64, ok bool) {
	if it.z == nil {
		return nil, 0, false
	}
	if it.z.large != nil {
		var s scored
		if it.reverse {
			s, ok = it.it.Prev()
		} else {
			s, ok = it.it.Next()
		}
		if !ok {
			return nil, 0, false
		}
		return s.m.name(), s.score, true
	}
	if it.pos < 0 {
		return nil, 0, false
	}
	pack := it.z.pack()
	name, score = entryText(pack.Get(it.pos), it.scratch[:]), it.z.packScore(it.pos)
	if it.reverse {
		if it.pos = pack.Prev(it.pos); it.pos >= 0 {
			it.pos = pack.Prev(it.pos)
		}
	} else {
		it.pos = pack.Next(pack.Next(it.pos))
	}
	return name, score, true
}

// All yields members and scores in order. The bytes are valid until the next
// step.
func (z *ZSet) All() iter.Seq2[[]byte, float64] {
	return func(yield func([]byte, float64) bool) {
		it := z.Seek(0, false)
		for {
			name, score, ok := it.Next()
			if !ok || !yield(name, score) {
				return
			}
		}
	}
}

// Elements implements Collection.
func (z *ZSet) Elements(from int, backward bool) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if backward {
			from = z.Len() - 1 - from
		}
		it := z.Seek(from, backward)
		for {
			name, _, ok := it.Next()
			if !ok || !yield(name) {
				return
			}
		}
	}
}

// Scan yields about count members from a cursor on and returns the next
// cursor, as dict.Scan does. It yields a small sorted set as a whole.
func (z *ZSet) Scan(cursor uint64, count int, yield func(name []byte, score float64)) uint64 {
	if z != nil && z.large != nil {
		return z.large.members.Scan(cursor, count, func(m member) { yield(m.name(), m.score()) })
	}
	for name, score := range z.All() {
		yield(name, score)
	}
	return 0
}

// Random returns a member and its score, each with the same probability. The
// set must not be empty. The bytes are valid until the next write.
func (z *ZSet) Random(rand func() uint64, scratch *[24]byte) (name []byte, score float64) {
	if z.large != nil {
		m, _ := z.large.members.Random(rand)
		return m.name(), m.score()
	}
	pos := z.pack().Seek(2 * int(rand()%uint64(z.Len())))
	return entryText(z.pack().Get(pos), scratch[:]), z.packScore(pos)
}

// Sample yields n distinct random members; n is at most Len. If n is Len it
// yields them from the last to the first, as Redis does.
func (z *ZSet) Sample(rnd *rand.Rand, n int, yield func(name []byte, score float64)) {
	total := z.Len()
	if n >= total {
		it := z.Seek(total-1, true)
		for range total {
			name, score, _ := it.Next()
			yield(name, score)
		}
		return
	}
	if z.large == nil || 3*n > total {
		for name, score := range z.All() {
			if rnd.IntN(total) < n {
				yield(name, score)
				n--
			}
			total--
		}
		return
	}
	taken := make(map[member]struct{}, n)
	for len(taken) < n {
		m, _ := z.large.members.Random(rnd.Uint64)
		if _, ok := taken[m]; !ok {
			taken[m] = struct{}{}
			yield(m.name(), m.score())
		}
	}
}

// Digest adds the members and their scores.
func (z *ZSet) Digest(d *Digest) {
	var scratch [32]byte
	for name, score := range z.All() {
		d.AddGroup(name, numfmt.AppendGrisu(scratch[:0], score))
	}
}

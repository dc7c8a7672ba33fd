package value

import (
	"iter"
	"math"
	"math/rand/v2"
	"unsafe"

	"github.com/resp-server/resp-server/internal/datastruct/block"
	"github.com/resp-server/resp-server/internal/datastruct/dict"
	"github.com/resp-server/resp-server/internal/datastruct/listpack"
	"github.com/resp-server/resp-server/internal/datastruct/tree"
)

// Hash is a map from fields to values. Each field may have an expiry time.
//
// A small hash is a listpack of fields and values. Once a field has an expiry
// time the listpack holds fields, values and times, ordered by time, with the
// fields without one (time 0) at the end. A large hash is a dict, with a tree
// of the expiry times.
type Hash struct {
	inKeyspace Head
	packed
	large *largeHash // nil for a listpack
}

type largeHash struct {
	fields  *dict.Dict[field]
	expires *tree.Tree[fieldExpiry] // nil until a field has an expiry time
}

// Forms of the listpack.
const (
	pairs      uint8 = iota // fields and values
	timedPairs              // fields, values and times
)

func (h *Hash) timed() bool { return h.form == timedPairs }

// NewHash returns an empty Hash.
func NewHash(*Limits) *Hash { return &Hash{packed: newPacked(listpack.New(0), pairs)} }

// HashFromPack returns a Hash of a valid listpack, which it takes over: fields
// and values, and times if timed is set, in the order that Hash maintains.
func HashFromPack(l *Limits, p listpack.Pack, timed bool) *Hash {
	h := &Hash{packed: newPacked(p, pairs)}
	if timed {
		h.form = timedPairs
	}
	if h.Len() > l.HashMaxListpackEntries {
		h.convert(l)
	}
	return h
}

// Pack returns the listpack of a small hash, which must not be modified, and
// whether it has times. It returns nil for a large hash.
func (h *Hash) Pack() (p listpack.Pack, timed bool) { return h.pack(), h.timed() }

// Reserve converts an empty hash that will get n fields, if that is too many
// for a listpack.
func (h *Hash) Reserve(l *Limits, n int) {
	if n > l.HashMaxListpackEntries {
		h.convert(l)
	}
}

// Type returns TypeHash.
func (h *Hash) Type() Type { return TypeHash }

// Encoding returns "listpack", "listpackex" or "hashtable".
func (h *Hash) Encoding() string {
	switch {
	case h.large != nil:
		return "hashtable"
	case h.timed():
		return "listpackex"
	}
	return "listpack"
}

// Len returns the number of fields.
func (h *Hash) Len() int {
	switch {
	case h == nil:
		return 0
	case h.large != nil:
		return h.large.fields.Len()
	}
	return h.pack().Len() / h.step()
}

// step returns the number of pack entries per field.
func (h *Hash) step() int {
	if h.timed() {
		return 3
	}
	return 2
}

// Empty reports whether there are no fields.
func (h *Hash) Empty() bool { return h.Len() == 0 }

// Thaw returns a writable Hash with the same content.
func (h *Hash) Thaw() Value {
	c := &Hash{packed: h.frozen()}
	if h.large != nil {
		c.large = &largeHash{fields: h.large.fields.Thaw()}
		if h.large.expires != nil {
			c.large.expires = h.large.expires.Thaw()
		}
	}
	return c
}

// MemoryUse estimates the size of a large hash from one of its fields.
func (h *Hash) MemoryUse() int {
	n := int(unsafe.Sizeof(*h)) + int(h.room)
	if h.large == nil {
		return n
	}
	n += int(unsafe.Sizeof(*h.large)) + h.large.fields.MemoryUse()
	for f := range h.large.fields.All() {
		off, name, size := f.layout()
		n += h.large.fields.Len() * ((off + name + size + 7) &^ 7)
		break
	}
	return n + h.large.expires.Len()*int(unsafe.Sizeof(fieldExpiry{}))*4/3
}

// write makes sure that the hash owns its pack before a write.
func (h *Hash) write() { h.own(h.pack()) }

// find returns the position of a field in the pack, -1 if it is missing.
func (h *Hash) find(name []byte) int {
	first := h.pack().First()
	if first < 0 {
		return -1
	}
	return h.pack().Find(first, name, h.step()-1)
}

// timeAt returns the expiry time of a field, two entries behind its position.
func (h *Hash) timeAt(pos int) int64 {
	if !h.timed() {
		return 0
	}
	return h.pack().Get(h.pack().Next(h.pack().Next(pos))).Int
}

// Get returns the value of a field. It formats an integer of a small hash into
// scratch. The result is valid until the next write.
func (h *Hash) Get(name, scratch []byte) ([]byte, bool) {
	switch {
	case h == nil:
		return nil, false
	case h.large != nil:
		f, ok := h.large.fields.Get(name)
		if !ok {
			return nil, false
		}
		return f.value(), true
	}
	pos := h.find(name)
	if pos < 0 {
		return nil, false
	}
	return entryText(h.pack().Get(h.pack().Next(pos)), scratch), true
}

// entryText returns the bytes of a listpack value, formatting an integer into
// scratch.
func entryText(v listpack.Value, scratch []byte) []byte {
	if v.IsInt {
		return v.AppendTo(scratch[:0])
	}
	return v.Str
}

// Has reports whether a field exists.
func (h *Hash) Has(name []byte) bool {
	switch {
	case h == nil:
		return false
	case h.large != nil:
		_, ok := h.large.fields.Get(name)
		return ok
	}
	return h.find(name) >= 0
}

// Time returns the expiry time of a field, 0 if it has none. ok is false if
// the field is missing.
func (h *Hash) Time(name []byte) (at int64, ok bool) {
	switch {
	case h == nil:
		return 0, false
	case h.large != nil:
		f, ok := h.large.fields.Get(name)
		if !ok {
			return 0, false
		}
		return f.at(), true
	}
	pos := h.find(name)
	if pos < 0 {
		return 0, false
	}
	return h.timeAt(pos), true
}

// KeepTime, as the time given to Set, keeps the expiry time of the field.
const KeepTime = math.MinInt64

// Set sets the value and the expiry time of a field, 0 for none, and reports
// whether the field is new.
func (h *Hash) Set(l *Limits, name, v []byte, at int64) (added bool) {
	h.makeRoom(l, len(name), len(v))
	if h.large != nil {
		return h.put(name, v, at)
	}
	h.write()
	if at > 0 {
		h.addTimes()
	}
	pos := h.find(name)
	if pos < 0 {
		h.insert(name, v, max(at, 0))
		if h.Len() > l.HashMaxListpackEntries {
			h.convert(l)
		}
		return true
	}
	was := h.timeAt(pos)
	h.keep(h.pack().Replace(h.pack().Next(pos), v))
	if at != KeepTime && (at != 0 || was != 0) {
		h.move(pos, at)
	}
	return false
}

// makeRoom converts the hash if a field is too long for a listpack.
func (h *Hash) makeRoom(l *Limits, nameLen, valueLen int) {
	if h.large == nil && (nameLen > l.HashMaxListpackValue || valueLen > l.HashMaxListpackValue || !h.pack().CanAdd(nameLen+valueLen)) {
		h.convert(l)
	}
}

// Expect converts the hash before pairs are added, if their number or length
// requires it. Fields and values alternate.
func (h *Hash) Expect(l *Limits, pairs [][]byte) {
	if h.large != nil {
		return
	}
	if len(pairs)/2 > l.HashMaxListpackEntries {
		h.convert(l)
		h.large.fields.Reserve(len(pairs) / 2)
		return
	}
	size := 0
	for _, p := range pairs {
		if size += len(p); len(p) > l.HashMaxListpackValue {
			h.convert(l)
			return
		}
	}
	if !h.pack().CanAdd(size) {
		h.convert(l)
	}
}

// insert adds a field to the pack at the place that its time determines: before
// others of the same time.
func (h *Hash) insert(name, v []byte, at int64) {
	if !h.timed() {
		h.keep(h.pack().AppendAll(name, v))
		return
	}
	if at != 0 {
		for pos := h.pack().First(); pos >= 0; pos = h.nextField(pos) {
			if t := h.timeAt(pos); t == 0 || t >= at {
				h.keep(h.pack().InsertBefore(pos, name))
				p := h.pack().Next(pos)
				h.keep(h.pack().InsertBefore(p, v))
				h.keep(h.pack().InsertInt(h.pack().Next(p), at))
				return
			}
		}
	}
	h.keep(h.pack().AppendAll(name, v).AppendInt(at))
}

// move changes the time of the field at a position of the pack, and so its
// place.
func (h *Hash) move(pos int, at int64) {
	var a, b [24]byte
	name := append([]byte(nil), entryText(h.pack().Get(pos), a[:])...)
	v := append([]byte(nil), entryText(h.pack().Get(h.pack().Next(pos)), b[:])...)
	h.keep(h.pack().DeleteRange(pos, 3))
	h.insert(name, v, at)
}

func (h *Hash) nextField(pos int) int {
	for range h.step() {
		if pos = h.pack().Next(pos); pos < 0 {
			break
		}
	}
	return pos
}

// AllowTimes converts a small hash to the encoding with times, as HEXPIRE does
// even if it sets none.
func (h *Hash) AllowTimes() {
	if h.large == nil {
		h.addTimes()
	}
}

func (h *Hash) addTimes() {
	if h.timed() {
		return
	}
	pack := listpack.New(len(h.pack()) + 2*h.Len())
	for pos := h.pack().First(); pos >= 0; {
		var f, v listpack.Value
		f, pos = h.pack().Read(pos)
		v, pos = h.pack().Read(pos)
		pack = pack.AppendValue(f).AppendValue(v).AppendInt(0)
	}
	h.drop()
	h.packed = newPacked(pack, timedPairs)
}

// put sets a field of the dict.
func (h *Hash) put(name, v []byte, at int64) (added bool) {
	s := h.large.fields.Lookup(name)
	was := int64(0)
	if s.Found() {
		was = s.Elem.at()
	}
	if at == KeepTime {
		at = was
	}
	mine := h.large.fields.Owns(s)
	if mine && at == was && s.Elem.fits(len(v)) && !block.Poisons {
		s.Elem.setValue(v)
		return false
	}
	f := newField(name, v, at)
	if was != 0 && was != at {
		h.large.expires.Delete(fieldExpiry{was, s.Elem})
	}
	if at != 0 {
		if h.large.expires == nil {
			h.large.expires = tree.New(compareFieldExpiry)
		}
		h.large.expires.Insert(fieldExpiry{at, f})
	}
	added = !s.Found()
	h.large.fields.Store(s, f)
	if mine {
		block.Poison(s.Elem.value()) // a reader of the old value must notice, as after a write in place
	}
	return added
}

// convert converts the hash to a dict.
func (h *Hash) convert(l *Limits) {
	h.large = &largeHash{fields: dict.New(l.Seed, field.name)}
	var a, b [24]byte
	for pos := h.pack().First(); pos >= 0; pos = h.nextField(pos) {
		h.put(entryText(h.pack().Get(pos), a[:]), entryText(h.pack().Get(h.pack().Next(pos)), b[:]), h.timeAt(pos))
	}
	h.drop()
}

// SetTime sets the expiry time of an existing field, 0 for none.
func (h *Hash) SetTime(name []byte, at int64) {
	if h.large != nil {
		if f, ok := h.large.fields.Get(name); ok && f.at() != at {
			h.put(name, f.value(), at)
		}
		return
	}
	pos := h.find(name)
	if pos < 0 || at == 0 && h.timeAt(pos) == 0 {
		return
	}
	h.write()
	h.addTimes()
	h.move(h.find(name), at)
}

// Delete removes a field.
func (h *Hash) Delete(name []byte) bool {
	if h.large != nil {
		f, ok := h.large.fields.Delete(name)
		if ok && f.at() != 0 {
			h.large.expires.Delete(fieldExpiry{f.at(), f})
		}
		return ok
	}
	pos := h.find(name)
	if pos < 0 {
		return false
	}
	h.write()
	h.keep(h.pack().DeleteRange(pos, h.step()).Trim())
	return true
}

// Remove implements Expirer.
func (h *Hash) Remove(name []byte) bool { return h.Delete(name) }

// HasExpired reports whether the time of any field is at or before now.
func (h *Hash) HasExpired(now int64) bool {
	at := h.NextExpiry()
	return at != 0 && at <= now
}

// NextExpiry implements Expirer.
func (h *Hash) NextExpiry() int64 {
	switch {
	case h == nil:
		return 0
	case h.large != nil:
		x, _ := h.large.expires.Min()
		return x.at
	case h.timed():
		if pos := h.pack().First(); pos >= 0 {
			return h.timeAt(pos)
		}
	}
	return 0
}

// Expire implements Expirer.
func (h *Hash) Expire(now int64, yield func(name []byte)) {
	var scratch [24]byte
	for at := h.NextExpiry(); at != 0 && at <= now; at = h.NextExpiry() {
		if h.large != nil {
			x, _ := h.large.expires.DeleteAt(0)
			yield(x.f.name())
			h.large.fields.Delete(x.f.name())
			continue
		}
		h.write()
		pos := h.pack().First()
		yield(entryText(h.pack().Get(pos), scratch[:]))
		h.keep(h.pack().DeleteRange(pos, 3))
	}
}

// All yields fields and values. They are valid until the next step.
func (h *Hash) All(yield func(name, v []byte) bool) {
	switch {
	case h == nil:
		return
	case h.large != nil:
		for f := range h.large.fields.All() {
			if !yield(f.name(), f.value()) {
				return
			}
		}
		return
	}
	var a, b [24]byte
	for pos := h.pack().First(); pos >= 0; pos = h.nextField(pos) {
		if !yield(entryText(h.pack().Get(pos), a[:]), entryText(h.pack().Get(h.pack().Next(pos)), b[:])) {
			return
		}
	}
}

// Live yields the fields that have not expired at now, and returns their
// number.
func (h *Hash) Live(now int64) (n int, fields iter.Seq2[[]byte, []byte]) {
	if !h.HasExpired(now) {
		return h.Len(), h.All
	}
	live := func(yield func(name, v []byte) bool) {
		for name, v := range h.All {
			if at, _ := h.Time(name); (at == 0 || at > now) && !yield(name, v) {
				return
			}
		}
	}
	for range live {
		n++
	}
	return n, live
}

// Scan yields about count fields from a cursor on and returns the next cursor,
// as dict.Scan does. It yields a small hash as a whole.
func (h *Hash) Scan(cursor uint64, count int, yield func(name, v []byte)) uint64 {
	if h.Len() == 0 {
		return 0
	}
	if h.large != nil {
		return h.large.fields.Scan(cursor, count, func(f field) { yield(f.name(), f.value()) })
	}
	for name, v := range h.All {
		yield(name, v)
	}
	return 0
}

// Random returns a field and its value, each with the same probability. The
// hash must not be empty.
func (h *Hash) Random(rand func() uint64, scratch *[48]byte) (name, v []byte) {
	if h.large != nil {
		f, _ := h.large.fields.Random(rand)
		return f.name(), f.value()
	}
	n := int(rand() % uint64(h.Len()))
	pos := h.pack().Seek(n * h.step())
	return entryText(h.pack().Get(pos), scratch[:24]), entryText(h.pack().Get(h.pack().Next(pos)), scratch[24:])
}

// Sample yields n distinct random fields; n is at most Len. A small hash
// yields them in its order.
func (h *Hash) Sample(rnd *rand.Rand, n int, yield func(name, v []byte)) {
	total := h.Len()
	switch {
	case n == 0:
	case h.large == nil || 3*n > total:
		// Take each field with the probability that yields n in the end.
		for name, v := range h.All {
			if rnd.IntN(total) < n {
				yield(name, v)
				n--
			}
			total--
		}
	default:
		taken := make(map[field]struct{}, n)
		for len(taken) < n {
			f, _ := h.large.fields.Random(rnd.Uint64)
			if _, ok := taken[f]; !ok {
				taken[f] = struct{}{}
				yield(f.name(), f.value())
			}
		}
	}
}

// Digest adds the fields with their values, and whether they have an expiry
// time.
func (h *Hash) Digest(d *Digest) {
	for name, v := range h.All {
		var field Digest
		field.Mix(name)
		field.Mix(v)
		if at, _ := h.Time(name); at != 0 {
			field.Add([]byte("!!hexpire!!"))
		}
		d.Add(field[:])
	}
}

// Package keyspace holds the databases: keys, values, expiry times.
//
// A Keyspace is owned by one engine, which runs one unit at a time on it, so
// there are no locks. Clone returns a second owner of everything in constant
// time, for point-in-time snapshots and forked servers.
//
// The package stores expiry times but has no clock. The engine compares them
// using Entry.ExpireAt and DB.NextExpiry, and deletes expired keys.
package keyspace

import (
	"bytes"

	"github.com/resp-server/resp-server/internal/datastruct/dict"
	"github.com/resp-server/resp-server/internal/datastruct/tree"
	"github.com/resp-server/resp-server/internal/value"
)

// Keyspace is the set of databases of one server.
type Keyspace struct {
	seed uint64
	dbs  []*DB
	// Access is the access time or LFU counter of new entries; the engine sets it
	// once per unit.
	Access    uint32
	keepsSize bool // of the tables of keys
	bySlot    bool // keys are indexed by their hash slots
	// counting means that DB.bytes is up to date.
	counting bool
}

// New returns an empty Keyspace of n databases. The seed determines the order
// of SCAN and KEYS. It must be secret, so that clients can't choose colliding
// keys.
func New(n int, seed uint64) *Keyspace {
	return &Keyspace{seed: seed, dbs: make([]*DB, n)}
}

// Len returns the number of databases.
func (ks *Keyspace) Len() int { return len(ks.dbs) }

// DB returns database i, which must be in range.
func (ks *Keyspace) DB(i int) *DB {
	if ks.dbs[i] == nil {
		ks.dbs[i] = newDB(ks, i)
	}
	return ks.dbs[i]
}

// Used calls yield for each database with keys, in order.
func (ks *Keyspace) Used(yield func(*DB) bool) {
	for _, db := range ks.dbs {
		if db != nil && db.Len() > 0 && !yield(db) {
			return
		}
	}
}

// KeepSize sets whether the tables of keys keep their size when keys are
// removed.
func (ks *Keyspace) KeepSize(keep bool) {
	ks.keepsSize = keep
	for _, db := range ks.dbs {
		if db != nil {
			db.last = dict.Slot[Entry]{}
			db.keys.KeepSize(keep)
		}
	}
}

// Swap exchanges the contents of two databases.
func (ks *Keyspace) Swap(i, j int) {
	a, b := ks.DB(i), ks.DB(j)
	a.contents, b.contents = b.contents, a.contents
}

// Clone returns a second owner of all databases, in constant time. From then
// on each side copies what it writes. The two may be used by different
// goroutines.
func (ks *Keyspace) Clone() *Keyspace {
	c := &Keyspace{seed: ks.seed, dbs: make([]*DB, len(ks.dbs)), Access: ks.Access, bySlot: ks.bySlot}
	for i, db := range ks.dbs {
		if db != nil {
			c.dbs[i] = &DB{ks: c, index: i, contents: db.clone()}
		}
	}
	return c
}

// expiry is an item of the index of expiry times.
type expiry struct {
	at    int64
	entry Entry
}

func compareExpiry(a, b expiry) int {
	if a.at != b.at {
		if a.at < b.at {
			return -1
		}
		return 1
	}
	if a.entry == b.entry {
		return 0
	}
	return bytes.Compare(a.entry.Key(), b.entry.Key())
}

// contents is the part of a database that SWAPDB exchanges.
type contents struct {
	keys    *dict.Dict[Entry]
	expires *tree.Tree[expiry]
	// elements indexes the keys with expiring elements by the time of the first
	// one.
	elements *tree.Tree[expiry]
	slots    *tree.Tree[slotted] // nil: the Keyspace has no such index
	owner    *owner
	// last caches the last look-up: a command looks up its key several times, and
	// the next command often uses the same key. Changes that move entries in keys
	// reset it.
	last  dict.Slot[Entry]
	bytes int64 // total size of the entries, if Keyspace.counting
}

func (c *contents) clone() contents {
	// Both sides get a new token, since neither owns an object made before.
	c.owner = new(owner)
	d := contents{keys: c.keys.Clone(), expires: c.expires.Clone(), elements: c.elements.Clone(), owner: new(owner)}
	if c.slots != nil {
		d.slots = c.slots.Clone()
	}
	return d
}

// DB is one database.
type DB struct {
	ks    *Keyspace
	index int
	contents
}

func newDB(ks *Keyspace, index int) *DB {
	db := &DB{ks: ks, index: index, contents: contents{
		keys:     dict.New(ks.seed, Entry.Key),
		expires:  tree.New(compareExpiry),
		elements: tree.New(compareExpiry),
		owner:    new(owner),
	}}
	db.keys.KeepSize(ks.keepsSize)
	if ks.bySlot {
		db.slots = tree.New(compareSlotted)
	}
	return db
}

// TableStats returns the statistics of the table of keys.
func (db *DB) TableStats() dict.Stats { return db.keys.Stats() }

// Index returns the number of the database.
func (db *DB) Index() int { return db.index }

// Reserve makes room for n keys in an empty database.
func (db *DB) Reserve(n int) { db.keys.Reserve(n) }

// Len returns the number of keys, including expired ones that are not deleted
// yet.
func (db *DB) Len() int { return db.keys.Len() }

// Expires returns the number of keys with an expiry time.
func (db *DB) Expires() int { return db.expires.Len() }

// Get returns the entry of a key, expired or not.
func (db *DB) Get(key []byte) (Entry, bool) {
	s := db.lookup(key)
	return s.Elem, s.Found()
}

func (db *DB) lookup(key []byte) dict.Slot[Entry] {
	if e := db.last.Elem; !e.IsZero() && bytes.Equal(e.Key(), key) {
		return db.last
	}
	s := db.keys.Lookup(key)
	if s.Found() {
		db.last = s
	}
	return s
}

// SetBytes stores a copy of v as a string. expireAt is in milliseconds since
// 1970, 0 for none. An integer gets the integer encoding.
func (db *DB) SetBytes(key, v []byte, expireAt int64) {
	p := db.Find(key)
	p.SetBytes(v, expireAt)
}

// SetText is SetBytes without the integer encoding, as for computed strings.
func (db *DB) SetText(key, v []byte, expireAt int64) {
	p := db.Find(key)
	p.SetText(v, expireAt)
}

// SetInt stores an integer as a string.
func (db *DB) SetInt(key []byte, n, expireAt int64) {
	p := db.Find(key)
	p.SetInt(n, expireAt)
}

// Set stores a value and takes it over.
func (db *DB) Set(key []byte, v value.Value, expireAt int64) {
	p := db.Find(key)
	p.Set(v, expireAt)
}

// owns reports whether e is an object that db may write in place.
func (db *DB) owns(e Entry) bool { return e.isObject() && e.object().Owner == db.owner }

// Share stores the value of e, an entry of src, under a key. For objects it
// takes constant time: both values share their structure until one of them is
// written.
func (db *DB) Share(src *DB, e Entry, key []byte, expireAt int64) {
	if src.owns(e) {
		e.object().Owner = nil
	}
	db.put(e.with(key, expireAt, db.owner))
}

// Move moves the value of e, an entry of src, to a key of db, with its expiry
// time.
func (db *DB) Move(src *DB, e Entry, key []byte) {
	if !src.owns(e) {
		c := e.with(key, e.ExpireAt(), db.owner)
		src.Delete(e.Key())
		db.put(c)
		return
	}
	src.Delete(e.Key())
	e.label(key, e.ExpireAt(), 0)
	e.object().Owner = db.owner
	db.put(e)
}

func (db *DB) put(e Entry) {
	p := db.Find(e.Key())
	p.put(e)
}

// reindex updates the indexes after an entry was replaced. An index refers to
// the entry itself, so its item must be replaced too.
func (db *DB) reindex(old Entry, replaced bool, e Entry) {
	at := e.ExpireAt()
	if db.slots != nil {
		db.slots.Insert(slottedOf(e))
	}
	if replaced {
		if was := old.ExpireAt(); was != 0 && was != at {
			db.expires.Delete(expiry{was, old})
		}
		db.unindexElements(old)
	}
	if at != 0 {
		db.expires.Insert(expiry{at, e})
	}
	if e.isObject() {
		db.indexElements(e)
	}
}

// IndexElements updates the index of expiring elements after a change to an
// entry that may have changed the time of its first one.
func (db *DB) IndexElements(e Entry) {
	if v, ok := e.Value().(value.Expirer); ok && v.NextExpiry() != e.elementAt() {
		db.unindexElements(e)
		db.indexElements(e)
	}
}

func (db *DB) indexElements(e Entry) {
	v, ok := e.Value().(value.Expirer)
	if !ok {
		return
	}
	at := v.NextExpiry()
	if at != e.elementAt() {
		e.label(e.Key(), e.ExpireAt(), at)
	}
	if at != 0 {
		db.elements.Insert(expiry{at, e})
	}
}

func (db *DB) unindexElements(e Entry) {
	if e.isObject() && e.elementAt() != 0 {
		db.elements.Delete(expiry{e.elementAt(), e})
	}
}

// ElementExpires returns the number of keys with expiring elements.
func (db *DB) ElementExpires() int { return db.elements.Len() }

// NextElementExpiry returns the key with the element that expires first, and
// its time.
func (db *DB) NextElementExpiry() (e Entry, at int64, ok bool) {
	x, ok := db.elements.Min()
	return x.entry, x.at, ok
}

// Writable returns the value of a key for writing in place, nil if the key is
// missing: see Open.
func (db *DB) Writable(key []byte) value.Value {
	e, ok := db.Get(key)
	if !ok {
		return nil
	}
	return db.Open(e).Value()
}

// Open makes the value of e, an entry of db, writable in place, and returns
// the entry that replaces e. A flat string becomes a value.String; a shared
// value is thawed.
func (db *DB) Open(e Entry) Entry {
	var v value.Value
	switch {
	case db.owns(e):
		return e
	case e.isObject():
		v = e.Value().Thaw()
	default:
		v = value.NewString(append([]byte(nil), e.Bytes(nil)...))
	}
	c := newObject(e.Key(), v, e.ExpireAt(), db.owner)
	c.header().Access.Store(e.Access())
	db.put(c)
	return c
}

// Replace replaces the value of an object's key and keeps its expiry time. It
// takes over v. It is for values that change their kind in place.
func (db *DB) Replace(key []byte, v value.Value) {
	at := int64(0)
	if e, ok := db.Get(key); ok {
		at = e.ExpireAt()
	}
	db.Set(key, v, at)
}

// Delete removes a key.
func (db *DB) Delete(key []byte) bool {
	s := db.lookup(key)
	old, ok := s.Elem, s.Found()
	if ok {
		db.last = dict.Slot[Entry]{}
		db.keys.Remove(s)
		if db.ks.counting {
			db.bytes -= db.use(old)
		}
		if at := old.ExpireAt(); at != 0 {
			db.expires.Delete(expiry{at, old})
		}
		if db.slots != nil {
			db.slots.Delete(slottedOf(old))
		}
		db.unindexElements(old)
	}
	return ok
}

// SetExpire sets the expiry time of a key in milliseconds since 1970; 0
// removes it. It reports whether the key exists.
func (db *DB) SetExpire(key []byte, at int64) bool {
	s := db.lookup(key)
	if !s.Found() {
		return false
	}
	e := s.Elem
	was := e.ExpireAt()
	if was == at {
		return true
	}
	if !e.isObject() && was != 0 && at != 0 && db.keys.Owns(s) {
		db.moveExpiry(e, was, at)
		return true
	}
	if !db.owns(e) {
		db.put(e.with(e.Key(), at, db.owner))
		return true
	}
	if was != 0 {
		db.expires.Delete(expiry{was, e})
	}
	e.label(e.Key(), at, e.elementAt())
	if at != 0 {
		db.expires.Insert(expiry{at, e})
	}
	return true
}

// moveExpiry changes the expiry time of a flat entry that has one and that no
// other database shares.
func (db *DB) moveExpiry(e Entry, was, at int64) {
	db.expires.Delete(expiry{was, e})
	e.setExpireAt(at)
	db.expires.Insert(expiry{at, e})
}

// NextExpiry returns the key that expires first.
func (db *DB) NextExpiry() (e Entry, ok bool) {
	x, ok := db.expires.Min()
	return x.entry, ok
}

// MeanExpiry estimates the average expiry time from up to 16 evenly spread
// ones; 0 if there are none.
func (db *DB) MeanExpiry() int64 {
	n := db.expires.Len()
	samples := min(n, 16)
	var sum, first int64 // relative to the first, to avoid an overflow
	for i := range samples {
		x, _ := db.expires.At((2*i + 1) * n / (2 * samples))
		if i == 0 {
			first = x.at
		}
		sum += (x.at - first) / int64(samples)
	}
	return first + sum
}

// Random returns an entry, each with the same probability.
func (db *DB) Random(rand func() uint64) (Entry, bool) { return db.keys.Random(rand) }

// Scan calls yield for about count entries from a cursor on and returns the
// next cursor, 0 at the end; see dict.Scan for its guarantees.
func (db *DB) Scan(cursor uint64, count int, yield func(Entry)) uint64 {
	return db.keys.Scan(cursor, count, yield)
}

// All yields all entries in the order of Scan. The database must not be
// written meanwhile.
func (db *DB) All(yield func(Entry) bool) { db.keys.All()(yield) }

// Clear removes all keys in O(1).
func (db *DB) Clear() { db.contents = newDB(db.ks, db.index).contents }

package keyspace

import (
	"github.com/resp-server/resp-server/internal/datastruct/block"
	"github.com/resp-server/resp-server/internal/datastruct/dict"
	"github.com/resp-server/resp-server/internal/numfmt"
	"github.com/resp-server/resp-server/internal/value"
)

// Place is the place of a key in a database, present or not. With it, a
// look-up followed by a store searches once. It is valid until the next change
// of the database.
type Place struct {
	db   *DB
	key  []byte
	slot dict.Slot[Entry]
}

// Find returns the place of a key. The key must not be modified while the
// place is in use.
func (db *DB) Find(key []byte) Place { return Place{db, key, db.lookup(key)} }

// Entry returns the entry at the place, expired or not.
func (p *Place) Entry() (Entry, bool) { return p.slot.Elem, p.slot.Found() }

// SetBytes is DB.SetBytes.
func (p *Place) SetBytes(v []byte, expireAt int64) {
	if n, ok := numfmt.ParseInt(v); ok {
		p.SetInt(n, expireAt)
		return
	}
	p.SetText(v, expireAt)
}

// SetText is DB.SetText.
func (p *Place) SetText(v []byte, expireAt int64) {
	kind := kindEmbstr
	if len(v) > maxEmbstr {
		kind = kindRaw
	}
	if p.fits(kind, len(v), expireAt) {
		if p.db.ks.counting {
			p.db.bytes += int64(p.slot.Elem.size(len(v)) - p.slot.Elem.MemoryUse())
		}
		p.slot.Elem.setText(v)
		p.touch(expireAt)
		return
	}
	p.put(newBytes(p.key, v, expireAt, false))
}

// SetInt is DB.SetInt.
func (p *Place) SetInt(n, expireAt int64) {
	if p.fits(kindInt, 0, expireAt) {
		p.slot.Elem.setInt(n)
		p.touch(expireAt)
		return
	}
	p.put(newInt(p.key, n, expireAt))
}

// fits reports whether a string can overwrite the present one: no clone shares
// it, it has the same block size, and it has an expiry time if the new one
// has. In poison mode the answer is always no: a handler that keeps the bytes
// of a string over a write must find them overwritten.
func (p *Place) fits(kind uint8, n int, expireAt int64) bool {
	if block.Poisons || !p.slot.Found() {
		return false
	}
	e := p.slot.Elem
	h := e.header()
	if h.Kind != kind || (h.Flags&flagExpires != 0) != (expireAt != 0) {
		return false
	}
	if kind != kindInt && (n > maxFlatValue || block.Size(e.size(n)) != block.Size(e.size(e.textLen()))) {
		return false
	}
	return p.db.keys.Owns(p.slot)
}

// touch updates the access and expiry times of an entry written in place.
func (p *Place) touch(expireAt int64) {
	e := p.slot.Elem
	e.SetAccess(p.db.ks.Access)
	if was := e.ExpireAt(); was != expireAt {
		p.db.moveExpiry(e, was, expireAt)
	}
}

// Set is DB.Set.
func (p *Place) Set(v value.Value, expireAt int64) {
	p.put(newObject(p.key, v, expireAt, p.db.owner))
}

func (p *Place) put(e Entry) {
	if e.Access() == 0 {
		e.header().Access.Store(p.db.ks.Access)
	}
	poison := block.Poisons && p.slot.Found() && !p.slot.Elem.isObject() && p.db.keys.Owns(p.slot)
	if p.db.ks.counting {
		p.db.replaced(p.slot.Elem, p.slot.Found(), e)
	}
	p.db.keys.Store(p.slot, e)
	p.db.last = dict.Slot[Entry]{}
	if p.slot.Found() {
		p.db.last = p.slot
		p.db.last.Elem = e
	}
	p.db.reindex(p.slot.Elem, p.slot.Found(), e)
	if poison {
		p.slot.Elem.poison()
	}
}

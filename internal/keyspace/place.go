package keyspace

import (
	"github.com/resp-server/resp-server/internal/datastruct/dict"
	"github.com/resp-server/resp-server/internal/numfmt"
	"github.com/resp-server/resp-server/internal/value"
)

// Place is where a key is in a database, or would go: who looks at a key and
// then stores it searches once. It holds until the next change of the
// database.
type Place struct {
	db   *DB
	key  []byte
	slot dict.Slot[Entry]
}

// Find returns the place of a key. The key must not be modified as long as
// the place is used.
func (db *DB) Find(key []byte) Place { return Place{db, key, db.lookup(key)} }

// Entry returns the entry that is there, expired or not.
func (p *Place) Entry() (Entry, bool) { return p.slot.Elem, p.slot.Found() }

// SetBytes is DB.SetBytes.
func (p *Place) SetBytes(v []byte, expireAt int64) {
	if n, ok := numfmt.ParseInt(v); ok {
		p.put(newInt(p.key, n, expireAt))
		return
	}
	p.put(newBytes(p.key, v, expireAt, false))
}

// SetText is DB.SetText.
func (p *Place) SetText(v []byte, expireAt int64) { p.put(newBytes(p.key, v, expireAt, false)) }

// SetInt is DB.SetInt.
func (p *Place) SetInt(n, expireAt int64) { p.put(newInt(p.key, n, expireAt)) }

// Set is DB.Set.
func (p *Place) Set(v value.Value, expireAt int64) {
	p.put(newObject(p.key, v, expireAt, p.db.owner))
}

func (p *Place) put(e Entry) {
	if e.Access() == 0 {
		e.header().Access.Store(p.db.ks.Access)
	}
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
}

package keyspace

import (
	"bytes"
	"cmp"

	"github.com/resp-server/resp-server/internal/datastruct/tree"
	"github.com/resp-server/resp-server/internal/slot"
)

// slotted is an item of the index of hash slots.
type slotted struct {
	slot  int
	entry Entry
}

func slottedOf(e Entry) slotted { return slotted{slot.Of(e.Key()), e} }

func compareSlotted(a, b slotted) int {
	if a.slot != b.slot {
		return cmp.Compare(a.slot, b.slot)
	}
	if a.entry == b.entry {
		return 0
	}
	return bytes.Compare(a.entry.Key(), b.entry.Key())
}

// IndexSlots makes the keyspace index all keys by hash slot from now on, for
// InSlot and SlotKeys. Only nodes of a cluster need it and pay for it.
func (ks *Keyspace) IndexSlots() {
	if ks.bySlot {
		return
	}
	ks.bySlot = true
	for _, db := range ks.dbs {
		if db == nil {
			continue
		}
		db.slots = tree.New(compareSlotted)
		for e := range db.All {
			db.slots.Insert(slottedOf(e))
		}
	}
}

// from returns the first index of a slot's keys.
func (db *DB) from(n int) int {
	return db.slots.Search(func(s slotted) bool { return s.slot >= n })
}

// InSlot returns the number of keys in a slot, in logarithmic time. The
// Keyspace must index slots.
func (db *DB) InSlot(n int) int { return db.from(n+1) - db.from(n) }

// SlotKeys yields the entries of a slot. The database must not be written
// meanwhile, and the Keyspace must index slots.
func (db *DB) SlotKeys(n int) func(yield func(Entry) bool) {
	return func(yield func(Entry) bool) {
		it := db.slots.Seek(db.from(n))
		for s, ok := it.Next(); ok && s.slot == n; s, ok = it.Next() {
			if !yield(s.entry) {
				return
			}
		}
	}
}

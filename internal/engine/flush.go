package engine

import (
	"cmp"
	"slices"

	"github.com/resp-server/resp-server/internal/keyspace"
)

// Flush removes all keys of a database. It counts as a change even if there
// were none: FLUSHALL always reaches copies. later tells that the memory counts
// as freed in the background.
func (c *Ctx) Flush(db int, later bool) {
	c.invalidateAll()
	c.flush(db, later)
}

// FlushAll is Flush for all databases.
func (c *Ctx) FlushAll(later bool) {
	c.invalidateAll()
	for db := range c.Keyspace.Len() {
		c.flush(db, later)
	}
	c.saveFlushed()
}

func (c *Ctx) flush(db int, later bool) {
	d := c.Keyspace.DB(db)
	if later {
		c.Stats.FreedLater += uint64(d.Len())
	}
	c.unit.changes++
	c.Stats.Changes += uint64(d.Len())
	c.touchAll(db, d, nil)
	d.Clear()
}

// SwapDBs exchanges the keys of two databases. Clients that watch keys or
// wait for them stay where they are.
func (c *Ctx) SwapDBs(i, j int) {
	c.unit.changes++
	c.Stats.Changes++
	if i == j {
		return
	}
	a, b := c.Keyspace.DB(i), c.Keyspace.DB(j)
	c.touchAll(i, a, b)
	c.touchAll(j, b, a)
	c.Keyspace.Swap(i, j)
}

// touchAll tells those who watch keys of a database or wait for them that all
// its keys are about to be replaced by those of another, or removed if that is
// nil. What is in neither of the two does not change.
func (e *Core) touchAll(db int, before, after *keyspace.DB) {
	e.watchedReplaced(db, before, after)
	var woken []*queue
	for k, q := range e.waiting {
		if k.db == db && (e.stateOf(before, k.key) != stateMissing || e.stateOf(after, k.key) != stateMissing) {
			woken = append(woken, q)
		}
	}
	// A map has no order, and the order of service is to be repeatable.
	slices.SortFunc(woken, func(a, b *queue) int {
		return cmp.Or(cmp.Compare(a.first.w.seq, b.first.w.seq), cmp.Compare(a.key.key, b.key.key))
	})
	for _, q := range woken {
		e.wakeQueue(q)
	}
}

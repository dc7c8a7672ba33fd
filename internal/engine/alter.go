package engine

import "github.com/resp-server/resp-server/internal/event"

// Altered is Changed for what neither fails the transactions that watch the
// key nor serves those who wait for it: Redis counts such a change, tells of it
// in a keyspace event and copies it to AOF and replicas, but does not take it
// for a new value of the key. Consumer groups change so.
func (c *Ctx) Altered(key []byte, ev event.Event) {
	c.unit.changes++
	c.Stats.Changes++
	c.Notify(key, ev)
	if c.Keyspace.Counting() {
		if k, ok := c.DB().Get(key); ok {
			c.DB().Recount(k)
		}
	}
}

// Wake serves those who wait for a key, beside Altered.
func (c *Ctx) Wake(key []byte) {
	if len(c.waiting) > 0 {
		c.wakeKey(c.Session.db, key)
	}
}

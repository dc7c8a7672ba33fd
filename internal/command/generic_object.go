package command

import (
	"math"

	"github.com/resp-server/resp-server/internal/compat"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

var objectCommands = engine.Handlers{
	"object|encoding": objectEncoding,
	"object|freq":     objectFreq,
	"object|idletime": objectIdleTime,
	"object|refcount": objectRefCount,
}

// examine finds a key for OBJECT. A miss counts in the statistics but sends no
// keymiss event.
func examine(c *engine.Ctx, key []byte) (keyspace.Entry, bool) {
	k, ok := c.Peek(key)
	if ok {
		c.Stats.Hits++
	} else {
		c.Stats.Misses++
	}
	return k, ok
}

// OBJECT ENCODING key
func objectEncoding(c *engine.Ctx) error {
	k, ok := examine(c, c.Args[2])
	if !ok {
		return c.Null()
	}
	encoding := k.Encoding()
	if k.Type() == value.TypeList && !c.Since(compat.ListpackLists) {
		encoding = "quicklist"
	}
	return c.BulkString(encoding)
}

// OBJECT FREQ key
func objectFreq(c *engine.Ctx) error {
	k, ok := examine(c, c.Args[2])
	switch {
	case !ok:
		return c.Null()
	case c.UsesLFU():
		return c.Integer(int(c.Frequency(k)))
	}
	return resp.Error("ERR An LFU maxmemory policy is not selected, access frequency not tracked. " +
		"Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.")
}

// OBJECT IDLETIME key
func objectIdleTime(c *engine.Ctx) error {
	k, ok := examine(c, c.Args[2])
	switch {
	case !ok:
		return c.Null()
	case c.UsesLFU():
		return resp.Error("ERR An LFU maxmemory policy is selected, idle time not tracked. " +
			"Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.")
	}
	return c.Integer(idleSeconds(c, k))
}

// idleSeconds returns the idle time of a key.
func idleSeconds(c *engine.Ctx, k keyspace.Entry) int {
	return max(0, int(c.NowMilli()/1000)-int(k.Access()))
}

// OBJECT REFCOUNT key
func objectRefCount(c *engine.Ctx) error {
	k, ok := examine(c, c.Args[2])
	if !ok {
		return c.Null()
	}
	return c.Integer(refCount(c, k))
}

// refCount returns the reference count that Redis would show. Redis shares
// small integers between keys, except where an eviction policy needs the
// access time of each key; every other value has one owner.
func refCount(c *engine.Ctx, k keyspace.Entry) int {
	perKey := c.Config.MaxMemory != 0 && (c.Config.UsesLRU() || c.Config.UsesLFU())
	if n, ok := k.Int(); ok && n >= 0 && n < 10000 && !perKey {
		return math.MaxInt32
	}
	return 1
}

package engine

import (
	"cmp"
	"slices"

	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/glob"
	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

// Lookup finds a key to read it: it counts hits and misses and marks the key as used.
// It deletes a key past its time, which is missing then.
func (c *Ctx) Lookup(key []byte) (keyspace.Entry, bool) {
	k, ok := c.Inspect(key)
	if ok && !c.Session.NoTouch {
		c.access(k)
	}
	return k, ok
}

// Inspect is Lookup without marking the key as used, for commands such as TYPE.
func (c *Ctx) Inspect(key []byte) (keyspace.Entry, bool) {
	k, ok := c.Peek(key)
	if ok {
		c.Stats.Hits++
		return k, true
	}
	c.Stats.Misses++
	if c.Config.NotifyMask != 0 {
		c.notify(c.Session.db, key, event.KeyMissed)
	}
	return k, false
}

// MarkUsed marks a key as used now, even for a session with CLIENT NO-TOUCH.
func (c *Ctx) MarkUsed(k keyspace.Entry) { c.access(k) }

// Peek finds a key without counting or marking. It removes elements of the value that
// are past their time, unless the active expiry is off or the clients are paused: code
// that reads elements has to look at their times.
func (c *Ctx) Peek(key []byte) (keyspace.Entry, bool) { return c.PeekIn(c.Session.db, key) }

// PeekIn is Peek in another database.
func (c *Ctx) PeekIn(db int, key []byte) (keyspace.Entry, bool) {
	k, ok := c.Keyspace.DB(db).Get(key)
	if ok {
		if c.isExpired(k) {
			if c.DeletesExpired() {
				c.expire(c.Keyspace.DB(db), k)
			}
			return keyspace.Entry{}, false
		}
		if v, isExpirer := k.Value().(value.Expirer); isExpirer {
			if at := v.NextExpiry(); at != 0 && c.IsPast(at) && !c.timing.lazy && c.DeletesExpired() {
				c.expireElements(c.Keyspace.DB(db), k)
				return c.Keyspace.DB(db).Get(key)
			}
		}
	}
	return k, ok
}

// isExpired reports whether the time of a key has come.
func (e *Core) isExpired(k keyspace.Entry) bool {
	at := k.ExpireAt()
	return at != 0 && e.IsPast(at)
}

// IsPast reports whether an expiry time has come. While the append-only file is loaded,
// and for the commands of a master, nothing expires: these commands ran when their keys
// existed, and there is a command for each deletion.
func (e *Core) IsPast(at int64) bool {
	return at <= e.ExpiryMilli() && !e.append.loading && !e.repl.obeying
}

// DeletesExpired reports whether keys and elements past their time are deleted when
// somebody looks at them. Otherwise they only seem to be gone: in a pause, and on a
// replica, where deletions come from the master.
func (e *Core) DeletesExpired() bool { return !e.isPaused() && !e.IsReplica() }

// access marks a key as used now.
func (e *Core) access(k keyspace.Entry) {
	switch {
	case e.evict.lfu:
		e.countUse(k)
	case !e.evict.lrm:
		k.SetAccess(e.Keyspace.Access)
	}
}

// ContentOf turns the result of Find and its like into the content of a value whose
// type belongs to a module: the nil content if the key is missing, an error if it
// holds another type.
func ContentOf[T value.Content](f *value.Foreign, err error) (T, error) {
	var none T
	if f == nil || err != nil {
		return none, err
	}
	content, ok := f.Content().(T)
	if !ok {
		return none, resp.ErrWrongType
	}
	return content, nil
}

// Exists reports whether a key exists, without marking it as used.
func (c *Ctx) Exists(key []byte) bool {
	_, ok := c.Peek(key)
	return ok
}

// Text finds a string to read it. The bytes are valid until the next write or
// the next call. A missing key is nil and false.
func (c *Ctx) Text(key []byte) (b []byte, ok bool, err error) {
	k, ok := c.Lookup(key)
	if !ok {
		return nil, false, nil
	}
	if k.Type() != value.TypeString {
		return nil, false, resp.ErrWrongType
	}
	return k.Bytes(c.scratch[:0]), true, nil
}

// Find finds a value of a type to read it. It returns the nil value if the key is
// missing, and an error if it holds another type.
func Find[T value.Value](c *Ctx, key []byte) (T, error) {
	var none T
	k, ok := c.Lookup(key)
	if !ok {
		return none, nil
	}
	v, ok := k.Value().(T)
	if !ok {
		return none, resp.ErrWrongType
	}
	return v, nil
}

// FindBeforeWrite is Find for a command that writes and looks at the value first. It
// does not count as a read.
func FindBeforeWrite[T value.Value](c *Ctx, key []byte) (T, error) {
	var none T
	k, ok := c.Peek(key)
	if !ok {
		return none, nil
	}
	v, ok := k.Value().(T)
	if !ok {
		return none, resp.ErrWrongType
	}
	if !c.Session.NoTouch {
		c.access(k)
	}
	return v, nil
}

// FindToWrite finds a value of a type to write it. It returns the nil value if the key
// is missing, and an error if it holds another type. It does not count as a read.
func FindToWrite[T value.Value](c *Ctx, key []byte) (T, error) {
	var none T
	k, ok := c.Peek(key)
	if !ok {
		return none, nil
	}
	return open[T](c, k)
}

// FindOrMake is FindToWrite, but it creates a missing key with the value that make
// returns. The caller must fill that value before it returns.
func FindOrMake[T value.Value](c *Ctx, key []byte, make func(*value.Limits) T) (T, error) {
	if k, ok := c.Peek(key); ok {
		return open[T](c, k)
	}
	v := make(&c.limits)
	c.DB().Set(key, v, 0)
	c.created(key)
	return v, nil
}

// open opens an entry of the selected database to be written.
func open[T value.Value](c *Ctx, k keyspace.Entry) (v T, err error) {
	if _, ok := k.Value().(T); !ok {
		return v, resp.ErrWrongType
	}
	k = c.DB().Open(k)
	if !c.Session.NoTouch {
		c.access(k)
	}
	return k.Value().(T), nil
}

// WritableText finds a string to write it in place. It returns nil if the key is
// missing.
func (c *Ctx) WritableText(key []byte) (*value.String, error) {
	k, ok := c.Peek(key)
	if !ok {
		return nil, nil
	}
	if k.Type() != value.TypeString {
		return nil, resp.ErrWrongType
	}
	if !c.Session.NoTouch {
		c.access(k)
	}
	return c.DB().Open(k).Value().(*value.String), nil
}

// Expiry times of the Set functions.
const (
	NoExpiry int64 = 0
	KeepTTL  int64 = -1
)

// SetBytes stores a string, in place of whatever the key held; at is its
// expiry time in milliseconds since 1970, NoExpiry or KeepTTL.
func (c *Ctx) SetBytes(key, b []byte, at int64) {
	p, at := c.replacing(key, at)
	p.SetBytes(b, at)
}

// SetText is SetBytes for computed strings, which Redis never keeps as
// integers.
func (c *Ctx) SetText(key, b []byte, at int64) {
	p, at := c.replacing(key, at)
	p.SetText(b, at)
}

// SetInt stores an integer as a string.
func (c *Ctx) SetInt(key []byte, n, at int64) {
	p, at := c.replacing(key, at)
	p.SetInt(n, at)
}

// Put stores a value, in place of whatever the key held.
func (c *Ctx) Put(key []byte, v value.Value, at int64) {
	p, at := c.replacing(key, at)
	p.Set(v, at)
}

// replacing finds the place of a key to be written: it resolves KeepTTL, and sends
// the new event.
func (c *Ctx) replacing(key []byte, at int64) (keyspace.Place, int64) {
	db := c.DB()
	p := db.Find(key)
	k, ok := p.Entry()
	if ok && c.isExpired(k) {
		c.expire(db, k)
		p, ok = db.Find(key), false
	}
	if !ok {
		c.created(key)
	} else if c.Config.LazyServerDel {
		c.freeLater(k)
	}
	if at == KeepTTL {
		at = NoExpiry
		if ok {
			at = k.ExpireAt()
		}
	}
	c.expiresAt(at)
	return p, at
}

func (c *Ctx) created(key []byte) {
	if c.Config.NotifyMask != 0 {
		c.notify(c.Session.db, key, event.KeyNew)
	}
}

// CopyEntry stores the value and the expiry time of k, an entry of the selected
// database, under a key of any database, in place of whatever that held. It takes
// constant time for all types but strings.
func (c *Ctx) CopyEntry(k keyspace.Entry, db int, key []byte) {
	c.freeOverwritten(db, key)
	c.Keyspace.DB(db).Share(c.DB(), k, key, k.ExpireAt())
	c.relocated(k.ExpireAt(), db, key)
}

// MoveEntry is CopyEntry, but k is gone afterwards.
func (c *Ctx) MoveEntry(k keyspace.Entry, db int, key []byte) {
	at := k.ExpireAt()
	c.freeOverwritten(db, key)
	c.Keyspace.DB(db).Move(c.DB(), k, key)
	c.relocated(at, db, key)
}

// freeOverwritten counts the value that a key is about to lose.
func (c *Ctx) freeOverwritten(db int, key []byte) {
	if c.Config.LazyServerDel {
		if k, ok := c.Keyspace.DB(db).Get(key); ok {
			c.freeLater(k)
		}
	}
}

func (c *Ctx) relocated(at int64, db int, key []byte) {
	c.expiresAt(at)
	if c.Config.NotifyMask != 0 {
		c.notify(db, key, event.KeyNew)
	}
}

// Delete removes a key and reports whether it existed. The caller reports it
// with Changed.
func (c *Ctx) Delete(key []byte) bool { return c.DeleteAs(key, c.Config.LazyServerDel) }

// DeleteAs is Delete for a value that counts as freed in the background, or does
// not.
func (c *Ctx) DeleteAs(key []byte, later bool) bool {
	k, ok := c.Peek(key)
	if ok && later {
		c.freeLater(k)
	}
	return ok && c.DB().Delete(key)
}

// SetExpire gives an existing key an expiry time; NoExpiry removes it.
func (c *Ctx) SetExpire(key []byte, at int64) {
	c.DB().SetExpire(key, at)
	c.expiresAt(at)
}

// ExpireAt returns the expiry time of a key, NoExpiry if it has none.
func (c *Ctx) ExpireAt(key []byte) int64 {
	if k, ok := c.Peek(key); ok {
		return k.ExpireAt()
	}
	return NoExpiry
}

// MatchKeys calls yield for each key of a database that matches a pattern and
// is not past its time. The pattern may be nil for all.
func (c *Ctx) MatchKeys(db int, pattern []byte, yield func(key []byte)) {
	now := c.ExpiryMilli()
	for k := range c.Keyspace.DB(db).All {
		if at := k.ExpireAt(); at != 0 && at <= now {
			continue
		}
		if pattern == nil || glob.Match(pattern, k.Key(), false) {
			yield(k.Key())
		}
	}
}

// Flush removes all keys of a database. It counts as a change even without keys:
// replicas and the append-only file get every FLUSHALL. With later the memory counts
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

// touchAll fails the transactions that watch keys of a database, and wakes the commands
// that wait for them. The keys are about to be replaced by those of another database,
// or removed if that is nil. A key that is in neither of the two does not change.
func (e *Core) touchAll(db int, before, after *keyspace.DB) {
	e.watchedReplaced(db, before, after)
	var woken []*queue
	for k, q := range e.blocking.queues {
		if k.db == db && (e.stateOf(before, k.key) != stateMissing || e.stateOf(after, k.key) != stateMissing) {
			woken = append(woken, q)
		}
	}
	// A map has no order, and the order of service has to be repeatable.
	slices.SortFunc(woken, func(a, b *queue) int {
		return cmp.Or(cmp.Compare(a.first.w.seq, b.first.w.seq), cmp.Compare(a.key.key, b.key.key))
	})
	for _, q := range woken {
		e.wakeQueue(q)
	}
}

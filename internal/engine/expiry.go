package engine

import (
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/value"
)

// tickKeys bounds how many keys one tick deletes, so that commands need not
// wait for a million keys that expire at the same time.
const tickKeys = 1000

// expiresAt makes sure that the timer fires at the expiry time of a key, in
// milliseconds.
func (e *Core) expiresAt(at int64) {
	if at != 0 && (e.timing.nextKey == 0 || at < e.timing.nextKey) {
		e.timing.nextKey = at
	}
}

// expireKeys deletes the keys whose time has come, but not too many of them.
func (e *Core) expireKeys() {
	now := e.ExpiryMilli()
	e.timing.nextKey = 0
	left := tickKeys
	began := e.clock.Monotonic()
	defer func() {
		d := e.clock.Monotonic() - began
		e.Stats.ExpiryTime += d
		if left == 0 {
			e.Stats.ExpiryCuts++
		}
		e.took("expire-cycle", d)
	}()
	for db := range e.Keyspace.Used {
		for {
			k, ok := db.NextExpiry()
			if !ok {
				break
			}
			if at := k.ExpireAt(); at > now || left == 0 {
				e.expiresAt(at)
				break
			}
			left--
			e.expire(db, k)
			e.Stats.ExpiredKeysUnasked++
			e.finishUnit() // each is a unit of its own
		}
		for {
			k, at, ok := db.NextElementExpiry()
			if !ok {
				break
			}
			if at > now || left == 0 {
				e.expiresAt(at)
				break
			}
			left--
			before := e.Stats.ExpiredFields
			e.expireElements(db, k)
			e.Stats.ExpiredFieldsUnasked += e.Stats.ExpiredFields - before
			e.unit.apart = true // they have nothing to do with each other
			e.finishUnit()
			e.unit.apart = false
		}
	}
}

// expire deletes a key whose time has come.
func (e *Core) expire(db *keyspace.DB, k keyspace.Entry) {
	key := k.Key()
	if e.Config.LazyExpire {
		e.freeLater(k)
	}
	e.remove("expire-del", db, key)
	e.Stats.ExpiredKeys++
	e.propagateDeletion(db, key, e.Config.LazyExpire)
	e.touch(nil, db.Index(), key)
	e.notify(db.Index(), key, event.KeyExpired)
}

// propagateDeletion propagates the removal of a key by the server itself.
func (e *Core) propagateDeletion(db *keyspace.DB, key []byte, later bool) {
	name := "DEL"
	if later {
		name = "UNLINK"
	}
	e.propagate(db.Index(), [][]byte{[]byte(name), key})
}

// ExpiresAtOnce reports whether a key or an element is deleted, since the time of
// expiry that it is to get has come. On a replica it stays; it only seems to be gone.
func (e *Core) ExpiresAtOnce(at int64) bool { return e.IsPast(at) && !e.IsReplica() }

// DeleteInstead deletes a key in place of what the command is about, and propagates
// that: as UNLINK if a setting wants such values freed in the background, else as
// DEL. It reports whether the key existed; the caller reports it with Changed.
func (c *Ctx) DeleteInstead(key []byte, later bool) bool {
	c.unit.explicit = true
	if c.DeleteAs(key, later) {
		c.propagateDeletion(c.DB(), key, later)
		return true
	}
	return false
}

// ElementExpired counts and propagates that an element expired at once. Redis
// propagates each by itself.
func (c *Ctx) ElementExpired(key, element []byte) {
	c.Stats.ExpiredFields++
	c.Propagate([]byte("HDEL"), key, element)
}

// ExpireElements removes elements of a key's value that are past their time, for when
// the timer does not. In a pause they stay.
func (c *Ctx) ExpireElements(key []byte, elements ...[]byte) {
	if len(elements) == 0 || !c.DeletesExpired() {
		return
	}
	db := c.DB()
	k, ok := db.Get(key)
	if !ok {
		return
	}
	k = db.Open(k)
	v := k.Value().(value.Expirer)
	var removed [][]byte
	for _, element := range elements {
		if v.Remove(element) {
			c.Stats.ExpiredFields++
			c.propagate(db.Index(), [][]byte{[]byte("HDEL"), key, element})
			removed = append(removed, element)
		}
	}
	c.elementsExpired(db, key, k, removed)
}

// ExpireAllElements is ExpireElements for all elements past their time.
func (c *Ctx) ExpireAllElements(key []byte) {
	if k, ok := c.DB().Get(key); ok && c.DeletesExpired() {
		c.expireElements(c.DB(), k)
	}
}

// expireElements removes the elements of a value whose time has come, and the key if
// no elements are left.
func (e *Core) expireElements(db *keyspace.DB, k keyspace.Entry) {
	key := append([]byte(nil), k.Key()...)
	k = db.Open(k)
	v := k.Value().(value.Expirer)
	var expired [][]byte
	v.Expire(e.ExpiryMilli(), func(element []byte) {
		element = append([]byte(nil), element...)
		expired = append(expired, element)
		e.Stats.ExpiredFields++
		e.propagate(db.Index(), [][]byte{[]byte("HDEL"), key, element})
	})
	if len(expired) > 0 {
		e.elementsExpired(db, key, k, expired)
	}
}

// elementsExpired publishes that elements of a key have expired, and removes the
// key if it has no others.
func (e *Core) elementsExpired(db *keyspace.DB, key []byte, k keyspace.Entry, elements [][]byte) {
	db.IndexElements(k)
	e.touch(nil, db.Index(), key)
	e.aboutElements(elements)
	e.notify(db.Index(), key, event.HExpired)
	if k.Value().Empty() {
		db.Delete(key)
		e.notify(db.Index(), key, event.Del)
	}
}

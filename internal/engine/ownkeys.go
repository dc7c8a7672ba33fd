package engine

import "fmt"

// ownKeys are the keys with a time to live that clients have written to a replica that
// is not read-only. Their master does not know of them, so the replica deletes them
// when their time has come. A key that has been deleted or lost its time may still be
// among them until then.
type ownKeys struct {
	// on: the server is a replica that clients may write to.
	on   bool
	keys map[dbKey]struct{}
	next int64 // ms; no key is due before; 0: none ever is
}

func (o *ownKeys) check(e *Core) error {
	switch on := e.IsReplica() && !e.Config.Replication.ReadOnly; {
	case o.on != on:
		return fmt.Errorf("the own keys of a replica are noted: %v", o.on)
	case !o.on && len(o.keys) > 0 || (o.next == 0) != (len(o.keys) == 0):
		return fmt.Errorf("a replica has %d keys of its own, the next of which is due at %d", len(o.keys), o.next)
	}
	return nil
}

// noteOwnKeys follows a change of the server's role. The keys noted before are
// forgotten: the data are gone, or the keys are the master's from now on.
func (e *Core) noteOwnKeys() {
	o := &e.repl.own
	if e.IsReplica() && !e.Config.Replication.ReadOnly {
		o.on = true
	} else {
		*o = ownKeys{}
	}
}

// note notes a key that a client has written, with its expiry time.
func (o *ownKeys) note(k dbKey, at int64) {
	if o.keys == nil {
		o.keys = make(map[dbKey]struct{})
	}
	o.keys[k] = struct{}{}
	o.next = sooner(o.next, at)
}

// OwnKeys returns the number of keys with a time to live that clients have written to a
// replica.
func (e *Core) OwnKeys() int { return len(e.repl.own.keys) }

// ownKeysDue returns the time at which expireOwnKeys is due, in milliseconds since
// 1970; 0 is never.
func (e *Core) ownKeysDue() int64 {
	t := &e.timing
	if e.repl.own.next == 0 || e.loading != nil || e.pause.until != 0 || t.cronPaused || t.lazy || e.times.held {
		return 0
	}
	return max(e.repl.own.next-e.times.ahead, 1)
}

// expireOwnKeys deletes the keys whose time has come.
func (e *Core) expireOwnKeys() {
	o := &e.repl.own
	now := e.ExpiryMilli()
	o.next = 0
	for id := range o.keys {
		db := e.Keyspace.DB(id.db)
		k, ok := db.Get([]byte(id.key))
		switch {
		case ok && k.ExpireAt() > now:
			o.next = sooner(o.next, k.ExpireAt())
			continue
		case ok && k.ExpireAt() != 0:
			e.expire(db, k)
			e.finishUnit()
		}
		delete(o.keys, id)
	}
}

package engine

import (
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/journal"
	"github.com/resp-server/resp-server/internal/value"
)

// unit collects the changes of a command, an EXEC or a script, to publish them once, at
// its end.
type unit struct {
	depth   int // of nested commands
	changes int // calls of Changed in the command that runs
	// ops are the commands that have the same effect, if there is a journal. Their
	// arguments are in words, and those in text.
	ops   []journal.Op
	words [][]byte
	text  []byte
	// explicit: the handler has named the effects of the command itself.
	explicit bool
	withheld journal.Target // who does not get effects
	elements [][]byte       // what the next event is about
	apart    bool           // each effect is a unit of its own in the journal
}

// A unit leaves up to keptText bytes of memory to the next one.
const keptText = 64 << 10

// Changed reports that the command has changed a key. It counts the change, fails the
// transactions that watch the key, sends the keyspace event, wakes the commands that
// wait for the key, invalidates clients' caches of it, and deletes it if it is empty.
func (c *Ctx) Changed(key []byte, ev event.Event) { c.ChangedIn(c.Session.db, key, ev) }

// ChangedIn is Changed for a key of another database.
func (c *Ctx) ChangedIn(db int, key []byte, ev event.Event) {
	c.unit.changes++
	c.Stats.Changes++
	c.touch(c.Session, db, key)
	c.notify(db, key, ev)
	in := c.Keyspace.DB(db)
	if k, ok := in.Get(key); ok {
		if c.repl.own.on && k.ExpireAt() != 0 && !c.repl.obeying {
			c.repl.own.note(dbKey{db, string(key)}, k.ExpireAt())
		}
		if c.evict.lrm {
			k.SetAccess(c.Keyspace.Access)
		}
		switch v := k.Value(); {
		case v == nil:
		case v.Empty():
			in.Delete(key)
			c.notify(db, key, event.Del)
		default:
			if c.Keyspace.Counting() {
				in.Recount(k)
			}
			if x, ok := v.(value.Expirer); ok {
				in.IndexElements(k)
				c.expiresAt(x.NextExpiry())
			}
		}
	}
}

// ChangedTimes is Changed for a command with n changes: Redis counts elements for the
// setting save. n may be 0, for a command that changes nothing and still has effects.
func (c *Ctx) ChangedTimes(n int, key []byte, ev event.Event) {
	c.Changed(key, ev)
	c.Stats.Changes += uint64(n - 1)
}

// ChangedElements is ChangedTimes for a change of some elements of the key's value, which
// the event may name. They matter only if TellsElements does.
func (c *Ctx) ChangedElements(n int, key []byte, ev event.Event, elements [][]byte) {
	c.aboutElements(elements)
	c.ChangedTimes(n, key, ev)
}

// Touched is Changed for commands that count no change: it only fails
// transactions that watch the key, wakes those who wait for it and invalidates
// what clients cached of it.
func (c *Ctx) Touched(key []byte) { c.touch(c.Session, c.Session.db, key) }

// touch fails the transactions that watch a key, wakes the commands that wait for it
// and invalidates caches of it. by is the session that changed it, nil if it expired.
func (e *Core) touch(by *Session, db int, key []byte) {
	if len(e.watching.keys) > 0 {
		if len(e.watching.keys[dbKey{db, string(key)}]) > 0 {
			e.watchedChanged(dbKey{db, string(key)})
		}
	}
	if len(e.blocking.queues) > 0 {
		e.wakeKey(db, key)
	}
	if e.tracker != nil {
		e.invalidate(by, key)
	}
}

// Propagate sends another command with the same effect to the journal in place of this
// one, which depends on time or chance. It may be called repeatedly.
func (c *Ctx) Propagate(args ...[]byte) {
	c.unit.explicit = true
	c.propagate(c.Session.db, args)
}

// PropagateToReplicas is Propagate for replicas only.
func (c *Ctx) PropagateToReplicas(args ...[]byte) {
	c.unit.explicit = true
	c.propagateTo(journal.Replicas, c.Session.db, args)
}

// PropagateNothing keeps the command's change from replicas and append-only file.
func (c *Ctx) PropagateNothing() { c.unit.explicit = true }

func (e *Core) propagate(db int, args [][]byte) { e.propagateTo(journal.Both, db, args) }

func (e *Core) propagateTo(to journal.Target, db int, args [][]byte) {
	u := &e.unit
	if to &^= u.withheld; !e.journal.on {
		return
	}
	if e.IsReplica() {
		to &^= journal.Replicas // these get only the master's stream
	}
	if to == 0 {
		return
	}
	first := len(u.words)
	for _, a := range args {
		u.text = append(u.text, a...)
		u.words = append(u.words, u.text[len(u.text)-len(a):len(u.text):len(u.text)])
	}
	u.ops = append(u.ops, journal.Op{DB: db, Args: u.words[first:len(u.words):len(u.words)], To: to})
}

// finishUnit hands the effects to the journal when the outermost command is done: all at
// once, whatever their databases.
func (e *Core) finishUnit() {
	u := &e.unit
	if u.depth > 0 || len(u.ops) == 0 {
		return
	}
	switch {
	case !e.journal.on:
	case u.apart:
		for i := range u.ops {
			e.record(u.ops[i : i+1])
		}
	default:
		e.record(u.ops)
	}
	clear(u.ops)
	clear(u.words)
	u.ops, u.words = u.ops[:0], u.words[:0]
	if u.text = u.text[:0]; cap(u.text) > keptText {
		u.ops, u.words, u.text = nil, nil, nil
	}
}

// Altered is Changed for changes that Redis does not take for a new value of the key,
// such as those of consumer groups. It counts the change, sends the keyspace event and
// the effect, but neither fails transactions that watch the key nor wakes commands that
// wait for it.
func (c *Ctx) Altered(key []byte, ev event.Event) {
	c.unit.changes++
	c.Stats.Changes++
	c.Notify(key, ev)
	if c.Keyspace.Counting() || c.evict.lrm {
		if k, ok := c.DB().Get(key); ok {
			c.DB().Recount(k)
			if c.evict.lrm {
				k.SetAccess(c.Keyspace.Access)
			}
		}
	}
}

// Wake wakes the commands that wait for a key, in addition to Altered.
func (c *Ctx) Wake(key []byte) {
	if len(c.blocking.queues) > 0 {
		c.wakeKey(c.Session.db, key)
	}
}

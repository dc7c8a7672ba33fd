package engine

import (
	"errors"
	"fmt"
	"slices"

	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/spec"
	"github.com/resp-server/resp-server/internal/tracking"
)

// Tracking is the state that CLIENT TRACKING sets.
type Tracking struct {
	// Redirect is the client that gets the messages, 0 for the session itself.
	Redirect uint64
	// Sessions with Broadcast get messages about all keys with one of Prefixes, others
	// about the keys that they have read.
	Broadcast bool
	Prefixes  []string // in order
	// OptIn: only keys read after CLIENT CACHING YES are tracked. OptOut: all but keys
	// read after CLIENT CACHING NO.
	OptIn, OptOut bool
	// NoLoop: there are no messages about the session's own changes.
	NoLoop bool
	// Caching: CLIENT CACHING was given for the next command.
	Caching bool
	// Broken: a message was lost since the client of Redirect is gone.
	Broken bool
}

// tracker is the engine's part of client-side caching. The first client that asks for
// it creates it.
type tracker struct {
	reads    tracking.Table
	prefixes tracking.Prefixes
	clients  int
	holders  []uint64      // memory for tell
	keys     []spec.KeyPos // memory for remember
}

// check also looks at the sessions: those that track keys are clients, and each
// of their prefixes leads to them.
func (t *tracker) check(e *Core) error {
	clients, pairs := 0, 0
	for s := range e.all {
		if s.tracking == nil {
			continue
		}
		clients++
		pairs += len(s.tracking.Prefixes)
		if t == nil {
			break
		}
		for _, prefix := range s.tracking.Prefixes {
			if !t.prefixes.Has(prefix, s.ID) {
				return fmt.Errorf("client %d hears nothing of keys with the prefix %q", s.ID, prefix)
			}
		}
	}
	if t == nil {
		if clients > 0 {
			return fmt.Errorf("clients track keys, which nobody notes")
		}
		return nil
	}
	limit := int(e.Config.TrackingTableMaxKeys)
	switch {
	case clients != t.clients || pairs != t.prefixes.Pairs():
		return fmt.Errorf("%d clients with %d prefixes, counted as %d, %d", clients, pairs, t.clients, t.prefixes.Pairs())
	case limit != 0 && t.reads.Keys() > limit:
		return fmt.Errorf("%d keys, %d are allowed", t.reads.Keys(), limit)
	}
	return errors.Join(t.reads.Check(), t.prefixes.Check())
}

// invalid is a key that a session has to drop from its cache.
type invalid struct {
	key string
	all bool // all keys
}

// Tracking returns the state that the session set with CLIENT TRACKING, nil if it does
// not track keys.
func (s *Session) Tracking() *Tracking { return s.tracking }

// Redirection returns the id of the client that gets the messages about the keys of
// this one, 0 for this one itself, and -1 if it does not track keys.
func (s *Session) Redirection() int64 {
	if s.tracking == nil {
		return -1
	}
	return int64(s.tracking.Redirect)
}

// Track makes the session track keys. It adds the prefixes to those that the session
// has.
func (s *Session) Track(t Tracking) {
	e := s.e
	if e.tracker == nil {
		e.tracker = &tracker{}
	}
	var has []string
	if s.tracking == nil {
		e.tracker.clients++
	} else {
		has, t.Caching = s.tracking.Prefixes, s.tracking.Caching
	}
	for _, prefix := range t.Prefixes {
		if e.tracker.prefixes.Add(prefix, s.ID) {
			has = append(has, prefix)
		}
	}
	slices.Sort(has)
	t.Prefixes = has
	s.tracking = &t
}

// Untrack ends Track. The tracker remembers the keys that the session has read until
// they change: if the session tracks keys again it gets messages about them.
func (s *Session) Untrack() {
	t := s.tracking
	if t == nil {
		return
	}
	for _, prefix := range t.Prefixes {
		s.e.tracker.prefixes.Remove(prefix, s.ID)
	}
	s.e.tracker.clients--
	s.tracking = nil
}

// TrackingUse returns the numbers of clients that track keys, of remembered keys, of
// pairs of such a key and a client, and of prefixes.
func (e *Core) TrackingUse() (clients, keys, items, prefixes int) {
	if t := e.tracker; t != nil {
		return t.clients, t.reads.Keys(), t.reads.Items(), t.prefixes.Len()
	}
	return 0, 0, 0, 0
}

// readsKeys reports whether the keys of a command are tracked. For scripts that only
// read, the keys of their commands are tracked instead.
func readsKeys(cmd *Command) bool {
	return cmd.Flags&spec.ReadOnly != 0 && cmd.Script == spec.RunsNoScript
}

// trackAfter remembers the keys that the command has read, for a client that caches.
func (e *Core) trackAfter(c *Ctx) {
	if c.Session.tracking != nil && readsKeys(c.Cmd) {
		e.remember(c)
	}
}

// remember notes the keys that the command has read for the session that
// called it.
func (e *Core) remember(c *Ctx) {
	s := c.Session
	switch t := s.tracking; {
	case t.Broadcast, t.OptIn && !t.Caching, t.OptOut && t.Caching:
		return
	}
	e.tracker.keys, _ = c.Cmd.KeyPositions(e.tracker.keys[:0], c.Args)
	for _, k := range e.tracker.keys {
		e.tracker.reads.Add(c.Args[k.Index], s.ID)
	}
	e.limitTracking()
}

// limitTracking forgets random keys above the limit. For their clients that is as if
// the keys had changed.
func (e *Core) limitTracking() {
	limit := int(e.Config.TrackingTableMaxKeys)
	if e.tracker == nil || limit == 0 {
		return
	}
	for e.tracker.reads.Keys() > limit {
		var key string
		key, e.tracker.holders = e.tracker.reads.TakeRandom(e.tracker.holders[:0], e.Rand.IntN)
		e.tell(nil, []byte(key))
	}
}

// invalidate sends a changed key to the clients that may have cached it. by is the
// session that changed it, nil if the key expired.
func (e *Core) invalidate(by *Session, key []byte) {
	t := e.tracker
	if t.prefixes.Len() > 0 {
		var id uint64
		if by != nil {
			id = by.ID
		}
		t.prefixes.Changed(key, id)
	}
	if t.holders = t.reads.Take(t.holders[:0], key); len(t.holders) > 0 {
		e.tell(e.executing, key)
	}
}

// tell sends a key to those of the tracker's holders that still track keys. by is the
// session whose command is the reason, or nil.
func (e *Core) tell(by *Session, key []byte) {
	for _, id := range e.tracker.holders {
		s := e.sessions[id]
		switch {
		case s == nil || s.tracking == nil || s.tracking.Broadcast, s.tracking.NoLoop && s == by:
		case s != e.executing:
			if w := s.invalidation(); w != nil {
				w.Array(1)
				w.Bulk(key)
			}
		default:
			e.invalid = append(e.invalid, invalid{key: string(key)})
		}
	}
}

// invalidateAll empties the caches of all clients that track keys.
func (e *Core) invalidateAll() {
	if e.tracker == nil {
		return
	}
	e.tracker.reads.Clear()
	for s := range e.Sessions {
		switch {
		case s.tracking == nil:
		case s != e.executing:
			if w := s.invalidation(); w != nil {
				w.Null()
			}
		default:
			e.invalid = append(e.invalid, invalid{all: true})
		}
	}
}

// tellOwn sends the session whose command has run its own invalidations.
func (e *Core) tellOwn(s *Session) {
	for _, m := range e.invalid {
		w := s.invalidation()
		switch {
		case w == nil:
		case m.all:
			w.Null()
		default:
			w.Array(1)
			w.BulkString(m.key)
		}
	}
	e.invalid = e.invalid[:0]
}

// broadcast sends the keys that changed in this entry to the clients of their prefixes.
func (e *Core) broadcast() {
	e.tracker.prefixes.Broadcast(func(clients []uint64, changes []tracking.Change) {
		for _, id := range clients {
			s := e.sessions[id]
			if s == nil {
				continue
			}
			n := len(changes)
			if s.tracking.NoLoop {
				for _, c := range changes {
					if c.By == id {
						n--
					}
				}
			}
			if n == 0 {
				continue
			}
			w := s.invalidation()
			if w == nil {
				continue
			}
			w.Array(n)
			for _, c := range changes {
				if !s.tracking.NoLoop || c.By != id {
					w.BulkString(c.Key)
				}
			}
		}
	})
}

// invalidation begins a message that keys of a session's cache are invalid, and returns
// the writer for the keys. It returns nil if nobody can get the message: in RESP2 only
// subscribers get messages.
func (s *Session) invalidation() *resp.Writer {
	to := s
	if id := s.tracking.Redirect; id != 0 {
		if to = s.e.sessions[id]; to == nil {
			s.tracking.Broken = true
			if s.Proto() > 2 {
				w := s.Push()
				w.Push(2)
				w.BulkString("tracking-redir-broken")
				w.Integer(int64(id))
			}
			return nil
		}
	}
	switch {
	case to.Proto() > 2:
		w := to.Push()
		w.Push(2)
		w.BulkString("invalidate")
		return w
	case s.tracking.Redirect != 0 && to.Subscriptions() > 0:
		w := to.Push()
		w.Push(3)
		w.BulkString("message")
		w.BulkString("__redis__:invalidate")
		return w
	}
	return nil
}

// usedCaching ends the effect of CLIENT CACHING after the next command or
// transaction.
func (s *Session) usedCaching() {
	t := s.tracking
	if !t.Caching || s.multi != nil || s.wait != nil {
		return
	}
	if cmd := s.LastCmd; cmd == nil || cmd.traits&spec.KeepsCaching == 0 {
		t.Caching = false
	}
}

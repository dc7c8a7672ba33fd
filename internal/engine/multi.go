package engine

import (
	"fmt"
	"slices"

	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/spec"
)

// transaction holds the commands that MULTI collects.
type transaction struct {
	queue   []queued
	size    int       // bytes of the arguments
	words   int       // number of the arguments
	flags   spec.Flag // those that any of the commands has
	lacks   spec.Flag // those that any of the commands does not have
	aborted bool
}

type queued struct {
	cmd  *Command
	args [][]byte
}

func (t *transaction) add(cmd *Command, args [][]byte, flags spec.Flag) {
	t.flags |= flags
	t.lacks |= ^cmd.Flags
	t.queue = append(t.queue, queued{cmd, copyArgs(args)})
	t.words += len(args)
	for _, a := range args {
		t.size += len(a)
	}
}

func (t *transaction) check() error {
	if t == nil {
		return nil
	}
	words, size := 0, 0
	for _, q := range t.queue {
		words += len(q.args)
		size += argsLen(q.args)
	}
	if words != t.words || size != t.size {
		return fmt.Errorf("a transaction of %d words, %d bytes, counted as %d, %d", words, size, t.words, t.size)
	}
	return nil
}

// copyArgs copies the words of a command with two allocations.
func copyArgs(args [][]byte) [][]byte {
	size := 0
	for _, a := range args {
		size += len(a)
	}
	mem := make([]byte, 0, size)
	out := make([][]byte, len(args))
	for i, a := range args {
		mem = append(mem, a...)
		out[i] = mem[len(mem)-len(a) : len(mem) : len(mem)]
	}
	return out
}

// watch is a key that WATCH named.
type watch struct {
	key dbKey
	// expired: the key is past its time already. Its removal does not fail the
	// transaction; after that the watch is one of a missing key.
	expired bool
}

// watching has the sessions that watch each key: exactly those that have the key among
// their watches.
type watching struct {
	keys map[dbKey]map[*Session]struct{}
}

func (w *watching) check(e *Core) error {
	pairs := 0
	for k, sessions := range w.keys {
		if len(sessions) == 0 {
			return fmt.Errorf("nobody watches %q of database %d", k.key, k.db)
		}
		for s := range sessions {
			if _, ok := e.all[s]; !ok {
				return fmt.Errorf("client %d, which is gone, watches %q", s.ID, k.key)
			}
			if s.watched == nil || !slices.ContainsFunc(s.watched.list, func(own watch) bool { return own.key == k }) {
				return fmt.Errorf("client %d does not know that it watches %q", s.ID, k.key)
			}
		}
		pairs += len(sessions)
	}
	for s := range e.all {
		pairs -= s.WatchCount()
		if s.casFailed && s.watched != nil {
			return fmt.Errorf("client %d watches keys, but its transaction fails anyway", s.ID)
		}
	}
	if pairs != 0 {
		return fmt.Errorf("%d watches differ between keys and clients", pairs)
	}
	return nil
}

// add notes that s watches k, and reports whether that is new.
func (w *watching) add(k dbKey, s *Session) bool {
	if _, ok := w.keys[k][s]; ok {
		return false
	}
	if w.keys[k] == nil {
		if w.keys == nil {
			w.keys = make(map[dbKey]map[*Session]struct{})
		}
		w.keys[k] = make(map[*Session]struct{}, 1)
	}
	w.keys[k][s] = struct{}{}
	return true
}

func (w *watching) remove(k dbKey, s *Session) {
	delete(w.keys[k], s)
	if len(w.keys[k]) == 0 {
		delete(w.keys, k)
	}
}

// watches are the keys that a session watches, at least one.
type watches struct {
	list []watch
	size int // of the keys, in bytes
}

func (w *watches) check() error {
	if w == nil {
		return nil
	}
	size := 0
	for _, k := range w.list {
		size += len(k.key.key)
	}
	if len(w.list) == 0 || size != w.size {
		return fmt.Errorf("%d watched keys of %d bytes, counted as %d", len(w.list), size, w.size)
	}
	return nil
}

// Begin starts a transaction.
func (s *Session) Begin() error {
	if s.multi != nil {
		return resp.Error("ERR MULTI calls can not be nested")
	}
	s.multi = &transaction{}
	return nil
}

// InMulti reports whether the session queues commands, and how many it has.
func (s *Session) InMulti() (n int, ok bool) {
	if s.multi == nil {
		return 0, false
	}
	return len(s.multi.queue), true
}

// Discard ends the transaction without running it and forgets the watches.
func (s *Session) Discard() {
	s.multi, s.asking = nil, false
	s.Unwatch()
}

// Exec runs the transaction of the session as one unit.
func (c *Ctx) Exec() error {
	s := c.Session
	t := s.multi
	failed := s.casFailed || c.watchExpired()
	s.Discard()
	switch {
	case t.aborted:
		return resp.ErrExecAbort
	case failed:
		return c.NullArray()
	}
	c.w.Array(len(t.queue))
	for _, q := range t.queue {
		if err := c.permitQueued(q.cmd, q.args); err != nil {
			c.w.Error(err.(resp.Error))
			c.countError(err.(resp.Error))
			continue
		}
		c.Call(q.cmd, q.args)
	}
	c.PropagateNothing() // its commands have done so
	return nil
}

// Watch makes the next EXEC fail if the key changes before.
func (c *Ctx) Watch(key []byte) {
	s := c.Session
	k := dbKey{s.db, string(key)}
	if !c.watching.add(k, s) {
		return
	}
	if s.watched == nil {
		s.watched = new(watches)
	}
	s.watched.size += len(key)
	e, ok := c.DB().Get(key)
	s.watched.list = append(s.watched.list, watch{k, ok && c.isExpired(e)})
}

// Unwatch forgets all watches.
func (s *Session) Unwatch() {
	if s.watched != nil {
		for _, w := range s.watched.list {
			s.e.watching.remove(w.key, s)
		}
	}
	s.watched, s.casFailed = nil, false
}

// failWatch makes the next EXEC fail, whatever else changes.
func (s *Session) failWatch() {
	s.Unwatch()
	s.casFailed = true
}

// watchOf returns the session's watch of a key that it watches.
func (s *Session) watchOf(k dbKey) *watch {
	for i := range s.watched.list {
		if s.watched.list[i].key == k {
			return &s.watched.list[i]
		}
	}
	panic("engine: a watched key that the session does not know")
}

// watchedChanged fails the transactions that watch a changed key, unless the change
// was only the removal of a key past its time.
func (e *Core) watchedChanged(k dbKey) {
	for s := range e.watching.keys[k] {
		if w := s.watchOf(k); w.expired {
			if _, ok := e.Keyspace.DB(k.db).Get([]byte(k.key)); !ok {
				w.expired = false
				continue
			}
		}
		s.failWatch()
	}
}

// watchedReplaced fails the transactions that watch keys of a database. The keys are
// about to be replaced by those of another database, or removed if that is nil. A key
// past its time counts as missing.
func (e *Core) watchedReplaced(db int, before, after *keyspace.DB) {
	for k, sessions := range e.watching.keys {
		if k.db != db {
			continue
		}
		was, is := e.stateOf(before, k.key), e.stateOf(after, k.key)
		for s := range sessions {
			w := s.watchOf(k)
			gone := was == stateMissing || w.expired
			if gone && is != stateLive {
				w.expired = is == stateExpired
				continue
			}
			s.failWatch()
		}
	}
}

// keyState is the state of a key in a database.
type keyState uint8

const (
	stateMissing keyState = iota
	stateExpired
	stateLive
)

// stateOf looks a key up in a database, which may be nil for none.
func (e *Core) stateOf(db *keyspace.DB, key string) keyState {
	if db == nil {
		return stateMissing
	}
	switch k, ok := db.Get([]byte(key)); {
	case !ok:
		return stateMissing
	case e.isExpired(k):
		return stateExpired
	default:
		return stateLive
	}
}

// WatchCount returns the number of watched keys.
func (s *Session) WatchCount() int {
	if s.watched == nil {
		return 0
	}
	return len(s.watched.list)
}

// watchExpired reports whether the time of a watched key has come since WATCH.
func (c *Ctx) watchExpired() bool {
	if c.Session.watched == nil {
		return false
	}
	for _, w := range c.Session.watched.list {
		if w.expired {
			continue
		}
		k, ok := c.Keyspace.DB(w.key.db).Get([]byte(w.key.key))
		if ok && c.isExpired(k) {
			return true
		}
	}
	return false
}

package engine

import (
	"github.com/resp-server/resp-server/internal/resp"
)

// transaction is what MULTI collects.
type transaction struct {
	queue   []queued
	size    int // bytes of the arguments
	aborted bool
}

type queued struct {
	cmd  *Command
	args [][]byte
}

func (t *transaction) add(cmd *Command, args [][]byte) {
	t.queue = append(t.queue, queued{cmd, copyArgs(args)})
	for _, a := range args {
		t.size += len(a)
	}
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
	// expired tells that the key was past its time already: its removal does
	// not fail the transaction.
	expired bool
}

// Begin starts a transaction.
func (s *Session) Begin() error {
	if s.multi != nil {
		return resp.Error("ERR MULTI calls can not be nested")
	}
	s.multi = &transaction{}
	return nil
}

// InMulti tells whether the session queues commands, and how many it has.
func (s *Session) InMulti() (n int, ok bool) {
	if s.multi == nil {
		return 0, false
	}
	return len(s.multi.queue), true
}

// Discard ends the transaction without running it and forgets the watches.
func (s *Session) Discard() {
	s.multi = nil
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
		c.Call(q.cmd, q.args)
	}
	c.PropagateNothing() // its commands have done so
	return nil
}

// Watch makes the next EXEC fail if the key changes before.
func (c *Ctx) Watch(key []byte) {
	s := c.Session
	k := dbKey{s.db, string(key)}
	if _, ok := c.watchers[k][s]; ok {
		return
	}
	if c.watchers[k] == nil {
		c.watchers[k] = make(map[*Session]struct{}, 1)
	}
	c.watchers[k][s] = struct{}{}
	e, ok := c.DB().Get(key)
	expired := ok && e.ExpireAt() != 0 && e.ExpireAt() <= c.NowMilli()
	s.watched = append(s.watched, watch{k, expired})
}

// Unwatch forgets all watches.
func (s *Session) Unwatch() {
	for _, w := range s.watched {
		delete(s.e.watchers[w.key], s)
		if len(s.e.watchers[w.key]) == 0 {
			delete(s.e.watchers, w.key)
		}
	}
	s.watched = nil
	s.casFailed = false
}

// failWatch makes the next EXEC fail; what else changes does not matter then.
func (s *Session) failWatch() {
	s.Unwatch()
	s.casFailed = true
}

// WatchCount returns the number of watched keys.
func (s *Session) WatchCount() int { return len(s.watched) }

// watchExpired tells whether the time of a watched key has come since WATCH.
func (c *Ctx) watchExpired() bool {
	for _, w := range c.Session.watched {
		if w.expired {
			continue
		}
		k, ok := c.Keyspace.DB(w.key.db).Get([]byte(w.key.key))
		if ok && k.ExpireAt() != 0 && k.ExpireAt() <= c.NowMilli() {
			return true
		}
	}
	return false
}

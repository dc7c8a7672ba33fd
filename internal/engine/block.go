package engine

import (
	"cmp"
	"errors"
	"math"

	"github.com/resp-server/resp-server/internal/numfmt"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

// errBlocked is what Block returns through the handler.
var errBlocked = errors.New("blocked")

const errUnblocked resp.Error = "UNBLOCKED client unblocked via CLIENT UNBLOCK"

// Wait says what a blocking command waits for.
type Wait struct {
	// Keys in the order of preference.
	Keys [][]byte
	// Type is what a key must hold to be worth another try.
	Type value.Type
	// Gone makes a key that was deleted or changed its type worth another try
	// as well: the handler will answer an error.
	Gone bool
	// Deadline in milliseconds since 1970; 0 waits for ever.
	Deadline int64
	// TimeOut answers when the deadline passes, or at once where nothing may
	// block.
	TimeOut func(*Ctx) error
}

// wait is a blocked command.
type wait struct {
	Wait
	s    *Session
	cmd  *Command
	args [][]byte
	keys []dbKey
	seq  uint64
	done bool
	// parked tells that a pause holds the command back: it was not run yet.
	parked bool
}

func compareWaits(a, b *wait) int {
	return cmp.Or(cmp.Compare(a.deadline(), b.deadline()), cmp.Compare(a.seq, b.seq))
}

func (w *wait) deadline() int64 { return w.Wait.Deadline }

// queue holds the commands that wait for a key, first come first served. Done
// ones are skipped and swept out when they are the majority.
type queue struct {
	list  []*wait
	alive int
	ready bool // the key is in Engine.ready
}

// Block parks the command until one of the keys changes; then its handler is
// run again with the same arguments, as they are now: a handler may resolve
// what must not be resolved a second time by replacing elements of Args first.
// It is the last thing that a handler does: `return c.Block(...)`.
func (c *Ctx) Block(w Wait) error {
	if c.again != nil {
		return errBlocked // it keeps its place and its deadline
	}
	if c.nested {
		return w.TimeOut(c)
	}
	s := c.Session
	c.waitSeq++
	b := &wait{Wait: w, s: s, cmd: c.Cmd, args: copyArgs(c.Args), seq: c.waitSeq}
	for _, key := range w.Keys {
		k := dbKey{s.db, string(key)}
		q := c.waiting[k]
		if q == nil {
			q = &queue{}
			c.waiting[k] = q
		} else if q.list[len(q.list)-1] == b {
			continue // the same key again
		}
		q.list = append(q.list, b)
		q.alive++
		b.keys = append(b.keys, k)
	}
	b.Keys = nil
	if w.Deadline != 0 {
		c.timeouts.Insert(b)
	}
	s.wait = b
	c.blocked++
	return errBlocked
}

// Again tells whether a blocked command is run once more.
func (c *Ctx) Again() bool { return c.again != nil }

// MayBlock tells whether Block would park the command.
func (c *Ctx) MayBlock() bool { return !c.nested }

// ArgTimeout reads argument i as a timeout in seconds, which may have a
// fraction, and returns the deadline for Wait.
func (c *Ctx) ArgTimeout(i int) (deadline int64, err error) {
	f, ok := numfmt.ParseFloat(c.Args[i])
	if !ok {
		return 0, resp.ErrTimeoutFloat
	}
	ms := math.Ceil(f * 1000)
	if ms >= math.MaxInt64 {
		return 0, resp.ErrTimeoutRange
	}
	return c.deadline(int64(ms))
}

// ArgTimeoutMilli reads argument i as a timeout in whole milliseconds.
func (c *Ctx) ArgTimeoutMilli(i int) (deadline int64, err error) {
	ms, ok := numfmt.ParseInt(c.Args[i])
	if !ok {
		return 0, resp.ErrTimeoutInt
	}
	return c.deadline(ms)
}

func (c *Ctx) deadline(ms int64) (int64, error) {
	switch now := c.NowMilli(); {
	case ms < 0:
		return 0, resp.ErrTimeoutSign
	case ms == 0:
		return 0, nil
	case ms+now < 0:
		return 0, resp.ErrTimeoutRange
	default:
		return ms + now, nil
	}
}

// wakeKey notes that a key changed that blocked commands may wait for.
func (e *Engine) wakeKey(db int, key []byte) {
	k := dbKey{db, string(key)}
	if q := e.waiting[k]; q != nil && !q.ready {
		q.ready = true
		e.ready = append(e.ready, k)
	}
}

// serveBlocked runs the commands again that wait for changed keys, in the
// order in which they came, until no more keys change.
func (e *Engine) serveBlocked() {
	for len(e.ready) > 0 {
		keys := e.ready
		e.ready = nil
		for _, k := range keys {
			q := e.waiting[k]
			if q == nil {
				continue
			}
			q.ready = false
			for _, w := range append([]*wait(nil), q.list...) {
				if !w.done && e.worthATry(w, k) {
					e.tryAgain(w)
				}
			}
		}
	}
}

func (e *Engine) worthATry(w *wait, k dbKey) bool {
	entry, ok := e.Keyspace.DB(k.db).Get([]byte(k.key))
	if !ok || entry.Type() != w.Type {
		return w.Gone
	}
	return true
}

// tryAgain runs a blocked command once more.
func (e *Engine) tryAgain(w *wait) {
	c := &w.s.ctx
	c.Args, c.Cmd, c.again, c.nested = w.args, w.cmd, w, false
	mark := len(c.w.Buf)
	e.executing = w.s
	e.call(c)
	e.finishUnit(0)
	c.again = nil
	if len(c.w.Buf) != mark {
		e.unblock(w)
	}
	w.s.answered(mark)
}

// timeOut answers a blocked command whose time is up.
func (e *Engine) timeOut(w *wait) {
	c := &w.s.ctx
	c.Args, c.Cmd = w.args, w.cmd
	mark := len(c.w.Buf)
	if err := w.TimeOut(c); err != nil {
		e.fail(w, err)
	}
	e.Stats.Commands++
	e.Stats.command(w.cmd).Calls++
	e.unblock(w)
	w.s.answered(mark)
}

// fail answers an error to a blocked command.
func (e *Engine) fail(w *wait, err error) {
	r := errorReply(err)
	e.countError(r)
	e.Stats.command(w.cmd).Failed++
	w.s.out.Error(r)
}

// unblock lets a session go on after its command was answered.
func (e *Engine) unblock(w *wait) {
	e.cancel(w)
	e.markDirty(w.s)
	e.resume = append(e.resume, w.s)
}

// cancel forgets a blocked command.
func (e *Engine) cancel(w *wait) {
	w.done = true
	w.s.wait = nil
	e.blocked--
	if w.deadline() != 0 {
		e.timeouts.Delete(w)
	}
	for _, k := range w.keys {
		q := e.waiting[k]
		q.alive--
		switch {
		case q.alive == 0:
			delete(e.waiting, k)
		case len(q.list) > 2*q.alive+8:
			q.sweep()
		}
	}
}

func (q *queue) sweep() {
	list := q.list[:0]
	for _, w := range q.list {
		if !w.done {
			list = append(list, w)
		}
	}
	clear(q.list[len(list):])
	q.list = list
}

// Blocked returns the number of blocked sessions.
func (e *Engine) Blocked() int { return e.blocked }

// Timeouts returns the number of blocked sessions that wait only for a while.
func (e *Engine) Timeouts() int { return e.timeouts.Len() }

// BlockedKeys returns the number of keys that blocked sessions wait for, and
// how many of these wait for the deletion of the key as well.
func (e *Engine) BlockedKeys() (keys, orGone int) {
	for _, q := range e.waiting {
		for _, w := range q.list {
			if !w.done && w.Gone {
				orGone++
				break
			}
		}
	}
	return len(e.waiting), orGone
}

// Blocked tells whether the session waits.
func (s *Session) Blocked() bool { return s.wait != nil }

// Unblock ends the wait of a session, as by its timeout or with an error. It
// tells whether the session was waiting.
func (s *Session) Unblock(withError bool) bool {
	w := s.wait
	if w == nil || w.parked {
		return false
	}
	if withError {
		mark := len(s.out.Buf)
		s.e.fail(w, errUnblocked)
		s.e.unblock(w)
		s.answered(mark)
	} else {
		s.e.timeOut(w)
	}
	return true
}

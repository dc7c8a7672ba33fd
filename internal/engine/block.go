package engine

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/resp-server/resp-server/internal/datastruct/tree"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

// Block returns errBlocked, and the handler passes it on.
var errBlocked = errors.New("blocked")

const errUnblocked resp.Error = "UNBLOCKED client unblocked via CLIENT UNBLOCK"

// Wait says what a blocking command waits for.
type Wait struct {
	// Keys in the order of preference.
	Keys [][]byte
	// Type is the type that a key must hold for another try.
	Type value.Type
	// Gone asks for another try when a key was deleted or changed its type, too: the
	// handler will reply an error.
	Gone bool
	// KeepsTurn keeps the place in the queues of its keys when the command blocks
	// again. Otherwise it goes to the end.
	KeepsTurn bool
	// Deadline in milliseconds since 1970; 0 waits for ever.
	Deadline int64
	// Claims is for a command that claims elements that were idle for MinIdle
	// milliseconds: it runs again when Ctx.Idles says that there are some. Retry is the
	// first such time that is known when it blocks, in milliseconds since 1970; 0 is
	// never.
	Claims         bool
	MinIdle, Retry int64
	// Busy makes the command count as one that runs until its deadline.
	Busy bool
	// Durable asks for another try when Ctx.Durable becomes true.
	Durable bool
	// TimeOut replies when the deadline passes, or at once where nothing may block.
	TimeOut func(*Ctx) error
}

// wait is a blocked command.
type wait struct {
	Wait
	s     *Session
	cmd   *Command
	args  [][]byte
	links []link // one a key
	seq   uint64
	// before and after are its neighbours in the list of all waits.
	before, after *wait
	// took is the time of the earlier tries. The statistics get it when the command is
	// done.
	took  time.Duration
	began int64 // µs since 1970
	// parked: a pause or a fault holds the command back. It has not run yet.
	parked bool
	// taken: an Interceptor answers the command.
	taken bool
	acks  bool // it waits for replicas
	// drip is the rest of a reply that goes out byte by byte, at intervals; there is
	// no command then.
	drip []byte
	each int64
}

func compareWaits(a, b *wait) int {
	return cmp.Or(cmp.Compare(a.deadline(), b.deadline()), cmp.Compare(a.seq, b.seq))
}

func (w *wait) deadline() int64 { return w.Wait.Deadline }

// blocking holds the waiting commands as data. They wait for keys, for the function of
// Later, or for the end of a pause, a fault or a Schedule.
//
// Each wait is in the list that begins with last, its session refers to it, and
// count is their number. timeouts holds exactly those with a deadline, retries those
// with Retry set. Each link of a wait stands in the queue of its key, and queues
// holds exactly the queues that have links.
type blocking struct {
	last     *wait // the newest; see wait.before
	count    int
	queues   map[dbKey]*queue
	timeouts *tree.Tree[*wait]
	retries  *tree.Tree[*wait]
	seq      uint64 // of the last wait
	// changed is closed when count changes; nil if nobody waits for it.
	changed chan struct{}
}

func newBlocking() blocking {
	return blocking{queues: make(map[dbKey]*queue), timeouts: tree.New(compareWaits), retries: tree.New(compareRetries)}
}

func (b *blocking) check(e *Core) error {
	waits, timed, retried, links := 0, 0, 0, 0
	for w := b.last; w != nil; w = w.before {
		waits++
		switch {
		case w.s.wait != w:
			return fmt.Errorf("client %d does not know the command that it waits with", w.s.ID)
		case w.before != nil && (w.before.after != w || w.before.seq >= w.seq):
			return fmt.Errorf("client %d is out of order", w.s.ID)
		}
		if w.deadline() != 0 {
			timed++
			if found, _ := b.timeouts.Get(w); found != w {
				return fmt.Errorf("client %d has a deadline that nobody knows of", w.s.ID)
			}
		}
		if w.Retry != 0 {
			retried++
			if found, _ := b.retries.Get(w); found != w {
				return fmt.Errorf("client %d is to try again, which nobody knows of", w.s.ID)
			}
		}
		for i := range w.links {
			if w.links[i].w != w {
				return fmt.Errorf("client %d has the place of another one", w.s.ID)
			}
		}
		links += len(w.links)
	}
	sessions := 0
	for s := range e.all {
		if s.wait != nil {
			sessions++
		}
	}
	if waits != b.count || waits != sessions || timed != b.timeouts.Len() || retried != b.retries.Len() {
		return fmt.Errorf("%d wait, %d of them for a time and %d to try again; counted are %d of %d sessions, %d and %d",
			waits, timed, retried, b.count, sessions, b.timeouts.Len(), b.retries.Len())
	}
	for key, q := range b.queues {
		n, err := q.check(key)
		if err != nil {
			return fmt.Errorf("queue of %q in database %d: %w", key.key, key.db, err)
		}
		links -= n
	}
	if links != 0 {
		return fmt.Errorf("%d places are in no queue", links)
	}
	return nil
}

// queue holds the commands that wait for a key, first come first served.
type queue struct {
	key         dbKey
	first, last *link
	gone        int  // waits with Gone set
	ready       bool // the queue is in Core.ready
}

// link is the place of a wait in a queue.
type link struct {
	w          *wait
	q          *queue
	prev, next *link
}

func (q *queue) append(l *link) {
	l.prev, l.next = q.last, nil
	if q.last == nil {
		q.first = l
	} else {
		q.last.next = l
	}
	q.last = l
}

func (q *queue) remove(l *link) {
	if l.prev == nil {
		q.first = l.next
	} else {
		l.prev.next = l.next
	}
	if l.next == nil {
		q.last = l.prev
	} else {
		l.next.prev = l.prev
	}
}

// check returns the number of waits for the key, at least one.
func (q *queue) check(key dbKey) (n int, err error) {
	gone := 0
	var last *link
	for l := q.first; l != nil; last, l = l, l.next {
		n++
		if l.prev != last || l.q != q || l.w.s.wait != l.w || !slices.ContainsFunc(l.w.links, func(own link) bool { return own.q == q }) {
			return 0, fmt.Errorf("place %d is broken", n)
		}
		if l.w.Gone {
			gone++
		}
	}
	switch {
	case n == 0 || q.key != key || q.last != last:
		return 0, fmt.Errorf("%d wait for %q", n, q.key.key)
	case gone != q.gone:
		return 0, fmt.Errorf("%d wait for the end of the key too, counted are %d", gone, q.gone)
	}
	return n, nil
}

// Block parks the command until one of the keys changes; then its handler runs again
// with the same Args. A handler replaces elements of Args first if they must keep
// their present meaning, such as $ for the last entry of a stream. Block is the last
// thing that a handler does: `return c.Block(...)`.
func (c *Ctx) Block(w Wait) error {
	if c.again != nil {
		if w.Claims {
			c.blocking.retryAt(c.again, w.nextTry(c.ShownMilli()))
		}
		return errBlocked // it keeps its deadline
	}
	s := c.Session
	if c.nested || s.unwaiting {
		return w.TimeOut(c)
	}
	b := &wait{Wait: w, s: s, cmd: c.Cmd, args: copyArgs(c.Args), began: c.now}
	c.hold(b)
	b.links = make([]link, 0, len(w.Keys))
	for _, key := range w.Keys {
		q := c.blocking.queueFor(s.db, key)
		if q.last != nil && q.last.w == b {
			continue // the same key again
		}
		b.links = append(b.links, link{w: b, q: q})
		q.append(&b.links[len(b.links)-1])
		if w.Gone {
			q.gone++
		}
	}
	b.Keys, b.Retry = nil, 0
	if w.Deadline != 0 {
		c.blocking.timeouts.Insert(b)
	}
	c.blocking.retryAt(b, w.nextTry(c.ShownMilli()))
	if w.Durable {
		c.awaitDurable()
	}
	return errBlocked
}

// nextTry returns Retry, but at least the next millisecond: now was tried already.
func (w *Wait) nextTry(now int64) int64 {
	if w.Retry == 0 {
		return 0
	}
	return max(w.Retry, now+1)
}

// hold makes the session of w, which does not wait, wait with w.
func (e *Core) hold(w *wait) {
	b := &e.blocking
	b.seq++
	w.seq, w.before = b.seq, b.last
	if b.last != nil {
		b.last.after = w
	}
	b.last = w
	w.s.wait = w
	b.counted(1)
}

func (b *blocking) remove(w *wait) {
	if w.after == nil {
		b.last = w.before
	} else {
		w.after.before = w.before
	}
	if w.before != nil {
		w.before.after = w.after
	}
	w.before, w.after = nil, nil
	b.counted(-1)
}

func (b *blocking) counted(n int) {
	b.count += n
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
}

func (b *blocking) queueFor(db int, key []byte) *queue {
	if q := b.queues[dbKey{db, string(key)}]; q != nil {
		return q
	}
	q := &queue{key: dbKey{db, string(key)}}
	b.queues[q.key] = q
	return q
}

// Again reports whether the command was blocked and runs once more.
func (c *Ctx) Again() bool { return c.again != nil }

// MayBlock reports whether Block would park the command.
func (c *Ctx) MayBlock() bool { return !c.nested }

// wakeKey notes the change of a key for commands that wait for it.
func (e *Core) wakeKey(db int, key []byte) {
	if q := e.blocking.queues[dbKey{db, string(key)}]; q != nil {
		e.wakeQueue(q)
	}
}

func (e *Core) wakeQueue(q *queue) {
	if !q.ready {
		q.ready = true
		e.ready = append(e.ready, q)
	}
}

// serveBlocked runs the commands that wait for changed keys again, in the order in
// which they came, until no more keys change.
func (e *Core) serveBlocked() {
	if len(e.ready) > 0 && e.isAsleep() {
		return
	}
	for len(e.ready) > 0 {
		queues := e.ready
		e.ready = nil
		for _, q := range queues {
			q.ready = false
			e.serve(q)
		}
	}
}

// serve runs each command of one queue again if, when its turn comes, the key is what
// the command waits for. Commands that come to the end of the queue meanwhile wait
// for the next call.
func (e *Core) serve(q *queue) {
	end := q.last
	for l := q.first; l != nil; {
		next := l.next
		if l == end {
			next = nil
		}
		t, ok := e.typeOf(q.key)
		if !ok && q.gone == 0 {
			return
		}
		if w := l.w; w.Gone || ok && w.Type == t {
			e.tryAgain(w)
		}
		l = next
	}
}

// typeOf returns the type of a key's value if the key exists.
func (e *Core) typeOf(k dbKey) (value.Type, bool) {
	entry, ok := e.Keyspace.DB(k.db).Get([]byte(k.key))
	if !ok || e.isExpired(entry) {
		return 0, false
	}
	return entry.Type(), true
}

// tryAgain runs a blocked command once more. As in the real server, the gates decide
// again, and most commands that block again go to the end of their queues.
func (e *Core) tryAgain(w *wait) {
	c := &w.s.ctx
	mark := len(c.w.Buf)
	w.s.delayed, w.s.chosen, w.s.judged = true, e.schedule != nil, e.isStrict() // these were asked when it came
	err := e.gate(w.s, w.cmd, w.args)
	w.s.delayed, w.s.chosen, w.s.judged = false, false, false
	if err != nil {
		e.reject(w.s, w.cmd, w.args, err)
		e.unblock(w, mark)
		return
	}
	c.Args, c.Cmd, c.again, c.nested = w.args, w.cmd, w, false
	e.executing = w.s
	blocked := e.call(c)
	c.again = nil
	e.finishUnit()
	if !blocked {
		e.unblock(w, mark)
		return
	}
	w.s.answered(mark)
	if w.KeepsTurn {
		return
	}
	for i := range w.links {
		l := &w.links[i]
		l.q.remove(l)
		l.q.append(l)
	}
}

// timeOut answers a blocked command whose time is up.
func (e *Core) timeOut(w *wait) {
	if w.parked {
		e.unpark(w)
		return
	}
	c := &w.s.ctx
	c.Args, c.Cmd, c.again, c.nested = w.args, w.cmd, nil, false
	mark := len(c.w.Buf)
	if err := w.TimeOut(c); err != nil {
		e.fail(w, err)
	}
	if w.Busy {
		took := time.Duration(e.now-w.began) * time.Microsecond
		e.measure(e.Stats.command(w.cmd), took)
		if took >= e.slowness {
			e.tookLong(c, took)
		}
	}
	e.answered(w, mark)
}

// answered counts a blocked command that got its reply without running again, and
// unblocks its session.
func (e *Core) answered(w *wait, mark int) {
	e.Stats.Commands++
	st := e.Stats.command(w.cmd)
	st.Calls++
	st.Time += w.took
	e.unblock(w, mark)
}

// fail answers an error to a blocked command.
func (e *Core) fail(w *wait, err error) {
	r := errorReply(err)
	e.countError(r)
	e.Stats.command(w.cmd).Failed++
	w.s.out.Error(r)
}

// unblock lets a session go on after the reply to its command, which begins at mark.
func (e *Core) unblock(w *wait, mark int) {
	e.cancel(w)
	w.s.answered(mark)
	e.markDirty(w.s)
	e.resume = append(e.resume, w.s)
}

// cancel forgets a blocked command.
func (e *Core) cancel(w *wait) {
	w.s.wait = nil
	e.blocking.remove(w)
	if w.deadline() != 0 {
		e.blocking.timeouts.Delete(w)
	}
	e.blocking.retryAt(w, 0)
	for i := range w.links {
		l := &w.links[i]
		l.q.remove(l)
		if w.Gone {
			l.q.gone--
		}
		if l.q.first == nil {
			delete(e.blocking.queues, l.q.key)
		}
	}
	if w.Durable {
		delete(e.append.waiting, w.s)
	}
	if w.acks {
		e.repl.waits = slices.DeleteFunc(e.repl.waits, func(a ackWait) bool { return a.w == w })
	}
}

// Blocked returns the number of blocked sessions.
func (e *Core) Blocked() int { return e.blocking.count }

// Timeouts returns the number of blocked sessions whose wait has a deadline.
func (e *Core) Timeouts() int { return e.blocking.timeouts.Len() }

// BlockedKeys returns the number of keys that blocked sessions wait for, and the
// number of keys whose deletion a session waits for, too.
func (e *Core) BlockedKeys() (keys, orGone int) {
	for _, q := range e.blocking.queues {
		if q.gone > 0 {
			orGone++
		}
	}
	return len(e.blocking.queues), orGone
}

// Blocked reports whether the session waits.
func (s *Session) Blocked() bool { return s.wait != nil }

// Unblock ends the wait of a session, as by its timeout or with an error. It
// reports whether the session was waiting.
func (s *Session) Unblock(withError bool) bool {
	w := s.wait
	if w == nil || w.parked || w.taken {
		return false
	}
	if !withError {
		s.e.timeOut(w)
		return true
	}
	mark := len(s.out.Buf)
	s.e.fail(w, errUnblocked)
	s.e.answered(w, mark)
	return true
}

// compareRetries orders waits by the time of their next try.
func compareRetries(a, b *wait) int {
	return cmp.Or(cmp.Compare(a.Retry, b.Retry), cmp.Compare(a.seq, b.seq))
}

// retryAt sets the time at which a blocked command runs again even if no key changes;
// 0 is never.
func (b *blocking) retryAt(w *wait, at int64) {
	if w.Retry == at {
		return
	}
	if w.Retry != 0 {
		b.retries.Delete(w)
	}
	w.Retry = at
	if at != 0 {
		b.retries.Insert(w)
	}
}

// Idles says that an element of a key has been idle since a time in milliseconds
// since 1970. It schedules another try of the blocked commands that claim idle
// elements of the key.
func (c *Ctx) Idles(key []byte, since int64) {
	if len(c.blocking.queues) == 0 {
		return
	}
	q := c.blocking.queues[dbKey{c.Session.db, string(key)}]
	if q == nil {
		return
	}
	for l := q.first; l != nil; l = l.next {
		if w := l.w; w.Claims {
			at := max(AfterIdle(since, w.MinIdle), 1)
			if w.Retry == 0 || at < w.Retry {
				c.blocking.retryAt(w, at)
			}
		}
	}
}

// AfterIdle returns the time at which an element that has been idle since a time was
// idle for some milliseconds.
func AfterIdle(since, ms int64) int64 {
	if since > 0 && ms > math.MaxInt64-since {
		return math.MaxInt64
	}
	return since + ms
}

// retry runs the blocked commands again whose next try is due.
func (e *Core) retry() {
	now := e.ShownMilli()
	for {
		w, ok := e.blocking.retries.Min()
		if !ok || w.Retry > now {
			return
		}
		if e.isPaused() {
			e.blocking.retryAt(w, e.pause.until-e.NowMilli()+now)
			continue
		}
		e.blocking.retryAt(w, 0) // unless it blocks again
		e.tryAgain(w)
	}
}

// Later calls f in a goroutine of its own, without the engine's lock. The client
// waits, and everybody else goes on. f returns a function that writes the reply.
// Later is the last thing that a handler does: `return c.Later(...)`. The command
// must have the flags that keep it out of transactions and scripts.
func (c *Ctx) Later(f func() (reply func(*Ctx) error)) error {
	s := c.Session
	w := &wait{s: s, cmd: c.Cmd, args: copyArgs(c.Args), began: c.now}
	c.hold(w)
	e := c.engine
	go func() {
		reply := f()
		e.interpose()
		defer e.leave()
		if s.wait != w {
			return // the client is gone
		}
		w.TimeOut = reply
		e.core.timeOut(w)
	}()
	return errBlocked
}

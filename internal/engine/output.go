package engine

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/resp"
)

// checkedOutput is the number of bytes that a batch may append to a session's output
// before the limit is checked and the output moved over. Both also happen after each
// batch.
const checkedOutput = 1 << 20

// smallOutput is the output that every client may have in any case: Redis has a buffer
// of that size, to which the limits do not apply.
const smallOutput = 16 << 10

// outputLimit returns how much output may wait for the client.
func (s *Session) outputLimit() *config.OutputLimit {
	switch s.Class() {
	case ClassPubSub:
		return &s.e.Config.OutputLimits.PubSub
	case ClassReplica:
		return &s.e.Config.OutputLimits.Replica
	}
	return &s.e.Config.OutputLimits.Normal
}

// strangerOutput is the output beyond smallOutput that may wait for a client that has
// to log in: it could pile up replies that it never reads.
const strangerOutput = 1 << 10

// maxOutput returns the greatest length of the output of one batch, 0 without a limit.
// Beyond it the Writer drops everything, and checkOutput ends the session.
func (s *Session) maxOutput() int {
	switch hard := s.outputLimit().Hard; {
	case s.internal:
		return 0
	case s.mustLogIn():
		return smallOutput + strangerOutput
	case hard > 0:
		return int(min(hard, math.MaxInt/2)) + smallOutput
	}
	return 0
}

// output is the state of the output to all clients.
//
// slow has exactly the sessions above the soft limit of output; each has been there
// since its overSince.
type output struct {
	buffers outBuffers
	slow    map[*Session]struct{}
	lost    resp.Writer                   // sink for output to killed sessions
	written atomic.Pointer[chan struct{}] // closed when a session has written its output
}

func (o *output) check(e *Core) error {
	for s := range o.slow {
		if _, ok := e.all[s]; !ok || s.overSince == 0 {
			return fmt.Errorf("client %d is said to be slow", s.ID)
		}
	}
	for s := range e.all {
		s.mu.Lock()
		size, queued := s.pending.recount(), s.pending.size
		s.mu.Unlock()
		switch {
		case size != queued:
			return fmt.Errorf("client %d: %d bytes wait, counted are %d", s.ID, size, queued)
		case s.inDirty || len(s.out.Buf) > 0:
			return fmt.Errorf("client %d: %d bytes are not handed over", s.ID, len(s.out.Buf))
		}
	}
	return o.buffers.check()
}

// outQueue is output that the transport has not taken yet. Long output stays in the
// buffers that handlers wrote it to. The zero outQueue is empty.
type outQueue struct {
	first []byte
	more  [][]byte
	size  int // of all, in bytes
}

// Output is copied together up to joined bytes at least, so that many short replies
// cost one write.
const joined = 64 << 10

// add adds output, and keeps the buffer unless it returns it.
func (q *outQueue) add(out []byte) (spare []byte) {
	if len(out) == 0 {
		return out
	}
	q.size += len(out)
	if q.first == nil {
		q.first = out
		return nil
	}
	last := &q.first
	if n := len(q.more); n > 0 {
		last = &q.more[n-1]
	}
	if len(*last)+len(out) > max(cap(*last), joined) {
		q.more = append(q.more, out)
		return nil
	}
	*last = append(*last, out...)
	return out
}

// take removes a buffer of output and returns it, nil if there is none.
func (q *outQueue) take() []byte {
	out := q.first
	q.size -= len(out)
	q.first = nil
	if len(q.more) > 0 {
		q.first, q.more[0] = q.more[0], nil
		q.more = q.more[1:]
	}
	return out
}

// room returns the size of the buffers.
func (q *outQueue) room() int {
	n := cap(q.first)
	for _, b := range q.more {
		n += cap(b)
	}
	return n
}

// recount returns the right value of size.
func (q *outQueue) recount() int {
	n := len(q.first)
	for _, b := range q.more {
		n += len(b)
	}
	return n
}

// checkOutput marks the session for its end, by handOver, if too much output waits for
// the client, or too much has waited for too long.
func (s *Session) checkOutput() {
	limit := s.outputLimit()
	if s.killed || s.internal || limit.Hard == 0 && limit.Soft == 0 && s.overSince == 0 && s.out.Limit == 0 {
		return
	}
	size := int64(s.OutputSize())
	if size <= smallOutput {
		size = 0
	}
	over := s.out.Full || limit.Hard > 0 && size > limit.Hard || size > smallOutput+strangerOutput && s.mustLogIn()
	if limit.Soft == 0 || size-int64(len(s.out.Buf)) <= limit.Soft {
		s.overSince = 0 // the client has caught up meanwhile
	}
	if limit.Soft > 0 && size > limit.Soft {
		if s.overSince == 0 {
			s.overSince = s.e.NowMilli()
		}
		over = over || s.e.NowMilli() >= s.overUntil()
	}
	switch {
	case over:
		s.e.Stats.OutputLimitKills++
		s.e.Log.Warn("client closed: its output buffer passed the limit", "client", s.ID, "addr", s.conn.Addr(), "bytes", size)
		s.killed = true
		s.out.Buf, s.out.Full = nil, false
	case s.overSince == 0:
		delete(s.e.output.slow, s)
	default:
		if s.e.output.slow == nil {
			s.e.output.slow = make(map[*Session]struct{})
		}
		s.e.output.slow[s] = struct{}{}
	}
}

// overUntil returns the time at which the session ends unless its client reads, in
// milliseconds since 1970.
func (s *Session) overUntil() int64 {
	return s.overSince + (s.outputLimit().SoftSeconds+1)*1000
}

// endSlow ends the sessions that have been above the soft limit for too long.
func (e *Core) endSlow() {
	for s := range e.output.slow {
		if s.overUntil() <= e.NowMilli() {
			s.checkOutput()
			e.markDirty(s)
		}
	}
}

// outBuffers lends sessions the buffers for their replies. A session has one only from
// its first reply until everything is written: idle sessions need none, and large
// buffers are not made anew for every batch. It is safe for concurrent use; its zero
// value is ready.
type outBuffers struct {
	mu   sync.Mutex
	free [][]byte
	size int // of free, in bytes
	// large are buffers of the sizes of largeOutput. What nobody uses the garbage
	// collector takes.
	large [len(largeOutput)]sync.Pool
	// kept: sessions keep their buffers instead.
	kept atomic.Bool
}

const (
	maxFreeBuffers = 256 // as many as sockets are served in one turn, and some
	maxFreeBytes   = 4 << 20
)

// largeOutput are the sizes that are not kept in free.
var largeOutput = [...]int{128 << 10, 512 << 10, 2 << 20, 8 << 20}

// Grow implements resp.Buffers.
func (o *outBuffers) Grow(b []byte, n int) []byte {
	need := len(b) + n
	if need <= largeOutput[0]/2 || need > largeOutput[len(largeOutput)-1] {
		return slices.Grow(b, n)
	}
	i := 0
	for largeOutput[i] < need {
		i++
	}
	var larger []byte
	if spare, ok := o.large[i].Get().(*[]byte); ok {
		larger = *spare
	} else {
		larger = make([]byte, 0, largeOutput[i])
	}
	larger = append(larger, b...)
	o.put(b)
	return larger
}

// get returns an empty buffer, nil if there is none yet.
func (o *outBuffers) get() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := len(o.free) - 1
	if n < 0 {
		return nil
	}
	b := o.free[n]
	o.free[n] = nil
	o.free = o.free[:n]
	o.size -= cap(b)
	return b
}

// put takes back a buffer.
func (o *outBuffers) put(b []byte) {
	if cap(b) == 0 {
		return
	}
	if i := slices.Index(largeOutput[:], cap(b)); i >= 0 {
		large := b[:0] // of its own, since it escapes
		o.large[i].Put(&large)
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.free) < maxFreeBuffers && o.size+cap(b) <= maxFreeBytes {
		o.free = append(o.free, b[:0])
		o.size += cap(b)
	}
}

func (o *outBuffers) check() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	size := 0
	for _, b := range o.free {
		size += cap(b)
	}
	if size != o.size || len(o.free) > maxFreeBuffers || size > maxFreeBytes {
		return fmt.Errorf("%d spare buffers have %d bytes, counted are %d", len(o.free), size, o.size)
	}
	return nil
}

// AwaitWritten waits until all replies are written, or until done is closed.
func (e *Engine) AwaitWritten(done <-chan struct{}) {
	for {
		written := make(chan struct{})
		e.core.output.written.Store(&written)
		if !e.hasOutput() {
			return
		}
		select {
		case <-written:
		case <-done:
			return
		}
	}
}

func (e *Engine) hasOutput() bool {
	e.interpose()
	defer e.leave()
	for _, s := range e.core.sessions {
		if !s.internal && s.OutputSize() > 0 {
			return true
		}
	}
	return false
}

// wrote wakes AwaitWritten.
func (e *Core) wrote() {
	if written := e.output.written.Swap(nil); written != nil {
		close(*written)
	}
}

// countOutput counts the output since it was last moved.
func (s *Session) countOutput() {
	if len(s.out.Buf) > 0 {
		s.LastUsed = s.e.NowMilli()
		s.e.Stats.OutputBytes += uint64(len(s.out.Buf))
		s.e.Stats.Writes++
		s.traffic.Out += uint64(len(s.out.Buf))
		if s.e.observers&observeOutside != 0 {
			s.e.sent(s, s.out.Buf)
		}
	}
}

// moveOutput moves long output over between two commands of a batch. Otherwise it would
// be copied again and again as the buffer grows.
func (s *Session) moveOutput() {
	s.checkOutput()
	if s.killed {
		return // handOver ends it
	}
	s.countOutput()
	s.mu.Lock()
	s.hold()
	s.e.output.buffers.put(s.pending.add(s.out.Buf))
	s.mu.Unlock()
	s.out.Buf = s.e.output.buffers.get()
}

// handOver moves the output to the transport's side.
func (s *Session) handOver() {
	s.inDirty = false
	s.countOutput()
	s.checkOutput()
	switch {
	case s.killed:
		s.end()
	case s.closing:
		s.depart()
	}
	s.mu.Lock()
	if s.killed {
		s.pending, s.out.Full = outQueue{}, false
	} else {
		s.hold()
		s.e.output.buffers.put(s.pending.add(s.out.Buf))
	}
	s.out.Buf = nil
	s.feedable = s.feed != nil // replies before it come first
	s.gone, s.ending = s.killed, s.closing
	s.reusable = s.internal && s.isFresh()
	if s.e.countsClients() {
		defer s.countClient()
	}
	wake := s.killed || !s.writing && !s.attended
	s.mu.Unlock()
	if wake {
		s.conn.Wake()
	}
}

// Output returns bytes to write to the client. The caller gives them back as written,
// and gets the next ones, until there are none: then it gets nil. It also gets nil
// while another goroutine is between two calls; that one writes everything then.
// Output is safe for concurrent use.
func (s *Session) Output(written []byte) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if written == nil && s.writing {
		return nil
	}
	switch {
	case s.feeding: // it is not ours
	case s.kept == nil && s.e.output.buffers.kept.Load():
		s.kept = written[:0]
	default:
		s.e.output.buffers.put(written)
	}
	var out []byte
	if !s.held {
		out = s.pending.take()
	}
	s.feeding = false
	if s.feed != nil && s.feedable && !s.held {
		out = s.nextOfFeed(out)
	}
	s.taken, s.writing = len(out), out != nil
	if out == nil {
		s.e.wrote()
	}
	return out
}

// OutputSize returns the bytes of output not yet written.
func (s *Session) OutputSize() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken + s.pending.size + len(s.out.Buf)
}

// handOver hands the output of sessions to their transports.
func (e *Core) handOver() {
	for _, s := range e.dirty {
		s.handOver()
	}
	clear(e.dirty)
	e.dirty = e.dirty[:0]
}

func (e *Core) markDirty(s *Session) {
	if !s.inDirty {
		s.inDirty = true
		if s.out.Buf == nil && e.output.buffers.kept.Load() {
			s.mu.Lock()
			s.out.Buf, s.kept = s.kept, nil
			s.mu.Unlock()
		}
		if s.out.Buf == nil {
			s.out.Buf = e.output.buffers.get()
		}
		e.dirty = append(e.dirty, s)
	}
}

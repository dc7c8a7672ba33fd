package engine

import (
	"math"

	"github.com/resp-server/resp-server/internal/config"
)

// checkedOutput is how many bytes one batch may append to a session's output
// before its limit is looked at and the output moved over, which happens after
// each batch anyway.
const checkedOutput = 1 << 20

// smallOutput is what every client may have in any case: Redis has a buffer of
// that size beside what the limits are for.
const smallOutput = 16 << 10

// outputLimit returns how much output may wait for the client.
func (s *Session) outputLimit() *config.OutputLimit {
	if s.Class() == ClassPubSub {
		return &s.e.Config.OutputLimits.PubSub
	}
	return &s.e.Config.OutputLimits.Normal
}

// strangerOutput is how much more than smallOutput may wait for a client that
// has to log in: it could pile up replies that it never reads.
const strangerOutput = 1 << 10

// maxOutput returns how long the output of one batch may become, 0 if there is
// no bound. Beyond it the Writer drops what is written, and checkOutput ends the
// session.
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

// outQueue is output that the transport has not taken. Long output stays in the
// buffers that it was written to. The zero outQueue is empty.
type outQueue struct {
	first []byte
	more  [][]byte
	size  int // of all, in bytes
}

// joined is how much output is copied together at least, so that many short
// replies cost one write.
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

// checkOutput dooms the session if more output waits for the client than may,
// or has done so for too long: handOver will end it.
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
		delete(s.e.slow, s)
	default:
		if s.e.slow == nil {
			s.e.slow = make(map[*Session]struct{})
		}
		s.e.slow[s] = struct{}{}
	}
}

// overUntil returns when the session ends, in milliseconds since 1970, unless
// its client reads.
func (s *Session) overUntil() int64 {
	return s.overSince + (s.outputLimit().SoftSeconds+1)*1000
}

// endSlow ends the sessions that are above the soft limit for too long.
func (e *Core) endSlow() {
	for s := range e.slow {
		if s.overUntil() <= e.NowMilli() {
			s.checkOutput()
			e.markDirty(s)
		}
	}
}

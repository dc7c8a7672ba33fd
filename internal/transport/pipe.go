package transport

import (
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/resp-server/resp-server/internal/clock"
)

// Pipe returns the two ends of an in-memory connection. Unlike net.Pipe, and like
// sockets, it has buffers: a Write blocks only while the other side has much to
// read, 64 KB at the server's end and 1 MB at the client's. Both ends support
// deadlines.
//
// It waits with sync.Cond, which is durably blocking in a testing/synctest bubble.
func Pipe() (client, server net.Conn) {
	up, down := newStream(bufferSize), newStream(16*bufferSize)
	origin := new(atomic.Pointer[string])
	return &pipeEnd{in: down, out: up, origin: origin}, &pipeEnd{in: up, out: down, origin: origin}
}

const bufferSize = 64 << 10

// stream is one direction of a Pipe.
type stream struct {
	mu     sync.Mutex
	cond   sync.Cond
	buf    []byte
	start  int
	limit  int
	closed bool
	// The deadlines of the reader and the writer have passed.
	readLate, writeLate   bool
	readTimer, writeTimer clock.Timer
}

func newStream(limit int) *stream {
	s := &stream{limit: limit}
	s.cond.L = &s.mu
	return s
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.start == len(s.buf) && !s.readLate && !s.closed && len(p) > 0 {
		s.cond.Wait()
	}
	switch {
	case s.readLate:
		return 0, os.ErrDeadlineExceeded
	case s.start == len(s.buf) && s.closed:
		return 0, io.EOF
	}
	n := copy(p, s.buf[s.start:])
	s.start += n
	if s.start == len(s.buf) {
		s.start = 0
		if cap(s.buf) > bufferSize {
			s.buf = nil
		} else {
			s.buf = s.buf[:0]
		}
	}
	s.cond.Broadcast()
	return n, nil
}

// write writes all of p, or only what fits if wait is false.
func (s *stream) write(p []byte, wait bool) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.closed:
			return n, io.ErrClosedPipe
		case s.writeLate:
			return n, os.ErrDeadlineExceeded
		}
		room := min(len(p), s.limit-(len(s.buf)-s.start))
		if room > 0 {
			if s.start > 0 && len(s.buf)+room > cap(s.buf) {
				s.buf = s.buf[:copy(s.buf, s.buf[s.start:])]
				s.start = 0
			}
			s.buf = append(s.buf, p[:room]...)
			n += room
			p = p[room:]
			s.cond.Broadcast()
		}
		if len(p) == 0 || !wait {
			return n, nil
		}
		s.cond.Wait()
	}
}

func (s *stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.cond.Broadcast()
}

// setDeadline sets one of the two deadlines; late and timer are its fields.
// Deadlines are in real time, as net.Conn requires.
func (s *stream) setDeadline(t time.Time, late *bool, timer *clock.Timer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if *timer != nil {
		(*timer).Stop()
		*timer = nil
	}
	*late = false
	if t.IsZero() {
		return
	}
	left := t.Sub(clock.Real{}.Now())
	if left <= 0 {
		*late = true
		s.cond.Broadcast()
		return
	}
	var mine clock.Timer
	mine = clock.Real{}.AfterFunc(left, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if *timer == mine { // otherwise the deadline was moved at the last moment
			*late = true
			s.cond.Broadcast()
		}
	})
	*timer = mine
}

type pipeEnd struct {
	in, out *stream
	origin  *atomic.Pointer[string] // shared by both ends
}

// SetOrigin records where in the program the next write comes from.
func (p *pipeEnd) SetOrigin(place string) { p.origin.Store(&place) }

// Origin returns the last origin that either end has set, or "".
func (p *pipeEnd) Origin() string {
	if place := p.origin.Load(); place != nil {
		return *place
	}
	return ""
}

func (p *pipeEnd) Read(b []byte) (int, error)  { return p.in.read(b) }
func (p *pipeEnd) Write(b []byte) (int, error) { return p.out.write(b, true) }

// TryWrite writes as much as fits.
func (p *pipeEnd) TryWrite(b []byte) (int, error) { return p.out.write(b, false) }

// Close closes both directions. Written data can still be read.
func (p *pipeEnd) Close() error {
	p.out.close()
	p.in.close()
	return nil
}

func (p *pipeEnd) LocalAddr() net.Addr  { return pipeAddr{} }
func (p *pipeEnd) RemoteAddr() net.Addr { return pipeAddr{} }

func (p *pipeEnd) SetDeadline(t time.Time) error {
	p.SetReadDeadline(t)
	return p.SetWriteDeadline(t)
}

func (p *pipeEnd) SetReadDeadline(t time.Time) error {
	p.in.setDeadline(t, &p.in.readLate, &p.in.readTimer)
	return nil
}

func (p *pipeEnd) SetWriteDeadline(t time.Time) error {
	p.out.setDeadline(t, &p.out.writeLate, &p.out.writeTimer)
	return nil
}

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe:0" }

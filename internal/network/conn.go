package network

import (
	"io"
	"net"
	"slices"
	"sync"
	"time"
)

// end is one end of a connection.
type end struct {
	n             *Network
	id            uint64
	of            *Member
	peer          *end
	local, remote address

	// Guarded by the lock of the network.
	more    sync.Cond
	reading bool   // a goroutine waits in Read
	in      []byte // what has arrived
	ended   bool   // nothing follows it
	sent    []byte // by the peer, and under way
	due     bool   // a delivery of it is planned
	closed  bool
}

// Read waits for what arrives. The caller counts as being at work, and does not while
// it waits.
func (e *end) Read(b []byte) (int, error) {
	e.n.mu.Lock()
	defer e.n.mu.Unlock()
	for {
		switch {
		case e.closed:
			return 0, net.ErrClosed
		case len(e.in) > 0:
			c := copy(b, e.in)
			if e.in = e.in[c:]; len(e.in) == 0 {
				e.in = nil
			}
			return c, nil
		case e.ended:
			return 0, io.EOF
		}
		e.reading = true
		e.n.rest()
		for e.reading {
			e.more.Wait()
		}
	}
}

// wake lets the reader go on. The caller holds the lock of the network.
func (e *end) wake() {
	if e.reading {
		e.reading = false
		e.n.busy++
		e.more.Broadcast()
	}
}

// Write sends b. It never waits.
func (e *end) Write(b []byte) (int, error) {
	e.n.mu.Lock()
	defer e.n.mu.Unlock()
	if e.closed || e.peer.closed {
		return 0, io.ErrClosedPipe
	}
	e.peer.sent = append(e.peer.sent, b...)
	e.peer.plan()
	return len(b), nil
}

// TryWrite is Write, which never waits.
func (e *end) TryWrite(b []byte) (int, error) { return e.Write(b) }

// Immediate says that Write never waits.
func (e *end) Immediate() {}

// Go runs f in a goroutine that works for the connection, at once.
func (e *end) Go(f func()) {
	e.n.mu.Lock()
	defer e.n.mu.Unlock()
	e.n.begin(f)
}

// plan has what is under way delivered. The caller holds the lock of the network.
func (e *end) plan() {
	if e.due {
		return
	}
	e.due = true
	e.n.deliver(e.id, func() {
		e.due = false
		e.in = append(e.in, e.sent...)
		e.sent = nil
		e.ended = e.peer.closed
		e.wake()
	})
}

// Close closes the connection. What was written arrives.
func (e *end) Close() error {
	e.n.mu.Lock()
	defer e.n.mu.Unlock()
	e.close()
	return nil
}

func (e *end) close() {
	if e.closed {
		return
	}
	e.closed = true
	e.wake()
	if !e.peer.closed {
		e.peer.plan()
	}
	e.n.ends = slices.DeleteFunc(e.n.ends, func(o *end) bool { return o == e })
}

func (e *end) LocalAddr() net.Addr  { return e.local }
func (e *end) RemoteAddr() net.Addr { return e.remote }

// Deadlines are of real time, which does not pass on a network.
func (e *end) SetDeadline(time.Time) error      { return nil }
func (e *end) SetReadDeadline(time.Time) error  { return nil }
func (e *end) SetWriteDeadline(time.Time) error { return nil }

// address is an address of a network.
type address string

func (address) Network() string  { return "memory" }
func (a address) String() string { return string(a) }

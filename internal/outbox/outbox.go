// Package outbox sends bytes over a connection in a goroutine of its own, so that
// whoever sends them never waits.
package outbox

import (
	"net"
	"slices"
	"sync"
)

// Outbox is what is to be sent over a connection. Its methods are safe for
// concurrent use.
type Outbox struct {
	nc net.Conn
	// direct: a Write to the connection never waits, so nothing is queued.
	direct bool

	mu      sync.Mutex
	more    sync.Cond
	queue   net.Buffers
	waiting int
	closed  bool
}

// New returns an Outbox for a connection. Run sends what it gets, unless the
// connection says by a method Immediate that its Write never waits: then Send does.
func New(nc net.Conn) *Outbox {
	_, direct := nc.(interface{ Immediate() })
	o := &Outbox{nc: nc, direct: direct}
	o.more.L = &o.mu
	return o
}

// Send queues bytes, which stay as they are. After Close it does nothing.
func (o *Outbox) Send(b []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || len(b) == 0 {
		return
	}
	if o.direct {
		o.nc.Write(b) // whoever reads from it notices if it is closed
		return
	}
	o.queue = append(o.queue, b)
	o.waiting += len(b)
	o.more.Signal()
}

// Waiting returns how many bytes are not sent yet.
func (o *Outbox) Waiting() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.waiting
}

// Close closes the connection.
func (o *Outbox) Close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.closed {
		o.closed = true
		o.more.Signal()
		o.nc.Close()
	}
}

// LocalIP returns the address of this end, PeerIP that of the other one; "" is for
// pipes.
func (o *Outbox) LocalIP() string { return hostOf(o.nc.LocalAddr()) }

// PeerIP returns the address of the other end.
func (o *Outbox) PeerIP() string { return hostOf(o.nc.RemoteAddr()) }

func hostOf(a net.Addr) string {
	host, _, err := net.SplitHostPort(a.String())
	if err != nil {
		return ""
	}
	return host
}

// Run sends what is queued until the connection ends, and closes it.
func (o *Outbox) Run() {
	for {
		o.mu.Lock()
		for len(o.queue) == 0 && !o.closed {
			o.more.Wait()
		}
		if o.closed {
			o.mu.Unlock()
			return
		}
		batch := slices.Clone(o.queue)
		o.queue = nil
		o.mu.Unlock()
		n, err := batch.WriteTo(o.nc)
		o.mu.Lock()
		o.waiting -= int(n)
		o.mu.Unlock()
		if err != nil {
			o.Close() // whoever reads from it notices
			return
		}
	}
}

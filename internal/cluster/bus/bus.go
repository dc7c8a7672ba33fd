// Package bus carries the messages of cluster nodes over connections: it is the
// transport of package cluster, as package transport is that of the engine.
package bus

import (
	"context"
	"io"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/resp-server/resp-server/internal/cluster"
	"github.com/resp-server/resp-server/internal/outbox"
	"github.com/resp-server/resp-server/internal/spawn"
)

// Dialer connects to the bus of another node.
type Dialer func(ctx context.Context, ip string, port int) (net.Conn, error)

// Bus has the connections of one node. Its methods are safe for concurrent use.
type Bus struct {
	run  func(func(*cluster.Cluster)) // under the lock that guards the node
	dial Dialer

	ctx    context.Context
	cancel context.CancelFunc
	work   spawn.Group

	mu        sync.Mutex
	closed    bool
	listeners []net.Listener
	conns     map[*conn]struct{}
}

// dialTimeout is how long a node may take to accept a connection.
const dialTimeout = 5 * time.Second

// New returns a Bus. run calls a function under the lock that guards the node. start
// starts a goroutine that reads from a connection; nil: at once.
func New(run func(func(*cluster.Cluster)), dial Dialer, start func(func())) *Bus {
	b := &Bus{run: run, dial: dial, work: spawn.Group{Start: start}, conns: map[*conn]struct{}{}}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	return b
}

// Serve accepts connections of other nodes until the Bus is closed.
func (b *Bus) Serve(l net.Listener) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		l.Close()
		return
	}
	b.listeners = append(b.listeners, l)
	b.work.WaitGroup.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			b.ServeConn(nc)
		}
	})
}

// ServeConn takes over a connection that another node has made.
func (b *Bus) ServeConn(nc net.Conn) {
	c := b.add(nc)
	if c == nil {
		return
	}
	b.run(func(node *cluster.Cluster) { c.link = node.Accept(c) })
	b.work.Go(c.read)
}

// Dial implements cluster.Host: it connects in a goroutine of its own.
func (b *Bus) Dial(l *cluster.Link, ip string, port int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return
	}
	b.work.Go(func() {
		ctx, cancel := context.WithTimeout(b.ctx, dialTimeout)
		defer cancel()
		nc, err := b.dial(ctx, ip, port)
		if err != nil {
			b.run(func(node *cluster.Cluster) { node.Closed(l) })
			return
		}
		c := b.add(nc)
		if c == nil {
			return
		}
		c.link = l
		b.run(func(node *cluster.Cluster) { node.Opened(l, c) })
		c.read()
	})
}

// add starts the writer of a connection, unless the Bus is closed.
func (b *Bus) add(nc net.Conn) *conn {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		nc.Close()
		return nil
	}
	c := &conn{Outbox: outbox.New(nc), bus: b, nc: nc}
	b.conns[c] = struct{}{}
	b.work.WaitGroup.Go(c.Run)
	return c
}

// Close ends all connections and waits until nothing of the Bus runs. The lock
// that guards the node must be free.
func (b *Bus) Close() {
	b.mu.Lock()
	b.closed = true
	b.cancel()
	for _, l := range b.listeners {
		l.Close()
	}
	for c := range b.conns {
		c.Close()
	}
	b.mu.Unlock()
	b.work.Wait()
}

// conn is a connection: cluster.Conn.
type conn struct {
	*outbox.Outbox
	bus  *Bus
	nc   net.Conn
	link *cluster.Link
}

// read hands messages to the node until the connection ends.
func (c *conn) read() {
	defer func() {
		c.Close()
		c.bus.mu.Lock()
		delete(c.bus.conns, c)
		c.bus.mu.Unlock()
		c.bus.run(func(node *cluster.Cluster) { node.Closed(c.link) })
	}()
	var head [cluster.FrameHead]byte
	for {
		if _, err := io.ReadFull(c.nc, head[:]); err != nil {
			return
		}
		n, err := cluster.FrameLen(head[:])
		if err != nil {
			return
		}
		message, err := readFrame(c.nc, head[:], n)
		if err != nil {
			return
		}
		c.bus.run(func(node *cluster.Cluster) { node.Receive(c.link, message) })
	}
}

// readFrame reads the rest of a message. Memory for it is taken as it comes: a
// head that promises much costs nothing.
func readFrame(r io.Reader, head []byte, n int) ([]byte, error) {
	const step = 64 << 10
	b := append(make([]byte, 0, min(n, step)), head...)
	for len(b) < n {
		from := len(b)
		b = slices.Grow(b, min(n-from, max(step, from)))[:min(n, from+max(step, from))]
		if _, err := io.ReadFull(r, b[from:]); err != nil {
			return nil, err
		}
	}
	return b, nil
}

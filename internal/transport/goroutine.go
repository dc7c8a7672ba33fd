package transport

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/resp-server/resp-server/internal/clock"
)

// Goroutines is the Server with one goroutine a connection, for every kind of
// net.Conn.
type Goroutines struct {
	New NewSession
	// Keepalive returns the TCP keep-alive period for a new connection, 0 for
	// none. Nil means none.
	Keepalive func() time.Duration

	mu        sync.Mutex
	listeners []net.Listener
	conns     map[*conn]struct{}
	done      sync.WaitGroup
	closing   bool
}

// Serve implements Server.
func (g *Goroutines) Serve(l net.Listener) error {
	g.mu.Lock()
	g.listeners = append(g.listeners, l)
	g.mu.Unlock()
	g.done.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				if isClosed(err) {
					return
				}
				g.pause() // out of file descriptors, most likely
				continue
			}
			if tcp, ok := nc.(*net.TCPConn); ok {
				var period time.Duration
				if g.Keepalive != nil {
					period = g.Keepalive()
				}
				tcp.SetKeepAliveConfig(net.KeepAliveConfig{Enable: period > 0, Idle: period, Interval: period / 3, Count: 3})
			}
			g.Handle(nc)
		}
	})
	return nil
}

func (g *Goroutines) pause() {
	fired, _ := after(10 * time.Millisecond)
	<-fired
}

// after returns a channel that is closed after d of real time.
func after(d time.Duration) (fired <-chan struct{}, timer clock.Timer) {
	c := make(chan struct{})
	return c, clock.Real{}.AfterFunc(d, func() { close(c) })
}

// Handle carries the bytes of a connection until it ends, in a goroutine of
// its own.
func (g *Goroutines) Handle(nc net.Conn) {
	c := &conn{g: g, nc: nc}
	c.try, _ = nc.(tryWriter)
	if c.try == nil {
		c.try = rawWriter(nc)
	}
	g.mu.Lock()
	if g.closing {
		g.mu.Unlock()
		nc.Close()
		return
	}
	if g.conns == nil {
		g.conns = make(map[*conn]struct{})
	}
	g.conns[c] = struct{}{}
	g.done.Add(1)
	g.mu.Unlock()
	go c.serve()
}

// Close implements Server.
func (g *Goroutines) Close(waiting func(addrs []string)) {
	g.mu.Lock()
	g.closing = true
	for _, l := range g.listeners {
		l.Close()
	}
	g.mu.Unlock()
	await(&g.done, waiting, g.addrs)
}

// await waits for all, and reports now and then for whom.
func await(all *sync.WaitGroup, waiting func([]string), addrs func() []string) {
	gone := make(chan struct{})
	go func() {
		all.Wait()
		close(gone)
	}()
	for {
		fired, timer := after(5 * time.Second)
		select {
		case <-gone:
			timer.Stop()
			return
		case <-fired:
			if waiting != nil {
				waiting(addrs())
			}
		}
	}
}

func (g *Goroutines) addrs() (addrs []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for c := range g.conns {
		addrs = append(addrs, c.Addr())
	}
	return addrs
}

// conn is one connection. Its goroutine reads; it writes as well as long as
// that does not block, since a client may go on sending for long before it
// reads its answers, and is not to wait for a server that waits for it.
type conn struct {
	g       *Goroutines
	nc      net.Conn
	try     tryWriter // nil: nc can't
	session Session
	ready   atomic.Bool // session is set
	writers sync.WaitGroup
}

// tryWriter is a connection that can write without blocking, as much as fits.
type tryWriter interface {
	TryWrite(p []byte) (n int, err error)
}

func (c *conn) serve() {
	defer c.g.done.Done()
	c.session = c.g.New(c)
	c.ready.Store(true)
	c.flush()
	for !c.session.Finished() {
		n, err := c.nc.Read(c.session.Space())
		if n > 0 {
			c.session.Feed(n)
			c.answer()
		}
		if err != nil {
			break
		}
	}
	// A client that has sent everything may still read what it was answered. It
	// is one as long as it does so.
	c.flush()
	c.writers.Wait()
	c.session.Close()
	c.nc.Close()
	c.g.mu.Lock()
	delete(c.g.conns, c)
	c.g.mu.Unlock()
}

// answer writes what a batch was answered: here if it fits into the socket's
// buffer, by another goroutine if not.
func (c *conn) answer() {
	if c.try == nil {
		c.Wake()
		return
	}
	for out := c.session.Output(nil); out != nil; out = c.session.Output(out) {
		n, err := c.try.TryWrite(out)
		if err != nil {
			c.nc.Close()
			return
		}
		if n < len(out) {
			c.writers.Go(func() { c.write(out, out[n:]) })
			return
		}
	}
}

// write writes the rest of out and everything after it.
func (c *conn) write(out, rest []byte) {
	for out != nil {
		if _, err := c.nc.Write(rest); err != nil {
			break
		}
		out = c.session.Output(out)
		rest = out
	}
	if out != nil || c.session.Finished() {
		c.nc.Close() // which ends the reader
	}
}

// flush writes all output and returns when it is written, unless another
// goroutine is at it.
func (c *conn) flush() {
	out := c.session.Output(nil)
	c.write(out, out)
}

// Wake implements Conn.
func (c *conn) Wake() {
	if c.ready.Load() { // else serve is about to look
		go c.flush()
	}
}

// Addr implements Conn.
func (c *conn) Addr() string { return c.nc.RemoteAddr().String() }

// LocalAddr implements Conn.
func (c *conn) LocalAddr() string { return c.nc.LocalAddr().String() }

// FD implements Conn.
func (c *conn) FD() int { return descriptor(c.nc) }

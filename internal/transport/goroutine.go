package transport

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/resp-server/resp-server/internal/clock"
)

// Goroutines is the Server with one goroutine per connection, for every kind of
// net.Conn.
type Goroutines struct {
	New NewSession
	// Keepalive returns the TCP keep-alive period for a new connection, 0 for none.
	// Nil means none.
	Keepalive func() time.Duration
	// Refused is called after a failed handshake. It may be nil.
	Refused func(addr, localAddr string, err error)

	mu      sync.Mutex
	doors   map[*entrance]struct{}
	conns   map[*conn]struct{}
	done    sync.WaitGroup
	closing bool
}

// Serve implements Server.
func (g *Goroutines) Serve(l net.Listener) error {
	d := g.open(l)
	if d == nil {
		return net.ErrClosed
	}
	go g.accept(d)
	return nil
}

// Withdraw implements Server.
func (g *Goroutines) Withdraw(l net.Listener) { l.Close() } // which ends Accept

// Accept accepts connections until the listener is closed or fails, and returns the
// error. It closes the listener.
func (g *Goroutines) Accept(l net.Listener) error {
	d := g.open(l)
	if d == nil {
		return net.ErrClosed
	}
	return g.accept(d)
}

// entrance is a listener with a running accept loop.
type entrance struct{ net.Listener }

// open registers a listener. After Close it closes the listener and returns nil.
func (g *Goroutines) open(l net.Listener) *entrance {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closing {
		l.Close()
		return nil
	}
	d := &entrance{l}
	if g.doors == nil {
		g.doors = make(map[*entrance]struct{})
	}
	g.doors[d] = struct{}{}
	g.done.Add(1)
	return d
}

func (g *Goroutines) accept(l *entrance) error {
	defer g.done.Done()
	for {
		nc, err := l.Accept()
		var failed syscall.Errno
		switch {
		case errors.As(err, &failed) && !isClosed(err):
			g.pause() // most likely out of file descriptors
			continue
		case err != nil:
			l.Close()
			g.mu.Lock()
			defer g.mu.Unlock()
			delete(g.doors, l)
			return err
		}
		if tcp, ok := carrier(nc).(*net.TCPConn); ok {
			var period time.Duration
			if g.Keepalive != nil {
				period = g.Keepalive()
			}
			tcp.SetKeepAliveConfig(net.KeepAliveConfig{Enable: period > 0, Idle: period, Interval: period / 3, Count: 3})
		}
		g.Handle(nc)
	}
}

// carrier returns the connection below nc, for example below TLS, or nc itself.
func carrier(nc net.Conn) net.Conn {
	if over, ok := nc.(interface{ NetConn() net.Conn }); ok {
		return over.NetConn()
	}
	return nc
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

// Handle serves a connection until it ends, in a new goroutine.
func (g *Goroutines) Handle(nc net.Conn) {
	if c := g.add(nc); c != nil {
		c.start(c.serve)
	}
}

// Carry serves a connection and returns when it has ended.
func (g *Goroutines) Carry(nc net.Conn) {
	if c := g.add(nc); c != nil {
		c.serve()
	}
}

// Attach serves a connection that the server opened, in a new goroutine, for the
// session that open makes.
func (g *Goroutines) Attach(nc net.Conn, open NewSession) {
	if c := g.add(nc); c != nil {
		c.open = open
		c.start(c.serve)
	}
}

// add registers a connection. After Close it closes the connection and returns nil.
func (g *Goroutines) add(nc net.Conn) *conn {
	c := &conn{g: g, nc: nc, open: g.New}
	// Only the Write of these types is known to do nothing else: the Write of a
	// type that wraps one may encrypt or count.
	switch nc := writer(nc).(type) {
	case counting:
		c.try, c.counts = nc, nc
	case *pipeEnd:
		c.try = nc
	case *net.TCPConn, *net.UnixConn:
		c.try = rawWriter(nc)
	}
	if c.try == nil {
		c.wake = make(chan struct{}, 1)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closing {
		nc.Close()
		return nil
	}
	if g.conns == nil {
		g.conns = make(map[*conn]struct{})
	}
	g.conns[c] = struct{}{}
	g.done.Add(1)
	return c
}

// counting is an in-memory connection that counts the goroutines that work for it. Its
// Write never waits.
type counting interface {
	tryWriter
	Go(func())
}

// writer returns the connection whose Write is that of nc, if nc names one that
// counts, or nc itself.
func writer(nc net.Conn) net.Conn {
	if over, ok := nc.(interface{ Writer() net.Conn }); ok {
		if below, ok := over.Writer().(counting); ok {
			return below.(net.Conn)
		}
	}
	return nc
}

// Close implements Server.
func (g *Goroutines) Close(waiting func(addrs []string)) {
	g.mu.Lock()
	g.closing = true
	for d := range g.doors {
		d.Close()
	}
	for c := range g.conns {
		if !c.ready.Load() {
			c.nc.Close() // a handshake has no session that would close it
		}
	}
	g.mu.Unlock()
	await(&g.done, waiting, g.addrs)
}

// await waits for all, and reports from time to time what it waits for.
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

// conn is a connection. Its goroutine reads. It also writes as long as that does
// not block: a client may send for long before it reads its replies, and must not
// wait for a server that waits for it.
type conn struct {
	g       *Goroutines
	nc      net.Conn
	open    NewSession
	try     tryWriter     // nil: nc can't, so another goroutine does all writing
	wake    chan struct{} // wakes that goroutine
	counts  counting      // nil: goroutines need not be counted
	session Session
	ready   atomic.Bool // session is set
	writers sync.WaitGroup
}

// tryWriter is a connection that can write as much as fits without blocking.
type tryWriter interface {
	TryWrite(p []byte) (n int, err error)
}

func (c *conn) serve() {
	defer c.g.done.Done()
	defer c.forget()
	if h, ok := c.nc.(handshaker); ok {
		if err := h.Handshake(); err != nil {
			if c.g.Refused != nil {
				c.g.Refused(c.Addr(), c.LocalAddr(), err)
			}
			return
		}
	}
	c.session = c.open(c)
	c.ready.Store(true)
	over := make(chan struct{})
	if c.try == nil {
		c.writers.Go(func() { c.writeUntil(over) })
	}
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
	// A client that has closed its sending side may still read its replies, and
	// stays a client until then.
	c.flush()
	close(over)
	c.writers.Wait()
	c.session.Close()
}

// handshaker is a connection with a handshake before the first byte, such as TLS.
type handshaker interface{ Handshake() error }

// forget closes the connection.
func (c *conn) forget() {
	c.nc.Close()
	c.g.mu.Lock()
	delete(c.g.conns, c)
	c.g.mu.Unlock()
}

// writeUntil writes all output until over is closed.
func (c *conn) writeUntil(over <-chan struct{}) {
	for {
		select {
		case <-c.wake:
			c.flush()
		case <-over:
			return
		}
	}
}

// answer writes the replies to a batch: directly if they fit into the socket's
// buffer, otherwise in another goroutine.
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

// write writes the rest of out, and all later output.
func (c *conn) write(out, rest []byte) {
	for out != nil {
		if _, err := c.nc.Write(rest); err != nil {
			break
		}
		out = c.session.Output(out)
		rest = out
	}
	if out != nil || c.session.Finished() {
		c.nc.Close() // ends the reader
	}
}

// flush writes all output and returns when it is written, unless another goroutine
// is writing.
func (c *conn) flush() {
	out := c.session.Output(nil)
	c.write(out, out)
}

// Origin returns where in the program the client's data were written, if the
// connection knows.
func (c *conn) Origin() string {
	if o, ok := c.nc.(interface{ Origin() string }); ok {
		return o.Origin()
	}
	return ""
}

// Wake implements Conn.
func (c *conn) Wake() {
	switch {
	case c.try == nil:
		select {
		case c.wake <- struct{}{}:
		default: // the writer is about to look
		}
	case c.ready.Load(): // otherwise serve is about to look
		c.start(c.flush)
	}
}

// start runs f in a goroutine.
func (c *conn) start(f func()) {
	if c.counts != nil {
		c.counts.Go(f)
		return
	}
	go f()
}

// Addr implements Conn.
func (c *conn) Addr() string { return address(c.nc.RemoteAddr()) }

// LocalAddr implements Conn.
func (c *conn) LocalAddr() string { return address(c.nc.LocalAddr()) }

// address returns an address as text. Some net.Conn have none.
func address(a net.Addr) string {
	if a == nil {
		return "?:0"
	}
	return a.String()
}

// FD implements Conn.
func (c *conn) FD() int { return descriptor(carrier(c.nc)) }

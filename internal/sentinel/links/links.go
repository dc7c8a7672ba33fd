// Package links carries what sentinels and servers say to each other: it is the
// transport of package sentinel.
package links

import (
	"bufio"
	"context"
	"net"
	"sync"
	"time"

	"github.com/resp-server/resp-server/internal/outbox"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/sentinel"
	"github.com/resp-server/resp-server/internal/spawn"
)

// Dialer connects to a server or to another sentinel.
type Dialer func(ctx context.Context, ip string, port int) (net.Conn, error)

// Links has the connections of one sentinel. Its methods are safe for concurrent
// use.
type Links struct {
	run  func(func(*sentinel.Sentinel)) // under the lock that guards the sentinel
	dial Dialer

	ctx    context.Context
	cancel context.CancelFunc
	work   spawn.Group

	mu     sync.Mutex
	closed bool
	open   map[*outbox.Outbox]struct{}
}

// dialTimeout is how long the other end may take to accept a connection.
const dialTimeout = 5 * time.Second

// New returns Links. run calls a function under the lock that guards the sentinel.
// start starts a goroutine that reads from a connection; nil: at once.
func New(run func(func(*sentinel.Sentinel)), dial Dialer, start func(func())) *Links {
	l := &Links{run: run, dial: dial, work: spawn.Group{Start: start}, open: map[*outbox.Outbox]struct{}{}}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	return l
}

// Dial connects in a goroutine of its own, and hands what comes to the sentinel.
func (l *Links) Dial(c *sentinel.Conn, ip string, port int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.work.Go(func() {
		ctx, cancel := context.WithTimeout(l.ctx, dialTimeout)
		defer cancel()
		if nc, err := l.dial(ctx, ip, port); err == nil {
			l.serve(c, nc)
		}
		l.run(func(s *sentinel.Sentinel) { s.Closed(c) })
	})
}

// serve reads from a connection until it ends.
func (l *Links) serve(c *sentinel.Conn, nc net.Conn) {
	out := outbox.New(nc)
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		nc.Close()
		return
	}
	l.open[out] = struct{}{}
	l.work.WaitGroup.Go(out.Run)
	l.mu.Unlock()
	l.run(func(s *sentinel.Sentinel) { s.Opened(c, out) })
	for r := bufio.NewReader(nc); ; {
		reply, err := resp.ReadReply(r)
		if err != nil {
			break
		}
		l.run(func(s *sentinel.Sentinel) { s.Receive(c, reply) })
	}
	out.Close()
	l.mu.Lock()
	delete(l.open, out)
	l.mu.Unlock()
}

// Close ends all connections and waits until nothing runs. The lock that guards the
// sentinel must be free.
func (l *Links) Close() {
	l.mu.Lock()
	l.closed = true
	l.cancel()
	for out := range l.open {
		out.Close()
	}
	l.mu.Unlock()
	l.work.Wait()
}

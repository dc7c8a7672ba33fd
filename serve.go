package respserver

import (
	"context"
	"fmt"
	"net"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/transport"
)

// Dial returns a connection to the server without a socket: an in-memory net.Conn
// with deadlines. In a testing/synctest bubble it works if the server was started
// in the same bubble.
func (s *Server) Dial(ctx context.Context) (net.Conn, error) {
	client, err := s.pipe(ctx, &s.net)
	if err != nil {
		return nil, err
	}
	return &dialed{client, s.engine}, nil
}

// pipe returns the client's end of an in-memory connection that a transport serves.
func (s *Server) pipe(ctx context.Context, by *transport.Goroutines) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	client, server := transport.Pipe()
	by.Handle(server)
	return client, nil
}

// dialed is the client's end of a connection made by Dial.
type dialed struct {
	net.Conn
	engine *engine.Engine
}

// Write records the caller for strict mode.
func (d *dialed) Write(b []byte) (int, error) {
	if d.engine.IsStrict() {
		d.Conn.(interface{ SetOrigin(string) }).SetOrigin(origin())
	}
	return d.Conn.Write(b)
}

// DialContext is Dial as a dial function for client libraries: it ignores the
// network and the address, and always connects to this server.
//
// In a testing/synctest bubble give the library a literal address, such as
// "127.0.0.1:6379". go-redis 9.23 looks up the host name of its address, by default
// localhost, and the resolver of package net then ends the process in the second
// bubble.
func (s *Server) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	return s.Dial(ctx)
}

// Attach is Dial with the rights of Do: the connection needs no password, has all
// permissions, does not count as a client, and is hidden from Intercept. It ends
// with the server.
func (s *Server) Attach(ctx context.Context) (net.Conn, error) { return s.pipe(ctx, &s.inside) }

// Serve accepts connections from l. It returns ErrClosed after the server is
// closed, or the error of Accept if l is closed or fails. It closes l in any case.
// Each connection has a goroutine, whatever Options.EventLoop says, and Addrs does
// not include l.
//
// Use it for listeners that the server can't open itself: with TLS, from a parent
// process, behind a proxy, in memory.
func (s *Server) Serve(l net.Listener) error {
	err := s.net.Accept(l)
	if s.isClosed() {
		return ErrClosed
	}
	return err
}

// ServeConn serves one connection until it ends, and closes it. It returns
// ErrClosed if the server was closed.
func (s *Server) ServeConn(c net.Conn) error {
	s.net.Carry(c)
	if s.isClosed() {
		return ErrClosed
	}
	return nil
}

func (s *Server) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// WaitBlocked waits until at least n clients are blocked, or with n = 0 until none
// is. A command such as BLPOP or XREAD blocks a client, and so does CLIENT PAUSE.
// Blocked calls of Do count as well. A test can thus be sure that a consumer waits
// before it sends something or moves the clock. The error is ErrClosed, or wraps
// that of ctx.
func (s *Server) WaitBlocked(ctx context.Context, n int) error {
	for {
		blocked, changed := s.engine.AwaitBlocked()
		if blocked >= n && n > 0 || blocked == n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("respserver: %d clients are blocked, not %d: %w", blocked, n, ctx.Err())
		case <-s.done:
			return ErrClosed
		}
	}
}

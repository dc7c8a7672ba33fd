package respserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/resp-server/resp-server/internal/clock"
	"github.com/resp-server/resp-server/internal/command"
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/transport"
)

// ErrClosed is returned by the methods of a Server after Close.
var ErrClosed = errors.New("respserver: server closed")

// Server is a running server. Its methods are safe for concurrent use.
type Server struct {
	options Options
	config  *config.Config
	log     *slog.Logger
	engine  *engine.Engine
	net     transport.Goroutines // the in-memory connections
	sockets transport.Server
	spare   spareSessions

	mu     sync.Mutex
	addr   string // "" until a socket is open
	closed bool
	done   chan struct{}
}

// Start returns a server that is ready: it listens, and its data are loaded.
func Start(o Options) (*Server, error) {
	s, err := newServer(o)
	if err != nil {
		return nil, err
	}
	if !o.NoListen {
		if err := s.listen(); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

// newServer makes a server without sockets.
func newServer(o Options) (*Server, error) {
	s := &Server{options: o, log: o.Logger, done: make(chan struct{})}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.config = config.New()
	for _, line := range o.Config {
		if err := s.config.SetLine(line); err != nil {
			return nil, fmt.Errorf("respserver: bad setting '%s': %w", line, err)
		}
	}
	var c clock.Clock = clock.Real{}
	if o.Clock != nil {
		c = o.Clock.clock()
	}
	s.engine = engine.New(engine.Parts{
		Table:  command.Table(),
		Config: s.config,
		Clock:  c,
		Logger: s.log,
		Seed:   o.Seed,
	})
	s.net.New = func(c transport.Conn) transport.Session {
		session, _ := s.engine.NewSession(c)
		return session
	}
	s.net.Keepalive = time.Duration(s.config.TCPKeepalive) * time.Second
	s.sockets = &s.net
	if o.EventLoop {
		if loop := transport.NewEventLoop(s.net.New, s.net.Keepalive); loop != nil {
			s.sockets = loop
		}
	}
	return s, nil
}

// listen opens the sockets.
func (s *Server) listen() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	if s.addr != "" {
		return nil
	}
	addr := s.options.Addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("respserver: %w", err)
	}
	s.addr = l.Addr().String()
	s.sockets.Serve(l)
	port := l.Addr().(*net.TCPAddr).Port
	for _, host := range s.options.Bind {
		l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		if err != nil {
			return fmt.Errorf("respserver: %w", err)
		}
		s.sockets.Serve(l)
	}
	if path := s.options.UnixSocket; path != "" {
		os.Remove(path) // left behind by a server that was killed
		l, err := net.Listen("unix", path)
		if err != nil {
			return fmt.Errorf("respserver: %w", err)
		}
		s.sockets.Serve(l)
	}
	return nil
}

// Addr returns the address that the server listens on, "127.0.0.1:34567". It
// stays valid after Close. It is empty if there is no socket.
func (s *Server) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr
}

// Close stops the server: it ends all connections, waits until they are gone,
// and leaves no goroutine, socket or timer behind. When it takes long it logs
// which connections it waits for. A second Close waits for the first.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		<-s.done
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	s.engine.Close()
	for _, t := range [...]transport.Server{s.sockets, &s.net} {
		t.Close(func(addrs []string) {
			s.log.Warn("Close waits for connections", "addrs", addrs)
		})
	}
	if path := s.options.UnixSocket; path != "" {
		os.Remove(path)
	}
	close(s.done)
	return nil
}

// Done returns a channel that is closed when the server has stopped.
func (s *Server) Done() <-chan struct{} { return s.done }

// Dial returns a connection to the server that needs no socket. It fits the
// Dialer of client libraries; network and address do not matter there.
func (s *Server) Dial(ctx context.Context) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	client, server := transport.Pipe()
	s.net.Handle(server)
	return client, nil
}

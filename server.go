package respserver

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/resp-server/resp-server/internal/clock"
	"github.com/resp-server/resp-server/internal/cluster/bus"
	"github.com/resp-server/resp-server/internal/command"
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/module/array"
	"github.com/resp-server/resp-server/internal/module/controls"
	"github.com/resp-server/resp-server/internal/transport"
)

// ErrClosed is returned by the methods of a Server after Close.
var ErrClosed = errors.New("respserver: server closed")

// Server is a running server. Its methods are safe for concurrent use.
type Server struct {
	options Options
	// The settings change once there are clients: they are the engine's. These
	// stay as they were at the start.
	pidFile   string
	anywhere  bool
	log       *slog.Logger
	table     *engine.Table // of commands
	engine    *engine.Engine
	net       transport.Goroutines // the in-memory connections
	inside    transport.Goroutines // those of Attach
	sockets   transport.Server
	spare     spareSessions
	clock     *clock.Steered
	host      testHost
	first     *Snapshot // what the server was after Start
	parent    *Server   // of a fork
	spaces    spaces
	scheduled atomic.Bool // a Schedule holds commands
	space     string      // the name, if the server is a space
	bus       *bus.Bus    // nil: the server is no node of a cluster
	anyPort   bool        // the system chooses the ports of the node

	mu      sync.Mutex
	tls     atomic.Pointer[tls.Config] // for new connections; nil: none can come
	doors   []door                     // none until the sockets are open
	addrs   []string                   // of the doors
	tlsAddr string
	busAddr string // of a node of a cluster
	closed  bool
	done    chan struct{}
	err     error // of Close, when done is closed

	recordings []*Recording // guarded by mu
}

// Start returns a server that is ready: it listens, and its data are loaded.
func Start(o Options) (*Server, error) { return startServer(o, false) }

// startServer starts a server. If lazy is set, and the options do not say where
// to listen, its sockets are left to listen.
func startServer(o Options, lazy bool) (*Server, error) {
	s, err := newServer(o)
	if err != nil {
		return nil, err
	}
	if o.RecordTo != nil {
		s.Record(RecordOptions{To: o.RecordTo})
	}
	if o.Shuffle {
		s.log.Info("Replies are shuffled; the same seed repeats their order", "seed", s.Seed())
	}
	if !o.NoListen && !(lazy && s.anywhere) {
		if err := s.listen(); err != nil {
			s.Close()
			return nil, err
		}
	}
	s.engine.StartReplication()
	if path := s.pidFile; path != "" {
		if err := os.WriteFile(path, fmt.Appendln(nil, os.Getpid()), 0o644); err != nil {
			s.log.Warn("Failed to write PID file", "error", err) // as Redis has it, no reason not to serve
		}
	}
	return s, nil
}

// commands are those of every server: the core ones and those of the modules. The
// table is immutable, so all servers share one.
var commands = sync.OnceValue(func() *engine.Table {
	return engine.NewTable(append(command.Modules(), array.Module(), controls.Module())...)
})

// newServer makes a server without sockets.
func newServer(o Options) (*Server, error) {
	s := newUnstarted(o)
	settings, err := o.config()
	if err != nil {
		return nil, fmt.Errorf("respserver: %w", err)
	}
	s.pidFile, s.anywhere = settings.PIDFile, anywhere(&o, settings)
	c := o.Clock
	if c == nil {
		c = RealClock
	}
	if now := c.Now(); now.Unix() < 0 {
		return nil, fmt.Errorf("respserver: Options.Clock shows %v: a server knows no time before 1970", now)
	}
	if s.table, err = renamed(settings); err != nil {
		return nil, fmt.Errorf("respserver: %w", configError(err))
	}
	s.applyOOMScore(settings) // what fails is logged, and no reason not to serve
	s.clock = clock.Steer(c)
	parts := s.parts()
	parts.Config, parts.Clock = settings, s.clock
	s.engine = engine.New(parts)
	if err := s.engine.SetUpUsers(); err != nil {
		s.engine.Close()
		return nil, fmt.Errorf("respserver: %w", err)
	}
	s.log.Info("Server initialized") // some wait for this line, which redis-server writes before it loads
	if err := s.engine.Load(); err != nil {
		s.engine.Close()
		return nil, fmt.Errorf("respserver: loading the DB: %w", err)
	}
	if settings.Cluster.Enabled {
		if err := s.joinCluster(); err != nil {
			s.engine.Close()
			return nil, fmt.Errorf("respserver: %w", err)
		}
	}
	s.carry(settings.Spaces != "no")
	for _, file := range o.Load {
		if err := s.LoadFile(file); err != nil {
			s.engine.Close()
			return nil, err
		}
	}
	if len(o.Strict) > 0 {
		if err := s.Strict(o.Strict...); err != nil {
			s.engine.Close()
			return nil, err
		}
	}
	if settings.EnableTestingCommand != "no" {
		s.first = s.Snapshot() // others must not pay for it
	}
	return s, nil
}

// newUnstarted makes a server without an engine.
func newUnstarted(o Options) *Server {
	s := &Server{options: o, log: o.Logger, done: make(chan struct{})}
	s.host.Server = s
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s
}

// parts returns what the engine is made of, but for settings, clock and data.
func (s *Server) parts() engine.Parts {
	return engine.Parts{
		Table:      s.table,
		Logger:     s.log,
		LogLevel:   s.options.LogLevel,
		Seed:       s.options.Seed,
		Shuffle:    s.options.Shuffle,
		Files:      s.options.files,
		Version:    RedisVersion,
		Host:       &s.host,
		Space:      s.space,
		EnterSpace: s.enterSpace,
		// CONFIG REWRITE writes it.
		ConfigFile: s.options.ConfigFile,
		Apply:      s.apply,
		// A client may end the server.
		Shutdown:  func() { s.Close() },
		Dial:      s.dial,
		Carry:     s.carryLink,
		Listeners: s.listeners,
	}
}

// carry makes the transports.
func (s *Server) carry(withSpaces bool) {
	s.net.New = func(c transport.Conn) transport.Session {
		session, _ := s.engine.NewSession(c)
		return session
	}
	s.inside.New = func(c transport.Conn) transport.Session { return s.engine.NewAttachedSession(c) }
	if withSpaces {
		s.net.New = s.newGuest
	}
	s.net.Keepalive = s.engine.Keepalive
	s.net.Refused = func(addr, localAddr string, err error) {
		s.log.Warn("Error accepting a client connection: "+err.Error(), "addr", addr, "laddr", localAddr)
	}
	s.sockets = &s.net
	if s.options.EventLoop {
		if loop := transport.NewEventLoop(s.net.New, s.net.Keepalive); loop != nil {
			s.sockets = loop
		}
	}
}

// Close stops the server: it ends all connections, waits until they are gone,
// and leaves no goroutine, socket or timer behind. When it takes long it logs
// which connections it waits for. The error is that of the files that were to be
// written. A second Close waits for the first, and returns the same.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		<-s.done
		return s.err
	}
	s.closed = true
	s.mu.Unlock()
	s.host.closeForks()
	s.closeSpaces()
	if s.bus != nil {
		s.bus.Close()
	}
	err := s.engine.Close()
	s.stopRecordings()
	for _, t := range [...]transport.Server{s.sockets, &s.net, &s.inside} {
		t.Close(func(addrs []string) {
			s.log.Warn("Close waits for connections", "addrs", addrs)
		})
	}
	if path := s.pidFile; path != "" {
		s.log.Info("Removing the pid file.")
		os.Remove(path)
	}
	s.err = err
	close(s.done)
	return err
}

// stopRecordings ends those that nobody has stopped: their last lines are to be
// written.
func (s *Server) stopRecordings() {
	s.mu.Lock()
	list := slices.Clone(s.recordings)
	s.mu.Unlock()
	for _, r := range list {
		if err := r.Stop(); err != nil {
			s.log.Warn("A record could not be written", "error", err)
		}
	}
}

func (s *Server) forgetRecording(r *Recording) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recordings = slices.DeleteFunc(s.recordings, func(other *Recording) bool { return other == r })
}

// Abort gives up what the server is writing, such as the last snapshot of Close,
// without waiting for it: the old file stays, no temporary one is left, and
// nothing can be saved any more. It is for programs that must end at once.
func (s *Server) Abort() { s.engine.Abort() }

// Done returns a channel that is closed when the server has stopped.
func (s *Server) Done() <-chan struct{} { return s.done }

// apply does what a setting asks for that CONFIG SET changes. The errors are those
// of Redis. The engine's lock is held.
func (s *Server) apply(p *config.Param, c *config.Config) error {
	if strings.HasPrefix(p.Name, "tls-") {
		if err := s.applyTLS(p, c); err != nil {
			s.log.Warn(err.Error())
			return errors.New("Unable to update TLS configuration. Check server logs.")
		}
	}
	switch p.Name {
	case "bind", "port", "tls-port":
		if err := s.relisten(c); err != nil {
			s.log.Warn("Could not create server TCP listening socket", "error", err)
			if p.Name == "bind" {
				return errors.New("Failed to bind to specified addresses.")
			}
			return errors.New("Unable to listen on this port. Check server logs.")
		}
	case "maxclients":
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.doors == nil {
			break // clients without sockets take no files
		}
		if n := roomForClients(c.MaxClients); n < c.MaxClients {
			return fmt.Errorf("The operating system is not able to handle the specified number of clients, try with %d", n)
		}
	case "oom-score-adj", "oom-score-adj-values":
		return s.applyOOMScore(c)
	}
	return nil
}

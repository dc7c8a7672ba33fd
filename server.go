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
	"github.com/resp-server/resp-server/internal/compat"
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/inspector"
	"github.com/resp-server/resp-server/internal/module/array"
	"github.com/resp-server/resp-server/internal/module/controls"
	"github.com/resp-server/resp-server/internal/network"
	"github.com/resp-server/resp-server/internal/transport"
)

// ErrClosed is returned by the methods of a Server after Close.
var ErrClosed = errors.New("respserver: server closed")

// Server is a running server. Its methods are safe for concurrent use.
type Server struct {
	options Options
	// These are the settings of the start. Clients can change settings later, so
	// the current ones belong to the engine.
	pidFile   string
	anywhere  bool
	log       *slog.Logger
	table     *engine.Table // the command table
	engine    *engine.Engine
	net       transport.Goroutines // in-memory connections
	inside    transport.Goroutines // connections of Attach
	sockets   transport.Server
	spare     spareSessions
	clock     *clock.Steered
	host      testHost
	first     *Snapshot // the state after Start
	parent    *Server   // set in a fork
	spaces    spaces
	scheduled atomic.Bool     // a Schedule holds commands
	space     string          // the name of the space, if the server is one
	bus       *bus.Bus        // nil outside a cluster
	guard     *guard          // nil: the server is no sentinel
	anyPort   bool            // the system chooses the ports of the cluster node
	member    *network.Member // nil: the server is on no Network

	mu      sync.Mutex
	tls     atomic.Pointer[tls.Config] // for new connections; nil without TLS
	doors   []door                     // nil until the sockets are open
	addrs   []string                   // addresses of the doors
	tlsAddr string
	busAddr string // the bus address of a cluster node
	closed  bool
	done    chan struct{}
	err     error // the result of Close, valid once done is closed

	look    sync.Mutex
	looking *engine.Session // of the inspector, guarded by look

	recordings []*Recording         // guarded by mu
	inspector  *inspector.Inspector // guarded by mu; nil: there is none
}

// Start starts a server and returns when its data are loaded and it listens.
func Start(o Options) (*Server, error) { return startServer(o, false) }

// startServer starts a server. With lazy set, it leaves the sockets to listen,
// unless the options say where to listen.
func startServer(o Options, lazy bool) (*Server, error) {
	s, err := newServer(o, lazy)
	if err != nil {
		return nil, err
	}
	if o.RecordTo != nil {
		s.Record(RecordOptions{To: o.RecordTo, Spaces: true, ClientsOnly: true})
	}
	if o.Shuffle {
		s.log.Info("Replies are shuffled; the same seed repeats their order", "seed", s.Seed())
	}
	if s.listens(lazy) {
		if err := s.listen(); err != nil {
			s.engine.Discard()
			s.Close()
			return nil, err
		}
	}
	if err := s.appear(); err != nil {
		s.engine.Discard()
		s.Close()
		return nil, fmt.Errorf("respserver: %w", err)
	}
	if err := s.openInspector(); err != nil {
		s.engine.Discard()
		s.Close()
		return nil, err
	}
	s.engine.StartReplication()
	if s.guard != nil {
		s.engine.Run(func(core *engine.Core) { core.StartSentinel() })
	}
	if path := s.pidFile; path != "" {
		if err := os.WriteFile(path, fmt.Appendln(nil, os.Getpid()), 0o644); err != nil {
			s.log.Warn("Failed to write PID file", "error", err) // as in Redis, the server starts all the same
		}
	}
	return s, nil
}

var (
	tablesMu sync.Mutex
	tables   = make(map[*compat.Edition]*engine.Table)
)

// commands returns the commands of an edition: the core ones and those of the
// modules. A table is immutable, so all servers of an edition share one.
func commands(of *compat.Edition) *engine.Table {
	tablesMu.Lock()
	defer tablesMu.Unlock()
	if tables[of] == nil {
		tables[of] = engine.NewTableOf(of, append(command.Modules(), array.Module(), controls.Module())...)
	}
	return tables[of]
}

// newServer makes a server that has its data. It has sockets already if loading them
// takes long, and clients that come are told so.
func newServer(o Options, lazy bool) (*Server, error) {
	s := newUnstarted(o)
	settings, err := o.config()
	if err != nil {
		return nil, fmt.Errorf("respserver: %w", err)
	}
	s.pidFile, s.anywhere = settings.PIDFile, anywhere(&o, settings)
	c := o.Clock
	if c == nil && o.Network != nil {
		c = o.Network.clock
	}
	if c == nil {
		c = RealClock
	}
	if now := c.Now(); now.Unix() < 0 {
		return nil, fmt.Errorf("respserver: Options.Clock shows %v: a server knows no time before 1970", now)
	}
	if s.table, err = renamed(settings); err != nil {
		return nil, fmt.Errorf("respserver: %w", configError(err))
	}
	s.applyOOMScore(settings) // an error is logged, and the server starts all the same
	s.clock = clock.Steer(c)
	s.join()
	parts := s.parts()
	parts.Config, parts.Clock = settings, s.clock
	s.engine = engine.New(parts)
	s.carry(settings.Spaces != "no" && !o.Sentinel, settings.IOThreads)
	if err := s.begin(settings, s.listens(lazy) && !settings.Cluster.Enabled); err != nil {
		if s.isClosed() {
			<-s.done
			return nil, ErrClosed
		}
		s.engine.Discard()
		s.Close()
		return nil, err
	}
	return s, nil
}

// begin does what has to be done before clients are served. If early is true they may
// come before that.
func (s *Server) begin(settings *config.Config, early bool) error {
	if err := s.engine.SetUpUsers(); err != nil {
		return fmt.Errorf("respserver: %w", err)
	}
	s.log.Info("Server initialized") // scripts wait for this line, which redis-server writes before it loads
	if !s.options.Sentinel {
		if early && s.engine.BeginLoading() {
			if err := s.listen(); err != nil {
				return err
			}
		}
		if err := s.engine.Load(); err != nil {
			return fmt.Errorf("respserver: loading the DB: %w", err)
		}
	}
	switch {
	case s.options.Sentinel:
		if err := s.becomeSentinel(); err != nil {
			return fmt.Errorf("respserver: %w", configError(err))
		}
	case settings.Cluster.Enabled:
		if err := s.joinCluster(); err != nil {
			return fmt.Errorf("respserver: %w", err)
		}
	}
	for _, file := range s.options.Load {
		if err := s.LoadFile(file); err != nil {
			return err
		}
	}
	if len(s.options.Strict) > 0 {
		if err := s.Strict(s.options.Strict...); err != nil {
			return err
		}
	}
	if settings.EnableTestingCommand != "no" {
		s.first = s.Snapshot() // other servers save the cost
	}
	s.engine.Loaded()
	return nil
}

// listens reports whether the server opens its sockets at the start.
func (s *Server) listens(lazy bool) bool {
	return !s.options.NoListen && !(lazy && s.anywhere && s.member == nil)
}

// newUnstarted returns a server without an engine.
func newUnstarted(o Options) *Server {
	s := &Server{options: o, log: o.Logger, done: make(chan struct{})}
	s.host.Server = s
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s
}

// parts returns the engine's parts, except for settings, clock and data.
func (s *Server) parts() engine.Parts {
	return engine.Parts{
		Table:      s.table,
		Logger:     s.log,
		LogLevel:   s.options.LogLevel,
		Seed:       s.options.Seed,
		Shuffle:    s.options.Shuffle,
		Files:      s.options.files,
		Host:       &s.host,
		Space:      s.space,
		EnterSpace: s.enterSpace,
		// CONFIG REWRITE updates this file.
		ConfigFile: s.options.ConfigFile,
		Apply:      s.apply,
		// SHUTDOWN ends the server.
		Shutdown:  func() { s.Close() },
		Dial:      s.dial,
		Carry:     s.carryLink,
		Start:     s.starter(),
		Listeners: s.listeners,
	}
}

// carry sets up the transports.
func (s *Server) carry(withSpaces bool, loops int) {
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
		if loop := transport.NewEventLoop(s.net.New, s.engine, s.net.Keepalive, loops); loop != nil {
			s.sockets = loop
		}
	}
}

// Close stops the server: it ends all connections, waits until they are gone, and
// leaves no goroutine, socket or timer behind. If that takes long, it logs the
// connections that it waits for. The error is that of writing the files. A second
// Close waits for the first and returns the same error.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		<-s.done
		return s.err
	}
	s.closed = true
	s.mu.Unlock()
	if s.member != nil {
		s.member.Leave()
	}
	s.closeInspector()
	s.host.closeForks()
	s.closeSpaces()
	if s.bus != nil {
		s.bus.Close()
	}
	if s.guard != nil {
		s.guard.close()
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
	if s.guard != nil && s.guard.hasCrashed() {
		err = ErrSimulatedCrash
	}
	s.err = err
	close(s.done)
	return err
}

// stopRecordings stops the recordings that are still running, so that their last
// lines are written.
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

// Abort cancels what the server is writing, such as the last snapshot of Close,
// without waiting: the old file stays, the temporary file is removed, and the
// server saves nothing any more. It is for programs that must end at once.
func (s *Server) Abort() { s.engine.Abort() }

// Done returns a channel that is closed when the server has stopped.
func (s *Server) Done() <-chan struct{} { return s.done }

// apply puts a setting into effect after CONFIG SET. The errors are those of Redis.
// The caller holds the engine's lock.
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
			break // clients without sockets need no descriptors
		}
		if n := roomForClients(c.MaxClients); n < c.MaxClients {
			return fmt.Errorf("The operating system is not able to handle the specified number of clients, try with %d", n)
		}
	case "oom-score-adj", "oom-score-adj-values":
		return s.applyOOMScore(c)
	}
	return nil
}

package respserver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/transport"
)

// Addr returns the address that the server listens on, such as "127.0.0.1:34567".
// It returns the path of the Unix socket if there is no TCP socket, and "" if there
// is no socket. The address stays valid after Close.
func (s *Server) Addr() string {
	if addrs := s.Addrs(); len(addrs) > 0 {
		return addrs[0]
	}
	return ""
}

// Addrs returns all addresses that the server listens on: "host:port" in the order
// of the setting bind, then the path of the Unix socket.
func (s *Server) Addrs() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.addrs)
}

var (
	errNoListen = errors.New("respserver: Options.NoListen is set, so there is no address; connect with Dial or DialContext")
	errBubble   = errors.New("respserver: sockets do not work in a testing/synctest bubble; set Options.NoListen and connect with Dial or DialContext")
)

// anywhere reports whether the options leave open where to listen.
func anywhere(o *Options, c *config.Config) bool {
	return o.Addr == "" && c.UnixSocket == "" && !c.Given("port") && !c.Given("bind") && c.TLS.Port == 0 && !c.Cluster.Enabled
}

// door is an open socket, and the setting that asked for it.
type door struct {
	net.Listener
	host string // as in the setting bind
	port int    // 0 for a Unix socket
	tls  bool
}

// listen opens the sockets, unless they are open.
func (s *Server) listen() (err error) {
	switch {
	case s.options.NoListen:
		return errNoListen
	case bubble() != "":
		return errBubble
	}
	s.engine.Run(func(core *engine.Core) {
		s.mu.Lock()
		defer s.mu.Unlock()
		switch {
		case s.closed:
			err = ErrClosed
		case s.doors == nil:
			if err = s.open(core.Config); err == nil && core.Cluster() != nil {
				err = s.openBus(core)
			}
			if err != nil {
				err = fmt.Errorf("respserver: %w", err)
			}
		}
	})
	return err
}

// open opens all sockets or none, and stores the port in the settings. The caller
// holds the engine's lock and s.mu.
func (s *Server) open(c *config.Config) error {
	hosts, port := c.Bind, int(c.Port)
	if addr := s.options.Addr; addr != "" {
		host, service, err := net.SplitHostPort(addr)
		if err != nil {
			return err
		}
		if port, err = net.LookupPort("tcp", service); err != nil {
			return err
		}
		hosts = []string{host}
	}
	doors, err := s.openTCP(c, hosts, port)
	if err != nil {
		return err
	}
	if len(doors) > 0 {
		port = doors[0].port
	}
	tlsPort := int(c.TLS.Port)
	if tlsPort != 0 || s.options.TLS != nil {
		var secure []door
		if err = s.setTLS(c); err == nil {
			secure, err = s.openTLS(c, hosts, tlsPort)
		}
		if err != nil {
			closeAll(doors)
			return err
		}
		if len(secure) > 0 {
			tlsPort = secure[0].port
		}
		doors = append(doors, secure...)
	}
	if path := c.UnixSocket; path != "" {
		l, err := openUnix(path, fs.FileMode(c.UnixSocketPerm), c.UnixSocketGroup)
		if err != nil {
			closeAll(doors)
			return err
		}
		s.tune(c, l)
		doors = append(doors, door{Listener: l})
	}
	if len(doors) == 0 {
		return errors.New("none of the settings bind and unixsocket names an address to listen on")
	}
	if n := roomForClients(c.MaxClients); n < c.MaxClients {
		s.log.Warn(fmt.Sprintf("maxclients has been reduced to %d to compensate for low ulimit. If you need higher maxclients increase 'ulimit -n'.", n))
		c.MaxClients = n
	}
	if err := s.serve(doors); err != nil {
		return err
	}
	s.doors = doors
	s.noteAddrs()
	c.Bind, c.Port, c.TLS.Port = hosts, int64(port), int64(tlsPort)
	return nil
}

// serve accepts connections from all sockets, or fails and accepts from none.
func (s *Server) serve(doors []door) error {
	for i, d := range doors {
		if err := s.carrierOf(d).Serve(d.Listener); err != nil {
			for _, d := range doors[:i] {
				s.carrierOf(d).Withdraw(d.Listener)
			}
			closeAll(doors[i:])
			return err
		}
	}
	return nil
}

// carrierOf returns the transport for a socket. The event loop can't encrypt.
func (s *Server) carrierOf(d door) transport.Server {
	if d.tls {
		return &s.net
	}
	return s.sockets
}

func (s *Server) noteAddrs() {
	s.addrs, s.tlsAddr = nil, ""
	for _, d := range s.doors {
		switch addr := d.Addr().String(); {
		case !d.tls:
			s.addrs = append(s.addrs, addr)
		case s.tlsAddr == "":
			s.tlsAddr = addr
		}
	}
}

// listeners returns the open sockets as INFO shows them.
func (s *Server) listeners() (all []engine.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.doors {
		switch {
		case d.port == 0:
			all = append(all, engine.Listener{Kind: engine.ListenUnix, Bind: []string{d.Addr().String()}})
		default:
			kind := engine.ListenTCP
			if d.tls {
				kind = engine.ListenTLS
			}
			i := slices.IndexFunc(all, func(l engine.Listener) bool { return l.Kind == kind })
			if i < 0 {
				i = len(all)
				all = append(all, engine.Listener{Kind: kind, Port: d.port})
			}
			all[i].Bind = append(all[i].Bind, d.host)
		}
	}
	slices.SortStableFunc(all, func(a, b engine.Listener) int { return int(a.Kind - b.Kind) })
	return all
}

// relisten opens the sockets that the settings bind and port now ask for, and
// closes the others except for the Unix socket. Connections stay. If a socket can't
// be opened, it reopens the closed ones. The caller holds the engine's lock.
func (s *Server) relisten(c *config.Config) error {
	switch {
	case s.options.NoListen:
		return errNoListen
	case bubble() != "":
		return errBubble
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return ErrClosed
	case s.doors == nil: // a test server whose address nobody has asked for
		return s.open(c)
	}
	ports := map[bool]int{false: int(c.Port), true: int(c.TLS.Port)} // key: door.tls
	var kept, dropped []door
	for _, d := range s.doors {
		if d.port == 0 || d.port == ports[d.tls] && slices.Contains(c.Bind, d.host) {
			kept = append(kept, d)
		} else {
			dropped = append(dropped, d)
			s.carrierOf(d).Withdraw(d.Listener) // it may hold an address that a new socket needs
		}
	}
	open := func(hosts []string, port int, encrypted bool) error {
		if port == 0 {
			return nil // as in Redis; only the start chooses a free port
		}
		hosts = slices.DeleteFunc(slices.Clone(hosts), func(h string) bool {
			return slices.ContainsFunc(kept, func(d door) bool { return d.port > 0 && d.tls == encrypted && d.host == h })
		})
		listen := s.openTCP
		if encrypted {
			listen = s.openTLS
		}
		doors, err := listen(c, hosts, port)
		if err == nil {
			err = s.serve(doors)
		}
		if err == nil {
			kept = append(doors, kept...)
		}
		return err
	}
	failed := open(c.Bind, ports[true], true)
	if failed == nil {
		failed = open(c.Bind, ports[false], false)
	}
	if failed != nil {
		for _, d := range dropped {
			if err := open([]string{d.host}, d.port, d.tls); err != nil {
				s.log.Error("an old address could not be listened on again", "host", d.host, "port", d.port, "error", err)
			}
		}
	}
	s.doors = kept
	s.noteAddrs()
	return failed
}

// openTCP opens a socket for each host, all with the same port, as the settings
// bind and port ask for them. It skips a host that begins with "-" if the address
// is not one of this machine's. Port 0 picks a port that is free for all hosts.
func (s *Server) openTCP(c *config.Config, hosts []string, port int) ([]door, error) {
	var opener net.ListenConfig
	opener.SetMultipathTCP(c.MPTCP)
	const attempts = 100 // a port that is free for one host may be taken for another
	for attempt := 1; ; attempt++ {
		var doors []door
		var failed error
		p := port
		for _, host := range hosts {
			name, optional := strings.CutPrefix(host, "-")
			network, addr := tcpAddr(name, p)
			l, err := opener.Listen(context.Background(), network, addr)
			if err != nil && (!optional || inUse(err)) {
				failed = err
				break
			}
			if err == nil {
				s.tune(c, l)
				p = l.Addr().(*net.TCPAddr).Port
				doors = append(doors, door{Listener: l, host: host, port: p})
			}
		}
		if failed == nil {
			return doors, nil
		}
		closeAll(doors)
		if port != 0 || len(doors) == 0 || !inUse(failed) || attempt == attempts {
			return nil, failed
		}
	}
}

// tune applies the settings that concern listening sockets.
func (s *Server) tune(c *config.Config, l net.Listener) {
	if err := tuneListener(l.(syscall.Conn), int(c.TCPBacklog), uint32(c.SocketMark)); err != nil {
		s.log.Warn("an option of the listening socket could not be set", "addr", l.Addr().String(), "error", err)
	}
}

// tcpAddr returns the arguments of net.Listen for a host of the setting bind.
func tcpAddr(host string, port int) (network, addr string) {
	network = "tcp"
	switch {
	case host == "*":
		network, host = "tcp4", "0.0.0.0"
	case host == "::*":
		network, host = "tcp6", "::"
	case strings.Contains(host, ":"):
		network = "tcp6"
	case net.ParseIP(host) != nil:
		network = "tcp4"
	}
	return network, net.JoinHostPort(host, strconv.Itoa(port))
}

// openUnix opens a Unix socket. It replaces an existing file, such as the socket of
// a killed server, unless the file is a directory or a socket that somebody listens
// on.
func openUnix(path string, perm fs.FileMode, group string) (net.Listener, error) {
	l, err := listenUnix(path, perm, group)
	if err != nil && inUse(err) && replaceable(path) && os.Remove(path) == nil {
		l, err = listenUnix(path, perm, group)
	}
	if err != nil {
		return nil, err
	}
	return l, nil
}

// replaceable reports whether a Unix socket may replace the file.
func replaceable(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || info.IsDir() {
		return false
	}
	if info.Mode()&fs.ModeSocket == 0 {
		return true
	}
	c, err := net.Dial("unix", path)
	if err == nil {
		c.Close()
	}
	return err != nil
}

// inUse reports whether err means that the address is in use. Windows has an error
// number of its own for that.
func inUse(err error) bool {
	const windows = syscall.Errno(10048)
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, windows)
}

func closeAll(doors []door) {
	for _, d := range doors {
		d.Close()
	}
}

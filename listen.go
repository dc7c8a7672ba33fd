package respserver

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/resp-server/resp-server/internal/engine"
)

// Addr returns the address that the server listens on, "127.0.0.1:34567", or
// the path of its Unix socket if it has no other. It stays valid after Close.
// It is empty if there is no socket.
func (s *Server) Addr() string {
	if addrs := s.Addrs(); len(addrs) > 0 {
		return addrs[0]
	}
	return ""
}

// Addrs returns all addresses that the server listens on: "host:port" in the
// order of the setting bind, then the path of the Unix socket.
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
func (s *Server) anywhere() bool {
	return s.options.Addr == "" && s.config.UnixSocket == "" && !s.config.Given("port") && !s.config.Given("bind")
}

// listen opens the sockets, unless they are open.
func (s *Server) listen() error {
	switch {
	case s.options.NoListen:
		return errNoListen
	case bubble() != "":
		return errBubble
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	if s.addrs != nil {
		return nil
	}
	listeners, err := s.open()
	if err != nil {
		return fmt.Errorf("respserver: %w", err)
	}
	for i, l := range listeners {
		if err := s.sockets.Serve(l); err != nil {
			closeAll(listeners[i:])
			return fmt.Errorf("respserver: %w", err)
		}
		s.addrs = append(s.addrs, l.Addr().String())
	}
	return nil
}

// open opens all sockets or none, and tells the settings which port it is.
func (s *Server) open() ([]net.Listener, error) {
	hosts, port := s.config.Bind, int(s.config.Port)
	if addr := s.options.Addr; addr != "" {
		host, service, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		if port, err = net.LookupPort("tcp", service); err != nil {
			return nil, err
		}
		hosts = []string{host}
	}
	listeners, err := openTCP(hosts, port)
	if err != nil {
		return nil, err
	}
	if len(listeners) > 0 {
		port = listeners[0].Addr().(*net.TCPAddr).Port
	}
	if path := s.config.UnixSocket; path != "" {
		l, err := openUnix(path, fs.FileMode(s.config.UnixSocketPerm))
		if err != nil {
			closeAll(listeners)
			return nil, err
		}
		listeners = append(listeners, l)
	}
	if len(listeners) == 0 {
		return nil, errors.New("none of the settings bind and unixsocket names an address to listen on")
	}
	s.engine.Run(func(*engine.Core) { s.config.Bind, s.config.Port = hosts, int64(port) })
	return listeners, nil
}

// openTCP opens a socket for each host, all with the same port, as the
// settings bind and port ask for it. A host that begins with "-" is left out
// if it is not one of this machine's. Port 0 is one that is free for all hosts.
func openTCP(hosts []string, port int) ([]net.Listener, error) {
	const attempts = 100 // a port that is free for one host may be taken for another
	for attempt := 1; ; attempt++ {
		var listeners []net.Listener
		var failed error
		p := port
		for _, host := range hosts {
			name, optional := strings.CutPrefix(host, "-")
			l, err := net.Listen(tcpAddr(name, p))
			if err != nil && (!optional || inUse(err)) {
				failed = err
				break
			}
			if err == nil {
				listeners = append(listeners, l)
				p = l.Addr().(*net.TCPAddr).Port
			}
		}
		if failed == nil {
			return listeners, nil
		}
		closeAll(listeners)
		if port != 0 || len(listeners) == 0 || !inUse(failed) || attempt == attempts {
			return nil, failed
		}
	}
}

// tcpAddr returns what net.Listen needs for a host of the setting bind.
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

// openUnix opens a Unix socket. A socket that is left behind by a server that
// was killed is replaced; that of a running server, or another file, is not.
func openUnix(path string, perm fs.FileMode) (net.Listener, error) {
	l, err := net.Listen("unix", path)
	if err != nil && inUse(err) && abandoned(path) {
		os.Remove(path)
		l, err = net.Listen("unix", path)
	}
	if err != nil {
		return nil, err
	}
	if perm != 0 {
		if err := os.Chmod(path, perm); err != nil {
			l.Close()
			return nil, err
		}
	}
	return l, nil
}

// abandoned tells whether nobody listens on a Unix socket.
func abandoned(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&fs.ModeSocket == 0 {
		return false
	}
	c, err := net.Dial("unix", path)
	if err == nil {
		c.Close()
	}
	return err != nil
}

// inUse tells whether an address is taken. Windows has a number of its own for
// that, which no other system uses.
func inUse(err error) bool {
	const windows = syscall.Errno(10048)
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, windows)
}

func closeAll(listeners []net.Listener) {
	for _, l := range listeners {
		l.Close()
	}
}

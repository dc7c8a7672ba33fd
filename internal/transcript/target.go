package transcript

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/resp-server/resp-server/internal/notation"
)

// Self is the Name of our own server, for @only self.
const Self = "resp-server"

// Older is the Name of our own server as an older version: it has nothing of its own,
// and is no real server.
const Older = "resp-server as an older version"

// Target is a server that speaks RESP. It may also have the methods of [Restarter],
// and Cluster() bool for @only cluster.
type Target interface {
	// Dial opens a connection.
	Dial(ctx context.Context) (net.Conn, error)
	// Advance lets d pass: virtual time on our server, a sleep on others.
	Advance(d time.Duration) error
	// Name returns Self, Older, "redis-server" or "valkey-server".
	Name() string
	// Version returns the version of Redis that the server implements: "7.4.1".
	Version() string
}

// Restarter is a Target for @restart. It stops the server like SHUTDOWN, and starts
// it again with the same files and options.
type Restarter interface{ Restart() error }

// Server is the Target for a real server.
type Server struct {
	addr          string
	name, version string
	cluster       bool

	path string
	args []string
	dir  string
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
}

// Connect returns the Target for a running server at a TCP address. The first file
// that runs deletes all of its data.
func Connect(addr string) (*Server, error) {
	s := &Server{addr: addr}
	return s, s.identify()
}

// Start runs a server binary (redis-server or valkey-server, 7.0 or later) on a
// free port of the loopback interface, with its files in a temporary directory, and
// returns when the server replies. args are added to its command line. Stop ends
// it.
func Start(path string, args ...string) (*Server, error) {
	dir, err := os.MkdirTemp("", "transcript")
	if err != nil {
		return nil, err
	}
	s := &Server{path: path, args: args, dir: dir}
	// Another process may take the port first.
	for range 5 {
		if s.addr, err = freeAddr(); err != nil {
			break
		}
		if err = s.start(); err == nil {
			if err = s.identify(); err == nil {
				return s, nil
			}
		}
	}
	s.Stop()
	return nil, err
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func (s *Server) start() error {
	_, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		return err
	}
	args := []string{"--bind", "127.0.0.1", "--port", port, "--dir", s.dir, "--daemonize", "no",
		"--save", "", "--enable-debug-command", "yes", "--logfile", filepath.Join(s.dir, "log")}
	s.cmd = exec.Command(s.path, append(args, s.args...)...)
	if err := s.cmd.Start(); err != nil {
		s.cmd = nil
		return err
	}
	s.done = make(chan struct{})
	go func(cmd *exec.Cmd, done chan struct{}) {
		cmd.Wait()
		close(done)
	}(s.cmd, s.done)
	for range 5000 {
		select {
		case <-s.done:
			log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			return fmt.Errorf("%s ended at once:\n%s", s.path, log)
		case <-time.After(2 * time.Millisecond):
		}
		if _, err := s.command("PING"); err == nil {
			return nil
		}
	}
	s.kill()
	return fmt.Errorf("%s does not answer", s.path)
}

// command runs a command on a connection of its own.
func (s *Server) command(args ...string) (*notation.Node, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	one := &session{ctx: ctx, target: s, timeout: 5 * time.Second}
	c, err := one.dial("command")
	if err != nil {
		return nil, err
	}
	defer c.stop()
	return one.do(c, args...)
}

var infoRE = regexp.MustCompile(`(redis_version|valkey_version):([0-9.]+)`)

func (s *Server) identify() error {
	info, err := s.command("INFO", "server", "cluster")
	if err != nil {
		return err
	}
	s.cluster = strings.Contains(info.Text, "cluster_enabled:1")
	s.name = "redis-server"
	for _, m := range infoRE.FindAllStringSubmatch(info.Text, -1) {
		if m[1] == "redis_version" {
			s.version = m[2]
		} else {
			s.name = "valkey-server"
		}
	}
	if s.version == "" {
		return errors.New("INFO server names no redis_version")
	}
	return nil
}

// Dial opens a connection.
func (s *Server) Dial(ctx context.Context) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "tcp", s.addr)
}

// Advance sleeps, at most two seconds; for longer times it returns an error.
func (s *Server) Advance(d time.Duration) error {
	if d > 2*time.Second {
		return fmt.Errorf("a real server would sleep %v; keep to 2s, or write @only self and why", d)
	}
	time.Sleep(d)
	return nil
}

// Name returns "redis-server" or "valkey-server".
func (s *Server) Name() string { return s.name }

// Version returns the redis_version of INFO, which for Valkey is the compatible
// version.
func (s *Server) Version() string { return s.version }

// Cluster reports whether the server is a node of a cluster.
func (s *Server) Cluster() bool { return s.cluster }

// Addr returns the address that the server listens on.
func (s *Server) Addr() string { return s.addr }

// Restart sends SHUTDOWN and starts the server again. The server must come from
// Start.
func (s *Server) Restart() error {
	if s.cmd == nil {
		return fmt.Errorf("%s runs elsewhere: %w", s.addr, errors.ErrUnsupported)
	}
	s.command("SHUTDOWN") // replies by closing the connection
	select {
	case <-s.done:
	case <-time.After(10 * time.Second):
		return errors.New("SHUTDOWN does not end the server")
	}
	return s.start()
}

func (s *Server) kill() {
	if s.cmd != nil {
		s.cmd.Process.Kill()
		<-s.done
	}
}

// Stop ends a server of Start and removes its files.
func (s *Server) Stop() {
	s.kill()
	if s.dir != "" {
		os.RemoveAll(s.dir)
	}
}

// StartForTest is Start for a test: the server ends with the test. An empty path
// means the redis-server on PATH. If there is none, the test is skipped, or fails
// if RESPSERVER_NEED_REDIS is 1, so that CI can't pass by skipping.
func StartForTest(t testing.TB, path string, args ...string) *Server {
	t.Helper()
	if path == "" {
		found, err := exec.LookPath("redis-server")
		if need, _ := strconv.ParseBool(os.Getenv("RESPSERVER_NEED_REDIS")); err != nil && need {
			t.Fatal("no redis-server, and RESPSERVER_NEED_REDIS is set")
		} else if err != nil {
			t.Skip("skipped: no redis-server")
		}
		path = found
	}
	s, err := Start(path, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

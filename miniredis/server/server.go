// Package server has the connections of a Miniredis, the commands that a test
// registers, and servers that have no other commands than those.
package server

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"

	"github.com/alicebob/miniredis/v2/internal/direct"
	respserver "github.com/resp-server/resp-server"
)

// Cmd answers a command: cmd is its name in upper case. It may call the server,
// and take as long as it wants: only its client waits. If it is a script that calls
// it the server waits too, and the Cmd must not call it.
type Cmd func(c *Peer, cmd string, args []string)

// DisconnectHandler is called when a client is gone.
type DisconnectHandler func(c *Peer)

// Hook is called before each command. It returns true if it has answered it.
type Hook func(c *Peer, cmd string, args ...string) bool

// CmdOption says something about a command.
type CmdOption func(*command)

// ReadOnlyOption marks a command that changes nothing.
func ReadOnlyOption() CmdOption { return func(c *command) { c.readOnly = true } }

type command struct {
	Cmd
	readOnly bool
}

// Server serves connections. Its methods are safe for concurrent use.
type Server struct {
	behind *direct.Server
	alone  bool // there are no commands but those of Register
	// cluster may answer CLUSTER in place of the server behind; nil if alone.
	cluster Hook

	mu       sync.Mutex
	listener net.Listener // nil: none, or closed
	conns    map[net.Conn]struct{}
	total    int // connections so far
	hook     Hook
	cmds     map[string]*command
	called   int // registered commands that ran
	before   int // commands of clients that ran before the start
	closed   bool
	serving  sync.WaitGroup // connections and the listener
	calls    sync.WaitGroup // hooks and registered commands
	attached map[*Peer]struct{}
}

// NewServer serves the commands that are registered, and no others. "127.0.0.1:0"
// picks a free port.
func NewServer(addr string) (*Server, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	s := NewServerConn()
	s.listen(l)
	return s, nil
}

// NewServerTLS is NewServer with TLS.
func NewServerTLS(addr string, cfg *tls.Config) (*Server, error) {
	l, err := tls.Listen("tcp", addr, cfg)
	if err != nil {
		return nil, err
	}
	s := NewServerConn()
	s.listen(l)
	return s, nil
}

// NewServerConn is NewServer without a listener: connections come by ServeConn.
func NewServerConn() *Server {
	behind, err := respserver.Start(respserver.Options{NoListen: true})
	if err != nil {
		panic("server: " + err.Error()) // these options can't be wrong
	}
	s := newServer(&direct.Server{Server: behind})
	s.alone = true
	s.behind.Intercept(s.takes, s.answer)
	return s
}

// Before returns a Server for a Miniredis: what is not registered runs on the
// server behind it, which Close leaves alone. l may be nil. cluster is for CLUSTER.
func Before(behind *direct.Server, l net.Listener, hook, cluster Hook) *Server {
	s := newServer(behind)
	if behind.Restarted() {
		s.before = behind.Processed()
	}
	s.hook, s.cluster = hook, cluster
	s.behind.Intercept(s.takes, s.answer)
	s.behind.InterceptScripts(s.inScript)
	if l != nil {
		s.listen(l)
	}
	return s
}

func newServer(behind *direct.Server) *Server {
	return &Server{
		behind: behind, conns: make(map[net.Conn]struct{}), cmds: make(map[string]*command), attached: make(map[*Peer]struct{}),
	}
}

// takes decides which commands the server behind must not run.
func (s *Server) takes(name string) bool {
	if s.alone || strings.EqualFold(name, "cluster") {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hook != nil || len(s.cmds) > 0 && s.cmds[strings.ToUpper(name)] != nil
}

// answer answers a command of a client.
func (s *Server) answer(call *respserver.Call) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.calls.Add(1)
	s.mu.Unlock()
	defer s.calls.Done()
	p := s.peer(call)
	s.Dispatch(p, call.Args)
	p.Flush()
	if p.Closed() {
		call.Client.Close()
	}
}

// Dispatch runs a command, given with its name, as if the peer had sent it.
func (s *Server) Dispatch(c *Peer, args []string) {
	name, rest := strings.ToUpper(args[0]), args[1:]
	s.mu.Lock()
	hook := s.hook
	s.mu.Unlock()
	if hook != nil && hook(c, name, rest...) {
		return
	}
	s.mu.Lock()
	cmd := s.cmds[name]
	if cmd != nil {
		s.called++
	}
	s.mu.Unlock()
	switch {
	case cmd != nil:
		cmd.Cmd(c, name, rest)
		if c.SwitchResp3 != nil {
			c.Resp3, c.SwitchResp3 = *c.SwitchResp3, nil
		}
	case s.alone:
		c.WriteError(unknownCommand(args))
	case name == "CLUSTER" && s.cluster(c, name, rest...):
	default:
		c.run(s, args)
	}
}

// inScript runs a registered command that a script calls.
func (s *Server) inScript(args []string, protocol int) (reply string, ok bool) {
	name := strings.ToUpper(args[0])
	s.mu.Lock()
	cmd := s.cmds[name]
	if cmd != nil {
		s.called++
	}
	s.mu.Unlock()
	if cmd == nil {
		return "", false
	}
	var b strings.Builder
	p := NewPeer(bufio.NewWriter(&b))
	p.Resp3 = protocol == 3
	cmd.Cmd(p, name, args[1:])
	p.Flush()
	if b.Len() == 0 {
		return "-ERR " + name + " has answered nothing\r\n", true
	}
	return b.String(), true
}

// unknownCommand is the error of Redis, which shows no more than 128 bytes of the
// arguments.
func unknownCommand(args []string) string {
	var shown strings.Builder
	for _, a := range args[1:] {
		if shown.Len() >= 128 {
			break
		}
		fmt.Fprintf(&shown, "'%.*s' ", 128-shown.Len(), a)
	}
	return fmt.Sprintf("ERR unknown command '%.128s', with args beginning with: %s", args[0], shown.String())
}

// SetPreHook has h called before each command; nil ends it.
func (s *Server) SetPreHook(h Hook) {
	s.mu.Lock()
	s.hook = h
	s.mu.Unlock()
}

// Register adds a command. It may take the place of one of the server, but not of
// one that was registered before.
func (s *Server) Register(cmd string, f Cmd, options ...CmdOption) error {
	name := strings.ToUpper(cmd)
	c := &command{Cmd: f}
	for _, option := range options {
		option(c)
	}
	s.mu.Lock()
	if s.cmds[name] != nil {
		s.mu.Unlock()
		return fmt.Errorf("command already registered: %s", name)
	}
	s.cmds[name] = c
	s.mu.Unlock()
	return nil
}

// IsRegisteredCommand reports whether there is a command.
func (s *Server) IsRegisteredCommand(cmd string) bool {
	return s.registered(cmd) != nil || s.flags(cmd) != nil
}

// IsReadOnlyCommand reports whether there is a command that changes nothing.
func (s *Server) IsReadOnlyCommand(cmd string) bool {
	if c := s.registered(cmd); c != nil {
		return c.readOnly
	}
	for _, flag := range s.flags(cmd) {
		if flag.Text() == "readonly" {
			return true
		}
	}
	return false
}

func (s *Server) registered(cmd string) *command {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cmds[strings.ToUpper(cmd)]
}

// flags returns the flags of a command of the server behind, nil if there is none.
func (s *Server) flags(cmd string) []respserver.Reply {
	if s.alone {
		return nil
	}
	reply, _ := s.behind.Do(0, "COMMAND", "INFO", cmd)
	if info := reply.Array(); len(info) == 1 && len(info[0].Array()) > 2 {
		return info[0].Array()[2].Array()
	}
	return nil
}

func (s *Server) listen(l net.Listener) {
	s.listener = l
	s.serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.ServeConn(c)
		}
	})
}

// ServeConn serves a connection, in a goroutine of its own.
func (s *Server) ServeConn(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		conn.Close()
		return
	}
	s.total++
	s.conns[conn] = struct{}{}
	s.serving.Go(func() {
		s.behind.ServeConn(conn)
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.conns, conn)
	})
}

// Addr returns the address that the server listens on, nil if there is none.
func (s *Server) Addr() *net.TCPAddr {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return nil
	}
	return s.listener.Addr().(*net.TCPAddr)
}

// Close ends all connections and waits until they are gone, and for the hooks and
// registered commands that run.
func (s *Server) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		s.serving.Wait()
		return
	}
	s.closed = true
	if s.listener != nil {
		s.listener.Close()
		s.listener = nil
	}
	for c := range s.conns {
		c.Close()
	}
	for p := range s.attached {
		p.attached.Close()
	}
	s.mu.Unlock()
	s.calls.Wait()
	s.serving.Wait()
	s.behind.Intercept(nil, nil)
	s.behind.InterceptScripts(nil)
	if s.alone {
		s.behind.Close()
	}
}

// TotalCommands returns how many commands of clients have run: not those that a
// hook has answered, nor those that there are not.
func (s *Server) TotalCommands() int {
	s.mu.Lock()
	n := s.called
	s.mu.Unlock()
	if s.alone {
		return n
	}
	return n + s.behind.Processed() - s.before
}

// ClientsLen returns how many clients are connected.
func (s *Server) ClientsLen() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// TotalConnections returns how many connections there have been, with those that
// are there now.
func (s *Server) TotalConnections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total
}

// ErrProtocol is returned for what is no reply of RESP2.
var ErrProtocol = errors.New("invalid request")

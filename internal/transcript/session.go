package transcript

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/resp-server/resp-server/internal/notation"
)

// session is one run of a file: its connections and their state.
type session struct {
	ctx     context.Context
	target  Target
	server  server
	timeout time.Duration
	control *client
	clients map[string]*client
	proto   map[string]string // set by @resp; "" means all clients
	config  map[string]string // CONFIG GET * at the start
	ids     map[string]bool   // clients whose id the file uses
	pending *client           // has unsent commands of >>
}

// client is a connection. A goroutine decodes the replies.
type client struct {
	name    string
	conn    net.Conn
	replies chan reply
	stop    context.CancelFunc
	out     []byte
	blocked bool   // was blocked at the last check
	id      string // CLIENT ID, if the file uses it
}

type reply struct {
	*notation.Node
	wire []byte
}

func (s *session) dial(name string) (*client, error) {
	conn, err := s.target.Dial(s.ctx)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(s.ctx)
	context.AfterFunc(ctx, func() { conn.Close() })
	c := &client{name: name, conn: conn, replies: make(chan reply, 1024), stop: stop}
	go c.read(ctx)
	return c, nil
}

func (c *client) read(ctx context.Context) {
	d := notation.NewDecoder(c.conn)
	for {
		n, err := d.Reply()
		r := reply{n, d.Wire}
		if errors.Is(err, notation.ErrProtocol) {
			r = reply{notation.Text("(invalid) " + notation.Quote(d.Wire)), d.Wire}
		} else if err != nil {
			r = reply{notation.Text(notation.Closed), nil}
		}
		select {
		case c.replies <- r:
		case <-ctx.Done():
			return
		}
		if err != nil {
			c.stop()
			return
		}
	}
}

func (c *client) add(args []string) {
	if raw(c.name) {
		c.out = append(c.out, args[0]...)
		return
	}
	c.out = fmt.Appendf(c.out, "*%d\r\n", len(args))
	for _, a := range args {
		c.out = fmt.Appendf(c.out, "$%d\r\n%s\r\n", len(a), a)
	}
}

// flush sends pending commands. An error shows as (closed) when the reply is read.
func (c *client) flush() {
	c.conn.Write(c.out)
	c.out = c.out[:0]
}

// do runs a command on a connection that nothing else uses.
func (s *session) do(c *client, args ...string) (*notation.Node, error) {
	c.add(args)
	c.flush()
	limit := time.NewTimer(s.timeout)
	defer limit.Stop()
	select {
	case r := <-c.replies:
		if strings.HasPrefix(r.Text, "(error)") || r.Is(notation.Closed) {
			return r.Node, fmt.Errorf("%v: %s", args, r.Text)
		}
		return r.Node, nil
	case <-limit.C:
		return nil, fmt.Errorf("%v: no reply after %v", args, s.timeout)
	}
}

// clean removes what files must not see of earlier files. A server that lacks one
// of these commands has nothing to remove there.
var clean = [][]string{
	{"CLIENT", "UNPAUSE"}, {"SCRIPT", "FLUSH"}, {"FUNCTION", "FLUSH"}, {"ACL", "LOG", "RESET"},
	{"SLOWLOG", "RESET"}, {"LATENCY", "RESET"}, {"CONFIG", "RESETSTAT"},
}

func (s *session) open() (err error) {
	if s.control, err = s.dial("control"); err != nil {
		return err
	}
	if _, err := s.do(s.control, "FLUSHALL"); err != nil {
		return err
	}
	if users, err := s.do(s.control, "ACL", "USERS"); err == nil {
		for _, u := range users.Kids {
			s.do(s.control, "ACL", "DELUSER", bulk(u)) // fails for the default user
		}
	}
	for _, args := range clean {
		s.do(s.control, args...)
	}
	s.config = s.configuration()
	// Clients of the earlier file may still be closing.
	for range 1000 {
		if n, err := s.blockedClients(); err != nil || n == 0 {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return errors.New("the server has blocked clients that are not ours")
}

func (s *session) configuration() map[string]string {
	n, err := s.do(s.control, "CONFIG", "GET", "*")
	if err != nil || len(n.Kids)%2 != 0 {
		return nil
	}
	m := map[string]string{}
	for i := 0; i < len(n.Kids); i += 2 {
		m[bulk(n.Kids[i])] = bulk(n.Kids[i+1])
	}
	return m
}

// close closes all connections and restores the configuration.
func (s *session) close() (err error) {
	for _, c := range s.clients {
		c.stop()
	}
	if s.control == nil {
		return nil
	}
	for name, v := range s.configuration() {
		if old, ok := s.config[name]; ok && old != v {
			if _, e := s.do(s.control, "CONFIG", "SET", name, old); e != nil {
				err = e
			}
		}
	}
	s.control.stop()
	return err
}

// bulk returns the text of a string reply, from its quoted leaf.
func bulk(n *notation.Node) string {
	if n.Text == "" || n.Text[0] != '"' {
		return n.Text
	}
	b, _ := notation.Unquote(n.Text)
	return string(b)
}

// client returns the connected client with a name.
func (s *session) client(name string) (*client, error) {
	if c := s.clients[name]; c != nil {
		return c, nil
	}
	c, err := s.dial(name)
	if err != nil {
		return nil, err
	}
	s.clients[name] = c
	if s.ids[name] {
		if n, err := s.do(c, "CLIENT", "ID"); err == nil {
			c.id = strings.TrimPrefix(n.Text, "(integer) ")
		}
	}
	v, ok := s.proto[name]
	if !ok {
		v = s.proto[""]
	}
	if v == "" || raw(name) {
		return c, nil
	}
	_, err = s.do(c, "HELLO", v)
	return c, err
}

func (s *session) drop(c *client) {
	c.stop()
	delete(s.clients, c.name)
}

func (s *session) flush() {
	if s.pending != nil {
		s.pending.flush()
		s.pending = nil
	}
}

var idRE = regexp.MustCompile(`<id:([a-z][a-z0-9]*)>`)

// fillIn replaces <id:b> by the CLIENT ID of b.
func (s *session) fillIn(args []string) (out []string, err error) {
	for _, a := range args {
		out = append(out, idRE.ReplaceAllStringFunc(a, func(m string) string {
			c, e := s.client(idRE.FindStringSubmatch(m)[1])
			if e == nil && c.id == "" {
				e = fmt.Errorf("%s: the server knows no CLIENT ID", m)
			}
			if e != nil {
				err = e
				return m
			}
			return c.id
		}))
	}
	return out, err
}

// exchange runs a step of a client and returns the reply, if the step reads one.
// With expectBlocked it checks at once whether the client is blocked; without, the
// result is the same but comes later.
func (s *session) exchange(st *step, expectBlocked bool) (*notation.Node, error) {
	if s.pending != nil && s.pending.name != st.client {
		s.flush()
	}
	c, err := s.client(st.client)
	if err != nil {
		return nil, err
	}
	if st.action == send && c.blocked && len(c.replies) == 0 {
		return nil, fmt.Errorf("%s is blocked: read its reply first, with %[1]s<", c.name)
	}
	if st.action != read {
		args, err := s.fillIn(st.args)
		if err != nil {
			return nil, err
		}
		c.add(args)
		s.pending = c
	}
	if st.action == sendOnly {
		return nil, nil
	}
	s.flush()
	r, err := s.wait(c, expectBlocked)
	switch {
	case err != nil:
		return nil, err
	case r.Is(notation.Closed), r.Is(notation.NoReply):
		s.drop(c)
	case raw(c.name) && r.wire != nil:
		return notation.Text(notation.Quote(r.wire)), nil
	}
	return r.Node, nil
}

// wait returns the next reply of c, or (blocked).
func (s *session) wait(c *client, expectBlocked bool) (reply, error) {
	// The question whether c is blocked shows in MONITOR, so a slow reply must not
	// cause it.
	patience := s.timeout / 2
	if expectBlocked {
		patience = time.Millisecond
	}
	limit := time.NewTimer(s.timeout)
	defer limit.Stop()
	// A server may notice only after INFO that a timeout has passed, so the second
	// check counts.
	for seen := 0; ; {
		poll := time.NewTimer(patience)
		select {
		case r := <-c.replies:
			poll.Stop()
			c.blocked = false
			return r, nil
		case <-limit.C:
			poll.Stop()
			return reply{notation.Text(notation.NoReply), nil}, nil
		case <-poll.C:
		}
		blocked, err := s.isBlocked(c)
		if err != nil {
			return reply{}, err
		}
		if seen++; !blocked {
			seen = 0
		}
		if seen == 2 {
			c.blocked = true
			return reply{notation.Text(notation.Blocked), nil}, nil
		}
		patience = time.Millisecond
	}
}

// isBlocked compares the server's count of blocked clients with the clients that
// must be blocked if c is. Clients that have got a reply before the request for the
// count are left out. So the count can only be too low, which the next poll
// corrects.
func (s *session) isBlocked(c *client) (bool, error) {
	need := 1
	for _, o := range s.clients {
		if o != c && o.blocked && len(o.replies) == 0 {
			need++
		}
	}
	if len(c.replies) > 0 {
		return false, nil
	}
	n, err := s.blockedClients()
	return n >= need, err
}

var blockedClientsRE = regexp.MustCompile(`blocked_clients:([0-9]+)`)

func (s *session) blockedClients() (int, error) {
	info, err := s.do(s.control, "INFO", "clients")
	if err != nil {
		return 0, err
	}
	m := blockedClientsRE.FindStringSubmatch(info.Text)
	if m == nil {
		return 0, errors.New("INFO clients names no blocked_clients")
	}
	return strconv.Atoi(m[1])
}

// direct runs a directive.
func (s *session) direct(st *step) error {
	s.flush()
	args := st.args[1:]
	switch st.args[0] {
	case "@resp":
		name := ""
		if len(args) == 2 {
			name = args[1]
		} else {
			clear(s.proto)
		}
		s.proto[name] = args[0]
		for _, c := range s.clients {
			if raw(c.name) || name != "" && c.name != name {
				continue
			}
			if _, err := s.do(c, "HELLO", args[0]); err != nil {
				return err
			}
		}
	case "@config":
		_, err := s.do(s.control, "CONFIG", "SET", args[0], args[1])
		return err
	case "@flush":
		_, err := s.do(s.control, "FLUSHALL")
		return err
	case "@advance":
		return s.target.Advance(st.wait)
	case "@restart":
		r, ok := s.target.(Restarter)
		if !ok {
			return fmt.Errorf("%s cannot be restarted: %w", s.server.name, errors.ErrUnsupported)
		}
		for _, c := range s.clients {
			s.drop(c)
		}
		s.control.stop()
		if err := r.Restart(); err != nil {
			return err
		}
		var err error
		s.control, err = s.dial("control")
		return err
	}
	return nil
}

package sentinel

import (
	"fmt"
	"log/slog"

	"github.com/resp-server/resp-server/internal/resp"
)

// Wire carries the bytes of a connection.
type Wire interface {
	Send(b []byte)
	Close()
	// LocalIP is the address of this end, "" if it has none.
	LocalIP() string
}

// Conn is a connection to an instance: that for commands, or that on which
// sentinels say hello.
type Conn struct {
	link    *link // nil: it was given up
	wire    Wire  // nil until it is open
	unsent  []byte
	waiting []waiting
	since   int64 // ms
	// receive gets what is no answer; nil: there is nothing like that.
	receive func(resp.Reply)
}

// waiting is a command whose answer is to come.
type waiting struct {
	of   *Instance
	then func(*Instance, resp.Reply) // nil: the answer does not matter
}

// link is what connects the sentinel to an instance, or to another sentinel, for
// however many masters.
type link struct {
	users        int
	disconnected bool // one of the connections is missing
	pending      int  // commands without an answer
	commands     *Conn
	messages     *Conn // nil for sentinels
	lastMessage  int64
	lastGood     int64 // answer of PING that says that the instance works
	pingSince    int64 // the first PING without an answer; 0: none
	lastPing     int64
	lastAnswer   int64 // of PING, of whatever kind
	lastAttempt  int64 // to connect
}

func newLink(now int64) *link {
	l := &link{users: 1, disconnected: true}
	l.reset(now)
	return l
}

// reset has the instance be silent from now on: an instance that can't be reached
// at all is to be noticed, too.
func (l *link) reset(now int64) {
	l.pingSince, l.lastGood, l.lastAnswer, l.lastPing = now, now, now, 0
}

// Opened says that a connection is made.
func (s *Sentinel) Opened(c *Conn, w Wire) {
	if c.link == nil {
		w.Close()
		return
	}
	c.wire = w
	w.Send(c.unsent)
	c.unsent = nil
}

// Closed says that a connection has ended, or could not be made.
func (s *Sentinel) Closed(c *Conn) {
	l := c.link
	if l == nil {
		return
	}
	c.link = nil
	switch c {
	case l.commands:
		l.commands = nil
	case l.messages:
		l.messages = nil
	}
	l.disconnected = true
}

// Receive takes what has come over a connection.
func (s *Sentinel) Receive(c *Conn, r resp.Reply) {
	l := c.link
	switch {
	case l == nil || s.crashed:
	case len(c.waiting) > 0:
		w := c.waiting[0]
		c.waiting = c.waiting[1:]
		l.pending--
		if w.then != nil && !w.of.gone {
			w.then(w.of, r)
		}
	case c.receive != nil:
		c.receive(r)
	}
}

// send sends a command, which the instance may call by another name. Without a
// connection it does nothing.
func (s *Sentinel) send(c *Conn, i *Instance, then func(*Instance, resp.Reply), name string, args ...string) bool {
	if c == nil {
		return false
	}
	c.waiting = append(c.waiting, waiting{i, then})
	c.link.pending++
	c.write(append([]string{i.command(name)}, args...))
	return true
}

func (c *Conn) write(words []string) {
	b := resp.AppendCommand(nil, words...)
	if c.wire == nil {
		c.unsent = append(c.unsent, b...)
		return
	}
	c.wire.Send(b)
}

func (s *Sentinel) closeConn(l *link, c *Conn) {
	if c == nil {
		return
	}
	switch c {
	case l.commands:
		l.commands, l.pending = nil, 0
	case l.messages:
		l.messages = nil
	}
	c.link = nil
	l.disconnected = true
	if c.wire != nil {
		c.wire.Close()
	}
}

// reconnect makes the connections that are missing.
func (s *Sentinel) reconnect(i *Instance) {
	l, now := i.link, s.now()
	if !l.disconnected || i.addr.port == 0 || now-l.lastAttempt < s.times.ping {
		return
	}
	l.lastAttempt = now
	if l.commands == nil {
		if s.settings.resolveHostnames {
			if a, err := s.newAddr(i.addr.host, i.addr.port, false); err == nil {
				i.addr = a
			}
		}
		if i.addr.ip == "" {
			s.event(slog.LevelDebug, "-cmd-link-reconnection", i, " #the host has no address")
			return
		}
		l.pending = 0
		l.commands = s.connect(i)
		s.introduce(l.commands, i, "cmd")
		s.ping(i)
	}
	if !i.Is(Other) && l.messages == nil {
		l.messages = s.connect(i)
		s.introduce(l.messages, i, "pubsub")
		l.messages.receive = func(r resp.Reply) { s.receiveHello(l, r) }
		l.messages.write([]string{i.command("SUBSCRIBE"), HelloChannel})
	}
	l.disconnected = false
}

func (s *Sentinel) connect(i *Instance) *Conn {
	c := &Conn{link: i.link, since: s.now()}
	s.host.Dial(c, i.addr.ip, i.addr.port)
	return c
}

// introduce logs in, if that is needed, and names the connection.
func (s *Sentinel) introduce(c *Conn, i *Instance, kind string) {
	user, password := i.owner().user, i.owner().password
	if i.Is(Other) {
		user, password = s.settings.user, s.settings.password
		if password == "" {
			user, password = "", s.host.Password()
		}
	}
	switch {
	case password == "":
	case user == "":
		s.send(c, i, nil, "AUTH", password)
	default:
		s.send(c, i, nil, "AUTH", user, password)
	}
	s.send(c, i, nil, "CLIENT", "SETNAME", fmt.Sprintf("sentinel-%.8s-%s", s.id, kind))
}

// DropSentinels closes the connections to other sentinels, which are made anew
// with other passwords.
func (s *Sentinel) dropSentinels() {
	for _, m := range s.masters {
		for _, o := range m.sentinels {
			s.closeConn(o.link, o.link.commands)
		}
	}
}

// dropData closes the connections to a master and its replicas.
func (s *Sentinel) dropData(m *Instance) {
	for _, i := range append(instances{m}, m.replicas...) {
		s.closeConn(i.link, i.link.commands)
		s.closeConn(i.link, i.link.messages)
	}
}

func (s *Sentinel) ping(i *Instance) {
	l := i.link
	if s.send(l.commands, i, s.pinged, "PING") {
		l.lastPing = s.now()
		if l.pingSince == 0 {
			l.pingSince = l.lastPing
		}
	}
}

// pinged takes the answer of PING.
func (s *Sentinel) pinged(i *Instance, r resp.Reply) {
	l := i.link
	if r.Kind == resp.SimpleString || r.Kind == resp.ErrorReply {
		switch {
		case hasPrefix(r.Str, "PONG", "LOADING", "MASTERDOWN"):
			l.lastGood, l.pingSince = s.now(), 0
			if hasPrefix(r.Str, "PONG") {
				i.flags &^= masterReboot
			}
		case hasPrefix(r.Str, "BUSY") && i.Is(SDown) && !i.Is(scriptKillSent):
			s.send(l.commands, i, nil, "SCRIPT", "KILL")
			i.flags |= scriptKillSent
		}
	}
	l.lastAnswer = s.now()
}

// sendPeriodic sends what is sent from time to time: INFO, PING and hello.
func (s *Sentinel) sendPeriodic(i *Instance) {
	l, now := i.link, s.now()
	if l.disconnected || l.pending >= mostPending*l.users {
		return
	}
	infoPeriod := s.times.info
	// Replicas are looked at closely while one may become the master.
	if i.Is(Replica) && (i.master.Is(ODown|failoverInProgress) || i.linkDown != 0) {
		infoPeriod = 1000
	}
	if !i.Is(Other) && (i.infoAt == 0 || now-i.infoAt > infoPeriod) {
		s.send(l.commands, i, s.informed, "INFO")
	}
	if period := min(i.downAfter, s.times.ping); now-l.lastAnswer > period && now-l.lastPing > period/2 {
		s.ping(i)
	}
	if now-i.lastPublished > s.times.publish {
		s.sendHello(i)
	}
}

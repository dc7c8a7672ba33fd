package cluster

// Conn is a connection of the bus, as the host has it.
type Conn interface {
	// Send takes over a message, and neither waits nor fails.
	Send(b []byte)
	Close()
	// Waiting is how many bytes were not yet sent.
	Waiting() int
	// LocalIP and PeerIP are the addresses of both ends.
	LocalIP() string
	PeerIP() string
}

// Link is a connection to a node, or one that a node has opened.
type Link struct {
	Node    *Node // nil: not known yet, of an inbound link
	Inbound bool
	Created int64 // ms since 1970
	conn    Conn  // nil until it is open
	closed  bool
	cluster *Cluster
}

// Waiting is how many bytes were not yet sent.
func (l *Link) Waiting() int {
	if l.conn == nil {
		return 0
	}
	return l.conn.Waiting()
}

// open begins to connect to a node.
func (c *Cluster) open(n *Node) {
	l := &Link{Node: n, Created: c.now(), cluster: c}
	n.To = l
	c.host.Dial(l, n.IP, n.BusPort)
}

// Opened takes over the connection that Host.Dial was asked for.
func (c *Cluster) Opened(l *Link, conn Conn) {
	if l.closed {
		conn.Close()
		return
	}
	l.conn = conn
	n := l.Node
	kind, sent := kindPing, n.PingSent
	if n.Is(Meet) {
		kind = kindMeet
	}
	c.sendPing(l, kind)
	if sent != 0 {
		n.PingSent = sent // it counts from the first that was not answered
	}
	n.Flags &^= Meet
	c.Settle()
}

// Accept takes over a connection that somebody has opened.
func (c *Cluster) Accept(conn Conn) *Link {
	return &Link{Inbound: true, Created: c.now(), conn: conn, cluster: c}
}

// Closed says that a connection is gone, or could not be opened.
func (c *Cluster) Closed(l *Link) {
	if n := l.Node; !l.Inbound && n != nil && n.To == l && n.PingSent == 0 {
		n.PingSent = c.now() // a node that can't be reached does not answer
	}
	l.close()
	c.Settle()
}

func (l *Link) close() {
	if l == nil || l.closed {
		return
	}
	l.closed = true
	if l.conn != nil {
		l.conn.Close()
	}
	if n := l.Node; n != nil {
		if n.To == l {
			n.To = nil
		}
		if n.From == l {
			n.From = nil
		}
	}
}

// CloseLinks closes the links to a node, those from it, or both.
func (c *Cluster) CloseLinks(n *Node, to, from bool) {
	if to {
		n.To.close()
	}
	if from {
		n.From.close()
	}
}

func (c *Cluster) send(l *Link, m *message) {
	if l == nil || l.conn == nil || l.closed {
		return
	}
	l.conn.Send(m.encode())
	c.Sent[m.kind]++
}

// broadcast sends a message to all nodes that there are links to.
func (c *Cluster) broadcast(m *message) {
	b := m.encode()
	for _, n := range c.nodes {
		if n.To == nil || n.To.conn == nil || n.Is(Myself|Handshake) {
			continue
		}
		n.To.conn.Send(b)
		c.Sent[m.kind]++
	}
}

// head returns a message with what each one says of its sender.
func (c *Cluster) head(k kind) *message {
	s, of := c.settings(), c.Me.Primary()
	m := &message{
		kind: k, sender: c.Me.ID, flags: c.Me.Flags, ip: s.IP, slots: &of.Slots, down: !c.up,
		currentEpoch: c.CurrentEpoch, configEpoch: of.ConfigEpoch, offset: c.host.Offset(),
		port: s.Port, otherPort: s.TLSPort, busPort: s.BusPort,
	}
	if s.TLS {
		m.port, m.otherPort = s.TLSPort, s.Port
	}
	if c.Me.Master != nil {
		m.master = c.Me.Master.ID
	}
	if c.Me.Is(Master) && c.manual.until != 0 {
		m.marks |= markPaused
	}
	return m
}

// Publish sends a message of a client to the other nodes: to all, or with a
// shard channel to those of this shard.
func (c *Cluster) Publish(channel, text []byte, sharded bool) {
	m := c.head(kindPublish)
	m.channel, m.text = channel, text
	if !sharded {
		c.broadcast(m)
		return
	}
	m.kind = kindPublishShard
	for _, n := range c.nodes {
		if n.ShardID == c.Me.ShardID && !n.Is(Myself|Handshake) {
			c.send(n.To, m)
		}
	}
}

package cluster

import (
	"fmt"
	"net/netip"
)

// Meet begins a handshake with the node at an address, and reports whether the
// address is one.
func (c *Cluster) Meet(ip string, port, busPort int64) bool {
	addr, err := netip.ParseAddr(ip)
	if err != nil || addr.Zone() != "" || port <= 0 || port > 65535 || busPort <= 0 || busPort > 65535 {
		return false
	}
	n := c.newNode(c.host.NewID(), Handshake|Meet)
	n.IP, n.BusPort = addr.String(), int(busPort)
	n.setPorts(c.settings().TLS, int(port), 0)
	for _, m := range c.nodes {
		if m.Is(Handshake) && m.IP == n.IP && m.Port == n.Port && m.TLSPort == n.TLSPort && m.BusPort == n.BusPort {
			return true // it is under way
		}
	}
	c.add(n)
	return true
}

// setPorts sets the ports for clients: with TLS and without, as the bus has
// them: first the one that the bus uses itself.
func (n *Node) setPorts(tls bool, port, other int) {
	n.Port, n.TLSPort = port, other
	if tls {
		n.Port, n.TLSPort = other, port
	}
}

// sendPing sends a ping, a pong or a meet, with gossip about some other nodes,
// and about all that this node can't reach, so that reports of failures spread.
func (c *Cluster) sendPing(l *Link, k kind) {
	c.pings++
	m := c.head(k)
	fresh := len(c.nodes) - 2 // neither this node nor the receiver
	wanted := min(max(len(c.nodes)/10, 3), fresh)
	if !l.Inbound && k == kindPing {
		l.Node.PingSent = c.now()
	}
	for tries := wanted * 3; tries > 0 && fresh > 0 && len(m.gossip) < wanted; tries-- {
		n := c.nodes[c.host.IntN(len(c.nodes))]
		switch {
		case n == c.Me, n == l.Node, n.Is(PFail), n.gossiped == c.pings:
			continue
		case n.Is(Handshake | NoAddr), n.To == nil && n.count == 0:
			fresh--
			continue
		}
		m.gossip = append(m.gossip, c.gossipOf(n))
		n.gossiped = c.pings
		fresh--
	}
	if c.failing > 0 {
		for _, n := range c.nodes {
			if n.Is(PFail) && !n.Is(Handshake|NoAddr) {
				m.gossip = append(m.gossip, c.gossipOf(n))
			}
		}
	}
	m.extensions = c.extensions()
	c.send(l, m)
}

func (c *Cluster) gossipOf(n *Node) gossip {
	g := gossip{
		id: n.ID, pingSent: uint32(n.PingSent / 1000), pongReceived: uint32(n.PongReceived / 1000),
		ip: n.IP, port: n.Port, otherPort: n.TLSPort, busPort: n.BusPort, flags: n.Flags,
	}
	if c.settings().TLS {
		g.port, g.otherPort = g.otherPort, g.port
	}
	return g
}

func (c *Cluster) extensions() (all []extension) {
	text := func(kind uint16, s string) {
		if s != "" {
			all = append(all, extension{kind, append([]byte(s), 0)})
		}
	}
	text(extHostname, c.Me.Hostname)
	text(extName, c.Me.Name)
	for id, until := range c.forgotten {
		if left := (until - c.now()) / 1000; left > 0 {
			all = append(all, extension{extForgotten, be.AppendUint64([]byte(id), uint64(left))})
		}
	}
	return append(all, extension{extShard, []byte(c.Me.ShardID)})
}

// broadcastPong sends a pong to all nodes that are not in a handshake, or to
// those that are wanted.
func (c *Cluster) broadcastPong(wanted func(*Node) bool) {
	for _, n := range c.nodes {
		if n.To != nil && !n.Is(Myself|Handshake) && (wanted == nil || wanted(n)) {
			c.sendPing(n.To, kindPong)
		}
	}
}

// Receive takes in a message that came by a link. It keeps nothing of b.
func (c *Cluster) Receive(l *Link, b []byte) {
	if l.closed {
		return
	}
	if k := kind(be.Uint16(b[atKind:])); k < kinds {
		c.Received[k]++
	}
	m, err := decode(b)
	if err != nil {
		c.log.Warn("Received invalid packet on the cluster bus", "length", len(b))
		return
	}
	c.receive(l, m)
	c.Settle()
}

func (c *Cluster) receive(l *Link, m *message) {
	now := c.now()
	var sender *Node
	if l.Node != nil && !l.Node.Is(Handshake) {
		sender = l.Node
	} else if sender = c.byID[m.sender]; sender != nil && l.Node == nil {
		sender.From.close()
		sender.From, l.Node = l, sender
	}
	if sender != nil {
		sender.dataReceived = now
		if !sender.Is(Handshake) {
			c.heardOf(sender, m)
		}
	}
	switch m.kind {
	case kindPing, kindPong, kindMeet:
		c.receivePing(l, sender, m)
		return
	}
	if sender == nil {
		return // whoever that is
	}
	switch m.kind {
	case kindFail:
		if n := c.byID[m.about]; n != nil && !n.Is(Fail|Myself) {
			c.log.Info("FAIL message received from " + sender.LogName() + " about " + n.LogName())
			n.Flags = n.Flags&^PFail | Fail
			n.failed = now
			c.todo |= todoSave | todoState
		}
	case kindPublish, kindPublishShard:
		c.host.Publish(m.channel, m.text, m.kind == kindPublishShard)
	case kindAuthRequest:
		c.vote(sender, m)
	case kindAuthAck:
		if sender.Is(Master) && sender.count > 0 && m.currentEpoch >= c.election.epoch {
			c.election.votes++
			c.todo |= todoFailover
		}
	case kindManualStart:
		c.startPause(l, sender)
	case kindUpdate:
		n := c.byID[m.about]
		if n == nil || n.ConfigEpoch >= m.epoch {
			return
		}
		c.setMaster(n)
		n.ConfigEpoch = m.epoch
		c.todo |= todoSave | todoSync
		c.claim(n, m.epoch, m.claimed)
	}
}

// heardOf takes over what the head of every message says of its sender.
func (c *Cluster) heardOf(sender *Node, m *message) {
	c.CurrentEpoch = max(c.CurrentEpoch, m.currentEpoch)
	if m.configEpoch > sender.ConfigEpoch {
		sender.ConfigEpoch = m.configEpoch
		c.todo |= todoSave | todoSync
	}
	sender.Offset = m.offset
	if c.manual.until != 0 && c.Me.Is(Replica) && c.Me.Master == sender && m.marks&markPaused != 0 && c.manual.masterOffset == -1 {
		c.manual.masterOffset = sender.Offset
		c.todo |= todoManual
		c.log.Info(fmt.Sprintf("Received replication offset for paused master manual failover: %d", sender.Offset))
	}
}

func (c *Cluster) receivePing(l *Link, sender *Node, m *message) {
	if m.kind != kindPong {
		if (m.kind == kindMeet || c.Me.IP == "") && c.settings().IP == "" {
			if ip := l.conn.LocalIP(); ip != "" && ip != c.Me.IP {
				c.Me.IP = ip
				c.log.Info("IP address for this node updated to " + ip)
				c.todo |= todoSave
			}
		}
		if sender == nil && m.kind == kindMeet {
			// Its true id comes with the pong on a link of our own.
			n := c.newNode(c.host.NewID(), Handshake)
			n.IP, n.BusPort = addressOf(l, m), m.busPort
			n.setPorts(c.settings().TLS, m.port, m.otherPort)
			c.add(n)
			c.todo |= todoSave
		}
		c.sendPing(l, kindPong)
	}
	if !l.Inbound && !c.greet(l, sender, m) {
		return
	}
	if sender != nil {
		sender.Flags = sender.Flags&^NoFailover | m.flags&NoFailover
		if m.kind == kindPing && !sender.Is(Handshake) && c.updateAddress(sender, l, m) {
			c.todo |= todoSave | todoState
		}
	}
	if !l.Inbound && m.kind == kindPong {
		n := l.Node
		n.PongReceived, n.PingSent = c.now(), 0
		if n.Is(PFail) {
			n.Flags &^= PFail
			c.todo |= todoSave | todoState
		} else if n.Is(Fail) {
			c.recover(n)
		}
	}
	if sender == nil {
		return
	}
	c.roleOf(sender, m)
	c.slotsOf(sender, m)
	c.hearGossip(sender, m)
	c.hearExtensions(sender, m)
}

// greet ends a handshake on a link of this node's. It reports whether the link
// is still good.
func (c *Cluster) greet(l *Link, sender *Node, m *message) bool {
	n := l.Node
	switch {
	case n.Is(Handshake) && sender != nil:
		// A node that is known already, perhaps by another address.
		if c.updateAddress(sender, l, m) {
			c.todo |= todoSave | todoState
		}
		c.remove(n)
		return false
	case n.Is(Handshake):
		if !validID(m.sender) {
			return false
		}
		c.rename(n, m.sender)
		n.Flags = n.Flags&^Handshake | m.flags&(Master|Replica)
		c.todo |= todoSave
	case n.ID != m.sender:
		// Somebody else lives at this address now.
		n.Flags |= NoAddr
		n.IP, n.Port, n.TLSPort, n.BusPort = "", 0, 0, 0
		l.close()
		c.todo |= todoSave
		return false
	}
	return true
}

// addressOf returns the address of who sent a message.
func addressOf(l *Link, m *message) string {
	if m.ip != "" {
		return m.ip
	}
	return l.conn.PeerIP()
}

// updateAddress takes over a new address of a node, and reports whether it has
// one.
func (c *Cluster) updateAddress(n *Node, l *Link, m *message) bool {
	if l == n.To {
		return false
	}
	was := *n
	ip := addressOf(l, m)
	n.setPorts(c.settings().TLS, m.port, m.otherPort)
	n.IP, n.BusPort = ip, m.busPort
	if was.IP == n.IP && was.Port == n.Port && was.TLSPort == n.TLSPort && was.BusPort == n.BusPort {
		return false
	}
	n.To.close()
	n.Flags &^= NoAddr
	c.log.Info(fmt.Sprintf("Address updated for node %s, now %s:%d", n.LogName(), n.IP, n.ClientPort(c.settings().TLS)))
	if c.Me.Master == n {
		c.host.Follow(n.IP, n.ClientPort(c.settings().TLS))
	}
	return true
}

// roleOf takes over whether the sender is a master, or whose replica.
func (c *Cluster) roleOf(sender *Node, m *message) {
	if m.master == "" {
		c.setMaster(sender)
		return
	}
	master := c.byID[m.master]
	if sender.Is(Master) {
		switch {
		case master == nil || master.ShardID != sender.ShardID:
			count := c.release(sender)
			c.log.Info(fmt.Sprintf("Node %s is no longer master of shard %s; removed all %d slot(s) it used to own", sender.LogName(), sender.ShardID, count))
		case sender.ConfigEpoch > m.configEpoch:
			c.log.Info(fmt.Sprintf("Ignore stale message from %s in shard %s; gossip config epoch: %d, current config epoch: %d",
				sender.LogName(), sender.ShardID, m.configEpoch, sender.ConfigEpoch))
		default:
			count := c.hand(sender, master)
			c.setMaster(master)
			master.ConfigEpoch = m.configEpoch
			c.log.Info(fmt.Sprintf("A failover occurred in shard %s; node %s lost %d slot(s) to node %s with a config epoch of %d",
				sender.ShardID, sender.LogName(), count, master.LogName(), master.ConfigEpoch))
		}
		sender.Flags = sender.Flags&^(Master|MigrateTo) | Replica
		c.todo |= todoSave | todoState
	}
	if master != nil && sender.Master != master {
		if sender.Master != nil {
			sender.Master.dropReplica(sender)
		}
		master.addReplica(sender)
		sender.Master = master
		c.setShard(sender, master.ShardID)
		c.todo |= todoSave
	}
}

// slotsOf takes over which slots the sender, or its master, serves. A sender with
// an old view gets an UPDATE.
func (c *Cluster) slotsOf(sender *Node, m *message) {
	of := sender
	if sender.Is(Replica) {
		of = sender.Master
	}
	if of != nil && of.Slots != *m.slots {
		if sender.Is(Master) {
			c.claim(sender, m.configEpoch, m.slots)
		}
		for slot := range c.slots {
			if owner := c.slots[slot]; m.slots.Has(slot) && owner != sender && !c.free(slot) && owner.ConfigEpoch > m.configEpoch {
				u := c.head(kindUpdate)
				u.about, u.epoch, u.claimed = owner.ID, owner.ConfigEpoch, &owner.Slots
				c.send(sender.To, u)
				break
			}
		}
	}
	// Two masters with one epoch: the one with the smaller id takes a new one.
	if c.Me.Is(Master) && sender.Is(Master) && m.configEpoch == c.Me.ConfigEpoch && sender.ConfigEpoch == c.Me.ConfigEpoch && sender.ID > c.Me.ID {
		c.CurrentEpoch++
		c.Me.ConfigEpoch = c.CurrentEpoch
		c.todo |= todoSave | todoSync
		c.log.Debug("WARNING: configEpoch collision with node "+sender.LogName(), "epoch", c.Me.ConfigEpoch)
	}
}

func (c *Cluster) hearGossip(sender *Node, m *message) {
	for _, g := range m.gossip {
		if !validID(g.id) {
			c.log.Warn("Node " + sender.LogName() + " gossiped nodes with invalid IDs.")
			return
		}
	}
	for _, g := range m.gossip {
		n := c.byID[g.id]
		bad := g.flags&(PFail|Fail) != 0
		switch {
		case n == nil:
			if g.flags&NoAddr == 0 && !c.Forgotten(g.id) {
				n = c.newNode(g.id, g.flags&^(Myself|MigrateTo))
				n.IP, n.BusPort = g.ip, g.busPort
				n.setPorts(c.settings().TLS, g.port, g.otherPort)
				c.add(n)
			}
			continue
		case n == c.Me:
			continue
		}
		if sender.Is(Master) {
			_, reported := n.reports[sender]
			if bad {
				n.reports[sender] = c.now()
				c.judge(n)
			} else {
				delete(n.reports, sender)
			}
			if bad != reported {
				c.log.Debug(fmt.Sprintf("Node %s reported node %s: reachable %t", sender.LogName(), n.LogName(), !bad))
			}
		}
		if !bad && n.PingSent == 0 && c.FailureReports(n) == 0 {
			if at := int64(g.pongReceived) * 1000; at <= c.now()+500 && at > n.PongReceived {
				n.PongReceived = at
			}
		}
		// Another node reaches it, at another address.
		if n.Is(PFail|Fail) && g.flags&NoAddr == 0 && !bad {
			was := *n
			n.setPorts(c.settings().TLS, g.port, g.otherPort)
			n.IP, n.BusPort = g.ip, g.busPort
			if was.IP != n.IP || was.Port != n.Port || was.TLSPort != n.TLSPort || was.BusPort != n.BusPort {
				n.To.close()
				n.Flags &^= NoAddr
			}
		}
	}
}

func (c *Cluster) hearExtensions(sender *Node, m *message) {
	hostname, name, shard := "", "", sender.Primary().ShardID
	for _, x := range m.extensions {
		switch x.kind {
		case extHostname:
			hostname = word(x.data)
		case extName:
			name = word(x.data)
		case extShard:
			if id := string(x.data); validID(id) {
				shard = id
			}
		case extForgotten:
			if len(x.data) < idLen+8 {
				continue
			}
			n, left := c.byID[string(x.data[:idLen])], be.Uint64(x.data[idLen:])
			if n != nil && n != c.Me && n != sender && c.Me.Master != n {
				c.forgotten[n.ID] = c.now() + int64(min(left, forgottenFor/1000*10))*1000
				c.remove(n)
				c.todo |= todoState | todoSave
			}
		}
	}
	if sender.Hostname != hostname || sender.Name != name {
		sender.Hostname, sender.Name = hostname, name
		c.todo |= todoSave
	}
	c.setShard(sender, shard)
}

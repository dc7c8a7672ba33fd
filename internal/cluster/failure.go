package cluster

// FailureReports returns how many masters have said of late that a node fails.
func (c *Cluster) FailureReports(n *Node) int {
	oldest := c.now() - failReportLife*c.settings().NodeTimeout
	for m, at := range n.reports {
		if at < oldest {
			delete(n.reports, m)
		}
	}
	return len(n.reports)
}

// judge marks a node that this one can't reach as failing, and says so to all,
// once most masters agree.
func (c *Cluster) judge(n *Node) {
	if !n.Is(PFail) || n.Is(Fail) {
		return
	}
	reports := c.FailureReports(n)
	if c.Me.Is(Master) {
		reports++
	}
	if reports < c.quorum() {
		return
	}
	c.log.Info("Marking node " + n.LogName() + " as failing (quorum reached).")
	n.Flags = n.Flags&^PFail | Fail
	n.failed = c.now()
	m := c.head(kindFail)
	m.about = n.ID
	c.broadcast(m)
	c.todo |= todoState | todoSave
}

func (c *Cluster) quorum() int { return c.size/2 + 1 }

// recover takes the mark from a failing node that can be reached again: at once
// if it serves nothing, after some time if nobody has taken over.
func (c *Cluster) recover(n *Node) {
	switch {
	case n.Is(Replica):
		c.log.Info("Clear FAIL state for node " + n.LogName() + ":replica is reachable again.")
	case n.count == 0:
		c.log.Info("Clear FAIL state for node " + n.LogName() + ":master without slots is reachable again.")
	case c.now()-n.failed > failUndo*c.settings().NodeTimeout:
		c.log.Info("Clear FAIL state for node " + n.LogName() + ": is reachable again and nobody is serving its slots after some time.")
	default:
		return
	}
	n.Flags &^= Fail
	c.todo |= todoState | todoSave
}

// Tick does what depends on time. It is called ten times a second.
func (c *Cluster) Tick() {
	c.ticks++
	now, s := c.now(), c.settings()
	c.Refresh()
	c.failing = 0
	for _, n := range append([]*Node(nil), c.nodes...) {
		for _, l := range []*Link{n.To, n.From} {
			if l != nil && s.LinkSendLimit > 0 && l.Waiting() > s.LinkSendLimit {
				c.log.Warn("Freeing cluster link due to exceeding send buffer memory limit.", "node", n.ID, "inbound", l.Inbound, "bytes", l.Waiting())
				l.close()
				c.LimitExceeded++
			}
		}
		if n.Is(Myself | NoAddr) {
			continue
		}
		if n.Is(PFail) {
			c.failing++
		}
		if n.Is(Handshake) && now-n.created > max(s.NodeTimeout, 1000) {
			c.remove(n)
			continue
		}
		if n.To == nil {
			c.open(n)
		}
	}
	if c.ticks%10 == 0 {
		c.pingSomebody()
	}
	orphans, most, mine := c.watch(now, s)
	c.manualTimeout(now)
	if c.Me.Is(Replica) {
		c.stepManualFailover()
		c.stepFailover()
		if orphans > 0 && most >= 2 && mine == most && s.AllowReplicaMigration {
			c.migrateReplica(most)
		}
	}
	if !c.up {
		c.todo |= todoState
	}
	c.Settle()
}

// pingSomebody pings the one of a few random nodes that was silent for longest.
func (c *Cluster) pingSomebody() {
	var oldest *Node
	for range 5 {
		n := c.nodes[c.host.IntN(len(c.nodes))]
		if n.To == nil || n.To.conn == nil || n.PingSent != 0 || n.Is(Myself|Handshake) {
			continue
		}
		if oldest == nil || n.PongReceived < oldest.PongReceived {
			oldest = n
		}
	}
	if oldest != nil {
		c.sendPing(oldest.To, kindPing)
	}
}

// watch looks at all nodes: who is to be pinged, whose link seems dead, who does
// not answer. For a replica it counts masters without replicas that work, the
// most such replicas that a master has, and those of its own.
func (c *Cluster) watch(now int64, s *Settings) (orphans, most, mine int) {
	for _, n := range append([]*Node(nil), c.nodes...) {
		if n.Is(Myself | NoAddr | Handshake) {
			continue
		}
		if c.Me.Is(Replica) && n.Is(Master) && !n.Is(Fail) {
			good := n.replicasWithout(Fail)
			if good == 0 && n.count > 0 && n.Is(MigrateTo) {
				orphans++
			}
			most = max(most, good)
			if c.Me.Master == n {
				mine = good
			}
		}
		silent := min(now-n.PingSent, now-n.dataReceived)
		if n.To != nil && now-n.To.Created > s.NodeTimeout && n.PingSent != 0 && silent > s.NodeTimeout/2 {
			n.To.close()
		}
		open := n.To != nil && n.To.conn != nil
		interval := s.PingInterval
		if interval == 0 {
			interval = s.NodeTimeout / 2
		}
		if open && n.PingSent == 0 && now-n.PongReceived > interval {
			c.sendPing(n.To, kindPing)
			continue
		}
		// The replica of a manual failover hears the offset of its paused master.
		if open && c.manual.until != 0 && c.Me.Is(Master) && c.manual.replica == n {
			c.sendPing(n.To, kindPing)
			continue
		}
		if n.PingSent != 0 && silent > s.NodeTimeout && !n.Is(PFail|Fail) {
			n.Flags |= PFail
			c.todo |= todoState
			if c.Me.Is(Master) && c.size == 1 {
				c.judge(n) // there is nobody to agree with
			}
		}
	}
	return orphans, most, mine
}

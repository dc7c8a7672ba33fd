package cluster

import "fmt"

// election is that of this replica, after its master has failed.
type election struct {
	at    int64 // when it begins, or began
	votes int
	sent  bool // the masters were asked
	rank  int  // how many replicas of this master have newer data
	epoch uint64
	why   string // why there is none; so that it is logged once
}

// manual is a failover that somebody has asked for.
type manual struct {
	until        int64 // 0: there is none
	replica      *Node // of a master: who takes over
	masterOffset int64 // of a replica: where the paused master stands; -1: not known
	ready        bool
}

// Failover begins a manual failover of this replica. With force it does not
// wait for its master, with takeover for nobody.
func (c *Cluster) Failover(force, takeover bool) {
	c.resetManual()
	c.manual.until = c.now() + manualFailoverTimeout
	switch {
	case takeover:
		c.log.Info("Taking over the master (user request).")
		c.BumpEpoch()
		c.replaceMaster()
	case force:
		c.log.Info("Forced failover user request accepted.")
		c.manual.ready = true
	default:
		c.log.Info("Manual failover user request accepted.")
		c.send(c.Me.Master.To, c.head(kindManualStart))
	}
	c.todo |= todoManual
}

// FailingOver reports whether a manual failover is under way that this node has a
// part in.
func (c *Cluster) FailingOver() bool { return c.manual.until != 0 }

func (c *Cluster) resetManual() {
	if c.manual.replica != nil {
		c.host.ResumeWrites()
	}
	c.manual = manual{masterOffset: -1}
}

func (c *Cluster) manualTimeout(now int64) {
	if c.manual.until != 0 && c.manual.until < now {
		c.log.Warn("Manual failover timed out.")
		c.resetManual()
	}
}

// startPause holds back writes for a replica that is to take over.
func (c *Cluster) startPause(l *Link, replica *Node) {
	if replica.Master != c.Me {
		return
	}
	c.resetManual()
	now := c.now()
	c.manual.until, c.manual.replica = now+manualFailoverTimeout, replica
	c.host.PauseWrites(now + 2*manualFailoverTimeout)
	c.log.Info("Manual failover requested by replica " + replica.LogName() + ".")
	c.sendPing(l, kindPing)
}

// stepManualFailover lets the failover begin when this replica has all that its
// paused master wrote.
func (c *Cluster) stepManualFailover() {
	if c.manual.until == 0 || c.manual.ready || c.manual.masterOffset == -1 {
		return
	}
	if c.manual.masterOffset == c.host.Offset() {
		c.manual.ready = true
		c.log.Info("All master replication stream processed, manual failover can start.")
		c.todo |= todoFailover
	}
}

// vote answers a replica that wants to replace its master.
func (c *Cluster) vote(replica *Node, m *message) {
	if c.Me.Is(Replica) || c.Me.count == 0 {
		return
	}
	deny := func(format string, args ...any) {
		c.log.Warn("Failover auth denied to " + replica.LogName() + ": " + fmt.Sprintf(format, args...))
	}
	master := replica.Master
	wait := int64(0)
	if master != nil {
		wait = 2*c.settings().NodeTimeout - (c.now() - master.voted)
	}
	switch {
	case m.currentEpoch < c.CurrentEpoch:
		deny("reqEpoch (%d) < curEpoch(%d)", m.currentEpoch, c.CurrentEpoch)
		return
	case c.lastVote == c.CurrentEpoch:
		deny("already voted for epoch %d", c.CurrentEpoch)
		return
	case replica.Is(Master):
		deny("it is a master node")
		return
	case master == nil:
		deny("I don't know its master")
		return
	case !master.Is(Fail) && m.marks&markForce == 0:
		deny("its master is up")
		return
	case wait > 0:
		deny("can't vote about this master before %d milliseconds", wait)
		return
	}
	for slot := range c.slots {
		if m.slots.Has(slot) && !c.free(slot) && c.slots[slot].ConfigEpoch > m.configEpoch {
			deny("slot %d epoch (%d) > reqEpoch (%d)", slot, c.slots[slot].ConfigEpoch, m.configEpoch)
			return
		}
	}
	c.lastVote = c.CurrentEpoch
	master.voted = c.now()
	// The vote has to be on disk before it is given: a node that restarts must not vote twice.
	c.save(true)
	c.send(replica.To, c.head(kindAuthAck))
	c.log.Info(fmt.Sprintf("Failover auth granted to %s for epoch %d", replica.LogName(), c.CurrentEpoch))
}

// rank counts the replicas of this node's master with newer data.
func (c *Cluster) rank() (rank int) {
	mine := c.host.Offset()
	for _, r := range c.Me.Master.Replicas {
		if r != c.Me && !r.Is(NoFailover) && r.Offset > mine {
			rank++
		}
	}
	return rank
}

func (c *Cluster) cannot(why string) {
	if why == c.election.why {
		return
	}
	c.election.why = why
	if m := c.Me.Master; m != nil && m.Is(Fail) && c.now()-m.failed < c.settings().NodeTimeout+5000 {
		return // as it should be, so early
	}
	c.log.Info("Currently unable to failover: " + why)
}

// stepFailover goes on with the election of this replica, if its master has
// failed or a manual failover is ready.
func (c *Cluster) stepFailover() {
	now, s, e := c.now(), c.settings(), &c.election
	manual := c.manual.until != 0 && c.manual.ready
	master := c.Me.Master
	if c.Me.Is(Master) || master == nil || !master.Is(Fail) && !manual || s.ReplicaNoFailover && !manual || master.count == 0 {
		e.why = ""
		return
	}
	// Replicas with old data stay what they are.
	age := c.host.MasterSilence()
	if age > s.NodeTimeout {
		age -= s.NodeTimeout
	}
	if s.ReplicaValidityFactor != 0 && age > s.ReplicaPingPeriod+s.NodeTimeout*s.ReplicaValidityFactor && !manual {
		c.cannot("Disconnected from master for longer than allowed. Please check the 'cluster-replica-validity-factor' configuration option.")
		return
	}
	timeout := max(2*s.NodeTimeout, 2000)
	since := now - e.at
	if since > 2*timeout {
		*e = election{at: now + electionDelay + int64(c.host.IntN(electionDelay)), rank: c.rank(), epoch: e.epoch}
		e.at += int64(e.rank) * 1000
		if c.manual.until != 0 {
			e.at, e.rank = now, 0
			c.todo |= todoFailover
		}
		c.log.Info(fmt.Sprintf("Start of election delayed for %d milliseconds (rank #%d, offset %d).", e.at-now, e.rank, c.host.Offset()))
		// The other replicas hear of our offset, and rank themselves by it.
		c.broadcastPong(func(n *Node) bool { return n.Is(Replica) && n.Master == master })
		return
	}
	if !e.sent && c.manual.until == 0 {
		if rank := c.rank(); rank > e.rank {
			delay := int64(rank-e.rank) * 1000
			e.at, e.rank = e.at+delay, rank
			c.log.Info(fmt.Sprintf("Replica rank updated to #%d, added %d milliseconds of delay.", rank, delay))
		}
	}
	switch {
	case now < e.at:
		c.cannot("Waiting the delay before I can start a new failover.")
	case since > timeout:
		c.cannot("Failover attempt expired.")
	case !e.sent:
		c.CurrentEpoch++
		e.epoch = c.CurrentEpoch
		c.log.Info(fmt.Sprintf("Starting a failover election for epoch %d.", c.CurrentEpoch))
		m := c.head(kindAuthRequest)
		if c.manual.until != 0 {
			m.marks |= markForce
		}
		e.sent = true
		c.broadcast(m)
		c.todo |= todoSave | todoState | todoSync
	case e.votes >= c.quorum():
		c.log.Info("Failover election won: I'm the new master.")
		if c.Me.ConfigEpoch < e.epoch {
			c.Me.ConfigEpoch = e.epoch
			c.log.Info(fmt.Sprintf("configEpoch set to %d after successful failover", e.epoch))
		}
		c.replaceMaster()
	default:
		c.cannot("Waiting for votes, but majority still not reached.")
	}
}

// replaceMaster makes this replica the master of what its master served, and
// says so to all.
func (c *Cluster) replaceMaster() {
	old := c.Me.Master
	if c.Me.Is(Master) || old == nil {
		return
	}
	c.setMaster(c.Me)
	c.host.Lead()
	c.hand(old, c.Me)
	c.updateState()
	c.save(true)
	c.broadcastPong(nil)
	c.resetManual()
}

// migrateReplica moves this replica to a master that has none, if this one's
// has enough, and this is the one to go: of the masters with most replicas the
// replica with the smallest id.
func (c *Cluster) migrateReplica(most int) {
	master := c.Me.Master
	if !c.up || master == nil || master.replicasWithout(Fail|PFail) <= c.settings().MigrationBarrier {
		return
	}
	var target *Node
	candidate := c.Me
	for _, n := range c.nodes {
		good := 0
		if n.Is(Master) {
			good = n.replicasWithout(Fail)
		}
		if n.Is(Master) && !n.Is(Fail) && n.Is(MigrateTo) && good == 0 {
			if target == nil && n.count > 0 {
				target = n
			}
			if n.orphaned == 0 {
				n.orphaned = c.now()
			}
		} else {
			n.orphaned = 0
		}
		if good == most {
			for _, r := range n.Replicas {
				if r.ID < candidate.ID {
					candidate = r
				}
			}
		}
	}
	if target != nil && candidate == c.Me && c.now()-target.orphaned > migrationDelay {
		c.log.Info("Migrating to orphaned master " + target.ID)
		c.Follow(target)
	}
}

package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/journal"
	"github.com/resp-server/resp-server/internal/replication"
	"github.com/resp-server/resp-server/internal/spawn"
)

// replicating is the server's part in replication: the history of its data, its
// replicas, and its master if it has one.
type replicating struct {
	dial  func(ctx context.Context, o DialOptions) (net.Conn, error)
	carry func(nc net.Conn, open func(Conn) *Session)

	history  replication.History
	follower follower   // of the stream of effects, while there is a backlog
	replicas []*Session // in the order in which they came
	waits    []ackWait  // commands that wait for replicas
	askAcks  bool       // at the end of the entry
	alone    int64      // since when there are no replicas, in ms
	next     int64      // when replicate is due, in ms; 0: it is not
	rounds   int64      // of replicate
	sending  []*sending // snapshots that are on their way
	// versions of the format of snapshots for replicas that did not take a newer
	// one, by their names.
	versions map[string]int
	sent     uint64 // bytes to replicas that are gone
	obeying  bool   // a command of the master runs

	targets  map[string]*target // of MIGRATE, by their addresses
	master   masterLink
	own      ownKeys
	failover failover

	work spawn.Group // goroutines of snapshots and links
}

func (r *replicating) check(e *Core) error {
	for _, s := range r.replicas {
		if !s.isReplica() || e.sessions[s.ID] != s {
			return fmt.Errorf("session %d is no replica", s.ID)
		}
	}
	for _, a := range r.waits {
		if a.w.s.wait != a.w {
			return fmt.Errorf("client %d does not wait for replicas", a.w.s.ID)
		}
	}
	m := &r.master
	switch up := m.session != nil; {
	case up != (m.state == linkConnected), up && (!e.IsReplica() || e.sessions[m.session.ID] != m.session):
		return fmt.Errorf("the link to the master is in state %v, its session there: %v", m.state, up)
	case len(r.replicas) > 0 && !e.hasBacklog(), e.hasBacklog() != e.follows(&r.follower):
		return errors.New("there are replicas without a backlog, or a backlog that is not fed")
	case (e.IsReplica() || len(r.replicas) > 0) && r.next == 0 && !e.closed:
		return errors.New("nobody looks after the links")
	}
	return nil
}

// ackWait is a command that waits until so many replicas have got to an offset.
type ackWait struct {
	w        *wait
	offset   int64
	replicas int
	synced   bool // to the disks of the replicas
}

// isStale reports whether the data are too old to be read: the server is a replica,
// its link is down, and a setting does not want old data.
func (e *Core) isStale() bool {
	return e.IsReplica() && e.repl.master.session == nil && !e.Config.Replication.ServeStale
}

// ReplicationOutput returns how many bytes replicas were sent.
func (e *Core) ReplicationOutput() uint64 {
	n := e.repl.sent
	for _, s := range e.repl.replicas {
		if s.replica.feed != nil {
			n += s.replica.feed.Total()
		}
	}
	return n
}

// replicationPeriod is how often the state of replication is looked at, in ms.
const replicationPeriod = 1000

// DialOptions say where a connection leads.
type DialOptions struct {
	Host string
	Port int
	// Source is the address that it comes from; "" leaves it to the system.
	Source string
	// Settings say how to encrypt it; nil: it is not encrypted.
	Settings *config.Config
	// Locked: the caller holds the engine's lock, and waits for replies under it.
	Locked bool
}

// History returns the history of the data.
func (e *Core) History() replication.History { return e.repl.history }

// ChangeReplID gives the history another name, and forgets the former one.
func (e *Core) ChangeReplID() { e.repl.history.Begin(e.randomHex(replication.IDLen)) }

// ReplOffset returns the replication offset.
func (e *Core) ReplOffset() int64 {
	if e.journal.stream == nil {
		return 0
	}
	return e.journal.stream.End().Replicas
}

// Backlog returns the state of the backlog.
func (e *Core) Backlog() (b journal.Backlog, memory int64) {
	if e.journal.stream == nil {
		return b, 0
	}
	b = e.journal.stream.Backlog()
	if b.On {
		memory = e.journal.stream.Memory()
	}
	return b, memory
}

// hasBacklog reports whether what happens is kept for replicas.
func (e *Core) hasBacklog() bool { return e.journal.stream != nil && e.journal.stream.Backlog().On }

// startBacklog keeps what happens from an offset on.
func (e *Core) startBacklog(offset int64) {
	stream := e.effectStream()
	stream.SetBacklogSize(e.Config.Replication.BacklogSize)
	stream.StartBacklog(offset)
	e.repl.follower.appended = e.feedReplicas
	e.follow(&e.repl.follower)
	e.watchReplication()
}

func (e *Core) stopBacklog() {
	if e.journal.stream != nil {
		e.journal.stream.StopBacklog()
		e.unfollow(&e.repl.follower)
	}
}

// watchReplication makes sure that the timer fires for replicate.
func (e *Core) watchReplication() {
	if e.repl.next == 0 {
		e.repl.next = e.NowMilli() + replicationPeriod
	}
}

// applyReplication takes over the settings.
func (e *Core) applyReplication() {
	if e.journal.stream != nil && e.journal.stream.Backlog().On {
		e.journal.stream.SetBacklogSize(e.Config.Replication.BacklogSize)
	}
}

// replicateIfDue does once in a second what replication needs.
func (e *Core) replicateIfDue(now int64) {
	r := &e.repl
	if r.next == 0 || now < r.next {
		return
	}
	r.next = 0
	r.rounds++
	e.checkFailover()
	e.tendMaster(now)
	e.tendReplicas(now)
	e.closeTargets(false)
	if e.IsReplica() || len(r.replicas) > 0 || r.failover.state != noFailover || len(r.targets) > 0 ||
		e.hasBacklog() && e.Config.Replication.BacklogTTL > 0 {
		r.next = now + replicationPeriod
	}
}

// tendReplicas pings the replicas, drops those that are silent for too long,
// begins the snapshots that are due, and gives up a backlog that nobody needs.
func (e *Core) tendReplicas(now int64) {
	r, c := &e.repl, &e.Config.Replication
	if r.rounds%c.PingPeriod == 0 && len(r.replicas) > 0 && !e.IsReplica() && !(r.failover.until != 0 && e.isPaused()) {
		e.tellReplicas("ping")
	}
	for _, s := range append([]*Session(nil), r.replicas...) {
		p := s.replica
		switch {
		case p.state == replicaWaits:
			if s.out.Buf = append(s.out.Buf, '\n'); s != e.executing {
				e.markDirty(s)
			}
		case s.isStuck(now):
			e.Log.Warn("Disconnecting timedout replica (full sync): " + s.replicaName())
			s.Kill()
		case p.state == replicaOnline && !p.old && s.conn.FD() >= 0 && now-max(p.acked, s.LastUsed) > c.Timeout*1000:
			e.Log.Warn("Disconnecting timedout replica (streaming sync): " + s.replicaName())
			s.Kill()
		}
	}
	if len(r.replicas) == 0 && c.BacklogTTL > 0 && !e.IsReplica() && e.hasBacklog() && now-r.alone > c.BacklogTTL*1000 {
		r.history.Begin(e.randomHex(replication.IDLen))
		e.stopBacklog()
		e.Log.Info(fmt.Sprintf("Replication backlog freed after %d seconds without connected replicas.", c.BacklogTTL))
	}
	e.syncIfDue(now)
}

// TellReplicas sends a command to replicas that is not carried out here.
func (e *Core) TellReplicas(args [][]byte) {
	if !e.hasBacklog() {
		return
	}
	e.effectStream().Append([]journal.Op{{DB: journal.AnyDB, Args: args, To: journal.Replicas}}, e.now/1e6)
	e.journal.appended = true
}

// tellReplicas appends a command that is for replicas only and touches no data.
func (e *Core) tellReplicas(words ...string) {
	args := make([][]byte, len(words))
	for i, w := range words {
		args[i] = []byte(w)
	}
	e.TellReplicas(args)
}

// feedReplicas has the transports of replicas send what was appended, and ends
// those replicas that lag too far behind.
func (e *Core) feedReplicas() {
	for _, s := range append([]*Session(nil), e.repl.replicas...) {
		s.checkFeed()
		if !s.killed {
			s.wakeFeed()
		}
	}
}

// wakeFeed has the transport look for what there is to send.
func (s *Session) wakeFeed() {
	s.mu.Lock()
	wake := s.feed != nil && !s.writing && !s.attended
	s.mu.Unlock()
	if wake {
		s.conn.Wake()
	}
}

// checkFeed ends a replica that lags too far behind.
func (s *Session) checkFeed() {
	limit := s.e.Config.OutputLimits.Replica
	if s.replica.feed == nil || limit.Hard == 0 && limit.Soft == 0 {
		return
	}
	// A replica may lag behind by what the backlog has: it costs nothing more.
	least := s.e.Config.Replication.BacklogSize
	size, now := s.replica.feed.Waiting(), s.e.NowMilli()
	over := limit.Hard > 0 && size > max(limit.Hard, least)
	if limit.Soft > 0 && size > max(limit.Soft, least) {
		if s.overSince == 0 {
			s.overSince = now
		}
		over = over || now >= s.overSince+(limit.SoftSeconds+1)*1000
	} else {
		s.overSince = 0
	}
	if over {
		s.e.Stats.OutputLimitKills++
		s.e.Log.Warn("Client " + string(s.AppendInfo(nil)) + " scheduled to be closed ASAP for overcoming of output buffer limits.")
		s.Kill()
	}
}

// dataReplaced follows a change of all data that no command made: replicas have
// to get them anew.
func (e *Core) dataReplaced() {
	if e.IsReplica() {
		e.repl.master.cached = false // so that all comes from the master again
		if s := e.repl.master.session; s != nil {
			s.Kill()
		}
		return
	}
	if !e.hasBacklog() {
		return
	}
	e.disconnectReplicas()
	e.stopBacklog()
	e.ChangeReplID()
}

// disconnectReplicas ends the connections of all replicas. They come back.
func (e *Core) disconnectReplicas() {
	for _, s := range append([]*Session(nil), e.repl.replicas...) {
		s.Kill()
	}
}

// endReplication ends the links. What runs in the background ends soon.
func (e *Core) endReplication() {
	e.repl.next = 0
	e.closeTargets(true)
	e.repl.master.giveUp()
	e.repl.master.moved()
}

// replicationAux returns what a snapshot says about the stream that follows it.
func (e *Core) replicationAux() [][2]string {
	m := &e.repl.master
	if known := m.session != nil || m.cached; e.IsReplica() && !known || !e.IsReplica() && !e.hasBacklog() {
		return nil // the history of the data has no name that anybody knows
	}
	return [][2]string{
		{"repl-stream-db", strconv.Itoa(e.repl.master.streamDB())},
		{"repl-id", e.repl.history.ID},
		{"repl-offset", strconv.FormatInt(e.ReplOffset(), 10)},
	}
}

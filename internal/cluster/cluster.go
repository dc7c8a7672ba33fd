// Package cluster is the state of one node of a Redis Cluster: who else there is,
// who serves which slot, who has failed, and who takes over. It speaks the
// cluster bus of Redis 7.4, so that its nodes and real ones make one cluster
// (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/).
//
// It knows no sockets, no clock, no data and no clients. Messages come in by
// Receive, time by Tick; what is to be done goes out by Host. So a test runs a
// whole cluster in one goroutine, in no time, and the same way each time.
//
// A Cluster is not safe for concurrent use: the engine's lock guards it.
package cluster

import (
	"log/slog"
	"slices"
)

// Slots is the number of hash slots.
const Slots = 16384

// Times of the protocol, in ms.
const (
	failReportLife        = 2     // times NodeTimeout
	failUndo              = 2     // times NodeTimeout
	manualFailoverTimeout = 5000  // and the master pauses for twice as long
	migrationDelay        = 5000  // before a replica moves to an orphaned master
	forgottenFor          = 60000 // that a node stays forgotten
	writableDelay         = 2000  // after the start, before a master serves
	rejoinMin, rejoinMax  = 500, 5000
	electionDelay         = 500 // before an election, and as much again at random
)

// Host is the server around a node.
type Host interface {
	// Now is the time in ms since 1970.
	Now() int64
	// IntN returns a random number from 0 to n-1.
	IntN(n int) int
	// NewID returns 40 random hexadecimal digits.
	NewID() string
	// Settings returns what the server is configured to. It may change.
	Settings() *Settings
	// Dial begins to connect to the bus of a node. It calls Opened or Closed
	// with the link later.
	Dial(l *Link, ip string, port int)
	// Keys returns how many keys of a slot there are here, DropKeys deletes them.
	Keys(slot int) int
	DropKeys(slot int)
	// DropChannels ends the subscriptions to the shard channels of a slot.
	DropChannels(slot int)
	// Follow makes the server a replica, Lead a master again.
	Follow(ip string, port int)
	Lead()
	// Empty deletes all data.
	Empty()
	// Offset is the replication offset: of what was written by a master, of what
	// has been processed by a replica.
	Offset() int64
	// MasterSilence is for how many ms a replica has not heard of its master.
	MasterSilence() int64
	// PauseWrites holds back writes until a time, or until ResumeWrites.
	PauseWrites(until int64)
	ResumeWrites()
	// Publish hands a message of another node to the subscribers here.
	Publish(channel, message []byte, sharded bool)
	// Save writes the nodes' file. It returns when the file is on disk if sync
	// is set.
	Save(text []byte, sync bool) error
}

// Settings are the directives that matter to the protocol. Times are in ms.
type Settings struct {
	NodeTimeout           int64 // cluster-node-timeout
	PingInterval          int64 // cluster-ping-interval; 0: half of NodeTimeout
	RequireFullCoverage   bool  // cluster-require-full-coverage
	AllowReplicaMigration bool  // cluster-allow-replica-migration
	MigrationBarrier      int   // cluster-migration-barrier
	ReplicaNoFailover     bool  // cluster-replica-no-failover
	ReplicaValidityFactor int64 // cluster-replica-validity-factor
	ReplicaPingPeriod     int64 // repl-ping-replica-period
	LinkSendLimit         int   // cluster-link-sendbuf-limit; 0: none
	TLS                   bool  // tls-cluster

	IP                     string // cluster-announce-ip, or ""
	Port, TLSPort, BusPort int    // announced; 0 for a kind that is off
	Hostname, Name         string // cluster-announce-hostname, -human-nodename
}

// Cluster is a node and what it knows of the others.
type Cluster struct {
	host Host
	log  *slog.Logger

	Me           *Node
	CurrentEpoch uint64
	up           bool // the cluster serves
	size         int  // masters with slots
	nodes        []*Node
	byID         map[string]*Node
	forgotten    map[string]int64 // when a forgotten node may come back

	slots     [Slots]*Node
	migrating map[int]*Node
	importing map[int]*Node
	// unclaimed are slots whose owner says that it does not serve them any more.
	unclaimed Bitmap

	election  election
	manual    manual
	lastVote  uint64 // the epoch of the last vote given
	failing   int    // nodes with PFail
	ticks     uint64
	pings     uint64
	minority  int64 // when this node was last with a minority of masters
	firstLook int64 // when the state was first computed
	todo      todo

	Sent, Received [kinds]int64
	// LimitExceeded counts links that were closed since too much waited to be sent.
	LimitExceeded int64
}

// todo is what is done once at the end of an entry, whatever asked for it.
type todo uint8

const (
	todoState todo = 1 << iota
	todoSave
	todoSync
	todoFailover
	todoManual
)

// New returns a node that knows nobody and serves nothing.
func New(host Host, log *slog.Logger) *Cluster {
	c := &Cluster{host: host, log: log}
	c.clear()
	c.Me = c.newNode(host.NewID(), Myself|Master)
	c.add(c.Me)
	c.Refresh()
	c.updateState()
	c.todo |= todoSave | todoSync
	return c
}

func (c *Cluster) clear() {
	c.nodes, c.byID, c.forgotten = nil, map[string]*Node{}, map[string]int64{}
	c.migrating, c.importing = map[int]*Node{}, map[int]*Node{}
	c.manual.masterOffset = -1
}

func (c *Cluster) now() int64          { return c.host.Now() }
func (c *Cluster) settings() *Settings { return c.host.Settings() }

// Settings returns what the node is configured to.
func (c *Cluster) Settings() Settings { return *c.settings() }

// Up reports whether the cluster serves, as this node sees it.
func (c *Cluster) Up() bool { return c.up }

// Size returns the number of masters with slots.
func (c *Cluster) Size() int { return c.size }

// Nodes returns all nodes that are known, this one first.
func (c *Cluster) Nodes() []*Node { return c.nodes }

// Node returns the node with an id, or nil.
func (c *Cluster) Node(id string) *Node { return c.byID[id] }

// Owner returns the node that serves a slot, or nil.
func (c *Cluster) Owner(slot int) *Node { return c.slots[slot] }

// Migrating returns where a slot of this node is going, or nil.
func (c *Cluster) Migrating(slot int) *Node { return c.migrating[slot] }

// Importing returns where a slot comes from that this node takes over, or nil.
func (c *Cluster) Importing(slot int) *Node { return c.importing[slot] }

// Forgotten reports whether a node was forgotten a short time ago.
func (c *Cluster) Forgotten(id string) bool {
	c.forgiveNodes()
	_, is := c.forgotten[id]
	return is
}

func (c *Cluster) forgiveNodes() {
	for id, until := range c.forgotten {
		if until < c.now() {
			delete(c.forgotten, id)
		}
	}
}

func (c *Cluster) add(n *Node) {
	c.nodes = append(c.nodes, n)
	c.byID[n.ID] = n
}

// remove forgets a node and what it served.
func (c *Cluster) remove(n *Node) {
	for slot, m := range c.importing {
		if m == n {
			delete(c.importing, slot)
		}
	}
	for slot, m := range c.migrating {
		if m == n {
			delete(c.migrating, slot)
		}
	}
	c.release(n)
	for _, m := range c.nodes {
		delete(m.reports, n)
	}
	for _, r := range n.Replicas {
		r.Master = nil
	}
	if n.Master != nil {
		n.Master.dropReplica(n)
	}
	n.closeLinks()
	delete(c.byID, n.ID)
	c.nodes = slices.DeleteFunc(c.nodes, func(m *Node) bool { return m == n })
}

// rename gives a node of a handshake its true id.
func (c *Cluster) rename(n *Node, id string) {
	delete(c.byID, n.ID)
	n.ID = id
	c.byID[id] = n
}

// Shards returns the nodes by shard, in the order in which the shards became
// known.
func (c *Cluster) Shards() (shards [][]*Node) {
	at := map[string]int{}
	for _, n := range c.nodes {
		i, known := at[n.ShardID]
		if !known {
			i = len(shards)
			at[n.ShardID] = i
			shards = append(shards, nil)
		}
		shards[i] = append(shards[i], n)
	}
	return shards
}

// Settle does what was put off until the end of an entry. Receive and Tick call
// it themselves; whoever calls another method that changes something calls it
// afterwards.
func (c *Cluster) Settle() {
	for rounds := 0; c.todo != 0 && rounds < 8; rounds++ {
		todo := c.todo
		c.todo = 0
		if todo&(todoManual|todoFailover) != 0 && c.Me.Is(Replica) {
			c.stepManualFailover()
			c.stepFailover()
		}
		if todo&todoState != 0 {
			c.updateState()
		}
		if todo&todoSave != 0 {
			c.save(todo&todoSync != 0)
		}
	}
}

// maxEpoch returns the greatest epoch that is known.
func (c *Cluster) maxEpoch() uint64 {
	most := c.CurrentEpoch
	for _, n := range c.nodes {
		most = max(most, n.ConfigEpoch)
	}
	return most
}

// BumpEpoch gives this node an epoch that is greater than all others, without
// asking anybody. It reports whether the node needed one.
func (c *Cluster) BumpEpoch() bool {
	if c.Me.ConfigEpoch != 0 && c.Me.ConfigEpoch == c.maxEpoch() {
		return false
	}
	c.CurrentEpoch++
	c.Me.ConfigEpoch = c.CurrentEpoch
	c.todo |= todoSave | todoSync
	c.log.Info("New configEpoch set", "epoch", c.Me.ConfigEpoch)
	return true
}

// SetConfigEpoch sets the epoch of a new node.
func (c *Cluster) SetConfigEpoch(epoch uint64) {
	c.Me.ConfigEpoch = epoch
	c.CurrentEpoch = max(c.CurrentEpoch, epoch)
	c.todo |= todoState | todoSave
	c.log.Info("configEpoch set via CLUSTER SET-CONFIG-EPOCH", "epoch", epoch)
}

// Refresh takes over the settings that say something of this node.
func (c *Cluster) Refresh() {
	s := c.settings()
	if s.IP != "" {
		c.Me.IP = s.IP
	}
	c.Me.Port, c.Me.TLSPort, c.Me.BusPort = s.Port, s.TLSPort, s.BusPort
	c.Me.Hostname, c.Me.Name = s.Hostname, s.Name
	if was := c.Me.Flags; s.ReplicaNoFailover != (was&NoFailover != 0) {
		c.Me.Flags ^= NoFailover
		c.todo |= todoSave | todoState
	}
}

// updateState computes whether the cluster serves: all slots have a master that
// works, and this node is with most of the masters.
func (c *Cluster) updateState() {
	c.todo &^= todoState
	now, s := c.now(), c.settings()
	if c.firstLook == 0 {
		c.firstLook = now
	}
	// After a start a master waits until it may have heard of what has changed.
	if c.Me.Is(Master) && !c.up && now-c.firstLook < writableDelay {
		return
	}
	up := true
	if s.RequireFullCoverage {
		for _, n := range c.slots {
			if n == nil || n.Is(Fail) {
				up = false
				break
			}
		}
	}
	c.size = 0
	reachable := 0
	for _, n := range c.nodes {
		if n.Is(Master) && n.count > 0 {
			c.size++
			if n.Flags&(Fail|PFail) == 0 {
				reachable++
			}
		}
	}
	if reachable < c.size/2+1 {
		up = false
		c.minority = now
	}
	if up == c.up {
		return
	}
	if up && c.Me.Is(Master) && now-c.minority < min(max(s.NodeTimeout, rejoinMin), rejoinMax) {
		return
	}
	c.up = up
	if up {
		c.log.Info("Cluster state changed: ok")
	} else {
		c.log.Warn("Cluster state changed: fail")
	}
}

// Reset makes the node one that knows nobody, as after CLUSTER RESET. A hard
// reset gives it another id, and epochs of zero.
func (c *Cluster) Reset(hard bool) {
	if c.Me.Is(Replica) {
		c.setMaster(c.Me)
		c.host.Lead()
		c.host.Empty()
	}
	clear(c.migrating)
	clear(c.importing)
	c.resetManual()
	for slot := range c.slots {
		c.delSlot(slot)
	}
	for _, n := range slices.Clone(c.nodes) {
		if n != c.Me {
			c.remove(n)
		}
	}
	clear(c.forgotten)
	if hard {
		c.CurrentEpoch, c.lastVote, c.Me.ConfigEpoch = 0, 0, 0
		c.log.Info("configEpoch set to 0 via CLUSTER RESET HARD")
		c.rename(c.Me, c.host.NewID())
		c.Me.ShardID = c.host.NewID()
		c.log.Info("Node hard reset, now I'm " + c.Me.ID)
	}
	c.todo |= todoSave | todoState | todoSync
}

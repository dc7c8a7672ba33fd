package cluster

import (
	"slices"
	"strings"
)

// Flags say what a node is. Their values are those of the bus.
type Flags uint16

const (
	Master Flags = 1 << iota
	Replica
	PFail // this node can't reach it
	Fail  // most masters can't
	Myself
	Handshake // its id is not known yet
	NoAddr
	Meet      // it is to be sent a MEET
	MigrateTo // a master that replicas may move to
	NoFailover
)

var flagNames = []struct {
	Flags
	name string
}{
	{Myself, "myself"}, {Master, "master"}, {Replica, "slave"}, {PFail, "fail?"}, {Fail, "fail"},
	{Handshake, "handshake"}, {NoAddr, "noaddr"}, {NoFailover, "nofailover"},
}

// String is as CLUSTER NODES shows it.
func (f Flags) String() string {
	var names []string
	for _, n := range flagNames {
		if f&n.Flags != 0 {
			names = append(names, n.name)
		}
	}
	if names == nil {
		return "noflags"
	}
	return strings.Join(names, ",")
}

// Bitmap has a bit for each slot.
type Bitmap [Slots / 8]byte

// Has reports whether a slot is in it.
func (b *Bitmap) Has(slot int) bool { return b[slot/8]&(1<<(slot&7)) != 0 }

func (b *Bitmap) set(slot int)   { b[slot/8] |= 1 << (slot & 7) }
func (b *Bitmap) clear(slot int) { b[slot/8] &^= 1 << (slot & 7) }

// BitmapOf returns the set of some slots.
func BitmapOf(slots ...int) *Bitmap {
	b := new(Bitmap)
	for _, n := range slots {
		b.set(n)
	}
	return b
}

// Range is the slots from First to Last.
type Range struct{ First, Last int }

// Ranges returns the slots as ranges, in order.
func (b *Bitmap) Ranges() (ranges []Range) {
	for slot := 0; slot < Slots; slot++ {
		if b[slot/8] == 0 {
			slot |= 7
			continue
		}
		if !b.Has(slot) {
			continue
		}
		first := slot
		for slot+1 < Slots && b.Has(slot+1) {
			slot++
		}
		ranges = append(ranges, Range{first, slot})
	}
	return ranges
}

// Node is what is known of a node. Times are in ms since 1970; 0 is never.
type Node struct {
	ID, ShardID string
	Flags       Flags
	// ConfigEpoch is that of its slots. Of two masters that claim a slot the one
	// with the greater epoch has it.
	ConfigEpoch uint64
	Slots       Bitmap
	count       int // of slots
	Master      *Node
	Replicas    []*Node

	IP                     string
	Port, TLSPort, BusPort int
	Hostname, Name         string
	Offset                 int64 // of replication, when it was last heard of

	PingSent, PongReceived int64
	dataReceived           int64
	created                int64
	failed                 int64 // since when it has Fail
	voted                  int64 // when this node last voted for one of its replicas
	orphaned               int64 // since when it has no replica that works
	gossiped               uint64
	reports                map[*Node]int64 // when masters last said that it fails

	// To is the link that this node has opened, From the one that the other has.
	To, From *Link
}

// Is reports whether the node has one of the flags.
func (n *Node) Is(f Flags) bool { return n.Flags&f != 0 }

// NumSlots returns how many slots the node serves.
func (n *Node) NumSlots() int { return n.count }

// Primary returns the node's master, or the node if it is one itself.
func (n *Node) Primary() *Node {
	if n.Is(Replica) && n.Master != nil {
		return n.Master
	}
	return n
}

// ClientPort returns the port for clients. Without one for clients with TLS, or
// without, it is the other.
func (n *Node) ClientPort(tls bool) int {
	if tls {
		return n.TLSPort
	}
	return n.Port
}

func (n *Node) addReplica(r *Node) {
	if !slices.Contains(n.Replicas, r) {
		n.Replicas = append(n.Replicas, r)
		n.Flags |= MigrateTo
	}
}

func (n *Node) dropReplica(r *Node) {
	n.Replicas = slices.DeleteFunc(n.Replicas, func(m *Node) bool { return m == r })
	if len(n.Replicas) == 0 {
		n.Flags &^= MigrateTo
	}
}

// replicasWithout counts the replicas that have none of the flags.
func (n *Node) replicasWithout(f Flags) (count int) {
	for _, r := range n.Replicas {
		if !r.Is(f) {
			count++
		}
	}
	return count
}

func (n *Node) closeLinks() {
	n.To.close()
	n.From.close()
}

// LogName is how the log names the node.
func (n *Node) LogName() string { return n.ID + " (" + n.Name + ")" }

func (c *Cluster) newNode(id string, flags Flags) *Node {
	return &Node{ID: id, ShardID: c.host.NewID(), Flags: flags, created: c.now(), reports: map[*Node]int64{}}
}

// setMaster makes a node a master.
func (c *Cluster) setMaster(n *Node) {
	if n.Is(Master) {
		return
	}
	if n.Master != nil {
		n.Master.dropReplica(n)
		if n != c.Me {
			n.Flags |= MigrateTo
		}
	}
	n.Flags = n.Flags&^Replica | Master
	n.Master = nil
	c.todo |= todoSave | todoState
}

// Follow makes this node a replica of another. This node must have no slots.
func (c *Cluster) Follow(n *Node) {
	if c.Me.Is(Master) {
		c.Me.Flags = c.Me.Flags&^(Master|MigrateTo) | Replica
		clear(c.migrating)
		clear(c.importing)
	} else if c.Me.Master != nil {
		c.Me.Master.dropReplica(c.Me)
	}
	c.Me.Master = n
	c.setShard(c.Me, n.ShardID)
	n.addReplica(c.Me)
	c.host.Follow(n.IP, n.ClientPort(c.settings().TLS))
	for slot, owner := range c.slots {
		if owner != n {
			c.host.DropChannels(slot)
		}
	}
	c.resetManual()
	c.todo |= todoState | todoSave
}

// setShard moves a node to a shard. Replicas of this node's follow it.
func (c *Cluster) setShard(n *Node, shard string) {
	if shard == "" || n.ShardID == shard {
		return
	}
	n.ShardID = shard
	c.todo |= todoSave
	if n == c.Me && n.Is(Master) {
		for _, r := range n.Replicas {
			r.ShardID = shard
		}
	}
}

// Forget removes a node for good: for a minute no gossip brings it back.
func (c *Cluster) Forget(n *Node) {
	c.forgotten[n.ID] = c.now() + forgottenFor
	c.remove(n)
	c.todo |= todoState | todoSave
}

// validID reports whether an id has the form of one.
func validID(id string) bool {
	if len(id) != idLen {
		return false
	}
	for _, b := range []byte(id) {
		if (b < 'a' || b > 'z') && (b < '0' || b > '9') {
			return false
		}
	}
	return true
}

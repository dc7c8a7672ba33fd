package respserver

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/resp-server/resp-server/internal/cluster"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/slot"
)

// ClusterOptions say what cluster to start.
type ClusterOptions struct {
	// Masters is how many masters share the slots; 0 means 3.
	Masters int
	// Replicas is how many replicas each master has.
	Replicas int
	// Port is that of the first node; the others have the next ones. 0 means free
	// ports. The bus of a node is 10000 above, or free as well.
	Port int
	// NodeTimeout is for how long a node may be silent before it counts as
	// failing; 0 means two seconds. Options.Clock measures it.
	NodeTimeout time.Duration
	// Options are those of every node. Addr and UnixSocket do not apply. Node i has the
	// seed Seed+i.
	//
	// With a ManualClock, with NoListen or with a Network the nodes are connected by a
	// Network and not by sockets. Clients connect by sockets, unless NoListen is set, or
	// by DialContext.
	Options Options
}

// Cluster is a Redis Cluster of nodes in this process. Node 0 and the next ones
// are the masters that it begins with, the others their replicas in turn. Its
// methods are safe for concurrent use.
//
// With a ManualClock everything that nodes do happens in the same order each time, if
// Options.Seed is the same: elections have the same winners and epochs. See Network,
// also for what is not. A move of the clock, and every method here, returns when
// everything has arrived that nodes have sent each other. Wait, Failover and
// SlotMove.Finish move the clock themselves, by ten minutes at most; a node that fails
// is replaced as the test moves the clock.
type Cluster struct {
	nodes   []*Server
	network *Network // nil: nodes are connected by sockets
	seed    uint64

	mu sync.Mutex
	// side says which nodes can reach each other: those with the same number.
	side  []int
	conns map[*clusterConn]struct{}
}

// StartCluster starts a cluster that serves at once: the nodes know each other
// from the beginning, so that they need not meet.
func StartCluster(o ClusterOptions) (*Cluster, error) {
	if o.Masters == 0 {
		o.Masters = 3
	}
	if o.NodeTimeout == 0 {
		o.NodeTimeout = 2 * time.Second
	}
	if o.Masters < 0 || o.Masters > slot.Count || o.Replicas < 0 {
		return nil, errors.New("respserver: a cluster needs at least one master, and no more than it has slots")
	}
	n := o.Masters * (1 + o.Replicas)
	c := &Cluster{side: make([]int, n), conns: map[*clusterConn]struct{}{}, network: networkOf(&o.Options), seed: o.Options.Seed}
	if c.seed == 0 {
		c.seed = rand.Uint64()
	}
	if err := c.start(o, n); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// networkOf returns the network of servers that are started together; nil if they use
// sockets.
func networkOf(o *Options) *Network {
	_, manual := o.Clock.(*ManualClock)
	if o.Network == nil && (manual || o.NoListen) {
		o.Network = NewNetwork(o.Clock)
	}
	return o.Network
}

// start starts n nodes.
func (c *Cluster) start(o ClusterOptions, n int) error {
	defer c.network.hold()()
	for i := range n {
		s, err := c.startNode(o, i)
		if err != nil {
			return err
		}
		c.nodes = append(c.nodes, s)
	}
	lines := c.topology(o.Masters)
	for i, s := range c.nodes {
		mine := slices.Clone(lines)
		mine[i] = strings.Replace(mine[i], flagsMark, flagsMark+"myself,", 1)
		text := strings.ReplaceAll(strings.Join(mine, ""), flagsMark, "")
		var err error
		s.engine.Run(func(core *engine.Core) { err = core.SetClusterNodes([]byte(text)) })
		if err != nil {
			return fmt.Errorf("respserver: %w", err)
		}
	}
	return nil
}

// Seed returns the seed of node 0. Each other node has the next one.
func (c *Cluster) Seed() uint64 { return c.seed }

func (c *Cluster) startNode(o ClusterOptions, i int) (*Server, error) {
	node := o.Options
	node.UnixSocket, node.Addr, node.Seed = "", "127.0.0.1:0", max(c.seed+uint64(i), 1)
	port := 0
	if o.Port != 0 {
		port = o.Port + i
		node.Addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	}
	node.Config = append([]string{
		"cluster-enabled yes",
		fmt.Sprintf("cluster-node-timeout %d", o.NodeTimeout.Milliseconds()),
		"repl-diskless-sync-delay 0",
	}, node.Config...)
	if node.Dir != "" {
		node.Config = append(node.Config, fmt.Sprintf("cluster-config-file nodes-%d.conf", i), fmt.Sprintf("dbfilename dump-%d.rdb", i))
	}
	if c.network == nil {
		node.dialNode = func(ctx context.Context, d net.Dialer, addr string) (net.Conn, error) { return c.dial(ctx, i, d, addr) }
	}
	return startServer(node, false)
}

// flagsMark is where the flags of a line begin.
const flagsMark = "|"

// topology returns the lines of the nodes' file, one for each node and one more.
func (c *Cluster) topology(masters int) (lines []string) {
	ids, shards := make([]string, len(c.nodes)), make([]string, len(c.nodes))
	for i, s := range c.nodes {
		s.engine.Run(func(core *engine.Core) {
			me := core.Cluster().Me
			ids[i], shards[i] = me.ID, me.ShardID
			host, _, _ := net.SplitHostPort(s.Addr())
			line := fmt.Sprintf("%s %s:%d@%d,,shard-id=%s %s", me.ID, host, me.Port, me.BusPort, shards[i%masters], flagsMark)
			if i < masters {
				line += fmt.Sprintf("master - 0 0 %d connected %d-%d\n", i+1, i*slot.Count/masters, (i+1)*slot.Count/masters-1)
			} else {
				line += fmt.Sprintf("slave %s 0 0 %d connected\n", ids[i%masters], i%masters+1)
			}
			lines = append(lines, line)
		})
	}
	return append(lines, fmt.Sprintf("vars currentEpoch %d lastVoteEpoch 0\n", masters))
}

// Len returns how many nodes the cluster has, those that were killed included.
func (c *Cluster) Len() int { return len(c.nodes) }

// Server returns node i.
func (c *Cluster) Server(i int) *Server { return c.nodes[i] }

// Addrs returns the addresses of the nodes.
func (c *Cluster) Addrs() (addrs []string) {
	for _, s := range c.nodes {
		addrs = append(addrs, s.Addr())
	}
	return addrs
}

// DialContext connects to the node with an address by an in-memory connection: a
// dialer for clients that take one, so that they need no sockets.
func (c *Cluster) DialContext(ctx context.Context, _, addr string) (net.Conn, error) {
	for _, s := range c.nodes {
		if s.Addr() == addr {
			return s.Dial(ctx)
		}
	}
	return nil, fmt.Errorf("respserver: no node of the cluster has the address %s", addr)
}

// Close stops all nodes.
func (c *Cluster) Close() error {
	for _, s := range c.nodes {
		s.Close()
	}
	return nil
}

// Slot returns the hash slot of a key.
func (c *Cluster) Slot(key string) int { return slot.Of([]byte(key)) }

// MasterOf returns the number of the node that serves a key, as most nodes that
// run see it; -1 if none does.
func (c *Cluster) MasterOf(key string) int { return c.owner(slot.Of([]byte(key))) }

func (c *Cluster) owner(n int) int {
	votes := map[string]int{}
	best := ""
	for _, s := range c.nodes {
		c.look(s, func(node *cluster.Cluster) {
			if owner := node.Owner(n); owner != nil {
				if votes[owner.ID]++; votes[owner.ID] > votes[best] {
					best = owner.ID
				}
			}
		})
	}
	return slices.IndexFunc(c.nodes, func(s *Server) bool { return best != "" && s.nodeID() == best })
}

// look calls f with what a node knows, if the node runs.
func (c *Cluster) look(s *Server, f func(*cluster.Cluster)) {
	if s.isClosed() {
		return
	}
	s.engine.Run(func(core *engine.Core) { f(core.Cluster()) })
}

func (s *Server) nodeID() (id string) {
	s.engine.Run(func(core *engine.Core) { id = core.Cluster().Me.ID })
	return id
}

// Wait waits until every node that runs, and can be reached by most masters,
// agrees who serves which slot and that the cluster is up.
func (c *Cluster) Wait(ctx context.Context) error {
	for w := c.network.newWaiter(); ; {
		var changed []<-chan struct{}
		agreed := true
		view := ""
		for i, s := range c.nodes {
			if s.isClosed() || !c.inMajority(i) {
				continue
			}
			s.engine.Run(func(core *engine.Core) {
				changed = append(changed, core.ClusterChange())
				node := core.Cluster()
				mine := c.viewOf(node)
				agreed = agreed && node.Up() && (view == "" || view == mine)
				view = mine
			})
		}
		if agreed {
			return nil
		}
		if err := w.wait(ctx, changed); err != nil {
			return fmt.Errorf("respserver: the nodes do not agree: %w", err)
		}
	}
}

// viewOf is who serves what, as a node sees it.
func (c *Cluster) viewOf(node *cluster.Cluster) string {
	var b strings.Builder
	for n := range slot.Count {
		if owner := node.Owner(n); owner != nil && (n == 0 || node.Owner(n-1) != owner) {
			fmt.Fprintf(&b, "%d %s\n", n, owner.ID)
		}
	}
	return b.String()
}

// anyOf waits until one of some channels is closed.
func anyOf(ctx context.Context, channels []<-chan struct{}) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	first := make(chan struct{}, len(channels))
	for _, ch := range channels {
		go func() {
			select {
			case <-ch:
				first <- struct{}{}
			case <-ctx.Done():
			}
		}()
	}
	select {
	case <-first:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Kill stops node i as if its machine had lost power. It saves nothing and says
// nothing to the other nodes.
func (c *Cluster) Kill(i int) {
	c.nodes[i].Abort()
	c.nodes[i].Close()
	c.settle()
}

// settle waits until everything has arrived that nodes have sent.
func (c *Cluster) settle() {
	if c.network != nil {
		c.network.Settle()
	}
}

// Failover has replica i take over from its master, and waits until it has. It asks
// again as often as a failover was given up, for example since a machine was too busy
// to finish it in five seconds, and waits while replica and master have no link.
func (c *Cluster) Failover(ctx context.Context, i int) error {
	s := c.nodes[i]
	asked := false
	for w := c.network.newWaiter(); ; {
		var is, waits bool
		var changed <-chan struct{}
		s.engine.Run(func(core *engine.Core) {
			node := core.Cluster()
			is, waits, changed = node.Me.Is(cluster.Master), node.FailingOver(), core.ClusterChange()
		})
		if asked && is {
			return c.Wait(ctx)
		}
		if !waits {
			_, err := s.Do(ctx, "CLUSTER", "FAILOVER")
			switch {
			case err == nil || strings.HasPrefix(err.Error(), "ERR Master is down or failed"):
			case asked: // it has taken over meanwhile
				continue
			default:
				return err
			}
			asked = true
		}
		if err := w.wait(ctx, []<-chan struct{}{changed}); err != nil {
			return fmt.Errorf("respserver: node %d has not taken over: %w", i, err)
		}
	}
}

// Partition cuts the network: nodes of one side reach each other, and no others.
// Nodes that are not named are a side of their own. Clients reach all of them.
func (c *Cluster) Partition(sides ...[]int) {
	c.cut(sides)
	if c.network != nil {
		all := make([][]*Server, len(sides))
		for number, side := range sides {
			for _, i := range side {
				all[number] = append(all[number], c.nodes[i])
			}
		}
		c.network.Partition(all...)
	}
}

// cut notes the sides of the network, and ends the connections between them.
func (c *Cluster) cut(sides [][]int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.side)
	for number, side := range sides {
		for _, i := range side {
			c.side[i] = number + 1
		}
	}
	for conn := range c.conns {
		if c.side[conn.from] != c.side[conn.to] {
			conn.Conn.Close()
		}
	}
}

// Heal makes the network whole again.
func (c *Cluster) Heal() { c.Partition() }

// inMajority reports whether node i is on the side with most nodes.
func (c *Cluster) inMajority(i int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	count := map[int]int{}
	for _, side := range c.side {
		count[side]++
	}
	for _, n := range count {
		if n > count[c.side[i]] {
			return false
		}
	}
	return true
}

// clusterConn is a connection between two nodes.
type clusterConn struct {
	net.Conn
	c        *Cluster
	from, to int
}

func (c *clusterConn) Close() error {
	c.c.mu.Lock()
	delete(c.c.conns, c)
	c.c.mu.Unlock()
	return c.Conn.Close()
}

// dial connects a node to another, if the network is whole between them.
func (c *Cluster) dial(ctx context.Context, from int, d net.Dialer, addr string) (net.Conn, error) {
	nc, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	to := slices.IndexFunc(c.nodes, func(s *Server) bool { return s.Addr() == addr || s.busAddr == addr })
	if to < 0 {
		return nc, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.side[from] != c.side[to] {
		nc.Close()
		return nil, errors.New("respserver: the network is cut there")
	}
	conn := &clusterConn{Conn: nc, c: c, from: from, to: to}
	c.conns[conn] = struct{}{}
	return conn, nil
}

// MoveSlot begins to move a slot to node to. Until Finish, keys that are still
// there are served by the old node, and for others clients are sent to the new
// one by ASK.
func (c *Cluster) MoveSlot(ctx context.Context, n, to int) (*SlotMove, error) {
	if n < 0 || n >= slot.Count || to < 0 || to >= len(c.nodes) {
		return nil, errors.New("respserver: no such slot or node")
	}
	from := c.owner(n)
	if from < 0 || from == to {
		return nil, fmt.Errorf("respserver: slot %d can't move to node %d: it is with node %d", n, to, from)
	}
	m := &SlotMove{c: c, slot: n, from: c.nodes[from], to: c.nodes[to]}
	if _, err := m.to.Do(ctx, "CLUSTER", "SETSLOT", n, "IMPORTING", m.from.nodeID()); err != nil {
		return nil, err
	}
	_, err := m.from.Do(ctx, "CLUSTER", "SETSLOT", n, "MIGRATING", m.to.nodeID())
	return m, err
}

// SlotMove is a slot on its way to another node.
type SlotMove struct {
	c        *Cluster
	slot     int
	from, to *Server
}

// moved deletes a key if it is what was copied.
const moved = `if redis.call('DUMP', KEYS[1]) == ARGV[1] and redis.call('PEXPIRETIME', KEYS[1]) == tonumber(ARGV[2]) then
	redis.call('UNLINK', KEYS[1])
	return 1
end
return redis.call('EXISTS', KEYS[1]) == 0 and 1 or 0`

// Keys moves at most that many keys of the slot, and returns how many it has
// moved. Each moves at once for clients: it is at the old node or at the new one.
func (m *SlotMove) Keys(ctx context.Context, most int) (int, error) {
	r, err := m.from.Do(ctx, "CLUSTER", "GETKEYSINSLOT", m.slot, most)
	if err != nil {
		return 0, err
	}
	for i, key := range r.Strings() {
		if err := m.key(ctx, key); err != nil {
			return i, err
		}
	}
	return len(r.Elems), nil
}

func (m *SlotMove) key(ctx context.Context, key string) error {
	for {
		payload, err := m.from.Do(ctx, "DUMP", key)
		if err != nil || payload.IsNull() {
			return err
		}
		at, err := m.from.Do(ctx, "PEXPIRETIME", key)
		if err != nil {
			return err
		}
		restore := []any{"RESTORE", key, max(at.Int(), 0), payload.Text(), "REPLACE"}
		if at.Int() > 0 {
			restore = append(restore, "ABSTTL")
		}
		if _, err := m.to.Do(ctx, restore...); err != nil {
			return err
		}
		gone, err := m.from.Do(ctx, "EVAL", moved, 1, key, payload.Text(), at.Int())
		if err != nil || gone.Int() == 1 {
			return err
		}
	}
}

// Finish moves what is left and gives the slot to its new node.
func (m *SlotMove) Finish(ctx context.Context) error {
	for {
		n, err := m.Keys(ctx, 1000)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
	}
	id := m.to.nodeID()
	for _, s := range []*Server{m.to, m.from} {
		if _, err := s.Do(ctx, "CLUSTER", "SETSLOT", m.slot, "NODE", id); err != nil {
			return err
		}
	}
	return m.c.Wait(ctx)
}

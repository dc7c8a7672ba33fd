package command

import (
	"fmt"
	"strings"

	"github.com/resp-server/resp-server/internal/cluster"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/slot"
)

// clusterCommands read the state of the cluster; the commands in
// cluster_nodes.go and cluster_slots.go change it. Outside cluster mode the
// server refuses all of them, HELP included. Clients know this error and treat
// the server as standalone.
var clusterCommands = joined(inCluster(engine.Handlers{
	"asking":                        asking,
	"cluster|count-failure-reports": clusterFailureReports,
	"cluster|countkeysinslot":       clusterCountKeys,
	"cluster|getkeysinslot":         clusterGetKeys,
	"cluster|help":                  engine.ContainerHelp,
	"cluster|info":                  clusterInfo,
	"cluster|keyslot":               clusterKeySlot,
	"cluster|links":                 clusterLinks,
	"cluster|myid":                  clusterMyID,
	"cluster|myshardid":             clusterMyShardID,
	"cluster|nodes":                 clusterNodes,
	"cluster|replicas":              clusterReplicas,
	"cluster|shards":                clusterShards,
	"cluster|slaves":                clusterReplicas,
	"cluster|slots":                 clusterSlots,
	"readonly":                      readOnly,
	"readwrite":                     readWrite,
}), inCluster(clusterSlotCommands), inCluster(clusterNodeCommands))

func inCluster(handlers engine.Handlers) engine.Handlers {
	for name, h := range handlers {
		handlers[name] = func(c *engine.Ctx) error {
			if c.Cluster() == nil {
				return resp.Error("ERR This instance has cluster support disabled")
			}
			return h(c)
		}
	}
	return handlers
}

func joined(all ...engine.Handlers) engine.Handlers {
	sum := engine.Handlers{}
	for _, handlers := range all {
		for name, h := range handlers {
			sum[name] = h
		}
	}
	return sum
}

// ASKING
func asking(c *engine.Ctx) error {
	c.Session.Asking()
	return c.OK()
}

// READONLY
func readOnly(c *engine.Ctx) error {
	c.Session.SetReadOnly(true)
	return c.OK()
}

// READWRITE
func readWrite(c *engine.Ctx) error {
	c.Session.SetReadOnly(false)
	return c.OK()
}

// argNode reads argument i as the id of a node.
func argNode(c *engine.Ctx, i int) (*cluster.Node, error) {
	if n := c.Cluster().Node(string(c.Args[i])); n != nil {
		return n, nil
	}
	return nil, resp.Errorf("ERR Unknown node %s", c.Args[i])
}

// CLUSTER COUNT-FAILURE-REPORTS node-id
func clusterFailureReports(c *engine.Ctx) error {
	n, err := argNode(c, 2)
	if err != nil {
		return err
	}
	return c.Integer(c.Cluster().FailureReports(n))
}

// CLUSTER COUNTKEYSINSLOT slot
func clusterCountKeys(c *engine.Ctx) error {
	n, err := c.ArgInt(2)
	if err != nil {
		return err
	}
	if n < 0 || n >= slot.Count {
		return resp.Error("ERR Invalid slot")
	}
	return c.Integer(c.Keyspace.DB(0).InSlot(int(n)))
}

// CLUSTER GETKEYSINSLOT slot count
func clusterGetKeys(c *engine.Ctx) error {
	n, err := c.ArgInt(2)
	if err != nil {
		return err
	}
	most, err := c.ArgInt(3)
	if err != nil {
		return err
	}
	if n < 0 || n >= slot.Count || most < 0 {
		return resp.Error("ERR Invalid slot or number of keys")
	}
	db := c.Keyspace.DB(0)
	left := min(most, int64(db.InSlot(int(n))))
	c.Array(int(left))
	if left == 0 {
		return nil
	}
	for k := range db.SlotKeys(int(n)) {
		c.Bulk(k.Key())
		if left--; left == 0 {
			break
		}
	}
	return nil
}

// CLUSTER INFO
func clusterInfo(c *engine.Ctx) error {
	node := c.Cluster()
	var b strings.Builder
	line := func(name string, v any) { fmt.Fprintf(&b, "%s:%v\r\n", name, v) }
	assigned, good, doubtful, failed := 0, 0, 0, 0
	for n := range slot.Count {
		switch owner := node.Owner(n); {
		case owner == nil:
			continue
		case owner.Is(cluster.Fail):
			failed++
		case owner.Is(cluster.PFail):
			doubtful++
		default:
			good++
		}
		assigned++
	}
	state := "fail"
	if node.Up() {
		state = "ok"
	}
	line("cluster_state", state)
	line("cluster_slots_assigned", assigned)
	line("cluster_slots_ok", good)
	line("cluster_slots_pfail", doubtful)
	line("cluster_slots_fail", failed)
	line("cluster_known_nodes", len(node.Nodes()))
	line("cluster_size", node.Size())
	line("cluster_current_epoch", node.CurrentEpoch)
	line("cluster_my_epoch", node.Me.Primary().ConfigEpoch)
	for _, way := range []struct {
		name   string
		counts []int64
	}{{"sent", node.Sent[:]}, {"received", node.Received[:]}} {
		total := int64(0)
		for i, count := range way.counts {
			if count > 0 {
				line("cluster_stats_messages_"+cluster.MessageName(i)+"_"+way.name, count)
				total += count
			}
		}
		line("cluster_stats_messages_"+way.name, total)
	}
	line("total_cluster_links_buffer_limit_exceeded", node.LimitExceeded)
	c.Out().Verbatim("txt", b.String())
	return nil
}

// CLUSTER KEYSLOT key
func clusterKeySlot(c *engine.Ctx) error { return c.Integer(slot.Of(c.Args[2])) }

// CLUSTER LINKS
func clusterLinks(c *engine.Ctx) error {
	var links []*cluster.Link
	for _, n := range c.Cluster().Nodes() {
		for _, l := range []*cluster.Link{n.To, n.From} {
			if l != nil {
				links = append(links, l)
			}
		}
	}
	w := c.Out()
	w.Array(len(links))
	for _, l := range links {
		direction, events := "to", "r"
		if l.Inbound {
			direction = "from"
		}
		if l.Waiting() > 0 {
			events = "rw"
		}
		w.Map(6)
		textPair(w, "direction", direction)
		textPair(w, "node", l.Node.ID)
		intPair(w, "create-time", l.Created)
		textPair(w, "events", events)
		intPair(w, "send-buffer-allocated", int64(l.Waiting()))
		intPair(w, "send-buffer-used", int64(l.Waiting()))
	}
	return nil
}

// CLUSTER MYID
func clusterMyID(c *engine.Ctx) error { return c.BulkString(c.Cluster().Me.ID) }

// CLUSTER MYSHARDID
func clusterMyShardID(c *engine.Ctx) error { return c.BulkString(c.Cluster().Me.ShardID) }

// CLUSTER NODES
func clusterNodes(c *engine.Ctx) error {
	var b strings.Builder
	for _, n := range c.Cluster().Nodes() {
		b.WriteString(c.Cluster().Describe(n, c.Session.OverTLS()) + "\n")
	}
	c.Out().Verbatim("txt", b.String())
	return nil
}

// CLUSTER REPLICAS node-id
// CLUSTER SLAVES node-id
func clusterReplicas(c *engine.Ctx) error {
	n, err := argNode(c, 2)
	if err != nil {
		return err
	}
	if n.Is(cluster.Replica) {
		return resp.Error("ERR The specified node is not a master")
	}
	c.Array(len(n.Replicas))
	for _, r := range n.Replicas {
		c.BulkString(c.Cluster().Describe(r, c.Session.OverTLS()))
	}
	return nil
}

// offsetOf returns the replication offset of a node.
func offsetOf(c *engine.Ctx, n *cluster.Node) int64 {
	if n == c.Cluster().Me {
		return c.ClusterOffset()
	}
	return n.Offset
}

// CLUSTER SHARDS
func clusterShards(c *engine.Ctx) error {
	w := c.Out()
	shards := c.Cluster().Shards()
	w.Array(len(shards))
	for _, nodes := range shards {
		ranges := nodes[0].Primary().Slots.Ranges()
		w.Map(2)
		w.BulkString("slots")
		w.Array(2 * len(ranges))
		for _, r := range ranges {
			w.Integer(int64(r.First))
			w.Integer(int64(r.Last))
		}
		w.BulkString("nodes")
		w.Array(len(nodes))
		for _, n := range nodes {
			shardNode(c, n)
		}
	}
	return nil
}

func shardNode(c *engine.Ctx, n *cluster.Node) {
	w := c.Out()
	mark, fields := w.MapLater(), 6
	textPair(w, "id", n.ID)
	if n.Port != 0 {
		intPair(w, "port", int64(n.Port))
		fields++
	}
	if n.TLSPort != 0 {
		intPair(w, "tls-port", int64(n.TLSPort))
		fields++
	}
	textPair(w, "ip", n.IP)
	textPair(w, "endpoint", c.Endpoint(n))
	if n.Hostname != "" {
		textPair(w, "hostname", n.Hostname)
		fields++
	}
	role, health, offset := "master", "online", offsetOf(c, n)
	if n.Is(cluster.Replica) {
		role = "replica"
	}
	switch {
	case n.Is(cluster.Fail):
		health = "fail"
	case n.Is(cluster.Replica) && offset == 0:
		health = "loading"
	}
	textPair(w, "role", role)
	intPair(w, "replication-offset", offset)
	textPair(w, "health", health)
	w.SetLen(mark, fields)
}

// CLUSTER SLOTS
func clusterSlots(c *engine.Ctx) error {
	node, w := c.Cluster(), c.Out()
	count := 0
	mark := w.ArrayLater()
	for first := 0; first < slot.Count; {
		owner, last := node.Owner(first), first
		for last+1 < slot.Count && node.Owner(last+1) == owner {
			last++
		}
		if owner != nil {
			slotRange(c, owner, first, last)
			count++
		}
		first = last + 1
	}
	w.SetLen(mark, count)
	return nil
}

// slotRange replies a range of slots with its master and the replicas that
// hold its data.
func slotRange(c *engine.Ctx, owner *cluster.Node, first, last int) {
	nodes := []*cluster.Node{owner}
	for _, r := range owner.Replicas {
		if !r.Is(cluster.Fail) && offsetOf(c, r) != 0 {
			nodes = append(nodes, r)
		}
	}
	w := c.Out()
	w.Array(2 + len(nodes))
	w.Integer(int64(first))
	w.Integer(int64(last))
	for _, n := range nodes {
		endpoint(c, n)
	}
}

// endpoint replies the preferred endpoint of a node and the alternatives.
func endpoint(c *engine.Ctx, n *cluster.Node) {
	w := c.Out()
	preferred := c.Config.Cluster.PreferredEndpoint
	w.Array(4)
	if preferred == "unknown-endpoint" {
		w.Null()
	} else {
		w.BulkString(c.Endpoint(n))
	}
	w.Integer(int64(n.ClientPort(c.Session.OverTLS())))
	w.BulkString(n.ID)
	var others [][2]string
	if preferred != "ip" {
		others = append(others, [2]string{"ip", n.IP})
	}
	if preferred != "hostname" && n.Hostname != "" {
		others = append(others, [2]string{"hostname", n.Hostname})
	}
	w.Map(len(others))
	for _, o := range others {
		textPair(w, o[0], o[1])
	}
}

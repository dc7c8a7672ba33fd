package command

import (
	"fmt"

	"github.com/resp-server/resp-server/internal/cluster"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/numfmt"
	"github.com/resp-server/resp-server/internal/resp"
)

// clusterNodeCommands change the nodes of the cluster and their roles.
var clusterNodeCommands = engine.Handlers{
	"cluster|bumpepoch":        clusterBumpEpoch,
	"cluster|failover":         clusterFailover,
	"cluster|forget":           clusterForget,
	"cluster|meet":             clusterMeet,
	"cluster|replicate":        clusterReplicate,
	"cluster|reset":            clusterReset,
	"cluster|saveconfig":       clusterSaveConfig,
	"cluster|set-config-epoch": clusterSetConfigEpoch,
}

// CLUSTER BUMPEPOCH
func clusterBumpEpoch(c *engine.Ctx) error {
	node, word := c.Cluster(), "STILL"
	if node.BumpEpoch() {
		word = "BUMPED"
	}
	node.Settle()
	return c.Simple(fmt.Sprintf("%s %d", word, node.Me.ConfigEpoch))
}

// CLUSTER FAILOVER [FORCE | TAKEOVER]
func clusterFailover(c *engine.Ctx) error {
	force, takeover := false, false
	if len(c.Args) > 3 {
		return subcommandSyntax(c)
	}
	if len(c.Args) == 3 {
		switch {
		case c.ArgIs(2, "force"):
			force = true
		case c.ArgIs(2, "takeover"):
			takeover = true
		default:
			return resp.ErrSyntax
		}
	}
	node := c.Cluster()
	master := node.Me.Master
	switch {
	case node.Me.Is(cluster.Master):
		return resp.Error("ERR You should send CLUSTER FAILOVER to a replica")
	case master == nil:
		return resp.Error("ERR I'm a replica but my master is unknown to me")
	case !force && !takeover && (master.Is(cluster.Fail) || master.To == nil):
		return resp.Error("ERR Master is down or failed, please use CLUSTER FAILOVER FORCE")
	}
	node.Failover(force, takeover)
	return settled(c)
}

// CLUSTER FORGET node-id
func clusterForget(c *engine.Ctx) error {
	node := c.Cluster()
	id := string(c.Args[2])
	if node.Node(id) == nil && node.Forgotten(id) {
		return c.OK() // another node has already spread the FORGET
	}
	n, err := argNode(c, 2)
	switch {
	case err != nil:
		return err
	case n == node.Me:
		return resp.Error("ERR I tried hard but I can't forget myself...")
	case node.Me.Master == n:
		return resp.Error("ERR Can't forget my master!")
	}
	node.Forget(n)
	return settled(c)
}

// CLUSTER MEET ip port [cluster-bus-port]
func clusterMeet(c *engine.Ctx) error {
	if len(c.Args) > 5 {
		return subcommandSyntax(c)
	}
	port, ok := numfmt.ParseInt(c.Args[3])
	if !ok {
		return resp.Errorf("ERR Invalid base port specified: %s", c.Args[3])
	}
	bus := port + 10000
	if len(c.Args) == 5 {
		if bus, ok = numfmt.ParseInt(c.Args[4]); !ok {
			return resp.Errorf("ERR Invalid bus port specified: %s", c.Args[4])
		}
	}
	if !c.Cluster().Meet(string(c.Args[2]), port, bus) {
		return resp.Errorf("ERR Invalid node address specified: %s:%s", c.Args[2], c.Args[3])
	}
	return settled(c)
}

// CLUSTER REPLICATE node-id
func clusterReplicate(c *engine.Ctx) error {
	node := c.Cluster()
	n, err := argNode(c, 2)
	switch {
	case err != nil:
		return err
	case n == node.Me:
		return resp.Error("ERR Can't replicate myself")
	case n.Is(cluster.Replica):
		return resp.Error("ERR I can only replicate a master, not a replica.")
	case node.Me.Is(cluster.Master) && (node.Me.NumSlots() != 0 || c.Keyspace.DB(0).Len() != 0):
		return resp.Error("ERR To set a master the node must be empty and without assigned slots.")
	}
	node.Follow(n)
	return settled(c)
}

// CLUSTER RESET [HARD | SOFT]
func clusterReset(c *engine.Ctx) error {
	hard := false
	if len(c.Args) > 3 {
		return subcommandSyntax(c)
	}
	if len(c.Args) == 3 {
		switch {
		case c.ArgIs(2, "hard"):
			hard = true
		case c.ArgIs(2, "soft"):
		default:
			return resp.ErrSyntax
		}
	}
	if c.Cluster().Me.Is(cluster.Master) && c.DB().Len() != 0 {
		return resp.Error("ERR CLUSTER RESET can't be called with master nodes containing keys")
	}
	c.Cluster().Reset(hard)
	return settled(c)
}

// CLUSTER SAVECONFIG
func clusterSaveConfig(c *engine.Ctx) error {
	if err := c.Cluster().Save(); err != nil {
		return resp.Errorf("ERR error saving the cluster node config: %v", err)
	}
	return c.OK()
}

// CLUSTER SET-CONFIG-EPOCH config-epoch
func clusterSetConfigEpoch(c *engine.Ctx) error {
	epoch, err := c.ArgInt(2)
	node := c.Cluster()
	switch {
	case err != nil:
		return err
	case epoch < 0:
		return resp.Errorf("ERR Invalid config epoch specified: %d", epoch)
	case len(node.Nodes()) > 1:
		return resp.Error("ERR The user can assign a config epoch only when the node does not know any other node.")
	case node.Me.ConfigEpoch != 0:
		return resp.Error("ERR Node config epoch is already non-zero")
	}
	node.SetConfigEpoch(uint64(epoch))
	return settled(c)
}

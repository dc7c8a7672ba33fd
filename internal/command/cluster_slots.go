package command

import (
	"github.com/resp-server/resp-server/internal/cluster"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/slot"
)

// clusterSlotCommands change the owners of slots.
var clusterSlotCommands = engine.Handlers{
	"cluster|addslots":      func(c *engine.Ctx) error { return clusterChangeSlots(c, true) },
	"cluster|addslotsrange": func(c *engine.Ctx) error { return clusterChangeRanges(c, true) },
	"cluster|delslots":      func(c *engine.Ctx) error { return clusterChangeSlots(c, false) },
	"cluster|delslotsrange": func(c *engine.Ctx) error { return clusterChangeRanges(c, false) },
	"cluster|flushslots":    clusterFlushSlots,
	"cluster|setslot":       clusterSetSlot,
}

// argSlot reads argument i as the number of a slot.
func argSlot(c *engine.Ctx, i int) (int, error) {
	n, err := c.ArgIntIn(i, 0, slot.Count-1, resp.Error("ERR Invalid or out of range slot"))
	return int(n), err
}

// CLUSTER ADDSLOTS slot [slot ...]
// CLUSTER DELSLOTS slot [slot ...]
func clusterChangeSlots(c *engine.Ctx, add bool) error {
	ranges := make([]cluster.Range, 0, len(c.Args)-2)
	for i := 2; i < len(c.Args); i++ {
		n, err := argSlot(c, i)
		if err != nil {
			return err
		}
		ranges = append(ranges, cluster.Range{First: n, Last: n})
	}
	seen := map[int]bool{}
	for _, r := range ranges {
		if err := checkSlots(c, r, add, seen); err != nil {
			return err
		}
	}
	return changeSlots(c, ranges, add)
}

// CLUSTER ADDSLOTSRANGE start-slot end-slot [start-slot end-slot ...]
// CLUSTER DELSLOTSRANGE start-slot end-slot [start-slot end-slot ...]
func clusterChangeRanges(c *engine.Ctx, add bool) error {
	if len(c.Args)%2 == 1 {
		return c.WrongArity()
	}
	var ranges []cluster.Range
	seen := map[int]bool{}
	for i := 2; i < len(c.Args); i += 2 {
		first, err := argSlot(c, i)
		if err != nil {
			return err
		}
		last, err := argSlot(c, i+1)
		if err != nil {
			return err
		}
		if first > last {
			return resp.Errorf("ERR start slot number %d is greater than end slot number %d", first, last)
		}
		r := cluster.Range{First: first, Last: last}
		if err := checkSlots(c, r, add, seen); err != nil {
			return err
		}
		ranges = append(ranges, r)
	}
	return changeSlots(c, ranges, add)
}

// checkSlots checks that all slots of a range are unassigned, or assigned
// unless add, and that no slot occurs twice in the command.
func checkSlots(c *engine.Ctx, r cluster.Range, add bool, seen map[int]bool) error {
	for n := r.First; n <= r.Last; n++ {
		switch taken := c.Cluster().Owner(n) != nil; {
		case add && taken:
			return resp.Errorf("ERR Slot %d is already busy", n)
		case !add && !taken:
			return resp.Errorf("ERR Slot %d is already unassigned", n)
		case seen[n]:
			return resp.Errorf("ERR Slot %d specified multiple times", n)
		}
		seen[n] = true
	}
	return nil
}

func changeSlots(c *engine.Ctx, ranges []cluster.Range, add bool) error {
	change := c.Cluster().DelSlot
	if add {
		change = c.Cluster().AddSlot
	}
	for _, r := range ranges {
		for n := r.First; n <= r.Last; n++ {
			change(n)
		}
	}
	return settled(c)
}

// settled lets the node act on a change and replies OK.
func settled(c *engine.Ctx) error {
	c.Cluster().Settle()
	return c.OK()
}

// CLUSTER FLUSHSLOTS
func clusterFlushSlots(c *engine.Ctx) error {
	if c.Keyspace.DB(0).Len() != 0 {
		return resp.Error("ERR DB must be empty to perform CLUSTER FLUSHSLOTS.")
	}
	c.Cluster().FlushSlots()
	return settled(c)
}

// CLUSTER SETSLOT slot <IMPORTING node-id | MIGRATING node-id | NODE node-id | STABLE>
func clusterSetSlot(c *engine.Ctx) error {
	node := c.Cluster()
	if node.Me.Is(cluster.Replica) {
		return resp.Error("ERR Please use SETSLOT only with masters.")
	}
	n, err := argSlot(c, 2)
	if err != nil {
		return err
	}
	mine := node.Owner(n) == node.Me
	switch five := len(c.Args) == 5; {
	case five && c.ArgIs(3, "migrating"):
		if !mine {
			return resp.Errorf("ERR I'm not the owner of hash slot %d", n)
		}
		to, err := argMaster(c, 4, "I don't know about node ")
		if err != nil {
			return err
		}
		node.Migrate(n, to)
	case five && c.ArgIs(3, "importing"):
		if mine {
			return resp.Errorf("ERR I'm already the owner of hash slot %d", n)
		}
		from, err := argMaster(c, 4, "I don't know about node ")
		if err != nil {
			return err
		}
		node.Import(n, from)
	case len(c.Args) == 4 && c.ArgIs(3, "stable"):
		node.Close(n)
	case five && c.ArgIs(3, "node"):
		to, err := argMaster(c, 4, "Unknown node ")
		if err != nil {
			return err
		}
		if mine && to != node.Me && c.Keyspace.DB(0).InSlot(n) != 0 {
			return resp.Errorf("ERR Can't assign hashslot %d to a different node while I still hold keys for this hash slot.", n)
		}
		node.Assign(n, to)
	default:
		return resp.Error("ERR Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP")
	}
	return settled(c)
}

// argMaster reads argument i as the id of a master.
func argMaster(c *engine.Ctx, i int, unknown string) (*cluster.Node, error) {
	n := c.Cluster().Node(string(c.Args[i]))
	switch {
	case n == nil:
		return nil, resp.Errorf("ERR %s%s", unknown, c.Args[i])
	case n.Is(cluster.Replica):
		return nil, resp.Error("ERR Target node is not a master")
	}
	return n, nil
}

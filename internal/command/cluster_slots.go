package command

import (
	"cmp"
	"slices"

	"github.com/resp-server/resp-server/internal/cluster"
	"github.com/resp-server/resp-server/internal/config"
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
	"cluster|slot-stats":    clusterSlotStats,
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

// slotStat is something that CLUSTER SLOT-STATS shows of a slot.
type slotStat struct {
	name string
	of   func(c *engine.Ctx, n int) int64
}

// slotStats are all of them, those after the first if a setting asks for them.
var slotStats = [...]struct {
	slotStat
	config.SlotStats
}{
	{slotStat{"key-count", func(c *engine.Ctx, n int) int64 { return int64(c.Keyspace.DB(0).InSlot(n)) }}, 0},
	{slotStat{"memory-bytes", slotMemory}, config.SlotStatsMemory},
	{slotStat{"cpu-usec", func(c *engine.Ctx, n int) int64 { return c.SlotUse(n).Time.Microseconds() }}, config.SlotStatsCPU},
	{slotStat{"network-bytes-in", func(c *engine.Ctx, n int) int64 { return int64(c.SlotUse(n).In) }}, config.SlotStatsNet},
	{slotStat{"network-bytes-out", func(c *engine.Ctx, n int) int64 { return int64(c.SlotUse(n).Out) }}, config.SlotStatsNet},
}

// slotMemory looks at all keys of a slot.
func slotMemory(c *engine.Ctx, n int) (sum int64) {
	for k := range c.Keyspace.DB(0).SlotKeys(n) {
		sum += int64(keyMemory(k))
	}
	return sum
}

// CLUSTER SLOT-STATS <SLOTSRANGE start-slot end-slot | ORDERBY metric [LIMIT limit] [ASC | DESC]>
func clusterSlotStats(c *engine.Ctx) error {
	var stats []slotStat
	for _, s := range slotStats {
		if s.SlotStats == 0 || c.Config.Cluster.SlotStats.Has(s.SlotStats) {
			stats = append(stats, s.slotStat)
		}
	}
	slots, err := argSlotStats(c, stats)
	if err != nil {
		return err
	}
	c.Array(len(slots))
	for _, n := range slots {
		c.Array(2)
		c.Integer(n)
		c.Map(len(stats))
		for _, s := range stats {
			c.BulkString(s.name)
			c.Integer64(s.of(c, n))
		}
	}
	return nil
}

// argSlotStats reads which slots of this shard are to be shown, in which order.
func argSlotStats(c *engine.Ctx, stats []slotStat) ([]int, error) {
	if len(c.Args) == 5 && c.ArgIs(2, "slotsrange") {
		first, err := argSlot(c, 3)
		if err != nil {
			return nil, err
		}
		last, err := argSlot(c, 4)
		if err != nil {
			return nil, err
		}
		if first > last {
			return nil, resp.Errorf("ERR Start slot number %d is greater than end slot number %d", first, last)
		}
		return shardSlots(c, first, last), nil
	}
	if !c.ArgIs(2, "orderby") {
		return nil, subcommandSyntax(c)
	}
	by := slices.IndexFunc(stats, func(s slotStat) bool { return c.ArgIs(3, s.name) })
	if by < 0 {
		return nil, resp.Error("ERR Unrecognized sort metric for ORDERBY.")
	}
	limit, limits, orders, sign := int64(slot.Count), 0, 0, -1
	for i := 4; i < len(c.Args); i++ {
		switch {
		case c.ArgIs(i, "limit") && i+1 < len(c.Args):
			i++
			var err error
			if limit, err = c.ArgIntIn(i, 1, slot.Count, resp.Errorf("ERR Limit has to lie in between 1 and %d (maximum number of slots).", slot.Count)); err != nil {
				return nil, err
			}
			limits++
		case c.ArgIs(i, "asc"):
			sign = 1
			orders++
		case c.ArgIs(i, "desc"):
			sign = -1
			orders++
		default:
			return nil, resp.ErrSyntax
		}
		if limits > 1 || orders > 1 {
			return nil, resp.Error("ERR Multiple filters of the same type are disallowed.")
		}
	}
	slots := shardSlots(c, 0, slot.Count-1)
	values := make([]int64, slot.Count)
	for _, n := range slots {
		values[n] = stats[by].of(c, n)
	}
	slices.SortStableFunc(slots, func(a, b int) int { return sign * cmp.Compare(values[a], values[b]) })
	return slots[:min(limit, int64(len(slots)))], nil
}

// shardSlots returns the slots of a range that the master of this shard serves.
func shardSlots(c *engine.Ctx, first, last int) (slots []int) {
	owner := c.Cluster().Me
	if owner.Master != nil {
		owner = owner.Master
	}
	for n := first; n <= last; n++ {
		if owner.Slots.Has(n) {
			slots = append(slots, n)
		}
	}
	return slots
}

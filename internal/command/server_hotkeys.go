package command

import (
	"bytes"
	"math"
	"slices"

	"github.com/resp-server/resp-server/internal/cluster"
	"github.com/resp-server/resp-server/internal/datastruct/topk"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/slot"
)

var hotKeysCommands = engine.Handlers{
	"hotkeys|get":   hotKeysGet,
	"hotkeys|help":  engine.ContainerHelp,
	"hotkeys|reset": hotKeysReset,
	"hotkeys|start": hotKeysStart,
	"hotkeys|stop":  hotKeysStop,
}

// hotKeyCounters is how many counters there are for each key that is shown.
const hotKeyCounters = 100

// HOTKEYS START METRICS count [CPU] [NET] [COUNT k] [DURATION seconds] [SAMPLE ratio] [SLOTS count slot [slot ...]]
func hotKeysStart(c *engine.Ctx) error {
	if h := c.HotKeys(); h != nil && h.Active() {
		return resp.Error("ERR hotkey tracking session already in progress")
	}
	if len(c.Args) < 4 || !c.ArgIs(2, "metrics") {
		return resp.Error("ERR METRICS parameter is required")
	}
	metrics, err := c.ArgIntIn(3, 1, 2, resp.Error("ERR METRICS count must be > 0 and <= 2"))
	if err != nil {
		return err
	}
	h := &engine.HotKeys{Count: 10, SampleRatio: 1}
	var byTime, byBytes bool
	i := 4
	for ; i < len(c.Args) && metrics > 0; i++ {
		metrics--
		switch {
		case c.ArgIs(i, "cpu") && byTime, c.ArgIs(i, "net") && byBytes:
			return resp.Errorf("ERR METRICS %s defined more than once!", bytes.ToUpper(c.Args[i]))
		case c.ArgIs(i, "cpu"):
			byTime = true
		case c.ArgIs(i, "net"):
			byBytes = true
		}
	}
	switch {
	case metrics > 0:
		return resp.Error("ERR METRICS count does not match number of metric types provided")
	case !byTime && !byBytes:
		return resp.Error("ERR METRICS no valid metrics passed. Supported: CPU|NET")
	}
	if err := argHotKeys(c, i, h); err != nil {
		return err
	}
	if byTime {
		h.Time = topk.New(h.Count * hotKeyCounters)
	}
	if byBytes {
		h.Bytes = topk.New(h.Count * hotKeyCounters)
	}
	h.User, h.System = cpuTime(false)
	c.StartHotKeys(h)
	return c.OK()
}

// argHotKeys reads the options of HOTKEYS START from argument i on.
func argHotKeys(c *engine.Ctx, i int, h *engine.HotKeys) error {
	for ; i < len(c.Args); i += 2 {
		var n int64
		var err error
		switch more := i+1 < len(c.Args); {
		case more && c.ArgIs(i, "count"):
			n, err = c.ArgIntIn(i+1, 1, 64, resp.Error("ERR COUNT must be between 1 and 64"))
			h.Count = int(n)
		case more && c.ArgIs(i, "duration"):
			n, err = c.ArgIntIn(i+1, 1, 1_000_000, resp.Error("ERR DURATION must be between 1 and 1000000"))
			h.Duration = n * 1000
		case more && c.ArgIs(i, "sample"):
			h.SampleRatio, err = c.ArgIntIn(i+1, 1, math.MaxInt32, resp.Error("ERR SAMPLE ratio must be positive"))
		case more && c.ArgIs(i, "slots"):
			switch {
			case c.Cluster() == nil:
				err = resp.Error("ERR SLOTS parameter cannot be used in non-cluster mode")
			case h.Slots != nil:
				err = resp.Error("ERR SLOTS parameter already specified")
			default:
				var slots []int
				slots, err = argHotSlots(c, i+1)
				h.Slots = cluster.BitmapOf(slots...)
				i += len(slots)
			}
		default:
			err = resp.ErrSyntax
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// argHotSlots reads slots of this node, and how many they are at argument i.
func argHotSlots(c *engine.Ctx, i int) ([]int, error) {
	count, err := c.ArgIntIn(i, 1, slot.Count, resp.Errorf("ERR SLOTS count must be between 1 and %d", slot.Count))
	if err != nil {
		return nil, err
	}
	if i+int(count) >= len(c.Args) {
		return nil, resp.Error("ERR not enough slot numbers provided")
	}
	slots := make([]int, 0, count)
	for j := range int(count) {
		n, err := argSlot(c, i+1+j)
		switch {
		case err != nil:
			return nil, err
		case !c.Cluster().Me.Slots.Has(n):
			return nil, resp.Errorf("ERR slot %d not handled by this node", n)
		case slices.Contains(slots, n):
			return nil, resp.Error("ERR duplicate slot number")
		}
		slots = append(slots, n)
	}
	return slots, nil
}

// HOTKEYS STOP
func hotKeysStop(c *engine.Ctx) error {
	if h := c.HotKeys(); h == nil || !h.Active() {
		return c.Null()
	}
	c.StopHotKeys()
	return c.OK()
}

// HOTKEYS RESET
func hotKeysReset(c *engine.Ctx) error {
	if h := c.HotKeys(); h != nil && h.Active() {
		return resp.Error("ERR hotkey tracking session in progress, stop tracking first")
	}
	c.ForgetHotKeys()
	return c.OK()
}

// HOTKEYS GET
// hotKeysGet replies an array of one map, so that those of several nodes can be joined.
func hotKeysGet(c *engine.Ctx) error {
	h := c.HotKeys()
	if h == nil {
		return c.Null()
	}
	type field struct {
		name string
		show func()
	}
	var fields []field
	add := func(name string, show func()) { fields = append(fields, field{name, show}) }
	num := func(name string, n int64) { add(name, func() { c.Integer64(n) }) }
	someSlots, sampled := h.Slots != nil, h.SampleRatio > 1
	duration := h.Duration
	if h.Active() {
		duration = c.NowMilli() - h.Began
	}
	active := int64(0)
	if h.Active() {
		active = 1
	}
	num("tracking-active", active)
	num("sample-ratio", h.SampleRatio)
	add("selected-slots", func() { replySlotRanges(c, hotSlots(c, h).Ranges()) })
	if someSlots && sampled {
		num("sampled-commands-selected-slots-us", h.Sampled.Time.Microseconds())
	}
	if someSlots {
		num("all-commands-selected-slots-us", h.Selected.Time.Microseconds())
	}
	num("all-commands-all-slots-us", h.All.Time.Microseconds())
	if someSlots && sampled {
		num("net-bytes-sampled-commands-selected-slots", int64(h.Sampled.Bytes))
	}
	if someSlots {
		num("net-bytes-all-commands-selected-slots", int64(h.Selected.Bytes))
	}
	num("net-bytes-all-commands-all-slots", int64(h.All.Bytes))
	num("collection-start-time-unix-ms", h.Began)
	num("collection-duration-ms", duration)
	if h.Time != nil {
		user, system := cpuTime(false)
		num("total-cpu-time-user-ms", (user - h.User).Milliseconds())
		num("total-cpu-time-sys-ms", (system - h.System).Milliseconds())
	}
	if h.Bytes != nil {
		num("total-net-bytes", int64(h.Bytes.Total()))
	}
	if h.Time != nil {
		add("by-cpu-time-us", func() { replyHotKeys(c, h.Time.Top(h.Count), 1000) })
	}
	if h.Bytes != nil {
		add("by-net-bytes", func() { replyHotKeys(c, h.Bytes.Top(h.Count), 1) })
	}
	c.Array(1)
	c.Map(len(fields))
	for _, f := range fields {
		c.BulkString(f.name)
		f.show()
	}
	return nil
}

// hotSlots returns the slots that a search looks at: if it has none, those of this
// node.
func hotSlots(c *engine.Ctx, h *engine.HotKeys) *cluster.Bitmap {
	switch {
	case h.Slots != nil:
		return h.Slots
	case c.Cluster() != nil:
		return &c.Cluster().Me.Slots
	}
	all := new(cluster.Bitmap)
	for i := range all {
		all[i] = 0xff
	}
	return all
}

// replySlotRanges replies arrays of the first and the last slot, or of the only one.
func replySlotRanges(c *engine.Ctx, ranges []cluster.Range) {
	c.Array(len(ranges))
	for _, r := range ranges {
		if r.First == r.Last {
			c.Array(1)
		} else {
			c.Array(2)
			c.Integer(r.First)
		}
		c.Integer(r.Last)
	}
}

// replyHotKeys replies keys with their sums, in another unit. The smallest that are
// nothing in this unit are left out.
func replyHotKeys(c *engine.Ctx, top []topk.Item, unit uint64) {
	n := slices.IndexFunc(top, func(i topk.Item) bool { return i.Sum < unit })
	if n < 0 {
		n = len(top)
	}
	c.Array(2 * n)
	for _, i := range top[:n] {
		c.BulkString(i.Name)
		c.Integer64(int64(i.Sum / unit))
	}
}

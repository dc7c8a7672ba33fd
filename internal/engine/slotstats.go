package engine

import (
	"errors"
	"time"

	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/slot"
	"github.com/resp-server/resp-server/internal/spec"
)

// SlotUse is the consumption of the commands of a hash slot: time, and bytes of
// requests and of replies, messages and effects for replicas.
type SlotUse struct {
	Time    time.Duration
	In, Out uint64
}

// slotStats counts the consumption of slots, as the setting cluster-slot-stats-enabled
// says. It takes no memory until something is counted.
type slotStats struct {
	time, net bool
	use       *[slot.Count]SlotUse
}

func (e *Core) slotStatsNow() slotStats {
	s := slotStats{use: e.slotStats.use}
	if e.Config.Cluster.Enabled {
		s.time = e.Config.Cluster.SlotStats.Has(config.SlotStatsCPU)
		s.net = e.Config.Cluster.SlotStats.Has(config.SlotStatsNet)
	}
	return s
}

func (s *slotStats) on() bool { return s.time || s.net }

func (s *slotStats) check(e *Core) error {
	if *s != e.slotStatsNow() {
		return errors.New("they are not those of the setting")
	}
	return nil
}

// SlotUse returns the counters of a slot, zero if nothing was counted.
func (e *Core) SlotUse(n int) SlotUse {
	if e.slotStats.use == nil {
		return SlotUse{}
	}
	return e.slotStats.use[n]
}

// ForgetSlotUse sets the counters of all slots to zero.
func (e *Core) ForgetSlotUse() { e.slotStats.use = nil }

// of returns the counters of a slot.
func (s *slotStats) of(n int) *SlotUse {
	if s.use == nil {
		s.use = new([slot.Count]SlotUse)
	}
	return &s.use[n]
}

// forget sets the counters of a slot to zero.
func (s *slotStats) forget(n int) {
	if s.use != nil {
		s.use[n] = SlotUse{}
	}
}

// slotOf returns the slot of the command that has run, -1 if it has no keys. Commands
// that EXEC runs have the slot of EXEC.
func (e *Core) slotOf(c *Ctx) int {
	if c.again == nil {
		return e.cluster.slot
	}
	keys, _ := c.Cmd.RoutingPositions(e.cluster.keys[:0], c.Args)
	e.cluster.keys = keys
	if len(keys) == 0 {
		return -1
	}
	return slot.Of(c.Args[keys[0].Index])
}

// slotsAfter counts the consumption of a command for its slot. Commands that EXEC and
// scripts run are parts of these; scripts that may use any slot belong to none.
func (e *Core) slotsAfter(c *Ctx) {
	if c.Outcome.Blocked || c.nested || c.Session.master != nil {
		return
	}
	if c.Cmd.Flags&spec.PubSub != 0 && c.Cmd.Channels == spec.NoChannels {
		return // it ends subscriptions, wherever they are
	}
	n := e.slotOf(c)
	if n < 0 {
		return
	}
	use := e.slotStats.of(n)
	if e.slotStats.time {
		use.Time += c.Outcome.Took
	}
	if e.slotStats.net {
		use.In += uint64(resp.CommandLen(c.shownArgs()))
		use.Out += uint64(len(c.Reply()))
		if c.Cmd.traits&spec.RunsQueued != 0 {
			use.In += uint64(resp.CommandLen([]string{"MULTI"}))
		}
	}
}

// queuedInSlot counts the request of a command that is queued.
func (e *Core) queuedInSlot(args [][]byte) {
	if n := e.cluster.slot; n >= 0 {
		e.slotStats.of(n).In += uint64(resp.CommandLen(args))
	}
}

package engine

import (
	"errors"
	"time"

	"github.com/resp-server/resp-server/internal/cluster"
	"github.com/resp-server/resp-server/internal/datastruct/topk"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/spec"
)

// HotKeys looks for the keys whose commands take most processor time, or whose requests
// and replies most bytes, as HOTKEYS START asks. The time and bytes of a command are
// divided equally among its keys.
type HotKeys struct {
	Time  *topk.Summary // nanoseconds; nil: not looked for
	Bytes *topk.Summary
	Count int // how many keys to show
	// One in SampleRatio commands is looked at, on average.
	SampleRatio int64
	Slots       *cluster.Bitmap // nil: all
	// Began is the beginning in ms. The search ends after Duration ms, 0: with HOTKEYS
	// STOP. Once it has ended, Duration is the time that it took.
	Began, Duration int64
	// User and System are the processor time of the program at the beginning.
	User, System time.Duration

	// Of commands with keys: All of them, those in Slots, and those of them that were
	// looked at.
	All, Selected, Sampled Consumed
	// Own is the time that the search itself takes.
	Own time.Duration

	active bool
	keys   []spec.KeyPos // room for those of a command
}

// Consumed is the consumption of commands.
type Consumed struct {
	Time  time.Duration
	Bytes uint64
}

func (t *Consumed) add(d time.Duration, n int) {
	t.Time += d
	t.Bytes += uint64(n)
}

// HotKeys returns the search for hot keys that is going on or has ended, or nil.
func (e *Core) HotKeys() *HotKeys {
	h := e.hot
	if h != nil && h.active && h.Duration > 0 && e.NowMilli() >= h.Began+h.Duration {
		e.stopHotKeys(h.Duration)
	}
	return h
}

// Active reports whether the search goes on.
func (h *HotKeys) Active() bool { return h.active }

// StartHotKeys begins a search, in place of one that has ended.
func (e *Core) StartHotKeys(h *HotKeys) {
	h.Began, h.active = e.NowMilli(), true
	e.hot = h
	e.setObservers()
}

// StopHotKeys ends the search that is going on.
func (e *Core) StopHotKeys() { e.stopHotKeys(e.NowMilli() - e.hot.Began) }

func (e *Core) stopHotKeys(after int64) {
	e.hot.active, e.hot.Duration = false, after
	e.setObservers()
}

// ForgetHotKeys forgets what was found.
func (e *Core) ForgetHotKeys() { e.hot = nil }

// hotKeysAfter counts the consumption of a command. Commands that scripts call are a
// part of the script; those that EXEC runs are not a part of EXEC, which has no keys.
func (e *Core) hotKeysAfter(c *Ctx) {
	h := e.HotKeys()
	if !h.active || c.Outcome.Blocked || c.scripted {
		return
	}
	args := c.shownArgs()
	keys, _ := c.Cmd.KeyPositions(h.keys[:0], args)
	h.keys = keys
	if len(keys) == 0 {
		return
	}
	took, bytes := c.Outcome.Took, resp.CommandLen(args)+len(c.Reply())
	h.All.add(took, bytes)
	if h.Slots != nil {
		if n := e.slotOf(c); n < 0 || !h.Slots.Has(n) {
			return
		}
	}
	h.Selected.add(took, bytes)
	if h.SampleRatio > 1 && e.Rand.Float64() >= 1/float64(h.SampleRatio) {
		return
	}
	h.Sampled.add(took, bytes)
	began := e.clock.Monotonic()
	for _, k := range keys {
		if h.Time != nil {
			h.Time.Add(args[k.Index], uint64(took)/uint64(len(keys)))
		}
		if h.Bytes != nil {
			h.Bytes.Add(args[k.Index], uint64(bytes/len(keys)))
		}
	}
	h.Own += e.clock.Monotonic() - began
}

// Size returns about how many bytes the search takes.
func (h *HotKeys) Size() (n int) {
	for _, s := range []*topk.Summary{h.Time, h.Bytes} {
		if s != nil {
			n += s.Size()
		}
	}
	return n
}

func (h *HotKeys) check() error {
	if h == nil {
		return nil
	}
	var errs [2]error
	for i, s := range []*topk.Summary{h.Time, h.Bytes} {
		if s != nil {
			errs[i] = s.Check()
		}
	}
	return errors.Join(errs[:]...)
}

package command

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/latency"
	"github.com/resp-server/resp-server/internal/resp"
)

var latencyCommands = engine.Handlers{
	"latency|doctor":    latencyDoctor,
	"latency|graph":     latencyGraph,
	"latency|histogram": latencyHistogram,
	"latency|history":   latencyHistory,
	"latency|latest":    latencyLatest,
	"latency|reset":     latencyReset,
}

// LATENCY HISTORY event
func latencyHistory(c *engine.Ctx) error {
	e := c.Latency.Find(string(c.Args[2]))
	if e == nil {
		return c.Array(0)
	}
	c.Array(len(e.Samples))
	for _, s := range e.Samples {
		c.Array(2)
		c.Integer64(s.Time)
		c.Integer64(s.Millis)
	}
	return nil
}

// LATENCY LATEST
func latencyLatest(c *engine.Ctx) error {
	names := c.Latency.Names()
	c.Array(len(names))
	for _, name := range names {
		e := c.Latency.Find(name)
		c.Array(4)
		c.BulkString(name)
		c.Integer64(e.Last().Time)
		c.Integer64(e.Last().Millis)
		c.Integer64(e.Max)
	}
	return nil
}

// LATENCY RESET [event [event ...]]
func latencyReset(c *engine.Ctx) error {
	n := 0
	if len(c.Args) == 2 {
		n = len(c.Latency.Names())
		c.Latency = latency.Monitor{}
	}
	for _, name := range c.Args[2:] {
		if c.Latency.Reset(string(name)) {
			n++
		}
	}
	return c.Integer(n)
}

// LATENCY GRAPH event
func latencyGraph(c *engine.Ctx) error {
	name := string(c.Args[2])
	e := c.Latency.Find(name)
	if e == nil {
		return resp.Errorf("ERR No samples available for event '%s'", name)
	}
	low, high := e.Bounds()
	text := fmt.Sprintf("%s - high %d ms, low %d ms (all time high %d ms)\n%s\n", name, high, low, e.Max, strings.Repeat("-", 80))
	text += e.Graph(func(s latency.Sample) string { return agoText(c.NowMilli()/1000 - s.Time) })
	c.Out().Verbatim("txt", text)
	return nil
}

// agoText formats an age in its largest unit that is at least one.
func agoText(seconds int64) string {
	for _, unit := range []struct {
		seconds int64
		letter  string
	}{{24 * 3600, "d"}, {3600, "h"}, {60, "m"}} {
		if seconds >= unit.seconds {
			return strconv.FormatInt(seconds/unit.seconds, 10) + unit.letter
		}
	}
	return strconv.FormatInt(seconds, 10) + "s"
}

// LATENCY DOCTOR
//
// It explains in words what LATENCY LATEST shows in numbers. Redis's advice is
// about disks, forks and kernels, which play no role here.
func latencyDoctor(c *engine.Ctx) error {
	var b strings.Builder
	names := c.Latency.Names()
	switch limit := c.Config.LatencyThreshold; {
	case limit == 0 && len(names) == 0:
		b.WriteString("Nothing is watched: CONFIG SET latency-monitor-threshold <milliseconds> begins.\n")
	case len(names) == 0:
		fmt.Fprintf(&b, "Nothing took %d ms or longer.\n", limit)
	}
	for i, name := range names {
		e := c.Latency.Find(name)
		var sum int64
		for _, s := range e.Samples {
			sum += s.Millis
		}
		fmt.Fprintf(&b, "%d. %s: %d latency spikes, %d ms on average, at most %d ms; the last was %s ago.\n",
			i+1, name, len(e.Samples), sum/int64(len(e.Samples)), e.Max, agoText(c.NowMilli()/1000-e.Last().Time))
		if advice := latencyAdvice[name]; advice != "" {
			b.WriteString("   " + advice + "\n")
		}
	}
	c.Out().Verbatim("txt", b.String())
	return nil
}

// latencyAdvice is the advice for each event.
var latencyAdvice = map[string]string{
	"command":        "SLOWLOG GET shows slow commands with their arguments. Look for commands on whole collections, and use SCAN, not KEYS.",
	"fast-command":   "These commands do little: most likely the processor was busy with something else.",
	"expire-cycle":   "Many keys expire at the same time: spread their expiry times.",
	"eviction-cycle": "Many keys were evicted at once: raise maxmemory, or lower it in small steps.",
}

// LATENCY HISTOGRAM [command [command ...]]
func latencyHistogram(c *engine.Ctx) error {
	var found []*engine.Command
	if len(c.Args) == 2 {
		found = c.Table().All()
	}
	for _, name := range c.Args[2:] {
		name, sub, isSub := bytes.Cut(name, []byte("|"))
		cmd := c.Table().Find(name)
		if cmd != nil && isSub {
			cmd = cmd.Sub(sub)
		}
		if cmd != nil {
			found = append(append(found, cmd), cmd.Subs()...)
		}
	}
	n := 0
	for _, cmd := range found {
		if latencyOf(c, cmd) != nil {
			n++
		}
	}
	c.Map(n)
	for _, cmd := range found {
		if h := latencyOf(c, cmd); h != nil {
			c.BulkString(cmd.FullName)
			replyHistogram(c, h)
		}
	}
	return nil
}

// latencyOf returns the latency histogram of a command, nil if it has none.
func latencyOf(c *engine.Ctx, cmd *engine.Command) *latency.Histogram {
	if s := c.Stats.Of(cmd); s != nil {
		return s.Latency
	}
	return nil
}

func replyHistogram(c *engine.Ctx, h *latency.Histogram) {
	levels := 0
	h.Levels(func(int64, uint64) { levels++ })
	c.Map(2)
	c.BulkString("calls")
	c.Integer64(int64(h.Count()))
	c.BulkString("histogram_usec")
	c.Map(levels)
	h.Levels(func(micros int64, n uint64) {
		c.Integer64(micros)
		c.Integer64(int64(n))
	})
}

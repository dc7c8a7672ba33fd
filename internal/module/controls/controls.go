// Package controls is the command TESTING: the test controls for clients in
// any language. In Go the same controls are methods of the server.
package controls

import (
	"strconv"
	"strings"
	"time"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/fault"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/spec"
)

// Host is the program around the engine. It does what is impossible under the
// engine's lock, so its methods are called without the lock.
type Host interface {
	Advance(d time.Duration)
	SetTime(t time.Time)
	Freeze()
	Resume()
	Now() time.Time
	// TakeSnapshot and RestoreSnapshot save and restore the state under a name.
	TakeSnapshot(name string) error
	RestoreSnapshot(name string) (known bool, err error)
	Reset() error
	// SpaceNames returns the spaces that a client may see; CloseSpace closes one.
	SpaceNames() []string
	CloseSpace(name string) (known bool)
	// ForkListening starts a listening fork and returns its address.
	ForkListening() (addr string, err error)
	// CloseFork closes the fork at an address, or this server if it is a fork and
	// the address is "".
	CloseFork(addr string) (known bool)
	// LoadData adds an RDB file, commands or JSON to the data; Dump and DumpJSON
	// return the data in these forms.
	LoadData(data string) error
	Dump() string
	DumpJSON() string
	// StartRecord begins a new record, which replaces an old one. With scripts it
	// includes the commands that scripts call, with spaces those of clients in
	// spaces.
	StartRecord(scripts, spaces bool)
	StopRecord() (running bool)
	// RecordText returns the last events of the record, all if last is 0.
	RecordText(last int) (text string, ok bool)
	// RecordCount returns the number of recorded commands that match a pattern.
	RecordCount(pattern string) (n int, ok bool, err error)
}

// Module returns the module for the server. The Host in the engine's parts
// must implement the one of this package.
func Module() engine.Module {
	return engine.Module{Rows: [][]spec.Command{commands}, Handlers: handlers}
}

var handlers = engine.Handlers{
	"testing|clock":    clock,
	"testing|close":    closeFork,
	"testing|dump":     dump,
	"testing|fault":    faults,
	"testing|fork":     fork,
	"testing|help":     engine.ContainerHelp,
	"testing|load":     load,
	"testing|record":   record,
	"testing|reset":    reset,
	"testing|restore":  restore,
	"testing|seed":     seed,
	"testing|shuffle":  shuffle,
	"testing|snapshot": snapshot,
	"testing|space":    space,
	"testing|spaces":   spaces,
	"testing|strict":   strictMode,
}

func host(c *engine.Ctx) Host { return c.Host().(Host) }

// later calls f without the engine's lock, and replies OK or the error of f.
func later(c *engine.Ctx, f func(Host) error) error {
	h := host(c)
	return c.Later(func() func(*engine.Ctx) error {
		if err := f(h); err != nil {
			return func(*engine.Ctx) error { return resp.Errorf("ERR %v", err) }
		}
		return (*engine.Ctx).OK
	})
}

// maxMilli limits times: it is about 35,000 years.
const maxMilli = 1 << 50

// TESTING CLOCK <ADVANCE milliseconds | SET unix-time-milliseconds | FREEZE | RESUME | NOW>
func clock(c *engine.Ctx) error {
	action := strings.ToUpper(string(c.Args[2]))
	var n int64
	switch action {
	case "ADVANCE", "SET":
		if len(c.Args) != 4 {
			return c.WrongArity()
		}
		var err error
		least := int64(-maxMilli)
		if action == "SET" {
			least = 0
		}
		if n, err = c.ArgIntIn(3, least, maxMilli, resp.ErrNotInteger); err != nil {
			return err
		}
		if action == "ADVANCE" && c.NowMilli()+n < 0 {
			return resp.Error("ERR the clock of a server shows no time before 1970")
		}
		by := n
		if action == "SET" {
			by -= c.NowMilli()
		}
		if by > c.Clock().Room().Milliseconds()-1000 { // some of it may pass until then
			return resp.Error("ERR the clock of a server can be moved by 292 years in all")
		}
	case "FREEZE", "RESUME", "NOW":
		if len(c.Args) != 3 {
			return c.WrongArity()
		}
	default:
		return resp.ErrSyntax
	}
	if action == "NOW" {
		return c.Integer64(c.NowMilli())
	}
	return later(c, func(h Host) error {
		switch action {
		case "ADVANCE":
			h.Advance(time.Duration(n) * time.Millisecond)
		case "SET":
			h.SetTime(time.UnixMilli(n))
		case "FREEZE":
			h.Freeze()
		case "RESUME":
			h.Resume()
		}
		return nil
	})
}

// TESTING SNAPSHOT name
func snapshot(c *engine.Ctx) error {
	name := string(c.Args[2])
	return later(c, func(h Host) error { return h.TakeSnapshot(name) })
}

// TESTING RESTORE name
func restore(c *engine.Ctx) error {
	name := string(c.Args[2])
	return later(c, func(h Host) error {
		known, err := h.RestoreSnapshot(name)
		if !known {
			return resp.Errorf("no snapshot is called '%s'", name)
		}
		return err
	})
}

// TESTING RESET
func reset(c *engine.Ctx) error { return later(c, Host.Reset) }

// TESTING FORK
func fork(c *engine.Ctx) error {
	h, s := host(c), c.Session
	return c.Later(func() func(*engine.Ctx) error {
		addr, err := h.ForkListening()
		return func(c *engine.Ctx) error {
			if err != nil {
				return resp.Errorf("ERR %v", err)
			}
			if !s.Internal() { // an internal session has no connection to close
				s.OnClose(func() { h.CloseFork(addr) })
			}
			return c.BulkString(addr)
		}
	})
}

// TESTING CLOSE [host:port|space:name]
func closeFork(c *engine.Ctx) error {
	addr := ""
	switch len(c.Args) {
	case 2:
	case 3:
		addr = string(c.Args[2])
	default:
		return c.WrongArity()
	}
	return later(c, func(h Host) error {
		if name, ok := strings.CutPrefix(addr, "space:"); ok {
			if !h.CloseSpace(name) {
				return resp.Errorf("no space is called '%s'", name)
			}
			return nil
		}
		if !h.CloseFork(addr) {
			if addr == "" {
				return resp.Error("this server is no fork")
			}
			return resp.Errorf("no fork listens on '%s'", addr)
		}
		return nil
	})
}

// TESTING SPACE name
func space(c *engine.Ctx) error {
	if c.Config.Spaces == "no" {
		return resp.Error("ERR this server has no spaces; see the setting 'spaces'")
	}
	if err := c.EnterSpace(string(c.Args[2])); err != nil {
		return err
	}
	return c.OK()
}

// TESTING SPACES
func spaces(c *engine.Ctx) error {
	names := host(c).SpaceNames()
	c.Array(len(names))
	for _, name := range names {
		c.BulkString(name)
	}
	return nil
}

// TESTING SEED
func seed(c *engine.Ctx) error { return c.BulkString(strconv.FormatUint(c.Seed(), 10)) }

// TESTING SHUFFLE <ON | OFF>
func shuffle(c *engine.Ctx) error {
	on := c.ArgIs(2, "on")
	if !on && !c.ArgIs(2, "off") {
		return resp.ErrSyntax
	}
	c.Shuffle(on)
	return c.OK()
}

// TESTING LOAD data
func load(c *engine.Ctx) error {
	data := string(c.Args[2])
	return later(c, func(h Host) error { return h.LoadData(data) })
}

// TESTING DUMP [TEXT | JSON]
func dump(c *engine.Ctx) error {
	as := Host.Dump
	switch {
	case len(c.Args) > 3:
		return c.WrongArity()
	case len(c.Args) == 2 || c.ArgIs(2, "text"):
	case c.ArgIs(2, "json"):
		as = Host.DumpJSON
	default:
		return resp.ErrSyntax
	}
	h := host(c)
	return c.Later(func() func(*engine.Ctx) error {
		text := as(h)
		return func(c *engine.Ctx) error { return c.BulkString(text) }
	})
}

// TESTING FAULT <ADD name word [word ...] | LIST | DEL name|all>
func faults(c *engine.Ctx) error {
	words := make([]string, len(c.Args)-2)
	for i, a := range c.Args[2:] {
		words[i] = string(a)
	}
	switch action := strings.ToUpper(words[0]); {
	case action == "LIST" && len(words) == 1:
		return listFaults(c)
	case action == "DEL" && len(words) == 2:
		if strings.EqualFold(words[1], "all") {
			n := c.Faults().Len()
			c.Faults().Clear()
			c.FaultsChanged()
			return c.Integer(n)
		}
		removed := c.Faults().Remove(words[1])
		c.FaultsChanged()
		return c.Truth(removed)
	case action == "ADD" && len(words) > 2:
		if strings.EqualFold(words[1], "all") {
			return resp.Error("ERR a fault can't be called 'all'")
		}
		rule, err := fault.Parse(words[1], words[2:])
		if err == nil {
			err = c.AddFault(rule)
		}
		if err != nil {
			return resp.Errorf("ERR %v", err)
		}
		return c.OK()
	case action == "ADD" || action == "DEL" || action == "LIST":
		return c.WrongArity()
	}
	return resp.ErrSyntax
}

// listFaults replies each rule as a map: its name, its text and its hits.
func listFaults(c *engine.Ctx) error {
	f := c.Faults()
	c.Array(f.Len())
	for rule, hits := range f.All {
		c.Map(3)
		c.BulkString("name")
		c.BulkString(rule.Name)
		c.BulkString("rule")
		c.BulkString(quote(rule.Words()))
		c.BulkString("hits")
		c.Integer(hits)
	}
	c.FaultsChanged()
	return nil
}

// quote joins words in the notation of redis-cli.
func quote(words []string) string {
	for i, w := range words {
		if w == "" || strings.ContainsAny(w, " \t\"'\\") {
			words[i] = strconv.Quote(w)
		}
	}
	return strings.Join(words, " ")
}

// errNoRecord is the reply if no record was started.
const errNoRecord resp.Error = "ERR nothing is recorded, see TESTING RECORD START"

// TESTING RECORD <START [SCRIPTS] [SPACES] | STOP | GET [last] | COUNT [pattern]>
func record(c *engine.Ctx) error {
	action, rest := strings.ToUpper(string(c.Args[2])), c.Args[3:]
	most := 0
	switch action {
	case "STOP":
	case "START":
		most = 2
	case "GET", "COUNT":
		most = 1
	default:
		return resp.ErrSyntax
	}
	if len(rest) > most {
		return c.WrongArity()
	}
	h := host(c)
	switch action {
	case "START":
		scripts, spaces := false, false
		for _, option := range rest {
			switch {
			case engine.EqualFold(option, "scripts"):
				scripts = true
			case engine.EqualFold(option, "spaces"):
				spaces = true
			default:
				return resp.ErrSyntax
			}
		}
		return later(c, func(h Host) error {
			h.StartRecord(scripts, spaces)
			return nil
		})
	case "STOP":
		return c.Later(func() func(*engine.Ctx) error {
			running := h.StopRecord()
			return func(c *engine.Ctx) error { return c.Truth(running) }
		})
	case "GET":
		var last int64
		if len(rest) > 0 {
			var err error
			if last, err = c.ArgIntIn(3, 1, 1<<30, resp.ErrNotInteger); err != nil {
				return err
			}
		}
		text, ok := h.RecordText(int(last))
		if !ok {
			return errNoRecord
		}
		return c.BulkString(text)
	}
	pattern := "..."
	if len(rest) > 0 {
		pattern = string(rest[0])
	}
	n, ok, err := h.RecordCount(pattern)
	switch {
	case err != nil:
		return resp.Errorf("ERR %v", err)
	case !ok:
		return errNoRecord
	}
	return c.Integer(n)
}

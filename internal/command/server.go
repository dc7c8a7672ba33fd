package command

import (
	"math"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/resp"
)

var serverCommands = engine.Handlers{
	"dbsize":   dbsize,
	"flushall": flushall,
	"flushdb":  flushdb,
	"lolwut":   lolwut,
	"monitor":  monitor,
	"swapdb":   swapdb,
	"time":     serverTime,
}

// DBSIZE
func dbsize(c *engine.Ctx) error { return c.Integer(c.DB().Len()) }

// FLUSHALL [ASYNC | SYNC]
func flushall(c *engine.Ctx) error {
	later, err := flushMode(c)
	if err != nil {
		return err
	}
	c.FlushAll(later)
	return c.OK()
}

// FLUSHDB [ASYNC | SYNC]
func flushdb(c *engine.Ctx) error {
	later, err := flushMode(c)
	if err != nil {
		return err
	}
	c.Flush(c.Session.DB(), later)
	return c.OK()
}

// flushMode reads the option of FLUSHDB and FLUSHALL and reports whether the
// memory counts as freed in the background. Dropping a database takes constant
// time either way. Redis frees in a thread for SYNC too, where it may block.
func flushMode(c *engine.Ctx) (later bool, err error) {
	switch {
	case len(c.Args) == 1:
		later = c.Config.LazyUserFlush
	case len(c.Args) > 2 || !c.ArgIs(1, "sync") && !c.ArgIs(1, "async"):
		return false, resp.ErrSyntax
	default:
		later = c.ArgIs(1, "async")
	}
	return later || c.MayBlock(), nil
}

// LOLWUT [VERSION version]
//
// There is no picture: tools read only the version.
func lolwut(c *engine.Ctx) error {
	if len(c.Args) > 2 && c.ArgIs(1, "version") {
		if _, err := c.ArgInt(2); err != nil {
			return err
		}
	}
	c.Out().Verbatim("txt", "Redis ver. "+c.Config.Edition.Version.String()+"\n")
	return nil
}

// SWAPDB index1 index2
func swapdb(c *engine.Ctx) error {
	if c.Cluster() != nil {
		return resp.Error("ERR SWAPDB is not allowed in cluster mode")
	}
	i, err := c.ArgIntIn(1, math.MinInt32, math.MaxInt32, resp.Error("ERR invalid first DB index"))
	if err != nil {
		return err
	}
	j, err := c.ArgIntIn(2, math.MinInt32, math.MaxInt32, resp.Error("ERR invalid second DB index"))
	if err != nil {
		return err
	}
	if n := int64(c.Keyspace.Len()); i < 0 || i >= n || j < 0 || j >= n {
		return resp.ErrDBIndex
	}
	c.SwapDBs(int(i), int(j))
	return c.OK()
}

// TIME
func serverTime(c *engine.Ctx) error {
	now := c.Wall()
	c.Array(2)
	c.Out().BulkInt(now / 1e6)
	c.Out().BulkInt(now % 1e6)
	return nil
}

// MONITOR
func monitor(c *engine.Ctx) error {
	if !c.MayBlock() {
		return resp.Error("ERR MONITOR isn't allowed for DENY BLOCKING client")
	}
	if !c.Session.Monitor() {
		return nil // the client monitors already; no reply, as in Redis
	}
	return c.OK()
}

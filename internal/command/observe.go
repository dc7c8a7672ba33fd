package command

import (
	"math"
	"slices"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/resp"
)

var monitoring = engine.Handlers{
	"monitor": monitor,
}

var slowLog = engine.Handlers{
	"slowlog|get":   slowlogGet,
	"slowlog|len":   slowlogLen,
	"slowlog|reset": slowlogReset,
}

// MONITOR
func monitor(c *engine.Ctx) error {
	if !c.MayBlock() {
		return resp.Error("ERR MONITOR isn't allowed for DENY BLOCKING client")
	}
	if !c.Session.Monitor() {
		return nil // and no reply
	}
	return c.OK()
}

// SLOWLOG GET [count]
func slowlogGet(c *engine.Ctx) error {
	count := int64(10)
	if len(c.Args) > 3 {
		return subcommandSyntax(c)
	}
	if len(c.Args) == 3 {
		var err error
		count, err = c.ArgIntIn(2, -1, math.MaxInt64, resp.Error("ERR count should be greater than or equal to -1"))
		if err != nil {
			return err
		}
	}
	n := c.Slowlog.Len()
	if count >= 0 && count < int64(n) {
		n = int(count)
	}
	c.Array(n)
	for _, e := range slices.Backward(c.Slowlog.Last(n)) {
		c.Array(6)
		c.Integer64(e.ID)
		c.Integer64(e.Time)
		c.Integer64(e.Micros)
		c.Array(len(e.Args))
		for _, a := range e.Args {
			c.BulkString(a)
		}
		c.BulkString(e.Addr)
		c.BulkString(e.Name)
	}
	return nil
}

// SLOWLOG LEN
func slowlogLen(c *engine.Ctx) error { return c.Integer(c.Slowlog.Len()) }

// SLOWLOG RESET
func slowlogReset(c *engine.Ctx) error {
	c.Slowlog.Reset()
	return c.OK()
}

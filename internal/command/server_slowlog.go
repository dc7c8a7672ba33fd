package command

import (
	"math"
	"slices"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/slowlog"
)

var slowlogCommands = engine.Handlers{
	"commandlog|get":   commandlogGet,
	"commandlog|len":   commandlogLen,
	"commandlog|reset": commandlogReset,
	"slowlog|get":      slowlogGet,
	"slowlog|len":      slowlogLen,
	"slowlog|reset":    slowlogReset,
}

// SLOWLOG GET [count]
func slowlogGet(c *engine.Ctx) error {
	count := int64(10)
	if len(c.Args) > 3 {
		return subcommandSyntax(c)
	}
	if len(c.Args) == 3 {
		var err error
		if count, err = argLogCount(c); err != nil {
			return err
		}
	}
	replyLog(c, &c.Slowlog, count)
	return nil
}

func argLogCount(c *engine.Ctx) (int64, error) {
	return c.ArgIntIn(2, -1, math.MaxInt64, resp.Error("ERR count should be greater than or equal to -1"))
}

// replyLog replies the last entries of a log, or all if count is -1.
func replyLog(c *engine.Ctx, l *slowlog.Log, count int64) {
	n := l.Len()
	if count >= 0 && count < int64(n) {
		n = int(count)
	}
	c.Array(n)
	for _, e := range slices.Backward(l.Last(n)) {
		c.Array(6)
		c.Integer64(e.ID)
		c.Integer64(e.Time)
		c.Integer64(e.Amount)
		c.Array(len(e.Args))
		for _, a := range e.Args {
			c.BulkString(a)
		}
		c.BulkString(e.Addr)
		c.BulkString(e.Name)
	}
}

// SLOWLOG LEN
func slowlogLen(c *engine.Ctx) error { return c.Integer(c.Slowlog.Len()) }

// SLOWLOG RESET
func slowlogReset(c *engine.Ctx) error {
	c.Slowlog.Reset()
	return c.OK()
}

// argLog reads an argument as the type of a commandlog.
func argLog(c *engine.Ctx, i int) (*slowlog.Log, error) {
	switch {
	case c.ArgIs(i, "slow"):
		return &c.Slowlog, nil
	case c.ArgIs(i, "large-request"):
		return &c.Requests, nil
	case c.ArgIs(i, "large-reply"):
		return &c.Replies, nil
	}
	return nil, resp.Error("ERR type should be one of the following: slow, large-request, large-reply")
}

// COMMANDLOG GET count <slow | large-request | large-reply>
func commandlogGet(c *engine.Ctx) error {
	count, err := argLogCount(c)
	if err != nil {
		return err
	}
	l, err := argLog(c, 3)
	if err != nil {
		return err
	}
	replyLog(c, l, count)
	return nil
}

// COMMANDLOG LEN <slow | large-request | large-reply>
func commandlogLen(c *engine.Ctx) error {
	l, err := argLog(c, 2)
	if err != nil {
		return err
	}
	return c.Integer(l.Len())
}

// COMMANDLOG RESET <slow | large-request | large-reply>
func commandlogReset(c *engine.Ctx) error {
	l, err := argLog(c, 2)
	if err != nil {
		return err
	}
	l.Reset()
	return c.OK()
}

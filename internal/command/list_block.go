package command

import (
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/value"
)

var listBlockCommands = engine.Handlers{
	"blmove":     blmove,
	"blmpop":     blmpop,
	"blpop":      bpop(head),
	"brpop":      bpop(tail),
	"brpoplpush": brpoplpush,
}

// waitForList blocks the client until one of the keys holds a list.
func waitForList(c *engine.Ctx, keys [][]byte, deadline int64) error {
	return c.Block(engine.Wait{Keys: keys, Type: value.TypeList, Deadline: deadline, TimeOut: (*engine.Ctx).NullArray})
}

// BLPOP key [key ...] timeout
// BRPOP key [key ...] timeout
func bpop(from end) engine.Handler {
	return func(c *engine.Ctx) error {
		last := len(c.Args) - 1
		deadline, err := c.ArgTimeout(last)
		if err != nil {
			return err
		}
		key, l, err := firstList(c, c.Args[1:last])
		if err != nil {
			return err
		}
		if l == nil {
			return waitForList(c, c.Args[1:last], deadline)
		}
		c.Array(2)
		c.Bulk(key)
		popOne(c, key, l, from)
		if c.Journaling() {
			c.Propagate(from.pop(), key)
		}
		return nil
	}
}

// BLMPOP timeout numkeys key [key ...] <LEFT | RIGHT> [COUNT count]
func blmpop(c *engine.Ctx) error {
	keys, from, count, err := mpopArgs(c, 2)
	if err != nil {
		return err
	}
	deadline, err := c.ArgTimeout(1)
	if err != nil {
		return err
	}
	if done, err := mpop(c, keys, from, count); done || err != nil {
		return err
	}
	return waitForList(c, keys, deadline)
}

// BLMOVE source destination <LEFT | RIGHT> <LEFT | RIGHT> timeout
func blmove(c *engine.Ctx) error {
	from, to, err := argEnds(c)
	if err != nil {
		return err
	}
	return moveOrWait(c, from, to, 5, "LMOVE")
}

// BRPOPLPUSH source destination timeout
func brpoplpush(c *engine.Ctx) error { return moveOrWait(c, tail, head, 3, "RPOPLPUSH") }

// moveOrWait is moveElement for blocking commands. Argument i is the timeout;
// name is the command to propagate.
func moveOrWait(c *engine.Ctx, from, to end, i int, name string) error {
	deadline, err := c.ArgTimeout(i)
	if err != nil {
		return err
	}
	if !c.Exists(c.Args[1]) {
		if !c.MayBlock() {
			return c.Null() // unlike a timeout, which replies a null array
		}
		return waitForList(c, c.Args[1:2], deadline)
	}
	if err := moveElement(c, from, to); err != nil {
		return err
	}
	if c.Journaling() {
		c.Propagate(append([][]byte{[]byte(name)}, c.Args[1:i]...)...)
	}
	return nil
}

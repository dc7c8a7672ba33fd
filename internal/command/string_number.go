package command

import (
	"math"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/numfmt"
	"github.com/resp-server/resp-server/internal/resp"
)

var stringNumberCommands = engine.Handlers{
	"decr":        incr(-1),
	"decrby":      decrby,
	"incr":        incr(1),
	"incrby":      incrby,
	"incrbyfloat": incrbyfloat,
}

// DECR key
// INCR key
func incr(by int64) engine.Handler {
	return func(c *engine.Ctx) error { return addInt(c, by) }
}

// INCRBY key increment
func incrby(c *engine.Ctx) error {
	by, err := c.ArgInt(2)
	if err != nil {
		return err
	}
	return addInt(c, by)
}

// DECRBY key decrement
func decrby(c *engine.Ctx) error {
	by, err := c.ArgInt(2)
	if err != nil {
		return err
	}
	if by == math.MinInt64 {
		return resp.Error("ERR decrement would overflow")
	}
	return addInt(c, -by)
}

func addInt(c *engine.Ctx, by int64) error {
	key := c.Args[1]
	n, err := integerAt(c, key)
	if err != nil {
		return err
	}
	if by < 0 && n < math.MinInt64-by || by > 0 && n > math.MaxInt64-by {
		return resp.ErrOverflow
	}
	n += by
	c.SetInt(key, n, engine.KeepTTL)
	c.Changed(key, event.IncrBy)
	return c.Integer64(n)
}

// integerAt reads the integer that a key holds, 0 if it is missing.
func integerAt(c *engine.Ctx, key []byte) (int64, error) {
	k, ok, err := findText(c, key)
	if !ok {
		return 0, err
	}
	if n, ok := k.Int(); ok {
		return n, nil
	}
	n, ok := numfmt.ParseInt(k.Bytes(nil))
	if !ok {
		return 0, resp.ErrNotInteger
	}
	return n, nil
}

// INCRBYFLOAT key increment
func incrbyfloat(c *engine.Ctx) error {
	key := c.Args[1]
	k, ok, err := findText(c, key)
	if err != nil {
		return err
	}
	var sum numfmt.LongDouble
	if ok {
		var room [32]byte
		if sum, ok = numfmt.ParseLongDouble(k.Bytes(room[:0])); !ok {
			return resp.ErrNotFloat
		}
	}
	by, ok := numfmt.ParseLongDouble(c.Args[2])
	if !ok {
		return resp.ErrNotFloat
	}
	if sum, ok = sum.Add(by); !ok {
		return resp.ErrNaN
	}
	var room [64]byte
	text := sum.AppendHuman(room[:0])
	c.SetText(key, text, engine.KeepTTL)
	c.Changed(key, event.IncrByFloat)
	// Propagate the result, since another implementation may round differently.
	c.Propagate([]byte("SET"), key, text, []byte("KEEPTTL"))
	return c.Bulk(text)
}

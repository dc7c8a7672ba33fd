package command

import (
	"math"
	"strconv"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

var zsetPopCommands = engine.Handlers{
	"bzmpop":   bzmpop,
	"bzpopmax": bzpop(true),
	"bzpopmin": bzpop(false),
	"zmpop":    zmpop,
	"zpopmax":  zpop(true),
	"zpopmin":  zpop(false),
}

// popMembers removes n members at the lower or upper end and calls reply for
// each.
func popMembers(c *engine.Ctx, key []byte, n int, highest bool, reply func(name []byte, score float64)) error {
	z, err := engine.FindToWrite[*value.ZSet](c, key)
	if err != nil {
		return err
	}
	from, lo := 0, 0
	if highest {
		from, lo = z.Len()-1, z.Len()-n
	}
	it := z.Seek(from, highest)
	for range n {
		name, score, _ := it.Next()
		reply(name, score)
	}
	z.DeleteRange(lo, lo+n)
	c.ChangedTimes(n, key, popEvent(highest))
	return nil
}

func popEvent(highest bool) event.Event {
	if highest {
		return event.ZPopMax
	}
	return event.ZPopMin
}

// propagatePop propagates the pop of the key that had elements. n is 0 for
// commands that always pop one element.
func propagatePop(c *engine.Ctx, key []byte, n int, highest bool) {
	name := "ZPOPMIN"
	if highest {
		name = "ZPOPMAX"
	}
	if n == 0 {
		c.Propagate([]byte(name), key)
		return
	}
	c.Propagate([]byte(name), key, strconv.AppendInt(nil, int64(n), 10))
}

// ZPOPMAX key [count]
// ZPOPMIN key [count]
// zpop makes ZPOPMIN and ZPOPMAX.
func zpop(highest bool) engine.Handler {
	return func(c *engine.Ctx) error {
		count := int64(-1)
		switch {
		case len(c.Args) > 3:
			return resp.ErrSyntax
		case len(c.Args) == 3:
			var err error
			if count, err = c.ArgIntIn(2, 0, math.MaxInt64, resp.ErrPositive); err != nil {
				return err
			}
		}
		z, err := engine.FindBeforeWrite[*value.ZSet](c, c.Args[1])
		if err != nil {
			return err
		}
		nested := c.Proto() == 3 && count >= 0
		n := 1
		if count >= 0 {
			n = int(min(count, int64(z.Len())))
		}
		if z.Len() == 0 || n == 0 {
			return c.Array(0)
		}
		if nested {
			c.Array(n)
		} else {
			c.Array(2 * n)
		}
		return popMembers(c, c.Args[1], n, highest, func(name []byte, score float64) {
			if nested {
				c.Array(2)
			}
			c.Bulk(name)
			c.Double(score)
		})
	}
}

// BZPOPMAX key [key ...] timeout
// BZPOPMIN key [key ...] timeout
// bzpop makes BZPOPMIN and BZPOPMAX.
func bzpop(highest bool) engine.Handler {
	return func(c *engine.Ctx) error {
		last := len(c.Args) - 1
		deadline, err := c.ArgTimeout(last)
		if err != nil {
			return err
		}
		keys := c.Args[1:last]
		for _, key := range keys {
			z, err := engine.FindBeforeWrite[*value.ZSet](c, key)
			if err != nil {
				return err
			}
			if z.Len() > 0 {
				c.Array(3)
				c.Bulk(key)
				err := popMembers(c, key, 1, highest, func(name []byte, score float64) {
					c.Bulk(name)
					c.Double(score)
				})
				propagatePop(c, key, 0, highest)
				return err
			}
		}
		return c.Block(engine.Wait{Keys: keys, Type: value.TypeZSet, Deadline: deadline, TimeOut: (*engine.Ctx).NullArray})
	}
}

// ZMPOP numkeys key [key ...] <MIN | MAX> [COUNT count]
func zmpop(c *engine.Ctx) error {
	keys, n, highest, err := argPops(c, 1)
	if err != nil {
		return err
	}
	done, err := popFirst(c, keys, n, highest)
	if done || err != nil {
		return err
	}
	return c.NullArray()
}

// BZMPOP timeout numkeys key [key ...] <MIN | MAX> [COUNT count]
func bzmpop(c *engine.Ctx) error {
	keys, n, highest, err := argPops(c, 2)
	if err != nil {
		return err
	}
	deadline, err := c.ArgTimeout(1)
	if err != nil {
		return err
	}
	done, err := popFirst(c, keys, n, highest)
	if done || err != nil {
		return err
	}
	return c.Block(engine.Wait{Keys: keys, Type: value.TypeZSet, Deadline: deadline, TimeOut: (*engine.Ctx).NullArray})
}

// argPops reads "numkeys key [key ...] <MIN | MAX> [COUNT count]" from
// argument i on.
func argPops(c *engine.Ctx, i int) (keys [][]byte, count int, highest bool, err error) {
	n, err := c.ArgIntIn(i, 1, math.MaxInt64, errNumKeys)
	if err != nil {
		return nil, 0, false, err
	}
	if n >= int64(len(c.Args)-i-1) {
		return nil, 0, false, resp.ErrSyntax
	}
	keys = c.Args[i+1 : i+1+int(n)]
	i += int(n) + 1
	switch {
	case c.ArgIs(i, "max"):
		highest = true
	case !c.ArgIs(i, "min"):
		return nil, 0, false, resp.ErrSyntax
	}
	most := int64(-1)
	for i++; i < len(c.Args); i++ {
		if most >= 0 || !c.ArgIs(i, "count") || i+1 == len(c.Args) {
			return nil, 0, false, resp.ErrSyntax
		}
		i++
		if most, err = c.ArgIntIn(i, 1, math.MaxInt64, errPopCount); err != nil {
			return nil, 0, false, err
		}
	}
	return keys, int(max(most, 1)), highest, nil
}

// popFirst pops from the first key with members.
func popFirst(c *engine.Ctx, keys [][]byte, n int, highest bool) (done bool, err error) {
	for _, key := range keys {
		z, err := engine.FindBeforeWrite[*value.ZSet](c, key)
		if err != nil {
			return false, err
		}
		if z.Len() == 0 {
			continue
		}
		n = min(n, z.Len())
		c.Array(2)
		c.Bulk(key)
		c.Array(n)
		err = popMembers(c, key, n, highest, func(name []byte, score float64) {
			c.Array(2)
			c.Bulk(name)
			c.Double(score)
		})
		propagatePop(c, key, n, highest)
		return true, err
	}
	return false, nil
}

package command

import (
	"math"
	"strconv"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/resp"
)

var expireCommands = engine.Handlers{
	"expire":      expire(true, false),
	"expireat":    expire(true, true),
	"expiretime":  ttl(true, true),
	"persist":     persist,
	"pexpire":     expire(false, false),
	"pexpireat":   expire(false, true),
	"pexpiretime": ttl(false, true),
	"pttl":        ttl(false, false),
	"ttl":         ttl(true, false),
}

// condition is the condition of EXPIRE on the current expiry time.
type condition uint8

const (
	ifNone condition = 1 << iota
	ifAny
	ifGreater // a key without expiry counts as infinite
	ifLess
)

// EXPIRE key seconds [NX | XX | GT | LT]
// PEXPIRE key milliseconds [NX | XX | GT | LT]
// EXPIREAT key unix-time-seconds [NX | XX | GT | LT]
// PEXPIREAT key unix-time-milliseconds [NX | XX | GT | LT]
func expire(seconds, absolute bool) engine.Handler {
	return func(c *engine.Ctx) error {
		key := c.Args[1]
		cond, err := readCondition(c, 3)
		if err != nil {
			return err
		}
		at, err := readExpiry(c, 2, seconds, absolute)
		if err != nil {
			return err
		}
		k, ok := c.Peek(key)
		if !ok || !cond.met(k.ExpireAt(), at) {
			return c.Integer(0)
		}
		if c.ExpiresAtOnce(at) {
			c.DeleteInstead(key, c.Config.LazyExpire)
			c.Changed(key, event.Del)
			return c.Integer(1)
		}
		c.SetExpire(key, at)
		c.Changed(key, event.Expire)
		if c.Journaling() { // with its condition, as Redis does
			name := []byte("PEXPIREAT")
			if absolute && !seconds {
				name = c.Args[0]
			}
			c.Propagate(append([][]byte{name, key, strconv.AppendInt(nil, at, 10)}, c.Args[3:]...)...)
		}
		return c.Integer(1)
	}
}

// readCondition reads the arguments from the given one to the end.
func readCondition(c *engine.Ctx, from int) (cond condition, err error) {
	for i := from; i < len(c.Args); i++ {
		switch {
		case c.ArgIs(i, "nx"):
			cond |= ifNone
		case c.ArgIs(i, "xx"):
			cond |= ifAny
		case c.ArgIs(i, "gt"):
			cond |= ifGreater
		case c.ArgIs(i, "lt"):
			cond |= ifLess
		default:
			return 0, resp.Errorf("ERR Unsupported option %s", c.Args[i])
		}
	}
	switch {
	case cond&ifNone != 0 && cond != ifNone:
		return 0, resp.Error("ERR NX and XX, GT or LT options at the same time are not compatible")
	case cond&ifGreater != 0 && cond&ifLess != 0:
		return 0, resp.Error("ERR GT and LT options at the same time are not compatible")
	}
	return cond, nil
}

// met compares the current expiry time of a key, 0 for none, with the new one.
func (cond condition) met(was, at int64) bool {
	switch {
	case cond&ifNone != 0 && was != 0:
		return false
	case cond&ifAny != 0 && was == 0:
		return false
	case cond&ifGreater != 0 && (was == 0 || at <= was):
		return false
	case cond&ifLess != 0 && was != 0 && at >= was:
		return false
	}
	return true
}

// readExpiry reads argument i as a time, which may be in the past, and returns
// it in milliseconds since 1970.
func readExpiry(c *engine.Ctx, i int, seconds, absolute bool) (at int64, err error) {
	at, err = c.ArgInt(i)
	if err != nil {
		return 0, err
	}
	if seconds {
		if at > math.MaxInt64/1000 || at < math.MinInt64/1000 {
			return 0, c.InvalidExpiry()
		}
		at *= 1000
	}
	if !absolute {
		if at > math.MaxInt64-c.ExpiryMilli() {
			return 0, c.InvalidExpiry()
		}
		return at + c.ExpiryMilli(), nil
	}
	return c.ExpiryOfUnix(at), nil
}

// TTL key
// PTTL key
// EXPIRETIME key
// PEXPIRETIME key
func ttl(seconds, absolute bool) engine.Handler {
	return func(c *engine.Ctx) error {
		k, ok := c.Inspect(c.Args[1])
		if !ok {
			return c.Integer(-2)
		}
		ms := k.ExpireAt()
		if ms == 0 {
			return c.Integer(-1)
		}
		if absolute {
			ms = c.UnixOfExpiry(ms)
		} else {
			ms -= c.ExpiryMilli()
		}
		if seconds {
			ms = int64((uint64(ms) + 500) / 1000) // unsigned, so that the latest time does not overflow
		}
		return c.Integer64(ms)
	}
}

// PERSIST key
func persist(c *engine.Ctx) error {
	key := c.Args[1]
	k, ok := c.Peek(key)
	if !ok || k.ExpireAt() == 0 {
		return c.Integer(0)
	}
	c.SetExpire(key, engine.NoExpiry)
	c.Changed(key, event.Persist)
	return c.Integer(1)
}

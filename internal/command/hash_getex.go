package command

import (
	"math"
	"strconv"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

// hashGetexCommands are the hash commands of Redis 8.0.
var hashGetexCommands = engine.Handlers{
	"hgetdel": hgetdel,
	"hgetex":  hgetex,
	"hsetex":  hsetex,
}

// HGETDEL key FIELDS numfields field [field ...]
func hgetdel(c *engine.Ctx) error {
	key := c.Args[1]
	h, err := engine.FindToWrite[*value.Hash](c, key)
	if err != nil {
		return err
	}
	names, err := argFields(c, 2, errFieldCount)
	if err != nil {
		return err
	}
	c.Array(len(names))
	deleted := false
	for _, name := range names {
		replyField(c, h, name)
		deleted = h != nil && h.Delete(name) || deleted
	}
	if deleted {
		c.Propagate(append([][]byte{[]byte("HDEL"), key}, names...)...)
		c.Changed(key, event.HDel)
	}
	return nil
}

// HGETEX key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST] FIELDS numfields field [field ...]
func hgetex(c *engine.Ctx) error {
	key := c.Args[1]
	h, err := engine.FindToWrite[*value.Hash](c, key)
	if err != nil {
		return err
	}
	at, from := int64(0), 2
	seconds, absolute, timed := timeWord(c, 2)
	persist := c.ArgIs(2, "persist")
	switch {
	case timed:
		from = 4
		if at, err = argFieldTime(c, 3, seconds, absolute); err != nil {
			return err
		}
	case persist:
		from = 3
	}
	names, err := argFields(c, from, errFieldCount)
	if err != nil {
		return err
	}
	c.Array(len(names))
	if h != nil && (timed || persist) {
		h.AllowTimes()
	}
	past := timed && c.IsPast(at)
	changed := false
	for _, name := range names {
		replyField(c, h, name)
		was, ok := h.Time(name)
		switch {
		case !ok || was != 0 && c.IsPast(was):
		case past:
			h.Delete(name)
			changed = true
		case timed || persist && was != 0:
			h.SetTime(name, at)
			changed = true
		}
	}
	if !changed {
		return nil
	}
	fields := c.Args[from:]
	switch {
	case past:
		c.Propagate(append([][]byte{[]byte("HDEL"), key}, names...)...)
		c.Changed(key, event.HDel)
	case timed:
		c.Propagate(append([][]byte{[]byte("HPEXPIREAT"), key, strconv.AppendInt(nil, at, 10)}, fields...)...)
		c.Changed(key, event.HExpire)
	default:
		c.Propagate(append([][]byte{[]byte("HPERSIST"), key}, fields...)...)
		c.Changed(key, event.HPersist)
	}
	return nil
}

// timeWord reports whether argument i is an option with a time, and of which
// kind.
func timeWord(c *engine.Ctx, i int) (seconds, absolute, ok bool) {
	switch {
	case c.ArgIs(i, "ex"):
		return true, false, true
	case c.ArgIs(i, "px"):
		return false, false, true
	case c.ArgIs(i, "exat"):
		return true, true, true
	case c.ArgIs(i, "pxat"):
		return false, true, true
	}
	return false, false, false
}

// hsetexOptions are the arguments of HSETEX.
type hsetexOptions struct {
	fnx, fxx, keep bool
	at             int64    // 0 if none was given
	timeArg        int      // index of the time in Args
	pairs          [][]byte // fields and values, in turn
}

func readHSetEx(c *engine.Ctx) (o hsetexOptions, err error) {
	for i := 2; i < len(c.Args); i++ {
		seconds, absolute, timed := timeWord(c, i)
		keep := c.ArgIs(i, "keepttl")
		fnx, fxx := c.ArgIs(i, "fnx"), c.ArgIs(i, "fxx")
		switch {
		case c.ArgIs(i, "fields"):
			if i+3 >= len(c.Args) {
				return o, c.WrongArity()
			}
			n, err := c.ArgIntIn(i+1, 1, math.MaxInt32, resp.Error("ERR invalid number of fields"))
			if err != nil {
				return o, err
			}
			o.pairs = c.Args[i+2:]
			if int64(len(o.pairs)) != 2*n {
				return o, c.WrongArity()
			}
			return o, nil
		case timed || keep:
			if o.keep || o.timeArg > 0 {
				return o, resp.Error("ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified")
			}
			o.keep = keep
			if timed {
				i++
				o.timeArg = i
				if i == len(c.Args) {
					return o, resp.Error("ERR missing expire time")
				}
				if o.at, err = argFieldTime(c, i, seconds, absolute); err != nil {
					return o, err
				}
			}
		case fnx || fxx:
			if o.fnx || o.fxx {
				return o, resp.Error("ERR Only one of FXX or FNX arguments can be specified")
			}
			o.fnx, o.fxx = fnx, fxx
		default:
			return o, resp.Errorf("ERR unknown argument: %s", c.Args[i])
		}
	}
	return o, c.WrongArity()
}

// HSETEX key [FNX | FXX] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL] FIELDS numfields field value [field value ...]
func hsetex(c *engine.Ctx) error {
	o, err := readHSetEx(c)
	if err != nil {
		return err
	}
	key := c.Args[1]
	h, err := engine.FindToWrite[*value.Hash](c, key)
	if err != nil {
		return err
	}
	if o.fnx || o.fxx {
		for i := 0; i < len(o.pairs); i += 2 {
			if name := o.pairs[i]; (h.Has(name) && !fieldExpired(c, h, name)) == o.fnx {
				return c.Integer(0)
			}
		}
	}
	if h, err = makeHash(c); err != nil {
		return err
	}
	timed := o.timeArg > 0
	if timed && c.IsPast(o.at) {
		deleted := [][]byte{[]byte("HDEL"), key}
		for i := 0; i < len(o.pairs); i += 2 {
			h.Delete(o.pairs[i])
			deleted = append(deleted, o.pairs[i])
		}
		c.Propagate(deleted...)
		c.Notify(key, event.HSet)
		c.Changed(key, event.HDel)
		return c.Integer(1)
	}
	at := o.at
	if o.keep {
		at = value.KeepTime
	}
	h.Expect(c.Limits(), o.pairs)
	for i := 0; i < len(o.pairs); i += 2 {
		h.Set(c.Limits(), o.pairs[i], o.pairs[i+1], at)
	}
	if !timed {
		c.Changed(key, event.HSet)
		return c.Integer(1)
	}
	if c.Journaling() {
		args := append([][]byte(nil), c.Args...)
		args[o.timeArg-1], args[o.timeArg] = []byte("PXAT"), strconv.AppendInt(nil, at, 10)
		c.Propagate(args...)
	}
	c.Notify(key, event.HSet)
	c.Changed(key, event.HExpire)
	return c.Integer(1)
}

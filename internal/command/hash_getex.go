package command

import (
	"math"
	"strconv"
	"strings"

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
	var told [][]byte
	for _, name := range names {
		replyField(c, h, name)
		if h != nil && h.Delete(name) {
			deleted = true
			told = appendTold(c, told, name)
		}
	}
	if deleted {
		c.Propagate(append([][]byte{[]byte("HDEL"), key}, names...)...)
		c.ChangedElements(1, key, event.HDel, told)
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
	o, err := readFieldOptions(c, false)
	if err != nil {
		return err
	}
	timed := o.timeArg > 0
	c.Array(len(o.fields))
	if h != nil && (timed || o.keep) {
		h.AllowTimes()
	}
	past := timed && c.ExpiresAtOnce(o.at)
	changed := false
	var told [][]byte
	for _, name := range o.fields {
		replyField(c, h, name)
		was, ok := h.Time(name)
		switch {
		case !ok || was != 0 && c.IsPast(was):
			continue
		case past:
			h.Delete(name)
			c.ElementExpired(key, name)
		case timed || o.keep && was != 0:
			h.SetTime(name, o.at)
		default:
			continue
		}
		changed = true
		told = appendTold(c, told, name)
	}
	if !changed {
		return nil
	}
	listed := append([][]byte{[]byte("FIELDS"), strconv.AppendInt(nil, int64(len(o.fields)), 10)}, o.fields...)
	switch {
	case past:
		c.ChangedElements(1, key, event.HDel, told)
	case timed:
		c.Propagate(append([][]byte{[]byte("HPEXPIREAT"), key, strconv.AppendInt(nil, o.at, 10)}, listed...)...)
		c.ChangedElements(1, key, event.HExpire, told)
	default:
		c.Propagate(append([][]byte{[]byte("HPERSIST"), key}, listed...)...)
		c.ChangedElements(1, key, event.HPersist, told)
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

// fieldOptions are the arguments of HGETEX and HSETEX, which come in any order.
type fieldOptions struct {
	fnx, fxx bool
	keep     bool     // KEEPTTL of HSETEX, PERSIST of HGETEX
	at       int64    // 0 if none was given
	timeArg  int      // index of the time
	fields   [][]byte // with their values for HSETEX
}

// readFieldOptions reads the arguments of HSETEX if set is true, or of HGETEX.
func readFieldOptions(c *engine.Ctx, set bool) (o fieldOptions, err error) {
	words, lasting := int64(1), "persist"
	if set {
		words, lasting = 2, "keepttl"
	}
	for i := 2; i < len(c.Args); i++ {
		seconds, absolute, timed := timeWord(c, i)
		keep := c.ArgIs(i, lasting)
		fnx, fxx := set && c.ArgIs(i, "fnx"), set && c.ArgIs(i, "fxx")
		switch {
		case c.ArgIs(i, "fields"):
			if o.fields != nil {
				return o, resp.Error("ERR FIELDS keyword specified multiple times")
			}
			if i+1 == len(c.Args) {
				return o, c.WrongArity()
			}
			n, err := c.ArgIntIn(i+1, 1, math.MaxInt32, resp.Error("ERR invalid number of fields"))
			if err != nil {
				return o, err
			}
			from := i + 2
			if n*words > int64(len(c.Args)-from) {
				return o, resp.Error("ERR wrong number of arguments")
			}
			count := int(n * words)
			o.fields = c.Args[from : from+count]
			i = from + count - 1
		case timed || keep:
			if o.keep || o.timeArg > 0 {
				return o, resp.Errorf("ERR Only one of EX, PX, EXAT, PXAT or %s arguments can be specified", strings.ToUpper(lasting))
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
	if o.fields == nil {
		return o, resp.Error("ERR missing FIELDS argument")
	}
	return o, nil
}

// HSETEX key [FNX | FXX] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL] FIELDS numfields field value [field value ...]
func hsetex(c *engine.Ctx) error {
	o, err := readFieldOptions(c, true)
	if err != nil {
		return err
	}
	key := c.Args[1]
	h, err := engine.FindToWrite[*value.Hash](c, key)
	if err != nil {
		return err
	}
	if o.fnx || o.fxx {
		for i := 0; i < len(o.fields); i += 2 {
			if name := o.fields[i]; (h.Has(name) && !fieldExpired(c, h, name)) == o.fnx {
				return c.Integer(0)
			}
		}
	}
	if h, err = makeHash(c); err != nil {
		return err
	}
	timed := o.timeArg > 0
	if timed && c.ExpiresAtOnce(o.at) {
		h.Expect(c.Limits(), o.fields)
		h.AllowTimes()
		for i := 0; i < len(o.fields); i += 2 { // each was there, and may have made the hash large
			h.Set(c.Limits(), o.fields[i], o.fields[i+1], value.KeepTime)
			h.Delete(o.fields[i])
			c.ElementExpired(key, o.fields[i])
		}
		told := fieldsOf(c, o.fields)
		c.NotifyElements(key, event.HSet, told)
		c.ChangedElements(1, key, event.HDel, told)
		return c.Integer(1)
	}
	at := o.at
	if o.keep {
		at = value.KeepTime
	}
	h.Expect(c.Limits(), o.fields)
	for i := 0; i < len(o.fields); i += 2 {
		h.Set(c.Limits(), o.fields[i], o.fields[i+1], at)
	}
	if !timed {
		c.ChangedElements(1, key, event.HSet, fieldsOf(c, o.fields))
		return c.Integer(1)
	}
	if c.Journaling() {
		args := append([][]byte(nil), c.Args...)
		args[o.timeArg-1], args[o.timeArg] = []byte("PXAT"), strconv.AppendInt(nil, at, 10)
		c.Propagate(args...)
	}
	told := fieldsOf(c, o.fields)
	c.NotifyElements(key, event.HSet, told)
	c.ChangedElements(1, key, event.HExpire, told)
	return c.Integer(1)
}

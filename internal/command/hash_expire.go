package command

import (
	"math"
	"strconv"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

var hashExpireCommands = engine.Handlers{
	"hexpire":      hexpire(true, false),
	"hexpireat":    hexpire(true, true),
	"hexpiretime":  httl(true, true),
	"hpersist":     hpersist,
	"hpexpire":     hexpire(false, false),
	"hpexpireat":   hexpire(false, true),
	"hpexpiretime": httl(false, true),
	"hpttl":        httl(false, false),
	"httl":         httl(true, false),
}

// maxFieldTime is the latest expiry time of a field, in milliseconds since
// 1970: Redis keeps these times in 46 bits.
const maxFieldTime = 1<<46 - 1

// Replies for one field in the HEXPIRE family.
const (
	fieldMissing = -2
	fieldLasting = -1 // the field has no expiry
	fieldKept    = 0  // the condition does not hold
	fieldTimed   = 1
	fieldDeleted = 2 // the time is not in the future
)

// argFields reads "FIELDS numfields field [field ...]", which must be the last
// arguments. badNumber is the error for an invalid numfields.
func argFields(c *engine.Ctx, from int, badNumber resp.Error) ([][]byte, error) {
	if from+1 >= len(c.Args) || !c.ArgIs(from, "fields") {
		return nil, resp.Error("ERR Mandatory argument FIELDS is missing or not at the right position")
	}
	n, err := c.ArgIntIn(from+1, 1, math.MaxInt64, badNumber)
	if err != nil {
		return nil, err
	}
	names := c.Args[from+2:]
	if n != int64(len(names)) {
		return nil, resp.Error("ERR The `numfields` parameter must match the number of arguments")
	}
	return names, nil
}

// HEXPIRE key seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]
// HEXPIREAT key unix-time-seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]
// HPEXPIRE key milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]
// HPEXPIREAT key unix-time-milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]
// hexpire makes HEXPIRE, HPEXPIRE, HEXPIREAT and HPEXPIREAT.
func hexpire(seconds, absolute bool) engine.Handler {
	return func(c *engine.Ctx) error {
		h, err := engine.FindBeforeWrite[*value.Hash](c, c.Args[1])
		if err != nil {
			return err
		}
		at, err := argFieldTime(c, 2, seconds, absolute)
		if err != nil {
			return err
		}
		from := 4
		var nx, xx, gt, lt bool
		switch {
		case c.ArgIs(3, "nx"):
			nx = true
		case c.ArgIs(3, "xx"):
			xx = true
		case c.ArgIs(3, "gt"):
			gt = true
		case c.ArgIs(3, "lt"):
			lt = true
		default:
			from = 3
		}
		names, err := argFields(c, from, "ERR Parameter `numFields` should be greater than 0")
		if err != nil {
			return err
		}
		c.Array(len(names))
		if h == nil {
			for range names {
				c.Integer(fieldMissing)
			}
			return nil
		}
		if h, err = engine.FindToWrite[*value.Hash](c, c.Args[1]); err != nil {
			return err
		}
		h.AllowTimes()
		c.PropagateNothing()
		timed := append([][]byte{[]byte("HPEXPIREAT"), c.Args[1], strconv.AppendInt(nil, at, 10)}, c.Args[3:from+2]...)
		first := len(timed)
		var deleted [][]byte
		for _, name := range names {
			was, ok := h.Time(name)
			switch {
			case !ok:
				c.Integer(fieldMissing)
			case was == 0 && (xx || gt) || was != 0 && (nx || gt && was >= at || lt && was <= at):
				c.Integer(fieldKept)
			case c.ExpiresAtOnce(at):
				h.Delete(name)
				deleted = append(deleted, name)
				c.ElementExpired(c.Args[1], name)
				c.Integer(fieldDeleted)
			default:
				h.SetTime(name, at)
				timed = append(timed, name)
				c.Integer(fieldTimed)
			}
		}
		ev := event.HExpire
		if len(deleted) > 0 {
			ev = event.HDel
		}
		n := len(timed) - first
		if n > 0 {
			if absolute && !seconds {
				timed[0] = c.Args[0]
			}
			timed[first-1] = strconv.AppendInt(nil, int64(n), 10)
			c.Propagate(timed...)
		}
		if len(deleted)+n > 0 {
			c.ChangedElements(len(deleted)+n, c.Args[1], ev, append(deleted, timed[first:]...)) // all had one fate
		}
		return nil
	}
}

// argFieldTime reads argument i as the expiry time of a field and returns it
// in milliseconds since 1970.
func argFieldTime(c *engine.Ctx, i int, seconds, absolute bool) (int64, error) {
	at, err := c.ArgInt(i)
	if err != nil {
		return 0, err
	}
	if at < 0 {
		return 0, resp.Error("ERR invalid expire time, must be >= 0")
	}
	if seconds {
		if at > maxFieldTime/1000 {
			return 0, c.InvalidExpiry()
		}
		at *= 1000
	}
	base := int64(0)
	if !absolute {
		base = c.ExpiryMilli()
	}
	if at > maxFieldTime-base {
		return 0, c.InvalidExpiry()
	}
	if absolute {
		return c.ExpiryOfUnix(at), nil
	}
	return at + base, nil
}

// HEXPIRETIME key FIELDS numfields field [field ...]
// HPEXPIRETIME key FIELDS numfields field [field ...]
// HPTTL key FIELDS numfields field [field ...]
// HTTL key FIELDS numfields field [field ...]
// httl makes HTTL, HPTTL, HEXPIRETIME and HPEXPIRETIME.
func httl(seconds, absolute bool) engine.Handler {
	return func(c *engine.Ctx) error {
		h, err := findHash(c)
		if err != nil {
			return err
		}
		names, err := argFields(c, 2, errFieldCount)
		if err != nil {
			return err
		}
		base := c.ExpiryMilli()
		if absolute {
			base -= c.UnixOfExpiry(base)
		}
		c.Array(len(names))
		for _, name := range names {
			at, ok := h.Time(name)
			switch {
			case !ok || at != 0 && c.IsPast(at):
				c.Integer(fieldMissing)
			case at == 0:
				c.Integer(fieldLasting)
			case seconds:
				c.Integer64((at + 999 - base) / 1000)
			default:
				c.Integer64(at - base)
			}
		}
		return nil
	}
}

// HPERSIST key FIELDS numfields field [field ...]
func hpersist(c *engine.Ctx) error {
	h, err := engine.FindBeforeWrite[*value.Hash](c, c.Args[1])
	if err != nil {
		return err
	}
	names, err := argFields(c, 2, errFieldCount)
	if err != nil {
		return err
	}
	c.Array(len(names))
	changed := false
	var told [][]byte
	for _, name := range names {
		at, ok := h.Time(name)
		switch {
		case !ok || at != 0 && c.IsPast(at):
			c.Integer(fieldMissing)
		case at == 0:
			c.Integer(fieldLasting)
		default:
			told = appendTold(c, told, name)
			if !changed {
				if h, err = engine.FindToWrite[*value.Hash](c, c.Args[1]); err != nil {
					return err
				}
				changed = true
			}
			h.SetTime(name, 0)
			c.Integer(fieldTimed)
		}
	}
	if changed {
		c.ChangedElements(1, c.Args[1], event.HPersist, told)
	}
	return nil
}

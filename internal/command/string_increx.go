package command

import (
	"math"
	"strconv"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/numfmt"
	"github.com/resp-server/resp-server/internal/resp"
)

var stringIncrexCommands = engine.Handlers{"increx": increx}

const (
	errENXAlone resp.Error = "ERR ENX flag requires an expiration"
	errBounds   resp.Error = "ERR LBOUND can't be greater than UBOUND"
)

// increxOptions are the options of an INCREX. No word may be given twice.
type increxOptions struct {
	byInt                  int64
	byFloat                numfmt.LongDouble
	float                  bool // there is a BYFLOAT
	lower, upper, time     int  // indexes of their values in Args; 0: not given
	seconds, absolute      bool // of the time
	saturate, enx, persist bool
	at                     int64 // when the key is to expire, or NoExpiry
}

// INCREX key [BYFLOAT float | BYINT integer] [SATURATE] [LBOUND lowerbound] [UBOUND upperbound] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST] [ENX]
func increx(c *engine.Ctx) error {
	o := increxOptions{byInt: 1, at: engine.NoExpiry}
	if err := o.parse(c); err != nil {
		return err
	}
	if o.float {
		return increxFloat(c, &o)
	}
	return increxInt(c, &o)
}

// parse reads the options; the increment is looked at where it stands.
func (o *increxOptions) parse(c *engine.Ctx) error {
	by := false
	for i := 2; i < len(c.Args); i++ {
		more := i+1 < len(c.Args)
		seconds, absolute, timed := timeWord(c, i)
		switch {
		case c.ArgIs(i, "byint") && more && !by:
			i++
			n, err := c.ArgIntIn(i, math.MinInt64, math.MaxInt64, resp.Error("ERR Increment is not an integer or out of range"))
			if err != nil {
				return err
			}
			o.byInt, by = n, true
		case c.ArgIs(i, "byfloat") && more && !by:
			i++
			var ok bool
			if o.byFloat, ok = numfmt.ParseLongDouble(c.Args[i]); !ok {
				return resp.Error("ERR Increment is not a valid float")
			}
			if o.byFloat.IsInf() {
				return resp.Error("ERR BYFLOAT increment cannot be Infinity")
			}
			o.float, by = true, true
		case c.ArgIs(i, "lbound") && more && o.lower == 0:
			i++
			o.lower = i
		case c.ArgIs(i, "ubound") && more && o.upper == 0:
			i++
			o.upper = i
		case c.ArgIs(i, "saturate") && !o.saturate:
			o.saturate = true
		case c.ArgIs(i, "enx") && !o.enx && !o.persist:
			o.enx = true
		case c.ArgIs(i, "persist") && !o.enx && !o.persist && o.time == 0:
			o.persist = true
		case timed && more && !o.persist && o.time == 0:
			i++
			o.time, o.seconds, o.absolute = i, seconds, absolute
		default:
			return resp.ErrSyntax
		}
	}
	return nil
}

// readTime reads the time of expiry, when the bounds have been looked at.
func (o *increxOptions) readTime(c *engine.Ctx) (err error) {
	switch {
	case o.time > 0:
		o.at, err = c.ArgExpiry(o.time, o.seconds, o.absolute)
	case o.enx:
		err = errENXAlone
	}
	return err
}

// readBounds reads the bounds of an INCREX, from which the caller has the defaults.
func readBounds[T any](c *engine.Ctx, o *increxOptions, lower, upper *T, parse func([]byte) (T, bool), wrong string) error {
	for _, arg := range [...]struct {
		at   int
		name string
		to   *T
	}{{o.lower, "LBOUND", lower}, {o.upper, "UBOUND", upper}} {
		if arg.at == 0 {
			continue
		}
		n, ok := parse(c.Args[arg.at])
		if !ok {
			return resp.Errorf("ERR %s is not %s", arg.name, wrong)
		}
		*arg.to = n
	}
	return nil
}

func increxInt(c *engine.Ctx, o *increxOptions) error {
	by, lower, upper := o.byInt, int64(math.MinInt64), int64(math.MaxInt64)
	if err := readBounds(c, o, &lower, &upper, numfmt.ParseInt, "an integer or out of range"); err != nil {
		return err
	}
	if lower > upper {
		return errBounds
	}
	if err := o.readTime(c); err != nil {
		return err
	}
	key := c.Args[1]
	was, err := integerAt(c, key)
	if err != nil {
		return err
	}
	sum := was + by
	overflow := (by > 0) != (sum > was) && by != 0
	switch {
	case overflow && by > 0 || !overflow && sum > upper:
		sum = upper
	case overflow || sum < lower:
		sum = lower
	default:
		return increxDone(c, o, was+by, by)
	}
	if !o.saturate {
		c.Array(2)
		c.Integer64(was)
		return c.Integer(0)
	}
	if by = sum - was; (sum > was) != (by > 0) && sum != was {
		return resp.Error("ERR applied increment would overflow")
	}
	return increxDone(c, o, sum, by)
}

// increxDone stores what an INCREX has made, and replies.
func increxDone(c *engine.Ctx, o *increxOptions, sum, by int64) error {
	key := c.Args[1]
	var room [24]byte
	increxStore(c, o, event.IncrBy, strconv.AppendInt(room[:0], sum, 10), func(at int64) { c.SetInt(key, sum, at) })
	c.Array(2)
	c.Integer64(sum)
	return c.Integer64(by)
}

func increxFloat(c *engine.Ctx, o *increxOptions) error {
	by := o.byFloat
	largest := numfmt.MaxLongDouble()
	lower, upper := largest.Neg(), largest
	if err := readBounds(c, o, &lower, &upper, numfmt.ParseLongDouble, "a valid float"); err != nil {
		return err
	}
	if lower.Cmp(upper) > 0 {
		return errBounds
	}
	if err := o.readTime(c); err != nil {
		return err
	}
	key := c.Args[1]
	k, ok, err := findText(c, key)
	if err != nil {
		return err
	}
	var was numfmt.LongDouble
	if ok {
		var room [32]byte
		if was, ok = numfmt.ParseLongDouble(k.Bytes(room[:0])); !ok {
			return resp.ErrNotFloat
		}
		if was.IsInf() {
			return resp.Error("ERR value cannot be Infinity")
		}
	}
	sum, ok := was.Add(by)
	up := by.Cmp(numfmt.LongDouble{}) > 0
	switch {
	case !ok && up || ok && sum.Cmp(upper) > 0:
		sum, ok = upper, false
	case !ok || sum.Cmp(lower) < 0:
		sum, ok = lower, false
	}
	if !ok && !o.saturate {
		sum, by = was, numfmt.LongDouble{}
	} else if by, ok = sum.Add(was.Neg()); !ok { // also by rounding it may be less than what was asked for
		return resp.Error("ERR applied increment would be Infinity")
	}
	var room [64]byte
	text := sum.AppendHuman(room[:0])
	if ok {
		increxStore(c, o, event.IncrByFloat, text, func(at int64) { c.SetText(key, text, at) })
	}
	c.Array(2)
	c.Out().DoubleText(text)
	c.Out().DoubleText(by.AppendHuman(text[:0]))
	return nil
}

// increxStore stores the new value with set, which gets its time of expiry,
// and says so.
func increxStore(c *engine.Ctx, o *increxOptions, ev event.Event, text []byte, set func(at int64)) {
	key := c.Args[1]
	was := c.ExpireAt(key)
	timed := o.at != engine.NoExpiry && !(o.enx && was != engine.NoExpiry)
	switch {
	case timed && c.ExpiresAtOnce(o.at):
		if c.DeleteInstead(key, c.Config.LazyExpire) {
			c.Changed(key, event.Del)
		}
		c.Stats.ExpiredKeys++
		return
	case timed:
		set(o.at)
		c.Propagate([]byte("SET"), key, text, []byte("PXAT"), strconv.AppendInt(nil, o.at, 10))
	case o.persist:
		set(engine.NoExpiry)
		c.Propagate([]byte("SET"), key, text)
	default:
		set(engine.KeepTTL)
		c.Propagate([]byte("SET"), key, text, []byte("KEEPTTL"))
	}
	c.Changed(key, ev)
	switch {
	case timed:
		c.Notify(key, event.Expire)
	case o.persist && was != engine.NoExpiry:
		c.Notify(key, event.Persist)
	}
}

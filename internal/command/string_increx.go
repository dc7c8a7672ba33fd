package command

import (
	"math"
	"strconv"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/numfmt"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/spec"
)

var stringIncrexCommands = engine.Handlers{"increx": increx}

// INCREX key [BYFLOAT float | BYINT integer] [LBOUND lowerbound] [UBOUND upperbound] [SATURATE] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST] [ENX]
func increx(c *engine.Ctx) error {
	o, err := c.Options(2)
	if err != nil {
		return err
	}
	used := 2
	for i := range c.Cmd.Options {
		if opt := &c.Cmd.Options[i]; o.Has(opt.Word) {
			used += 1 + int(opt.Values)
		}
	}
	switch {
	case used != len(c.Args), // unlike in other commands, no option may be repeated
		o.Has(spec.WordENX) && o.Has(spec.WordPERSIST):
		return resp.ErrSyntax
	case o.Has(spec.WordENX) && !o.Has(spec.WordEX) && !o.Has(spec.WordPX) && !o.Has(spec.WordEXAT) && !o.Has(spec.WordPXAT):
		return resp.Error("ERR ENX flag requires an expiration")
	}
	if o.Has(spec.WordBYFLOAT) {
		return increxFloat(c, &o)
	}
	return increxInt(c, &o)
}

// increxLimits reads the increment and the bounds of an INCREX. The caller
// sets the defaults.
func increxLimits[T any](c *engine.Ctx, o *engine.Options, by, lower, upper *T, parse func([]byte) (T, bool), wrong string) error {
	for _, arg := range [...]struct {
		at   int
		name string
		to   *T
	}{
		{max(o.At(spec.WordBYINT), o.At(spec.WordBYFLOAT)), "Increment", by},
		{o.At(spec.WordLBOUND), "LBOUND", lower},
		{o.At(spec.WordUBOUND), "UBOUND", upper},
	} {
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

const errBounds resp.Error = "ERR LBOUND can't be greater than UBOUND"

func increxInt(c *engine.Ctx, o *engine.Options) error {
	by, lower, upper := int64(1), int64(math.MinInt64), int64(math.MaxInt64)
	if err := increxLimits(c, o, &by, &lower, &upper, numfmt.ParseInt, "an integer or out of range"); err != nil {
		return err
	}
	if lower > upper {
		return errBounds
	}
	at, err := c.ExpireOption(o)
	if err != nil {
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
		return increxDone(c, o, at, was+by, by)
	}
	if !o.Has(spec.WordSATURATE) {
		c.Array(2)
		c.Integer64(was)
		return c.Integer(0)
	}
	if by = sum - was; (sum > was) != (by > 0) && sum != was {
		return resp.Error("ERR applied increment would overflow")
	}
	return increxDone(c, o, at, sum, by)
}

// increxDone stores the result of an integer INCREX and replies.
func increxDone(c *engine.Ctx, o *engine.Options, at, sum, by int64) error {
	key := c.Args[1]
	var room [24]byte
	increxStore(c, o, at, event.IncrBy, strconv.AppendInt(room[:0], sum, 10), func(at int64) { c.SetInt(key, sum, at) })
	c.Array(2)
	c.Integer64(sum)
	return c.Integer64(by)
}

func increxFloat(c *engine.Ctx, o *engine.Options) error {
	var by numfmt.LongDouble
	largest := numfmt.MaxLongDouble()
	lower, upper := largest.Neg(), largest
	if err := increxLimits(c, o, &by, &lower, &upper, numfmt.ParseLongDouble, "a valid float"); err != nil {
		return err
	}
	if by.IsInf() {
		return resp.Error("ERR BYFLOAT increment cannot be Infinity")
	}
	if lower.Cmp(upper) > 0 {
		return errBounds
	}
	at, err := c.ExpireOption(o)
	if err != nil {
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
	switch {
	case ok:
	case !o.Has(spec.WordSATURATE):
		sum, by = was, numfmt.LongDouble{}
	default:
		if by, ok = sum.Add(was.Neg()); !ok {
			return resp.Error("ERR applied increment would be Infinity")
		}
	}
	var room [64]byte
	text := sum.AppendHuman(room[:0])
	if ok {
		increxStore(c, o, at, event.IncrByFloat, text, func(at int64) { c.SetText(key, text, at) })
	}
	c.Array(2)
	c.Out().DoubleText(text)
	c.Out().DoubleText(by.AppendHuman(text[:0]))
	return nil
}

// increxStore stores the new value by calling set with its expiry time, and
// propagates the result; at is the expiry time from the options.
func increxStore(c *engine.Ctx, o *engine.Options, at int64, ev event.Event, text []byte, set func(at int64)) {
	key := c.Args[1]
	was := c.ExpireAt(key)
	timed := at != engine.NoExpiry && !(o.Has(spec.WordENX) && was != engine.NoExpiry)
	persist := o.Has(spec.WordPERSIST)
	switch {
	case timed && c.IsPast(at):
		deleteKey(c, key)
		return
	case timed:
		set(at)
		c.Propagate([]byte("SET"), key, text, []byte("PXAT"), strconv.AppendInt(nil, at, 10))
	case persist:
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
	case persist && was != engine.NoExpiry:
		c.Notify(key, event.Persist)
	}
}

package command

import (
	"strconv"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/spec"
	"github.com/resp-server/resp-server/internal/value"
)

var stringCommands = engine.Handlers{
	"append":   appendText,
	"get":      get,
	"getdel":   getdel,
	"getex":    getex,
	"getrange": getrange,
	"getset":   getset,
	"mget":     mget,
	"mset":     mset,
	"msetnx":   msetnx,
	"psetex":   setex(milliseconds),
	"set":      set,
	"setex":    setex(seconds),
	"setnx":    setnx,
	"setrange": setrange,
	"strlen":   strlen,
	"substr":   getrange,
}

// Units of times in arguments.
const (
	milliseconds = false
	seconds      = true
)

// GET key
func get(c *engine.Ctx) error {
	b, ok, err := c.Text(c.Args[1])
	if err != nil {
		return err
	}
	if !ok {
		return c.Null()
	}
	return c.Bulk(b)
}

// GETDEL key
func getdel(c *engine.Ctx) error {
	if err := get(c); err != nil {
		return err
	}
	key := c.Args[1]
	if c.DeleteInstead(key, false) {
		c.Changed(key, event.Del)
	}
	return nil
}

// GETEX key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST]
func getex(c *engine.Ctx) error {
	o, err := c.Options(2)
	if err != nil {
		return err
	}
	key := c.Args[1]
	b, ok, err := c.Text(key)
	if err != nil {
		return err
	}
	if !ok {
		return c.Null()
	}
	at, err := c.ExpireOption(&o)
	if err != nil {
		return err
	}
	c.Bulk(b)
	switch {
	case at == engine.NoExpiry:
		if o.Has(spec.WordPERSIST) && c.ExpireAt(key) != engine.NoExpiry {
			c.SetExpire(key, engine.NoExpiry)
			c.Changed(key, event.Persist)
			c.Propagate([]byte("PERSIST"), key)
		}
	case c.ExpiresAtOnce(at): // relative times are always in the future
		c.DeleteInstead(key, c.Config.LazyExpire)
		c.Changed(key, event.Del)
	default:
		c.SetExpire(key, at)
		c.Changed(key, event.Expire)
		c.Propagate([]byte("PEXPIREAT"), key, strconv.AppendInt(nil, at, 10))
	}
	return nil
}

// GETRANGE key start end
// SUBSTR key start end
func getrange(c *engine.Ctx) error {
	start, err := c.ArgInt(2)
	if err != nil {
		return err
	}
	end, err := c.ArgInt(3)
	if err != nil {
		return err
	}
	b, _, err := c.Text(c.Args[1])
	if err != nil {
		return err
	}
	lo, hi := clampRange(start, end, len(b))
	return c.Bulk(b[lo:hi])
}

// clampRange turns the first and last index of a range, negative to count from
// the end, into a half-open range within size.
func clampRange(start, end int64, size int) (lo, hi int) {
	n := int64(size)
	if start < 0 && end < 0 && start > end {
		return 0, 0 // even if clamping would make both ends equal
	}
	if start < 0 {
		start = max(start+n, 0)
	}
	if end < 0 {
		end = max(end+n, 0)
	}
	end = min(end, n-1)
	if start > end {
		return 0, 0
	}
	return int(start), int(end) + 1
}

// GETSET key value
func getset(c *engine.Ctx) error {
	if err := get(c); err != nil {
		return err
	}
	key := c.Args[1]
	c.Overwrites(key, value.TypeString)
	c.SetBytes(key, c.Args[2], engine.NoExpiry)
	c.Changed(key, event.Set)
	c.Propagate([]byte("SET"), key, c.Args[2])
	return nil
}

// MGET key [key ...]
func mget(c *engine.Ctx) error {
	keys := c.Args[1:]
	c.Array(len(keys))
	for _, key := range keys {
		if b, ok, err := c.Text(key); ok && err == nil {
			c.Bulk(b)
		} else {
			c.Null()
		}
	}
	return nil
}

// MSET key value [key value ...]
func mset(c *engine.Ctx) error {
	if len(c.Args)%2 == 0 {
		return c.WrongArity()
	}
	setPairs(c, c.Args[1:], engine.NoExpiry)
	return c.OK()
}

// MSETNX key value [key value ...]
func msetnx(c *engine.Ctx) error {
	if len(c.Args)%2 == 0 {
		return c.WrongArity()
	}
	for i := 1; i < len(c.Args); i += 2 {
		if c.Exists(c.Args[i]) {
			return c.Integer(0)
		}
	}
	setPairs(c, c.Args[1:], engine.NoExpiry)
	return c.Integer(1)
}

func setPairs(c *engine.Ctx, pairs [][]byte, at int64) {
	for i := 0; i < len(pairs); i += 2 {
		c.Overwrites(pairs[i], value.TypeString)
		c.SetBytes(pairs[i], pairs[i+1], at)
		c.Changed(pairs[i], event.Set)
	}
}

// SET key value [NX | XX | IFEQ ifeq-value | IFNE ifne-value | IFDEQ ifdeq-digest | IFDNE ifdne-digest] [GET] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]
func set(c *engine.Ctx) error {
	if len(c.Args) == 3 { // the most common form
		c.Overwrites(c.Args[1], value.TypeString)
		c.SetBytes(c.Args[1], c.Args[2], engine.NoExpiry)
		c.Changed(c.Args[1], event.Set)
		return c.OK()
	}
	o, err := c.Options(3)
	if err != nil {
		return err
	}
	at, err := c.ExpireOption(&o)
	if err != nil {
		return err
	}
	key := c.Args[1]
	stored, err := setCondition(c, &o)
	if err != nil {
		return err
	}
	answered := o.Has(spec.WordGET)
	if answered { // the reply is the old value, whether or not the new one is stored
		if err := get(c); err != nil {
			return err
		}
	}
	switch {
	case stored:
	case answered:
		return nil
	default:
		return c.Null()
	}
	if o.Has(spec.WordKEEPTTL) {
		at = engine.KeepTTL
	}
	c.Overwrites(key, value.TypeString)
	c.SetBytes(key, c.Args[2], at)
	c.Changed(key, event.Set)
	switch {
	case at > 0:
		c.Notify(key, event.Expire)
		if !o.Has(spec.WordPXAT) { // a relative time would start again when replayed
			propagateSet(c, key, c.Args[2], at)
		}
	case answered:
		propagateWithoutGet(c)
	}
	if answered {
		return nil
	}
	return c.OK()
}

// setCondition reports whether the condition of a SET holds; no condition
// always holds.
func setCondition(c *engine.Ctx, o *engine.Options) (bool, error) {
	key := c.Args[1]
	if o.Has(spec.WordNX) || o.Has(spec.WordXX) {
		return c.Exists(key) == o.Has(spec.WordXX), nil
	}
	for _, w := range [...]spec.Word{spec.WordIFEQ, spec.WordIFNE, spec.WordIFDEQ, spec.WordIFDNE} {
		if i := o.At(w); i > 0 {
			if !c.Exists(key) { // a missing key is not equal to anything, and counts for no miss
				return w == spec.WordIFNE || w == spec.WordIFDNE, nil
			}
			text, _, err := c.Text(key)
			if err != nil {
				return false, err
			}
			return textMeets(text, w, c.Args[i])
		}
	}
	return true, nil
}

// propagateSet propagates a SET with an absolute expiry time.
func propagateSet(c *engine.Ctx, key, text []byte, at int64) {
	if c.Journaling() {
		c.Propagate([]byte("SET"), key, text, []byte("PXAT"), strconv.AppendInt(nil, at, 10))
	}
}

// propagateWithoutGet propagates a SET without its GET option.
func propagateWithoutGet(c *engine.Ctx) {
	if !c.Journaling() {
		return
	}
	args := make([][]byte, 0, len(c.Args))
	for i, arg := range c.Args {
		if i < 3 || !engine.EqualFold(arg, "get") {
			args = append(args, arg)
		}
	}
	c.Propagate(args...)
}

// SETNX key value
func setnx(c *engine.Ctx) error {
	key := c.Args[1]
	if c.Exists(key) {
		return c.Integer(0)
	}
	c.SetBytes(key, c.Args[2], engine.NoExpiry)
	c.Changed(key, event.Set)
	return c.Integer(1)
}

// PSETEX key milliseconds value
// SETEX key seconds value
func setex(unit bool) engine.Handler {
	return func(c *engine.Ctx) error {
		at, err := c.ArgExpiry(2, unit, false)
		if err != nil {
			return err
		}
		key, text := c.Args[1], c.Args[3]
		c.Overwrites(key, value.TypeString)
		c.SetBytes(key, text, at)
		c.Changed(key, event.Set)
		c.Notify(key, event.Expire)
		propagateSet(c, key, text, at)
		return c.OK()
	}
}

// STRLEN key
func strlen(c *engine.Ctx) error {
	b, _, err := c.Text(c.Args[1])
	if err != nil {
		return err
	}
	return c.Integer(len(b))
}

// APPEND key value
func appendText(c *engine.Ctx) error {
	key, tail := c.Args[1], c.Args[2]
	k, ok, err := findText(c, key)
	if err != nil {
		return err
	}
	n := len(tail)
	if ok {
		n += k.StringLen()
		if int64(n) > c.Config.ProtoMaxBulkLen {
			return resp.ErrTooBig
		}
		s, err := c.WritableText(key)
		if err != nil {
			return err
		}
		s.Append(tail)
	} else {
		c.SetBytes(key, tail, engine.NoExpiry)
	}
	c.Changed(key, event.Append)
	return c.Integer(n)
}

// SETRANGE key offset value
func setrange(c *engine.Ctx) error {
	offset, err := c.ArgInt(2)
	if err != nil {
		return err
	}
	if offset < 0 {
		return resp.Error("ERR offset is out of range")
	}
	key, part := c.Args[1], c.Args[3]
	k, ok, err := findText(c, key)
	if err != nil {
		return err
	}
	if len(part) == 0 {
		if !ok {
			return c.Integer(0)
		}
		return c.Integer(k.StringLen())
	}
	end := offset + int64(len(part))
	if end < offset || end > c.Config.ProtoMaxBulkLen {
		return resp.ErrTooBig
	}
	b, _, err := growText(c, key, int(end))
	if err != nil {
		return err
	}
	copy(b[offset:], part)
	c.Changed(key, event.SetRange)
	return c.Integer(len(b))
}

// findText finds a string for reading before a write.
func findText(c *engine.Ctx, key []byte) (k keyspace.Entry, ok bool, err error) {
	k, ok = c.Peek(key)
	if ok && k.Type() != value.TypeString {
		return k, false, resp.ErrWrongType
	}
	return k, ok, nil
}

// growText finds a string for writing in place and extends it with zero bytes
// to at least n. grown reports whether it extended the string or created the
// key.
func growText(c *engine.Ctx, key []byte, n int) (b []byte, grown bool, err error) {
	s, err := c.WritableText(key)
	if err != nil {
		return nil, false, err
	}
	if s == nil {
		b = make([]byte, n)
		c.Put(key, value.NewString(b), engine.NoExpiry)
		return b, true, nil
	}
	grown = n > len(s.Bytes())
	return s.Grow(n), grown, nil
}

package command

import (
	"math"
	"strconv"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/numfmt"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

var hashCommands = engine.Handlers{
	"hdel":         hdel,
	"hexists":      hexists,
	"hget":         hget,
	"hgetall":      hgetall,
	"hincrby":      hincrby,
	"hincrbyfloat": hincrbyfloat,
	"hkeys":        hashParts(true, false),
	"hlen":         hlen,
	"hmget":        hmget,
	"hmset":        hset,
	"hrandfield":   hrandfield,
	"hscan":        hscan,
	"hset":         hset,
	"hsetnx":       hsetnx,
	"hstrlen":      hstrlen,
	"hvals":        hashParts(false, true),
}

func findHash(c *engine.Ctx) (*value.Hash, error) {
	return engine.Find[*value.Hash](c, c.Args[1])
}

func makeHash(c *engine.Ctx) (*value.Hash, error) {
	return engine.FindOrMake(c, c.Args[1], value.NewHash)
}

// fieldExpired reports whether a field has expired. Ctx.Peek removes expired
// fields, except on a replica and while active expiry is off or clients are
// paused.
func fieldExpired(c *engine.Ctx, h *value.Hash, name []byte) bool {
	if !h.HasExpired(c.ExpiryMilli()) {
		return false
	}
	at, _ := h.Time(name)
	return at != 0 && c.IsPast(at)
}

// getField is Get for a field of the hash at key. It removes an expired field,
// so that h may no longer be the value of the key.
func getField(c *engine.Ctx, key []byte, h *value.Hash, name, scratch []byte) ([]byte, bool) {
	if fieldExpired(c, h, name) {
		c.ExpireElements(key, name)
		return nil, false
	}
	return h.Get(name, scratch)
}

// fieldsOf returns the names among names and values, if events name elements.
func fieldsOf(c *engine.Ctx, pairs [][]byte) (names [][]byte) {
	if c.TellsElements() {
		for i := 0; i < len(pairs); i += 2 {
			names = append(names, pairs[i])
		}
	}
	return names
}

// appendTold appends a name if events name elements.
func appendTold(c *engine.Ctx, told [][]byte, name []byte) [][]byte {
	if c.TellsElements() {
		told = append(told, name)
	}
	return told
}

// HMSET key field value [field value ...]
// HSET key field value [field value ...]
func hset(c *engine.Ctx) error {
	if len(c.Args)%2 != 0 {
		return c.WrongArity()
	}
	h, err := makeHash(c)
	if err != nil {
		return err
	}
	pairs := c.Args[2:]
	h.Expect(c.Limits(), pairs)
	added := 0
	for i := 0; i < len(pairs); i += 2 {
		if h.Set(c.Limits(), pairs[i], pairs[i+1], 0) {
			added++
		}
	}
	c.ChangedElements(len(pairs)/2, c.Args[1], event.HSet, fieldsOf(c, pairs))
	if c.Name() == "hmset" {
		return c.OK()
	}
	return c.Integer(added)
}

// HSETNX key field value
func hsetnx(c *engine.Ctx) error {
	h, err := engine.FindBeforeWrite[*value.Hash](c, c.Args[1])
	if err != nil {
		return err
	}
	if _, ok := getField(c, c.Args[1], h, c.Args[2], nil); ok {
		return c.Integer(0)
	}
	if h, err = makeHash(c); err != nil {
		return err
	}
	h.Set(c.Limits(), c.Args[2], c.Args[3], 0)
	c.ChangedElements(1, c.Args[1], event.HSet, c.Args[2:3])
	return c.Integer(1)
}

// HGET key field
func hget(c *engine.Ctx) error {
	h, err := findHash(c)
	if err != nil {
		return err
	}
	var scratch [24]byte
	v, ok := getField(c, c.Args[1], h, c.Args[2], scratch[:])
	if !ok {
		return c.Null()
	}
	return c.Bulk(v)
}

func replyField(c *engine.Ctx, h *value.Hash, name []byte) error {
	var scratch [24]byte
	v, ok := h.Get(name, scratch[:])
	if !ok || fieldExpired(c, h, name) {
		return c.Null()
	}
	return c.Bulk(v)
}

// HMGET key field [field ...]
func hmget(c *engine.Ctx) error {
	h, err := findHash(c)
	if err != nil {
		return err
	}
	c.Array(len(c.Args) - 2)
	var expired [][]byte
	for _, name := range c.Args[2:] {
		replyField(c, h, name)
		if fieldExpired(c, h, name) {
			expired = append(expired, name)
		}
	}
	c.ExpireElements(c.Args[1], expired...)
	return nil
}

// HGETALL key
func hgetall(c *engine.Ctx) error {
	h, err := findHash(c)
	if err != nil {
		return err
	}
	n, fields := h.Live(c.ExpiryMilli())
	c.Map(n)
	for name, v := range fields {
		c.Bulk(name)
		c.Bulk(v)
	}
	return nil
}

// HKEYS key
// HVALS key
// hashParts makes HKEYS and HVALS.
func hashParts(names, values bool) engine.Handler {
	return func(c *engine.Ctx) error {
		h, err := findHash(c)
		if err != nil {
			return err
		}
		n, fields := h.Live(c.ExpiryMilli())
		c.Array(n)
		for name, v := range fields {
			if names {
				c.Bulk(name)
			}
			if values {
				c.Bulk(v)
			}
		}
		return nil
	}
}

// HLEN key
func hlen(c *engine.Ctx) error {
	h, err := findHash(c)
	if err != nil {
		return err
	}
	return c.Integer(h.Len())
}

// HEXISTS key field
func hexists(c *engine.Ctx) error {
	h, err := findHash(c)
	if err != nil {
		return err
	}
	_, ok := getField(c, c.Args[1], h, c.Args[2], nil)
	return c.Truth(ok)
}

// HSTRLEN key field
func hstrlen(c *engine.Ctx) error {
	h, err := findHash(c)
	if err != nil {
		return err
	}
	var scratch [24]byte
	v, _ := getField(c, c.Args[1], h, c.Args[2], scratch[:])
	return c.Integer(len(v))
}

// HDEL key field [field ...]
func hdel(c *engine.Ctx) error {
	h, err := engine.FindToWrite[*value.Hash](c, c.Args[1])
	if err != nil {
		return err
	}
	deleted := 0
	var told [][]byte
	if h != nil {
		for _, name := range c.Args[2:] {
			if h.Delete(name) {
				deleted++
				told = appendTold(c, told, name)
			}
		}
	}
	if deleted > 0 {
		c.ChangedElements(deleted, c.Args[1], event.HDel, told)
	}
	return c.Integer(deleted)
}

// HINCRBY key field increment
func hincrby(c *engine.Ctx) error {
	by, err := c.ArgInt(3)
	if err != nil {
		return err
	}
	h, err := engine.FindBeforeWrite[*value.Hash](c, c.Args[1])
	if err != nil {
		return err
	}
	var scratch [24]byte
	n := int64(0)
	if v, ok := getField(c, c.Args[1], h, c.Args[2], scratch[:]); ok {
		if n, ok = numfmt.ParseInt(v); !ok {
			return resp.Error("ERR hash value is not an integer")
		}
	}
	if by < 0 && n < math.MinInt64-by || by > 0 && n > math.MaxInt64-by {
		return resp.ErrOverflow
	}
	n += by
	if h, err = makeHash(c); err != nil {
		return err
	}
	h.Set(c.Limits(), c.Args[2], strconv.AppendInt(scratch[:0], n, 10), value.KeepTime)
	c.ChangedElements(1, c.Args[1], event.HIncrBy, c.Args[2:3])
	return c.Integer64(n)
}

// HINCRBYFLOAT key field increment
func hincrbyfloat(c *engine.Ctx) error {
	by, ok := numfmt.ParseLongDouble(c.Args[3])
	if !ok {
		return resp.ErrNotFloat
	}
	if by.IsInf() {
		return resp.Error("ERR value is NaN or Infinity")
	}
	h, err := engine.FindBeforeWrite[*value.Hash](c, c.Args[1])
	if err != nil {
		return err
	}
	var scratch [24]byte
	var n numfmt.LongDouble
	if v, ok := getField(c, c.Args[1], h, c.Args[2], scratch[:]); ok {
		if n, ok = numfmt.ParseLongDouble(v); !ok {
			return resp.Error("ERR hash value is not a float")
		}
	}
	if n, ok = n.Add(by); !ok {
		return resp.ErrNaN
	}
	if h, err = makeHash(c); err != nil {
		return err
	}
	sum := n.AppendHuman(nil)
	h.Set(c.Limits(), c.Args[2], sum, value.KeepTime)
	c.ChangedElements(1, c.Args[1], event.HIncrByFloat, c.Args[2:3])
	// Propagate the sum, since another implementation may round differently. HSET
	// removes the expiry time of the field, so restore it.
	c.Propagate([]byte("HSET"), c.Args[1], c.Args[2], sum)
	if at, _ := h.Time(c.Args[2]); at != 0 {
		c.Propagate([]byte("HPEXPIREAT"), c.Args[1], strconv.AppendInt(nil, at, 10), []byte("FIELDS"), []byte("1"), c.Args[2])
	}
	return c.Bulk(sum)
}

// HSCAN key cursor [MATCH pattern] [COUNT count] [NOVALUES]
func hscan(c *engine.Ctx) error {
	cursor, err := scanCursor(c, 2)
	if err != nil {
		return err
	}
	h, err := findHash(c)
	if err != nil {
		return err
	}
	if h == nil { // a missing key hides errors in the options
		c.Array(2)
		replyCursor(c, 0)
		return c.Array(0)
	}
	o, err := readScanOptions(c, 3, scanFields)
	if err != nil {
		return err
	}
	found := resp.Writer{Proto: c.Proto(), Limit: c.Out().Limit}
	n := 0
	cursor = h.Scan(cursor, o.count, func(name, v []byte) {
		if o.match.matches(name) && !fieldExpired(c, h, name) {
			n++
			found.Bulk(name)
			if !o.noValues {
				n++
				found.Bulk(v)
			}
		}
	})
	c.Array(2)
	replyCursor(c, cursor)
	c.Array(n)
	c.Out().Raw(found.Buf)
	return nil
}

// expireFields removes the expired fields before a random choice. It returns
// the remaining hash, nil if none is left.
func expireFields(c *engine.Ctx, h *value.Hash) *value.Hash {
	if !h.HasExpired(c.ExpiryMilli()) {
		return h
	}
	c.ExpireAllElements(c.Args[1])
	k, ok := c.Peek(c.Args[1])
	if !ok {
		return nil
	}
	return k.Value().(*value.Hash)
}

// HRANDFIELD key [count [WITHVALUES]]
func hrandfield(c *engine.Ctx) error {
	if len(c.Args) == 2 {
		h, err := findHash(c)
		if err != nil {
			return err
		}
		if h = expireFields(c, h); h.Len() == 0 {
			return c.Null()
		}
		var scratch [48]byte
		name, _ := h.Random(c.Rand.Uint64, &scratch)
		return c.Bulk(name)
	}
	count, values, err := randomCount(c, "withvalues")
	if err != nil {
		return err
	}
	h, err := findHash(c)
	if err != nil {
		return err
	}
	h = expireFields(c, h)
	reply := func(name, v []byte) {
		if values && c.Proto() == 3 {
			c.Array(2)
		}
		c.Bulk(name)
		if values {
			c.Bulk(v)
		}
	}
	n := randomReply(c, count, h.Len(), values)
	if count > 0 {
		h.Sample(c.Rand, n, reply)
		return nil
	}
	var scratch [48]byte
	return repeat(c.Out(), maxRandom, n, func() { reply(h.Random(c.Rand.Uint64, &scratch)) })
}

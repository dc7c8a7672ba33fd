package command

import (
	"bytes"
	"math"

	"github.com/resp-server/resp-server/internal/datastruct/hyperloglog"
	"github.com/resp-server/resp-server/internal/datastruct/listpack"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

var setCommands = engine.Handlers{
	"sadd":        sadd,
	"scard":       scard,
	"sdiff":       setOperation(value.Difference),
	"sdiffcard":   sdiffcard,
	"sdiffstore":  storeSetOperation(value.Difference, event.SDiffStore),
	"sinter":      sinter,
	"sintercard":  sintercard,
	"sinterstore": sinterstore,
	"sismember":   sismember,
	"smembers":    sinter,
	"smismember":  smismember,
	"smove":       smove,
	"spop":        spop,
	"srandmember": srandmember,
	"srem":        srem,
	"sscan":       sscan,
	"sunion":      setOperation(value.Union),
	"sunioncard":  sunioncard,
	"sunionstore": storeSetOperation(value.Union, event.SUnionStore),
}

// SADD key member [member ...]
func sadd(c *engine.Ctx) error {
	key := c.Args[1]
	s, err := engine.FindOrMake(c, key, value.NewSet)
	if err != nil {
		return err
	}
	s.Prepare(c.Limits(), c.Args[2], len(c.Args)-2)
	added := 0
	for _, m := range c.Args[2:] {
		if s.Add(c.Limits(), m) {
			added++
		}
	}
	if added > 0 {
		c.ChangedTimes(added, key, event.SAdd)
	}
	return c.Integer(added)
}

// SREM key member [member ...]
func srem(c *engine.Ctx) error {
	key := c.Args[1]
	s, err := engine.FindToWrite[*value.Set](c, key)
	if err != nil {
		return err
	}
	if s == nil {
		return c.Integer(0)
	}
	removed := 0
	for _, m := range c.Args[2:] {
		if s.Remove(m) {
			removed++
		}
	}
	if removed > 0 {
		c.ChangedTimes(removed, key, event.SRem)
	}
	return c.Integer(removed)
}

// SMOVE source destination member
func smove(c *engine.Ctx) error {
	from, to, m := c.Args[1], c.Args[2], c.Args[3]
	src, err := engine.FindToWrite[*value.Set](c, from)
	if err != nil {
		return err
	}
	if src == nil {
		return c.Integer(0)
	}
	if _, err := engine.FindToWrite[*value.Set](c, to); err != nil {
		return err
	}
	if bytes.Equal(from, to) {
		return c.Truth(src.Has(m))
	}
	if !src.Remove(m) {
		return c.Integer(0)
	}
	c.Changed(from, event.SRem)
	dst, err := engine.FindOrMake(c, to, value.NewSet)
	if err != nil {
		return err
	}
	if dst.Empty() {
		dst.Prepare(c.Limits(), m, 1)
	}
	if dst.Add(c.Limits(), m) {
		c.Changed(to, event.SAdd)
	}
	return c.Integer(1)
}

// SCARD key
func scard(c *engine.Ctx) error {
	s, err := engine.Find[*value.Set](c, c.Args[1])
	if err != nil {
		return err
	}
	return c.Integer(s.Len())
}

// SISMEMBER key member
func sismember(c *engine.Ctx) error {
	s, err := engine.Find[*value.Set](c, c.Args[1])
	if err != nil {
		return err
	}
	return c.Truth(s.Has(c.Args[2]))
}

// SMISMEMBER key member [member ...]
func smismember(c *engine.Ctx) error {
	s, err := engine.Find[*value.Set](c, c.Args[1])
	if err != nil {
		return err
	}
	c.Array(len(c.Args) - 2)
	for _, m := range c.Args[2:] {
		c.Truth(s.Has(m))
	}
	return nil
}

// findSets finds the sets of the arguments from i to j. Missing keys are nil.
func findSets(c *engine.Ctx, i, j int) ([]*value.Set, error) {
	sets := make([]*value.Set, 0, j-i)
	for _, key := range c.Args[i:j] {
		s, err := engine.Find[*value.Set](c, key)
		if err != nil {
			return nil, err
		}
		sets = append(sets, s)
	}
	return sets, nil
}

// anyEmpty reports whether a key is missing.
func anyEmpty(sets []*value.Set) bool {
	for _, s := range sets {
		if s == nil {
			return true
		}
	}
	return false
}

// replySet replies all members of a set.
func replySet(c *engine.Ctx, s *value.Set) error {
	c.Set(s.Len())
	for v := range s.All {
		element(c, v)
	}
	return nil
}

// SMEMBERS key
// SINTER key [key ...]
func sinter(c *engine.Ctx) error {
	if len(c.Args) == 2 {
		s, err := engine.Find[*value.Set](c, c.Args[1])
		if err != nil {
			return err
		}
		return replySet(c, s)
	}
	sets, err := findSets(c, 1, len(c.Args))
	if err != nil {
		return err
	}
	if anyEmpty(sets) {
		return c.Set(0)
	}
	n, length := 0, c.Out().SetLater()
	value.Intersect(sets, func(v listpack.Value) bool {
		element(c, v)
		n++
		return true
	})
	c.Out().SetLen(length, n)
	return nil
}

// argCounted reads the arguments of SINTERCARD and its like: the sets, the
// limit or 0, and whether an estimate is enough, which only SUNIONCARD
// accepts.
func argCounted(c *engine.Ctx, estimable bool) (sets []*value.Set, limit int64, estimate bool, err error) {
	numKeys, err := c.ArgIntIn(1, 1, math.MaxInt64, errNumKeys)
	if err != nil {
		return nil, 0, false, err
	}
	if numKeys > int64(len(c.Args)-2) {
		return nil, 0, false, errTooManyKeys
	}
	last := 2 + int(numKeys)
	for i := last; i < len(c.Args); i++ {
		switch {
		case c.ArgIs(i, "limit") && i+1 < len(c.Args):
			i++
			if limit, err = c.ArgIntIn(i, 0, math.MaxInt64, errLimit); err != nil {
				return nil, 0, false, err
			}
		case estimable && c.ArgIs(i, "approx"):
			estimate = true
		default:
			return nil, 0, false, resp.ErrSyntax
		}
	}
	sets, err = findSets(c, 2, last)
	return sets, limit, estimate, err
}

// SINTERCARD numkeys key [key ...] [LIMIT limit]
func sintercard(c *engine.Ctx) error {
	sets, limit, _, err := argCounted(c, false)
	if err != nil {
		return err
	}
	n := int64(0)
	if !anyEmpty(sets) {
		value.Intersect(sets, func(listpack.Value) bool {
			n++
			return n != limit
		})
	}
	return c.Integer64(n)
}

// SDIFFCARD numkeys key [key ...] [LIMIT limit]
func sdiffcard(c *engine.Ctx) error {
	sets, limit, _, err := argCounted(c, false)
	if err != nil {
		return err
	}
	return replyLimited(c, int64(value.Difference(c.Limits(), sets).Len()), limit)
}

// SUNIONCARD numkeys key [key ...] [APPROX] [LIMIT limit]
func sunioncard(c *engine.Ctx) error {
	sets, limit, estimate, err := argCounted(c, true)
	if err != nil {
		return err
	}
	if !estimate {
		return replyLimited(c, int64(value.Union(c.Limits(), sets).Len()), limit)
	}
	members := hyperloglog.New()
	for _, s := range sets {
		for m := range s.Texts {
			if members, _, err = hyperloglog.Add(members, m, c.Limits().HLLSparseMaxBytes); err != nil {
				return err
			}
		}
	}
	n, err := hyperloglog.Count(members)
	if err != nil {
		return err
	}
	return replyLimited(c, int64(n), limit)
}

// replyLimited replies n, or the limit if that is smaller and not 0.
func replyLimited(c *engine.Ctx, n, limit int64) error {
	if limit > 0 {
		n = min(n, limit)
	}
	return c.Integer64(n)
}

// SINTERSTORE destination key [key ...]
func sinterstore(c *engine.Ctx) error {
	sets, err := findSets(c, 2, len(c.Args))
	switch {
	case err != nil:
		return err
	case anyEmpty(sets):
		return storeSet(c, nil, event.None)
	}
	return storeSet(c, value.Intersection(c.Limits(), sets), event.SInterStore)
}

// SDIFF key [key ...]
// SUNION key [key ...]
func setOperation(f func(*value.Limits, []*value.Set) *value.Set) engine.Handler {
	return func(c *engine.Ctx) error {
		sets, err := findSets(c, 1, len(c.Args))
		if err != nil {
			return err
		}
		result := f(c.Limits(), sets)
		c.ReplyDone(value.Pieces(result))
		return replySet(c, result)
	}
}

// SDIFFSTORE destination key [key ...]
// SUNIONSTORE destination key [key ...]
func storeSetOperation(f func(*value.Limits, []*value.Set) *value.Set, ev event.Event) engine.Handler {
	return func(c *engine.Ctx) error {
		sets, err := findSets(c, 2, len(c.Args))
		if err != nil {
			return err
		}
		return storeSet(c, f(c.Limits(), sets), ev)
	}
}

// storeSet stores a set under the first argument. It deletes the key if the
// set is empty.
func storeSet(c *engine.Ctx, s *value.Set, ev event.Event) error {
	key := c.Args[1]
	switch n := s.Len(); {
	case n > 0:
		c.Overwrites(key, value.TypeSet)
		c.Put(key, s, engine.NoExpiry)
		c.Changed(key, ev)
		return c.Integer(n)
	case c.Delete(key):
		c.Changed(key, event.Del)
	}
	return c.Integer(0)
}

// SRANDMEMBER key [count]
func srandmember(c *engine.Ctx) error {
	if len(c.Args) > 3 {
		return resp.ErrSyntax
	}
	if len(c.Args) == 2 {
		s, err := engine.Find[*value.Set](c, c.Args[1])
		if err != nil {
			return err
		}
		if s == nil {
			return c.Null()
		}
		element(c, s.Random(c.Rand))
		return nil
	}
	count, err := argNegatable(c, 2)
	if err != nil {
		return err
	}
	s, err := engine.Find[*value.Set](c, c.Args[1])
	if err != nil {
		return err
	}
	n := randomReply(c, count, s.Len(), false)
	if n == 0 {
		return nil
	}
	if count >= 0 {
		s.Sample(n, c.Rand, func(v listpack.Value) { element(c, v) })
		return nil
	}
	return repeat(c.Out(), maxRandom, n, func() { element(c, s.Random(c.Rand)) }) // with repetitions
}

// SPOP key [count]
func spop(c *engine.Ctx) error {
	key := c.Args[1]
	if len(c.Args) > 3 {
		return resp.ErrSyntax
	}
	if len(c.Args) == 3 {
		count, err := c.ArgIntIn(2, 0, math.MaxInt64, resp.ErrPositive)
		if err != nil {
			return err
		}
		s, err := engine.FindToWrite[*value.Set](c, key)
		if err != nil {
			return err
		}
		if s == nil || count == 0 {
			return c.Set(0)
		}
		return popSeveral(c, key, s, count)
	}
	s, err := engine.FindToWrite[*value.Set](c, key)
	if err != nil {
		return err
	}
	if s == nil {
		return c.Null()
	}
	v := s.Random(c.Rand)
	element(c, v)
	var room [64]byte
	m := v.AppendTo(room[:0])
	s.Remove(m)
	if c.Journaling() {
		c.Propagate([]byte("SREM"), key, m)
	}
	c.Changed(key, event.SPop)
	return nil
}

// popSeveral replies and removes up to count members of a set.
func popSeveral(c *engine.Ctx, key []byte, s *value.Set, count int64) error {
	if n := s.Len(); count >= int64(n) {
		// The real server replies with the union of this one set: integers come in
		// order, and the look-up counts as a hit.
		c.Stats.Hits++
		c.ReplyDone(value.Pieces(s))
		replySet(c, value.Union(c.Limits(), []*value.Set{s}))
		c.DeleteInstead(key, c.Config.LazyServerDel)
		c.ChangedTimes(n, key, event.SPop)
		c.Notify(key, event.Del)
		return nil
	}
	c.Set(int(count))
	removed := memberBatch{c: c, command: [][]byte{[]byte("SREM"), key}}
	s.Pop(c.Limits(), int(count), c.Rand, func(v listpack.Value) {
		element(c, v)
		removed.add(v)
	})
	removed.flush()
	c.ChangedTimes(int(count), key, event.SPop)
	return nil
}

// memberBatch propagates set members as arguments of a command, in batches.
type memberBatch struct {
	c       *engine.Ctx
	command [][]byte
}

func (b *memberBatch) add(v listpack.Value) {
	const most = 1024
	if !b.c.Journaling() {
		return
	}
	if b.command = append(b.command, v.AppendTo(nil)); len(b.command) == 2+most {
		b.flush()
	}
}

func (b *memberBatch) flush() {
	if len(b.command) > 2 {
		b.c.Propagate(b.command...)
		b.command = b.command[:2]
	}
}

// SSCAN key cursor [MATCH pattern] [COUNT count]
func sscan(c *engine.Ctx) error {
	cursor, err := scanCursor(c, 2)
	if err != nil {
		return err
	}
	s, err := engine.Find[*value.Set](c, c.Args[1])
	if err != nil {
		return err
	}
	if s == nil {
		c.Array(2)
		replyCursor(c, 0)
		return c.Array(0)
	}
	o, err := readScanOptions(c, 3, scanElements)
	if err != nil {
		return err
	}
	var found []listpack.Value
	var digits [20]byte
	cursor = s.Scan(cursor, o.count, func(v listpack.Value) {
		text := v.Str
		if v.IsInt {
			text = v.AppendTo(digits[:0])
		}
		if o.match.matches(text) {
			found = append(found, v)
		}
	})
	c.Array(2)
	replyCursor(c, cursor)
	c.Array(len(found))
	for _, v := range found {
		element(c, v)
	}
	return nil
}

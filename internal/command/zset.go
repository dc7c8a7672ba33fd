package command

import (
	"math"

	"github.com/resp-server/resp-server/internal/compat"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/numfmt"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

var zsetCommands = engine.Handlers{
	"zadd":        zadd,
	"zcard":       zcard,
	"zincrby":     zincrby,
	"zmscore":     zmscore,
	"zrandmember": zrandmember,
	"zrank":       zrank(false),
	"zrem":        zrem,
	"zrevrank":    zrank(true),
	"zscan":       zscan,
	"zscore":      zscore,
}

func findZSet(c *engine.Ctx, i int) (*value.ZSet, error) {
	return engine.Find[*value.ZSet](c, c.Args[i])
}

// zaddFlags are the options of ZADD.
type zaddFlags struct{ nx, xx, gt, lt, ch, incr bool }

// ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]
func zadd(c *engine.Ctx) error { return zaddWith(c, zaddFlags{}) }

// ZINCRBY key increment member
func zincrby(c *engine.Ctx) error { return zaddWith(c, zaddFlags{incr: true}) }

// zaddWith reads the options of ZADD. ZINCRBY accepts them too, before its
// increment.
func zaddWith(c *engine.Ctx, f zaddFlags) error {
	i := 2
options:
	for ; i < len(c.Args); i++ {
		switch {
		case c.ArgIs(i, "nx"):
			f.nx = true
		case c.ArgIs(i, "xx"):
			f.xx = true
		case c.ArgIs(i, "gt"):
			f.gt = true
		case c.ArgIs(i, "lt"):
			f.lt = true
		case c.ArgIs(i, "ch"):
			f.ch = true
		case c.ArgIs(i, "incr"):
			f.incr = true
		default:
			break options
		}
	}
	pairs := c.Args[i:]
	switch {
	case len(pairs) == 0 || len(pairs)%2 != 0:
		return resp.ErrSyntax
	case f.nx && f.xx:
		return resp.Error("ERR XX and NX options at the same time are not compatible")
	case f.gt && f.nx || f.lt && f.nx || f.gt && f.lt:
		return resp.Error("ERR GT, LT, and/or NX options at the same time are not compatible")
	case f.incr && len(pairs) > 2:
		return resp.Error("ERR INCR option supports a single increment-element pair")
	}
	return addScores(c, f, i)
}

// addScores adds the pairs of score and member in the arguments from the given
// one on.
func addScores(c *engine.Ctx, f zaddFlags, from int) error {
	var few [16]float64
	scores := few[:0]
	for i := from; i < len(c.Args); i += 2 {
		score, err := c.ArgFloat(i)
		if err != nil {
			return err
		}
		scores = append(scores, score)
	}
	key := c.Args[1]
	z, err := engine.FindBeforeWrite[*value.ZSet](c, c.Args[1])
	if err != nil {
		return err
	}
	if f.incr {
		return increment(c, z, f, scores[0], c.Args[from+1])
	}
	if z == nil && f.xx {
		return c.Integer(0)
	}
	isNew := z == nil
	if z, err = engine.FindOrMake(c, key, value.NewZSet); err != nil {
		return err
	}
	if isNew {
		z.Expect(c.Limits(), len(scores), len(c.Args[from+1]))
	} else {
		z.Expect(c.Limits(), len(scores), 0)
	}
	added, updated := 0, 0
	for i, score := range scores {
		name := c.Args[from+2*i+1]
		if f != (zaddFlags{}) {
			if old, ok := z.Score(name); ok {
				if !f.allows(old, score, true) {
					continue
				}
			} else if f.xx {
				continue
			}
		}
		isNew, isOther := z.Set(c.Limits(), name, score)
		if isNew {
			added++
		}
		if isOther {
			updated++
		}
	}
	if added+updated > 0 {
		c.ChangedTimes(added+updated, key, event.ZAdd)
	}
	if f.ch {
		return c.Integer(added + updated)
	}
	return c.Integer(added)
}

// allows reports whether the options permit a change of a member's score.
func (f zaddFlags) allows(old, score float64, exists bool) bool {
	if !exists {
		return !f.xx
	}
	return !f.nx && (!f.gt || score > old) && (!f.lt || score < old)
}

// increment adds to the score of one member and replies the new one.
func increment(c *engine.Ctx, z *value.ZSet, f zaddFlags, by float64, name []byte) error {
	old, exists := z.Score(name)
	score := by // not 0 + by, which would turn -0 into 0
	if exists {
		score += old
	}
	if exists && f.nx || !exists && f.xx {
		return c.Null()
	}
	if math.IsNaN(score) {
		return resp.Error("ERR resulting score is not a number (NaN)")
	}
	if !f.allows(old, score, exists) {
		return c.Null()
	}
	if exists && score == old {
		return c.Double(score)
	}
	isNew := z == nil
	z, err := engine.FindOrMake(c, c.Args[1], value.NewZSet)
	if err != nil {
		return err
	}
	if isNew {
		z.Expect(c.Limits(), 1, len(name))
	}
	z.Set(c.Limits(), name, score)
	c.Changed(c.Args[1], event.ZIncr)
	return c.Double(score)
}

// ZREM key member [member ...]
func zrem(c *engine.Ctx) error {
	z, err := engine.FindToWrite[*value.ZSet](c, c.Args[1])
	if err != nil {
		return err
	}
	deleted := 0
	if z != nil {
		for _, name := range c.Args[2:] {
			if z.Delete(name) {
				deleted++
			}
		}
	}
	if deleted > 0 {
		c.ChangedTimes(deleted, c.Args[1], event.ZRem)
	}
	return c.Integer(deleted)
}

// ZCARD key
func zcard(c *engine.Ctx) error {
	z, err := findZSet(c, 1)
	if err != nil {
		return err
	}
	return c.Integer(z.Len())
}

// ZSCORE key member
func zscore(c *engine.Ctx) error {
	z, err := findZSet(c, 1)
	if err != nil {
		return err
	}
	return replyScore(c, z, c.Args[2])
}

func replyScore(c *engine.Ctx, z *value.ZSet, name []byte) error {
	score, ok := z.Score(name)
	if !ok {
		return c.Null()
	}
	return c.Double(score)
}

// ZMSCORE key member [member ...]
func zmscore(c *engine.Ctx) error {
	z, err := findZSet(c, 1)
	if err != nil {
		return err
	}
	c.Array(len(c.Args) - 2)
	for _, name := range c.Args[2:] {
		replyScore(c, z, name)
	}
	return nil
}

// ZRANK key member [WITHSCORE]
// ZREVRANK key member [WITHSCORE]
// zrank makes ZRANK and ZREVRANK.
func zrank(reverse bool) engine.Handler {
	return func(c *engine.Ctx) error {
		if len(c.Args) > 4 {
			return c.WrongArity()
		}
		withScore := len(c.Args) == 4
		if withScore && !c.ArgIs(3, "withscore") {
			return resp.ErrSyntax
		}
		z, err := findZSet(c, 1)
		if err != nil {
			return err
		}
		rank, ok := z.Rank(c.Args[2])
		if !ok {
			if withScore {
				return c.NullArray()
			}
			return c.Null()
		}
		if reverse {
			rank = z.Len() - 1 - rank
		}
		if withScore {
			c.Array(2)
			c.Integer(rank)
			return replyScore(c, z, c.Args[2])
		}
		return c.Integer(rank)
	}
}

// ZSCAN key cursor [MATCH pattern] [COUNT count]
func zscan(c *engine.Ctx) error {
	cursor, err := scanCursor(c, 2)
	if err != nil {
		return err
	}
	z, err := findZSet(c, 1)
	if err != nil {
		return err
	}
	if z == nil { // a missing key hides errors in the options
		c.Array(2)
		replyCursor(c, 0)
		return c.Array(0)
	}
	o, err := readScanOptions(c, 3, scanElements)
	if err != nil {
		return err
	}
	found := resp.Writer{Proto: c.Proto(), Limit: c.Out().Limit}
	n := 0
	var scratch [32]byte
	// ZSCAN formats the scores of a skiplist in its own way.
	format := numfmt.AppendFloat
	if z.Encoding() == "skiplist" || !c.Since(compat.ShortestDoubles) {
		format = numfmt.AppendLong
	}
	cursor = z.Scan(cursor, o.count, func(name []byte, score float64) {
		if o.match.matches(name) {
			n += 2
			found.Bulk(name)
			found.Bulk(format(scratch[:0], score))
		}
	})
	c.Array(2)
	replyCursor(c, cursor)
	c.Array(n)
	c.Out().Raw(found.Buf)
	return nil
}

// ZRANDMEMBER key [count [WITHSCORES]]
func zrandmember(c *engine.Ctx) error {
	var scratch [24]byte
	if len(c.Args) == 2 {
		z, err := findZSet(c, 1)
		if err != nil {
			return err
		}
		if z.Len() == 0 {
			return c.Null()
		}
		name, _ := z.Random(c.Rand.Uint64, &scratch)
		return c.Bulk(name)
	}
	count, scores, err := randomCount(c, "withscores")
	if err != nil {
		return err
	}
	z, err := findZSet(c, 1)
	if err != nil {
		return err
	}
	reply := func(name []byte, score float64) {
		if scores && c.Proto() == 3 {
			c.Array(2)
		}
		c.Bulk(name)
		if scores {
			c.Double(score)
		}
	}
	n := randomReply(c, count, z.Len(), scores)
	if count > 0 {
		z.Sample(c.Rand, n, reply)
		return nil
	}
	return repeat(c.Out(), maxRandom, n, func() { reply(z.Random(c.Rand.Uint64, &scratch)) })
}

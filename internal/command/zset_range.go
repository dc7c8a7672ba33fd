package command

import (
	"bytes"
	"math"

	"github.com/resp-server/resp-server/internal/compat"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/numfmt"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

var zsetRangeCommands = engine.Handlers{
	"zcount":           zcount(byScore),
	"zlexcount":        zcount(byLex),
	"zrange":           zrange(rangeForm{}),
	"zrangebylex":      zrange(rangeForm{by: byLex, fixed: true}),
	"zrangebyscore":    zrange(rangeForm{by: byScore, fixed: true}),
	"zrangestore":      zrange(rangeForm{store: true}),
	"zremrangebylex":   zremrange(byLex),
	"zremrangebyrank":  zremrange(byRank),
	"zremrangebyscore": zremrange(byScore),
	"zrevrange":        zrange(rangeForm{fixed: true, reverse: true}),
	"zrevrangebylex":   zrange(rangeForm{by: byLex, fixed: true, reverse: true}),
	"zrevrangebyscore": zrange(rangeForm{by: byScore, fixed: true, reverse: true}),
}

// rangeBy is what the ends of a range are: ranks, scores or members.
type rangeBy uint8

const (
	byRank rangeBy = iota
	byScore
	byLex
)

// zbound is one end of a range of scores or members.
type zbound struct {
	score     float64
	member    []byte
	infinity  int // for members: -1 before all, 1 after all
	exclusive bool
}

// zspan is a range as given in the arguments.
type zspan struct {
	by         rangeBy
	first, end int64  // byRank, as given
	min, max   zbound // byScore, byLex
}

// argSpan reads arguments lo and hi as the lower and upper end of a range.
func argSpan(c *engine.Ctx, by rangeBy, lo, hi int) (s zspan, err error) {
	s.by = by
	switch by {
	case byRank:
		if s.first, err = c.ArgInt(lo); err == nil {
			s.end, err = c.ArgInt(hi)
		}
	case byScore:
		var ok1, ok2 bool
		s.min, ok1 = scoreBound(c.Args[lo])
		s.max, ok2 = scoreBound(c.Args[hi])
		if !ok1 || !ok2 {
			err = resp.Error("ERR min or max is not a float")
		}
	case byLex:
		var ok1, ok2 bool
		s.min, ok1 = lexBound(c.Args[lo])
		s.max, ok2 = lexBound(c.Args[hi])
		if !ok1 || !ok2 {
			err = resp.Error("ERR min or max not valid string range item")
		}
	}
	return s, err
}

// scoreBound reads "1.5", "(1.5" or "-inf".
func scoreBound(b []byte) (z zbound, ok bool) {
	if len(b) > 0 && b[0] == '(' {
		z.exclusive = true
		b = b[1:]
	}
	z.score, ok = numfmt.ParseFloatLax(b)
	return z, ok
}

// lexBound reads "[abc", "(abc", "-" or "+".
func lexBound(b []byte) (z zbound, ok bool) {
	switch {
	case len(b) == 0:
		return z, false
	case b[0] == '-' && len(b) == 1:
		z.infinity = -1
	case b[0] == '+' && len(b) == 1:
		z.infinity = 1
	case b[0] == '(':
		z.member, z.exclusive = b[1:], true
	case b[0] == '[':
		z.member = b[1:]
	default:
		return z, false
	}
	return z, true
}

// reached reports whether the bound, as a lower end, includes a member.
func (z *zbound) reached(name []byte) bool {
	if z.infinity != 0 {
		return z.infinity < 0
	}
	d := bytes.Compare(name, z.member)
	return d > 0 || d == 0 && !z.exclusive
}

// passed reports whether a member is beyond the bound as an upper end.
func (z *zbound) passed(name []byte) bool {
	if z.infinity != 0 {
		return z.infinity < 0
	}
	d := bytes.Compare(name, z.member)
	return d > 0 || d == 0 && z.exclusive
}

// ranks returns the ranks in the range, lo to hi-1. With reverse, ranks in the
// arguments count from the end.
func (s *zspan) ranks(z *value.ZSet, reverse bool) (lo, hi int) {
	n := z.Len()
	switch s.by {
	case byRank:
		lo, hi = indexRange(s.first, s.end, n)
		hi += lo
		if reverse {
			lo, hi = n-hi, n-lo
		}
	case byScore:
		lo = z.SearchScore(func(f float64) bool { return f > s.min.score || f == s.min.score && !s.min.exclusive })
		hi = z.SearchScore(func(f float64) bool { return f > s.max.score || f == s.max.score && s.max.exclusive })
	case byLex:
		lo = z.SearchMember(s.min.reached)
		hi = z.SearchMember(s.max.passed)
	}
	return lo, max(lo, hi)
}

// rangeForm is the form of a range command.
type rangeForm struct {
	by      rangeBy
	fixed   bool // the command determines by and reverse, not options
	reverse bool
	store   bool // ZRANGESTORE
}

// ZRANGE key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]
// ZRANGEBYLEX key min max [LIMIT offset count]
// ZRANGEBYSCORE key min max [WITHSCORES] [LIMIT offset count]
// ZRANGESTORE dst src min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]
// ZREVRANGE key start stop [WITHSCORES]
// ZREVRANGEBYLEX key max min [LIMIT offset count]
// ZREVRANGEBYSCORE key max min [WITHSCORES] [LIMIT offset count]
// zrange makes ZRANGE, ZRANGESTORE and the older commands.
func zrange(form rangeForm) engine.Handler {
	return func(c *engine.Ctx) error {
		f := form
		src := 1
		if f.store {
			src = 2
		}
		offset, limit, scores, auto := int64(0), int64(-1), false, !f.fixed
		for i := src + 3; i < len(c.Args); i++ {
			var err error
			switch {
			case !f.store && c.ArgIs(i, "withscores"):
				scores = true
			case c.ArgIs(i, "limit") && i+2 < len(c.Args):
				if offset, err = c.ArgInt(i + 1); err != nil {
					return err
				}
				if limit, err = c.ArgInt(i + 2); err != nil {
					return err
				}
				i += 2
			case !f.fixed && !f.reverse && c.ArgIs(i, "rev"):
				f.reverse = true
			case auto && c.ArgIs(i, "bylex"):
				f.by, auto = byLex, false
			case auto && c.ArgIs(i, "byscore"):
				f.by, auto = byScore, false
			default:
				return resp.ErrSyntax
			}
		}
		switch {
		case limit != -1 && f.by == byRank:
			return resp.Error("ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX")
		case scores && f.by == byLex:
			return resp.Error("ERR syntax error, WITHSCORES not supported in combination with BYLEX")
		}
		if f.by == byRank {
			offset = 0 // ranges of ranks ignore LIMIT, so "LIMIT n -1" has no effect
		}
		lo, hi := src+1, src+2
		if f.reverse && f.by != byRank {
			lo, hi = hi, lo
		}
		span, err := argSpan(c, f.by, lo, hi)
		if err != nil {
			return err
		}
		z, err := findZSet(c, src)
		if err != nil {
			return err
		}
		if offset < 0 && !c.Since(compat.OffsetsFromTheEnd) {
			offset = math.MaxInt64
		}
		from, to := limitRange(z, &span, f.reverse, offset, limit)
		if f.store {
			return storeRange(c, z, from, to, f.reverse)
		}
		return replyRange(c, z, from, to, f.reverse, scores)
	}
}

// limitRange returns the ranks of a range after LIMIT, lo to hi-1.
func limitRange(z *value.ZSet, s *zspan, reverse bool, offset, limit int64) (lo, hi int) {
	lo, hi = s.ranks(z, reverse)
	n := int64(hi - lo)
	if offset < 0 && z != nil && z.Encoding() == "skiplist" {
		// 7.4 counts a negative offset from the other end of a skiplist's range.
		if offset += n; offset < 0 {
			return 0, 0
		}
	}
	if offset < 0 || offset >= n {
		return 0, 0
	}
	if n -= offset; limit >= 0 {
		n = min(n, limit)
	}
	if reverse {
		hi -= int(offset)
		return hi - int(n), hi
	}
	lo += int(offset)
	return lo, lo + int(n)
}

// replyRange replies the members of ranks lo to hi-1.
func replyRange(c *engine.Ctx, z *value.ZSet, lo, hi int, reverse, scores bool) error {
	n := hi - lo
	if scores && c.Proto() == 2 {
		c.Array(2 * n)
	} else {
		c.Array(n)
	}
	if n == 0 {
		return nil
	}
	start := lo
	if reverse {
		start = hi - 1
	}
	it := z.Seek(start, reverse)
	for range n {
		name, score, _ := it.Next()
		replyMember(c, name, score, scores)
	}
	return nil
}

// replyMember replies a member and, with scores, its score.
func replyMember(c *engine.Ctx, name []byte, score float64, scores bool) {
	if scores && c.Proto() == 3 {
		c.Array(2)
	}
	c.Bulk(name)
	if scores {
		c.Double(score)
	}
}

// storeRange stores the members of ranks lo to hi-1 under the first key.
func storeRange(c *engine.Ctx, z *value.ZSet, lo, hi int, reverse bool) error {
	var list []value.Scored
	if hi > lo {
		it := z.Seek(lo, false)
		for range hi - lo {
			name, score, _ := it.Next()
			list = append(list, value.Scored{Member: append([]byte(nil), name...), Score: score})
		}
	}
	return storeZSet(c, c.Args[1], list, event.ZRangeStore)
}

// storeZSet stores the result of a command under a key and replies the number
// of members. It deletes the key if there are none.
func storeZSet(c *engine.Ctx, key []byte, list []value.Scored, ev event.Event) error {
	if len(list) == 0 {
		if c.Delete(key) {
			c.Changed(key, event.Del)
		}
		return c.Integer(0)
	}
	c.Overwrites(key, value.TypeZSet)
	c.Put(key, value.ZSetFrom(c.Limits(), list), engine.NoExpiry)
	c.Changed(key, ev)
	return c.Integer(len(list))
}

// ZCOUNT key min max
// ZLEXCOUNT key min max
// zcount makes ZCOUNT and ZLEXCOUNT.
func zcount(by rangeBy) engine.Handler {
	return func(c *engine.Ctx) error {
		span, err := argSpan(c, by, 2, 3)
		if err != nil {
			return err
		}
		z, err := findZSet(c, 1)
		if err != nil {
			return err
		}
		lo, hi := span.ranks(z, false)
		return c.Integer(hi - lo)
	}
}

// ZREMRANGEBYLEX key min max
// ZREMRANGEBYRANK key start stop
// ZREMRANGEBYSCORE key min max
// zremrange makes ZREMRANGEBYRANK, ZREMRANGEBYSCORE and ZREMRANGEBYLEX.
func zremrange(by rangeBy) engine.Handler {
	ev := [...]event.Event{byRank: event.ZRemRangeByRank, byScore: event.ZRemRangeByScore, byLex: event.ZRemRangeByLex}[by]
	return func(c *engine.Ctx) error {
		span, err := argSpan(c, by, 2, 3)
		if err != nil {
			return err
		}
		z, err := engine.FindBeforeWrite[*value.ZSet](c, c.Args[1])
		if err != nil {
			return err
		}
		lo, hi := span.ranks(z, false)
		if hi > lo {
			if z, err = engine.FindToWrite[*value.ZSet](c, c.Args[1]); err != nil {
				return err
			}
			z.DeleteRange(lo, hi)
			c.ChangedTimes(hi-lo, c.Args[1], ev)
		}
		return c.Integer(hi - lo)
	}
}

package command

import (
	"math"
	"slices"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/numfmt"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

var zsetAlgebraCommands = engine.Handlers{
	"zdiff":       zcombine(zdifference, false),
	"zdiffstore":  zcombine(zdifference, true),
	"zinter":      zcombine(zintersection, false),
	"zintercard":  zintercard,
	"zinterstore": zcombine(zintersection, true),
	"zunion":      zcombine(zunion, false),
	"zunionstore": zcombine(zunion, true),
}

// zoperation is a set operation on sorted sets.
type zoperation uint8

const (
	zunion zoperation = iota
	zintersection
	zdifference
)

// zsource is an operand: a sorted set, or a set whose members have score 1.
// The zero value is a missing key.
type zsource struct {
	zset   *value.ZSet
	set    *value.Set
	weight float64
	// counted gives each member the score 1, for AGGREGATE COUNT.
	counted bool
}

func (s *zsource) len() int {
	if s.set != nil {
		return s.set.Len()
	}
	return s.zset.Len()
}

func (s *zsource) score(name []byte) (float64, bool) {
	if s.set != nil {
		return 1, s.set.Has(name)
	}
	score, ok := s.zset.Score(name)
	if s.counted && ok {
		return 1, true
	}
	return score, ok
}

// all yields the members with their weighted scores.
func (s *zsource) all(yield func(name []byte, score float64) bool) {
	if s.set != nil {
		for name := range s.set.Texts {
			if !yield(name, s.weighted(1)) {
				return
			}
		}
		return
	}
	for name, score := range s.zset.All() {
		if s.counted {
			score = 1
		}
		if !yield(name, s.weighted(score)) {
			return
		}
	}
}

// weighted multiplies a score by the weight. NaN becomes 0.
func (s *zsource) weighted(score float64) float64 { return notNaN(score * s.weight) }

func notNaN(f float64) float64 {
	if math.IsNaN(f) {
		return 0
	}
	return f
}

// aggregate combines two scores of the same member.
type aggregate func(a, b float64) float64

func sumScores(a, b float64) float64 { return notNaN(a + b) }

// Unlike math.Min and math.Max, minScore and maxScore return a if the two are
// zeros of different sign or one is NaN.
func minScore(a, b float64) float64 {
	if b < a {
		return b
	}
	return a
}

func maxScore(a, b float64) float64 {
	if b > a {
		return b
	}
	return a
}

// argSources reads "numkeys key [key ...]" from argument i on and finds the
// keys. next is the index of the following argument.
func argSources(c *engine.Ctx, i int) (sources []zsource, next int, err error) {
	n, err := c.ArgInt(i)
	if err != nil {
		return nil, 0, err
	}
	if n < 1 {
		return nil, 0, resp.Errorf("ERR at least 1 input key is needed for '%s' command", c.Name())
	}
	if n > int64(len(c.Args)-i-1) {
		return nil, 0, resp.ErrSyntax
	}
	sources = make([]zsource, n)
	for k := range sources {
		sources[k].weight = 1
		e, ok := c.Lookup(c.Args[i+1+k])
		if !ok {
			continue
		}
		switch v := e.Value().(type) {
		case *value.ZSet:
			sources[k].zset = v
		case *value.Set:
			sources[k].set = v
		default:
			return nil, 0, resp.ErrWrongType
		}
	}
	return sources, i + 1 + int(n), nil
}

// ZDIFF numkeys key [key ...] [WITHSCORES]
// ZDIFFSTORE destination numkeys key [key ...]
// ZINTER numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX | COUNT>] [WITHSCORES]
// ZINTERSTORE destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX | COUNT>]
// ZUNION numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX | COUNT>] [WITHSCORES]
// ZUNIONSTORE destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX | COUNT>]
// zcombine makes ZUNION, ZINTER, ZDIFF and their STORE forms.
func zcombine(op zoperation, store bool) engine.Handler {
	ev := [...]event.Event{zunion: event.ZUnionStore, zintersection: event.ZInterStore, zdifference: event.ZDiffStore}[op]
	return func(c *engine.Ctx) error {
		first := 1
		if store {
			first = 2
		}
		sources, i, err := argSources(c, first)
		if err != nil {
			return err
		}
		scores, counted, agg := false, false, aggregate(sumScores)
		for ; i < len(c.Args); i++ {
			left := len(c.Args) - i - 1
			switch {
			case op != zdifference && c.ArgIs(i, "weights") && left >= len(sources):
				for k := range sources {
					i++
					var ok bool
					if sources[k].weight, ok = numfmt.ParseFloat(c.Args[i]); !ok {
						return resp.Error("ERR weight value is not a float")
					}
				}
			case op != zdifference && c.ArgIs(i, "aggregate") && left >= 1:
				i++
				counted = false
				switch {
				case c.ArgIs(i, "sum"):
					agg = sumScores
				case c.ArgIsNewer(i, "count"):
					counted, agg = true, sumScores
				case c.ArgIs(i, "min"):
					agg = minScore
				case c.ArgIs(i, "max"):
					agg = maxScore
				default:
					return resp.ErrSyntax
				}
			case !store && c.ArgIs(i, "withscores"):
				scores = true
			default:
				return resp.ErrSyntax
			}
		}
		for k := range sources {
			sources[k].counted = counted
		}
		list := op.run(sources, agg)
		if store {
			return storeZSet(c, c.Args[1], list, ev)
		}
		c.ReplyDone(len(list))
		slices.SortFunc(list, value.CompareScored)
		if scores && c.Proto() == 2 {
			c.Array(2 * len(list))
		} else {
			c.Array(len(list))
		}
		for _, s := range list {
			replyMember(c, s.Member, s.Score, scores)
		}
		return nil
	}
}

// run combines the sources into an unordered list that shares no memory with
// them.
func (op zoperation) run(sources []zsource, agg aggregate) (list []value.Scored) {
	if op == zdifference {
		return difference(sources)
	}
	// Go from the smallest to the largest as Redis does: the order of a sum shows
	// in its last digit.
	slices.SortStableFunc(sources, func(a, b zsource) int { return a.len() - b.len() })
	if op == zintersection {
		intersect(sources, agg, func(name []byte, score float64) bool {
			list = append(list, value.Scored{Member: slices.Clone(name), Score: score})
			return true
		})
		return list
	}
	place := make(map[string]int, sources[len(sources)-1].len())
	for k := range sources {
		for name, score := range sources[k].all {
			if at, ok := place[string(name)]; ok {
				list[at].Score = agg(list[at].Score, score)
				continue
			}
			s := value.Scored{Member: slices.Clone(name), Score: score}
			place[string(name)] = len(list)
			list = append(list, s)
		}
	}
	return list
}

// intersect yields the members common to all sources until yield returns
// false.
func intersect(sources []zsource, agg aggregate, yield func(name []byte, score float64) bool) {
next:
	for name, score := range sources[0].all {
		for k := range sources[1:] {
			s := &sources[k+1]
			other, ok := s.score(name)
			if !ok {
				continue next
			}
			score = agg(score, other*s.weight) // unlike in a union, NaN remains
		}
		if !yield(name, score) {
			return
		}
	}
}

func difference(sources []zsource) (list []value.Scored) {
next:
	for name, score := range sources[0].all {
		for k := range sources[1:] {
			if _, ok := sources[k+1].score(name); ok {
				continue next
			}
		}
		list = append(list, value.Scored{Member: slices.Clone(name), Score: score})
	}
	return list
}

// ZINTERCARD numkeys key [key ...] [LIMIT limit]
func zintercard(c *engine.Ctx) error {
	sources, i, err := argSources(c, 1)
	if err != nil {
		return err
	}
	limit := int64(0)
	for ; i < len(c.Args); i++ {
		if !c.ArgIs(i, "limit") || i+1 == len(c.Args) {
			return resp.ErrSyntax
		}
		i++
		if limit, err = c.ArgIntIn(i, 0, math.MaxInt64, errLimit); err != nil {
			return err
		}
	}
	slices.SortStableFunc(sources, func(a, b zsource) int { return a.len() - b.len() })
	n := int64(0)
	intersect(sources, sumScores, func([]byte, float64) bool {
		n++
		return n != limit
	})
	return c.Integer64(n)
}

package array

import (
	"bytes"
	"math"
	stdstrings "strings"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/ere"
	"github.com/resp-server/resp-server/internal/glob"
	"github.com/resp-server/resp-server/internal/numfmt"
	"github.com/resp-server/resp-server/internal/resp"
)

// AROP key start end <SUM | MIN | MAX | AND | OR | XOR | MATCH value | USED>
func arop(c *engine.Ctx) error {
	from, to, err := argIndexRange(c)
	if err != nil {
		return err
	}
	op := stdstrings.ToLower(string(c.Args[4]))
	switch op {
	case "sum", "min", "max", "and", "or", "xor", "used":
		if len(c.Args) != 5 {
			return c.WrongArity()
		}
	case "match":
		if len(c.Args) != 6 {
			return errMatch
		}
	default:
		return errOp
	}
	a, err := find(c)
	if err != nil {
		return err
	}
	it := a.Range(from, to)
	switch op {
	case "used":
		n := 0
		for it.Next() {
			n++
		}
		return c.Integer(n)
	case "match":
		n := 0
		var room [32]byte
		for it.Next() {
			if bytes.Equal(it.Value.Bytes(room[:0]), c.Args[5]) {
				n++
			}
		}
		return c.Integer(n)
	case "and", "or", "xor":
		return combineBits(c, it, op)
	}
	return combineNumbers(c, it, op)
}

// slotNumber parses a value as a number. It returns false if the value is not
// a number.
func slotNumber(v slot) (numfmt.LongDouble, bool) {
	switch v.Kind() {
	case slotInt:
		return numfmt.LongDoubleFromInt(v.Int()), true
	case slotFloat:
		return numfmt.LongDoubleFromFloat(v.Float()), true
	}
	var room [32]byte
	return numfmt.ParseLongDouble(v.Bytes(room[:0]))
}

// isMinus reports whether a number has a sign, even if it is zero.
func isMinus(v slot) bool {
	var room [32]byte
	b := v.Bytes(room[:0])
	return len(b) > 0 && b[0] == '-'
}

func combineNumbers(c *engine.Ctx, it iterator, op string) error {
	var result numfmt.LongDouble
	any, nan := false, false
	minus := false // if the result is zero, it is -0
	for it.Next() {
		n, ok := slotNumber(it.Value)
		switch {
		case !ok:
		case !any:
			result, any, minus = n, true, isMinus(it.Value)
		case op == "sum":
			minus = minus && isMinus(it.Value)
			sum, ok := result.Add(n)
			switch {
			case ok:
				result = sum
			case n.IsInf() && result.IsInf() && n.Cmp(result) != 0:
				nan = true
			case n.IsInf():
				result = n
			case result.Cmp(numfmt.LongDouble{}) < 0: // negative, or too large
				result, _ = numfmt.ParseLongDouble([]byte("-inf"))
			default:
				result, _ = numfmt.ParseLongDouble([]byte("inf"))
			}
		case op == "min" && n.Cmp(result) < 0, op == "max" && n.Cmp(result) > 0:
			result, minus = n, isMinus(it.Value)
		}
	}
	switch {
	case !any:
		return c.Null()
	case minus && result == (numfmt.LongDouble{}):
		return c.BulkString("-0")
	case nan:
		return c.BulkString("nan")
	}
	var room [64]byte
	return c.Bulk(result.AppendShort(room[:0]))
}

func combineBits(c *engine.Ctx, it iterator, op string) error {
	result, any := int64(0), false
	for it.Next() {
		n, ok := slotNumber(it.Value)
		if !ok {
			continue
		}
		bits, ok := n.Trunc()
		switch {
		case !ok:
		case !any:
			result, any = bits, true
		case op == "and":
			result &= bits
		case op == "or":
			result |= bits
		default:
			result ^= bits
		}
	}
	if !any {
		return c.Null()
	}
	return c.Integer64(result)
}

const (
	errGrepEmpty     resp.Error = "ERR regular expression is empty"
	errGrepLong      resp.Error = "ERR regular expression is too long, maximum is 2048 bytes"
	errGrepMany      resp.Error = "ERR too many predicates, maximum is 250"
	errGrepReference resp.Error = "ERR regular expression backreferences are not supported"
)

const (
	maxPredicates = 250
	maxRegexp     = 2048
)

// predicate is a condition of ARGREP on a value.
type predicate struct {
	kind string // in lower case
	text []byte
	re   *ere.Regexp
}

// grep holds the arguments of ARGREP after the range.
type grep struct {
	predicates []predicate
	all        bool // every predicate must hold
	withValues bool
	fold       bool
	limit      int64
	work       int          // bytes examined since the last call of stop
	stop       func() error // reports whether to give up
}

// grepWork is the number of bytes examined between two calls of stop.
const grepWork = 1 << 20

// ARGREP key start end <EXACT string | MATCH string | GLOB pattern | RE pattern [EXACT string | MATCH string | GLOB pattern | RE pattern ...]> [AND | OR | LIMIT limit | WITHVALUES | NOCASE [AND | OR | LIMIT limit | WITHVALUES | NOCASE ...]]
func argrep(c *engine.Ctx) error {
	var ends [2]func(last uint64) uint64
	for i := range ends {
		switch b := c.Args[2+i]; string(b) {
		case "-":
			ends[i] = func(uint64) uint64 { return 0 }
		case "+":
			ends[i] = func(last uint64) uint64 { return last }
		default:
			index, err := argIndex(c, 2+i)
			if err != nil {
				return err
			}
			ends[i] = func(uint64) uint64 { return index }
		}
	}
	g, err := readGrep(c)
	if err != nil {
		return err
	}
	a, err := find(c)
	if err != nil {
		return err
	}
	if a == nil {
		return c.Array(0)
	}
	g.stop = c.Interrupted
	n := 0
	last := a.Len() - 1
	mark := c.Out().ArrayLater()
	var room [64]byte
	for it := a.Range(ends[0](last), ends[1](last)); int64(n) < g.limit && it.Next(); {
		ok, err := g.holds(it.Value.Bytes(room[:0]))
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if g.withValues {
			replyPair(c, it.Index, it.Value)
		} else {
			replyIndex(c, it.Index)
		}
		n++
	}
	c.Out().SetLen(mark, n)
	return nil
}

func readGrep(c *engine.Ctx) (*grep, error) {
	g := &grep{limit: math.MaxInt64}
	for i := 4; i < len(c.Args); i++ {
		last := i+1 == len(c.Args)
		switch word := stdstrings.ToLower(string(c.Args[i])); word {
		case "exact", "match", "glob", "re":
			switch {
			case last:
				return nil, resp.ErrSyntax
			case len(g.predicates) == maxPredicates:
				return nil, errGrepMany
			case word == "re" && len(c.Args[i+1]) > maxRegexp:
				return nil, errGrepLong
			}
			i++
			g.predicates = append(g.predicates, predicate{kind: word, text: c.Args[i]})
		case "limit":
			if last {
				return nil, resp.ErrSyntax
			}
			i++
			var err error
			if g.limit, err = argLimit(c, i); err != nil {
				return nil, err
			}
		case "withvalues":
			g.withValues = true
		case "nocase":
			g.fold = true
		case "and":
			g.all = true
		case "or":
			g.all = false
		default:
			return nil, resp.ErrSyntax
		}
	}
	if len(g.predicates) == 0 {
		return nil, resp.ErrSyntax
	}
	return g, g.compile()
}

// compile compiles the regular expressions, once all options are known.
func (g *grep) compile() error {
	for i := range g.predicates {
		p := &g.predicates[i]
		if p.kind != "re" {
			continue
		}
		if len(p.text) == 0 {
			return errGrepEmpty
		}
		re, err := ere.Compile(p.text, g.fold)
		if err != nil {
			return resp.Errorf("ERR invalid regular expression: %s", err)
		}
		if re.References() {
			return errGrepReference
		}
		p.re = re
	}
	return nil
}

// holds reports whether a value matches the predicates.
func (g *grep) holds(text []byte) (bool, error) {
	for i := range g.predicates {
		if g.work += len(text) + 1; g.work >= grepWork {
			g.work = 0
			if err := g.stop(); err != nil {
				return false, err
			}
		}
		ok, err := g.predicates[i].holds(text, g.fold, g.stop)
		if err != nil || ok != g.all {
			return !g.all, err
		}
	}
	return g.all, nil
}

func (p *predicate) holds(text []byte, fold bool, stop func() error) (bool, error) {
	switch p.kind {
	case "exact":
		return len(text) == len(p.text) && hasAt(text, p.text, fold), nil
	case "match":
		return contains(text, p.text, fold, stop)
	case "glob":
		return glob.Match(p.text, text, fold), nil
	}
	return p.re.MatchUntil(text, stop)
}

func contains(text, part []byte, fold bool, stop func() error) (bool, error) {
	if !fold {
		return bytes.Contains(text, part), nil
	}
	for i := 0; i+len(part) <= len(text); i++ {
		if hasAt(text[i:], part, true) {
			return true, nil
		}
		if i%4096 == 4095 {
			if err := stop(); err != nil {
				return false, err
			}
		}
	}
	return false, nil
}

// hasAt reports whether text begins with begin, which must not be longer.
func hasAt(text, begin []byte, fold bool) bool {
	if !fold {
		return bytes.Equal(text[:len(begin)], begin)
	}
	for i, b := range begin {
		if lowerByte(text[i]) != lowerByte(b) {
			return false
		}
	}
	return true
}

func lowerByte(b byte) byte {
	if b >= 'A' && b <= 'Z' {
		return b | 0x20
	}
	return b
}

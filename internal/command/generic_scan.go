package command

import (
	"strconv"

	"github.com/resp-server/resp-server/internal/compat"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/glob"
	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/numfmt"
	"github.com/resp-server/resp-server/internal/resp"
)

var scanCommands = engine.Handlers{
	"keys": keysMatching,
	"scan": scan,
}

// KEYS pattern
func keysMatching(c *engine.Ctx) error {
	p := newPattern(c.Args[1])
	now := c.ExpiryMilli()
	n, length := 0, c.Out().ArrayLater()
	for k := range c.DB().All {
		if at := k.ExpireAt(); (at == 0 || at > now) && p.matches(k.Key()) {
			c.Bulk(k.Key())
			n++
		}
	}
	c.Out().SetLen(length, n)
	return nil
}

// SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]
func scan(c *engine.Ctx) error {
	cursor, err := scanCursor(c, 1)
	if err != nil {
		return err
	}
	o, err := readScanOptions(c, 2, scanKeys)
	if err != nil {
		return err
	}
	var found []keyspace.Entry
	cursor = c.DB().Scan(cursor, o.count, func(k keyspace.Entry) {
		if o.match.matches(k.Key()) {
			found = append(found, k)
		}
	})
	live := found[:0]
	if o.typeName == nil {
		for _, k := range found {
			if k.ExpireAt() == 0 || c.Exists(k.Key()) {
				live = append(live, k)
			}
		}
	} else {
		for _, k := range found {
			// TYPE costs a look-up, which counts in the statistics.
			if _, ok := examine(c, k.Key()); ok && engine.EqualFold(o.typeName, k.Type().String()) {
				live = append(live, k)
			}
		}
	}
	c.Array(2)
	replyCursor(c, cursor)
	c.Array(len(live))
	for _, k := range live {
		c.Bulk(k.Key())
	}
	return nil
}

// pattern is the glob of a SCAN or KEYS; nil matches everything.
type pattern []byte

// newPattern returns nil for a single star, which matches even the empty
// string.
func newPattern(b []byte) pattern {
	if len(b) == 1 && b[0] == '*' {
		return nil
	}
	return b
}

func (p pattern) matches(s []byte) bool { return p == nil || glob.Match(p, s, false) }

// scanKind is the command: SCAN, SSCAN, ZSCAN or HSCAN.
type scanKind uint8

const (
	scanKeys scanKind = iota
	scanElements
	scanFields
)

// scanOptions are the options of the SCAN commands.
type scanOptions struct {
	match    pattern
	count    int
	typeName []byte
	noValues bool
}

// scanCursor reads argument i as a cursor.
func scanCursor(c *engine.Ctx, i int) (uint64, error) {
	n, ok := numfmt.ParseUintLax(c.Args[i])
	if !c.Since(compat.StrictCursors) {
		n, ok = looseCursor(c.Args[i])
	}
	if !ok {
		return 0, resp.Error("ERR invalid cursor")
	}
	return n, nil
}

// looseCursor reads a cursor as C's strtoul does, but without spaces in front.
func looseCursor(s []byte) (n uint64, ok bool) {
	digits, negative := s, false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		digits, negative = s[1:], s[0] == '-'
	}
	if len(s) > 0 {
		if n, ok = numfmt.ParseUintLax(digits); !ok {
			return 0, false
		}
	}
	if negative {
		n = -n
	}
	return n, true
}

// readScanOptions reads the arguments from the given one to the end.
func readScanOptions(c *engine.Ctx, from int, kind scanKind) (o scanOptions, err error) {
	o.count = 10
	for i := from; i < len(c.Args); i++ {
		more := i+1 < len(c.Args)
		switch {
		case c.ArgIs(i, "count") && more:
			i++
			n, err := c.ArgInt(i)
			if err != nil {
				return o, err
			}
			if n < 1 {
				return o, resp.ErrSyntax
			}
			o.count = int(n)
		case c.ArgIs(i, "match") && more:
			i++
			o.match = newPattern(c.Args[i])
		case c.ArgIs(i, "type") && more && kind == scanKeys:
			i++
			o.typeName = c.Args[i]
		case c.ArgIs(i, "novalues") && c.Since(compat.NoValues):
			if kind != scanFields {
				return o, resp.Error("ERR NOVALUES option can only be used in HSCAN")
			}
			o.noValues = true
		default:
			return o, resp.ErrSyntax
		}
	}
	return o, nil
}

// replyCursor replies the cursor of the next call.
func replyCursor(c *engine.Ctx, cursor uint64) {
	var digits [20]byte
	c.Bulk(strconv.AppendUint(digits[:0], cursor, 10))
}

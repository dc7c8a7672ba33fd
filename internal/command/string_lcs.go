package command

import (
	"math"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

var stringLCSCommands = engine.Handlers{"lcs": lcs}

// lcsOptions are the options of LCS.
type lcsOptions struct {
	length, ranges, withLength bool
	minLength                  int64
}

// LCS key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len] [WITHMATCHLEN]
func lcs(c *engine.Ctx) error {
	var rooms [2][32]byte
	a, okA := lcsText(c, 1, rooms[0][:0])
	b, okB := lcsText(c, 2, rooms[1][:0])
	if !okA || !okB {
		return resp.Error("ERR The specified keys must contain string values")
	}
	o, err := readLCSOptions(c)
	if err != nil {
		return err
	}
	if len(a) >= math.MaxUint32-1 || len(b) >= math.MaxUint32-1 {
		return resp.Error("ERR String too long for LCS")
	}
	if (uint64(len(a))+1)*(uint64(len(b))+1) > uint64(c.Config.ProtoMaxBulkLen)/4 {
		return resp.Error("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")
	}
	if o.length {
		return c.Integer(lcsLength(a, b))
	}
	t := newLCSTable(a, b)
	if o.ranges {
		return lcsRanges(c, a, b, t, &o)
	}
	return c.Bulk(t.walk(a, b, nil))
}

// lcsText reads a key as a text, empty if the key is missing. ok is false if
// the key holds another type.
func lcsText(c *engine.Ctx, arg int, room []byte) (b []byte, ok bool) {
	k, ok := c.Lookup(c.Args[arg])
	if !ok {
		return nil, true
	}
	return k.Bytes(room), k.Type() == value.TypeString
}

func readLCSOptions(c *engine.Ctx) (o lcsOptions, err error) {
	for i := 3; i < len(c.Args); i++ {
		switch {
		case c.ArgIs(i, "len"):
			o.length = true
		case c.ArgIs(i, "idx"):
			o.ranges = true
		case c.ArgIs(i, "withmatchlen"):
			o.withLength = true
		case c.ArgIs(i, "minmatchlen") && i+1 < len(c.Args):
			i++
			if o.minLength, err = c.ArgInt(i); err != nil {
				return o, err
			}
		default:
			return o, resp.ErrSyntax
		}
	}
	if o.length && o.ranges {
		return o, resp.Error("ERR If you want both the length and indexes, please just use IDX.")
	}
	return o, nil
}

// lcsLength computes the length of the longest common subsequence in O(n*m)
// time and O(m) memory.
func lcsLength(a, b []byte) int {
	row := make([]uint32, len(b)+1)
	for _, x := range a {
		lcsRow(row, row, x, b)
	}
	return int(row[len(b)])
}

// lcsRow computes a row of the table from the row above. Both may share
// memory.
func lcsRow(row, above []uint32, x byte, b []byte) {
	var corner, left uint32 // left of the entry, in the row above and in this row
	above = above[1 : len(b)+1]
	row = row[1 : len(b)+1]
	for j, y := range b {
		up := above[j]
		if x == y {
			left = corner + 1
		} else {
			left = max(left, up)
		}
		row[j], corner = left, up
	}
}

// lcsTable holds the lengths of the longest common subsequences of all
// prefixes of a and b. Row i is for the first i bytes of a.
type lcsTable struct {
	cells []uint32
	width int
}

func newLCSTable(a, b []byte) lcsTable {
	t := lcsTable{make([]uint32, (len(a)+1)*(len(b)+1)), len(b) + 1}
	for i, x := range a {
		lcsRow(t.row(i+1), t.row(i), x, b)
	}
	return t
}

func (t lcsTable) row(i int) []uint32 { return t.cells[i*t.width : (i+1)*t.width] }

// walk returns the longest common subsequence, of several the one that Redis
// finds. It calls match, unless nil, for each byte, from the last to the
// first.
func (t lcsTable) walk(a, b []byte, match func(i, j int)) []byte {
	n := int(t.cells[len(t.cells)-1])
	found := make([]byte, n)
	for i, j := len(a), len(b); i > 0 && j > 0; {
		switch {
		case a[i-1] == b[j-1]:
			i, j, n = i-1, j-1, n-1
			found[n] = a[i]
			if match != nil {
				match(i, j)
			}
		case t.row(i - 1)[j] > t.row(i)[j-1]:
			i--
		default:
			j--
		}
	}
	return found
}

// lcsRanges replies the matching ranges, the last first.
func lcsRanges(c *engine.Ctx, a, b []byte, t lcsTable, o *lcsOptions) error {
	w := c.Out()
	w.Map(2)
	w.BulkString("matches")
	later := w.ArrayLater()
	ranges, size := 0, 0
	var ai, bi int // start of the current range
	emit := func() {
		if size > 0 && int64(size) >= o.minLength {
			ranges++
			lcsMatch(c, ai, bi, size, o.withLength)
		}
		size = 0
	}
	t.walk(a, b, func(i, j int) {
		if size > 0 && (i != ai-1 || j != bi-1) {
			emit()
		}
		ai, bi = i, j
		size++
	})
	emit()
	w.BulkString("len")
	w.Integer(int64(t.cells[len(t.cells)-1]))
	w.SetLen(later, ranges)
	return nil
}

func lcsMatch(c *engine.Ctx, ai, bi, size int, withLength bool) {
	if withLength {
		c.Array(3)
	} else {
		c.Array(2)
	}
	lcsRange(c, ai, size)
	lcsRange(c, bi, size)
	if withLength {
		c.Integer(size)
	}
}

func lcsRange(c *engine.Ctx, at, size int) {
	c.Array(2)
	c.Integer(at)
	c.Integer(at + size - 1)
}

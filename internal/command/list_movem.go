package command

import (
	"math"
	"slices"
	"strconv"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

var listMovemCommands = engine.Handlers{
	"blmovem": blmovem,
	"lmovem":  lmovem,
}

// howMany holds the options of LMOVEM.
type howMany struct {
	count   int64
	exactly bool // move count elements or none
	// oneByOne pushes each element as it is popped. Between the same ends this
	// reverses the elements.
	oneByOne bool
}

// argHowMany reads the arguments from i to the end. The default is one
// element.
func argHowMany(c *engine.Ctx, i int) (h howMany, err error) {
	switch len(c.Args) - i {
	case 0:
		return howMany{count: 1}, nil
	case 3:
	default:
		return h, resp.ErrSyntax
	}
	if h.exactly = c.ArgIs(i, "exactly"); !h.exactly && !c.ArgIs(i, "count") {
		return h, resp.ErrSyntax
	}
	if h.count, err = c.ArgIntIn(i+1, 1, math.MaxInt64, errPopCount); err != nil {
		return h, err
	}
	if h.oneByOne = c.ArgIs(i+2, "obo"); !h.oneByOne && !c.ArgIs(i+2, "bulk") {
		return h, resp.ErrSyntax
	}
	return h, nil
}

// LMOVEM source destination <LEFT | RIGHT> <LEFT | RIGHT> [<COUNT count | EXACTLY exactly> <OBO | BULK>]
func lmovem(c *engine.Ctx) error {
	from, to, err := argEnds(c)
	if err != nil {
		return err
	}
	h, err := argHowMany(c, 5)
	if err != nil {
		return err
	}
	n, err := moveElements(c, from, to, h)
	if n > 0 || err != nil {
		return err
	}
	return c.NullArray()
}

// BLMOVEM source destination <LEFT | RIGHT> <LEFT | RIGHT> timeout [<COUNT count | EXACTLY exactly> <OBO | BULK>]
func blmovem(c *engine.Ctx) error {
	from, to, err := argEnds(c)
	if err != nil {
		return err
	}
	deadline, err := c.ArgTimeout(5)
	if err != nil {
		return err
	}
	h, err := argHowMany(c, 6)
	if err != nil {
		return err
	}
	n, err := moveElements(c, from, to, h)
	if err != nil {
		return err
	}
	if n == 0 {
		return c.Block(engine.Wait{
			Keys: c.Args[1:2], Type: value.TypeList, KeepsTurn: true,
			Deadline: deadline, TimeOut: (*engine.Ctx).NullArray,
		})
	}
	if c.Journaling() {
		order := []byte("BULK")
		if h.oneByOne {
			order = []byte("OBO")
		}
		c.Propagate([]byte("LMOVEM"), c.Args[1], c.Args[2], c.Args[3], c.Args[4],
			[]byte("EXACTLY"), strconv.AppendInt(nil, int64(n), 10), order)
	}
	return nil
}

// moveElements moves elements from the list in the first argument to the list
// in the second, which may be the same, and replies them in their new order.
// It returns their number. It replies nothing if there are none.
func moveElements(c *engine.Ctx, from, to end, h howMany) (int, error) {
	src, err := engine.FindToWrite[*value.List](c, c.Args[1])
	if err != nil {
		return 0, err
	}
	if src == nil || h.exactly && int64(src.Len()) < h.count {
		return 0, nil
	}
	dst, err := engine.FindOrMake(c, c.Args[2], value.NewList)
	if err != nil {
		return 0, err
	}
	n := int(min(h.count, int64(src.Len())))
	first := 0
	if from == tail {
		first = src.Len() - n
	}
	moved, size := make([][]byte, 0, n), 0
	for it := src.Walk(first, false); len(moved) < n; {
		v, _ := it.Next()
		b := v.AppendTo(nil)
		moved = append(moved, b)
		size += len(b)
	}
	if h.oneByOne && from == to {
		slices.Reverse(moved)
	}
	src.DeleteRange(first, n)
	dst.Grow(c.Limits(), n, size)
	for i := range moved {
		if to == head {
			dst.PushFront(moved[n-1-i])
		} else {
			dst.PushBack(moved[i])
		}
	}
	src.Shrink(c.Limits())
	c.Changed(c.Args[2], to.pushed())
	c.Changed(c.Args[1], from.popped())
	c.Array(n)
	for _, b := range moved {
		c.Bulk(b)
	}
	return n, nil
}

package array

import (
	"math"
	"strconv"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/numfmt"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

var handlers = engine.Handlers{
	"arcount":     arcount,
	"ardel":       ardel,
	"ardelrange":  ardelrange,
	"arget":       arget,
	"argetrange":  argetrange,
	"argrep":      argrep,
	"arinfo":      arinfo,
	"arinsert":    arinsert,
	"arlastitems": arlastitems,
	"arlen":       arlen,
	"armget":      armget,
	"armset":      armset,
	"arnext":      arnext,
	"arop":        arop,
	"arring":      arring,
	"arscan":      arscan,
	"arseek":      arseek,
	"arset":       arset,
}

const (
	errIndex    resp.Error = "ERR invalid array index"
	errOverflow resp.Error = "ERR array index overflow"
	errInsert   resp.Error = "ERR insert index overflow"
	errRange    resp.Error = "ERR range exceeds maximum of 1000000 items"
	errLimit    resp.Error = "ERR LIMIT must be positive"
	errSize     resp.Error = "ERR invalid size"
	errSizeSign resp.Error = "ERR size must be positive"
	errLast     resp.Error = "ERR invalid COUNT"
	errOp       resp.Error = "ERR unknown operation"
	errMatch    resp.Error = "ERR MATCH requires a value argument"
)

// maxReply limits replies whose length does not depend on the size of the
// array.
const maxReply = 1000000

func find(c *engine.Ctx) (*sparse, error) {
	return engine.ContentOf[*sparse](engine.Find[*value.Foreign](c, c.Args[1]))
}

func findToWrite(c *engine.Ctx) (*sparse, error) {
	return engine.ContentOf[*sparse](engine.FindToWrite[*value.Foreign](c, c.Args[1]))
}

func findOrMake(c *engine.Ctx) (*sparse, error) {
	return engine.ContentOf[*sparse](engine.FindOrMake(c, c.Args[1], func(*value.Limits) *value.Foreign {
		return value.NewForeign(kind, newSparse(settings.Of(c.Config)))
	}))
}

// argIndex reads argument i as an index.
func argIndex(c *engine.Ctx, i int) (uint64, error) {
	index, ok := numfmt.ParseUintLax(c.Args[i])
	if !ok || index > maxIndex {
		return 0, errIndex
	}
	return index, nil
}

// argIndexes reads every step-th argument from the given one on as an index.
// It reads all of them before any is used.
func argIndexes(c *engine.Ctx, from, step int) ([]uint64, error) {
	indexes := make([]uint64, 0, (len(c.Args)-from+step-1)/step)
	for i := from; i < len(c.Args); i += step {
		index, err := argIndex(c, i)
		if err != nil {
			return nil, err
		}
		indexes = append(indexes, index)
	}
	return indexes, nil
}

// argIndexRange reads arguments 2 and 3 as the ends of a range.
func argIndexRange(c *engine.Ctx) (from, to uint64, err error) {
	if from, err = argIndex(c, 2); err == nil {
		to, err = argIndex(c, 3)
	}
	return from, to, err
}

// replyIndex replies a number that may exceed an integer.
func replyIndex(c *engine.Ctx, n uint64) error {
	if n > math.MaxInt64 {
		c.Out().BigNumber(strconv.FormatUint(n, 10))
		return nil
	}
	return c.Integer64(int64(n))
}

func replySlot(c *engine.Ctx, v slot) error {
	var room [32]byte
	return c.Bulk(v.Bytes(room[:0]))
}

// replySlotAt replies the value at an index.
func replySlotAt(c *engine.Ctx, a *sparse, index uint64) error {
	v, ok := a.Get(index)
	if !ok {
		return c.Null()
	}
	return replySlot(c, v)
}

// ARGET key index
func arget(c *engine.Ctx) error {
	a, err := find(c)
	if err != nil {
		return err
	}
	index, err := argIndex(c, 2)
	if err != nil {
		return err
	}
	return replySlotAt(c, a, index)
}

// ARMGET key index [index ...]
func armget(c *engine.Ctx) error {
	a, err := find(c)
	if err != nil {
		return err
	}
	indexes, err := argIndexes(c, 2, 1)
	if err != nil {
		return err
	}
	c.Array(len(indexes))
	for _, index := range indexes {
		replySlotAt(c, a, index)
	}
	return nil
}

// ARGETRANGE key start end
func argetrange(c *engine.Ctx) error {
	from, to, err := argIndexRange(c)
	if err != nil {
		return err
	}
	a, err := find(c)
	if err != nil {
		return err
	}
	n := max(from, to) - min(from, to)
	if n >= maxReply {
		return errRange
	}
	c.Array(int(n) + 1)
	it := a.Range(from, to)
	filled := it.Next()
	for i := uint64(0); i <= n; i++ {
		index := from + i
		if from > to {
			index = from - i
		}
		if !filled || it.Index != index {
			c.Null()
			continue
		}
		replySlot(c, it.Value)
		filled = it.Next()
	}
	return nil
}

// ARSET key index value [value ...]
func arset(c *engine.Ctx) error {
	index, err := argIndex(c, 2)
	if err != nil {
		return err
	}
	values := c.Args[3:]
	last := index + uint64(len(values)) - 1
	if last < index || last > maxIndex {
		return errOverflow
	}
	a, err := findOrMake(c)
	if err != nil {
		return err
	}
	added := setSlots(c, a, index, values)
	c.ChangedTimes(len(values), c.Args[1], eventArSet)
	return c.Integer(added)
}

// setSlots writes values from an index on and returns the number of slots that
// were empty.
func setSlots(c *engine.Ctx, a *sparse, index uint64, values [][]byte) (added int) {
	if len(values) > 1 {
		a.Reserve(settings.Of(c.Config), index, index+uint64(len(values))-1)
	}
	for i, v := range values {
		if a.Set(settings.Of(c.Config), index+uint64(i), v) {
			added++
		}
	}
	return added
}

// ARMSET key index value [index value ...]
func armset(c *engine.Ctx) error {
	if len(c.Args)%2 != 0 {
		return c.WrongArity()
	}
	indexes, err := argIndexes(c, 2, 2)
	if err != nil {
		return err
	}
	a, err := findOrMake(c)
	if err != nil {
		return err
	}
	added := 0
	for i, index := range indexes {
		if a.Set(settings.Of(c.Config), index, c.Args[3+2*i]) {
			added++
		}
	}
	c.ChangedTimes(len(indexes), c.Args[1], eventArMSet)
	return c.Integer(added)
}

// ARDEL key index [index ...]
func ardel(c *engine.Ctx) error {
	indexes, err := argIndexes(c, 2, 1)
	if err != nil {
		return err
	}
	a, err := findToWrite(c)
	if err != nil {
		return err
	}
	deleted := 0
	for _, index := range indexes {
		if a.Count() > 0 && a.Delete(settings.Of(c.Config), index) {
			deleted++
		}
	}
	if deleted > 0 {
		c.ChangedTimes(deleted, c.Args[1], eventArDel)
	}
	return c.Integer(deleted)
}

// ARDELRANGE key start end [start end ...]
func ardelrange(c *engine.Ctx) error {
	if len(c.Args)%2 != 0 {
		return c.WrongArity()
	}
	ends, err := argIndexes(c, 2, 1)
	if err != nil {
		return err
	}
	a, err := findToWrite(c)
	if err != nil {
		return err
	}
	deleted := uint64(0)
	for ; len(ends) > 0 && a.Count() > 0; ends = ends[2:] {
		deleted += a.DeleteRange(settings.Of(c.Config), min(ends[0], ends[1]), max(ends[0], ends[1]))
	}
	if deleted > 0 {
		c.ChangedTimes(int(deleted), c.Args[1], eventArDelRange)
	}
	return replyIndex(c, deleted)
}

// ARLEN key
func arlen(c *engine.Ctx) error {
	a, err := find(c)
	if err != nil {
		return err
	}
	return replyIndex(c, a.Len())
}

// ARCOUNT key
func arcount(c *engine.Ctx) error {
	a, err := find(c)
	if err != nil {
		return err
	}
	return replyIndex(c, a.Count())
}

// argLimit reads argument i as the maximum number of results.
func argLimit(c *engine.Ctx, i int) (int64, error) {
	n, err := c.ArgInt(i)
	if err == nil && n <= 0 {
		err = errLimit
	}
	return n, err
}

// ARSCAN key start end [LIMIT limit]
func arscan(c *engine.Ctx) error {
	from, to, err := argIndexRange(c)
	if err != nil {
		return err
	}
	limit := int64(math.MaxInt64)
	switch len(c.Args) {
	case 4:
	case 6:
		if !c.ArgIs(4, "limit") {
			return resp.ErrSyntax
		}
		if limit, err = argLimit(c, 5); err != nil {
			return err
		}
	default:
		return c.WrongArity()
	}
	a, err := find(c)
	if err != nil {
		return err
	}
	n := 0
	mark := c.Out().ArrayLater()
	for it := a.Range(from, to); int64(n) < limit && it.Next(); n++ {
		replyPair(c, it.Index, it.Value)
	}
	c.Out().SetLen(mark, n)
	return nil
}

func replyPair(c *engine.Ctx, index uint64, v slot) {
	c.Array(2)
	replyIndex(c, index)
	replySlot(c, v)
}

// ARINSERT key value [value ...]
func arinsert(c *engine.Ctx) error {
	a, err := findOrMake(c)
	if err != nil {
		return err
	}
	values := c.Args[2:]
	index, ok := a.Next()
	last := index + uint64(len(values)) - 1
	if !ok || last < index || last > maxIndex {
		return errInsert
	}
	setSlots(c, a, index, values)
	a.Seek(last + 1)
	c.ChangedTimes(len(values), c.Args[1], eventArInsert)
	return replyIndex(c, last)
}

// ARRING key size value [value ...]
func arring(c *engine.Ctx) error {
	size, err := c.ArgIntIn(2, math.MinInt64, math.MaxInt64, errSize)
	if err != nil {
		return err
	}
	if size <= 0 {
		return errSizeSign
	}
	a, err := findOrMake(c)
	if err != nil {
		return err
	}
	a.Fit(settings.Of(c.Config), uint64(size))
	values := c.Args[3:]
	index := uint64(0)
	for _, v := range values {
		index, _ = a.Next()
		index %= uint64(size)
		a.Set(settings.Of(c.Config), index, v)
		a.Seek(index + 1)
	}
	c.ChangedTimes(len(values), c.Args[1], eventArRing)
	return replyIndex(c, index)
}

// ARNEXT key
func arnext(c *engine.Ctx) error {
	a, err := find(c)
	if err != nil {
		return err
	}
	index, ok := a.Next()
	if !ok {
		return c.Null()
	}
	return replyIndex(c, index)
}

// ARSEEK key index
func arseek(c *engine.Ctx) error {
	index, ok := numfmt.ParseUintLax(c.Args[2])
	if !ok {
		return errIndex
	}
	a, err := findToWrite(c)
	if err != nil {
		return err
	}
	if a == nil {
		return c.Integer(0)
	}
	a.Seek(index)
	c.Changed(c.Args[1], eventArSeek)
	return c.Integer(1)
}

// ARLASTITEMS key count [REV]
func arlastitems(c *engine.Ctx) error {
	count, err := c.ArgIntIn(2, math.MinInt64, math.MaxInt64, errLast)
	if err != nil {
		return err
	}
	if count <= 0 {
		return c.Array(0)
	}
	if len(c.Args) > 4 {
		return c.WrongArity()
	}
	newestFirst := len(c.Args) == 4
	if newestFirst && !c.ArgIs(3, "rev") {
		return resp.ErrSyntax
	}
	a, err := find(c)
	if err != nil {
		return err
	}
	length := a.Len()
	n := min(uint64(count), a.Count())
	c.Array(int(n))
	if n == 0 {
		return nil
	}
	newest, ok := a.Last()
	if !ok {
		newest = length - 1
	}
	for i := range n {
		age := n - 1 - i
		if newestFirst {
			age = i
		}
		index := newest - age
		if age > newest {
			index += length // the ring continues at the other end
		}
		replySlotAt(c, a, index)
	}
	return nil
}

// ARINFO key [FULL]
func arinfo(c *engine.Ctx) error {
	full := len(c.Args) > 2
	if full && (len(c.Args) > 3 || !c.ArgIs(2, "full")) {
		return resp.ErrSyntax
	}
	a, err := find(c)
	if err != nil {
		return err
	}
	if a == nil {
		return resp.ErrNoSuchKey
	}
	info := a.Info(full)
	pairs := 7
	if full {
		pairs = 12
	}
	c.Map(pairs)
	c.BulkString("count")
	replyIndex(c, a.Count())
	c.BulkString("len")
	replyIndex(c, a.Len())
	c.BulkString("next-insert-index")
	next, ok := a.Next()
	if !ok {
		next = 0
	}
	replyIndex(c, next)
	infoInt(c, "slices", info.Slices)
	infoInt(c, "directory-size", info.Directory)
	infoInt(c, "super-dir-entries", info.Blocks)
	infoInt(c, "slice-size", info.SliceSize)
	if !full {
		return nil
	}
	infoInt(c, "dense-slices", info.Dense)
	infoInt(c, "sparse-slices", info.Sparse)
	infoRatio(c, "avg-dense-size", info.Window, info.Dense)
	infoRatio(c, "avg-dense-fill", info.WindowCount, info.Window)
	infoRatio(c, "avg-sparse-size", info.SparseRoom, info.Sparse)
	return nil
}

func infoInt(c *engine.Ctx, name string, n int) {
	c.BulkString(name)
	c.Integer(n)
}

func infoRatio(c *engine.Ctx, name string, n, of int) {
	c.BulkString(name)
	ratio := 0.0
	if of > 0 {
		ratio = float64(n) / float64(of)
	}
	c.Double(ratio)
}

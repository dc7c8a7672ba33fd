package command

import (
	"math"
	"strconv"

	"github.com/resp-server/resp-server/internal/compat"
	"github.com/resp-server/resp-server/internal/datastruct/listpack"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

var listCommands = engine.Handlers{
	"lindex":    lindex,
	"linsert":   linsert,
	"llen":      llen,
	"lmove":     lmove,
	"lmpop":     lmpop,
	"lpop":      pop(head),
	"lpos":      lpos,
	"lpush":     push(head, false),
	"lpushx":    push(head, true),
	"lrange":    lrange,
	"lrem":      lrem,
	"lset":      lset,
	"ltrim":     ltrim,
	"rpop":      pop(tail),
	"rpoplpush": rpoplpush,
	"rpush":     push(tail, false),
	"rpushx":    push(tail, true),
}

// end is the head or the tail of a list.
type end uint8

const (
	head end = iota
	tail
)

func (e end) pushed() event.Event { return [...]event.Event{event.LPush, event.RPush}[e] }
func (e end) popped() event.Event { return [...]event.Event{event.LPop, event.RPop}[e] }

// pop returns the name of the command that pops at this end.
func (e end) pop() []byte { return []byte([...]string{"LPOP", "RPOP"}[e]) }

// first returns the index of the element at this end.
func (e end) first() int { return -int(e) }

func (e end) push(l *value.List, v []byte) {
	if e == head {
		l.PushFront(v)
	} else {
		l.PushBack(v)
	}
}

func (e end) drop(l *value.List) {
	if e == head {
		l.DropFront()
	} else {
		l.DropBack()
	}
}

// argEnd reads argument i as LEFT or RIGHT.
func argEnd(c *engine.Ctx, i int) (end, error) {
	switch {
	case c.ArgIs(i, "left"):
		return head, nil
	case c.ArgIs(i, "right"):
		return tail, nil
	}
	return 0, resp.ErrSyntax
}

// element replies an element of a list.
func element(c *engine.Ctx, v listpack.Value) {
	if v.IsInt {
		c.Out().BulkInt(v.Int)
	} else {
		c.Out().Bulk(v.Str)
	}
}

// elements replies n elements from index i on, towards the tail or the head.
func elements(c *engine.Ctx, l *value.List, i, n int, reverse bool) {
	c.Array(n)
	it, out := l.Walk(i, reverse), c.Out()
	for n > 0 {
		pack, pos := it.Span()
		if pack == nil {
			v, _ := it.Next()
			element(c, v)
			n--
		}
		for ; n > 0 && pos >= 0; n-- {
			var v listpack.Value
			if v, pos = pack.Read(pos); v.IsInt {
				out.BulkInt(v.Int)
			} else {
				out.Bulk(v.Str)
			}
		}
	}
}

// LPUSH key element [element ...]
// RPUSH key element [element ...]
// LPUSHX key element [element ...]
// RPUSHX key element [element ...]
func push(at end, existing bool) engine.Handler {
	return func(c *engine.Ctx) (err error) {
		key, added := c.Args[1], c.Args[2:]
		var l *value.List
		if existing {
			l, err = engine.FindToWrite[*value.List](c, key)
		} else {
			l, err = engine.FindOrMake(c, key, value.NewList)
		}
		if err != nil {
			return err
		}
		if l == nil {
			return c.Integer(0)
		}
		size := 0
		for _, v := range added {
			size += len(v)
		}
		l.Grow(c.Limits(), len(added), size)
		for _, v := range added {
			at.push(l, v)
		}
		c.ChangedTimes(len(added), key, at.pushed())
		return c.Integer(l.Len())
	}
}

// LPOP key [count]
// RPOP key [count]
func pop(from end) engine.Handler {
	return func(c *engine.Ctx) error {
		if len(c.Args) > 3 {
			return c.WrongArity()
		}
		counted, count := len(c.Args) == 3, int64(0)
		if counted {
			var err error
			if count, err = c.ArgIntIn(2, 0, math.MaxInt64, resp.ErrPositive); err != nil {
				return err
			}
		}
		key := c.Args[1]
		l, err := engine.FindToWrite[*value.List](c, key)
		switch {
		case err != nil:
			return err
		case !counted && l == nil:
			return c.Null()
		case !counted:
			popOne(c, key, l, from)
		case l == nil:
			return c.NullArray()
		case count == 0:
			return c.Array(0)
		default:
			popSome(c, key, l, from, count)
		}
		return nil
	}
}

// popOne replies and removes the element at an end of a list.
func popOne(c *engine.Ctx, key []byte, l *value.List, from end) {
	v, _ := l.At(from.first())
	element(c, v)
	from.drop(l)
	l.Shrink(c.Limits())
	c.Changed(key, from.popped())
}

// popSome replies and removes up to count elements at an end of a list, the
// outermost first. It returns their number.
func popSome(c *engine.Ctx, key []byte, l *value.List, from end, count int64) int64 {
	n := int(min(count, int64(l.Len())))
	elements(c, l, from.first(), n, from == tail)
	if from == head {
		l.DeleteRange(0, n)
	} else {
		l.DeleteRange(-n, n)
	}
	l.Shrink(c.Limits())
	c.ChangedTimes(n, key, from.popped())
	return int64(n)
}

// LLEN key
func llen(c *engine.Ctx) error {
	l, err := engine.Find[*value.List](c, c.Args[1])
	if err != nil {
		return err
	}
	return c.Integer(l.Len())
}

// LINDEX key index
func lindex(c *engine.Ctx) error {
	l, err := engine.Find[*value.List](c, c.Args[1])
	if err != nil {
		return err
	}
	if l == nil {
		return c.Null()
	}
	i, err := c.ArgInt(2)
	if err != nil {
		return err
	}
	v, ok := l.At(int(i))
	if !ok {
		return c.Null()
	}
	element(c, v)
	return nil
}

// LRANGE key start stop
func lrange(c *engine.Ctx) error {
	start, stop, err := argRange(c, 2)
	if err != nil {
		return err
	}
	l, err := engine.Find[*value.List](c, c.Args[1])
	if err != nil {
		return err
	}
	i, n := indexRange(start, stop, l.Len())
	elements(c, l, i, n, false)
	return nil
}

// argRange reads arguments i and i+1 as indexes.
func argRange(c *engine.Ctx, i int) (start, stop int64, err error) {
	if start, err = c.ArgInt(i); err != nil {
		return 0, 0, err
	}
	stop, err = c.ArgInt(i + 1)
	return start, stop, err
}

// indexRange turns the indexes start and stop, both inclusive and negative to
// count from the end, into the first index and the number of elements of a
// range within size elements.
func indexRange(start, stop int64, size int) (first, n int) {
	all := int64(size)
	if start < 0 {
		start = max(start+all, 0)
	}
	if stop < 0 {
		stop += all
	}
	stop = min(stop, all-1)
	if start > stop {
		return 0, 0
	}
	return int(start), int(stop-start) + 1
}

// LSET key index element
func lset(c *engine.Ctx) error {
	key := c.Args[1]
	l, err := engine.FindToWrite[*value.List](c, key)
	if err != nil {
		return err
	}
	if l == nil {
		return resp.ErrNoSuchKey
	}
	i, err := c.ArgInt(2)
	if err != nil {
		return err
	}
	l.Grow(c.Limits(), 1, len(c.Args[3]))
	if !l.Set(int(i), c.Args[3]) {
		return resp.ErrOutOfRange
	}
	l.Shrink(c.Limits())
	c.Changed(key, event.LSet)
	return c.OK()
}

// LINSERT key <BEFORE | AFTER> pivot element
func linsert(c *engine.Ctx) error {
	after := c.ArgIs(2, "after")
	if !after && !c.ArgIs(2, "before") {
		return resp.ErrSyntax
	}
	key := c.Args[1]
	l, err := engine.FindToWrite[*value.List](c, key)
	if err != nil {
		return err
	}
	if l == nil {
		return c.Integer(0)
	}
	l.Grow(c.Limits(), 1, len(c.Args[4]))
	if !l.Insert(c.Args[3], c.Args[4], after) {
		return c.Integer(-1)
	}
	c.Changed(key, event.LInsert)
	return c.Integer(l.Len())
}

// errIndexRange is the error for a count that has no negation.
const errIndexRange resp.Error = "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"

// argNegatable reads argument i as an integer that can be negated.
func argNegatable(c *engine.Ctx, i int) (int64, error) {
	n, err := c.ArgInt(i)
	if err == nil && n == math.MinInt64 {
		err = errIndexRange
	}
	return n, err
}

// LREM key count element
func lrem(c *engine.Ctx) error {
	count, err := argNegatable(c, 2)
	if err == errIndexRange && !c.Since(compat.NegatableCounts) {
		count, err = -math.MaxInt64, nil
	}
	if err != nil {
		return err
	}
	key := c.Args[1]
	l, err := engine.FindToWrite[*value.List](c, key)
	if err != nil {
		return err
	}
	if l == nil {
		return c.Integer(0)
	}
	removed := l.Remove(c.Args[3], int(count))
	if removed > 0 {
		l.Shrink(c.Limits())
		c.ChangedTimes(removed, key, event.LRem)
	}
	return c.Integer(removed)
}

// LTRIM key start stop
func ltrim(c *engine.Ctx) error {
	start, stop, err := argRange(c, 2)
	if err != nil {
		return err
	}
	key := c.Args[1]
	l, err := engine.FindToWrite[*value.List](c, key)
	if err != nil {
		return err
	}
	if l == nil {
		return c.OK()
	}
	size := l.Len()
	i, n := indexRange(start, stop, size)
	l.DeleteRange(i+n, size)
	l.DeleteRange(0, i)
	l.Shrink(c.Limits())
	c.ChangedTimes(size-l.Len(), key, event.LTrim)
	return c.OK()
}

// LPOS key element [RANK rank] [COUNT num-matches] [MAXLEN len]
func lpos(c *engine.Ctx) (err error) {
	rank, count, most := int64(1), int64(-1), int64(0)
	for i := 3; i < len(c.Args); i += 2 {
		switch {
		case i+1 == len(c.Args):
			return resp.ErrSyntax
		case c.ArgIs(i, "rank"):
			rank, err = argNegatable(c, i+1)
			if err == errIndexRange && !c.Since(compat.NegatableCounts) {
				rank, err = -1, nil // it stays negative, and the first match is enough
			}
			if rank == 0 && err == nil {
				err = resp.Error("ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... " +
					"or use negative to start from the end of the list")
			}
		case c.ArgIs(i, "count"):
			count, err = c.ArgIntIn(i+1, 0, math.MaxInt64, resp.Error("ERR COUNT can't be negative"))
		case c.ArgIs(i, "maxlen"):
			most, err = c.ArgIntIn(i+1, 0, math.MaxInt64, resp.Error("ERR MAXLEN can't be negative"))
		default:
			return resp.ErrSyntax
		}
		if err != nil {
			return err
		}
	}
	l, err := engine.Find[*value.List](c, c.Args[1])
	if err != nil {
		return err
	}
	var reply resp.Mark
	if count >= 0 {
		reply = c.Out().ArrayLater()
	}
	it, reverse := l.Walk(0, false), rank < 0
	if reverse {
		it, rank = l.Walk(-1, true), -rank
	}
	size, found := int64(l.Len()), 0
	if most > 0 {
		size = min(size, most)
	}
	for i := int64(0); i < size; i++ {
		v, _ := it.Next()
		if !v.Equal(c.Args[2]) {
			continue
		}
		if rank--; rank > 0 {
			continue
		}
		at := i
		if reverse {
			at = int64(l.Len()) - 1 - i
		}
		c.Integer64(at)
		if count < 0 {
			return nil
		}
		if found++; int64(found) == count {
			break
		}
	}
	if count < 0 {
		return c.Null()
	}
	c.Out().SetLen(reply, found)
	return nil
}

// mpopArgs reads the arguments of LMPOP from numkeys on.
func mpopArgs(c *engine.Ctx, i int) (keys [][]byte, from end, count int64, err error) {
	n, err := c.ArgIntIn(i, 1, math.MaxInt64, errNumKeys)
	if err != nil {
		return nil, 0, 0, err
	}
	if n >= int64(len(c.Args)-i-1) {
		return nil, 0, 0, resp.ErrSyntax
	}
	where := i + 1 + int(n)
	if from, err = argEnd(c, where); err != nil {
		return nil, 0, 0, err
	}
	count = 1
	switch rest := len(c.Args) - where - 1; {
	case rest == 0:
	case !c.ArgIs(where+1, "count") || rest == 1:
		return nil, 0, 0, resp.ErrSyntax
	default:
		if count, err = c.ArgIntIn(where+2, 1, math.MaxInt64, errPopCount); err != nil {
			return nil, 0, 0, err
		}
		if rest > 2 {
			return nil, 0, 0, resp.ErrSyntax
		}
	}
	return c.Args[i+1 : where], from, count, nil
}

// mpop replies and removes elements of the first key that has any. It reports
// whether one had.
func mpop(c *engine.Ctx, keys [][]byte, from end, count int64) (bool, error) {
	key, l, err := firstList(c, keys)
	if l == nil {
		return false, err
	}
	c.Array(2)
	c.Bulk(key)
	count = popSome(c, key, l, from, count)
	if c.Journaling() {
		c.Propagate(from.pop(), key, strconv.AppendInt(nil, count, 10))
	}
	return true, nil
}

// firstList finds the first key that exists. It must hold a list.
func firstList(c *engine.Ctx, keys [][]byte) ([]byte, *value.List, error) {
	for _, key := range keys {
		if l, err := engine.FindToWrite[*value.List](c, key); l != nil || err != nil {
			return key, l, err
		}
	}
	return nil, nil, nil
}

// LMPOP numkeys key [key ...] <LEFT | RIGHT> [COUNT count]
func lmpop(c *engine.Ctx) error {
	keys, from, count, err := mpopArgs(c, 1)
	if err != nil {
		return err
	}
	if done, err := mpop(c, keys, from, count); done || err != nil {
		return err
	}
	return c.NullArray()
}

// LMOVE source destination <LEFT | RIGHT> <LEFT | RIGHT>
func lmove(c *engine.Ctx) error {
	from, to, err := argEnds(c)
	if err != nil {
		return err
	}
	return moveElement(c, from, to)
}

func argEnds(c *engine.Ctx) (from, to end, err error) {
	if from, err = argEnd(c, 3); err != nil {
		return 0, 0, err
	}
	to, err = argEnd(c, 4)
	return from, to, err
}

// RPOPLPUSH source destination
func rpoplpush(c *engine.Ctx) error { return moveElement(c, tail, head) }

// moveElement moves an element from the list in the first argument to the list
// in the second, which may be the same.
func moveElement(c *engine.Ctx, from, to end) error {
	src, err := engine.FindToWrite[*value.List](c, c.Args[1])
	if err != nil {
		return err
	}
	if src == nil {
		return c.Null()
	}
	dst, err := engine.FindOrMake(c, c.Args[2], value.NewList)
	if err != nil {
		return err
	}
	v, _ := src.At(from.first())
	var room [64]byte
	b := v.AppendTo(room[:0])
	size := len(b)
	if v.IsInt && src.Encoding() == "quicklist" {
		size = 0 // the real server ignores the size of elements stored as integers
	}
	from.drop(src)
	dst.Grow(c.Limits(), 1, size)
	to.push(dst, b)
	src.Shrink(c.Limits())
	c.Changed(c.Args[2], to.pushed())
	c.ChangedTimes(0, c.Args[1], from.popped()) // the push above counts as the change
	return c.Bulk(b)
}

package command

import (
	"bytes"

	"github.com/resp-server/resp-server/internal/compat"
	"github.com/resp-server/resp-server/internal/datastruct/bitmap"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/numfmt"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

var bitmapCommands = engine.Handlers{
	"bitcount": bitcount,
	"bitop":    bitop,
	"bitpos":   bitpos,
	"getbit":   getbit,
	"setbit":   setbit,
}

const (
	errBitOffset resp.Error = "ERR bit offset is not an integer or out of range"
	errBit       resp.Error = "ERR bit is not an integer or out of range"
)

// bitOffset reads a bit offset. With scale > 0 it also accepts "#n", the
// offset of the nth field of scale bits.
func bitOffset(c *engine.Ctx, arg []byte, scale int64) (int, error) {
	unit := int64(1)
	if scale > 0 && len(arg) > 0 && arg[0] == '#' {
		arg, unit = arg[1:], scale
	}
	n, ok := numfmt.ParseInt(arg)
	if n *= unit; !ok || n < 0 || n>>3 >= c.Config.ProtoMaxBulkLen {
		return 0, errBitOffset
	}
	return int(n), nil
}

// GETBIT key offset
func getbit(c *engine.Ctx) error {
	at, err := bitOffset(c, c.Args[2], 0)
	if err != nil {
		return err
	}
	b, _, err := c.Text(c.Args[1])
	if err != nil {
		return err
	}
	return c.Truth(at>>3 < len(b) && b[at>>3]&(0x80>>(at&7)) != 0)
}

// SETBIT key offset value
func setbit(c *engine.Ctx) error {
	at, err := bitOffset(c, c.Args[2], 0)
	if err != nil {
		return err
	}
	on, err := c.ArgIntIn(3, 0, 1, errBit)
	if err != nil {
		return err
	}
	key := c.Args[1]
	b, grown, err := growText(c, key, at>>3+1)
	if err != nil {
		return err
	}
	mask := byte(0x80) >> (at & 7)
	old := b[at>>3]&mask != 0
	if grown || old != (on == 1) {
		if on == 1 {
			b[at>>3] |= mask
		} else {
			b[at>>3] &^= mask
		}
		c.Changed(key, event.SetBit)
	}
	return c.Truth(old)
}

// unitArg reads BYTE or BIT and returns the size of the unit in bits.
func unitArg(c *engine.Ctx, i int) (int, error) {
	switch {
	case c.ArgIs(i, "byte"):
		return 8, nil
	case c.ArgIs(i, "bit"):
		return 1, nil
	}
	return 0, resp.ErrSyntax
}

// BITCOUNT key [start end [BYTE | BIT]]
func bitcount(c *engine.Ctx) error {
	start, end, unit := int64(0), int64(-1), 8
	if !c.Since(compat.RangesFirst) {
		if _, ok, err := c.Text(c.Args[1]); !ok || err != nil {
			return answer(c, 0, err)
		}
	}
	var err error
	switch len(c.Args) {
	case 2:
	case 4, 5:
		if start, err = c.ArgInt(2); err != nil {
			return err
		}
		if end, err = c.ArgInt(3); err != nil {
			return err
		}
		if len(c.Args) == 5 {
			if unit, err = unitArg(c, 4); err != nil {
				return err
			}
		}
	default:
		return resp.ErrSyntax
	}
	b, _, err := c.Text(c.Args[1])
	if err != nil {
		return err
	}
	lo, hi := clampRange(start, end, len(b)*8/unit)
	return c.Integer(bitmap.CountRange(b, lo*unit, hi*unit))
}

// answer answers an integer, or with an error.
func answer(c *engine.Ctx, n int, err error) error {
	if err != nil {
		return err
	}
	return c.Integer(n)
}

// BITPOS key bit [start [end [BYTE | BIT]]]
func bitpos(c *engine.Ctx) error {
	bit, err := c.ArgInt(2)
	if err != nil {
		return err
	}
	if bit != 0 && bit != 1 {
		return resp.Error("ERR The bit argument must be 1 or 0.")
	}
	if !c.Since(compat.RangesFirst) {
		if _, ok, err := c.Text(c.Args[1]); !ok || err != nil {
			return answer(c, int(-bit), err)
		}
	}
	start, end, unit := int64(0), int64(-1), 8
	if len(c.Args) > 6 {
		return resp.ErrSyntax
	}
	if len(c.Args) > 3 {
		if start, err = c.ArgInt(3); err != nil {
			return err
		}
	}
	if len(c.Args) > 5 {
		if unit, err = unitArg(c, 5); err != nil {
			return err
		}
	}
	if len(c.Args) > 4 {
		if end, err = c.ArgInt(4); err != nil {
			return err
		}
	}
	b, ok, err := c.Text(c.Args[1])
	if err != nil {
		return err
	}
	if !ok { // a missing key counts as endless zero bits
		return c.Integer(int(-bit))
	}
	n := int64(len(b) * 8 / unit)
	if start < 0 {
		start = max(start+n, 0)
	}
	if end < 0 {
		end = max(end+n, 0)
	}
	end = min(end, n-1)
	if start > end {
		return c.Integer(-1)
	}
	lo, hi := int(start)*unit, (int(end)+1)*unit
	at := bitmap.First(b, bit == 1, lo, hi)
	if at < 0 && bit == 0 && len(c.Args) < 5 {
		at = hi // without an end, zero bits follow the string
	}
	return c.Integer(at)
}

// bitOps are the operations of BITOP in lower case. NOT has exactly one
// source; the operations of Redis 8.2 need at least two.
var bitOps = [...]struct {
	name string
	op   bitmap.Op
	min  int
}{
	{"and", bitmap.And, 1},
	{"or", bitmap.Or, 1},
	{"xor", bitmap.Xor, 1},
	{"not", bitmap.Not, 1},
	{"diff", bitmap.Diff, 2},
	{"diff1", bitmap.Diff1, 2},
	{"andor", bitmap.AndOr, 2},
	{"one", bitmap.One, 1},
}

// BITOP <AND | OR | XOR | NOT | DIFF | DIFF1 | ANDOR | ONE> destkey key [key ...]
func bitop(c *engine.Ctx) error {
	i := 0
	for i < len(bitOps) && !c.ArgIsNewer(1, bitOps[i].name) {
		i++
	}
	if i == len(bitOps) {
		return resp.ErrSyntax
	}
	op, keys := bitOps[i].op, c.Args[3:]
	if op == bitmap.Not && len(keys) != 1 {
		return resp.Error("ERR BITOP NOT must be called with a single source key.")
	}
	if len(keys) < bitOps[i].min {
		return resp.Errorf("ERR BITOP %s must be called with at least two source keys.", bytes.ToUpper(c.Args[1]))
	}
	src := make([][]byte, len(keys))
	longest := 0
	for i, key := range keys {
		k, ok := c.Lookup(key)
		if !ok {
			continue
		}
		if k.Type() != value.TypeString {
			return resp.ErrWrongType
		}
		src[i] = k.Bytes(nil)
		longest = max(longest, len(src[i]))
	}
	dest := c.Args[2]
	if longest == 0 {
		if c.Delete(dest) {
			c.Changed(dest, event.Del)
		}
		return c.Integer(0)
	}
	result := make([]byte, longest)
	bitmap.Combine(op, result, src)
	c.Overwrites(dest, value.TypeString)
	c.Put(dest, value.NewString(result), engine.NoExpiry)
	c.Changed(dest, event.Set)
	return c.Integer(longest)
}

package command

import (
	"github.com/resp-server/resp-server/internal/datastruct/bitmap"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/numfmt"
	"github.com/resp-server/resp-server/internal/resp"
)

var bitfieldCommands = engine.Handlers{
	"bitfield":    bitfield,
	"bitfield_ro": bitfieldRO,
}

const errBitfieldType resp.Error = "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."

// fieldOp is one operation of BITFIELD.
type fieldOp struct {
	kind     fieldOpKind
	field    bitmap.Field
	overflow bitmap.Overflow
	at       int
	arg      int64 // the value of SET, the increment of INCRBY
}

type fieldOpKind uint8

const (
	fieldGet fieldOpKind = iota
	fieldSet
	fieldIncr
)

// BITFIELD key [GET encoding offset | [OVERFLOW <WRAP | SAT | FAIL>] <SET encoding offset value | INCRBY encoding offset increment> [GET encoding offset | [OVERFLOW <WRAP | SAT | FAIL>] <SET encoding offset value | INCRBY encoding offset increment> ...]]
func bitfield(c *engine.Ctx) error {
	var few [8]fieldOp
	ops, size, err := readFieldOps(c, few[:0])
	if err != nil {
		return err
	}
	if size == 0 {
		return readFields(c, ops)
	}
	key := c.Args[1]
	b, grown, err := growText(c, key, size)
	if err != nil {
		return err
	}
	c.Array(len(ops))
	changed := false
	for i := range ops {
		op := &ops[i]
		old := op.field.Get(b, op.at)
		if op.kind == fieldGet {
			c.Integer64(old)
			continue
		}
		var v int64
		var over bool
		if op.kind == fieldIncr {
			v, over = op.field.Add(old, op.arg, op.overflow)
		} else {
			v, over = op.field.Fit(op.arg, op.overflow)
		}
		if over && op.overflow == bitmap.Fail {
			c.Null()
			continue
		}
		op.field.Set(b, op.at, v)
		changed = changed || grown || v != old
		if op.kind == fieldIncr {
			c.Integer64(v)
		} else {
			c.Integer64(old)
		}
	}
	switch {
	case changed:
		c.Changed(key, event.SetBit)
	case grown: // every write failed, but the string was extended
		c.Changed(key, event.None)
	}
	return nil
}

// BITFIELD_RO key [GET encoding offset [GET encoding offset ...]]
func bitfieldRO(c *engine.Ctx) error {
	var few [8]fieldOp
	ops, size, err := readFieldOps(c, few[:0])
	if err != nil {
		return err
	}
	if size > 0 {
		return resp.Error("ERR BITFIELD_RO only supports the GET subcommand")
	}
	return readFields(c, ops)
}

// readFields replies to operations that are all GET.
func readFields(c *engine.Ctx, ops []fieldOp) error {
	b, _, err := c.Text(c.Args[1])
	if err != nil {
		return err
	}
	c.Array(len(ops))
	for i := range ops {
		c.Integer64(ops[i].field.Get(b, ops[i].at))
	}
	return nil
}

// readFieldOps reads the operations. size is the length the string needs for
// the writes, 0 if all operations only read.
func readFieldOps(c *engine.Ctx, ops []fieldOp) (_ []fieldOp, size int, err error) {
	overflow := bitmap.Wrap
	for i := 2; i < len(c.Args); {
		op := fieldOp{overflow: overflow}
		words := 4
		switch left := len(c.Args) - i; {
		case left > 2 && c.ArgIs(i, "get"):
			words = 3
		case left > 3 && c.ArgIs(i, "set"):
			op.kind = fieldSet
		case left > 3 && c.ArgIs(i, "incrby"):
			op.kind = fieldIncr
		case left > 1 && c.ArgIs(i, "overflow"):
			if overflow, err = overflowArg(c, i+1); err != nil {
				return nil, 0, err
			}
			i += 2
			continue
		default:
			return nil, 0, resp.ErrSyntax
		}
		if op.field, err = fieldType(c.Args[i+1]); err != nil {
			return nil, 0, err
		}
		if op.at, err = bitOffset(c, c.Args[i+2], int64(op.field.Width)); err != nil {
			return nil, 0, err
		}
		if op.kind != fieldGet {
			if op.arg, err = c.ArgInt(i + 3); err != nil {
				return nil, 0, err
			}
			size = max(size, (op.at+int(op.field.Width)-1)>>3+1)
		}
		ops = append(ops, op)
		i += words
	}
	return ops, size, nil
}

func overflowArg(c *engine.Ctx, i int) (bitmap.Overflow, error) {
	switch {
	case c.ArgIs(i, "wrap"):
		return bitmap.Wrap, nil
	case c.ArgIs(i, "sat"):
		return bitmap.Saturate, nil
	case c.ArgIs(i, "fail"):
		return bitmap.Fail, nil
	}
	return 0, resp.Error("ERR Invalid OVERFLOW type specified")
}

// fieldType reads a type such as i16 or u8.
func fieldType(b []byte) (f bitmap.Field, err error) {
	if len(b) == 0 || b[0] != 'i' && b[0] != 'u' {
		return f, errBitfieldType
	}
	f.Signed = b[0] == 'i'
	widest := int64(63) // the signed integers of the protocol can't hold a u64
	if f.Signed {
		widest = 64
	}
	n, ok := numfmt.ParseInt(b[1:])
	if !ok || n < 1 || n > widest {
		return f, errBitfieldType
	}
	f.Width = uint8(n)
	return f, nil
}

package script

import (
	"encoding/binary"
	"math"

	"github.com/resp-server/resp-server/internal/lua"
)

// openMsgpack returns the library cmsgpack.
func openMsgpack() *lua.Table {
	t := lua.NewTable(0, 0)
	lua.Register(t, []string{"pack", "unpack", "unpack_one", "unpack_limit"},
		[]lua.Native{msgpackPack, msgpackUnpack, msgpackUnpackOne, msgpackUnpackLimit})
	t.SetField("_NAME", lua.Str("cmsgpack"))
	t.SetField("_VERSION", lua.Str("lua-cmsgpack 0.4.0"))
	t.SetField("_COPYRIGHT", lua.Str("Copyright (C) 2012, Salvatore Sanfilippo"))
	t.SetField("_DESCRIPTION", lua.Str("MessagePack C implementation for Lua"))
	return t
}

// maxPacked is the maximum depth of packed tables; deeper ones become nil.
const maxPacked = 16

func msgpackPack(th *lua.Thread, args []lua.Value) []lua.Value {
	if len(args) == 0 {
		th.ArgFail(-1, "MessagePack pack needs input.")
	}
	var b []byte
	for _, v := range args {
		b = appendMsgpack(th, b, v, 0)
	}
	th.CheckSize(len(b))
	return th.One(lua.Str(string(b)))
}

func appendMsgpack(th *lua.Thread, b []byte, v lua.Value, level int) []byte {
	th.Work(1)
	th.CheckSize(len(b))
	switch v.Kind() {
	case lua.String:
		s := v.String()
		th.Work(len(s) >> 7)
		switch n := len(s); {
		case n < 32:
			b = append(b, 0xa0|byte(n))
		case n <= math.MaxUint8:
			b = append(b, 0xd9, byte(n))
		case n <= math.MaxUint16:
			b = binary.BigEndian.AppendUint16(append(b, 0xda), uint16(n))
		default:
			b = binary.BigEndian.AppendUint32(append(b, 0xdb), uint32(n))
		}
		return append(b, s...)
	case lua.Bool:
		if v.Truth() {
			return append(b, 0xc3)
		}
		return append(b, 0xc2)
	case lua.Number:
		n, _ := v.Number()
		switch {
		case n >= math.MinInt64 && n < math.MaxInt64 && n == math.Trunc(n):
			return appendMsgpackInt(b, int64(n))
		case n == float64(float32(n)) || math.IsInf(n, 0):
			return binary.BigEndian.AppendUint32(append(b, 0xca), math.Float32bits(float32(n)))
		}
		return binary.BigEndian.AppendUint64(append(b, 0xcb), math.Float64bits(n))
	case lua.TableKind:
		if level < maxPacked {
			return appendMsgpackTable(th, b, v.Table(), level)
		}
	}
	return append(b, 0xc0)
}

func appendMsgpackInt(b []byte, n int64) []byte {
	switch {
	case n >= 0 && n <= math.MaxInt8, n < 0 && n >= -32:
		return append(b, byte(n))
	case n >= 0 && n <= math.MaxUint8:
		return append(b, 0xcc, byte(n))
	case n >= 0 && n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, 0xcd), uint16(n))
	case n >= 0 && n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(b, 0xce), uint32(n))
	case n >= 0:
		return binary.BigEndian.AppendUint64(append(b, 0xcf), uint64(n))
	case n >= math.MinInt8:
		return append(b, 0xd0, byte(n))
	case n >= math.MinInt16:
		return binary.BigEndian.AppendUint16(append(b, 0xd1), uint16(n))
	case n >= math.MinInt32:
		return binary.BigEndian.AppendUint32(append(b, 0xd2), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, 0xd3), uint64(n))
}

func appendMsgpackTable(th *lua.Thread, b []byte, t *lua.Table, level int) []byte {
	count, most, isArray := 0, 0, true
	for k, _, _ := t.Next(lua.Value{}); !k.IsNil(); k, _, _ = t.Next(k) {
		th.Work(1)
		count++
		n, ok := k.Number()
		if !ok || n <= 0 || n != math.Trunc(n) || n > math.MaxInt32 {
			isArray = false
			continue
		}
		most = max(most, int(n))
	}
	if isArray && most == count {
		b = msgpackHead(b, count, 0x90, 0xdc)
		for i := 1; i <= count; i++ {
			b = appendMsgpack(th, b, t.GetInt(i), level+1)
		}
		return b
	}
	b = msgpackHead(b, count, 0x80, 0xde)
	for k, v, _ := t.Next(lua.Value{}); !k.IsNil(); k, v, _ = t.Next(k) {
		b = appendMsgpack(th, b, k, level+1)
		b = appendMsgpack(th, b, v, level+1)
	}
	return b
}

// msgpackHead appends the header of an array or a map of n elements.
func msgpackHead(b []byte, n int, fix, long byte) []byte {
	switch {
	case n <= 15:
		return append(b, fix|byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, long), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(b, long+1), uint32(n))
}

func msgpackUnpack(th *lua.Thread, args []lua.Value) []lua.Value {
	return unpackMsgpack(th, args, 0, 0)
}

func msgpackUnpackOne(th *lua.Thread, args []lua.Value) []lua.Value {
	return unpackMsgpack(th, args, 1, th.OptInt(args, 1, 0))
}

func msgpackUnpackLimit(th *lua.Thread, args []lua.Value) []lua.Value {
	limit := th.CheckInt(args, 1)
	return unpackMsgpack(th, args, limit, th.OptInt(args, 2, 0))
}

func unpackMsgpack(th *lua.Thread, args []lua.Value, limit, offset int) []lua.Value {
	s := th.CheckString(args, 0)
	switch {
	case offset < 0 || limit < 0:
		th.Errorf("Invalid request to unpack with offset of %d and limit of %d.", int32(offset), len(s)) // the real server shows the length here, not the limit
	case offset > len(s):
		th.Errorf("Start offset %d greater than input length %d.", int32(offset), len(s))
	}
	all := limit == 0 && offset == 0
	u := unpacker{th: th, s: s[offset:]}
	var r []lua.Value
	if !all {
		r = append(r, lua.Value{}) // the offset for the next call
	}
	for n := 0; len(u.s) > 0 && (all || n < limit); n++ {
		if len(r) >= maxUnpacked {
			th.Errorf("stack overflow (too many return values at once; use unpack_one or unpack_limit instead.)")
		}
		r = append(r, u.value(0))
	}
	if !all {
		r[0] = lua.Int(len(s) - len(u.s))
		if len(u.s) == 0 {
			r[0] = lua.Int(-1)
		}
	}
	return r
}

// unpacker reads MessagePack.
type unpacker struct {
	th *lua.Thread
	s  string
}

// take consumes the next n bytes.
func (u *unpacker) take(n int) string {
	if n > len(u.s) {
		u.th.Errorf("Missing bytes in input.")
	}
	s := u.s[:n]
	u.s = u.s[n:]
	return s
}

// uint reads an unsigned number of 1, 2, 4 or 8 bytes.
func (u *unpacker) uint(size int) uint64 {
	n := uint64(0)
	for _, c := range []byte(u.take(size)) {
		n = n<<8 | uint64(c)
	}
	return n
}

func (u *unpacker) value(depth int) lua.Value {
	if depth > maxNesting {
		u.th.Errorf("stack overflow (too many return values at once; use unpack_one or unpack_limit instead.)")
	}
	u.th.Work(1)
	c := u.take(1)[0]
	switch {
	case c < 0x80:
		return lua.Int(int(c))
	case c >= 0xe0:
		return lua.Int(int(int8(c)))
	case c >= 0xa0 && c < 0xc0:
		return lua.Str(u.take(int(c & 0x1f)))
	case c >= 0x90 && c < 0xa0:
		return u.array(int(c&15), depth)
	case c < 0x90:
		return u.hash(int(c&15), depth)
	}
	switch c {
	case 0xc0:
		return lua.Value{}
	case 0xc2:
		return lua.False
	case 0xc3:
		return lua.True
	case 0xca:
		return lua.Num(float64(math.Float32frombits(uint32(u.uint(4)))))
	case 0xcb:
		return lua.Num(math.Float64frombits(u.uint(8)))
	case 0xcc, 0xcd, 0xce, 0xcf:
		return lua.Num(float64(u.uint(1 << (c - 0xcc))))
	case 0xd0:
		return lua.Int(int(int8(u.uint(1))))
	case 0xd1:
		return lua.Int(int(int16(u.uint(2))))
	case 0xd2:
		return lua.Int(int(int32(u.uint(4))))
	case 0xd3:
		return lua.Num(float64(int64(u.uint(8))))
	case 0xd9, 0xda, 0xdb:
		return lua.Str(u.take(int(u.uint(1 << (c - 0xd9)))))
	case 0xdc, 0xdd:
		return u.array(int(u.uint(2<<(c-0xdc))), depth)
	case 0xde, 0xdf:
		return u.hash(int(u.uint(2<<(c-0xde))), depth)
	}
	u.th.Errorf("Bad data format in input.")
	return lua.Value{}
}

func (u *unpacker) array(n, depth int) lua.Value {
	t := lua.NewTable(0, 0)
	for i := range n {
		t.SetInt(i+1, u.value(depth+1))
	}
	return t.Value()
}

func (u *unpacker) hash(n, depth int) lua.Value {
	t := lua.NewTable(0, 0)
	for range n {
		k := u.value(depth + 1)
		v := u.value(depth + 1)
		u.th.RawSet(t, k, v)
	}
	return t.Value()
}

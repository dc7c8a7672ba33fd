package script

import (
	"math"
	"math/bits"

	"github.com/resp-server/resp-server/internal/lua"
)

// openBit returns the library bit: operations on 32 bits.
func openBit() *lua.Table {
	t := lua.NewTable(0, 0)
	t.SetField("tobit", bitUnary(func(b uint32) uint32 { return b }))
	t.SetField("bnot", bitUnary(func(b uint32) uint32 { return ^b }))
	t.SetField("band", bitFold(func(a, b uint32) uint32 { return a & b }))
	t.SetField("bor", bitFold(func(a, b uint32) uint32 { return a | b }))
	t.SetField("bxor", bitFold(func(a, b uint32) uint32 { return a ^ b }))
	t.SetField("lshift", bitShift(func(b uint32, n int) uint32 { return b << n }))
	t.SetField("rshift", bitShift(func(b uint32, n int) uint32 { return b >> n }))
	t.SetField("arshift", bitShift(func(b uint32, n int) uint32 { return uint32(int32(b) >> n) }))
	t.SetField("rol", bitShift(func(b uint32, n int) uint32 { return bits.RotateLeft32(b, n) }))
	t.SetField("ror", bitShift(func(b uint32, n int) uint32 { return bits.RotateLeft32(b, -n) }))
	t.SetField("bswap", bitUnary(bits.ReverseBytes32))
	t.SetField("tohex", lua.NewFunction(bitHex))
	return t
}

// bitArg rounds a number to an integer and returns its low 32 bits.
func bitArg(th *lua.Thread, args []lua.Value, i int) uint32 {
	return uint32(math.Float64bits(th.CheckNumber(args, i) + 6755399441055744)) // 2^52 + 2^51
}

func bitResult(th *lua.Thread, b uint32) []lua.Value { return th.One(lua.Int(int(int32(b)))) }

func bitUnary(f func(uint32) uint32) lua.Value {
	return lua.NewFunction(func(th *lua.Thread, args []lua.Value) []lua.Value {
		return bitResult(th, f(bitArg(th, args, 0)))
	})
}

func bitFold(f func(a, b uint32) uint32) lua.Value {
	return lua.NewFunction(func(th *lua.Thread, args []lua.Value) []lua.Value {
		b := bitArg(th, args, 0)
		for i := len(args) - 1; i > 0; i-- {
			b = f(b, bitArg(th, args, i))
		}
		return bitResult(th, b)
	})
}

func bitShift(f func(b uint32, n int) uint32) lua.Value {
	return lua.NewFunction(func(th *lua.Thread, args []lua.Value) []lua.Value {
		b := bitArg(th, args, 0)
		return bitResult(th, f(b, int(bitArg(th, args, 1)&31)))
	})
}

func bitHex(th *lua.Thread, args []lua.Value) []lua.Value {
	b, n := bitArg(th, args, 0), int32(8)
	if len(args) > 1 {
		n = int32(bitArg(th, args, 1))
	}
	digits := "0123456789abcdef"
	if n < 0 {
		digits = "0123456789ABCDEF"
		n = -max(n, -8)
	}
	n = min(n, 8)
	text := make([]byte, n)
	for i := n - 1; i >= 0; i-- {
		text[i] = digits[b&15]
		b >>= 4
	}
	return th.One(lua.Str(string(text)))
}

package script

import (
	"fmt"
	"math"
	"slices"

	"github.com/resp-server/resp-server/internal/lua"
)

// cjson is the library cjson with its settings.
type cjson struct {
	sparseConvert bool
	sparseRatio   int
	sparseSafe    int
	encodeDepth   int
	decodeDepth   int
	encodeInvalid int // infinite numbers and NaN: 0 is an error, 1 writes them, 2 writes null
	decodeInvalid bool
	precision     int
	keepBuffer    bool
	buf           []byte
}

func newCJSON() *lua.Table {
	c := &cjson{sparseRatio: 2, sparseSafe: 10, encodeDepth: 1000, decodeDepth: 1000, decodeInvalid: true, precision: 14, keepBuffer: true}
	t := lua.NewTable(0, 0)
	lua.Register(t, []string{"encode", "decode", "encode_sparse_array", "encode_max_depth", "decode_max_depth",
		"encode_number_precision", "encode_keep_buffer", "encode_invalid_numbers", "decode_invalid_numbers", "new"},
		[]lua.Native{c.encode, c.decode, c.setSparse, c.setEncodeDepth, c.setDecodeDepth,
			c.setPrecision, c.setKeepBuffer, c.setEncodeInvalid, c.setDecodeInvalid, func(th *lua.Thread, _ []lua.Value) []lua.Value {
				return th.One(newCJSON().Value())
			}})
	t.SetField("null", lua.Null)
	t.SetField("_NAME", lua.Str("cjson"))
	t.SetField("_VERSION", lua.Str("2.1.0"))
	return t
}

func atMost(th *lua.Thread, args []lua.Value, n int) {
	if len(args) > n {
		th.ArgFail(n, "found too many arguments")
	}
}

func setInt(th *lua.Thread, args []lua.Value, i int, setting *int, lo, hi int) lua.Value {
	if !lua.Arg(args, i).IsNil() {
		n := th.CheckInt32(args, i)
		if n < lo || n > hi {
			th.ArgFail(0, fmt.Sprintf("expected integer between %d and %d", lo, hi))
		}
		*setting = n
	}
	return lua.Int(*setting)
}

// setWord sets a setting to the index of a word. true and false stand for two
// of them.
func setWord(th *lua.Thread, args []lua.Value, i int, setting *int, words []string) lua.Value {
	switch v := lua.Arg(args, i); v.Kind() {
	case lua.Nil:
	case lua.Bool:
		*setting = 0
		if v.Truth() {
			*setting = 1
		}
	default:
		s := th.CheckString(args, i)
		n := slices.Index(words, s)
		if n < 0 {
			th.ArgFail(i, fmt.Sprintf("invalid option '%s'", s))
		}
		*setting = n
	}
	if *setting > 1 {
		return lua.Str(words[*setting])
	}
	return lua.Boolean(*setting == 1)
}

func setBool(th *lua.Thread, args []lua.Value, i int, setting *bool) lua.Value {
	n := 0
	if *setting {
		n = 1
	}
	v := setWord(th, args, i, &n, []string{"off", "on"})
	*setting = n == 1
	return v
}

func (c *cjson) setSparse(th *lua.Thread, args []lua.Value) []lua.Value {
	atMost(th, args, 3)
	r := th.Results(3)
	r[0] = setBool(th, args, 0, &c.sparseConvert)
	r[1] = setInt(th, args, 1, &c.sparseRatio, 0, math.MaxInt32)
	r[2] = setInt(th, args, 2, &c.sparseSafe, 0, math.MaxInt32)
	return r
}

func (c *cjson) setEncodeDepth(th *lua.Thread, args []lua.Value) []lua.Value {
	atMost(th, args, 1)
	return th.One(setInt(th, args, 0, &c.encodeDepth, 1, math.MaxInt32))
}

func (c *cjson) setDecodeDepth(th *lua.Thread, args []lua.Value) []lua.Value {
	atMost(th, args, 1)
	return th.One(setInt(th, args, 0, &c.decodeDepth, 1, math.MaxInt32))
}

func (c *cjson) setPrecision(th *lua.Thread, args []lua.Value) []lua.Value {
	atMost(th, args, 1)
	return th.One(setInt(th, args, 0, &c.precision, 1, 14))
}

func (c *cjson) setKeepBuffer(th *lua.Thread, args []lua.Value) []lua.Value {
	atMost(th, args, 1)
	return th.One(setBool(th, args, 0, &c.keepBuffer))
}

func (c *cjson) setEncodeInvalid(th *lua.Thread, args []lua.Value) []lua.Value {
	atMost(th, args, 1)
	return th.One(setWord(th, args, 0, &c.encodeInvalid, []string{"off", "on", "null"}))
}

func (c *cjson) setDecodeInvalid(th *lua.Thread, args []lua.Value) []lua.Value {
	atMost(th, args, 1)
	return th.One(setBool(th, args, 0, &c.decodeInvalid))
}

func (c *cjson) encode(th *lua.Thread, args []lua.Value) []lua.Value {
	if len(args) != 1 {
		th.ArgFail(0, "expected 1 argument")
	}
	c.buf = c.buf[:0]
	c.append(th, args[0], 0)
	th.CheckSize(len(c.buf))
	v := lua.Bytes(c.buf)
	const keep = 64 << 10
	if cap(c.buf) > keep {
		c.buf = nil
	}
	return th.One(v)
}

func refuse(th *lua.Thread, v lua.Value, why string) {
	th.Errorf("Cannot serialise %s: %s", v.Kind().Name(), why)
}

// maxNesting is the depth at which the C stack ends, whatever the settings.
const maxNesting = 2600

func (c *cjson) append(th *lua.Thread, v lua.Value, depth int) {
	th.Work(1)
	th.CheckSize(len(c.buf))
	switch v.Kind() {
	case lua.String:
		th.Work(len(v.String()) >> 5)
		c.appendString(v.String())
	case lua.Number:
		c.appendNumber(th, v)
	case lua.Bool:
		if v.Truth() {
			c.buf = append(c.buf, "true"...)
		} else {
			c.buf = append(c.buf, "false"...)
		}
	case lua.TableKind:
		depth++
		if depth > c.encodeDepth || depth > maxNesting {
			th.Errorf("Cannot serialise, excessive nesting (%d)", depth)
		}
		if n := c.arrayLen(th, v); n > 0 {
			c.appendArray(th, v.Table(), n, depth)
		} else {
			c.appendObject(th, v.Table(), depth)
		}
	case lua.Nil, lua.LightUserdata:
		c.buf = append(c.buf, "null"...)
	default:
		refuse(th, v, "type not supported")
	}
}

// arrayLen returns the greatest index if all keys are positive integers, else
// -1.
func (c *cjson) arrayLen(th *lua.Thread, v lua.Value) int {
	t := v.Table()
	most, items := 0, 0
	for k, _, _ := t.Next(lua.Value{}); !k.IsNil(); k, _, _ = t.Next(k) {
		th.Work(1)
		n, ok := k.Number()
		if !ok || math.Floor(n) != n || n < 1 {
			return -1
		}
		most = max(most, int(int32(min(n, math.MaxInt32))))
		items++
	}
	if c.sparseRatio > 0 && most > items*c.sparseRatio && most > c.sparseSafe {
		if !c.sparseConvert {
			refuse(th, v, "excessively sparse array")
		}
		return -1
	}
	return most
}

func (c *cjson) appendArray(th *lua.Thread, t *lua.Table, n, depth int) {
	c.buf = append(c.buf, '[')
	for i := 1; i <= n; i++ {
		if i > 1 {
			c.buf = append(c.buf, ',')
		}
		c.append(th, t.GetInt(i), depth)
	}
	c.buf = append(c.buf, ']')
}

func (c *cjson) appendObject(th *lua.Thread, t *lua.Table, depth int) {
	c.buf = append(c.buf, '{')
	first := true
	for k, v, _ := t.Next(lua.Value{}); !k.IsNil(); k, v, _ = t.Next(k) {
		if !first {
			c.buf = append(c.buf, ',')
		}
		first = false
		switch k.Kind() {
		case lua.Number:
			c.buf = append(c.buf, '"')
			c.appendNumber(th, k)
			c.buf = append(c.buf, '"', ':')
		case lua.String:
			c.appendString(k.String())
			c.buf = append(c.buf, ':')
		default:
			refuse(th, k, "table key must be a number or string")
		}
		c.append(th, v, depth)
	}
	c.buf = append(c.buf, '}')
}

func (c *cjson) appendNumber(th *lua.Thread, v lua.Value) {
	n, _ := v.Number()
	if math.IsInf(n, 0) || math.IsNaN(n) {
		switch {
		case c.encodeInvalid == 0:
			refuse(th, v, "must not be NaN or Inf")
		case c.encodeInvalid == 2:
			c.buf = append(c.buf, "null"...)
			return
		case math.IsNaN(n):
			c.buf = append(c.buf, "nan"...)
			return
		}
	}
	c.buf = lua.AppendG(c.buf, n, c.precision)
}

func (c *cjson) appendString(s string) {
	b := append(c.buf, '"')
	for i := range len(s) {
		switch ch := s[i]; {
		case ch == '"' || ch == '\\' || ch == '/':
			b = append(b, '\\', ch)
		case ch == '\b':
			b = append(b, `\b`...)
		case ch == '\t':
			b = append(b, `\t`...)
		case ch == '\n':
			b = append(b, `\n`...)
		case ch == '\f':
			b = append(b, `\f`...)
		case ch == '\r':
			b = append(b, `\r`...)
		case ch < 32 || ch == 127:
			const hex = "0123456789abcdef"
			b = append(b, '\\', 'u', '0', '0', hex[ch>>4], hex[ch&15])
		default:
			b = append(b, ch)
		}
	}
	c.buf = append(b, '"')
}

package script

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"github.com/resp-server/resp-server/internal/lua"
)

// openStruct returns the library struct: strings of packed values.
func openStruct() *lua.Table {
	t := lua.NewTable(0, 0)
	lua.Register(t, []string{"pack", "unpack", "size"}, []lua.Native{structPack, structUnpack, structSize})
	return t
}

// layout parses a format. Sizes are those of C on 64-bit machines.
type layout struct {
	th    *lua.Thread
	f     string
	i     int
	big   bool
	align int
}

func newLayout(th *lua.Thread, args []lua.Value) *layout {
	f, _, _ := strings.Cut(th.CheckString(args, 0), "\x00")
	return &layout{th: th, f: f, align: 1}
}

func (l *layout) number(otherwise int) int {
	if l.i >= len(l.f) || l.f[l.i]-'0' >= 10 {
		return otherwise
	}
	n := 0
	for ; l.i < len(l.f) && l.f[l.i]-'0' < 10; l.i++ {
		d := int(l.f[l.i] - '0')
		if n > math.MaxInt32/10 || n*10 > math.MaxInt32-d {
			l.th.Errorf("integral size overflow")
		}
		n = n*10 + d
	}
	return n
}

// next returns the next option and its size.
func (l *layout) next() (opt byte, size int, ok bool) {
	if l.i >= len(l.f) {
		return 0, 0, false
	}
	opt = l.f[l.i]
	l.i++
	switch opt {
	case 'B', 'b', 'x':
		size = 1
	case 'H', 'h':
		size = 2
	case 'L', 'l', 'T', 'd':
		size = 8
	case 'f':
		size = 4
	case 'c':
		size = l.number(1)
	case 'i', 'I':
		const most = 32
		if size = l.number(4); size > most {
			l.th.Errorf("integral size %d is larger than limit of %d", size, most)
		}
	}
	return opt, size, true
}

// padding returns the number of bytes that align an element at a position.
func (l *layout) padding(pos int, opt byte, size int) int {
	if size == 0 || opt == 'c' {
		return 0
	}
	size = min(size, l.align)
	return (size - pos&(size-1)) & (size - 1)
}

// control handles an option without an element.
func (l *layout) control(opt byte) {
	switch opt {
	case ' ':
	case '>':
		l.big = true
	case '<':
		l.big = false
	case '!':
		a := l.number(8)
		if a <= 0 || a&(a-1) != 0 {
			l.th.Errorf("alignment %d is not a power of 2", a)
		}
		l.align = a
	default:
		l.th.ArgFail(0, fmt.Sprintf("invalid format option '%c'", rune(opt)))
	}
}

func isInteger(opt byte) bool { return strings.IndexByte("bBhHlLTiI", opt) >= 0 }

func structPack(th *lua.Thread, args []lua.Value) []lua.Value {
	l := newLayout(th, args)
	var b []byte
	arg, total := 1, 0
	for {
		opt, size, ok := l.next()
		if !ok {
			th.CheckSize(len(b))
			return th.One(lua.Str(string(b)))
		}
		th.Work(1)
		th.CheckSize(len(b))
		pad := l.padding(total, opt, size)
		total += pad
		b = append(b, make([]byte, pad)...)
		switch {
		case isInteger(opt):
			b = l.appendInteger(b, th.CheckNumber(args, arg), size)
			arg++
		case opt == 'x':
			b = append(b, 0)
		case opt == 'f':
			b = l.order().AppendUint32(b, math.Float32bits(float32(th.CheckNumber(args, arg))))
			arg++
		case opt == 'd':
			b = l.order().AppendUint64(b, math.Float64bits(th.CheckNumber(args, arg)))
			arg++
		case opt == 'c' || opt == 's':
			s := th.CheckString(args, arg)
			arg++
			if size == 0 {
				size = len(s)
			}
			if len(s) < size {
				th.ArgFail(arg, "string too short")
			}
			th.Work(size >> 7)
			b = append(b, s[:size]...)
			if opt == 's' {
				b = append(b, 0)
				size++
			}
		default:
			l.control(opt)
		}
		total += size
	}
}

type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

func (l *layout) order() byteOrder {
	if l.big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

func (l *layout) appendInteger(b []byte, f float64, size int) []byte {
	n := uint64(lua.ToInt(f))
	if f >= math.MaxInt64 && f < math.MaxUint64 {
		n = uint64(f)
	}
	start := len(b)
	for range size {
		b = append(b, byte(n))
		n >>= 8
	}
	if l.big {
		reverse(b[start:])
	}
	return b
}

func reverse(b []byte) {
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
}

func (l *layout) integer(b string, signed bool) float64 {
	n := uint64(0)
	for i := range len(b) {
		c := b[len(b)-1-i]
		if l.big {
			c = b[i]
		}
		n = n<<8 | uint64(c)
	}
	if !signed {
		return float64(n)
	}
	if bits := uint(len(b)*8-1) & 63; n>>bits&1 != 0 && len(b) > 0 {
		n |= ^uint64(0) << bits
	}
	return float64(int64(n))
}

func structUnpack(th *lua.Thread, args []lua.Value) []lua.Value {
	l := newLayout(th, args)
	data := th.CheckString(args, 1)
	pos := th.OptInt(args, 2, 1)
	if pos <= 0 {
		th.ArgFail(2, "offset must be 1 or greater")
	}
	pos--
	var r []lua.Value
	enough := func(size int) {
		if size > len(data) || pos > len(data)-size {
			th.ArgFail(1, "data string too short")
		}
	}
	for {
		opt, size, ok := l.next()
		if !ok {
			return append(r, lua.Int(pos+1))
		}
		th.Work(1)
		pos += l.padding(pos, opt, size)
		enough(size)
		if len(r) >= maxUnpacked {
			th.Errorf("stack overflow (too many results)")
		}
		switch {
		case isInteger(opt):
			r = append(r, lua.Num(l.integer(data[pos:pos+size], opt >= 'a')))
		case opt == 'x':
		case opt == 'f':
			r = append(r, lua.Num(float64(math.Float32frombits(l.order().Uint32([]byte(data[pos:pos+4]))))))
		case opt == 'd':
			r = append(r, lua.Num(math.Float64frombits(l.order().Uint64([]byte(data[pos:pos+8])))))
		case opt == 'c':
			if size == 0 {
				n, ok := 0.0, false
				if len(r) > 0 {
					n, ok = r[len(r)-1].ToNumber()
				}
				if !ok {
					th.Errorf("format 'c0' needs a previous size")
				}
				r = r[:len(r)-1]
				if size = lua.ToInt(n); size < 0 {
					size = len(data) + 1 // negative; as a size in C it is enormous
				}
				enough(size)
			}
			r = append(r, lua.Str(data[pos:pos+size]))
		case opt == 's':
			end := strings.IndexByte(data[pos:], 0)
			th.Work((len(data) - pos) >> 7)
			if end < 0 {
				th.Errorf("unfinished string in data")
			}
			r = append(r, lua.Str(data[pos:pos+end]))
			size = end + 1
		default:
			l.control(opt)
		}
		pos += size
	}
}

// maxUnpacked is the maximum number of values on the C stack.
const maxUnpacked = 7990

func structSize(th *lua.Thread, args []lua.Value) []lua.Value {
	l := newLayout(th, args)
	pos := 0
	for {
		opt, size, ok := l.next()
		if !ok {
			return th.One(lua.Int(pos))
		}
		th.Work(1)
		pos += l.padding(pos, opt, size)
		switch {
		case opt == 's':
			th.ArgFail(0, "option 's' has no fixed size")
		case opt == 'c' && size == 0:
			th.ArgFail(0, "option 'c0' has no fixed size")
		case opt-'0' >= 10 && opt|0x20-'a' >= 26:
			l.control(opt)
		}
		pos += size
	}
}

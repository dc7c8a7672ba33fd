package lua

import (
	"fmt"
	"runtime"
	"strings"
	"unsafe"
)

// OpenBase sets the basic functions, except those for files, and the library
// coroutine.
func (s *State) OpenBase() {
	g := s.Globals
	g.SetField("_G", g.Value())
	g.SetField("_VERSION", Str("Lua 5.1"))
	Register(g,
		[]string{"assert", "collectgarbage", "error", "gcinfo", "getfenv", "getmetatable", "ipairs", "load", "loadstring", "newproxy", "pcall", "rawequal",
			"rawget", "rawset", "select", "setfenv", "setmetatable", "tonumber", "tostring", "type", "unpack", "xpcall"},
		[]Native{baseAssert, baseCollect, baseError, baseGCInfo, baseGetfenv, baseGetmetatable, baseIpairs, baseLoad, baseLoadstring, baseNewproxy, basePcall, baseRawequal,
			baseRawget, baseRawset, baseSelect, baseSetfenv, baseSetmetatable, baseTonumber, baseTostring, baseType, baseUnpack, baseXpcall})
	next := NewFunction(baseNext)
	next.function().next = true
	g.SetField("next", next)
	g.SetField("pairs", NewFunction(func(th *Thread, args []Value) []Value {
		t := th.CheckTable(args, 0)
		r := th.Results(3)
		r[0], r[1] = next, t.Value()
		return r
	}))
	s.openCoroutine()
}

func baseAssert(th *Thread, args []Value) []Value {
	if !th.CheckAny(args, 0).Truth() {
		th.Errorf("%s", th.OptString(args, 1, "assertion failed!"))
	}
	return args
}

func baseCollect(th *Thread, args []Value) []Value {
	switch opt := th.OptString(args, 0, "collect"); opt {
	case "count":
		return th.One(Num(th.memory()))
	case "collect", "stop", "restart", "setpause", "setstepmul":
		return th.One(Int(0))
	case "step":
		return th.One(True)
	default:
		th.ArgFail(0, fmt.Sprintf("invalid option '%s'", opt))
		return nil
	}
}

// memory returns the memory in use by the whole program, in kilobytes.
func (th *Thread) memory() float64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / 1024
}

func baseGCInfo(th *Thread, _ []Value) []Value { return th.One(Int(int(th.memory()))) }

func baseError(th *Thread, args []Value) []Value {
	v := Arg(args, 0)
	level := th.OptInt32(args, 1, 1)
	if s, ok := v.ToString(); ok && level > 0 {
		th.workBytes(len(s))
		v = Str(th.Where(level) + s)
	}
	th.Throw(v)
	return nil
}

// functionAt returns the function for an argument of getfenv or setfenv.
func (th *Thread) functionAt(args []Value, otherwise int) (fn *Function, level int) {
	if fn := Arg(args, 0).Function(); fn != nil {
		return fn, -1
	}
	if otherwise > 0 {
		level = th.OptInt32(args, 0, otherwise)
	} else {
		level = th.CheckInt32(args, 0)
	}
	if level < 0 {
		th.ArgFail(0, "level must be non-negative")
	}
	i := th.depth - 1 - level
	if i < 0 {
		th.ArgFail(0, "invalid level")
	}
	return th.frames[i].fn, level
}

func baseGetfenv(th *Thread, args []Value) []Value {
	fn, level := th.functionAt(args, 1)
	if level == 0 || fn.native != nil {
		return th.One(th.Globals.Value())
	}
	return th.One(fn.env.Value())
}

func baseSetfenv(th *Thread, args []Value) []Value {
	env := th.CheckTable(args, 1)
	fn, level := th.functionAt(args, 0)
	if level == 0 || fn.native != nil {
		th.Errorf("'setfenv' cannot change environment of given object")
	}
	fn.env = env
	return th.One(fn.Value())
}

func baseGetmetatable(th *Thread, args []Value) []Value {
	m := th.metatable(th.CheckAny(args, 0))
	if m == nil {
		return th.One(Value{})
	}
	if p := m.Field("__metatable"); !p.IsNil() {
		return th.One(p)
	}
	return th.One(m.Value())
}

func baseSetmetatable(th *Thread, args []Value) []Value {
	t := th.CheckTable(args, 0)
	m := Arg(args, 1)
	if len(args) < 2 || !m.IsNil() && m.Kind() != TableKind {
		th.ArgFail(1, "nil or table expected")
	}
	if t.meta != nil && !t.meta.Field("__metatable").IsNil() {
		th.Errorf("cannot change a protected metatable")
	}
	if t.ReadOnly {
		th.readOnly()
	}
	t.meta = m.Table()
	return th.One(t.Value())
}

func baseIpairs(th *Thread, args []Value) []Value {
	t := th.CheckTable(args, 0)
	r := th.Results(3)
	r[0], r[1], r[2] = ipairsStep, t.Value(), Int(0)
	return r
}

var ipairsStep = NewFunction(func(th *Thread, args []Value) []Value {
	i := th.CheckInt(args, 1) + 1
	v := th.CheckTable(args, 0).GetInt(i)
	if v.IsNil() {
		return nil
	}
	r := th.Results(2)
	r[0], r[1] = Int(i), v
	return r
})

func (th *Thread) load(source, name string) []Value {
	p, err := compile(source, name, th.natives, th.Work)
	r := th.Results(2)
	if err != nil {
		r[1] = Str(err.Error())
		return r
	}
	r[0] = th.Load(p)
	return r[:1]
}

// Load makes a function of a chunk.
func (s *State) Load(p *Proto) Value {
	return (&Function{object: object{FunctionKind}, proto: p, env: s.Globals}).Value()
}

func baseLoadstring(th *Thread, args []Value) []Value {
	s := th.CheckString(args, 0)
	return th.load(s, th.OptString(args, 1, s))
}

func baseLoad(th *Thread, args []Value) []Value {
	fn := th.checkFunction(args, 0)
	name := th.OptString(args, 1, "=(load)")
	var source strings.Builder
	for {
		r := th.Call(fn)
		if len(r) == 0 || r[0].IsNil() {
			break
		}
		s, ok := r[0].ToString()
		if !ok {
			th.Errorf("reader function must return a string")
		}
		if s == "" {
			break
		}
		source.WriteString(s)
		th.CheckSize(source.Len())
	}
	return th.load(source.String(), name)
}

func baseNewproxy(th *Thread, args []Value) []Value {
	u := &userdata{object: object{Userdata}}
	switch v := Arg(args, 0); {
	case !v.Truth():
	case v.Kind() == Bool:
		u.meta = NewTable(0, 0)
	case v.Kind() == Userdata && v.userdata().meta != nil:
		u.meta = v.userdata().meta
	default:
		th.ArgFail(0, "boolean or proxy expected")
	}
	return th.One(Value{p: &u.object})
}

func baseNext(th *Thread, args []Value) []Value {
	t := th.CheckTable(args, 0)
	k, v, passed, ok := t.next(Arg(args, 1))
	th.Work(passed >> 3)
	if !ok {
		th.runError("invalid key to 'next'")
	}
	if k.IsNil() {
		return th.One(Value{})
	}
	r := th.Results(2)
	r[0], r[1] = k, v
	return r
}

func basePcall(th *Thread, args []Value) []Value {
	fn := th.CheckAny(args, 0)
	return th.protected(fn, args[1:], nil)
}

func baseXpcall(th *Thread, args []Value) []Value {
	fn, handler := th.CheckAny(args, 0), Arg(args, 1)
	return th.protected(fn, nil, func(th *Thread, v Value) Value {
		return th.callMeta(handler, v, Value{})
	})
}

// caught returns false and the error. It raises an error again that can't be
// caught.
func (th *Thread) caught(err *Error) []Value {
	if err.final {
		panic(err)
	}
	out := th.Results(2)
	out[0], out[1] = False, err.Value
	return out
}

// protected calls fn and returns true and the results, or false and the error.
func (th *Thread) protected(fn Value, args []Value, handler func(*Thread, Value) Value) []Value {
	var r []Value
	err := th.Protect(func() { r = th.Call(fn, args...) }, handler)
	if err != nil {
		return th.caught(err)
	}
	out := th.alloc(len(r) + 1)
	copy(out[1:], r) // first, since out may overlap r
	out[0] = True
	return out
}

func baseRawequal(th *Thread, args []Value) []Value {
	return th.One(Boolean(equals(th.CheckAny(args, 0), th.CheckAny(args, 1))))
}

func baseRawget(th *Thread, args []Value) []Value {
	return th.One(th.CheckTable(args, 0).Get(th.CheckAny(args, 1)))
}

func baseRawset(th *Thread, args []Value) []Value {
	t := th.CheckTable(args, 0)
	key := th.CheckAny(args, 1)
	th.rawSet(t, key, th.CheckAny(args, 2))
	return th.One(t.Value())
}

func baseSelect(th *Thread, args []Value) []Value {
	if s := Arg(args, 0); s.Kind() == String && strings.HasPrefix(s.str().s, "#") {
		return th.One(Int(len(args) - 1))
	}
	i := th.CheckInt32(args, 0)
	if i < 0 {
		i += len(args)
	} else if i > len(args) {
		i = len(args)
	}
	if i < 1 {
		th.ArgFail(0, "index out of range")
	}
	return args[i:]
}

func baseTonumber(th *Thread, args []Value) []Value {
	base := th.OptInt32(args, 1, 10)
	if base == 10 {
		if n, ok := th.CheckAny(args, 0).ToNumber(); ok {
			return th.One(Num(n))
		}
		return th.One(Value{})
	}
	s := th.CheckString(args, 0)
	if base < 2 || base > 36 {
		th.ArgFail(1, "base out of range")
	}
	s = strings.Trim(s, " \t\n\v\f\r")
	neg := strings.HasPrefix(s, "-")
	if neg || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	if base == 16 && len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' {
		s = s[2:]
	}
	n, over := uint64(0), false
	for i := range len(s) {
		d := 99
		switch c := s[i]; {
		case isDigit(c):
			d = int(c - '0')
		case c|0x20-'a' < 26:
			d = int(c|0x20-'a') + 10
		}
		if d >= base {
			return th.One(Value{})
		}
		next := n*uint64(base) + uint64(d)
		over = over || n > (1<<64-1-uint64(d))/uint64(base)
		n = next
	}
	switch {
	case s == "":
		return th.One(Value{})
	case over:
		n = 1<<64 - 1
	case neg:
		n = -n
	}
	return th.One(Num(float64(n)))
}

func baseTostring(th *Thread, args []Value) []Value {
	return th.One(th.ToString(th.CheckAny(args, 0)))
}

// ToString implements tostring.
func (th *Thread) ToString(v Value) Value {
	if m := th.metaOf(v, "__tostring"); !m.IsNil() {
		r := th.callMeta(m, v, Value{})
		return r
	}
	switch v.Kind() {
	case String:
		return v
	case Number:
		return Str(FormatNumber(v.n))
	case Nil:
		return Str("nil")
	case Bool:
		if v.Truth() {
			return Str("true")
		}
		return Str("false")
	case LightUserdata:
		return Str("userdata: (nil)")
	}
	return Str(fmt.Sprintf("%s: %p", v.Kind().Name(), unsafe.Pointer(v.p)))
}

func baseType(th *Thread, args []Value) []Value {
	return th.One(Str(th.CheckAny(args, 0).Kind().Name()))
}

// maxResults is the maximum number of results of a C function.
const maxResults = 8000

func baseUnpack(th *Thread, args []Value) []Value {
	t := th.CheckTable(args, 0)
	from := th.OptInt32(args, 1, 1)
	to := th.OptInt32(args, 2, t.Len())
	if from > to {
		return nil
	}
	if to-from >= maxResults-len(args) {
		th.Errorf("too many results to unpack")
	}
	th.Work((to - from) >> 3)
	r := th.alloc(to - from + 1)
	for i := range r {
		r[i] = t.GetInt(from + i)
	}
	return r
}

// Pcall implements pcall, for callers that replace it.
func (th *Thread) Pcall(args []Value) []Value { return basePcall(th, args) }

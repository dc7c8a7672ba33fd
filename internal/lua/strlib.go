package lua

import (
	"math"
	"strings"
)

// OpenString sets the library string and makes its functions the methods of
// strings.
func (s *State) OpenString() {
	t := NewTable(0, 0)
	Register(t, []string{"byte", "char", "dump", "find", "format", "gmatch", "gsub", "len", "lower", "match", "rep", "reverse", "sub", "upper"},
		[]Native{strByte, strChar, strDump, strFind, strFormat, strGmatch, strGsub, strLen, strLower, strMatch, strRep, strReverse, strSub, strUpper})
	t.SetField("gfind", t.Field("gmatch"))
	s.Globals.SetField("string", t.Value())
	s.Strings = NewTable(0, 1)
	s.Strings.SetField("__index", t.Value())
}

// position converts a position that may count from the end to one from the
// beginning.
func position(pos, length int) int {
	if pos < 0 {
		pos += length + 1
	}
	return max(pos, 0)
}

func strByte(th *Thread, args []Value) []Value {
	s := th.CheckString(args, 0)
	from := position(th.OptInt(args, 1, 1), len(s))
	to := position(th.OptInt(args, 2, from), len(s))
	from, to = max(from, 1), min(to, len(s))
	if from > to {
		return nil
	}
	if to-from >= maxResults-len(args) {
		th.Errorf("stack overflow (string slice too long)")
	}
	r := th.alloc(to - from + 1)
	for i := range r {
		r[i] = Int(int(s[from-1+i]))
	}
	return r
}

func strChar(th *Thread, args []Value) []Value {
	b := make([]byte, len(args))
	for i := range args {
		c := th.CheckInt32(args, i)
		if c != int(byte(c)) {
			th.ArgFail(i, "invalid value")
		}
		b[i] = byte(c)
	}
	return th.One(Str(string(b)))
}

func strDump(th *Thread, args []Value) []Value {
	if fn := th.checkFunction(args, 0); fn.function().native != nil {
		th.Errorf("unable to dump given function")
	}
	return th.One(Str("\x1bLuaQ")) // Compile rejects it
}

func strLen(th *Thread, args []Value) []Value { return th.One(Int(len(th.CheckString(args, 0)))) }

// checkText is CheckString for functions that read the whole string, which
// counts as work.
func (th *Thread) checkText(args []Value, i int) string {
	s := th.CheckString(args, i)
	th.workBytes(len(s))
	return s
}

func mapBytes(s string, lo, hi byte, diff byte) string {
	b := []byte(s)
	for i, c := range b {
		if lo <= c && c <= hi {
			b[i] = c + diff
		}
	}
	return string(b)
}

func strLower(th *Thread, args []Value) []Value {
	return th.One(Str(mapBytes(th.checkText(args, 0), 'A', 'Z', 32)))
}

func strUpper(th *Thread, args []Value) []Value {
	return th.One(Str(mapBytes(th.checkText(args, 0), 'a', 'z', 256-32)))
}

func strRep(th *Thread, args []Value) []Value {
	s := th.CheckString(args, 0)
	n := th.CheckInt32(args, 1) // as in C, 2^32 becomes 0
	if n <= 0 || s == "" {
		return th.One(Str(""))
	}
	if n > math.MaxInt/len(s) {
		th.throw(noMemory)
	}
	th.CheckSize(n * len(s))
	th.Work(n * len(s) >> 6)
	return th.One(Str(strings.Repeat(s, n)))
}

func strReverse(th *Thread, args []Value) []Value {
	s := th.checkText(args, 0)
	b := make([]byte, len(s))
	for i := range b {
		b[i] = s[len(s)-1-i]
	}
	return th.One(Str(string(b)))
}

func strSub(th *Thread, args []Value) []Value {
	s := th.CheckString(args, 0)
	from := max(position(th.CheckInt(args, 1), len(s)), 1)
	to := min(position(th.OptInt(args, 2, -1), len(s)), len(s))
	if from > to {
		return th.One(Str(""))
	}
	return th.One(Str(s[from-1 : to]))
}

func strFind(th *Thread, args []Value) []Value  { return find(th, args, true) }
func strMatch(th *Thread, args []Value) []Value { return find(th, args, false) }

func find(th *Thread, args []Value, positions bool) []Value {
	s, pattern := th.CheckString(args, 0), th.CheckString(args, 1)
	start := min(max(position(th.OptInt(args, 2, 1), len(s))-1, 0), len(s))
	if positions && (Arg(args, 3).Truth() || !strings.ContainsAny(pattern, "^$*+?.([%-")) {
		th.workBytes(len(s) - start)
		i := strings.Index(s[start:], pattern)
		if i < 0 {
			return th.One(Value{})
		}
		r := th.Results(2)
		r[0], r[1] = Int(start+i+1), Int(start+i+len(pattern))
		return r
	}
	m := matcher{th: th, s: s}
	m.p, m.anchored = strings.CutPrefix(pattern, "^")
	for {
		m.level = 0
		if end := m.match(start, 0); end >= 0 {
			if !positions {
				return m.captures(start, end, nil, true)
			}
			r := th.alloc(2)
			r[0], r[1] = Int(start+1), Int(end)
			return m.captures(start, end, r, false)
		}
		if start++; start > len(s) || m.anchored {
			return th.One(Value{})
		}
	}
}

func strGmatch(th *Thread, args []Value) []Value {
	s, pattern := th.CheckString(args, 0), th.CheckString(args, 1)
	start := 0
	return th.One(NewFunction(func(th *Thread, _ []Value) []Value {
		m := matcher{th: th, s: s, p: pattern}
		for ; start <= len(s); start++ {
			m.level = 0
			if end := m.match(start, 0); end >= 0 {
				from := start
				start = end
				if end == from {
					start++
				}
				return m.captures(from, end, nil, true)
			}
		}
		return nil
	}))
}

func strGsub(th *Thread, args []Value) []Value {
	s, pattern := th.CheckString(args, 0), th.CheckString(args, 1)
	repl := Arg(args, 2)
	switch repl.Kind() {
	case Number, String, FunctionKind, TableKind:
	default:
		th.typeError(args, 2, "string/function/table")
	}
	most := len(s) + 1
	if !Arg(args, 3).IsNil() {
		most = th.CheckInt32(args, 3)
	}
	m := matcher{th: th, s: s}
	m.p, m.anchored = strings.CutPrefix(pattern, "^")
	var b []byte
	n, at := 0, 0
	for n < most {
		m.level = 0
		end := m.match(at, 0)
		if end >= 0 {
			n++
			before := len(b)
			b = m.replace(b, at, end, repl)
			th.CheckSize(len(b))
			th.workBytes(len(b) - before)
		}
		switch {
		case end > at:
			at = end
		case at < len(s):
			b = append(b, s[at])
			at++
		default:
			at = len(s) + 1
		}
		if at > len(s) || m.anchored {
			break
		}
	}
	if at < len(s) {
		b = append(b, s[at:]...)
	}
	r := th.Results(2)
	r[0], r[1] = Str(string(b)), Int(n)
	return r
}

// replace appends the replacement of a match.
func (m *matcher) replace(b []byte, start, end int, repl Value) []byte {
	th := m.th
	var v Value
	switch repl.Kind() {
	case FunctionKind:
		var list [maxCaptures]Value
		if r := th.Call(repl, m.captures(start, end, list[:0], true)...); len(r) > 0 {
			v = r[0]
		}
	case TableKind:
		v = th.index(repl, m.capture(0, start, end), nil)
	default:
		text, _ := repl.ToString()
		th.workBytes(len(text))
		for i := 0; i < len(text); i++ {
			c := text[i]
			if c != '%' {
				b = append(b, c)
				continue
			}
			i++
			switch {
			case i >= len(text):
				b = append(b, 0)
			case !isDigit(text[i]):
				b = append(b, text[i])
			case text[i] == '0':
				b = append(b, m.s[start:end]...)
			default:
				b = appendText(b, m.capture(int(text[i]-'1'), start, end))
			}
		}
		return b
	}
	switch {
	case !v.Truth():
		return append(b, m.s[start:end]...)
	case isText(v):
		return appendText(b, v)
	}
	th.Errorf("invalid replacement value (a %s)", v.Kind().Name())
	return nil
}

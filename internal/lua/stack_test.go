package lua

import (
	"fmt"
	"runtime/debug"
	"strings"
	"testing"
)

// nestedPrelude begins the programs of TestStack and FuzzNesting: f calls the
// program again, and each operation on m calls f.
const nestedPrelude = `
local f, g, m, c, u
function g(...) return ... end
function u() return f() end
m = setmetatable({}, {__index = u, __newindex = u, __call = u, __add = u, __concat = u, __unm = u, __eq = u, __lt = u, __le = u, __tostring = u})
local m2 = setmetatable({}, getmetatable(m))
f = function(...)
%s
end
c = coroutine.create(f)
for i = 1, 200 do pcall(coroutine.resume, c) end
return f()
`

// runNested runs a program in a small part of a small stack. If its calls are
// counted wrongly the process ends with "stack overflow".
func runNested(t testing.TB, body string) {
	defer debug.SetMaxStack(debug.SetMaxStack(32 << 20))
	s := newState()
	s.MaxStack = 8 << 20
	s.HookSteps = 200
	hooks := 0
	s.Hook = func(th *Thread) {
		if hooks++; hooks > 15 {
			th.ThrowFinal(Str("ended"))
		}
	}
	done := make(chan struct{})
	go func() { // has a stack that has not grown yet
		defer close(done)
		eval(t, s, fmt.Sprintf(nestedPrelude, body))
	}()
	<-done
}

// wraps are ways to nest an expression in another one.
var wraps = []string{"(%s)", "g(%s)", "g{%s}", "{%s}", "{[%s] = 1}", "{x = %s}", "-%s", "not %s", "#{%s}", "1 + %s", "%s + 1", "'x' .. %s", "m + %s", "m[%s]", "m(%s)", "m == %s",
	"g(m < m2, %s)", "m.x.y.z[%s]", "g(%s).x.x.x.x", "pcall(g, %s)", "g(pcall(f), %s)", "coroutine.wrap(f)(%s)", "g(tostring(m), %s)",
	"string.gsub('xx', 'x', function() return %s end)", "table.sort({3, 2, 1}, function() return %s end)",
	"(function(...) return %s end)(1)", "(function() local x = %s return x end)()", "select(2, g(1, %s))", "(%s):x()", "%s and 1", "1 or %s", "g(1, 2, 3, %s, 4)",
	"xpcall(f, function() return %s end)", "loadstring('return ...')(%s)", "m:x(%s)", "2 ^ %s", "g(coroutine.yield(%s))"}

// blocks are ways to enclose an expression in statements.
var blocks = []string{"return %s", "local x = %s return f()", "g(%s) return f()", "do return %s end", "if %s then return f() end", "while %s do return f() end",
	"for i = 1, 2 do g(%s) end", "for k in pairs{%s} do f() end", "repeat local y = %s until f()", "m.x = %s", "local a, b = f(), %s", "return f(%s)", "return 1 + f(%s)",
	"for i in f do return %s end", "do local function h() return %s end return h() end", "return {f(), %s}"}

// nested makes a program from bytes: they select a block, and wraps with their
// number.
func nested(data []byte) string {
	at := func(i int) int {
		if i < len(data) {
			return int(data[i])
		}
		return 0
	}
	e := "f()"
	for i := 1; i+1 < len(data) && len(e) < 1<<16; i += 2 {
		w := wraps[at(i)%len(wraps)]
		for range at(i+1)%190 + 1 {
			if e = fmt.Sprintf(w, e); len(e) > 1<<16 {
				break
			}
		}
	}
	return fmt.Sprintf(blocks[at(0)%len(blocks)], e)
}

// TestStack runs programs that nest calls in every possible way.
func TestStack(t *testing.T) {
	for _, body := range []string{
		"coroutine.yield() return g{" + strings.Repeat("g{", 60) + "f()" + strings.Repeat("}", 61),
		// Chains of nested calls: the levels exceed the limit of syntax.
		"return " + strings.Repeat("g(", 60) + "f()" + strings.Repeat(")"+strings.Repeat(".x", 300), 60),
		"return " + strings.Repeat("(", 60) + "f()" + strings.Repeat(strings.Repeat("+1", 300)+")", 60),
	} {
		runNested(t, body)
	}
	for b := range blocks {
		runNested(t, nested([]byte{byte(b), 0, 100}))
	}
	for w := range wraps {
		runNested(t, nested([]byte{0, byte(w), 80}))
		runNested(t, nested([]byte{12, byte(w), 3}))
	}
}

// FuzzNesting searches for calls that are not counted.
func FuzzNesting(f *testing.F) {
	for i := 0; i < len(wraps); i += 3 {
		f.Add([]byte{byte(i), byte(i), 50, byte(3 * i), 40})
	}
	f.Fuzz(func(t *testing.T, data []byte) { runNested(t, nested(data)) })
}

// TestTreeHeight checks that the height of a tree includes chains within
// chains.
func TestTreeHeight(t *testing.T) {
	for _, c := range []struct {
		source string
		least  int
		most   int
	}{
		{"return a", 2, 4},
		{strings.Repeat("a.b.c() ", 1000), 4, 8},
		{"return a" + strings.Repeat("+1", 1000), 1000, 1010},
		{"return a" + strings.Repeat(".b", 1000), 1000, 1010},
		{"return " + strings.Repeat("a[", 10) + "1" + strings.Repeat("]"+strings.Repeat(".b", 100), 10), 10, 1100},
		{"return " + strings.Repeat("(", 10) + "1" + strings.Repeat(")"+strings.Repeat(".b", 100), 10), 1000, 1100},
		{"return " + strings.Repeat("{", 100) + strings.Repeat("}", 100), 100, 300},
		{strings.Repeat("do ", 100) + strings.Repeat(" end", 100), 100, 300},
		{"return function() return a" + strings.Repeat("+1", 1000) + " end", 2, 8},
	} {
		p, err := Compile(c.source, "@test")
		if err != nil || p.deep < c.least || p.deep > c.most {
			t.Errorf("%.40s: height %d, %v; want %d to %d", c.source, p.deep, err, c.least, c.most)
		}
	}
}

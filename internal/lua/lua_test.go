package lua

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// eval runs a chunk and returns its first result, or the error.
func eval(t testing.TB, s *State, source string) (Value, error) {
	t.Helper()
	p, err := Compile(source, "@test")
	if err != nil {
		return Value{}, err
	}
	var v Value
	lerr := s.Main().Protect(func() {
		if r := s.Main().Call(s.Load(p)); len(r) > 0 {
			v = r[0]
		}
	}, nil)
	s.Release()
	if lerr != nil {
		return Value{}, lerr
	}
	return v, nil
}

func newState() *State {
	s := NewState()
	s.MaxString = 1 << 20
	s.OpenBase()
	s.OpenTable()
	s.OpenString()
	s.OpenMath()
	return s
}

// TestSurvives runs programs that would end a careless interpreter.
func TestSurvives(t *testing.T) {
	deep := "local function f(n) return " + strings.Repeat("1+", 5000) + "f(n+1) end return f(1)"
	nested := "local function f(n) return " + strings.Repeat("(", 150) + "f(n+1)" + strings.Repeat(")", 150) + "+1 end return f(1)"
	for _, c := range []struct{ source, want string }{
		{"local function f() return 1 + f() end return f()", "test:1: stack overflow"},
		{deep, "test:1: stack overflow"},
		{nested, "test:1: stack overflow"},
		{"local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k] end return t.x", "test:1: C stack overflow"},
		{"local t = {} setmetatable(t, {__index = t}) return t.x", "test:1: loop in gettable"},
		{"local function f() return pcall(f) end return f()", ""},
		{"local function f() coroutine.wrap(f)() end f()", "C stack overflow"},
		{"return " + strings.Repeat("(", 300) + "1" + strings.Repeat(")", 300), "test:1: chunk has too many syntax levels"},
		{"local s = 'x' while true do s = s .. s end", "not enough memory"},
		{"return ('x'):rep(2^31-1)", "not enough memory"},
		{"return string.find(('a'):rep(300000), ('a?'):rep(30000) .. 'b')", "pattern too complex"},
		{"coroutine.wrap(function() coroutine.yield() end)() return coroutine.create(function() end)", ""},
		{"return next({}, {})", "invalid key to 'next'"},
		{"local function f(...) return 1 + f(...) end local t = {} for i = 1, 7000 do t[i] = i end f(unpack(t))", "stack overflow"},
		{"local function f(...) return 1 + f(...) end local t = {} for i = 1, 7000 do t[i] = i end coroutine.wrap(f)(unpack(t))", "stack overflow"},
		{"return f(" + strings.Repeat("1,", 250) + "1)", "function or expression too complex near '1'"},
		{"local a, b for i = 1, 2 do local f = function() x(", "unexpected symbol near '<eof>'"},
	} {
		s := newState()
		_, err := eval(t, s, c.source)
		switch {
		case c.want == "" && err != nil, c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%.60s: %v, want %q", c.source, err, c.want)
		}
		if s.main.depth != 0 || s.natives != 0 || s.main.stack != 0 || s.current != s.main {
			t.Errorf("%.60s: left depth %d, natives %d, stack %d", c.source, s.main.depth, s.natives, s.main.stack)
		}
		if v, err := eval(t, s, "return 1"); err != nil || !Equal(v, Int(1)) {
			t.Errorf("%.60s: the state is broken: %v %v", c.source, v, err)
		}
	}
}

func TestHook(t *testing.T) {
	for _, source := range []string{"while true do end", "repeat until false", "for i = 1, 1e300 do end", "local function f() return f() end f()",
		"while true do pcall(function() while true do end end) end", "coroutine.wrap(function() while true do end end)()"} {
		s := newState()
		s.HookSteps = 1000
		s.Hook = func(th *Thread) { th.ThrowFinal(Str("ended")) }
		if _, err := eval(t, s, source); err == nil || err.Error() != "ended" {
			t.Errorf("%s: %v", source, err)
		}
	}
}

func TestFormatNumber(t *testing.T) {
	for _, c := range []struct {
		f    float64
		want string
	}{{0, "0"}, {1, "1"}, {-1.5, "-1.5"}, {1e14, "1e+14"}, {99999999999999, "99999999999999"}, {1e15, "1e+15"}, {0.1, "0.1"},
		{1.0 / 3, "0.33333333333333"}, {1e-5, "1e-05"}, {0.0001, "0.0001"}, {123456.789, "123456.789"}, {1e300, "1e+300"}} {
		if got := FormatNumber(c.f); got != c.want {
			t.Errorf("%v: %s, want %s", c.f, got, c.want)
		}
	}
}

func TestScanNumber(t *testing.T) {
	for _, c := range []struct {
		s    string
		want float64
		n    int
	}{{"12", 12, 2}, {"-1.5e2x", -150, 6}, {"0x1F", 31, 4}, {".5", .5, 2}, {"5.", 5, 2}, {"1e", 1, 1}, {"e", 0, 0}, {".", 0, 0}, {"", 0, 0},
		{"-", 0, 0}, {"0x", 0, 1}, {"010", 10, 3}, {"0x.8p1", 1, 6}} {
		if f, n := ScanNumber(c.s); f != c.want || n != c.n {
			t.Errorf("%q: %v %d", c.s, f, n)
		}
	}
}

// TestTable compares tables with a map under random changes.
func TestTable(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for range 200 {
		table, model := NewTable(r.IntN(4), r.IntN(4)), map[float64]float64{}
		names := map[string]float64{}
		for range r.IntN(300) {
			switch v := float64(r.IntN(3)); r.IntN(3) {
			case 0:
				k := float64(r.IntN(40))
				set(table, Num(k), v)
				model[k] = v
			case 1:
				k := r.Float64()
				set(table, Num(k), v)
				model[k] = v
			case 2:
				k := strings.Repeat("k", r.IntN(50))
				set(table, Str(k), v)
				names[k] = v
			}
		}
		live := 0
		for k, v := range model {
			live += check(t, seed, table, Num(k), v)
		}
		for k, v := range names {
			live += check(t, seed, table, Str(k), v)
		}
		for k, _, ok := table.Next(Value{}); !k.IsNil(); k, _, ok = table.Next(k) {
			if !ok {
				t.Fatalf("seed %d: Next lost its key", seed)
			}
			live--
		}
		if live != 0 {
			t.Fatalf("seed %d: Next missed %d keys", seed, live)
		}
		if n := table.Len(); n > 0 && table.GetInt(n).IsNil() || !table.GetInt(n+1).IsNil() {
			t.Fatalf("seed %d: %d is not a border", seed, n)
		}
	}
}

// set sets a key to a number; 0 removes it.
func set(t *Table, k Value, v float64) {
	if v == 0 {
		t.Set(k, Value{})
	} else {
		t.Set(k, Num(v))
	}
}

func check(t *testing.T, seed uint64, table *Table, k Value, want float64) (live int) {
	got := table.Get(k)
	if n, ok := got.Number(); want == 0 && !got.IsNil() || want != 0 && (!ok || n != want) {
		t.Fatalf("seed %d: %v is %v, want %v", seed, k, got, want)
	}
	if want == 0 {
		return 0
	}
	return 1
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{"return 1", "local a <x", "for i=1,2 do f(i) end", "x.y:z{1,[2]=3}'s'", "return function(...) return ... end", "--[[x", "a=[==[x]==]", "\"\\300\""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		s := newState()
		s.HookSteps = 1000
		s.Hook = func(th *Thread) { th.ThrowFinal(Str("ended")) }
		eval(t, s, source)
	})
}

func BenchmarkFib(b *testing.B) {
	s := newState()
	p, _ := Compile("local function fib(n) if n < 2 then return n end return fib(n-1) + fib(n-2) end return fib(20)", "@bench")
	fn := s.Load(p)
	b.ReportAllocs()
	for b.Loop() {
		s.Main().Call(fn)
	}
}

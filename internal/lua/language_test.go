package lua

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestLanguage runs the programs of testdata, whose checks pass on
// redis-server 7.4.1. It runs them directly, and as a coroutine that yields at
// each call of y.
func TestLanguage(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.lua")
	if len(files) < 4 {
		t.Fatalf("programs: %q", files)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		s := newState()
		s.Globals.SetField("source", Str(string(b)))
		for _, how := range []string{
			"return assert(loadstring(source, '@program'))()",
			"return coroutine.wrap(assert(loadstring(source, '@program')))()",
			`local co = coroutine.create(assert(loadstring(source, '@program')))
			local here
			local function y(...) if coroutine.running() == here then return coroutine.yield(...) end return ... end
			here = co
			local function drive(ok, ...)
				if not ok then error((...), 0) end
				if coroutine.status(co) == "dead" then return ... end
				return drive(coroutine.resume(co, ...))
			end
			return drive(coroutine.resume(co, y))`,
		} {
			v, err := eval(t, s, how)
			if err != nil || v.String() != "ok" {
				t.Errorf("%s, by %.30s: %v %v", name, how, v, err)
			}
		}
	}
}

// heap returns the bytes in use, without stacks.
func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// memory lists programs with the maximum memory after they end, while their
// state still exists.
var memory = []struct {
	name, source string
	most         int // bytes
}{
	{"suspended coroutines", "for i = 1, 100000 do local c c = coroutine.create(function() local me = c coroutine.yield() end) coroutine.resume(c) end", 5 << 20},
	{"local table", "local t = {} for i = 1, 3e6 do t[i] = i end", 1 << 20},
	{"table in an error", "local t = {} for i = 1, 1e5 do t[i] = {} end local function f(x) return x.y.z end f(t)", 1 << 20},
	{"deep calls", "local function f(n) local t = {} if n > 0 then return 1 + f(n - 1) end return 0 end f(15000)", 1 << 20},
	{"large string", "local s = string.rep('x', 2^20) local t = {} for i = 1, 50 do t[i] = s .. i end", 1 << 20},
}

// TestMemory checks that unreferenced values are freed, at the latest when the
// program ends.
func TestMemory(t *testing.T) {
	for _, m := range memory {
		s := newState()
		s.MaxString = 1 << 21
		eval(t, s, "return 1")
		before := heap()
		eval(t, s, m.source)
		if n := heap() - before; n > m.most {
			t.Errorf("%s: %d bytes remain, want at most %d", m.name, n, m.most)
		}
		runtime.KeepAlive(s)
	}
}

// TestMemoryOfCoroutines checks that unreferenced coroutines are freed while
// the program runs.
func TestMemoryOfCoroutines(t *testing.T) {
	s := newState()
	before := heap()
	looks, most, goroutines := 0, 0, runtime.NumGoroutine()
	s.HookSteps = 50000
	s.Hook = func(*Thread) {
		looks++
		most = max(most, heap()-before)
		if n := runtime.NumGoroutine(); n > goroutines {
			t.Errorf("%d goroutines, want %d", n, goroutines)
		}
	}
	if _, err := eval(t, s, memory[0].source); err != nil {
		t.Fatal(err)
	}
	if looks < 3 || most > 5<<20 {
		t.Errorf("up to %d bytes in %d measurements", most, looks)
	}
	s.Hook = nil
	if _, err := eval(t, s, "local t = {} for i = 1, 10000 do local c = coroutine.create(function() coroutine.yield() end) coroutine.resume(c) t[i] = c end kept = t"); err != nil {
		t.Fatal(err)
	}
	if n := (heap() - before) / 10000; n > 2000 {
		t.Errorf("a suspended coroutine takes %d bytes", n)
	}
	runtime.KeepAlive(s)
}

// BenchmarkMemory reports the memory in use after programs, in bytes.
func BenchmarkMemory(b *testing.B) {
	for _, m := range memory {
		b.Run(strings.ReplaceAll(m.name, " ", "-"), func(b *testing.B) {
			left := 0
			for b.Loop() {
				s := newState()
				s.MaxString = 1 << 21
				eval(b, s, "return 1")
				b.StopTimer()
				before := heap()
				b.StartTimer()
				eval(b, s, m.source)
				b.StopTimer()
				left = heap() - before
				runtime.KeepAlive(s)
				b.StartTimer()
			}
			b.ReportMetric(float64(left), "left-bytes")
		})
	}
}

// programs are run by the benchmarks, each for about the same time.
var programs = []struct{ name, source string }{
	{"calls", "local function fib(n) if n < 2 then return n end return fib(n-1) + fib(n-2) end return fib(15)"},
	{"loop", "local n = 0 for i = 1, 10000 do if i % 3 == 0 then n = n + i * 2 else n = n - 1 end end return n"},
	{"table", "local t = {} for i = 1, 2000 do t[i] = {x = i} end local n = 0 for i, v in ipairs(t) do n = n + v.x end for k, v in pairs(t) do n = n + k end return n"},
	{"strings", "local t = {} for i = 1, 300 do t[#t + 1] = ('%d:%s'):format(i, 'x') .. i end return (table.concat(t, ','):gsub('%d+', '#'))"},
	{"coroutine", "local n = 0 for i in coroutine.wrap(function() for i = 1, 2000 do coroutine.yield(i) end end) do n = n + i end return n"},
	{"match", "local n = 0 for i = 1, 200 do if ('key%d = some value'):match('^(%S+)%s*=%s*(.-)$') then n = n + 1 end end return n"},
}

func BenchmarkPrograms(b *testing.B) {
	for _, p := range programs {
		b.Run(p.name, func(b *testing.B) {
			s := newState()
			proto, err := Compile(p.source, "@bench")
			if err != nil {
				b.Fatal(err)
			}
			fn := s.Load(proto)
			b.ReportAllocs()
			for b.Loop() {
				s.Main().Call(fn)
			}
		})
	}
}

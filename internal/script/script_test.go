package script

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/resp-server/resp-server/internal/resp"
)

// fakeHost answers every command with its number of words. Its Interrupt ends
// a script after patience calls.
type fakeHost struct {
	counted  []resp.Error
	patience int
}

func (h *fakeHost) Call(args [][]byte, w *resp.Writer) error {
	if string(args[0]) == "refused" {
		return resp.Error("ERR refused")
	}
	w.Integer(int64(len(args)))
	return nil
}
func (h *fakeHost) MayCall([][]byte) (may, known bool) { return true, true }
func (h *fakeHost) Propagate(int)                      {}
func (h *fakeHost) Log(int, string)                    {}
func (h *fakeHost) Seconds() float64                   { return 0 }
func (h *fakeHost) CountError(e resp.Error)            { h.counted = append(h.counted, e) }
func (h *fakeHost) Interrupt() error {
	if h.patience--; h.patience >= 0 {
		return nil
	}
	return errors.New("Script killed by user with SCRIPT KILL...")
}

func run(in *Interp, h Host, source string, argv ...string) string {
	s, err := Compile([]byte(source))
	if err != nil {
		return "-" + err.Error()
	}
	args := make([][]byte, len(argv))
	for i, a := range argv {
		args[i] = []byte(a)
	}
	w := resp.Writer{Proto: 2}
	if err := in.Run(s, h, nil, args, &w); err != nil {
		return "-" + err.Error()
	}
	return string(w.Buf)
}

func TestRun(t *testing.T) {
	in := New(Options{})
	h := &fakeHost{}
	for _, c := range []struct{ source, want string }{
		{"return redis.call('a', 'b')", ":2\r\n"},
		{"return redis.call('refused')", "-ERR refused script: "},
		{"return redis.pcall('refused').err", "$11\r\nERR refused\r\n"},
		{"while true do end", "-ERR Script killed by user with SCRIPT KILL... script: "},
		{"while true do pcall(function() while true do end end) end", "-ERR Script killed"},
		{"local t = {} t[1] = t return t", strings.Repeat("*1\r\n", 100)},
		{"return {1, {err = 'MINE x'}}", "*2\r\n:1\r\n-MINE x\r\n"},
	} {
		h.patience = 3
		if got := run(in, h, c.source); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %.80q, want %q", c.source, got, c.want)
		}
	}
	if len(h.counted) != 2 {
		t.Errorf("counted %q, want the limit of the stack and MINE", h.counted)
	}
}

// TestEnds runs endless and very long operations that are loops in C. All of
// them must call Interrupt.
func TestEnds(t *testing.T) {
	long := "local long = string.rep('a', 2^20) local many = {} for i = 1, 2^16 do many[i] = i end "
	for _, source := range []string{
		"table.insert({}, -2^31, 'x')",
		long + "while true do table.concat(many) end",
		long + "while true do table.maxn(many) end",
		long + "while true do table.remove(many, 1) table.insert(many, 1, 1) end",
		long + "while true do table.sort(many) end",
		long + "while true do unpack(many, 1, 7000) end",
		long + "for k in pairs(many) do many[k] = nil end while true do next(many) end",
		"while true do string.rep('x', 2^25) end",
		long + "while true do long:upper() end",
		long + "while true do long:reverse() end",
		long + "while true do local x = long .. 'x' end",
		long + "while true do local x = long == long:sub(1, -2) .. 'b' end",
		long + "while true do local x = long < long:sub(1, -2) .. 'b' end",
		long + "while true do long:find('b', 1, true) end",
		long + "while true do tonumber(long) end",
		long + "while true do local x = pcall(function() return long + 1 end) end",
		long + "return long:find('.-.-.-b')",
		long + "return long:find('(a*)*b')",
		long + "return long:gsub('a*a*a*b', '')",
		long + "return long:match('[' .. long .. ']*b')",
		long + "for x in long:gmatch('.-.-b') do end",
		long + "while true do long:gsub('%bab', '', 1) end",
		long + "return long:gsub('a', '%0')",
		long + "while true do string.format('%s %q', long, long) end",
		long + "while true do loadstring('return ' .. string.rep('a ', 2^16)) end",
		long + "while true do loadstring('--' .. long) end",
		long + "while true do pcall(error, long) end",
		long + "while true do cjson.encode(many) end",
		long + "while true do cjson.encode(long) end",
		"cjson.encode_sparse_array(true, 0) return cjson.encode({[2^31 - 1] = 1})",
		"local t = {1} for i = 1, 900 do t = {t, t} end return cjson.encode(t)",
		long + "local s = cjson.encode(many) while true do cjson.decode(s) end",
		long + "local s = cjson.encode(long) while true do cjson.decode(s) end",
		long + "while true do cmsgpack.pack(many) end",
		long + "while true do cmsgpack.pack(long) end",
		long + "local s = cmsgpack.pack(many) while true do cmsgpack.unpack(s) end",
		"local t = {} for i = 1, 2^14 do t[i] = t end return cmsgpack.pack(t)",
		long + "while true do struct.pack(string.rep('x', 2^20)) end",
		long + "while true do struct.size(string.rep('b', 2^20)) end",
		long + "while true do struct.unpack('s', long .. '\\0') end",
		long + "while true do redis.sha1hex(long) end",
		long + "while true do redis.call('x', long) end",
		long + "while true do redis.log(redis.LOG_DEBUG, long) end",
		"while true do redis.call('x') end",
		"local t = {} t[1] = t t[2] = t return t",
		"local t = {} t.map = {[1] = t, [2] = t} return t",
	} {
		in := New(Options{MaxString: 1 << 28})
		began := time.Now()
		got := run(in, &fakeHost{patience: 15}, source)
		if !strings.HasPrefix(got, "-ERR Script killed") {
			t.Errorf("%s: %.80q", source[strings.LastIndex(source, "end ")+1:], got)
		}
		if d := time.Since(began); d > 10*time.Second {
			t.Errorf("%s: ended after %v", source, d)
		} else if d > 300*time.Millisecond {
			t.Logf("%s: ended after %v", source, d)
		}
	}
}

// TestTooLarge exceeds the limit for strings.
func TestTooLarge(t *testing.T) {
	in := New(Options{MaxString: 1 << 20})
	for _, source := range []string{
		"return string.rep('x', 2^31 - 1)",
		"return string.rep(string.rep('x', 2^20), 2^31 - 1)",
		"return string.rep('x', 2^20) .. 'y'",
		"return table.concat({string.rep('x', 2^20), 'y'})",
		"return string.format('%s%s', string.rep('x', 2^20), 'y' .. string.rep('x', 100))",
		"return string.gsub(string.rep('x', 2^10), 'x', string.rep('y', 2^11))",
		"local t = {} for i = 1, 2^10 do t[i] = string.rep('x', 2^11) end return cjson.encode(t)",
		"local t = {} for i = 1, 2^10 do t[i] = string.rep('x', 2^11) end return cmsgpack.pack(t)",
		"local t = {} for i = 1, 2^10 do t[i] = string.rep('x', 2^11) end return struct.pack(string.rep('s', 2^10), unpack(t))",
		"local t = {} for i = 1, 2^10 do t[i] = string.rep('x', 2^11) end return redis.call(unpack(t))",
		"local t = {} for i = 1, 2^10 do t[i] = string.rep('x', 2^11) end return redis.log(redis.LOG_DEBUG, unpack(t))",
		"return load(function() return string.rep('x', 2^19) end)",
	} {
		if got := run(in, &fakeHost{patience: 1e9}, source); !strings.HasPrefix(got, "-ERR not enough memory") {
			t.Errorf("%s: %.80q", source, got)
		}
	}
}

// decoders are scripts that decode the fuzzed argument.
var decoders = []string{
	"return cjson.encode(cjson.decode(ARGV[1]))",
	"return cmsgpack.pack(cmsgpack.unpack(ARGV[1]))",
	"return {cmsgpack.unpack_limit(ARGV[1], 3)}",
	"return {struct.unpack(ARGV[1], ARGV[1] .. string.rep('\\1', 100))}",
	"return {struct.pack(ARGV[1], 1, 2, 'abc', 4)}",
	"return string.format(ARGV[1], 1, 2, 3, 4)",
	"return {string.find('hello world', ARGV[1])}",
	"return {string.gsub('hello world', ARGV[1], ARGV[1])}",
	"return {tonumber(ARGV[1])}",
}

func FuzzDecoders(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5e3,null,"\u00e9"]}`, "[[[1]]]", "\x93\x01\xa1x\xc0", "\x82\xa1a\x01\xa1b\x02", ">i4!8dc0s", "bHl", "%5.2f%q%x", "(%w+)%1", "[^a-z]-$", "0x1p4"} {
		f.Add(s)
	}
	in := New(Options{MaxString: 1 << 20})
	f.Fuzz(func(t *testing.T, data string) {
		for _, d := range decoders {
			run(in, &fakeHost{}, d, data)
		}
	})
}

func BenchmarkCall(b *testing.B) {
	in := New(Options{})
	s, _ := Compile([]byte("return redis.call('GET', KEYS[1])"))
	keys := [][]byte{[]byte("key")}
	w := resp.Writer{Proto: 2}
	h := &fakeHost{patience: math.MaxInt}
	b.ReportAllocs()
	for b.Loop() {
		w.Buf = w.Buf[:0]
		in.Run(s, h, keys, nil, &w)
	}
}

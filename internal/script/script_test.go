package script

import (
	"errors"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/resp"
)

// fakeHost answers every command with the number of its words.
type fakeHost struct{ counted []resp.Error }

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
	in := New(Options{Version: "7.4.1"})
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
		if got := run(in, h, c.source); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %.80q, want %q", c.source, got, c.want)
		}
	}
	if len(h.counted) != 2 {
		t.Errorf("counted %q, want the limit of the stack and MINE", h.counted)
	}
}

// decoders are scripts that read the argument that is fuzzed.
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
	in := New(Options{Version: "7.4.1", MaxString: 1 << 20})
	f.Fuzz(func(t *testing.T, data string) {
		for _, d := range decoders {
			run(in, &fakeHost{}, d, data)
		}
	})
}

func BenchmarkCall(b *testing.B) {
	in := New(Options{Version: "7.4.1"})
	s, _ := Compile([]byte("return redis.call('GET', KEYS[1])"))
	keys := [][]byte{[]byte("key")}
	w := resp.Writer{Proto: 2}
	h := &fakeHost{}
	b.ReportAllocs()
	for b.Loop() {
		w.Buf = w.Buf[:0]
		in.Run(s, h, keys, nil, &w)
	}
}

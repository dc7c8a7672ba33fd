package rdb

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
)

var (
	record    = flag.String("record", "", "record testdata: comma-separated name=program of servers")
	reference = flag.String("reference", "", "with -record: the 7.4 server that says what the files hold")
)

// step is a command for servers from a version on, to fill a file.
type step struct{ since, command string }

var long = strings.Repeat("a long value that compresses ", 8)

// steps create a value of each type in each encoding.
var steps = []step{
	{"2", "SET string hello"}, {"2", "SET empty \"\""}, {"2", "SET int8 -12"}, {"2", "SET int16 1234"}, {"2", "SET int32 -1234567"},
	{"2", "SET int64 12345678901234"}, {"2", "SET notint 0123"}, {"2", "SET long LONG"},
	{"2", "SET expires soon"}, {"2", "EXPIREAT expires 2147480000"}, {"2", "SET 12345 integer-key"},
	{"2.6", "SET pexpires soon"}, {"2.6", "PEXPIREAT pexpires 33177117420123"},
	{"2", "RPUSH list a b 1 -1 70000 5000000000 -9000000000 12 13 127 128 200000 -9000000 4095 -4096 LONG"},
	{"2", "RPUSH biglist MANY"}, {"2", "RPUSH hugelist x HUGE y"},
	{"2", "SADD intset16 1 2 -3"}, {"2", "SADD intset32 1 70000 -70000"}, {"2", "SADD intset64 1 5000000000"},
	{"2", "SADD set a b 3 LONG"}, {"2", "SADD bigset MANY"},
	{"2", "ZADD zset 1 a 2.5 b -3 c 1e100 d inf e -inf f 3 LONG"}, {"2", "ZADD zsetlong 1.5 HUGE 3 x inf y -inf z 1e300 w"},
	{"2", "HSET hash f v"}, {"2", "HSET hash n 12"}, {"2", "HSET hash long LONG"}, {"2", "HSET bighash f HUGE"}, {"2", "HSET bighash n 5"},
	{"2", "HSET hash2 f v"}, {"2", "HSET hash2 f longer-value"}, {"2", "HSET hash2 f short"}, {"2", "HSET hash2 g v"},
	{"5", "XADD stream 1-1 a 1 b 2"}, {"5", "XADD stream 1-2 a 3 b 4"}, {"5", "XADD stream 2-0 c 5"}, {"5", "XADD stream 3-7 a LONG b 6"},
	{"5", "XADD stream 9-0 z z"}, {"5", "XDEL stream 1-2"},
	{"5", "XGROUP CREATE stream g1 0"}, {"5", "XGROUP CREATE stream g2 2-0"}, {"5", "XGROUP CREATE stream g3 $"}, {"5", "XGROUP CREATE stream g4 2-5"},
	{"5", "XREADGROUP GROUP g1 alice COUNT 2 STREAMS stream >"}, {"5", "XREADGROUP GROUP g1 bob COUNT 1 STREAMS stream >"},
	{"5", "XREADGROUP GROUP g1 alice STREAMS stream 0"}, {"6.2", "XGROUP CREATECONSUMER stream g1 carol"},
	{"5", "XADD emptystream 5-5 a b"}, {"5", "XDEL emptystream 5-5"}, {"5", "XGROUP CREATE emptystream g 0"},
	{"5", "XADD trimmed 1-1 a b"}, {"5", "XADD trimmed 2-1 a b"}, {"5", "XGROUP CREATE trimmed before 0-5"}, {"5", "XGROUP CREATE trimmed first 1-1"},
	{"7", "FUNCTION LOAD #!lua_name=lib\nredis.register_function('f',function()_return_1_end)"},
	{"7.4", "HSET ttlhash a 1 b 2 c 3"}, {"7.4", "HPEXPIREAT ttlhash 33177117420001 FIELDS 1 c"}, {"7.4", "HPEXPIREAT ttlhash 33177117420123 FIELDS 1 b"},
	{"7.4", "HSET bigttlhash a HUGE b 2 c 3"}, {"7.4", "HPEXPIREAT bigttlhash 33177117420001 FIELDS 1 c"}, {"7.4", "HPEXPIREAT bigttlhash 33177117420123 FIELDS 1 b"},
	{"2", "SELECT 3"}, {"2", "SET other database"},
}

func (s step) args() []string {
	many := make([]string, 140)
	for i := range many {
		many[i] = "element:" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + strings.Repeat("y", i/26)
	}
	var args []string
	for _, w := range strings.Fields(s.command) {
		switch w {
		case "LONG":
			w = long[:60]
			if strings.HasPrefix(s.command, "SET") {
				w = long
			}
		case "HUGE":
			w = strings.Repeat(long, 50)
		case "MANY":
			args = append(args, many...)
			continue
		case `""`:
			w = ""
		}
		if strings.HasPrefix(w, "#!lua") || strings.HasPrefix(w, "redis.") {
			w = strings.ReplaceAll(w, "_", " ")
			w = strings.ReplaceAll(w, "register function", "register_function")
			if strings.HasPrefix(w, "redis.") {
				args[len(args)-1] += "\n" + w
				continue
			}
		}
		args = append(args, w)
	}
	return args
}

// TestRecord records testdata again: each server fills and saves a file, and
// the reference server reports its contents.
func TestRecord(t *testing.T) {
	if *record == "" {
		t.Skip("only with -record")
	}
	for _, pair := range strings.Split(*record, ",") {
		name, program, _ := strings.Cut(pair, "=")
		t.Run(name, func(t *testing.T) {
			version := name[strings.LastIndexByte(name, '-')+1:]
			if strings.HasPrefix(name, "valkey") {
				version = "7.2"
			}
			dir := t.TempDir()
			s := startServer(t, program, dir)
			for _, step := range steps {
				if step.since > version {
					continue
				}
				args := step.args()
				if version < "2.5" && len(args) > 3 && (args[0] == "RPUSH" || args[0] == "SADD" || args[0] == "ZADD") {
					// Add one element per command.
					n := 1
					if args[0] == "ZADD" {
						n = 2
					}
					for el := range slices.Chunk(args[2:], n) {
						s.do(append(args[:2:2], el...)...)
					}
					continue
				}
				s.do(args...)
			}
			s.do("SAVE")
			file, err := os.ReadFile(filepath.Join(dir, "dump.rdb"))
			if err != nil {
				t.Fatal(err)
			}
			other := t.TempDir()
			if err := os.WriteFile(filepath.Join(other, "dump.rdb"), file, 0o600); err != nil {
				t.Fatal(err)
			}
			contents := startServer(t, *reference, other, "--save", "").contents()
			for suffix, data := range map[string][]byte{".rdb": file, ".txt": []byte(contents)} {
				if err := os.WriteFile(filepath.Join("testdata", name+suffix), data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// collector is a Handler that renders entries and writes them again.
type collector struct {
	keys      []string
	functions int
	w         *Writer
}

func (c *collector) Aux(key, value []byte) error { return c.w.Aux(string(key), string(value)) }
func (c *collector) DB(n int) error              { return c.w.DB(n) }
func (c *collector) Resize(keys, expires uint64) error {
	return c.w.Resize(int(keys), int(expires))
}
func (c *collector) Function(code []byte) error {
	c.functions++
	return c.w.Function(code)
}
func (c *collector) Entry(e *Entry) error {
	c.keys = append(c.keys, render(e))
	return c.w.Entry(e)
}

func (c *collector) contents() string {
	sort.Strings(c.keys)
	return strings.Join(c.keys, "")
}

// read reads a file, writes it again and returns the new file.
func read(t *testing.T, file []byte, version int) (*collector, []byte) {
	t.Helper()
	var out bytes.Buffer
	c := &collector{w: NewWriter(&out, WriterOptions{Encoding: Encoding{Version: version}})}
	if err := NewReader(bytes.NewReader(file), Options{}).Read(c); err != nil {
		t.Fatal(err)
	}
	if err := c.w.Close(); err != nil {
		t.Fatal(err)
	}
	return c, out.Bytes()
}

func goldenFiles(t testing.TB) []string {
	files, err := filepath.Glob("testdata/*.rdb")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in testdata: %v", err)
	}
	return files
}

// TestGolden reads files of real servers and compares their contents with the
// recorded ones. It writes the files again and reads the result.
func TestGolden(t *testing.T) {
	for _, path := range goldenFiles(t) {
		name := strings.TrimSuffix(filepath.Base(path), ".rdb")
		t.Run(name, func(t *testing.T) {
			file, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(strings.TrimSuffix(path, ".rdb") + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			version := int(file[7]-'0')*10 + int(file[8]-'0')
			c, again := read(t, file, max(version, OldestWritten))
			if got := c.contents(); got != string(want) {
				t.Errorf("contents differ: %s", difference(got, string(want)))
			}
			// Files of supported versions must be written byte for byte the same.
			if version >= OldestWritten && !bytes.Equal(again, file) {
				t.Errorf("written again: %d bytes instead of %d, first difference at %d:\n%q\n%q", len(again), len(file), prefix(again, file),
					again[prefix(again, file)-20:][:60], file[prefix(again, file)-20:][:60])
			}
			c2, _ := read(t, again, 12)
			if got := c2.contents(); got != string(want) {
				t.Errorf("contents differ after writing: %s", difference(got, string(want)))
			}
			if c2.functions != c.functions {
				t.Errorf("%d functions became %d", c.functions, c2.functions)
			}
		})
	}
}

func prefix(a, b []byte) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// difference describes the first line that differs.
func difference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range g {
		if i >= len(w) || g[i] != w[i] {
			if i >= len(w) {
				return "more than wanted: " + g[i]
			}
			return "\n got " + g[i] + "\nwant " + w[i]
		}
	}
	return "less than wanted"
}

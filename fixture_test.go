package respserver

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/linediff"
	"github.com/resp-server/resp-server/internal/value"
)

func allDigest(s *Server) (d value.Digest) {
	s.engine.Run(func(c *engine.Core) { d = c.Keyspace.Digest() })
	return d
}

func loaded(t *testing.T, data string) *TestServer {
	t.Helper()
	s := StartTest(t)
	if err := s.Load(strings.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	return s
}

// sameData compares a server with the servers that its dumps make.
func sameData(t *testing.T, s *Server) {
	t.Helper()
	for _, dump := range []func(*Server) string{(*Server).Dump, (*Server).DumpJSON} {
		copied := loaded(t, dump(s))
		if allDigest(copied.Server) != allDigest(s) {
			t.Errorf("the digest changed by way of\n%.200s", dump(s))
		}
		if a, b := s.Dump(), copied.Dump(); a != b {
			t.Errorf("%.2000s", linediff.Show(lines(a), lines(b)))
		}
		if a, b := s.DumpJSON(), copied.DumpJSON(); a != b {
			t.Errorf("%.2000s", linediff.Show(lines(a), lines(b)))
		}
	}
}

// TestDumpRoundTrip loads the files of eight servers.
func TestDumpRoundTrip(t *testing.T) {
	t.Parallel()
	for _, path := range recordedFiles(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			file, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			file, _ = loadable(t, file)
			s := loaded(t, string(file))
			if s.Must("DBSIZE").Int() == 0 {
				t.Error("nothing was loaded")
			}
			sameData(t, s.Server)
		})
	}
}

// TestDumpBinary uses every byte in keys, elements, fields, members, groups and
// consumers.
func TestDumpBinary(t *testing.T) {
	t.Parallel()
	s := StartTest(t)
	r := rand.New(rand.NewPCG(1, 2))
	words := []string{"", " ", "#", "'", `"`, `\`, "\x00", "\xff", "é", "e\u0301", "\u2028", "\u0085", "\r\n", "base64:", "base64:YQ==", "<&>", "10", "a b", "{", "*1"}
	for range 60 {
		b := make([]byte, r.IntN(20))
		for i := range b {
			b[i] = byte(r.UintN(256))
		}
		words = append(words, string(b))
	}
	for i, w := range words {
		s.Must("SELECT", i%3)
		s.Must("SET", "string"+w, w)
		s.Must("RPUSH", "list", w)
		s.Must("SADD", "set"+w, w, "x")
		s.Must("HSET", "hash", w, w)
		s.Must("ZADD", "zset", float64(i)/7, w)
		s.Must("XADD", "stream", fmt.Sprintf("%d-1", i+1), w, w)
		s.Do(t.Context(), "XGROUP", "CREATE", "stream", "g"+w, "0")
		s.Must("XREADGROUP", "GROUP", "g"+w, w, "COUNT", 2, "STREAMS", "stream", ">")
	}
	s.Must("ZADD", "infinite", "inf", "a", "-inf", "b")
	s.Must("HPEXPIRE", "hash", 100000, "FIELDS", 2, "10", "")
	s.Must("XGROUP", "CREATE", "empty", "g", "$", "MKSTREAM")
	s.Must("XDEL", "stream", "2-1") // deletes a pending entry
	s.Must("PFADD", "hll", "a", "b")
	s.Must("FUNCTION", "LOAD", "#!lua name=l\nredis.register_function('f', function() return 1 end)")
	sameData(t, s.Server)
	if !strings.Contains(s.Dump(), "é") {
		t.Error("the dump escapes printable text")
	}
}

// TestDumpIntoCLI feeds the output of Dump to redis-cli.
func TestDumpIntoCLI(t *testing.T) {
	t.Parallel()
	cli := redisCLI(t)
	s, to := StartTest(t), StartTest(t)
	for i := range 256 {
		s.Must("SET", "k"+string([]byte{byte(i)}), []byte{'v', byte(i), '\\', byte(i)})
	}
	_, port, _ := strings.Cut(to.Addr(), ":")
	cmd := exec.Command(cli, "-p", port)
	cmd.Stdin = strings.NewReader(s.Dump())
	if out, err := cmd.CombinedOutput(); err != nil || bytes.Contains(out, []byte("rror")) {
		t.Fatalf("%v: %s", err, out)
	}
	if allDigest(to.Server) != allDigest(s.Server) {
		t.Error("redis-cli made other data")
	}
}

func TestLoadText(t *testing.T) {
	t.Parallel()
	s := loaded(t, "\n# a comment\r\n  SET a \"\\x41\\n\"\r\n3 INCR n\nSELECT 2\nSET b 'it\\'s'\nMULTI\nINCR n\nEXEC")
	s.Want("A\n", "GET", "a")
	s.Want("3", "GET", "n")
	s.Want("data", "PING", "data")
	s.Want("SELECT 2\nSET b it's\nSET n 1\n", "EVAL", "return ARGV[1]", 0, strings.ReplaceAll(s.Dump()[strings.Index(s.Dump(), "SELECT"):], `"`, ""))
	for _, c := range []struct{ data, text string }{
		{"SET a", "line 1: SET a: ERR wrong number of arguments for 'set' command"},
		{"PING\nSET a \"x", "line 2: a quote is not closed"},
		{"NONE", "line 1: NONE: ERR unknown command 'NONE'"},
		{`{"databases": {"0": {"k": {"type": "lst", "value": []}}}}`, `database 0, key "k": "lst" is no type`},
		{`{"databases": {"0": {"k": {"typ": "list"}}}}`, `unknown field "typ"`},
		{`{"databases": {"0": {"k": {"type": "list", "value": {}}}}}`, "cannot unmarshal object"},
		{`{"databases": {"99": {}}}`, "database 99: ERR DB index is out of range"},
		{"{\n\"databases\": }", "line 2: invalid character"},
		{`{"databases": {"0": {"base64:?": "x"}}}`, "illegal base64"},
		{"REDIS0011\xfa", "unexpected"},
	} {
		err := StartTest(t).Load(strings.NewReader(c.data))
		if err == nil || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%q: %v, not %s", c.data, err, c.text)
		}
	}
}

// TestLoadReplaces: RDB and JSON files replace keys, commands change them.
func TestLoadReplaces(t *testing.T) {
	t.Parallel()
	s := StartTest(t)
	s.Must("RPUSH", "l", "a")
	s.Must("SET", "other", "x")
	dump := s.DumpJSON()
	for range 2 {
		s.Want("OK", "TESTING", "LOAD", dump)
	}
	s.Want([]string{"a"}, "LRANGE", "l", 0, -1)
	s.Want(dump, "TESTING", "DUMP", "json")
	s.Want(s.Dump(), "TESTING", "DUMP")
	s.Want(Error("ERR syntax error"), "TESTING", "DUMP", "xml")
	s.Want(Error("ERR wrong number of arguments for 'testing|dump' command"), "TESTING", "DUMP", "text", "x")
	s.Want("OK", "TESTING", "LOAD", "RPUSH l b\n")
	s.Want([]string{"a", "b"}, "LRANGE", "l", 0, -1)
}

// failure is a Tester that keeps the failure message.
type failure struct{ text string }

func (f *failure) Helper()        {}
func (f *failure) Cleanup(func()) {}
func (f *failure) Fatalf(format string, args ...any) {
	if f.text == "" {
		f.text = fmt.Sprintf(format, args...)
	}
}

func TestGolden(t *testing.T) {
	s := StartTest(t)
	s.Must("HSET", "h", "a", 1, "b", 2, "c", 3)
	dir := t.TempDir()
	for _, name := range []string{"new/data.txt", "new/data.json"} {
		file := filepath.Join(dir, name)
		var f failure
		if s.Golden(&f, file); !strings.Contains(f.text, "RESP_SERVER_UPDATE=1 writes it") {
			t.Error(f.text)
		}
		t.Setenv("RESP_SERVER_UPDATE", "1")
		s.Golden(t, file)
		t.Setenv("RESP_SERVER_UPDATE", "")
		s.Golden(t, file)
	}
	s.Must("HSET", "h", "b", 4)
	var f failure
	s.Golden(&f, filepath.Join(dir, "new/data.txt"))
	if _, diff, _ := strings.Cut(f.text, "\n"); diff != "- wanted, + got:\n  HSET h a 1\n- HSET h b 2\n+ HSET h b 4\n  HSET h c 3" {
		t.Error(f.text)
	}
}

func TestWant(t *testing.T) {
	t.Parallel()
	s := StartTest(t)
	s.Must("HSET", "h", "f", 1, "g", 2)
	s.Must("RPUSH", "l", "a", "b")
	s.Must("SADD", "s", "y", "x", "z")
	s.Must("ZADD", "z", 1.5, "m")
	s.Want(nil, "GET", "none")
	s.Want("OK", "SET", "k", "v")
	s.Want(1, "EXISTS", "k")
	s.Want(1.5, "ZSCORE", "z", "m")
	s.Want(AnyOrder{"x", "y", "z"}, "SMEMBERS", "s")
	s.Want(AnyOrder{"h", "k", "l", "s", "z"}, "KEYS", "*")
	s.Want([]any{"a", "b"}, "LRANGE", "l", 0, -1)
	s.Want([]any{1, nil, "v", []string{"b"}}, "EVAL", "return {1, redis.call('get', 'none'), redis.call('get', 'k'), {'b'}}", 0)
	s.Want(map[string]any{"m": 1.5}, "ZRANGE", "z", 0, -1, "WITHSCORES")
	s.Want(map[string]string{}, "HGETALL", "none")
	s.Want(Error("WRONGTYPE"), "GET", "l")
	s.Want(s.Must("HGETALL", "h"), "HGETALL", "h")
	for _, c := range []struct {
		want any
		args []any
		diff string
	}{
		{"1", []any{"EXISTS", "k"}, "- \"1\"\n+ (integer) 1"},
		{Error("ERR"), []any{"GET", "l"}, "- (error) ERR\n+ (error) WRONGTYPE Operation against a key holding the wrong kind of value"},
		{map[string]string{"f": "1", "g": "3"}, []any{"HGETALL", "h"}, "  \"f\" => \"1\"\n- \"g\" => \"3\"\n+ \"g\" => \"2\""},
		{[]string{"a"}, []any{"LRANGE", "l", 0, -1}, "  1) \"a\"\n+ 2) \"b\""},
		{nil, []any{"LRANGE", "none", 0, -1}, "- (nil)\n+ (empty)"},
	} {
		var f failure
		(&TestServer{Server: s.Server, t: &f}).Want(c.want, c.args...)
		if got := strings.SplitN(f.text, "\n", 3); len(got) < 3 || got[2] != c.diff {
			t.Errorf("%v: %s", c.args, f.text)
		}
	}
}

func TestOptionsLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var files []string
	for i, data := range []string{"SET a 1\n", `{"databases": {"0": {"b": 2}}}`} {
		file := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(file, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	s := StartTest(t, Options{Load: files})
	s.Must("FLUSHALL")
	if err := s.Reset(); err != nil {
		t.Fatal(err)
	}
	s.Want(AnyOrder{"a", "b"}, "KEYS", "*")
	f := s.Fork(t)
	f.Must("DEL", "a")
	f.Want([]string{"b"}, "KEYS", "*")
	if _, err := Start(Options{Load: slices.Insert(files, 0, filepath.Join(dir, "none"))}); err == nil {
		t.Error("MustLoad of a missing file did not fail")
	}
}

// redisCLI returns the path of redis-cli. Without one it skips the test, or fails
// it where comparisons with real programs are required.
func redisCLI(t *testing.T) string {
	t.Helper()
	cli, err := exec.LookPath("redis-cli")
	switch {
	case err == nil:
	case os.Getenv("RESPSERVER_NEED_REDIS") != "":
		t.Fatal(err)
	default:
		t.Skip("no redis-cli on PATH")
	}
	return cli
}

// TestLoadEnds: nothing in a fixture waits for somebody, ends the server, or stays
// undone without an error.
func TestLoadEnds(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		"RPUSH l a\nBLPOP l 0\nBLPOP l 0\nSET k v\n":                                                         "",
		"SET k v\nXREAD BLOCK 0 STREAMS s $\n":                                                               "",
		"SET k v\nSHUTDOWN NOSAVE\n":                                                                         "line 2: SHUTDOWN NOSAVE: this command does not belong into a fixture",
		"SET k v\ntesting reset\n":                                                                           "line 2: testing reset: this command does not belong into a fixture",
		"SET k v\nMULTI\nSET k w\n":                                                                          "the commands end within a transaction",
		"MULTI\nSET k v\nEXEC\n":                                                                             "",
		`{"databases": {"0": {"k": "v", "n": null}}}`:                                                        `database 0, key "n": null is neither a string nor a number`,
		`{"databases": {"0": {"k": "v", "n": {"type": "list", "value": null}}}}`:                             `database 0, key "n": there is no value`,
		`{"databases": {"0": {"k": "v", "n": {"type": "list", "value": ["a", null]}}}}`:                      `database 0, key "n": null is neither a string nor a number`,
		`{"databases": {"0": {"k": "v", "n": {"type": "string", "value": "x", "ttl": 0}}}}`:                  `database 0, key "n": a ttl is above 0, not 0`,
		`{"databases": {"0": {"k": "v", "n": {"type": "hash", "value": {"f": {"value": "x", "ttl": -1}}}}}}`: `database 0, key "n": a ttl is above 0, not -1`,
	} {
		s := StartTest(t)
		err := s.Load(strings.NewReader(data))
		if got := strings.TrimPrefix(fmt.Sprint(err), "respserver: loading: "); err != nil && got != want || err == nil && want != "" {
			t.Errorf("%q: %v, want %q", data, err, want)
		}
		s.Want("v", "GET", "k")
	}
}

package respserver

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/oracle"
	"github.com/resp-server/resp-server/internal/rdb"
	"github.com/resp-server/resp-server/internal/snapshot"
)

// realServer starts a real server in a directory, with options, or skips the
// test if there is none on PATH.
func realServer(t *testing.T, dir string, options ...string) *oracle.Conn {
	t.Helper()
	socket := oracle.Start(t, oracle.Program(t, "redis-server"), dir, append([]string{"--save", ""}, options...)...)
	c, err := oracle.DialUnix(socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func ask(t *testing.T, c *oracle.Conn, words ...string) string {
	t.Helper()
	r, err := c.Do(words...)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(r)
}

// fill sends the same random writes of all types to both servers, and returns the
// keys. It leaves out commands that one of them lacks.
func fill(t *testing.T, s *Server, c *oracle.Conn, seed uint64) (keys []string) {
	rng := rand.New(rand.NewPCG(seed, 0))
	word := func() string {
		switch rng.IntN(4) {
		case 0:
			return fmt.Sprint(rng.Int64() >> rng.IntN(64))
		case 1:
			return strings.Repeat("compress ", rng.IntN(60))
		}
		b := make([]byte, 1+rng.IntN(30))
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		return string(b)
	}
	for i := range 120 {
		var command []string
		key := fmt.Sprint("key", i)
		switch rng.IntN(6) {
		case 0:
			command = []string{"SET", key, word()}
		case 1:
			command = []string{"RPUSH", key}
		case 2:
			command = []string{"SADD", key}
		case 3:
			command = []string{"ZADD", key}
		case 4:
			command = []string{"HSET", key}
		case 5:
			command = []string{"XADD", key, fmt.Sprint(i+1, "-1")}
		}
		if command[0] != "SET" {
			for range 1 + rng.IntN(200) {
				switch command[0] {
				case "RPUSH", "SADD":
					command = append(command, word())
				case "ZADD":
					command = append(command, fmt.Sprint(rng.IntN(1000)), word())
				default:
					command = append(command, word(), word())
				}
			}
		}
		if strings.HasPrefix(say(t, s, command...), "ERR unknown command") {
			continue
		}
		ask(t, c, command...)
		keys = append(keys, key)
	}
	return keys
}

// TestWithRealServer: the payloads and files of a real server load here with the
// same data.
func TestWithRealServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := realServer(t, dir)
	s := start(t, Options{})
	keys := fill(t, s, c, 1)
	want := digest(s.engine.Snapshot(), 0)

	two := start(t, Options{})
	for _, k := range keys {
		expect(t, two, "OK", "RESTORE", k, "0", ask(t, c, "DUMP", k))
	}
	compare(t, "RESTORE of what it dumped", digest(two.engine.Snapshot(), 0), want)

	if got := ask(t, c, "SAVE"); got != "OK" {
		t.Fatal(got)
	}
	compare(t, "its file", digest(start(t, Options{Dir: dir}).engine.Snapshot(), 0), want)
}

// TestToRealServer: our payloads and files load in a real server with the same
// data. They have the oldest version, which all servers read.
func TestToRealServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := realServer(t, t.TempDir())
	s := start(t, Options{})
	keys := fill(t, s, c, 2)
	ask(t, c, "FLUSHALL")
	want := digest(s.engine.Snapshot(), 0)
	old := rdb.Encoding{Version: rdb.OldestWritten}

	dumper := snapshot.Dumper{Encoding: old}
	for e := range s.engine.Snapshot().DB(0).All {
		payload, err := dumper.Dump(e)
		if err != nil {
			t.Fatal(err)
		}
		if got := ask(t, c, "RESTORE", string(e.Key()), "0", string(payload)); got != "OK" {
			t.Fatalf("RESTORE of %q in the real server: %s", e.Key(), got)
		}
	}
	back := func(c *oracle.Conn) []string {
		two := start(t, Options{})
		for _, k := range keys {
			expect(t, two, "OK", "RESTORE", k, "0", ask(t, c, "DUMP", k))
		}
		return digest(two.engine.Snapshot(), 0)
	}
	compare(t, "RESTORE there", back(c), want)

	f, err := os.Create(filepath.Join(dir, "dump.rdb"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	o := snapshot.SaveOptions{WriterOptions: rdb.WriterOptions{Encoding: old}, Server: RedisVersion}
	if err := snapshot.Save(f, s.engine.Snapshot(), o); err != nil {
		t.Fatal(err)
	}
	compare(t, "our file there", back(realServer(t, dir)), want)
}

func compare(t *testing.T, what string, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d keys, want %d", what, len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if g, w := withoutUse(got[i]), withoutUse(want[i]); g != w {
			t.Fatalf("%s:\n got %.300s\nwant %.300s", what, g, w)
		}
	}
}

// withoutUse removes the access time.
func withoutUse(s string) string {
	i, j := strings.Index(s, " used "), strings.Index(s, ": ")
	return s[:i] + s[j:]
}

// TestDefaultsAsReal compares the defaults of all settings that both servers have.
// TestSettings makes sure that we have all settings of Redis 7.4.
func TestDefaultsAsReal(t *testing.T) {
	t.Parallel()
	other := map[string]string{
		"bind":       "a server in a test listens on the loopback interface",
		"port":       "a free one; the real server has none here",
		"dir":        "no file is touched unless it is set",
		"unixsocket": "the real server's way in here",
	}
	r, err := realServer(t, t.TempDir()).Do("CONFIG", "GET", "*")
	if err != nil {
		t.Fatal(err)
	}
	ours := StartTest(t, Options{NoListen: true}).Must("CONFIG", "GET", "*").Map()
	list := r.([]any)
	for i := 0; i < len(list); i += 2 {
		name, want := list[i].(string), list[i+1].(string)
		if got, ok := ours[name]; ok && other[name] == "" && got.Str != want {
			t.Errorf("%s is %q, on the real server %q", name, got.Str, want)
		}
	}
}

package respserver

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/resp-server/resp-server/internal/aof"
	"github.com/resp-server/resp-server/internal/snapshot"
)

// dataOf is the digest of a server without streams: recreated stream nodes lack
// deleted entries.
func dataOf(s *Server) []string {
	return slices.DeleteFunc(digest(s.engine.Snapshot(), 0), func(l string) bool { return strings.Contains(l, ": stream [") })
}

// reply returns a whole reply as text, without what depends on the nodes of a
// stream.
func reply(t *testing.T, s *Server, words []string) string {
	t.Helper()
	args := make([]any, len(words))
	for i, w := range words {
		args[i] = w
	}
	r, err := s.Do(context.Background(), args...)
	if err != nil {
		t.Fatal(err)
	}
	return idle.ReplaceAllString(fmt.Sprint(r), "")
}

var idle = regexp.MustCompile(`radix-tree-(keys|nodes) \d+|(?m)^.*idle.*$`)

// perKey returns the commands of a file by key, in a form for comparisons: the
// elements of unordered types are sorted, after the sizes of the commands.
func perKey(t *testing.T, file []byte) map[string][]string {
	t.Helper()
	commands := map[string][]string{}
	elements := map[string][]string{}
	r := aof.NewReader(bytes.NewReader(file), 0)
	for {
		args, _, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		width := map[string]int{"SADD": 1, "ZADD": 2, "HMSET": 2}[string(args[0])]
		key := string(args[1])
		if string(args[0]) == "XGROUP" {
			key = string(args[2])
		}
		if width == 0 {
			commands[key] = append(commands[key], fmt.Sprintf("%q", args))
			continue
		}
		commands[key] = append(commands[key], fmt.Sprintf("%s of %d", args[0], len(args)))
		for rest := args[2:]; len(rest) > 0; rest = rest[width:] {
			if score, err := strconv.ParseFloat(string(rest[0]), 64); err == nil && args[0][0] == 'Z' {
				rest[0] = fmt.Append(nil, score) // Redis 7.0 prints scores differently
			}
			elements[key] = append(elements[key], fmt.Sprintf("%q", rest[:width]))
		}
	}
	for key, list := range elements {
		slices.Sort(list)
		commands[key] = append(commands[key], list...)
	}
	return commands
}

// replay runs the commands of a file; an error fails the test.
func replay(t *testing.T, s *Server, commands string) {
	t.Helper()
	conn, err := s.Dial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	go io.WriteString(conn, commands+"ECHO done\r\n")
	for replies := bufio.NewReader(conn); ; {
		line, err := replies.ReadString('\n')
		if err != nil || line[0] == '-' {
			t.Fatalf("%q, %v", line, err)
		}
		if line == "done\r\n" {
			return
		}
	}
}

// TestCommandsForOthers: types that Redis 7.4 lacks, and values that no command can
// make, are restored unchanged.
func TestCommandsForOthers(t *testing.T) {
	const library = "#!lua name=lib\nredis.register_function('f', function() return 1 end)"
	s := start(t, Options{})
	for _, args := range [][]string{
		{"ARSET", "array", "5", "x", "y", "z"},
		{"PEXPIREAT", "array", "32503680000000"},
		{"XADD", "producers", "IDMP", "p", "1", "*", "a", "b"},
		{"FUNCTION", "LOAD", library},
	} {
		if got := say(t, s, args...); strings.HasPrefix(got, "ERR") {
			t.Fatalf("%q: %s", args, got)
		}
	}
	var file bytes.Buffer
	if err := snapshot.SaveCommands(&file, s.engine.Snapshot(), snapshot.SaveOptions{Functions: [][]byte{[]byte(library)}}); err != nil {
		t.Fatal(err)
	}
	two := start(t, Options{})
	replay(t, two, file.String())
	compare(t, "made again", digest(two.engine.Snapshot(), 0), digest(s.engine.Snapshot(), 0))
	expect(t, two, "1", "FCALL", "f", "0")
	if n := say(t, two, "DBSIZE"); n != "2" {
		t.Errorf("%s keys", n)
	}
}

// TestCommandsLikeRealServer: a base file of commands has the commands that a real
// server writes for the same data; both servers make the same data from it.
func TestCommandsLikeRealServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := realServer(t, dir, "--appendonly", "yes", "--aof-use-rdb-preamble", "no", "--enable-debug-command", "yes")
	now := NewManualClock(time.Now()) // XPENDING shows the time since delivery
	s := start(t, Options{Clock: now})
	for _, k := range fill(t, s, c, 3)[:20] {
		for _, at := range []string{"32503680000000"} {
			expect(t, s, ask(t, c, "PEXPIREAT", k, at), "PEXPIREAT", k, at)
		}
	}
	for _, words := range []string{
		"XADD st 1-1 a b", "XADD st 1-2 a b", "XADD st 2-1 c d e 5", "XADD st 3-1 a b", "XDEL st 3-1",
		"XGROUP CREATE st g1 0", "XGROUP CREATE st g2 1-2 ENTRIESREAD 2", "XGROUP CREATECONSUMER st g1 idle",
		"XREADGROUP GROUP g1 one COUNT 2 STREAMS st >", "XREADGROUP GROUP g1 two COUNT 1 STREAMS st >",
		"XCLAIM st g1 two 0 1-1 TIME 1700000000000 RETRYCOUNT 7 JUSTID",
		"XCLAIM st g1 one 0 1-2 TIME 1700000000001 JUSTID", "XCLAIM st g1 two 0 2-1 TIME 1700000000002 JUSTID",
		"XADD empty 5-5 a b", "XDEL empty 5-5", "XGROUP CREATE nothing g $ MKSTREAM",
		"ZADD doubles 0.1 a 1e300 b inf c -inf d 3 e -0.5 f 4611686018427387904 g 1e17 h",
		"SET other db", "MOVE other 9",
		"HSET timed f v g w", "HPEXPIREAT timed 32503680000000 FIELDS 1 f",
	} {
		args := strings.Fields(words)
		if !strings.HasPrefix(ask(t, c, args...), "-ERR unknown command") {
			say(t, s, args...)
		}
	}
	said := ask(t, c, "BGREWRITEAOF")
	base := ""
	for deadline := time.Now().Add(10 * time.Second); base == ""; {
		if time.Now().After(deadline) {
			t.Fatalf("no new base: %s", said)
		}
		if found, _ := filepath.Glob(filepath.Join(dir, "appendonlydir", "*.2.base.aof")); len(found) > 0 {
			base = found[0]
		}
	}
	theirs, err := os.ReadFile(base)
	if err != nil {
		t.Fatal(err)
	}
	var ours bytes.Buffer
	if err := snapshot.SaveCommands(&ours, s.engine.Snapshot(), snapshot.SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	got, want := perKey(t, ours.Bytes()), perKey(t, theirs)
	for key := range want {
		if !slices.Equal(got[key], want[key]) {
			t.Errorf("%q:\ngot  %.600q\nwant %.600q", key, got[key], want[key])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d keys, want %d", len(got), len(want))
	}

	two := start(t, Options{Clock: now})
	text := ours.String()
	replay(t, two, text)
	compare(t, "made again", dataOf(two), dataOf(s))
	for _, c := range []string{"XRANGE st - +", "XPENDING st g1 - + 10", "XINFO STREAM st", "XINFO GROUPS st", "XINFO STREAM empty"} {
		args := strings.Fields(c)
		if got, want := reply(t, two, args), reply(t, s, args); got != want {
			t.Errorf("%s: %s, want %s", c, got, want)
		}
	}

	again := t.TempDir()
	os.Mkdir(filepath.Join(again, "appendonlydir"), 0o755)
	os.WriteFile(filepath.Join(again, "appendonlydir", "appendonly.aof.manifest"), []byte("file b.aof seq 1 type b\n"), 0o644)
	if err := os.WriteFile(filepath.Join(again, "appendonlydir", "b.aof"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	loaded := realServer(t, again, "--appendonly", "yes", "--enable-debug-command", "yes")
	if got, want := ask(t, loaded, "DEBUG", "DIGEST"), ask(t, c, "DEBUG", "DIGEST"); got != want {
		t.Errorf("digest in a real server: %s, want %s", got, want)
	}
}

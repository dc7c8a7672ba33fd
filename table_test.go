package respserver_test

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"hash/fnv"
	"net"
	"os"
	"slices"
	"strings"
	"testing"

	respserver "github.com/resp-server/resp-server"
	"github.com/resp-server/resp-server/internal/resp"
)

var tablesFrom = flag.String("tables", "", "address of the Redis server to record testdata/commands.txt and testdata/settings.txt from, and to show differences to")

// asker asks a server with RESP3.
type asker func(args ...string) resp.Reply

func ask(t *testing.T, conn net.Conn, err error) asker {
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	in := bufio.NewReader(conn)
	ask := func(args ...string) resp.Reply {
		if _, err := conn.Write(resp.AppendCommand(nil, args...)); err != nil {
			t.Fatal(err)
		}
		r, err := resp.ReadReply(in)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	ask("HELLO", "3")
	return ask
}

// golden compares lines "name: rest" that only a real server can tell with
// ours: those of them that we have too. ask makes the rest of a line.
func golden(t *testing.T, file string, names func(asker) []string, line func(asker, string) (short, long string)) {
	conn, err := respserver.StartTest(t).Dial(t.Context())
	self := ask(t, conn, err)
	var real asker
	if *tablesFrom != "" {
		conn, err := net.Dial("tcp", *tablesFrom)
		real = ask(t, conn, err)
		var b bytes.Buffer
		for _, name := range names(real) {
			short, _ := line(real, name)
			fmt.Fprintf(&b, "%s: %s\n", name, short)
		}
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for l := range strings.Lines(string(text)) {
		name, rest, _ := strings.Cut(strings.TrimSuffix(l, "\n"), ": ")
		want[name] = rest
	}
	for _, name := range names(self) {
		w, ok := want[name]
		got, long := line(self, name)
		if !ok || got == w {
			continue
		}
		t.Errorf("%s: got %s, want %s", name, got, w)
		if real != nil {
			_, wantLong := line(real, name)
			t.Errorf("got  %s\nwant %s", long, wantLong)
		}
	}
}

// TestCommandTable compares COMMAND INFO and COMMAND DOCS of all commands that
// both have with those of Redis 7.4.1. Summaries and histories are our own
// words; subcommands are compared by themselves. The file holds hashes: with
// -tables the differences are shown.
func TestCommandTable(t *testing.T) {
	names := func(ask asker) (all []string) {
		for _, e := range ask("COMMAND", "LIST").Elems {
			all = append(all, e.Str)
		}
		slices.Sort(all)
		return all
	}
	golden(t, "testdata/commands.txt", names, func(ask asker, name string) (short, long string) {
		info := ask("COMMAND", "INFO", name).Elems[0]
		info.Elems = info.Elems[:9]
		docs := ask("COMMAND", "DOCS", name).Elems[1]
		var kept []resp.Reply
		for i := 0; i < len(docs.Elems); i += 2 {
			if k := docs.Elems[i].Str; k != "summary" && k != "history" && k != "subcommands" {
				kept = append(kept, docs.Elems[i:i+2]...)
			}
		}
		docs.Elems = kept
		return hash(info) + " " + hash(docs), info.String() + "\n" + docs.String()
	})
}

func hash(r resp.Reply) string {
	h := fnv.New32a()
	h.Write([]byte(r.String()))
	return fmt.Sprintf("%08x", h.Sum32())
}

// deviations are the settings with another default or another rule for
// CONFIG SET than in Redis 7.4.1.
var deviations = map[string]string{
	"bind": "a server in a test listens on the loopback interface",
	"dir":  "no file is touched unless it is set",
	"port": "a free one",
	"save": "no file is touched unless it is set",
}

// TestSettings compares the values of all settings of Redis 7.4.1, and whether
// CONFIG SET may change them, with ours. We may have newer ones besides.
func TestSettings(t *testing.T) {
	names := func(ask asker) (all []string) {
		for i, e := range ask("CONFIG", "GET", "*").Elems {
			if i%2 == 0 && deviations[e.Str] == "" {
				all = append(all, e.Str)
			}
		}
		slices.Sort(all)
		return all
	}
	golden(t, "testdata/settings.txt", names, func(ask asker, name string) (short, long string) {
		value := ask("CONFIG", "GET", name).Elems[1].Str
		set := ask("CONFIG", "SET", name, value)
		_, why, _ := strings.Cut(set.Str, ") - ")
		short = fmt.Sprintf("%q %s", value, why)
		return strings.TrimSpace(short), set.String()
	})
	ours := respserver.StartTest(t, respserver.Options{NoListen: true}).Must("CONFIG", "GET", "*").Map()
	text, err := os.ReadFile("testdata/settings.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		name, _, _ := strings.Cut(line, ": ")
		if _, ok := ours[name]; !ok {
			t.Errorf("CONFIG GET * does not list %s", name)
		}
	}
}

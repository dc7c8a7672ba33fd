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
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/resp"
)

var tablesFrom = flag.String("tables", "", "address of the Redis server, or path of its Unix socket, to record testdata/commands-7.4.1.txt, settings-7.4.1.txt, settings-values-7.4.1.txt or those of its own version from, and to show differences to")

// tabled are the versions that tables are recorded from, with the editions that are
// these.
var tabled = map[string]string{"7.4.1": "redis-7.4", "8.8.0": "redis-8.8"}

// asker sends commands to a server with RESP3.
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

// golden compares lines "name: rest" that a real server wrote with our lines of the
// same names. line makes the rest of a line.
func golden(t *testing.T, kind, version string, names func(asker) []string, line func(asker, string) (short, long string)) {
	conn, err := respserver.StartTest(t, respserver.Options{Compat: tabled[version]}).Dial(t.Context())
	self := ask(t, conn, err)
	file := goldenFile(kind, version)
	var real asker
	if *tablesFrom != "" {
		network := "tcp"
		if strings.Contains(*tablesFrom, "/") {
			network = "unix"
		}
		conn, err := net.Dial(network, *tablesFrom)
		real = ask(t, conn, err)
		if hello := real("HELLO", "3").String(); !strings.Contains(hello, version) {
			t.Skipf("skipped: the server is no %s", version)
		}
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
			long, wantLong = different(long, wantLong)
			t.Errorf("got  %s\nwant %s", long, wantLong)
		}
	}
}

func goldenFile(kind, version string) string { return "testdata/" + kind + "-" + version + ".txt" }

// eachTabled runs a test for each version that tables are recorded from.
func eachTabled(t *testing.T, test func(t *testing.T, version string)) {
	for version := range tabled {
		t.Run(version, func(t *testing.T) { test(t, version) })
	}
}

// different drops the lines that two texts share, if they have the same number of
// lines.
func different(a, b string) (string, string) {
	as, bs := strings.Split(a, "\n"), strings.Split(b, "\n")
	if len(as) != len(bs) {
		return a, b
	}
	var left, right []string
	for i := range as {
		if as[i] != bs[i] {
			left, right = append(left, as[i]), append(right, bs[i])
		}
	}
	return strings.Join(left, "\n     "), strings.Join(right, "\n     ")
}

// TestCommandTable compares COMMAND INFO and COMMAND DOCS of all commands that both
// servers have. Summaries, histories and the complexities of what came with Redis 8
// are our own words; subcommands are compared separately. The golden files have
// hashes: with -tables the differences are shown.
func TestCommandTable(t *testing.T) { eachTabled(t, testCommandTable) }

func testCommandTable(t *testing.T, version string) {
	names := func(ask asker) (all []string) {
		for _, e := range ask("COMMAND", "LIST").Elems {
			if !strings.HasPrefix(e.Str, "ar") {
				all = append(all, e.Str)
			}
		}
		slices.Sort(all)
		return all
	}
	golden(t, "commands", version, names, func(ask asker, name string) (short, long string) {
		info := ask("COMMAND", "INFO", name).Elems[0]
		info.Elems = info.Elems[:9]
		docs := ask("COMMAND", "DOCS", name).Elems[1]
		own := []string{"summary", "history", "subcommands"}
		if since := docs.Elems[3].Str; since[0] >= '8' {
			own = append(own, "complexity")
		}
		var kept []resp.Reply
		for i := 0; i < len(docs.Elems); i += 2 {
			if !slices.Contains(own, docs.Elems[i].Str) {
				kept = append(kept, docs.Elems[i:i+2]...)
			}
		}
		docs.Elems = kept
		dropSummaries(&docs)
		return hash(info) + " " + hash(docs), info.String() + "\n" + docs.String()
	})
}

// dropSummaries leaves out what COMMAND DOCS explains of arguments.
func dropSummaries(r *resp.Reply) {
	for i := 0; i < len(r.Elems); i++ {
		if e := &r.Elems[i]; r.Kind == resp.Map && i%2 == 0 && e.Str == "summary" {
			r.Elems = slices.Delete(r.Elems, i, i+2)
			i--
		} else {
			dropSummaries(e)
		}
	}
}

func hash(r resp.Reply) string {
	h := fnv.New32a()
	h.Write([]byte(r.String()))
	return fmt.Sprintf("%08x", h.Sum32())
}

// deviations are the settings whose default, or whose rule for CONFIG SET, differs
// from Redis 7.4.1.
var deviations = map[string]string{
	"bind": "a server in a test listens on the loopback interface",
	"dir":  "no file is touched unless it is set",
	"port": "a free one",
	"save": "no file is touched unless it is set",
}

// TestSettings compares the values of all settings of a version, and the reply of
// CONFIG SET to each. CONFIG GET * has no others, except for our own.
func TestSettings(t *testing.T) { eachTabled(t, testSettings) }

func testSettings(t *testing.T, version string) {
	names := func(ask asker) (all []string) {
		for i, e := range ask("CONFIG", "GET", "*").Elems {
			if i%2 == 0 {
				all = append(all, e.Str)
			}
		}
		slices.Sort(all)
		return all
	}
	var ours []string
	golden(t, "settings", version, func(ask asker) []string {
		ours = names(ask)
		return slices.DeleteFunc(slices.Clone(ours), func(name string) bool { return deviations[name] != "" })
	}, func(ask asker, name string) (short, long string) {
		value := ask("CONFIG", "GET", name).Elems[1].Str
		set := ask("CONFIG", "SET", name, value)
		_, why, _ := strings.Cut(set.Str, ") - ")
		short = fmt.Sprintf("%q %s", value, why)
		return strings.TrimSpace(short), set.String()
	})
	text, err := os.ReadFile(goldenFile("settings", version))
	if err != nil {
		t.Fatal(err)
	}
	var theirs []string
	for l := range strings.Lines(string(text)) {
		name, _, _ := strings.Cut(l, ": ")
		theirs = append(theirs, name)
	}
	for name := range deviations {
		theirs = append(theirs, name)
	}
	for _, name := range ours {
		p, _ := config.Find(name)
		if p.From == "ours" {
			t.Errorf("CONFIG GET * lists %s, which no real server has", name)
		}
		if works := p.Why == ""; !slices.Contains(theirs, name) && (!p.IsForeign() || !works) && !(works && name == p.Alias) {
			t.Errorf("CONFIG GET * lists %s", name)
		}
	}
	for _, name := range theirs {
		if !slices.Contains(ours, name) {
			t.Errorf("CONFIG GET * does not list %s", name)
		}
	}
}

// settingValues are the values to try with each setting.
var settingValues = []string{
	"", " ", "yes", "no", "YES", "maybe", "0", "1", "-1", "2", "3", "10", "11", "64", "65", "99", "100", "101", "128", "129", "500", "501", "999", "1000", "1001",
	"1023", "1024", "65535", "65536", "1048575", "1048576", "2147483647", "2147483648", "-2147483648", "-2147483649", "4294967295", "4294967296",
	"9223372036854775807", "9223372036854775808", "18446744073709551616", "-9223372036854775808", "1.5", "0x10", " 1", "1 ", "1k", "1kb", "2MB", "1g", "1x", "b", "0%", "5%", "101%", "-5%",
	"777", "778", "888", "a/b", "a\\b", "a b", "a\nb", "a=b", "a.b-c", "0 200 800", "1 2", "-2000 0 2000", "-2001 0 0", "0 0 x", "60 1", "60", "60 x", "0 1", "60 -1", "60  1", "save", "nosave now", "save nosave", "force x",
	"default", "KEA", "Kx1", "normal 0 0 0", "normal 1mb 0", "slave 1 2 3 normal 0 0 0", "50 99.9", "50 101", "50 x", "-0.1", "none",
	"relative", "absolute", "ip", "hostname", "unknown-endpoint", "ignore", "panic", "disabled", "swapdb", "always", "everysec", "clients", "optional", "debug", "NOTICE", "nothing",
	"noeviction", "allkeys-lru", "allchannels", "local", "local3", "{title}", "{title} {port}", "{nosuch}", "{title", "{}", "*", "-::*",
}

// hiddenSettings are settings of Redis 7.4.1 that patterns of CONFIG GET do not
// match.
var hiddenSettings = []string{"aof-disable-auto-gc", "cluster-ping-interval", "key-load-delay", "loading-process-events-interval-bytes", "rdb-key-save-delay", "use-exit-on-panic", "watchdog-period"}

// TestSettingValues compares the reply of CONFIG SET to many values, and the value
// of CONFIG GET afterwards, with those of a version. The golden files have hashes:
// with -tables the differences are shown.
func TestSettingValues(t *testing.T) {
	t.Parallel()
	t.Run("7.4.1", func(t *testing.T) { testSettingValues(t, "7.4.1") })
}

func testSettingValues(t *testing.T, version string) {
	skip := []string{
		"port", "bind", // they open sockets
		"dir", "dbfilename", // they are protected
		"locale-collate",                 // depends on the machine
		"tls-cluster", "tls-replication", // the real server needs certificates for them
		"activedefrag", // the real server needs jemalloc for it
	}
	most := map[string]int{ // the most digits of a value
		"maxclients":        4,  // more than a system may be able to handle
		"maxmemory":         18, // more than 2^63 bytes
		"maxmemory-clients": 18,
	}
	names := func(ask asker) []string {
		ask("CLIENT", "NO-EVICT", "on")
		all := slices.Clone(hiddenSettings)
		for i, e := range ask("CONFIG", "GET", "*").Elems {
			p, ok := config.Find(e.Str)
			if i%2 == 0 && !slices.Contains(skip, e.Str) && !(ok && (p.IsForeign() || p.Immutable || p.OneValue())) {
				all = append(all, e.Str)
			}
		}
		slices.Sort(all)
		return all
	}
	golden(t, "settings-values", version, names, func(ask asker, name string) (short, long string) {
		var all strings.Builder
		get := func() string { return ask("CONFIG", "GET", name).Elems[1].Str }
		first := get()
		for _, v := range settingValues {
			if len(v) > most[name] && most[name] > 0 {
				continue
			}
			_, why, _ := strings.Cut(ask("CONFIG", "SET", name, v).Str, ") - ")
			fmt.Fprintf(&all, "%q: %q %s\n", v, get(), why)
			ask("CONFIG", "SET", name, first)
		}
		h := fnv.New32a()
		h.Write([]byte(all.String()))
		return fmt.Sprintf("%08x", h.Sum32()), all.String()
	})
}

package respserver

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/resp-server/resp-server/internal/resp"
)

// recordSentinel is the program that testdata/sentinel.txt is recorded from:
//
//	go test . -run TestSentinelReplies -record-sentinel=/path/to/redis-server
var recordSentinel = flag.String("record-sentinel", "", "write testdata/sentinel.txt with what this redis-server answers as a sentinel")

// guarded is a master and a replica, and a sentinel of whatever kind.
type guarded struct {
	t      *testing.T
	names  *strings.Replacer // of ports, in what is shown
	ports  *strings.Replacer // the other way round
	ask    *bufio.ReadWriter
	events *bufio.ReadWriter
	early  []resp.Reply // events that were not asked for yet
	// pass lets a moment pass, as far as it does not by itself.
	pass func()
}

// TestSentinelReplies compares what our sentinel answers and publishes with what a
// real one does: testdata/sentinel.txt has commands, each with its reply.
func TestSentinelReplies(t *testing.T) {
	t.Parallel()
	const file = "testdata/sentinel.txt"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	g := newGuarded(t)
	var out bytes.Buffer
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "=":
			continue // it is asked for again
		case ">":
			fmt.Fprintf(&out, "%s\n= %s\n", line, g.do(rest))
		case "@until": // words => what the reply has to hold
			words, want, _ := strings.Cut(rest, " => ")
			g.until(words, want)
			fmt.Fprintln(&out, line)
		case "@heard": // the events up to one
			fmt.Fprintf(&out, "%s\n", line)
			for _, e := range g.heard(rest) {
				fmt.Fprintf(&out, "= %s\n", e)
			}
		default:
			fmt.Fprintln(&out, line)
		}
	}
	if *recordSentinel != "" {
		if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, want := strings.Split(out.String(), "\n"), strings.Split(string(text), "\n")
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("line %d, after %s:\n got %s\nwant %s", i+1, want[max(i-1, 0)], got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d lines, want %d", len(got), len(want))
	}
}

func newGuarded(t *testing.T) *guarded {
	o := Options{Addr: "127.0.0.1:0", Config: []string{"repl-diskless-sync-delay 0"}}
	pass := func() {}
	if *recordSentinel == "" {
		clock := NewManualClock(newYear)
		o.Network, pass = NewNetwork(clock), func() { clock.Advance(100 * time.Millisecond) }
	}
	master := StartTest(t, o)
	_, masterPort, _ := net.SplitHostPort(master.Addr())
	o.Config = []string{replicaOf(master)}
	replica := StartTest(t, o)
	_, replicaPort, _ := net.SplitHostPort(replica.Addr())
	master.Must("SET", "k", "v")
	master.Must("WAIT", 1, 0)
	lines := []string{"sentinel monitor mymaster 127.0.0.1 " + masterPort + " 1", "sentinel down-after-milliseconds mymaster 60000"}
	var addr string
	if *recordSentinel != "" {
		addr = startRealSentinel(t, *recordSentinel, lines)
	} else {
		s, err := Start(Options{Sentinel: true, Config: lines, Network: o.Network})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		addr = s.Addr()
	}
	_, port, _ := net.SplitHostPort(addr)
	g := &guarded{
		t:     t,
		names: strings.NewReplacer(masterPort, "<master>", replicaPort, "<replica>", port, "<sentinel>"),
		ports: strings.NewReplacer("<master>", masterPort, "<replica>", replicaPort, "<sentinel>", port),
		pass:  pass,
	}
	g.ask = g.dial(addr)
	g.do("SENTINEL DEBUG tilt-trigger 600000") // a slow machine is no reason to stop
	g.until("SENTINEL MASTER mymaster", `"num-slaves" "1"`)
	g.events = g.dial(addr)
	g.events.Write(resp.AppendCommand(nil, "PSUBSCRIBE", "*"))
	g.events.Flush()
	g.next(g.events.Reader)
	return g
}

func (g *guarded) dial(addr string) *bufio.ReadWriter {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { nc.Close() })
	nc.SetReadDeadline(time.Now().Add(sentinelPatience))
	return bufio.NewReadWriter(bufio.NewReader(nc), bufio.NewWriter(nc))
}

func (g *guarded) next(r *bufio.Reader) resp.Reply {
	g.t.Helper()
	reply, err := resp.ReadReply(r)
	if err != nil {
		g.t.Fatal(err)
	}
	return reply
}

// startRealSentinel runs a sentinel with lines of sentinel.conf and returns its
// address.
func startRealSentinel(t *testing.T, program string, lines []string) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr = l.Addr().String()
	_, port, _ := net.SplitHostPort(addr)
	l.Close()
	dir := t.TempDir()
	conf := filepath.Join(dir, "sentinel.conf")
	lines = append([]string{"port " + port, "bind 127.0.0.1", "dir " + dir}, lines...)
	if err := os.WriteFile(conf, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, conf, "--sentinel")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	awaitAddr(t, addr)
	return addr
}

// awaitAddr waits until somebody accepts connections.
func awaitAddr(t *testing.T, addr string) {
	t.Helper()
	eventually(t, "a server at "+addr, func() bool {
		nc, err := net.Dial("tcp", addr)
		if err == nil {
			nc.Close()
		}
		return err == nil
	})
}

// changing are the fields whose values depend on time, and ids of whatever kind.
var (
	changing = regexp.MustCompile(`("(?:last-ping-sent|last-ok-ping-reply|last-ping-reply|info-refresh|role-reported-time|slave-repl-offset|link-pending-commands|last-hello-message|s-down-time|o-down-time)" )"\d+"`)
	anyID    = regexp.MustCompile(`\b[0-9a-f]{40}\b`)
)

func (g *guarded) show(text string) string {
	return g.names.Replace(anyID.ReplaceAllString(changing.ReplaceAllString(text, `${1}"<n>"`), "<id>"))
}

func (g *guarded) do(line string) string {
	g.t.Helper()
	words, ok := resp.SplitWords(g.ports.Replace(line))
	if !ok {
		g.t.Fatalf("quotes: %s", line)
	}
	g.ask.Write(resp.AppendCommand(nil, words...))
	g.ask.Flush()
	return g.show(g.next(g.ask.Reader).String())
}

func (g *guarded) until(words, want string) {
	g.t.Helper()
	eventually(g.t, fmt.Sprintf("%s in %s", want, words), func() bool {
		g.pass()
		return strings.Contains(g.do(words), want)
	})
}

// heard returns the events up to one of a kind.
func (g *guarded) heard(last string) (events []string) {
	g.t.Helper()
	for {
		g.events.Write(resp.AppendCommand(nil, "PING")) // its reply follows all events so far
		g.events.Flush()
		for {
			r := g.next(g.events.Reader)
			if len(r.Elems) < 4 {
				break
			}
			g.early = append(g.early, r)
		}
		for i, r := range g.early {
			events = append(events, g.show(r.Elems[2].Str+" "+r.Elems[3].Str))
			if r.Elems[2].Str == last {
				g.early = g.early[i+1:]
				return events
			}
		}
		g.early = nil
		g.pass()
	}
}

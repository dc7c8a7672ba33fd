package rediscli_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	respserver "github.com/resp-server/resp-server"
	"github.com/resp-server/resp-server/internal/oracle"
	"github.com/resp-server/resp-server/internal/rediscli"
)

// result is the visible result of running either program.
type result struct {
	stdout, stderr string
	code           int
}

func real(t *testing.T, path, stdin string, args []string) result {
	t.Helper()
	var stdout, stderr strings.Builder
	cmd := exec.Command(path, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

func ours(stdin string, args []string) result {
	var stdout, stderr bytes.Buffer
	code := rediscli.Run(args, strings.NewReader(stdin), &stdout, &stderr)
	return result{stdout.String(), stderr.String(), code}
}

// side is the environment of one of the two programs. Both sides are alike.
type side struct{ replace, restore *strings.Replacer }

func newSide(t *testing.T, unused string) side {
	socket := filepath.Join(t.TempDir(), "s")
	open := respserver.StartTest(t, respserver.Options{Config: []string{"enable-debug-command yes", "unixsocket " + socket}})
	closed := respserver.StartTest(t, respserver.Options{Config: []string{"requirepass secret", "user alice on >pass ~* &* +@all"}})
	for i := range 12 {
		open.Must("RPUSH", "twelve", i)
	}
	open.Must("SET", "text", "plain")
	open.Must("SET", "bytes", "a\"b\\c\r\n\t\a\b\x00\x7fé<int>")
	open.Must("HSET", "hash", "field", "value", "other", "")
	open.Must("XADD", "stream", "1-1", "a", "b", "c", "d")
	port := func(srv *respserver.TestServer) string { _, p, _ := net.SplitHostPort(srv.Addr()); return p }
	script := filepath.Join(t.TempDir(), "script.lua")
	if err := os.WriteFile(script, []byte("return {KEYS, ARGV}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	pairs := []string{"OPEN", port(open), "CLOSED", port(closed), "NOBODY", unused, "SOCKET", socket, "SCRIPT", script}
	back := make([]string, len(pairs))
	for i := range pairs {
		back[i] = pairs[i^1]
	}
	return side{strings.NewReplacer(pairs...), strings.NewReplacer(back...)}
}

// args inserts the addresses of this side into arguments.
func (s side) args(args []string) []string {
	out := make([]string, len(args))
	for i := range args {
		out[i] = s.replace.Replace(args[i])
	}
	return out
}

func (s side) result(r result) result {
	return result{s.restore.Replace(r.stdout), s.restore.Replace(r.stderr), r.code}
}

// TestAsRedisCLI runs both programs with the same arguments and compares all output, so the real one is the judge.
func TestAsRedisCLI(t *testing.T) {
	path := oracle.Program(t, "redis-cli")
	type run struct {
		stdin string
		args  []string
	}
	var runs []run
	for _, command := range [][]string{
		{"ping"}, {"PING", "hello"}, {"get", "text"}, {"get", "bytes"}, {"get", "missing"}, {"strlen", "text"},
		{"incr", "text"}, {"lrange", "twelve", "0", "-1"}, {"lrange", "missing", "0", "-1"}, {"hgetall", "hash"},
		{"xrange", "stream", "-", "+"}, {"eval", `return {1, {2, {}, {'three', {4}}}, false, {ok='fine'}, 'x'}`, "0"}, {"nosuch"},
		{"set", "e", ""}, {"get", "e"}, {"latency", "doctor"}, {"cluster", "info"}, {"lolwut", "version", "5", "1", "1", "1"},
		{"object", "help"}, {"zadd", "z", "1.5", "m"}, {"zrange", "z", "0", "-1", "withscores"}, {"BLPOP", "missing", "0.01"}, {"multi"},
		{"debug", "protocol", "verbatim"}, {"debug", "protocol", "map"}, {"debug", "protocol", "set"}, {"debug", "protocol", "double"},
		{"debug", "protocol", "true"}, {"debug", "protocol", "null"}, {"config", "get", "maxmemory*"},
		{"xread", "streams", "stream", "0"},
	} {
		for _, mode := range []string{"", "--no-raw", "-3 --no-raw", "-3", "-e"} {
			runs = append(runs, run{args: append(append([]string{"-p", "OPEN"}, strings.Fields(mode)...), command...)})
		}
	}
	for _, c := range []struct{ stdin, args string }{ // the arguments contain no blanks
		{"piped", "-p OPEN -x set piped"},
		{"", "-p OPEN get piped"},
		{"", "-p OPEN -r 3 incr counter"},
		{"", "-p OPEN -n 3 set three x"},
		{"", "-p OPEN -n 3 --no-raw keys *"},
		{"", "-p OPEN -n 99 ping"},
		{"set a 1\n\nincr a\n get  'a b\nget \"a\"\nnosuch\nincr a", "-p OPEN"},
		{"set a 1\nQUIT\nincr a\n", "-p OPEN --no-raw"},
		{"", "-p OPEN"},
		{"hgetall hash\nnosuch\n", "-p OPEN -3 --no-raw"},
		{"", "-p OPEN -a wrong ping"},
		{"", "-u redis://127.0.0.1:OPEN/5 --no-raw set five 5"},
		{"", "-u http://127.0.0.1:OPEN ping"},
		{"", "-p CLOSED ping"},
		{"", "-p CLOSED -e ping"},
		{"", "-p CLOSED -a secret ping"},
		{"", "-p CLOSED -a secret --no-auth-warning ping"},
		{"", "-p CLOSED --no-auth-warning --pass secret ping"},
		{"", "-p CLOSED --user alice --pass pass acl whoami"},
		{"", "-p CLOSED -a wrong get x"},
		{"", "-u redis://alice:pass@127.0.0.1:CLOSED acl whoami"},
		{"", "-u redis://secret@127.0.0.1:CLOSED acl whoami"},
		{"", "-s SOCKET ping"},
		{"", "-s SOCKETx ping"},
		{"", "-p NOBODY ping"},
		{"", "-p NOBODY -a secret ping"},
		{"", "-p OPEN --scan --pattern t*t"}, // a single key, because the order differs between servers
		{"", "-p OPEN --scan --pattern t*t --no-raw"},
		{"", "-p OPEN -n 7 --scan"},
		{"", "-p CLOSED -a secret --no-auth-warning --scan"},
		{"", "-p NOBODY --scan"},
		{"", "-p OPEN --eval SCRIPT"},
		{"", "-p OPEN --eval SCRIPT k1 k2 , a1 a2"},
		{"", "-p OPEN --eval SCRIPT k1 k2"},
		{"", "-p OPEN --eval SCRIPT , a1"},
		{"", "-p OPEN --eval SCRIPTx"},
		{"", "-p OPEN -c get text"},
		{"", "-p OPEN shutdown nosave"},
	} {
		runs = append(runs, run{c.stdin, strings.Fields(c.args)})
	}
	unused := unusedPort(t)
	theirSide, ourSide := newSide(t, unused), newSide(t, unused)
	for _, r := range runs {
		want := theirSide.result(real(t, path, r.stdin, theirSide.args(r.args)))
		if got := ourSide.result(ours(r.stdin, ourSide.args(r.args))); got != want {
			t.Errorf("%q, input %q\n got %+v\nwant %+v", r.args, r.stdin, got, want)
		}
	}
}

// TestUsage requests help, and uses unknown options.
func TestUsage(t *testing.T) {
	for _, args := range []string{"--help", "-h"} {
		if got := ours("", []string{args}); got.code != 0 || !strings.HasPrefix(got.stdout, "Usage: redis-cli ") {
			t.Errorf("%s: %+v", args, got)
		}
	}
	for _, args := range []string{"--bigkeys", "--pipe", "-p", "--cluster help"} {
		got := ours("", strings.Fields(args))
		option, _, _ := strings.Cut(args, " ")
		if want := "Unrecognized option or bad number of args for: '" + option + "'\nThis redis-cli has"; got.code != 1 || !strings.HasPrefix(got.stderr, want) {
			t.Errorf("%s: %+v", args, got)
		}
	}
}

// TestScan finds all keys, in the order of the server.
func TestScan(t *testing.T) {
	srv := respserver.StartTest(t)
	_, port, _ := net.SplitHostPort(srv.Addr())
	var want []string
	for i := range 1000 {
		want = append(want, fmt.Sprintf("key:%03d", i))
		srv.Must("SET", want[i], i)
	}
	for _, args := range []string{"--scan", "--scan --count 17", "--scan --pattern key:*", "-3 --scan"} {
		got := ours("", append([]string{"-p", port}, strings.Fields(args)...))
		names := strings.Fields(got.stdout)
		slices.Sort(names)
		if names = slices.Compact(names); got.code != 0 || !slices.Equal(names, want) {
			t.Errorf("%s: %d names, %q", args, len(names), got.stderr)
		}
	}
}

// TestCluster follows the redirections of a cluster, like the real program.
func TestCluster(t *testing.T) {
	path := oracle.Program(t, "redis-cli")
	c := respserver.StartTestCluster(t, respserver.ClusterOptions{NodeTimeout: time.Minute}) // none fails, however slow it is
	host, port, _ := net.SplitHostPort(c.Node(0).Addr())
	// Slot 5061 (bar) is node 0's and is moving to node 1; slot 12182 (foo) belongs
	// to another node.
	from, to := c.Node(0), c.Node(1)
	id := func(n *respserver.TestServer) string { return n.Must("CLUSTER", "MYID").Text() }
	to.Must("CLUSTER", "SETSLOT", 5061, "IMPORTING", id(from))
	from.Must("CLUSTER", "SETSLOT", 5061, "MIGRATING", id(to))
	for _, r := range []struct{ stdin, args string }{
		{"", "set foo 1"}, // without -c the redirection is the reply
		{"", "-c set foo 1"},
		{"", "-c -3 --no-raw get foo"},
		{"", "-c -r 2 incr foo"},
		{"", "-c -e get foo"},
		{"", "-c get bar"}, // with an ASK redirection
		{"set foo 2\nget foo\nget bar\nget {x}1\n", "-c"},
		{"", "-c mget foo bar"},
	} {
		args := append([]string{"-h", host, "-p", port}, strings.Fields(r.args)...)
		c.Node(2).Must("FLUSHALL")
		want := real(t, path, r.stdin, args)
		c.Node(2).Must("FLUSHALL")
		if got := ours(r.stdin, args); got != want {
			t.Errorf("%q, input %q\n got %+v\nwant %+v", r.args, r.stdin, got, want)
		}
	}
}

// unusedPort returns a port on which nobody listens.
func unusedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// TestMessages subscribes, and prints messages until the server ends.
func TestMessages(t *testing.T) {
	srv := respserver.StartTest(t)
	host, port, _ := net.SplitHostPort(srv.Addr())
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	code := make(chan int, 1)
	go func() {
		defer w.Close()
		code <- rediscli.Run([]string{"-h", host, "-p", port, "subscribe", "a", "b"}, strings.NewReader(""), w, w)
	}()
	expect := func(want string) {
		t.Helper()
		got := make([]byte, len(want))
		if n, err := io.ReadFull(r, got); err != nil || string(got) != want {
			t.Fatalf("got %q, %v", got[:n], err)
		}
	}
	expect("subscribe\na\n1\nsubscribe\nb\n2\n")
	srv.Must("PUBLISH", "b", "hello")
	expect("message\nb\nhello\n")
	srv.Close()
	expect("Error: Server closed the connection\n")
	if got := <-code; got != 1 {
		t.Errorf("exit code %d", got)
	}
}

// TestTLS connects with and without the certificate of the authority.
func TestTLS(t *testing.T) {
	authority, err := respserver.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := authority.WriteFiles(dir); err != nil {
		t.Fatal(err)
	}
	config, err := authority.ServerConfig()
	if err != nil {
		t.Fatal(err)
	}
	srv := respserver.StartTest(t, respserver.Options{TLS: config})
	host, port, _ := net.SplitHostPort(srv.TLSAddr())
	file := func(name string) string { return filepath.Join(dir, name) }
	secure := []string{"-h", host, "-p", port, "--tls"}
	pair := []string{"--cert", file("client.crt"), "--key", file("client.key")}
	for _, c := range []struct {
		args []string
		want string // prefix of the output
		code int
	}{
		{append(append(secure, pair...), "--cacert", file("ca.crt"), "ping"), "PONG\n", 0},
		{append(append(secure, pair...), "--insecure", "ping"), "PONG\n", 0},
		{append(secure, "ping"), "Could not connect to Redis at " + srv.TLSAddr() + ": ", 1},
		{append(secure, "--cacert", file("nosuch"), "ping"), "open ", 1},
	} {
		if got := ours("", c.args); got.code != c.code || !strings.HasPrefix(got.stdout+got.stderr, c.want) {
			t.Errorf("%q: %+v", c.args, got)
		}
	}
}

// TestPing pings servers in several states.
func TestPing(t *testing.T) {
	ping := func(addr string) (string, error) {
		return rediscli.Ping(context.Background(), rediscli.Server{Network: "tcp", Addr: addr})
	}
	if text, err := ping(respserver.StartTest(t).Addr()); text != "PONG" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	closed := respserver.StartTest(t, respserver.Options{Config: []string{"requirepass secret"}})
	if text, err := ping(closed.Addr()); text != "NOAUTH Authentication required." || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	if text, err := ping("127.0.0.1:" + unusedPort(t)); err == nil {
		t.Errorf("no server, but the reply %q", text)
	}
	for _, reply := range []string{"-LOADING Redis is loading the dataset in memory\r\n", "nonsense\r\n", ""} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			c, err := l.Accept()
			if err == nil {
				c.Write([]byte(reply))
				c.(*net.TCPConn).CloseWrite()
			}
		}()
		if text, err := ping(l.Addr().String()); err == nil {
			t.Errorf("%q: %q", reply, text)
		}
		l.Close()
	}
}

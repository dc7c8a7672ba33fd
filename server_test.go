package respserver_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	respserver "github.com/resp-server/resp-server"
)

func ping(t *testing.T, c net.Conn) {
	t.Helper()
	fmt.Fprint(c, "PING\r\n")
	if line, err := bufio.NewReader(c).ReadString('\n'); line != "+PONG\r\n" {
		t.Errorf("PING: %q, %v", line, err)
	}
}

func start(t *testing.T, o respserver.Options) *respserver.Server {
	t.Helper()
	s, err := respserver.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestStartAndClose(t *testing.T) {
	// Not parallel: other tests could take the port that has to be free.
	s := start(t, respserver.Options{})
	addr := s.Addr()
	tcp, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	ping(t, tcp)
	pipe, err := s.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	ping(t, pipe)
	select {
	case <-s.Done():
		t.Error("done before Close")
	default:
	}

	var closers sync.WaitGroup
	for range 4 {
		closers.Go(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			select {
			case <-s.Done():
			default:
				t.Error("Close returns before all is closed")
			}
		})
	}
	closers.Wait()
	for _, c := range []net.Conn{tcp, pipe} {
		if n, err := c.Read(make([]byte, 1)); n > 0 || err == nil {
			t.Errorf("after Close a client reads %d bytes, %v", n, err)
		}
	}
	if s.Addr() != addr {
		t.Errorf("after Close the address is %q", s.Addr())
	}
	if _, err := net.Dial("tcp", addr); err == nil {
		t.Error("after Close the port is still open")
	}
	if _, err := s.Dial(t.Context()); err != respserver.ErrClosed {
		t.Errorf("Dial after Close: %v", err)
	}
	if _, err := s.Do(t.Context(), "PING"); err != respserver.ErrClosed {
		t.Errorf("Do after Close: %v", err)
	}
}

func TestCloseEndsBlockedCommands(t *testing.T) {
	t.Parallel()
	s := start(t, respserver.Options{NoListen: true})
	failed := make(chan error)
	go func() {
		_, err := s.Do(context.Background(), "BLPOP", "k", 0)
		failed <- err
	}()
	waitBlocked(t, s, 1)
	s.Close()
	if err := <-failed; err != respserver.ErrClosed {
		t.Errorf("got %v", err)
	}
}

// waitBlocked waits until n clients are blocked.
func waitBlocked(t *testing.T, s *respserver.Server, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := s.WaitBlocked(ctx, n); err != nil {
		t.Fatal(err)
	}
}

// TestManyServers starts and stops servers concurrently and counts leftovers. It is
// not parallel, so that all goroutines are its own.
func TestManyServers(t *testing.T) {
	before := runtime.NumGoroutine()
	var all sync.WaitGroup
	for i := range 300 {
		all.Go(func() {
			s, err := respserver.Start(respserver.Options{NoListen: i%3 == 0, EventLoop: i%3 == 1})
			if err != nil {
				t.Error(err)
				return
			}
			c, err := s.Dial(context.Background())
			if err != nil {
				t.Error(err)
				return
			}
			ping(t, c)
			s.Close()
			c.Close()
		})
	}
	all.Wait()
	var stack []byte
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); runtime.Gosched() {
		if runtime.NumGoroutine() <= before {
			return
		}
	}
	stack = make([]byte, 1<<20)
	t.Errorf("%d goroutines before, %d after\n%s", before, runtime.NumGoroutine(), stack[:runtime.Stack(stack, true)])
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "s")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	sock := filepath.Join(dir, "s")
	loopback := "127.0.0.1:"
	for _, c := range []struct {
		name    string
		options respserver.Options
		want    []string // prefixes
	}{
		{"default", respserver.Options{}, []string{loopback}},
		{"none", respserver.Options{NoListen: true}, nil},
		{"Addr wins over directives", respserver.Options{Addr: loopback + "0", Config: []string{"port 1", "bind 192.0.2.1"}}, []string{loopback}},
		{"directives", respserver.Options{Config: []string{"port 0", "bind 127.0.0.1 -192.0.2.1"}}, []string{loopback}},
		{"bind alone has a free port", respserver.Options{Config: []string{"bind *"}}, []string{"0.0.0.0:"}},
		{"the last directive wins", respserver.Options{Config: []string{"bind 192.0.2.1", "bind 127.0.0.1"}}, []string{loopback}},
		{"Unix socket", respserver.Options{UnixSocket: sock}, []string{loopback, sock}},
		{"Unix socket alone", respserver.Options{Config: []string{`bind ""`, "unixsocket '" + sock + "1'"}}, []string{sock + "1"}},
	} {
		s, err := respserver.Start(c.options)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got := s.Addrs()
		same := len(got) == len(c.want)
		for i := range got {
			same = same && strings.HasPrefix(got[i], c.want[i])
		}
		if !same || len(got) > 0 && s.Addr() != got[0] {
			t.Errorf("%s: the server listens on %q, want %q", c.name, got, c.want)
		}
		s.Close()
	}
	for _, o := range []respserver.Options{
		{Addr: "127.0.0.1"}, {Addr: "192.0.2.1:0"}, {Config: []string{`bind ""`}}, {UnixSocket: filepath.Join(dir, "none", "s")},
	} {
		if s, err := respserver.Start(o); err == nil || !strings.HasPrefix(err.Error(), "respserver: ") {
			t.Errorf("%+v: %v", o, err)
			if err == nil {
				s.Close()
			}
		}
	}
}

func TestSeveralHosts(t *testing.T) {
	if l, err := net.Listen("tcp6", "[::1]:0"); err != nil {
		t.Skip("there is no IPv6")
	} else {
		l.Close()
	}
	t.Parallel()
	s := start(t, respserver.Options{Config: []string{"bind 127.0.0.1 ::1"}})
	addrs := s.Addrs()
	if len(addrs) != 2 || strings.TrimPrefix(addrs[0], "127.0.0.1:") != strings.TrimPrefix(addrs[1], "[::1]:") {
		t.Fatalf("the server listens on %q", addrs)
	}
	for _, addr := range addrs {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		ping(t, c)
		c.Close()
	}
}

// TestUnixSocketFile: the socket replaces a file, such as one that a test made to
// get a name, and is removed at the end. A directory and the socket of another
// server stay.
func TestUnixSocketFile(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "s") // the path of t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, respserver.Options{UnixSocket: path})
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	ping(t, c)
	c.Close()
	for _, taken := range []string{path, dir} {
		if s, err := respserver.Start(respserver.Options{UnixSocket: taken}); err == nil {
			s.Close()
			t.Errorf("the socket replaces %s", taken)
		}
	}
	if c, err = net.Dial("unix", path); err != nil {
		t.Fatal(err)
	}
	ping(t, c)
	c.Close()
	s.Close()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file exists after Close: %v", err)
	}
}

func TestBadConfig(t *testing.T) {
	t.Parallel()
	_, err := respserver.Start(respserver.Options{Config: []string{"maxclients 5", "maxclients none"}})
	var at *respserver.ConfigError
	if !errors.As(err, &at) || at.Number != 2 || at.Text != "maxclients none" {
		t.Errorf("got %v", err)
	}
}

func TestReadConfig(t *testing.T) {
	t.Parallel()
	lines, err := respserver.ReadConfig(strings.NewReader("# ours\n  databases 4\n\nMaxClients 1kb"), "my.conf")
	if err == nil || !strings.HasPrefix(err.Error(), "my.conf, line 4, 'MaxClients 1kb': ") {
		t.Errorf("%q, %v", lines, err)
	}
	lines, err = respserver.ReadConfig(strings.NewReader("# ours\n  databases 4\n"), "my.conf")
	if err != nil || len(lines) != 1 || respserver.Setting(lines, "databases") != "4" {
		t.Errorf("%q, %v", lines, err)
	}
	if got := respserver.Setting(nil, "maxclients"); got != "10000" {
		t.Errorf("maxclients is %q", got)
	}
}

func TestDo(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := start(t, respserver.Options{NoListen: true})
	for _, c := range []struct {
		args []any
		want string
	}{
		{[]any{"SET", "k", 1}, "OK"},
		{[]any{"INCRBY", "k", int64(2)}, "3"},
		{[]any{"INCRBYFLOAT", []byte("k"), 0.5}, `"3.5"`},
		{[]any{"APPEND", "k", []byte{0, 255}}, "5"},
		{[]any{"GET", "k"}, `"3.5\x00\xff"`},
		{[]any{"GET", "nosuch"}, "(null)"},
		{[]any{"SET", "d", time.Second}, "OK"},
		{[]any{"GET", "d"}, `"1s"`},
		{[]any{"SELECT", 5}, "OK"},
		{[]any{"EXISTS", "k"}, "1"}, // back in database 0
		{[]any{"MULTI"}, "OK"},
		{[]any{"ECHO", "at once"}, `"at once"`},
	} {
		if r, err := s.Do(ctx, c.args...); err != nil || r.String() != c.want {
			t.Errorf("%v: %v, %v, want %s", c.args, r, err, c.want)
		}
	}
	for _, args := range [][]any{{}, {"NOSUCH"}, {"GET"}, {"INCR", "k"}} {
		_, err := s.Do(ctx, args...)
		var reply respserver.Error
		if !errors.As(err, &reply) || !strings.HasPrefix(reply.Error(), "ERR ") {
			t.Errorf("%v: %v", args, err)
		}
	}
}

func TestDoCancel(t *testing.T) {
	t.Parallel()
	s := start(t, respserver.Options{NoListen: true})
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() {
		_, err := s.Do(ctx, "BLPOP", "k", 0)
		failed <- err
	}()
	waitBlocked(t, s, 1)
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	waitBlocked(t, s, 0)
	if r, err := s.Do(t.Context(), "RPUSH", "k", "v"); err != nil || r.Int() != 1 {
		t.Errorf("%v, %v", r, err) // the message has no receiver
	}
	if r, err := s.Do(t.Context(), "LLEN", "k"); err != nil || r.Int() != 1 {
		t.Errorf("%v, %v", r, err)
	}
}

func TestDoConcurrently(t *testing.T) {
	t.Parallel()
	s := start(t, respserver.Options{NoListen: true})
	const workers, times = 8, 500
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for range times {
				if _, err := s.Do(t.Context(), "INCR", "n"); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	if r, err := s.Do(t.Context(), "GET", "n"); err != nil || r.Str != fmt.Sprint(workers*times) {
		t.Errorf("%v, %v", r, err)
	}
}

func TestDial(t *testing.T) {
	t.Parallel()
	s := start(t, respserver.Options{NoListen: true})
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Dial(cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("with a cancelled context: %v", err)
	}
	c, err := s.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// A value larger than any buffer is stored and read back.
	big := strings.Repeat("x", 5<<20)
	go fmt.Fprintf(c, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n%s\r\nGET k\r\nQUIT\r\n", len(big), big)
	got, err := io.ReadAll(c)
	if want := fmt.Sprintf("+OK\r\n$%d\r\n%s\r\n+OK\r\n", len(big), big); err != nil || string(got) != want {
		t.Errorf("got %d bytes, %v, want %d", len(got), err, len(want))
	}
}

func TestShutdown(t *testing.T) {
	t.Parallel()
	s := start(t, respserver.Options{NoListen: true})
	c, err := s.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprint(c, "SHUTDOWN NOSAVE\r\n")
	if got, err := io.ReadAll(c); len(got) > 0 || err != nil {
		t.Fatalf("the server replies %q, %v", got, err)
	}
	<-s.Done()
}

func TestStartTest(t *testing.T) {
	t.Parallel()
	var s *respserver.TestServer
	t.Run("in", func(t *testing.T) {
		s = respserver.StartTest(t)
		if addrs := s.Server.Addrs(); addrs != nil {
			t.Errorf("before Addr the server listens on %q", addrs)
		}
		if addrs := s.Addrs(); len(addrs) != 1 || addrs[0] != s.Addr() {
			t.Errorf("the server listens on %q", addrs)
		}
		c, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		ping(t, c)
		if first, second := s.Addr(), s.Addr(); first != second {
			t.Error("the address changes")
		}
	})
	<-s.Done()
	rec := &recorder{TB: t}
	failed := func(what, want string) {
		t.Helper()
		if !strings.Contains(rec.fatal, want) {
			t.Errorf("%s fails with %q", what, rec.fatal)
		}
		rec.fatal = ""
	}
	if s := respserver.StartTest(rec, respserver.Options{Config: []string{"nosuch 1"}}); s != nil {
		t.Error("the server starts with a bad option")
	}
	failed("a bad option", "nosuch 1")
	if s := respserver.StartTest(rec, respserver.Options{}, respserver.Options{NoListen: true}); s != nil {
		t.Error("the server starts with two Options")
	}
	failed("two Options", "2 Options")
	s = respserver.StartTest(rec, respserver.Options{NoListen: true})
	s.Addr()
	failed("Addr with NoListen", "NoListen is set")
	s.Addrs()
	failed("Addrs with NoListen", "NoListen is set")
	s.Must("INCR")
	failed("a command that fails", "INCR: ERR wrong number of arguments")
}

// TestStartTestListens checks that a server listens at once if the options say
// where.
func TestStartTestListens(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "s") // the path of t.TempDir may be too long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for name, o := range map[string]respserver.Options{
		"Addr":       {Addr: "127.0.0.1:0"},
		"UnixSocket": {UnixSocket: filepath.Join(dir, "a")},
		"port":       {Config: []string{"port 0"}},
		"bind":       {Config: []string{"bind 127.0.0.1"}},
		"unixsocket": {Config: []string{"unixsocket " + filepath.Join(dir, "b")}},
	} {
		s := respserver.StartTest(t, o)
		addrs := s.Server.Addrs()
		if len(addrs) == 0 {
			t.Errorf("%s: the server does not listen", name)
			continue
		}
		last := addrs[len(addrs)-1]
		network := "tcp"
		if strings.HasPrefix(last, dir) {
			network = "unix"
		}
		c, err := net.Dial(network, last)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		ping(t, c)
		c.Close()
	}
}

// recorder is a Tester that keeps the failure message.
type recorder struct {
	testing.TB
	fatal string
}

func (r *recorder) Fatalf(format string, args ...any) { r.fatal = fmt.Sprintf(format, args...) }

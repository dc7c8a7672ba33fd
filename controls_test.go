package respserver_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	respserver "github.com/resp-server/resp-server"
	"github.com/resp-server/resp-server/internal/resp"
)

func TestAdvance(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	s.Freeze()
	s.Must("SET", "session", "x", "EX", 3600)
	s.Advance(time.Hour - time.Millisecond)
	if s.Must("EXISTS", "session").Int() != 1 {
		t.Error("the key expired too early")
	}
	at := s.Now()
	s.Advance(time.Millisecond)
	if s.Must("EXISTS", "session").Int() != 0 || s.Now().Sub(at) != time.Millisecond {
		t.Errorf("the key did not expire; the clock moved by %v", s.Now().Sub(at))
	}
	s.SetTime(time.Date(2040, 2, 29, 0, 0, 0, 0, time.UTC))
	if got := s.Must("TIME").Strings(); got[0] != "2214086400" || got[1] != "0" {
		t.Errorf("TIME: %v", got)
	}
	s.Resume()
	if s.Now().Year() != 2040 {
		t.Error("the clock went back")
	}
}

// TestAdvanceReplies: when Advance returns, blocked clients can read their
// replies.
func TestAdvanceReplies(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	var clients []net.Conn
	for i := range 20 {
		c, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "BLPOP nothing %d\r\n", 10+i)
		clients = append(clients, c)
	}
	if err := s.WaitBlocked(t.Context(), len(clients)); err != nil {
		t.Fatal(err)
	}
	s.Advance(10 * time.Second)
	clients[0].SetReadDeadline(time.Now().Add(time.Minute))
	if b, err := io.ReadAll(io.LimitReader(clients[0], 5)); string(b) != "*-1\r\n" {
		t.Errorf("got %q, %v", b, err)
	}
	s.Advance(time.Minute)
	if err := s.WaitBlocked(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
}

// fill makes a key of each type, and everything else that a server has.
func fill(s *respserver.TestServer) {
	s.Must("SET", "string", "value")
	s.Must("SET", "number", 12)
	s.Must("SET", "expires", "x", "PX", 100_000)
	s.Must("RPUSH", "list", "a", "b")
	s.Must("SADD", "set", "a", "b")
	s.Must("ZADD", "zset", 1, "a", 2, "b")
	s.Must("HSET", "hash", "f", "v")
	s.Must("XADD", "stream", "1-1", "f", "v")
	s.Must("XGROUP", "CREATE", "stream", "group", 0)
	s.Must("ARSET", "array", 3, "v")
	s.Must("PFADD", "hyperloglog", "a", "b")
	s.Must("SETBIT", "bitmap", 1000, 1)
	s.Must("GEOADD", "geo", 13.3, 38.1, "a")
	s.Must("SADD", "numbers", 1, 2, 3)
	s.Must("HSET", "fields", "f", "v", "g", "v")
	s.Must("HPEXPIREAT", "fields", 4_000_000_000_000, "FIELDS", 1, "f")
	for i := range 1000 {
		s.Must("HSET", "large", i, i)
		s.Must("RPUSH", "large list", i, "x")
		s.Must("SADD", "large set", i, fmt.Sprint("m", i))
		s.Must("ZADD", "large zset", i, fmt.Sprint("m", i))
		s.Must("XADD", "large stream", fmt.Sprint(i+1, "-1"), "f", i)
		s.Must("ARSET", "large array", 100*i, i)
	}
	s.Must("FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function('hello', function() return 'hello' end)")
	s.Must("ACL", "SETUSER", "ann", "on", "nopass", "+get", "~*")
	s.Must("CONFIG", "SET", "maxclients", 77)
}

// look returns all state of a server that clients can see.
func look(s *respserver.TestServer) string {
	return fmt.Sprint(s.Must("DEBUG", "DIGEST"), s.Must("DBSIZE"), s.Must("PEXPIRETIME", "expires"), s.Must("XINFO", "STREAM", "stream", "FULL"),
		s.Must("FUNCTION", "LIST"), s.Must("ACL", "LIST"), s.Must("CONFIG", "GET", "maxclients"), s.Must("SCRIPT", "EXISTS", sha1OfOne))
}

const sha1OfOne = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db" // return 1

// change changes everything that fill made.
func change(s *respserver.TestServer) {
	s.Must("APPEND", "string", "!")
	s.Must("INCR", "number")
	s.Must("PERSIST", "expires")
	s.Must("LPUSH", "list", "c")
	s.Must("SREM", "set", "a")
	s.Must("ZINCRBY", "zset", 5, "a")
	s.Must("HDEL", "hash", "f")
	s.Must("XADD", "stream", "2-1", "f", "v")
	s.Must("XREADGROUP", "GROUP", "group", "c", "STREAMS", "stream", ">")
	s.Must("ARSET", "array", 4, "v")
	s.Must("PFADD", "hyperloglog", "c", "d")
	s.Must("SETBIT", "bitmap", 1001, 1)
	s.Must("GEOADD", "geo", 15, 37, "b")
	s.Must("SADD", "numbers", 4)
	s.Must("SREM", "numbers", 1)
	s.Must("HPERSIST", "fields", "FIELDS", 1, "f")
	s.Must("HSET", "fields", "g", "w")
	for i := range 1000 {
		s.Must("HSET", "large", i, "x")
	}
	for i := 0; i < 1000; i += 50 {
		s.Must("LSET", "large list", i, "y")
		s.Must("LPOP", "large list")
		s.Must("SREM", "large set", i)
		s.Must("SADD", "large set", fmt.Sprint("n", i))
		s.Must("ZINCRBY", "large zset", 500, fmt.Sprint("m", i))
		s.Must("ZREM", "large zset", fmt.Sprint("m", i+1))
		s.Must("XADD", "large stream", "*", "f", i)
		s.Must("XDEL", "large stream", fmt.Sprint(i+1, "-1"))
		s.Must("ARSET", "large array", 100*i, "x")
	}
	s.Must("XTRIM", "large stream", "MAXLEN", 700)
	s.Must("FUNCTION", "FLUSH")
	s.Must("ACL", "DELUSER", "ann")
	s.Must("CONFIG", "SET", "maxclients", 88)
	s.Must("EVAL", "return 1", 0)
}

var testControls = respserver.Options{Config: []string{"enable-debug-command yes"}}

func TestSnapshot(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t, testControls)
	s.Freeze()
	fill(s)
	before := look(s)
	snapshot := s.Snapshot()
	for range 3 { // any number of times
		change(s)
		s.Advance(time.Hour)
		if look(s) == before {
			t.Fatal("nothing changed")
		}
		if err := s.Restore(snapshot); err != nil {
			t.Fatal(err)
		}
		if got := look(s); got != before {
			t.Fatalf("restored\n%s\nwant\n%s", got, before)
		}
	}
	if err := s.Reset(); err != nil {
		t.Fatal(err)
	}
	if n := s.Must("DBSIZE").Int(); n != 0 || len(s.Must("ACL", "LIST").Array()) != 1 || len(s.Must("FUNCTION", "LIST").Array()) != 0 {
		t.Errorf("after Reset: %d keys, %v", n, s.Must("ACL", "LIST"))
	}
}

// TestRestoreAndClients: clients stay connected, but notice that the data changed.
func TestRestoreAndClients(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	snapshot := s.Snapshot()
	c, err := s.Dial(t.Context())
	ask := ask(t, c, err)
	s.Must("SET", "k", "v")
	ask("WATCH", "k")
	ask("MULTI")
	ask("PING")
	if err := s.Restore(snapshot); err != nil {
		t.Fatal(err)
	}
	if got := ask("EXEC"); got.Kind != resp.Null && got.Kind != resp.NullArray {
		t.Errorf("EXEC after Restore: %v", got)
	}
}

func TestFork(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t, testControls)
	fill(s)
	before := look(s)
	for range 3 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			f := s.Fork(t)
			if got := look(f); got != before {
				t.Errorf("the fork has\n%s\nwant\n%s", got, before)
			}
			if got := f.Must("FCALL", "hello", 0).Text(); got != "hello" {
				t.Errorf("the function of the fork: %s", got)
			}
			change(f)
			if got := look(s); got != before {
				t.Errorf("the fork changed its parent:\n%s\nwant\n%s", got, before)
			}
			c, err := net.Dial("tcp", f.Addr())
			if got := ask(t, c, err)("GET", "string"); got.Str != "value!" {
				t.Errorf("over a socket: %v", got)
			}
			if f.Reset(); look(f) != before {
				t.Error("Reset of a fork does not return to its start")
			}
		})
	}
}

// TestForksWrite makes a server, its forks and their forks write values of each
// type at the same time. None sees the writes of another. It is for the race
// detector too.
func TestForksWrite(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t, testControls)
	s.Freeze() // the forks inherit a clock that stands still
	fill(s)
	before, snapshot := look(s), s.Snapshot()
	var wait sync.WaitGroup
	write := func(s *respserver.TestServer, back func() error) {
		for range 3 {
			if got := look(s); got != before {
				t.Errorf("got %s\nwant %s", got, before)
			}
			change(s)
			changed := look(s)
			if got := look(s); got != changed || got == before {
				t.Errorf("after changes: %s, then %s", changed, got)
			}
			if err := back(); err != nil {
				t.Error(err)
			}
		}
	}
	for range 3 {
		f := s.Fork(t)
		inner := f.Fork(t)
		wait.Go(func() { write(f, f.Reset) })
		wait.Go(func() { write(inner, inner.Reset) })
	}
	wait.Go(func() { write(s, func() error { return s.Restore(snapshot) }) })
	wait.Wait()
}

func TestForkOfClosed(t *testing.T) {
	s := respserver.StartTest(t)
	s.Close()
	if _, err := s.Server.Fork(); !errors.Is(err, respserver.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkFork(b *testing.B) {
	s := respserver.StartTest(b)
	for i := range 1_000_000 {
		s.Must("SET", fmt.Sprint("key:", i), "value")
	}
	for b.Loop() {
		f, err := s.Server.Fork()
		if err != nil {
			b.Fatal(err)
		}
		f.Close()
	}
}

func TestTestingCommand(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	want := func(want string, args ...any) {
		t.Helper()
		got, _ := s.Do(t.Context(), args...)
		if got.String() != want {
			t.Errorf("%v: %s, want %s", args, got, want)
		}
	}
	want("OK", "TESTING", "CLOCK", "FREEZE")
	want("OK", "TESTING", "CLOCK", "SET", 1_700_000_000_000)
	want("1700000000000", "TESTING", "CLOCK", "NOW")
	want("OK", "SET", "k", "v", "PX", 1000)
	want("OK", "TESTING", "SNAPSHOT", "fixture")
	want("OK", "TESTING", "CLOCK", "ADVANCE", 1000)
	want("0", "EXISTS", "k")
	want("OK", "TESTING", "RESTORE", "fixture")
	want("1", "EXISTS", "k")
	want("1700000000000", "TESTING", "CLOCK", "NOW")
	want("OK", "TESTING", "CLOCK", "RESUME")
	want("OK", "TESTING", "RESET")
	want("0", "EXISTS", "k")
	want("(error) ERR no snapshot is called 'none'", "TESTING", "RESTORE", "none")
	want("(error) ERR value is not an integer or out of range", "TESTING", "CLOCK", "ADVANCE", "soon")
	want("(error) ERR syntax error", "TESTING", "CLOCK", "STOP")
	want("(error) ERR wrong number of arguments for 'testing|clock' command", "TESTING", "CLOCK", "SET")
	want("(error) ERR this server is no fork", "TESTING", "CLOSE")
	want("(error) ERR no fork listens on '127.0.0.1:1'", "TESTING", "CLOSE", "127.0.0.1:1")

	off := respserver.StartTest(t, respserver.Options{Config: []string{"enable-testing-command no"}})
	c, err := off.Dial(t.Context())
	if got := ask(t, c, err)("TESTING", "CLOCK", "NOW"); !strings.HasPrefix(got.Str, "ERR TESTING command not allowed. If the enable-testing-command option is set") {
		t.Errorf("got %v", got)
	}
}

func TestForkOverTheWire(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	s.Must("SET", "k", "shared")
	conn, err := net.Dial("tcp", s.Addr())
	maker := ask(t, conn, err)
	one := maker("TESTING", "FORK").Str
	two := maker("TESTING", "FORK").Str
	dial := func(addr string) (net.Conn, asker) {
		c, err := net.Dial("tcp", addr)
		return c, ask(t, c, err)
	}
	c1, ask1 := dial(one)
	_, ask2 := dial(two)
	ask1("SET", "k", "one")
	if got := ask2("GET", "k").Str + s.Must("GET", "k").Text(); got != "sharedshared" {
		t.Errorf("got %s", got)
	}
	if got := ask1("TESTING", "CLOSE"); got.Str != "OK" {
		t.Errorf("TESTING CLOSE: %v", got)
	}
	if !closed(t, c1) {
		t.Error("the fork runs after TESTING CLOSE")
	}
	c2, _ := dial(two)
	conn.Close() // the forks of the connection end with it
	if !closed(t, c2) {
		t.Error("the fork outlives the connection that made it")
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	cut := 3
	for name, c := range map[string]struct {
		respserver.Fault
		replies string // to three times INCR n, in order; "" for none
		n       string // n afterwards
	}{
		"error":            {respserver.Fault{Command: "INCR", Times: 1, Error: "LOADING Redis is loading"}, "-LOADING Redis is loading\r\n:1\r\n:2\r\n", "2"},
		"every second":     {respserver.Fault{Key: "n", From: 2, Every: 2, Error: "OOM x"}, ":1\r\n-OOM x\r\n:2\r\n", "2"},
		"another key":      {respserver.Fault{Key: "m", Error: "OOM x"}, ":1\r\n:2\r\n:3\r\n", "3"},
		"category":         {respserver.Fault{Category: "@write", Times: 2, Error: "READONLY x"}, "-READONLY x\r\n-READONLY x\r\n:1\r\n", "1"},
		"close before":     {respserver.Fault{From: 2, Times: 1, Close: respserver.BeforeExecution}, ":1\r\n", "1"},
		"close after":      {respserver.Fault{From: 2, Times: 1, Close: respserver.AfterExecution}, ":1\r\n", "2"},
		"cut":              {respserver.Fault{From: 2, Times: 1, Cut: &cut}, ":1\r\n:2\r", "2"},
		"black hole":       {respserver.Fault{From: 2, Times: 1, Blackhole: true}, ":1\r\n:2\r\n", "2"},
		"expire":           {respserver.Fault{Command: "INCR", From: 3, Expire: true}, ":1\r\n:2\r\n:1\r\n", "1"},
		"evict":            {respserver.Fault{Command: "INCR", From: 3, Evict: true}, ":1\r\n:2\r\n:1\r\n", "1"},
		"another client":   {respserver.Fault{Client: "worker", Error: "OOM x"}, ":1\r\n:2\r\n:3\r\n", "3"},
		"another user":     {respserver.Fault{User: "ann", Error: "OOM x"}, ":1\r\n:2\r\n:3\r\n", "3"},
		"never by chance":  {respserver.Fault{Probability: 1e-300, Error: "OOM x"}, ":1\r\n:2\r\n:3\r\n", "3"},
		"always by chance": {respserver.Fault{Probability: 1, Times: 1, Error: "OOM x"}, "-OOM x\r\n:1\r\n:2\r\n", "2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := respserver.StartTest(t)
			remove := s.Inject(c.Fault)
			conn, err := s.Dial(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprint(conn, "INCR n\r\nINCR n\r\nINCR n\r\n")
			got := make([]byte, len(c.replies))
			if _, err := io.ReadFull(conn, got); err != nil || string(got) != c.replies {
				t.Errorf("got %q, %v, want %q", got, err, c.replies)
			}
			remove()
			if got := s.Must("GET", "n").Text(); got != c.n {
				t.Errorf("n is %s, want %s", got, c.n)
			}
			if c.Close != 0 || c.Cut != nil {
				if !closed(t, conn) {
					t.Error("the connection is open")
				}
			}
		})
	}
}

// TestFaultsInTime: delayed replies arrive by the server's clock, in order.
func TestFaultsInTime(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	s.Freeze()
	remove := s.Inject(respserver.Fault{Command: "GET", Times: 1, Delay: time.Minute})
	conn, err := s.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(conn, "GET k\r\nPING\r\n")
	if err := s.WaitBlocked(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	s.Must("SET", "k", "meanwhile")
	s.Advance(time.Minute)
	got := make([]byte, len("$9\r\nmeanwhile\r\n+PONG\r\n"))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != "$9\r\nmeanwhile\r\n+PONG\r\n" {
		t.Errorf("got %q, %v", got, err)
	}
	remove()

	s.Inject(respserver.Fault{Command: "PING", Trickle: time.Second})
	fmt.Fprint(conn, "PING\r\nECHO x\r\n")
	for _, want := range "+PONG\r\n" {
		if err := s.WaitBlocked(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		s.Advance(time.Second)
		b := make([]byte, 1)
		if _, err := io.ReadFull(conn, b); err != nil || b[0] != byte(want) {
			t.Fatalf("got %q, %v, want %q", b, err, want)
		}
	}
	got = got[:len("$1\r\nx\r\n")]
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != "$1\r\nx\r\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestFaultsOfConnectionsAndFiles(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t, respserver.Options{Dir: t.TempDir()})
	remove := s.Inject(respserver.Fault{Refuse: true, Times: 1})
	c, err := s.Dial(t.Context())
	if err != nil || !closed(t, c) {
		t.Errorf("the connection is not refused: %v", err)
	}
	remove()
	s.Inject(respserver.Fault{Disk: syscall.ENOSPC, Times: 1})
	if r, err := s.Do(context.Background(), "SAVE"); err == nil {
		t.Errorf("SAVE on a full disk: %v", r)
	}
	s.Must("SAVE")
}

// TestFaultsOfTheAppendOnlyFile: a fault that fills the disk affects the
// append-only file too, until it is removed.
func TestFaultsOfTheAppendOnlyFile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule   string
		reason string
	}{
		{"DO ENOSPC", "No space left on device"},
		{"DO EIO", "Input/output error"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			config := []string{"appendonly yes"}
			s := respserver.StartTest(t, respserver.Options{Dir: dir, Config: config})
			s.Freeze() // prevents a sync in between
			s.Must("SET", "a", "v")
			add := []any{"TESTING", "FAULT", "ADD", "disk"}
			for _, w := range strings.Fields(c.rule) {
				add = append(add, w)
			}
			s.Must(add...)
			s.Must("SET", "b", "v") // real Redis also notices only after the write
			refused := func() {
				t.Helper()
				if _, err := s.Do(t.Context(), "SET", "c", "v"); err == nil || err.Error() != "MISCONF Errors writing to the AOF file: "+c.reason {
					t.Errorf("SET: %v", err)
				}
			}
			refused()
			s.Want("v", "GET", "b")
			status := func(want string) {
				t.Helper()
				if info := s.Must("INFO", "persistence").Text(); !strings.Contains(info, want+"\r\n") {
					t.Errorf("want %s in\n%s", want, info)
				}
			}
			status("aof_last_write_status:err")
			if _, err := s.Do(t.Context(), "BGREWRITEAOF"); err == nil || !strings.HasPrefix(err.Error(), "ERR Can't execute an AOF background rewriting.") {
				t.Errorf("BGREWRITEAOF: %v", err)
			}
			status("aof_last_bgrewrite_status:err")
			s.Advance(time.Minute) // the retry fails too
			refused()

			s.Must("TESTING", "FAULT", "DEL", "disk")
			s.Must("SET", "c", "v")
			status("aof_last_write_status:ok")
			s.Must("BGREWRITEAOF")
			s.Close()
			again := respserver.StartTest(t, respserver.Options{Dir: dir, Config: config})
			again.Want(respserver.AnyOrder{"a", "b", "c"}, "KEYS", "*")
		})
	}
}

// TestFaultsOfTheAppendOnlyFileAlways: a write that is not on the disk gets no
// reply, as from a real server, which exits.
func TestFaultsOfTheAppendOnlyFileAlways(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config := []string{"appendonly yes", "appendfsync always"}
	s := respserver.StartTest(t, respserver.Options{Dir: dir, Config: config})
	s.Must("SET", "a", "v")
	s.Inject(respserver.Fault{Disk: syscall.EIO})
	if r, err := s.Do(t.Context(), "SET", "b", "v"); err != respserver.ErrClosed {
		t.Errorf("%v, %v", r, err)
	}
	<-s.Done()
	again := respserver.StartTest(t, respserver.Options{Dir: dir, Config: config})
	again.Want([]string{"a"}, "KEYS", "*")
}

// TestFaultsOfSync: after a failed sync the server refuses writes until a sync
// succeeds. It retries when the fault is removed.
func TestFaultsOfSync(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config := []string{"appendonly yes"}
	s := respserver.StartTest(t, respserver.Options{Dir: dir, Config: config})
	s.Freeze()
	s.Must("SET", "a", "v") // to be synced within a second
	remove := s.Inject(respserver.Fault{Disk: syscall.EIO})
	s.Advance(2 * time.Second) // syncs
	failing := func() bool {
		return strings.Contains(s.Must("INFO", "persistence").Text(), "aof_last_write_status:err")
	}
	for !failing() {
		runtime.Gosched()
	}
	var err error
	for err == nil { // who commands learns it a little later
		_, err = s.Do(t.Context(), "SET", "b", "v")
	}
	if err.Error() != "MISCONF Errors writing to the AOF file: Input/output error" {
		t.Error(err)
	}
	remove()
	if failing() {
		t.Error("SAVE fails without a fault")
	}
	s.Must("SET", "b", "v")
}

// TestFaultsOfSteps: From counts file operations, so a fault can hit each step of a
// save and of a rewrite. The old files stay.
func TestFaultsOfSteps(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t, respserver.Options{Dir: t.TempDir()})
	s.Must("SET", "k", "v")
	s.Must("SAVE")
	for n := 1; ; n++ {
		if n > 20 {
			t.Fatal("SAVE never succeeds")
		}
		remove := s.Inject(respserver.Fault{Disk: syscall.ENOSPC, From: n, Times: 1})
		_, err := s.Do(t.Context(), "SAVE")
		remove()
		s.Must("DEBUG", "RELOAD", "NOSAVE")
		s.Want("v", "GET", "k")
		if err == nil {
			if n < 5 { // create, write, sync, rename, sync of the directory
				t.Errorf("SAVE has %d steps", n-1)
			}
			break
		}
	}
}

// TestFaultsOfOtherFiles: faults of the disk affect the files of users, settings
// and nodes.
func TestFaultsOfOtherFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	conf := filepath.Join(dir, "redis.conf")
	if err := os.WriteFile(conf, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	users := filepath.Join(dir, "users.acl")
	if err := os.WriteFile(users, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := respserver.StartTest(t, respserver.Options{Dir: dir, ConfigFile: conf, Config: []string{"aclfile " + users}})
	for _, command := range []string{"ACL SAVE", "CONFIG REWRITE"} {
		words := []any{}
		for _, w := range strings.Fields(command) {
			words = append(words, w)
		}
		remove := s.Inject(respserver.Fault{Disk: syscall.ENOSPC})
		if r, err := s.Do(t.Context(), words...); err == nil {
			t.Errorf("%s on a full disk: %v", command, r)
		}
		remove()
		s.Must(words...)
	}
}

// TestClockEnds: moves that are too much for the clock are errors, in place of being
// ignored.
func TestClockEnds(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	const most = 250 * 365 * 24 * 3600 * 1000 // ms
	s.Must("TESTING", "CLOCK", "ADVANCE", most)
	at := s.Now()
	for _, move := range [][]any{{"ADVANCE", most}, {"SET", at.UnixMilli() + most}} {
		if _, err := s.Do(t.Context(), append([]any{"TESTING", "CLOCK"}, move...)...); err == nil || err.Error() != "ERR the clock of a server can be moved by 292 years in all" {
			t.Errorf("%v: %v", move, err)
		}
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("Advance has moved it")
			}
		}()
		s.Advance(most * time.Millisecond)
	}()
	s.SetTime(at.Add(time.Hour))
	if s.Now().Before(at.Add(time.Hour)) {
		t.Errorf("it shows %v", s.Now())
	}
}

func TestBadFault(t *testing.T) {
	s := respserver.StartTest(t)
	negative := -1
	for _, f := range []respserver.Fault{
		{Command: "GET"}, // no action
		{Command: "GET", Evict: true, Expire: true}, // two actions
		{Command: "GET", Disk: syscall.EIO},         // files have no command
		{Command: "GTE", Evict: true},               // there is no such command
		{Category: "wirte", Evict: true},            // nor such a category
		{Evict: true, From: -1},
		{Evict: true, Every: -1},
		{Evict: true, Times: -1},
		{Evict: true, Probability: -0.5},
		{Evict: true, Probability: 2},
		{Evict: true, Probability: math.NaN()},
		{Evict: true, After: time.UnixMilli(2), Before: time.UnixMilli(1)},
		{Delay: -time.Second},
		{Trickle: -time.Second},
		{Cut: &negative},
		{Error: "two\r\n+lines"},
		{Disk: syscall.EACCES},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v is accepted", f)
				}
			}()
			s.Inject(f)
		}()
	}
	s.Want(0, "TESTING", "FAULT", "DEL", "ALL")
}

// TestFaultsOfExec: EXEC meets faults as any command does, so that a whole transaction
// can get lost, or its reply.
func TestFaultsOfExec(t *testing.T) {
	t.Parallel()
	zero := 0
	for name, c := range map[string]struct {
		fault respserver.Fault
		reply string // of EXEC; empty: the connection closes
		n     any    // in the end
	}{
		"error":        {respserver.Fault{Error: "LOADING x"}, "-EXECABORT Transaction discarded because of: LOADING x", nil},
		"close before": {respserver.Fault{Close: respserver.BeforeExecution}, "", nil},
		"close after":  {respserver.Fault{Close: respserver.AfterExecution}, "", "1"},
		"cut":          {respserver.Fault{Cut: &zero}, "", "1"},
		"delay":        {respserver.Fault{Delay: time.Minute}, "*1", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := respserver.StartTest(t)
			s.Freeze()
			c.fault.Command = "EXEC"
			s.Inject(c.fault)
			p := dialPeer(t, s)
			p.send("MULTI", "INCR n", "EXEC")
			p.expect("+OK", "+QUEUED")
			if c.fault.Delay != 0 {
				s.Must("PING")
				s.Want(nil, "GET", "n")
				s.Advance(time.Minute)
			}
			if c.reply != "" {
				p.expect(c.reply)
			} else if got, err := io.ReadAll(p.r); err != nil || len(got) > 0 {
				t.Errorf("got %q, %v", got, err)
			}
			s.Want(c.n, "GET", "n")
			if name == "error" { // and the transaction has ended
				p.send("INCR n")
				p.expect(":1")
			}
		})
	}
}

// TestFaultsOfSpaces: a rule of the server may apply to the clients of one space.
func TestFaultsOfSpaces(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t, respserver.Options{Config: []string{"spaces yes"}})
	one, err := s.Space("one")
	if err != nil {
		t.Fatal(err)
	}
	remove := s.Inject(respserver.Fault{Space: "one", Command: "GET", Error: "BUSY"})
	defer remove()
	s.Inject(respserver.Fault{Space: "two", Command: "GET", Error: "LOADING"})
	s.Inject(respserver.Fault{Command: "GET", Error: "OOM", From: 2})
	two, err := s.Space("two") // made after the rule
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		srv  *respserver.Server
		want string
	}{{s.Server, ""}, {one, "BUSY"}, {two, "LOADING"}, {s.Server, "OOM"}} {
		got := ""
		if _, err := c.srv.Do(t.Context(), "GET", "k"); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	remove()
	if _, err := one.Do(t.Context(), "GET", "k"); err != nil {
		t.Errorf("after remove: %v", err)
	}
	if err := s.Reset(); err != nil {
		t.Fatal(err)
	}
	if _, err := two.Do(t.Context(), "GET", "k"); err != nil {
		t.Errorf("after Reset: %v", err)
	}
}

func TestFaultsOverTheWire(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	s.Must("TESTING", "FAULT", "ADD", "first", "COMMAND", "get", "TIMES", 1, "DO", "ERROR", "LOADING Redis is loading")
	if _, err := s.Do(t.Context(), "GET", "k"); err == nil || err.Error() != "LOADING Redis is loading" {
		t.Errorf("got %v", err)
	}
	rule := s.Must("TESTING", "FAULT", "LIST").Array()[0].StringMap()
	if rule["name"] != "first" || rule["rule"] != `COMMAND get TIMES 1 DO ERROR "LOADING Redis is loading"` || rule["hits"] != "1" {
		t.Errorf("got %v", rule)
	}
	if s.Must("TESTING", "FAULT", "DEL", "first").Int() != 1 || s.Must("TESTING", "FAULT", "DEL", "ALL").Int() != 0 {
		t.Error("TESTING FAULT DEL returns a wrong number")
	}
	for _, words := range []string{"ADD x COMMAND gte DO EVICT", "ADD x DO EVICT COMMAND get", "ADD x", "ADD x DO", "ADD x DO DANCE", "ADD all DO EVICT", "ADD x CATEGORY nosuch DO EVICT", "LIST x", "DEL", "JUMP"} {
		args := []any{"TESTING", "FAULT"}
		for _, w := range strings.Fields(words) {
			args = append(args, w)
		}
		if r, err := s.Do(t.Context(), args...); err == nil {
			t.Errorf("%s: %v", words, r)
		}
	}
}

func TestLockOut(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	s.LockOut()
	conn, err := s.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	want := func(command, reply string) {
		t.Helper()
		if _, err := fmt.Fprintf(conn, "%s\r\n", command); err != nil {
			t.Fatal(err)
		}
		if got, err := in.ReadString('\n'); got != reply+"\r\n" {
			t.Errorf("%s: got %q, %v, want %s", command, got, err, reply)
		}
	}
	want("PING", "+PONG")
	s.Must("CONFIG", "SET", "requirepass", "secret")
	want("PING", "-NOAUTH Authentication required.")
	want("AUTH secret", "+OK")
	s.Must("CONFIG", "SET", "requirepass", "other")
	want("PING", "+PONG")
	want("RESET", "+RESET")
	want("PING", "-NOAUTH Authentication required.")
	s.Must("CONFIG", "SET", "requirepass", "")
	want("PING", "+PONG")
}

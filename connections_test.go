package respserver

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/engine/enginetest"
	"github.com/resp-server/resp-server/internal/resp"
)

// peer is a client whose sends and reads the test controls.
type peer struct {
	net.Conn
	t  *testing.T
	in *bufio.Reader
}

func newPeer(t *testing.T, c net.Conn, err error) *peer {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(3 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	return &peer{c, t, bufio.NewReader(c)}
}

// dialPipe connects without a socket.
func dialPipe(t *testing.T, s *TestServer) *peer {
	t.Helper()
	c, err := s.Dial(context.Background())
	return newPeer(t, c, err)
}

// dialTCP connects with a socket.
func dialTCP(t *testing.T, s *TestServer) *peer {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr())
	return newPeer(t, c, err)
}

// eachWay runs a test over each transport.
func eachWay(t *testing.T, test func(t *testing.T, o Options, dial func(*testing.T, *TestServer) *peer)) {
	t.Run("pipe", func(t *testing.T) { test(t, Options{}, dialPipe) })
	t.Run("tcp", func(t *testing.T) { test(t, Options{}, dialTCP) })
	t.Run("eventloop", func(t *testing.T) { test(t, Options{EventLoop: true}, dialTCP) })
	t.Run("threads", func(t *testing.T) { test(t, Options{EventLoop: true, IOThreads: 3}, dialTCP) })
}

// send sends commands in one packet.
func (p *peer) send(lines ...string) {
	p.t.Helper()
	var b []byte
	for _, l := range lines {
		b = resp.AppendCommand(b, strings.Fields(l)...)
	}
	if _, err := p.Write(b); err != nil {
		p.t.Fatal(err)
	}
}

// want reads replies and compares them.
func (p *peer) want(replies ...string) {
	p.t.Helper()
	for _, want := range replies {
		r, err := resp.ReadReply(p.in)
		if err != nil {
			p.t.Fatalf("%v instead of %s", err, want)
		}
		if got := short(r); got != want {
			p.t.Fatalf("got %.100s, want %.100s", got, want)
		}
	}
}

// ask sends a command and compares its reply.
func (p *peer) ask(line, want string) {
	p.t.Helper()
	p.send(line)
	p.want(want)
}

// short returns the text of a reply without types.
func short(r resp.Reply) string {
	switch {
	case r.Elems != nil:
		words := make([]string, len(r.Elems))
		for i, e := range r.Elems {
			words[i] = short(e)
		}
		return "[" + strings.Join(words, " ") + "]"
	case r.Kind == resp.Integer:
		return fmt.Sprint(r.Integer)
	case r.IsNull():
		return "nil"
	}
	return r.Str
}

// wantEnd reads to the end of the connection and returns what it read.
func (p *peer) wantEnd() []byte {
	p.t.Helper()
	b, err := io.ReadAll(p.in)
	if ne, ok := err.(net.Error); ok && ne.Timeout() {
		p.t.Fatal("the connection was not closed")
	}
	return b
}

// await waits until is holds in the server, which goes on meanwhile.
func await(t *testing.T, s *TestServer, what string, is func(*engine.Core) bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; runtime.Gosched() {
		ok := false
		s.engine.Run(func(c *engine.Core) { ok = is(c) })
		if ok {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("not within 20 seconds: %s", what)
		}
	}
}

func awaitBlocked(t *testing.T, s *TestServer, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := s.WaitBlocked(ctx, n); err != nil {
		t.Fatal(err)
	}
}

// A subscriber that stops reading is closed when too much output waits for it.
// Publishers do not wait for it.
func TestSubscriberStopsReading(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, o Options, dial func(*testing.T, *TestServer) *peer) {
		o.Config = []string{"client-output-buffer-limit pubsub 1mb 0 0"}
		s := StartTest(t, o)
		slow, other, publisher := dial(t, s), dial(t, s), dial(t, s)
		slow.ask("SUBSCRIBE news", "[subscribe news 1]")
		other.ask("SUBSCRIBE news", "[subscribe news 1]")
		const batches, size, length = 150, 100, 1000
		message := strings.Repeat("x", length)
		lines := make([]string, size)
		for i := range lines {
			lines[i] = "PUBLISH news " + message
		}
		for range batches {
			publisher.send(lines...)
			for range size {
				r, err := resp.ReadReply(publisher.in)
				if err != nil || r.Integer < 1 || r.Integer > 2 {
					t.Fatal(r, err)
				}
				other.want("[message news " + message + "]")
			}
		}
		publisher.ask("PUBSUB NUMSUB news", "[news 1]")
		if n := len(slow.wantEnd()); n > batches*size*length {
			t.Errorf("the slow subscriber got all messages: %d bytes", n)
		}
		s.engine.Run(func(c *engine.Core) {
			if n := c.Stats.OutputLimitKills; n != 1 {
				t.Errorf("%d clients closed for their output, want 1", n)
			}
		})
	})
}

// The soft limit allows more output for a limited time. The time passes without any
// traffic to the client.
func TestSoftLimit(t *testing.T) {
	clock := NewManualClock(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))
	s := StartTest(t, Options{Clock: clock, Config: []string{"client-output-buffer-limit pubsub 0 100kb 10"}})
	slow, publisher := dialPipe(t, s), dialPipe(t, s)
	slow.ask("SUBSCRIBE news", "[subscribe news 1]")
	message := strings.Repeat("x", 2<<20) // more than the pipe holds
	publish := func() { publisher.ask("PUBLISH news "+message, "1") }
	read := func() { slow.want("[message news " + message + "]") }

	publish()
	clock.Advance(9 * time.Second)
	publisher.ask("PUBSUB NUMSUB news", "[news 1]")
	read() // the client has caught up in time
	await(t, s, "the output is written", func(core *engine.Core) bool {
		for c := range core.Sessions {
			if c.OutputSize() > 0 {
				return false
			}
		}
		return true
	})
	clock.Advance(time.Minute)
	publish()
	publisher.ask("PUBSUB NUMSUB news", "[news 1]")
	clock.Advance(12 * time.Second)
	publisher.ask("PUBSUB NUMSUB news", "[news 0]")
	slow.wantEnd()
}

// By default the output of a normal client is unlimited.
func TestNoLimit(t *testing.T) {
	s := StartTest(t)
	p := dialPipe(t, s)
	value := strings.Repeat("x", 1<<20)
	p.ask("SET k "+value, "OK")
	lines := make([]string, 64)
	for i := range lines {
		lines[i] = "GET k"
	}
	p.send(lines...)
	for range lines {
		p.want(value)
	}
}

// countClients returns how many clients a server has.
func countClients(c *engine.Core) (n int) {
	for range c.Sessions {
		n++
	}
	return n
}

func TestMaxClients(t *testing.T) {
	eachWay(t, func(t *testing.T, o Options, dial func(*testing.T, *TestServer) *peer) {
		o.Config = []string{"maxclients 2"}
		s := StartTest(t, o)
		a, b := dial(t, s), dial(t, s)
		a.ask("PING", "PONG")
		b.ask("PING", "PONG")
		c := dial(t, s)
		if got := string(c.wantEnd()); got != "-ERR max number of clients reached\r\n" {
			t.Errorf("got %q", got)
		}
		b.Close()
		await(t, s, "one client", func(c *engine.Core) bool { return countClients(c) == 1 })
		dial(t, s).ask("PING", "PONG")
		if _, err := s.Do(context.Background(), "PING"); err != nil {
			t.Error(err) // Do is no client
		}
	})
}

// Commands sent while another one blocks run after it, in order, however it ends.
func TestResumedInOrder(t *testing.T) {
	eachWay(t, func(t *testing.T, o Options, dial func(*testing.T, *TestServer) *peer) {
		s := StartTest(t, o)
		a, b := dial(t, s), dial(t, s)
		a.send("BLPOP q 0", "SET k 1", "APPEND k 2", "BLPOP q 0", "GET k", "BLPOP q 0")
		awaitBlocked(t, s, 1)
		for i := 3; i < 8; i++ { // one packet each, to a blocked session
			a.send(fmt.Sprintf("APPEND k %d", i))
		}
		b.ask("RPUSH q x", "1")
		a.want("[q x]", "OK", "2")
		awaitBlocked(t, s, 1)
		b.ask("RPUSH q y z", "2")
		a.want("[q y]", "12", "[q z]", "3", "4", "5", "6", "7")
		a.ask("GET k", "1234567")
	})
}

// Long input keeps arriving while a command blocks.
func TestInputWhileBlocked(t *testing.T) {
	s := StartTest(t)
	a, b := dialPipe(t, s), dialPipe(t, s)
	a.send("BLPOP q 0")
	awaitBlocked(t, s, 1)
	value := strings.Repeat("x", 1<<20)
	a.send("SET k " + value)
	b.ask("RPUSH q x", "1")
	a.want("[q x]", "OK")
	a.ask("GET k", value)
}

// CLIENT PAUSE ALL holds back all commands but those of the program.
func TestPauseAll(t *testing.T) {
	clock := NewManualClock(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))
	s := StartTest(t, Options{Clock: clock})
	a, b, c := dialPipe(t, s), dialPipe(t, s), dialPipe(t, s)
	a.ask("CLIENT PAUSE 1000", "OK")
	b.send("PING", "SET k 1", "BLPOP q 0", "GET k")
	awaitBlocked(t, s, 1)
	c.send("GET k")
	awaitBlocked(t, s, 2)
	a.send("CLIENT UNPAUSE")
	awaitBlocked(t, s, 3)
	if _, err := s.Do(context.Background(), "RPUSH", "q", "x"); err != nil {
		t.Error(err)
	}
	clock.Advance(999 * time.Millisecond)
	awaitBlocked(t, s, 3)
	clock.Advance(time.Millisecond)
	b.want("PONG", "OK", "[q x]", "1")
	a.want("OK")
	if r, err := resp.ReadReply(c.in); err != nil || r.Str != "" && r.Str != "1" {
		t.Error(r, err)
	}
	// A client that leaves while its command is held back leaves nothing behind.
	a.ask("CLIENT PAUSE 1000", "OK")
	c.send("SET gone 1")
	awaitBlocked(t, s, 1)
	c.Close()
	awaitBlocked(t, s, 0)
	clock.Advance(time.Second)
	b.ask("EXISTS gone", "0")
}

// The replies do not depend on how the input is split into packets.
func TestAnySplit(t *testing.T) {
	var in []byte
	for _, l := range []string{"SET k 1", "INCR k", "NOSUCH x", "MULTI", "GET k", "EXEC", "CLIENT REPLY SKIP", "GET k", "ECHO hello", "SUBSCRIBE c", "GET k", "RESET"} {
		in = resp.AppendCommand(in, strings.Fields(l)...)
	}
	in = append(in, "PING inline\r\nECHO 'a b'\n*1\r\n$x\r\n"...)
	s := StartTest(t)
	run := func(cuts ...int) []byte {
		s.Do(context.Background(), "FLUSHALL")
		session, ok := s.engine.NewSession(enginetest.Conn(""))
		if !ok {
			t.Fatal("no session")
		}
		defer session.Close()
		rest, last := in, 0
		for _, cut := range append(cuts, len(in)) {
			enginetest.Send(session, string(rest[:cut-last]))
			rest, last = rest[cut-last:], cut
		}
		all := enginetest.Output(session)
		if !session.Finished() {
			t.Error("the connection is open after a protocol error")
		}
		return all
	}
	want := run()
	if !bytes.HasSuffix(want, []byte("-ERR Protocol error: invalid bulk length\r\n")) {
		t.Fatalf("%q", want)
	}
	for i := range in {
		if got := run(i); !bytes.Equal(got, want) {
			t.Fatalf("cut at %d: got %q, want %q", i, got, want)
		}
	}
	every := make([]int, len(in))
	for i := range every {
		every[i] = i
	}
	if got := run(every...); !bytes.Equal(got, want) {
		t.Fatalf("byte by byte: got %q, want %q", got, want)
	}
}

// Close ends clients in every state, and leaves no goroutine and no timer.
func TestCloseLeavesNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	const servers = 100
	var all sync.WaitGroup
	for i := range servers {
		all.Go(func() {
			clock := NewManualClock(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))
			s, err := Start(Options{Clock: clock, NoListen: i%4 != 0})
			if err != nil {
				t.Error(err)
				return
			}
			dial := func() net.Conn {
				c, err := s.Dial(context.Background())
				if i%4 == 0 {
					c, err = net.Dial("tcp", s.Addr())
				}
				if err != nil {
					t.Error(err)
				}
				return c
			}
			var clients []net.Conn
			for _, in := range []string{
				"",                        // idle
				"BLPOP q 0\r\n",           // blocked
				"BLPOP q 100\r\nPING\r\n", // blocked with a timeout
				"SUBSCRIBE a b\r\n",
				"MULTI\r\nSET k v\r\n",
				"WATCH k\r\n",
				"*2\r\n$3\r\nGET\r\n$1000\r\nxx", // in the middle of a command
				"CLIENT PAUSE 1000000 WRITE\r\nSET k v\r\n",
				"SET e v PX 100000\r\n",
			} {
				c := dial()
				clients = append(clients, c)
				io.WriteString(c, in)
			}
			s.Do(context.Background(), "PING")
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			for _, c := range clients {
				c.SetReadDeadline(time.Now().Add(20 * time.Second))
				if _, err := io.ReadAll(c); err != nil {
					if ne, ok := err.(net.Error); ok && ne.Timeout() {
						t.Error("a client was not closed")
					}
				}
				c.Close()
			}
			if at, ok := clock.m.Next(); ok {
				t.Error("a timer is left for", at)
			}
			if _, err := s.Do(context.Background(), "PING"); err == nil {
				t.Error("a closed server replies")
			}
		})
	}
	all.Wait()
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(end) {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
	}
}

// Close while a client sends as fast as it can.
func TestCloseDuringBatches(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, o Options, dial func(*testing.T, *TestServer) *peer) {
		s := StartTest(t, o)
		var all sync.WaitGroup
		started := make(chan struct{}, 4)
		for range 4 {
			p := dial(t, s)
			batch := bytes.Repeat(resp.AppendCommand(nil, "INCR", "k"), 100)
			p.ask("PING", "PONG")
			all.Go(func() { io.Copy(io.Discard, p.in) })
			all.Go(func() {
				for i := 0; ; i++ {
					if _, err := p.Write(batch); err != nil {
						return
					}
					if i == 10 {
						started <- struct{}{}
					}
				}
			})
		}
		for range 4 {
			<-started
		}
		s.Close()
		all.Wait()
	})
}

// Many clients at once run commands that affect other sessions, for the race
// detector.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, o Options, dial func(*testing.T, *TestServer) *peer) {
		s := StartTest(t, o)
		var all sync.WaitGroup
		const rounds = 200
		worker := func(lines ...string) {
			p := dial(t, s)
			all.Go(func() {
				for range rounds {
					b := []byte{}
					for _, l := range lines {
						b = resp.AppendCommand(b, strings.Fields(l)...)
					}
					if _, err := p.Write(b); err != nil {
						t.Error(err)
						return
					}
					for range lines {
						if _, err := resp.ReadReply(p.in); err != nil {
							t.Error(err)
							return
						}
					}
				}
			})
		}
		sub := dial(t, s)
		sub.send("SUBSCRIBE c")
		all.Go(func() { io.Copy(io.Discard, sub.in) }) // until it is killed
		worker("RPUSH q x", "RPUSH q y", "PUBLISH c x")
		worker("BLPOP q 0", "PING", "GET k")
		worker("BLPOP q 0", "SET k v", "BLPOP nosuch 0.001")
		worker("CLIENT LIST", "CLIENT INFO", "INFO clients")
		worker("CONFIG SET maxclients 1000", "CONFIG SET proto-max-bulk-len 1mb", "CLIENT SETNAME x")
		worker("WATCH k", "MULTI", "SET k v", "EXEC")
		worker("CLIENT PAUSE 1 WRITE", "CLIENT UNPAUSE")
		worker("CLIENT KILL TYPE pubsub", "CLIENT UNBLOCK 1")
		all.Wait()
	})
}

package respserver_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	respserver "github.com/resp-server/resp-server"
)

func TestDialContext(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	// DialContext has the type of other dial functions.
	var dial func(ctx context.Context, network, addr string) (net.Conn, error) = s.DialContext
	c, err := dial(t.Context(), "tcp", "redis.example:6379")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ping(t, c)
}

// TestServeTLS serves a TLS listener: replies longer than any buffer, blocked
// clients, and the end of the server.
func TestServeTLS(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t, respserver.Options{EventLoop: true})
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(tls.NewListener(plain, selfSigned(t))) }()
	c, err := tls.Dial("tcp", plain.Addr().String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ping(t, c)
	big := strings.Repeat("x", 5<<20)
	s.Must("SET", "big", big)
	in := bufio.NewReader(c)
	fmt.Fprint(c, "GET big\r\nBLPOP q 0\r\nPING\r\n")
	want := fmt.Sprintf("$%d\r\n%s\r\n", len(big), big)
	got := make([]byte, len(want))
	if _, err := io.ReadFull(in, got); err != nil || string(got) != want {
		t.Fatalf("got %d bytes, %v", len(got), err)
	}
	if err := s.WaitBlocked(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	s.Must("RPUSH", "q", "x")
	want = "*2\r\n$1\r\nq\r\n$1\r\nx\r\n+PONG\r\n"
	if _, err := io.ReadFull(in, got[:len(want)]); err != nil || string(got[:len(want)]) != want {
		t.Fatalf("got %q, %v", got[:len(want)], err)
	}
	s.Close()
	if err := <-ended; err != respserver.ErrClosed {
		t.Errorf("Serve returned %v", err)
	}
	if _, err := in.ReadByte(); err == nil {
		t.Error("the connection is still open")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(l); err != respserver.ErrClosed {
		t.Errorf("Serve after Close returned %v", err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("Serve after Close left the listener open")
	}
}

func selfSigned(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

// failing is a listener with a permanent error.
type failing struct{ net.Listener }

var errFailing = errors.New("no more")

func (failing) Accept() (net.Conn, error) { return nil, errFailing }

func TestServeEnds(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	for name, c := range map[string]struct {
		wrap func(net.Listener) net.Listener
		want error
	}{
		"closed by the program": {func(l net.Listener) net.Listener { l.Close(); return l }, net.ErrClosed},
		"failing":               {func(l net.Listener) net.Listener { return failing{l} }, errFailing},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Serve(c.wrap(l)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
			t.Errorf("%s: Serve left the listener open", name)
		}
	}
}

// counted is a connection whose own Write must be used, not that of its socket.
type counted struct {
	*net.TCPConn
	written atomic.Int64
}

func (c *counted) Write(p []byte) (int, error) {
	c.written.Add(int64(len(p)))
	return c.TCPConn.Write(p)
}

// nowhere is a connection without addresses.
type nowhere struct{ net.Conn }

func (nowhere) LocalAddr() net.Addr  { return nil }
func (nowhere) RemoteAddr() net.Addr { return nil }

func TestServeConn(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	serve := func(c net.Conn) <-chan error {
		ended := make(chan error, 1)
		go func() { ended <- s.ServeConn(c) }()
		return ended
	}
	client, server := net.Pipe()
	ended := serve(nowhere{server})
	ping(t, client)
	if list := s.Must("CLIENT", "LIST").Text(); !strings.Contains(list, "addr=?:0 laddr=?:0") {
		t.Errorf("CLIENT LIST has %q", list)
	}
	client.Close()
	if err := <-ended; err != nil {
		t.Errorf("after the client has left ServeConn returns %v", err)
	}

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c := &counted{TCPConn: accepted.(*net.TCPConn)}
	ended = serve(c)
	ping(t, client)
	if n := c.written.Load(); n != int64(len("+PONG\r\n")) {
		t.Errorf("%d bytes went through Write", n)
	}
	s.Close()
	if err := <-ended; err != respserver.ErrClosed {
		t.Errorf("when the server closes ServeConn returns %v", err)
	}
	_, server = net.Pipe()
	if err := s.ServeConn(server); err != respserver.ErrClosed {
		t.Errorf("after Close ServeConn returns %v", err)
	}
	if _, err := server.Read(make([]byte, 1)); err != io.ErrClosedPipe {
		t.Errorf("after Close ServeConn leaves the connection open: %v", err)
	}
}

func TestWaitBlocked(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	ctx := t.Context()
	if err := s.WaitBlocked(ctx, 0); err != nil {
		t.Error(err)
	}
	var consumers sync.WaitGroup
	for range 5 {
		consumers.Go(func() { s.Do(ctx, "BLPOP", "q", 0) })
	}
	for n := 1; n <= 5; n++ {
		if err := s.WaitBlocked(ctx, n); err != nil {
			t.Error(err)
		}
	}
	late, cancel := context.WithCancel(ctx)
	failed := make(chan error)
	go func() { failed <- s.WaitBlocked(late, 6) }()
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "5 clients are blocked, not 6") {
		t.Error(err)
	}
	for range 5 {
		s.Must("RPUSH", "q", "x")
	}
	if err := s.WaitBlocked(ctx, 0); err != nil {
		t.Error(err)
	}
	consumers.Wait()
	go func() { failed <- s.WaitBlocked(ctx, 1) }()
	s.Close()
	if err := <-failed; err != respserver.ErrClosed {
		t.Error(err)
	}
}

// ticker is a clock that a program brings: it stands still, and moves when a test
// fires the pending timers.
type ticker struct {
	mu     sync.Mutex
	now    time.Time
	timers []*tickerTimer
}

type tickerTimer struct {
	c  *ticker
	at time.Time // zero: not pending
	f  func()
}

func (c *ticker) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *ticker) Monotonic() time.Duration { return c.Now().Sub(time.Unix(0, 0)) }

func (c *ticker) AfterFunc(d time.Duration, f func()) respserver.Timer {
	t := &tickerTimer{c: c, f: f}
	c.mu.Lock()
	c.timers = append(c.timers, t)
	c.mu.Unlock()
	t.Reset(d)
	return t
}

func (t *tickerTimer) Stop() bool {
	t.c.mu.Lock()
	defer t.c.mu.Unlock()
	pending := !t.at.IsZero()
	t.at = time.Time{}
	return pending
}

func (t *tickerTimer) Reset(d time.Duration) bool {
	pending := t.Stop()
	t.c.mu.Lock()
	defer t.c.mu.Unlock()
	t.at = t.c.now.Add(d)
	return pending
}

func (c *ticker) tick(d time.Duration) {
	c.mu.Lock()
	c.now = c.now.Add(d)
	var due []*tickerTimer
	for _, t := range c.timers {
		if !t.at.IsZero() && !t.at.After(c.now) {
			due = append(due, t)
		}
	}
	c.mu.Unlock()
	for _, t := range due {
		if t.Stop() {
			t.f()
		}
	}
}

func TestOwnClock(t *testing.T) {
	t.Parallel()
	clock := &ticker{now: time.Unix(1700000000, 0)}
	s := respserver.StartTest(t, respserver.Options{Clock: clock})
	if now := s.Must("TIME").Strings(); now[0] != "1700000000" {
		t.Errorf("TIME is %q", now)
	}
	s.Must("SET", "k", "v", "EX", 10)
	timedOut := make(chan respserver.Reply)
	go func() {
		r, _ := s.Do(context.Background(), "BLPOP", "q", 5)
		timedOut <- r
	}()
	if err := s.WaitBlocked(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	clock.tick(5 * time.Second)
	if r := <-timedOut; !r.IsNull() {
		t.Errorf("BLPOP replies %v", r)
	}
	if ttl := s.Must("TTL", "k").Int(); ttl != 5 {
		t.Errorf("TTL is %d", ttl)
	}
	clock.tick(5 * time.Second)
	if stats := s.Must("INFO", "stats").Text(); !strings.Contains(stats, "expired_keys:1\r\n") {
		t.Error("the key did not expire by itself")
	}
}

func TestTimesBefore1970(t *testing.T) {
	t.Parallel()
	if _, err := respserver.Start(respserver.Options{NoListen: true, Clock: &ticker{}}); err == nil || !strings.Contains(err.Error(), "before 1970") {
		t.Errorf("Start: %v", err)
	}
	clock := respserver.NewManualClock(time.Unix(0, 0))
	for name, move := range map[string]func(){
		"NewManualClock": func() { respserver.NewManualClock(time.Time{}) },
		"Set":            func() { clock.Set(time.Unix(-1, 0)) },
		"Advance":        func() { clock.Advance(-time.Second) },
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, "1970") {
					t.Errorf("%s: %s", name, got)
				}
			}()
			move()
		}()
	}
	clock.Advance(time.Second)
	if now := clock.Now(); now.Unix() != 1 {
		t.Errorf("after refused moves the clock shows %v", now)
	}
}

// TestBubble runs servers in bubbles: calls that need a socket fail at once.
func TestBubble(t *testing.T) {
	out := &recorder{TB: t}
	outside := respserver.StartTest(out)
	for range 2 { // a bubble leaves nothing to the next one
		synctest.Test(t, func(t *testing.T) {
			s := respserver.StartTest(t)
			c, err := s.Dial(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			ping(t, c)
			s.Must("SET", "k", "v", "EX", 3600)
			<-time.After(time.Hour)
			if s.Must("EXISTS", "k").Bool() {
				t.Error("the key is still there after an hour")
			}
			rec := &recorder{TB: t}
			if _, err := outside.Dial(t.Context()); err == nil || !strings.Contains(err.Error(), "not started in this") {
				t.Errorf("Dial of a server outside: %v", err)
			}
			if outside.Must("PING"); !strings.Contains(out.fatal, "not started in this") {
				t.Errorf("Must of a server outside: %q", out.fatal)
			}
			out.fatal = ""
			in := respserver.StartTest(rec)
			for name, call := range map[string]func(){
				"Addr":                func() { in.Addr() },
				"Addrs":               func() { in.Addrs() },
				"StartTest with Addr": func() { respserver.StartTest(rec, respserver.Options{Addr: "127.0.0.1:0"}) },
			} {
				rec.fatal = ""
				call()
				if !strings.Contains(rec.fatal, "synctest bubble") || !strings.Contains(rec.fatal, "DialContext") {
					t.Errorf("%s: %q", name, rec.fatal)
				}
			}
			if _, err := respserver.Start(respserver.Options{}); err == nil || !strings.Contains(err.Error(), "NoListen") {
				t.Errorf("Start: %v", err)
			}
		})
	}
}

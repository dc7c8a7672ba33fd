package command_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/resp-server/resp-server/internal/clock"
	"github.com/resp-server/resp-server/internal/command"
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/engine/enginetest"
)

// bench is an engine whose clients the test drives by hand, so that it
// controls each step of a transport.
type bench struct {
	*engine.Engine
	t     *testing.T
	clock *clock.Manual
}

func newBench(t *testing.T) *bench {
	m := clock.NewManual(time.UnixMilli(1_700_000_000_000))
	e := engine.New(engine.Parts{Table: engine.NewTable(command.Modules()...), Config: config.New(), Clock: m, Logger: slog.New(slog.DiscardHandler)})
	enginetest.CloseAtEnd(t, e)
	return &bench{e, t, m}
}

// blocked returns the number of blocked clients and of the keys they wait for.
func (b *bench) blocked() (clients, keys int) {
	b.Run(func(c *engine.Core) {
		clients = c.Blocked()
		keys, _ = c.BlockedKeys()
	})
	return clients, keys
}

type waiter struct {
	*engine.Session
	t     *testing.T
	space []byte // buffer for the next read
}

func (b *bench) newClient() *waiter {
	c := &waiter{t: b.t}
	c.Session, _ = b.NewSession(enginetest.Conn("test:1"))
	c.space = c.Space() // as a transport does while it waits for input
	return c
}

// send feeds lines to the session.
func (c *waiter) send(lines ...string) {
	text := strings.Join(lines, "\r\n") + "\r\n"
	for len(text) > 0 {
		n := copy(c.space, text)
		text = text[n:]
		c.Feed(n)
		c.space = c.Space()
	}
}

// want checks the output of the session since the last call.
func (c *waiter) want(reply string) {
	c.t.Helper()
	if s := strings.ReplaceAll(string(enginetest.Output(c.Session)), "\r\n", " "); strings.TrimSpace(s) != reply {
		c.t.Errorf("answered %q, want %q", s, reply)
	}
}

func TestBlockedInput(t *testing.T) {
	b := newBench(t)
	a, p := b.newClient(), b.newClient()
	a.send("BLPOP q 0", "PING")
	a.want("")
	// Another goroutine serves a while the transport of a is reading. The input
	// that it read before runs then.
	p.send("RPUSH q 1 2")
	a.want("*2 $1 q $1 1 +PONG")
	a.send("LLEN q")
	a.want(":1")
	a.send("LPOP q", "BRPOP q 0")
	a.want("$1 2")
	a.send(strings.Repeat("PING\r\n", 2000) + "ECHO end")
	a.want("")
	p.send("RPUSH q 3")
	a.want("*2 $1 q $1 3 " + strings.Repeat("+PONG ", 2000) + "$3 end")
}

func TestBlockedTimeouts(t *testing.T) {
	b := newBench(t)
	a, c, p := b.newClient(), b.newClient(), b.newClient()
	a.send("BLPOP q 10")
	c.send("BLMOVE q r LEFT LEFT 0.0015")
	b.clock.Advance(time.Millisecond)
	c.want("")
	b.clock.Advance(time.Millisecond) // fractions of a millisecond round up
	c.want("*-1")
	b.clock.Advance(10*time.Second - 3*time.Millisecond)
	a.want("")
	if n, _ := b.blocked(); n != 1 {
		t.Errorf("%d clients are blocked, want 1", n)
	}
	b.clock.Advance(time.Millisecond)
	a.want("*-1")
	if n, keys := b.blocked(); n != 0 || keys != 0 {
		t.Errorf("%d clients wait for %d keys after their timeouts", n, keys)
	}
	p.send("RPUSH q x", "LLEN q")
	p.want(":1 :1")
}

// TestBlockedGone closes, kills and resets a client that waits. The element
// stays or goes to the next client.
func TestBlockedGone(t *testing.T) {
	for how, leave := range map[string]func(*bench, *waiter){
		"close":          func(_ *bench, c *waiter) { c.Close() },
		"kill":           func(b *bench, c *waiter) { b.Run(func(*engine.Core) { c.Kill() }) },
		"close and kill": func(b *bench, c *waiter) { c.Close(); b.Run(func(*engine.Core) { c.Kill() }) },
		"kill and close": func(b *bench, c *waiter) { b.Run(func(*engine.Core) { c.Kill() }); c.Close() },
		"reset":          func(b *bench, c *waiter) { b.Run(func(*engine.Core) { c.Reset() }) },
	} {
		t.Run(how, func(t *testing.T) {
			b := newBench(t)
			first, second, p := b.newClient(), b.newClient(), b.newClient()
			first.send("BLMOVE q r LEFT LEFT 100")
			second.send("BLPOP p q 100")
			leave(b, first)
			p.send("RPUSH q 1")
			p.want(":1")
			first.want("")
			second.want("*2 $1 q $1 1")
			third := b.newClient()
			third.send("BRPOP q q q 0")
			leave(b, third)
			p.send("RPUSH q 2", "LLEN q", "LLEN r")
			p.want(":1 :1 :0")
			b.clock.Advance(time.Hour)
			if n, keys := b.blocked(); n != 0 || keys != 0 {
				t.Errorf("%d clients wait for %d keys", n, keys)
			}
		})
	}
}

func TestBlockedOrder(t *testing.T) {
	b := newBench(t)
	p := b.newClient()
	var all []*waiter
	for i := range 50 {
		c := b.newClient()
		c.send(fmt.Sprintf("BLPOP other%d q 0", i%3))
		all = append(all, c)
	}
	all[20].Close()
	all[49].Close()
	p.send("RPUSH q 0 1 2 3 4 5 6 7 8 9")
	for i, c := range all[:10] {
		c.want(fmt.Sprintf("*2 $1 q $1 %d", i))
	}
	all[0].send("BLPOP q 0") // a new wait goes to the end of the queue
	for i := 10; i < 49; i++ {
		if i == 20 {
			continue
		}
		p.send("RPUSH q x")
		all[i].want("*2 $1 q $1 x")
	}
	all[0].want("")
	p.send("RPUSH q y")
	all[0].want("*2 $1 q $1 y")
}

// A push to a list with many waiting clients costs no more than serving one.
func BenchmarkServeOneOfMany(b *testing.B) {
	m := clock.NewManual(time.UnixMilli(1_700_000_000_000))
	e := engine.New(engine.Parts{Table: engine.NewTable(command.Modules()...), Config: config.New(), Clock: m, Logger: slog.New(slog.DiscardHandler)})
	defer e.Close()
	newClient := func() *waiter {
		c := &waiter{}
		c.Session, _ = e.NewSession(enginetest.Conn("test:1"))
		return c
	}
	drain := func(c *waiter) { enginetest.Output(c.Session) }
	waiting := make([]*waiter, 5000)
	pop, push := [][]byte{[]byte("BLPOP"), []byte("q"), []byte("0")}, [][]byte{[]byte("RPUSH"), []byte("q"), []byte("element")}
	for i := range waiting {
		waiting[i] = newClient()
		waiting[i].Do(pop)
	}
	p := newClient()
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		c := waiting[i%len(waiting)]
		p.Do(push)
		drain(p)
		drain(c)
		c.Do(pop)
	}
}

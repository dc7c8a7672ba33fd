package engine_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/clock"
	"github.com/resp-server/resp-server/internal/command"
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/engine/enginetest"
)

// TestBatch: the commands of clients that a transport serves together are in the
// append-only file before any of them is answered, or anybody else sees what they did.
func TestBatch(t *testing.T) {
	c := config.New()
	c.Dir, c.AOF.On, c.AOF.Fsync = t.TempDir(), true, "no" // a sync would hold up writes
	e := engine.New(engine.Parts{
		Table: engine.NewTable(command.Modules()...), Config: c, Clock: clock.Real{}, Logger: slog.New(slog.DiscardHandler),
	})
	enginetest.CloseAtEnd(t, e)
	if err := e.Load(); err != nil {
		t.Fatal(err)
	}
	session := func() *engine.Session {
		s, _ := e.NewSession(enginetest.Conn("127.0.0.1:1"))
		return s
	}
	receive := func(s *engine.Session, line string) { s.Receive(copy(s.Space(), line+"\r\n")) }
	one, two, other := session(), session(), session()
	// Background writes may come earlier, but not later.
	expect := func(what, want string) {
		t.Helper()
		name := filepath.Join(c.Dir, "appendonlydir", "appendonly.aof.1.incr.aof")
		if b, err := os.ReadFile(name); err != nil || !strings.HasSuffix(string(b), want) {
			t.Errorf("%s the file ends with %.60q, %v", what, b[max(len(b)-60, 0):], err)
		}
	}
	replies := func(s *engine.Session) string { return string(s.Output(nil)) }
	receive(one, "SET a 1")
	receive(two, "INCR a")
	e.Begin()
	one.Run()
	two.Run()
	if early := replies(one) + replies(two); early != "" {
		t.Errorf("%q is answered before the end", early)
	}
	e.End()
	expect("after the batch", "INCR\r\n$1\r\na\r\n")
	if got := replies(one) + replies(two); got != "+OK\r\n:2\r\n" {
		t.Errorf("the replies are %q", got)
	}
	one.Output([]byte{})
	two.Output([]byte{})
	enginetest.Send(other, "BLPOP l 0\r\n")
	receive(one, "RPUSH l x y")
	receive(two, "LPOP l")
	e.Begin()
	one.Run() // other gets x at once
	two.Run()
	e.End()
	expect("when somebody else was answered", "LPOP\r\n$1\r\nl\r\n")
	if got := replies(two); got != "$1\r\ny\r\n" {
		t.Errorf("the reply is %q", got)
	}
}

// TestReceivedBeforeKill: what a client has sent does not run after it was killed.
func TestReceivedBeforeKill(t *testing.T) {
	e := engine.New(engine.Parts{
		Table: engine.NewTable(command.Modules()...), Config: config.New(), Clock: clock.Real{}, Logger: slog.New(slog.DiscardHandler),
	})
	enginetest.CloseAtEnd(t, e)
	session := func() *engine.Session {
		s, _ := e.NewSession(enginetest.Conn("127.0.0.1:1"))
		return s
	}
	one, two := session(), session()
	receive := func(s *engine.Session, line string) { s.Receive(copy(s.Space(), line+"\r\n")) }
	receive(one, "CLIENT KILL ID "+strconv.FormatUint(two.ID, 10))
	receive(two, "SET a 1")
	e.Begin()
	one.Run()
	two.Run()
	e.End()
	if !two.Finished() {
		t.Error("the client stays")
	}
	receive(one, "EXISTS a")
	e.Begin()
	one.Run()
	e.End()
	if got := string(one.Output(nil)); got != ":1\r\n:0\r\n" {
		t.Errorf("the replies are %q", got)
	}
}

package engine_test

import (
	"log/slog"
	"os"
	"path/filepath"
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
	feed := func(s *engine.Session, line string) (owes bool) { return s.FeedBatched(copy(s.Space(), line+"\r\n")) }
	one, two, other := session(), session(), session()
	// Background writes may come earlier, but not later.
	expect := func(what, want string) {
		t.Helper()
		name := filepath.Join(c.Dir, "appendonlydir", "appendonly.aof.1.incr.aof")
		if b, err := os.ReadFile(name); err != nil || !strings.HasSuffix(string(b), want) {
			t.Errorf("%s the file ends with %.60q, %v", what, b[max(len(b)-60, 0):], err)
		}
	}
	if feed(one, "PING") {
		t.Error("a client waits for nothing")
	}
	if !feed(one, "SET a 1") || !feed(two, "SET b 1") || !feed(two, "GET a") {
		t.Error("a client does not wait for the write")
	}
	one.EndBatch()
	two.EndBatch()
	expect("after the batch", "SET\r\n$1\r\nb\r\n$1\r\n1\r\n")
	if feed(two, "GET b") {
		t.Error("a client waits for what is written")
	}
	feed(one, "INCR a")
	enginetest.Send(other, "GET a\r\n") // of another transport
	expect("when somebody else has looked", "INCR\r\n$1\r\na\r\n")
	enginetest.Send(other, "BLPOP l 0\r\n")
	feed(one, "RPUSH l x")
	expect("when somebody else is answered", "LPOP\r\n$1\r\nl\r\n")
	one.EndBatch()
}

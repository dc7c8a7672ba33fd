package engine_test

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/resp-server/resp-server/internal/clock"
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/engine/enginetest"
	"github.com/resp-server/resp-server/internal/spec"
)

// A panic in a handler is answered as an error and logged; the session and the
// engine live on.
func TestPanicInHandler(t *testing.T) {
	var log bytes.Buffer
	e := engine.New(engine.Parts{
		Table: engine.NewTable(engine.Module{Rows: spec.Core(), Handlers: engine.Handlers{
			"ping": func(c *engine.Ctx) error { return c.Simple("PONG") },
			"echo": func(c *engine.Ctx) error {
				c.Array(3) // a reply that was begun is taken back
				panic("no echo here")
			},
			"multi": func(c *engine.Ctx) error {
				if err := c.Session.Begin(); err != nil {
					return err
				}
				return c.OK()
			},
			"exec": func(c *engine.Ctx) error { return c.Exec() },
		}}),
		Config: config.New(),
		Clock:  clock.Real{},
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	defer e.Close()
	s, ok := e.NewSession(enginetest.Conn(""))
	if !ok {
		t.Fatal("no session")
	}
	defer s.Close()
	enginetest.Send(s, "PING\r\nECHO x\r\nPING\r\nMULTI\r\nECHO x\r\nPING\r\nEXEC\r\n")
	const want = "+PONG\r\n-ERR internal error in 'echo'\r\n+PONG\r\n" +
		"+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n-ERR internal error in 'echo'\r\n+PONG\r\n"
	if got := string(enginetest.Output(s)); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !bytes.Contains(log.Bytes(), []byte("no echo here")) {
		t.Errorf("the log does not tell: %s", log.Bytes())
	}
}

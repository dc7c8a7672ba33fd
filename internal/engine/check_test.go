package engine_test

import (
	"log/slog"
	"testing"

	"github.com/resp-server/resp-server/internal/clock"
	"github.com/resp-server/resp-server/internal/command"
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/engine/enginetest"
)

// busyServer returns an engine that has some of everything.
func busyServer(t *testing.T) *engine.Engine {
	t.Helper()
	e := engine.New(engine.Parts{
		Table: engine.NewTable(command.Modules()...), Config: config.New(), Clock: clock.NewManual(start), Logger: slog.New(slog.DiscardHandler),
	})
	for _, client := range []string{
		"SET text value EX 100\r\nSET number 1\r\nRPUSH list0 a b\r\nSADD set 1 2\r\nZADD zset 1 a\r\nHSET hash f v g w\r\nHPEXPIRE hash 1000 FIELDS 1 f\r\nXADD stream * a b\r\nXGROUP CREATE stream group 0\r\nXREADGROUP GROUP group consumer STREAMS stream >\r\n",
		"EVAL \"return 1\" 0\r\nSCRIPT LOAD \"return 2\"\r\n",
		"FUNCTION LOAD \"#!lua name=lib\\nredis.register_function('f', function() return 1 end)\"\r\n",
		"ACL SETUSER reader on nopass +@read ~*\r\n",
		"BLPOP list other 5\r\n",
		"WAIT 1 5000\r\n",
		"XREADGROUP GROUP group other BLOCK 0 CLAIM 5000 STREAMS stream >\r\n",
		"WATCH watched watched2\r\nMULTI\r\nSET a b\r\n",
		"SUBSCRIBE news\r\nPSUBSCRIBE n*\r\n",
		"HELLO 3\r\nCLIENT TRACKING ON\r\nGET text\r\n",
		"HELLO 3\r\nCLIENT TRACKING ON BCAST PREFIX user:\r\n",
		"MONITOR\r\n",
		"CLIENT SETNAME idle\r\n",
	} {
		s, ok := e.NewSession(enginetest.Conn("127.0.0.1:1"))
		if !ok {
			t.Fatal("no session")
		}
		enginetest.Send(s, client)
		for _, r := range enginetest.Replies(t, s) {
			if r.Err() != nil {
				t.Fatalf("%q: %v", client, r.Err())
			}
		}
	}
	return e
}

// TestCheck breaks each invariant in turn: Check has to notice it.
func TestCheck(t *testing.T) {
	e := busyServer(t)
	defer e.Close()
	if err := e.Check(); err != nil {
		t.Fatalf("before any sabotage: %v", err)
	}
	for _, s := range engine.Sabotages {
		t.Run(s.Name, func(t *testing.T) {
			e := busyServer(t)
			err := engine.CheckWithout(e, s.Do)
			if err == nil {
				t.Error("nobody notices")
			}
			t.Log(err)
		})
	}
}

package engine_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/resp-server/resp-server/internal/clock"
	"github.com/resp-server/resp-server/internal/command"
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/engine"
)

// TestBusyScript: a script that takes long by the server's clock lets others in,
// which can end it unless it has written.
func TestBusyScript(t *testing.T) {
	c := clock.NewManual(start)
	e := engine.New(engine.Parts{Table: engine.NewTable(command.Modules()...), Config: config.New(), Clock: c, Logger: slog.New(slog.DiscardHandler), Version: command.RedisVersion})
	defer e.Close()
	a, b := newClient(t, e), newClient(t, e)
	done := make(chan string)
	go func() { done <- a.do("EVAL", "while true do end", 0) }()
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() { // PING waits until time has passed
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				c.Advance(time.Second)
			}
		}
	}()
	for !strings.HasPrefix(b.do("PING"), "BUSY ") {
	}
	close(stop)
	<-stopped
	if got := b.do("FUNCTION", "KILL"); !strings.HasPrefix(got, "BUSY ") {
		t.Errorf("FUNCTION KILL: %s", got)
	}
	if got := b.do("SCRIPT", "KILL"); got != "OK" {
		t.Errorf("SCRIPT KILL: %s", got)
	}
	if got := <-done; !strings.Contains(got, "Script killed by user") {
		t.Errorf("the script: %s", got)
	}
	if got := b.do("PING"); got != "PONG" {
		t.Errorf("after it: %s", got)
	}
}

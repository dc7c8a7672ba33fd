package engine_test

import (
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/resp-server/resp-server/internal/clock"
	"github.com/resp-server/resp-server/internal/command"
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/engine/enginetest"
	"github.com/resp-server/resp-server/internal/module/array"
)

// newBusy returns an engine with a clock of its own.
func newBusy(t *testing.T) (*engine.Engine, *clock.Manual) {
	c := clock.NewManual(start)
	e := engine.New(engine.Parts{Table: engine.NewTable(append(command.Modules(), array.Module())...), Config: config.New(), Clock: c, Logger: slog.New(slog.DiscardHandler)})
	enginetest.CloseAtEnd(t, e)
	return e, c
}

// move lets time pass until stop is called.
func move(c *clock.Manual) (stop func()) {
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-end:
				return
			default:
				c.Advance(time.Second)
			}
		}
	}()
	return func() { close(end); <-ended }
}

// TestBusyScript: a script that takes long by the server's clock lets others in,
// which can end it unless it has written.
func TestBusyScript(t *testing.T) {
	e, c := newBusy(t)
	a, b := newClient(t, e), newClient(t, e)
	done := make(chan string)
	go func() { done <- a.do("EVAL", "while true do end", 0) }()
	stop := move(c) // PING waits until time has passed
	for !strings.HasPrefix(b.do("PING"), "BUSY ") {
	}
	stop()
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

// TestKilledScript: once a script was killed, no client gets BUSY because of it.
func TestKilledScript(t *testing.T) {
	for _, source := range []string{"while true do end", "table.insert({}, -2^31, 1)", "return string.find(string.rep('a', 2^20), '.-.-.-b')"} {
		e, c := newBusy(t)
		a, b := newClient(t, e), newClient(t, e)
		if got := b.do("CONFIG", "SET", "busy-reply-threshold", 10); got != "OK" {
			t.Fatal(got)
		}
		done := make(chan string)
		go func() { done <- a.do("EVAL", source, 0) }()
		stop := move(c)
		for !strings.HasPrefix(b.do("PING"), "BUSY ") {
		}
		stop()
		var killed atomic.Bool
		var wg sync.WaitGroup
		for range 4 {
			other := newClient(t, e)
			wg.Go(func() {
				for range 1000 {
					after := killed.Load()
					if got := other.do("PING"); after && got != "PONG" {
						t.Errorf("%s: after its end: %s", source, got)
					} else if after {
						return
					}
				}
			})
		}
		// The next command may be of the same client.
		if got := b.do("SCRIPT", "KILL"); got != "OK" {
			t.Errorf("SCRIPT KILL: %s", got)
		}
		killed.Store(true)
		if got := b.do("PING"); got != "PONG" {
			t.Errorf("%s: after its end: %s", source, got)
		}
		wg.Wait()
		if got := <-done; !strings.Contains(got, "Script killed by user") {
			t.Errorf("%s: %s", source, got)
		}
	}
}

// TestTimeInBusyScript: the clock of a busy script goes on, but keys expire as
// if it did not.
func TestTimeInBusyScript(t *testing.T) {
	e, c := newBusy(t)
	a := newClient(t, e)
	stop := move(c)
	got := a.do("EVAL", "redis.call('SET', 'key', 'value', 'PX', 1000) local began = redis.call('TIME')[1] "+
		"repeat until redis.call('TIME')[1] - began > 100 return redis.call('GET', 'key')", 0)
	stop()
	if got != "value" {
		t.Error(got)
	}
}

// TestLFUInBusyScript: counters stay counters.
func TestLFUInBusyScript(t *testing.T) {
	e, c := newBusy(t)
	a := newClient(t, e)
	a.do("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu")
	stop := move(c)
	got := a.do("EVAL", "local began = redis.call('TIME')[1] repeat until redis.call('TIME')[1] - began > 100 redis.call('SET', 'key', 1) return redis.call('OBJECT', 'FREQ', 'key')", 0)
	stop()
	if got != "5" {
		t.Errorf("the counter of a new key is %s", got)
	}
}

// TestInterruptedSearch: a command that takes long in a script can be ended
// with the script, and elsewhere with the server.
func TestInterruptedSearch(t *testing.T) {
	// A different set of states for nearly every byte.
	const pattern = "a[ab]{255}[ab]{255}[ab]{255}[ab]{255}c"
	fill := "local s = {} for i = 1, 2^18 do s[i] = string.char(97 + math.random(0, 1)) end s = table.concat(s) for i = 0, 99 do redis.call('ARSET', 'array', i, s) end"
	e, c := newBusy(t)
	a, b := newClient(t, e), newClient(t, e)
	if got := a.do("EVAL", fill, 0); got != "" {
		t.Fatal(got)
	}
	done := make(chan string)
	go func() {
		done <- a.do("EVAL", "return redis.call('ARGREP', 'array', '-', '+', 'RE', ARGV[1])", 0, pattern)
	}()
	stop := move(c)
	for !strings.HasPrefix(b.do("PING"), "BUSY ") {
	}
	stop()
	if got := b.do("SCRIPT", "KILL"); got != "OK" {
		t.Errorf("SCRIPT KILL: %s", got)
	}
	if got := <-done; !strings.Contains(got, "Script killed by user") {
		t.Errorf("the script: %s", got)
	}
	began := make(chan bool)
	go func() {
		close(began)
		done <- a.do("ARGREP", "array", "-", "+", "RE", pattern)
	}()
	<-began
	e.Close()
	<-done
}

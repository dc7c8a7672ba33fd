package command_test

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/resp-server/resp-server/internal/clock"
	"github.com/resp-server/resp-server/internal/command"
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/engine/enginetest"
	"github.com/resp-server/resp-server/internal/journal"
)

// newJournaled makes a client of an engine with a journal.
func newJournaled(tb testing.TB) (*client, *journal.Stream, *clock.Manual) {
	s := journal.New(0)
	m := clock.NewManual(time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC))
	e := engine.New(engine.Parts{
		Table: engine.NewTable(command.Modules()...), Config: config.New(), Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Clock: m, Seed: 1, Journal: s,
	})
	enginetest.CloseAtEnd(tb, e)
	session, _ := e.NewSession(enginetest.Conn(""))
	return &client{Session: session}, s, m
}

func (c *client) feed(lines string) {
	for _, line := range strings.Split(lines, "\n") {
		c.Feed(copy(c.Space(), line+"\r\n"))
		c.out = c.Output(c.out)
	}
}

// TestUnits compares the streams that the append-only file and a replica get.
func TestUnits(t *testing.T) {
	for _, test := range []struct {
		title, commands string
		wait            time.Duration
		file, replicas  string // replicas is "" if it equals file
	}{
		{"one command", "SET a 1", 0, "SELECT 0, SET a 1", ""},
		{"nothing changes", "GET a\nDEL a\nMULTI\nGET a\nEXEC", 0, "", ""},
		{"a transaction of one change", "MULTI\nGET a\nSET a 1\nEXEC", 0, "SELECT 0, SET a 1", ""},
		{"a transaction on two databases", "MULTI\nSET a 1\nSELECT 1\nSET b 1\nSELECT 0\nINCR a\nEXEC", 0,
			"MULTI, SELECT 0, SET a 1, SELECT 1, SET b 1, SELECT 0, INCR a, EXEC", ""},
		{"a script that selects", `EVAL "redis.call('SET','a','1') redis.call('SELECT','2') redis.call('SET','b','1')" 0`, 0,
			"MULTI, SELECT 0, SET a 1, SELECT 2, SET b 1, EXEC", ""},
		{"a script whose effects are not for all",
			`EVAL "redis.set_repl(redis.REPL_AOF) redis.call('SET','a','1') redis.set_repl(redis.REPL_REPLICA) redis.call('SET','b','1') redis.set_repl(redis.REPL_NONE) redis.call('SET','c','1')" 0`, 0,
			"MULTI, SELECT 0, SET a 1, EXEC", "MULTI, SELECT 0, SET b 1, EXEC"},
		{"expiry", "SET a 1 PX 10\nSELECT 3\nSET b 1 PX 10", 20 * time.Millisecond,
			"SELECT 0, SET a 1 PXAT 1709208000010, SELECT 3, SET b 1 PXAT 1709208000010, SELECT 0, DEL a, SELECT 3, DEL b", ""},
	} {
		t.Run(test.title, func(t *testing.T) {
			c, s, now := newJournaled(t)
			file, replicas := s.NewReader(journal.AOF), s.NewReader(journal.Replicas)
			defer file.Close()
			defer replicas.Close()
			c.feed(test.commands)
			now.Advance(test.wait)
			if test.replicas == "" {
				test.replicas = test.file
			}
			if got := said(file); got != test.file {
				t.Errorf("the file gets\n%s\nwant\n%s", got, test.file)
			}
			if got := said(replicas); got != test.replicas {
				t.Errorf("replicas get\n%s\nwant\n%s", got, test.replicas)
			}
		})
	}
}

// said returns the output of a reader, one command a line.
func said(r *journal.Reader) string {
	var text []byte
	bufs, _ := r.Peek(nil, 1<<20)
	for _, b := range bufs {
		text = append(text, b...)
	}
	var out []string
	for _, part := range bytes.Split(text, []byte("*")) {
		lines := strings.Split(string(part), "\r\n")
		var words []string
		for i := 2; i < len(lines); i += 2 {
			words = append(words, lines[i])
		}
		if words != nil {
			out = append(out, strings.Join(words, " "))
		}
	}
	return strings.Join(out, ", ")
}

// TestUnitMemory checks that the journal allocates nothing for a command, with
// and without a reader.
func TestUnitMemory(t *testing.T) {
	c, s, _ := newJournaled(t)
	r := s.NewReader(journal.AOF)
	defer r.Close()
	set := words("SET key value")
	bufs := make([][]byte, 0, 8)
	run := func() {
		c.do(set)
		_, n := r.Peek(bufs[:0], 1<<20)
		r.Advance(n)
	}
	run()
	plain := newClient(t)
	plain.do(set)
	want := testing.AllocsPerRun(100, func() { plain.do(set) })
	if got := testing.AllocsPerRun(100, run); got > want {
		t.Errorf("a SET with a journal makes %v allocations, without one %v", got, want)
	}
}

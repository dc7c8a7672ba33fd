package replication

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/journal"
)

var idA, idB = strings.Repeat("a", IDLen), strings.Repeat("b", IDLen)

func TestHistory(t *testing.T) {
	var h History
	h.Begin(idA)
	h.Shift(idB, 100)
	for _, c := range []struct {
		id   string
		from int64
		want Mismatch
	}{
		{idB, 500, Same}, {strings.ToUpper(idB), 1, Same}, {idA, 101, Same}, {idA, 102, TooNew}, {"?", -1, Unknown}, {NoID, 1, Unknown},
	} {
		if got := h.Mismatch(c.id, c.from); got != c.want {
			t.Errorf("%s from %d: %d, want %d", c.id, c.from, got, c.want)
		}
	}
	h.Begin(idA)
	if h.Former != NoID || h.FormerEnd != -1 || h.Mismatch(idB, 1) != Unknown {
		t.Errorf("a new history has %+v", h)
	}
}

// TestHandshake goes through what masters answer.
func TestHandshake(t *testing.T) {
	known := Greeting{Port: 6380, ID: idA, Offset: 41}
	for _, c := range []struct {
		name   string
		g      Greeting
		lines  []string
		sent   string // words
		answer Answer
		id     string
		offset int64
		err    string
	}{
		{"a new replica", Greeting{Port: 6380}, []string{"+PONG", "+OK", "+OK", "", "+FULLRESYNC " + idB + " 7"},
			"PING | REPLCONF listening-port 6380 REPLCONF capa eof capa psync2 | PSYNC ? -1", Full, idB, 7, ""},
		{"with a user and an address", Greeting{Port: 1, User: "u", Password: "p", Addr: "h"}, []string{"-NOAUTH x", "+OK", "+OK", "+OK", "-ERR no capa", "+FULLRESYNC " + idB + " 7"},
			"PING | AUTH u p REPLCONF listening-port 1 REPLCONF ip-address h REPLCONF capa eof capa psync2 | PSYNC ? -1", Full, idB, 7, ""},
		{"one that comes back", known, []string{"+PONG", "+OK", "+OK", "+CONTINUE"},
			"PING | REPLCONF listening-port 6380 REPLCONF capa eof capa psync2 | PSYNC " + idA + " 42", Continue, "", 0, ""},
		{"one whose master was promoted", known, []string{"+PONG", "+OK", "+OK", "+CONTINUE " + idB}, "", Continue, idB, 0, ""},
		{"a failover", Greeting{Port: 6380, ID: idA, Offset: 41, Failover: true}, []string{"+PONG", "+OK", "+OK", "+CONTINUE " + idA},
			"PING | REPLCONF listening-port 6380 REPLCONF capa eof capa psync2 | PSYNC " + idA + " 42 FAILOVER", Continue, "", 0, ""},
		{"an old master", known, []string{"+PONG", "-ERR", "-ERR", "-ERR unknown command"}, "", OldMaster, "", 0, ""},
		{"a master that loads", known, []string{"+PONG", "+OK", "+OK", "-LOADING"}, "", NoAnswer, "", 0, ErrLater.Error()},
		{"no master", known, []string{"-DENIED"}, "", NoAnswer, "", 0, "Error reply to PING from master: '-DENIED'"},
		{"a wrong password", Greeting{Password: "p"}, []string{"+PONG", "-WRONGPASS"}, "", NoAnswer, "", 0, "Unable to AUTH to MASTER: -WRONGPASS"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := NewHandshake(c.g)
			sent := []string{string(h.Start())}
			var failed error
			for _, line := range c.lines {
				send, err := h.Line(line)
				if len(send) > 0 {
					sent = append(sent, string(send))
				}
				failed = errors.Join(failed, err)
			}
			if h.Answer != c.answer || h.ID != c.id || h.Offset != c.offset {
				t.Errorf("answer %d, id %q, offset %d", h.Answer, h.ID, h.Offset)
			}
			if (failed == nil) != (c.err == "") || failed != nil && failed.Error() != c.err {
				t.Errorf("error %v, want %s", failed, c.err)
			}
			for i, s := range sent {
				words := slices.DeleteFunc(strings.Fields(s), func(w string) bool { return w[0] == '*' || w[0] == '$' })
				sent[i] = strings.Join(words, " ")
			}
			if got := strings.Join(sent, " | "); c.sent != "" && got != c.sent {
				t.Errorf("sent %s\nwant %s", got, c.sent)
			}
		})
	}
}

func TestForm(t *testing.T) {
	for _, f := range []Form{{Size: 12}, {Size: -1, Mark: idA}} {
		if got, err := ParseHeader(strings.TrimSpace(f.Header())); err != nil || got != f {
			t.Errorf("%q is read as %+v, %v", f.Header(), got, err)
		}
	}
	for _, line := range []string{"-ERR no", "+OK", "$", "$-1", "$EOF:short"} {
		if f, err := ParseHeader(line); err == nil {
			t.Errorf("%q is read as %+v", line, f)
		}
	}
}

// TestFeed: two replicas get the same snapshot and then what was appended since,
// the one that holds only after its release.
func TestFeed(t *testing.T) {
	s := journal.New(0)
	s.StartBacklog(0)
	sent := 0
	feed := func(hold bool) *Feed {
		return NewFeed(s.NewReader(journal.Replicas), hold, func() {}, func() { sent++ })
	}
	plain, held := feed(false), feed(true)
	snapshot := Snapshot{plain, held}
	s.Append([]journal.Op{{DB: 0, Args: [][]byte{[]byte("X")}, To: journal.Both}}, 1)
	const stream = "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*1\r\n$1\r\nX\r\n"
	written := send(t, snapshot)
	got := func(f *Feed) string {
		var b bytes.Buffer
		for p := f.Next(); p != nil; p = f.Next() {
			b.Write(p)
		}
		return b.String()
	}
	if g := got(plain); g != written+stream {
		t.Errorf("the first gets %q", g)
	}
	if g := got(held); g != written || sent != 2 {
		t.Errorf("the second gets %q, %d were sent", g, sent)
	}
	if n := held.Waiting(); n != int64(len(stream)) {
		t.Errorf("%d bytes wait", n)
	}
	held.Release()
	if g := got(held); g != stream || held.Total() != uint64(len(written+stream)) {
		t.Errorf("after the release the second gets %q", g)
	}
	plain.Close()
	held.End()
	if _, err := snapshot.Write([]byte("more")); err == nil {
		t.Error("a snapshot that nobody wants goes on")
	}
	if held.Next() != nil {
		t.Error("a feed goes on after its end")
	}
	held.Close()
}

func send(t *testing.T, s Snapshot) (written string) {
	for _, piece := range []string{"REDIS", "data", "end"} {
		if _, err := s.Write([]byte(piece)); err != nil {
			t.Fatal(err)
		}
		written += piece
	}
	s.Finish()
	return written
}

// TestSlowReplica: while a snapshot waits for one replica to read, it owes nothing to
// another that has read what there is, even if writes wait behind the snapshot.
func TestSlowReplica(t *testing.T) {
	s := journal.New(0)
	s.StartBacklog(0)
	news := make(chan struct{}, 3*window)
	fast := NewFeed(s.NewReader(journal.Replicas), true, func() { news <- struct{}{} }, func() {})
	slow := NewFeed(s.NewReader(journal.Replicas), true, func() {}, func() {})
	s.Append([]journal.Op{{DB: 0, Args: [][]byte{[]byte("X")}, To: journal.Both}}, 1)
	written := make(chan error)
	go func() {
		snapshot := Snapshot{fast, slow}
		for range 2 * window {
			if _, err := snapshot.Write([]byte("piece")); err != nil {
				written <- err
				return
			}
		}
		snapshot.Finish()
		written <- nil
	}()
	pieces := 0
	read := func(until int) {
		for pieces < until {
			<-news
			for fast.Next() != nil {
				pieces++
			}
		}
	}
	read(window + 1) // the last one is not in the queue of the slow replica yet
	if fast.Owes() || fast.Waiting() == 0 || !slow.Owes() {
		t.Errorf("the fast replica is owed something: %v; the slow one: %v", fast.Owes(), slow.Owes())
	}
	for slow.Next() != nil {
		if !slow.Owes() {
			t.Error("a piece that is being sent is not owed")
		}
	}
	slow.End()
	read(2 * window)
	if err := <-written; err != nil {
		t.Error(err)
	}
	fast.Close()
	slow.Close()
}

package respserver_test

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"testing"

	respserver "github.com/resp-server/resp-server"
)

// BenchmarkDo measures commands with replies of different shapes.
func BenchmarkDo(b *testing.B) {
	s := respserver.StartTest(b, respserver.Options{NoListen: true})
	ctx := b.Context()
	for i := range 100 {
		s.Do(ctx, "RPUSH", "list", i)
		s.Do(ctx, "HSET", "hash", i, i)
	}
	s.Do(ctx, "SET", "string", "value")
	for _, args := range [][]any{
		{"SET", "string", "value"}, {"GET", "string"}, {"INCR", "n"}, {"LRANGE", "list", 0, -1}, {"HGETALL", "hash"},
	} {
		b.Run(args[0].(string), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Do(ctx, args...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// changing are commands that leave something behind on their connection.
const changing = `AUTH default x
CLIENT CACHING YES
CLIENT NO-EVICT ON
CLIENT NO-TOUCH ON
CLIENT REPLY OFF
CLIENT REPLY ON
CLIENT REPLY SKIP
CLIENT SETINFO LIB-NAME lib
CLIENT SETINFO LIB-VER 1.0
CLIENT SETNAME me
CLIENT TRACKING ON
CLIENT TRACKING ON BCAST PREFIX a
CLIENT TRACKING ON OPTIN
HELLO 2
HELLO 3 SETNAME me
HELLO 3 AUTH alice secret
AUTH alice secret
HIMPORT PREPARE fields a b
MONITOR
MULTI
PSUBSCRIBE p*
QUIT
RESET
SELECT 3
SSUBSCRIBE s
SUBSCRIBE c d
UNSUBSCRIBE c
WATCH k l
WATCH past
BLPOP none 0
DEBUG SLEEP 0
POST / HTTP/1.1
HOST: localhost`

// TestDoBeginsAnew runs every command, and with valid arguments those that change
// their connection. The next Do must not notice them.
func TestDoBeginsAnew(t *testing.T) {
	s := respserver.StartTest(t, respserver.Options{NoListen: true, Config: []string{"enable-debug-command yes"}})
	ctx := t.Context()
	s.Do(ctx, "ACL", "SETUSER", "alice", "on", ">secret", "+@all", "~*", "&*")
	connection := func() string {
		info, err := s.Do(ctx, "CLIENT", "INFO")
		if err != nil {
			t.Fatal(err)
		}
		fields := regexp.MustCompile(` (id|fd|argv-mem|qbuf|qbuf-free|rbs|tot-mem)=\S+`).ReplaceAllString(" "+info.Text(), "")
		if _, err := s.Do(ctx, "HIMPORT", "SET", "h", "fields", "1", "2"); err == nil {
			fields += " and fieldsets"
		}
		return fields
	}
	fresh := connection()
	ended, cancel := context.WithCancel(ctx) // so that blocking commands do not block
	cancel()
	run := func(words ...string) {
		args := make([]any, len(words))
		for i, w := range words {
			args[i] = w
		}
		if _, err := s.Do(ended, args...); err == respserver.ErrClosed {
			t.Errorf("%q: %v", words, err)
		}
		if got := connection(); got != fresh {
			t.Errorf("%q: the next connection is\n%s, not\n%s", words, got, fresh)
		}
	}
	for _, line := range strings.Split(changing, "\n") {
		run(strings.Fields(line)...)
	}
	names, err := s.Do(ctx, "COMMAND", "LIST")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names.Strings() {
		if name == "shutdown" {
			continue
		}
		words := []string{name}
		for range 5 {
			run(words...)
			words = append(words, "1")
		}
	}
}

// TestDoWithoutReply runs commands without a reply.
func TestDoWithoutReply(t *testing.T) {
	s := respserver.StartTest(t, respserver.Options{NoListen: true})
	for _, mode := range []string{"OFF", "SKIP"} {
		if r, err := s.Do(t.Context(), "CLIENT", "REPLY", mode); err != nil || !r.IsNull() {
			t.Errorf("CLIENT REPLY %s: %v, %v", mode, r, err)
		}
	}
	if r, err := s.Do(t.Context(), "POST", "/"); err == nil || !strings.HasPrefix(err.Error(), "ERR unknown command 'POST'") {
		t.Errorf("POST: %v, %v", r, err)
	}
}

// TestDoTogether makes the watches of connections fail that are about to be reused.
func TestDoTogether(t *testing.T) {
	s := respserver.StartTest(t, respserver.Options{NoListen: true})
	var all sync.WaitGroup
	for _, args := range [][]any{
		{"WATCH", "k"}, {"INCR", "k"}, {"CLIENT", "TRACKING", "ON"}, {"CONFIG", "SET", "maxmemory-samples", "7"},
		{"CLIENT", "SETNAME", "me"}, {"SUBSCRIBE", "c"}, {"PUBLISH", "c", "m"}, {"CLIENT", "LIST"}, {"ACL", "SETUSER", "default", "+@all"},
	} {
		all.Go(func() {
			for range 200 {
				s.Do(t.Context(), args...)
			}
		})
	}
	for range 500 {
		info, err := s.Do(t.Context(), "CLIENT", "INFO")
		if err != nil || !strings.Contains(info.Text(), " name= ") || !strings.Contains(info.Text(), " flags=N ") {
			t.Fatalf("%v, %v", info, err)
		}
	}
	all.Wait()
}

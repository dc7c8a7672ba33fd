package respserver_test

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	respserver "github.com/resp-server/resp-server"
	"github.com/resp-server/resp-server/internal/resp"
)

// closed reports whether the server has closed a connection.
func closed(t *testing.T, conn net.Conn) bool {
	conn.SetReadDeadline(time.Now().Add(30 * time.Second))
	_, err := conn.Read(make([]byte, 1))
	return err == io.EOF
}

func TestTimeoutClosesIdleClients(t *testing.T) {
	clock := respserver.NewManualClock(time.Unix(1e9, 0))
	s := respserver.StartTest(t, respserver.Options{Clock: clock, Config: []string{"timeout 10"}})
	dial := func() (net.Conn, asker) {
		conn, err := s.Dial(t.Context())
		return conn, ask(t, conn, err)
	}
	idle, _ := dial()
	_, busy := dial()
	_, listening := dial()
	listening("SUBSCRIBE", "news")
	clock.Advance(9 * time.Second)
	busy("PING")
	clock.Advance(2 * time.Second)
	if !closed(t, idle) {
		t.Error("the idle client is still connected")
	}
	clock.Advance(5 * time.Second)
	if got := busy("PING"); got.Str != "PONG" {
		t.Errorf("the busy client got %v", got)
	}
	clock.Advance(time.Hour)
	if got := listening("PING"); got.Str != "PONG" {
		t.Errorf("the subscriber got %v", got)
	}
}

func TestQueryBufferLimit(t *testing.T) {
	s := respserver.StartTest(t, respserver.Options{Config: []string{"client-query-buffer-limit 1mb"}})
	conn, err := s.Dial(t.Context())
	ask := ask(t, conn, err)
	if got := ask("SET", "k", strings.Repeat("x", 1<<20-100)); got.Str != "OK" {
		t.Errorf("a command within the limit: %v", got)
	}
	go conn.Write(resp.AppendCommand(nil, []byte("SET"), []byte("k"), bytes.Repeat([]byte("x"), 2<<20)))
	if !closed(t, conn) {
		t.Error("a command over the limit did not close the connection")
	}

	conn, err = s.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	queue := resp.AppendCommand(nil, "MULTI")
	for range 20 {
		queue = resp.AppendCommand(queue, "SET", "k", strings.Repeat("x", 100<<10))
	}
	go conn.Write(queue)
	conn.SetReadDeadline(time.Now().Add(30 * time.Second))
	if got, err := io.ReadAll(conn); err != nil || bytes.Count(got, []byte("QUEUED")) > 11 {
		t.Errorf("a transaction over the limit: %q, %v", got, err)
	}
}

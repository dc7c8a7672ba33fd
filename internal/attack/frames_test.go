package attack

import (
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	respserver "github.com/resp-server/resp-server"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/transcript"
)

// lines are commands whose replies do not depend on time or chance, and some
// invalid ones. AUTH is not among them: Redis 7 does not reply to one with a wrong
// password while other replies are pending.
var lines = []string{
	"PING", "PING text", "ECHO hello", "ECHO \xff\x00\r\n", "SET a 1", "SET b value", "GET a", "GET b", "GET nosuch", "GETSET a 2", "APPEND b xyz", "STRLEN b", "GETRANGE b 1 3",
	"INCR a", "INCRBY a 10", "INCRBY a x", "DEL a", "EXISTS a b a", "TYPE b", "RPUSH l 1 2 3", "LRANGE l 0 -1", "LPOP l 2", "LLEN b", "HSET h f v g w", "HGET h f", "HLEN h",
	"ZADD z 1 a 2.5 b", "ZRANGE z 0 -1 WITHSCORES", "SELECT 3", "SELECT 99", "SELECT x", "MULTI", "EXEC", "DISCARD", "WATCH a", "SUBSCRIBE c", "UNSUBSCRIBE c", "PUBLISH c m",
	"HELLO 3", "HELLO 2", "HELLO 4", "NOSUCH a b", "GET", "GET a b c", "CLIENT NOSUCH", "OBJECT ENCODING a", "QUIT", "RESET",
}

// words splits a line at spaces.
func words(line string) []string { return strings.Split(line, " ") }

// pipeline returns some commands, as arrays or inline.
func pipeline(rng *rand.Rand) []byte {
	var b []byte
	for range 1 + rng.IntN(6) {
		line := lines[rng.IntN(len(lines))]
		if rng.IntN(4) == 0 && !strings.ContainsAny(line, "\r\n\x00") && !strings.Contains(line, "\xff") {
			b = append(append(b, line...), "\r\n"...)
		} else {
			b = resp.AppendCommand(b, words(line)...)
		}
	}
	return b
}

// framed has pieces of protocol that damage inserts into commands.
var framed = []byte("*0\r\n*-1\r\n$-1\r\n$0\r\n\r\n*1\r\n$4\r\nPING\r\n*1000000\r\n$999999999999\r\n*99999999999999999999\r\n$-2\r\n*1\r\n:5\r\n+OK\r\n\r\n\n\"a\\x41\" 'b' \"unbalanced\r\n%1\r\n~0\r\n_\r\n(1\r\n=5\r\ntxt:a\r\n\t \x00\r\n* 1\r\n$ 4\r\n*01\r\n$+4\r\n")

// frames returns a damaged pipeline.
func frames(rng *rand.Rand) []byte {
	b := pipeline(rng)
	if rng.IntN(8) > 0 {
		b = damage(rng, b, framed)
	}
	return b
}

// answer sends pieces to a server, closes the sending side, and reads the replies.
func answer(t *testing.T, addr string, pieces ...[]byte) string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	for _, p := range pieces {
		c.Write(p) // an error shows below: the server may have closed the connection
	}
	c.(*net.TCPConn).CloseWrite()
	got, err := io.ReadAll(c)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("no end after %q; so far %q", pieces, got)
	}
	return ownFacts.ReplaceAllString(string(got), "${1}...")
}

// ownFacts matches the facts in the reply of HELLO that differ between servers.
var ownFacts = regexp.MustCompile(`(\$7\r\nversion\r\n|\$2\r\nid\r\n)(\$\d+\r\n[0-9.]+|:\d+)`)

// TestFrames sends damaged protocol. The replies must depend neither on how the
// bytes are split into packets, nor on the transport.
func TestFrames(t *testing.T) {
	t.Parallel()
	servers := [2]*respserver.TestServer{}
	for i := range servers {
		servers[i] = respserver.StartTest(t, respserver.Options{EventLoop: i == 1, Check: true, Logger: slog.New(alarm{t})})
	}
	rounds(t, func(rng *rand.Rand) {
		sent := frames(rng)
		var pieces [][]byte
		for rest := sent; len(rest) > 0; {
			n := 1 + rng.IntN(len(rest))
			pieces = append(pieces, rest[:n])
			rest = rest[n:]
		}
		for _, s := range servers {
			s.Must("FLUSHALL")
		}
		whole, cut := answer(t, servers[0].Addr(), sent), answer(t, servers[1].Addr(), pieces...)
		if whole != cut {
			t.Errorf("sent %q\n   got %q\ncut as %q\n   got %q", sent, whole, pieces, cut)
		}
	})
}

// TestFramesOfRealServer sends damaged protocol to a real server too, and compares
// the replies.
func TestFramesOfRealServer(t *testing.T) {
	t.Parallel()
	real := transcript.StartForTest(t, "")
	s := respserver.StartTest(t, respserver.Options{Check: true, Logger: slog.New(alarm{t})})
	rounds(t, func(rng *rand.Rand) {
		sent := frames(rng)
		flush := resp.AppendCommand(nil, "FLUSHALL")
		answer(t, s.Addr(), flush)
		answer(t, real.Addr(), flush)
		if got, want := answer(t, s.Addr(), sent), answer(t, real.Addr(), sent); got != want {
			t.Errorf("sent %q\n got %q\nwant %q", sent, got, want)
		}
	})
}

package respserver

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/resp"
)

// TestOutputLimitWithin: a client over its output limit is closed while the server
// makes the reply, for every kind of command. The reply does not fill the memory,
// and what the commands write takes effect.
func TestOutputLimitWithin(t *testing.T) {
	many := func(line string, n int) string { return strings.Repeat(line+"\r\n", n) }
	for name, input := range map[string]string{
		"one command":         "MGET" + strings.Repeat(" big", 6000) + "\r\n",
		"missing keys":        string(resp.AppendCommand(nil, strings.Fields("MGET"+strings.Repeat(" none", 400_000))...)),
		"a pipeline":          many("GET big", 3000),
		"a transaction":       "MULTI\r\n" + many("GET big", 2000) + "SET after yes\r\nEXEC\r\n",
		"a range":             "LRANGE list 0 -1\r\n",
		"members":             "SRANDMEMBER set -50000000\r\n",
		"fields":              "HRANDFIELD hash -50000000 WITHVALUES\r\n",
		"scored members":      "ZRANDMEMBER zset -50000000 WITHSCORES\r\n",
		"a scan":              "HSCAN wide 0 COUNT 1000000\r\n",
		"a length known late": "SCAN 0 COUNT 100000\r\n" + many("XRANGE stream - +", 3000),
		"a script":            "EVAL \"redis.call('SET', 'after', 'yes') local t = {} for i = 1, 4000 do t[i] = ARGV[1] end return t\" 0 " + strings.Repeat("x", 10_000) + "\r\n",
		"messages to itself":  "HELLO 3\r\nSUBSCRIBE c\r\nEVAL \"for i = 1, 12000 do redis.call('PUBLISH', 'c', ARGV[1]) end redis.call('SET', 'after', 'yes')\" 0 " + strings.Repeat("x", 10_000) + "\r\n",
		"RESP3":               "HELLO 3\r\n" + many("HGETALL wide", 3000),
	} {
		t.Run(name, func(t *testing.T) {
			s := StartTest(t, Options{Config: []string{"client-output-buffer-limit normal 1mb 0 0 pubsub 1mb 0 0", "proto-max-bulk-len 512mb"}})
			s.Must("SET", "big", strings.Repeat("x", 1<<20))
			element := strings.Repeat("e", 10_000)
			for i := range 500 {
				s.Must("RPUSH", "list", element)
				s.Must("HSET", "wide", fmt.Sprint(i), element)
				s.Must("XADD", "stream", "*", "f", element)
			}
			s.Must("SADD", "set", "member")
			s.Must("HSET", "hash", "field", "value")
			s.Must("ZADD", "zset", "1.5", "member")
			p := dialTCP(t, s)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			go p.Write([]byte(input))
			if n := len(p.wantEnd()); n > 4<<20 {
				t.Errorf("the client got %d bytes", n)
			}
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > 100<<20 {
				t.Errorf("the command took %d MB", used>>20)
			}
			if got := s.Must("GET", "after").Text(); strings.Contains(input, "after") != (got == "yes") {
				t.Errorf("SET after: %q", got)
			}
			if got := s.Must("INFO", "stats").Text(); !strings.Contains(got, "client_output_buffer_limit_disconnections:1\r\n") {
				t.Error("INFO does not count the client")
			}
		})
	}
}

// TestOutputOfStrangers: a client that has not logged in can't pile up replies.
func TestOutputOfStrangers(t *testing.T) {
	s := StartTest(t, Options{Config: []string{"requirepass secret"}})
	p := dialTCP(t, s)
	go p.Write([]byte(strings.Repeat("GET k\r\n", 100_000)))
	if n := len(p.wantEnd()); n > 1<<20 {
		t.Errorf("the client got %d bytes", n)
	}
	p = dialTCP(t, s)
	for range 1000 { // a client that reads is no danger
		p.ask("GET k", "NOAUTH Authentication required.")
	}
	p.ask("AUTH secret", "OK")
}

// TestInputOfStrangers: a client that waits for its login can't pile up input.
func TestInputOfStrangers(t *testing.T) {
	s := StartTest(t, Options{Config: []string{"requirepass secret"}})
	s.Must("CLIENT", "PAUSE", "100000")
	p := dialTCP(t, s)
	go p.Write([]byte(strings.Repeat("AUTH secret\r\n", 1_000_000)))
	if n := len(p.wantEnd()); n > 0 {
		t.Errorf("the client got %d bytes", n)
	}
	if got := s.Must("INFO", "stats").Text(); !strings.Contains(got, "client_query_buffer_limit_disconnections:1\r\n") {
		t.Error("INFO does not count the client")
	}
}

// TestLongPipeline: without a limit the whole pipeline gets replies, and growing
// output is not copied again and again, which once took 334 MB.
func TestLongPipeline(t *testing.T) {
	s := StartTest(t, Options{})
	s.Must("SET", "big", strings.Repeat("x", 1<<20))
	p := dialTCP(t, s)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	p.Write([]byte(strings.Repeat("GET big\r\n", 100)))
	if n, err := io.CopyN(io.Discard, p.in, 100*int64(len("$1048576\r\n\r\n")+1<<20)); err != nil {
		t.Fatalf("%v after %d bytes", err, n)
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 280<<20 {
		t.Errorf("100 MB of replies took %d MB", used>>20)
	}
}

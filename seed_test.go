package respserver_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	respserver "github.com/resp-server/resp-server"
	"github.com/resp-server/resp-server/internal/resp"
)

// bySeed runs commands, one a line, on a server with a seed, and returns all output
// of a client with a socket.
func bySeed(t *testing.T, seed uint64, config []string, lines ...string) string {
	t.Helper()
	s := respserver.StartTest(t, respserver.Options{
		Seed: seed, Config: config, Clock: respserver.NewManualClock(time.UnixMilli(1_900_000_000_000)),
	})
	return dialogue(t, s, lines...)
}

func dialogue(t *testing.T, s *respserver.TestServer, lines ...string) string {
	t.Helper()
	c, err := s.Dial(t.Context())
	ask := ask(t, c, err)
	var all strings.Builder
	for _, line := range lines {
		words, ok := resp.SplitWords(line)
		if !ok {
			t.Fatal(line)
		}
		fmt.Fprintln(&all, ask(words...))
	}
	return all.String()
}

func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// TestSeed: random choices are the same with the same seed, and differ with another
// one.
func TestSeed(t *testing.T) {
	t.Parallel()
	many := []string{"MSET" + numbered(" key:%d v", 300), "SADD set" + numbered(" m%d", 300), "HSET hash" + numbered(" f%d v", 300), "ZADD zset" + numbered(" 1 m%d", 300)}
	run := func(lines ...string) []string { return append(slices.Clone(many), lines...) }
	for name, test := range map[string]struct {
		config []string
		lines  []string
	}{
		"run ids":       {nil, []string{"INFO server", "INFO replication"}},
		"KEYS":          {nil, run("KEYS *")},
		"SCAN":          {nil, run("SCAN 0", "SCAN 0 COUNT 100", "SSCAN set 0", "HSCAN hash 0", "ZSCAN zset 0")},
		"RANDOMKEY":     {nil, run("RANDOMKEY", "RANDOMKEY", "RANDOMKEY")},
		"SPOP":          {nil, run("SPOP set", "SPOP set 3", "SPOP set 250")},
		"members":       {nil, run("SRANDMEMBER set", "SRANDMEMBER set 5", "SRANDMEMBER set -5", "HRANDFIELD hash 5", "ZRANDMEMBER zset 5", "ZRANDMEMBER zset -5")},
		"small ones":    {nil, []string{"SADD s a b c d e f g h i j k l m n", "SPOP s", "SRANDMEMBER s 4", "SADD n 1 2 3 4 5 6 7 8 9 10 11 12 13 14", "SPOP n 3", "HSET h a 1 b 2 c 3 d 4 e 5 f 6", "HRANDFIELD h 3"}},
		"hash tables":   {nil, run("SMEMBERS set", "HGETALL hash", "HKEYS hash", "SUNION set zzz", "SINTER set set", "SDIFF set zzz")},
		"scripts":       {nil, run("EVAL \"return redis.call('SMEMBERS', KEYS[1])\" 1 set", "EVAL \"return redis.call('SPOP', KEYS[1])\" 1 set")},
		"evictions":     {[]string{"maxmemory 100kb", "maxmemory-policy allkeys-random"}, append(slices.Repeat([]string{"MSET" + numbered(" key:%d aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 300)}, 3), "DBSIZE", "KEYS *")},
		"LFU":           {[]string{"maxmemory-policy allkeys-lfu"}, append(append([]string{"SET k v"}, slices.Repeat([]string{"GET k"}, 60)...), "OBJECT FREQ k")},
		"faults":        {nil, append([]string{"TESTING FAULT ADD x COMMAND PING PROBABILITY 0.5 DO ERROR \"ERR no\""}, slices.Repeat([]string{"PING"}, 60)...)},
		"PUBSUB":        {nil, []string{"SUBSCRIBE a", "PUBLISH a x", "PUBSUB CHANNELS"}},
		"tracked reads": {[]string{"tracking-table-max-keys 3"}, run("CLIENT TRACKING ON", "GET key:1", "GET key:2", "GET key:3", "GET key:4", "GET key:5", "GET key:6", "PING", "PING")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := bySeed(t, 1, test.config, test.lines...)
			if name == "run ids" {
				_, got, _ = strings.Cut(got, "run_id:")
				got = got[:40]
			}
			again := bySeed(t, 1, test.config, test.lines...)
			if name == "run ids" {
				_, again, _ = strings.Cut(again, "run_id:")
				again = again[:40]
			}
			if got != again {
				t.Errorf("the same seed gives\n%.2000s\nand\n%.2000s", got, again)
			}
			if name == "PUBSUB" {
				return
			}
			for seed := uint64(2); bySeed(t, seed, test.config, test.lines...) == again; seed++ {
				if seed == 10 {
					t.Fatalf("ten seeds all give\n%.2000s", again)
				}
			}
		})
	}
}

// TestPatternOrder: messages come in the order of the patterns, the same in each
// run.
func TestPatternOrder(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	c := dialPeer(t, s)
	c.send("PSUBSCRIBE" + numbered(" ?%d*", 10))
	for i := range 10 {
		c.expect("*3", "$10", "psubscribe", "$3", fmt.Sprintf("?%d*", i), fmt.Sprintf(":%d", i+1))
	}
	c.send("PSUBSCRIBE a* * ??")
	c.expect("*3", "$10", "psubscribe", "$2", "a*", ":11", "*3", "$10", "psubscribe", "$1", "*", ":12", "*3", "$10", "psubscribe", "$2", "??", ":13")
	for range 20 {
		s.Must("PUBLISH", "a5", "x")
		for _, pattern := range []string{"?5*", "a*", "*", "??"} {
			c.expect("*4", "$8", "pmessage", fmt.Sprintf("$%d", len(pattern)), pattern, "$2", "a5", "$1", "x")
		}
	}
}

// TestChanceOfForks: a fork continues the random sequence of its parent, and
// Restore goes back in it.
func TestChanceOfForks(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t) // any seed
	for i := range 1000 {
		s.Must("SET", fmt.Sprint("key:", i), "v")
	}
	random := func(s *respserver.TestServer) string {
		s.Must("SADD", "new", "a", "b", "c", "d", "e", "f", "g", "h")
		return fmt.Sprint(s.Must("RANDOMKEY"), s.Must("RANDOMKEY"), s.Must("RANDOMKEY"), s.Must("SPOP", "new", 4))
	}
	random(s)
	s.Must("DEL", "new")
	snapshot, fork := s.Snapshot(), s.Fork(t)
	want := random(s)
	if got := random(fork); got != want || fork.Seed() != s.Seed() {
		t.Errorf("the fork: %s, not %s", got, want)
	}
	if err := s.Restore(snapshot); err != nil {
		t.Fatal(err)
	}
	if got := random(s); got != want {
		t.Errorf("after Restore: %s, not %s", got, want)
	}
}

// TestShuffle: for some seed the order of each reply differs from the usual one
// where Redis leaves it open. Nothing else differs, and the order stays the same.
func TestShuffle(t *testing.T) {
	t.Parallel()
	fill := func(s *respserver.TestServer) {
		s.Must("MSET", "{k}1", "v", "{k}2", "v", "{k}3", "v", "{k}4", "v")
		s.Must("SADD", "set", "a", "b", "c", "d")
		s.Must("HSET", "hash", "f1", "v1", "f2", "v2", "f3", "v3", "f4", "v4")
		s.Must("ZADD", "zset", 1, "a", 2, "b", 3, "c", 4, "d")
		s.Must("GEOADD", "geo", 1, 1, "a", 2, 2, "b", 3, 3, "c", 4, 4, "d")
	}
	for _, line := range []string{
		"KEYS *", "SMEMBERS set", "HGETALL hash", "HKEYS hash", "HVALS hash", "SUNION set none", "SINTER set set", "SDIFF set none",
		"SCAN 0 COUNT 100", "SSCAN set 0", "HSCAN hash 0", "HSCAN hash 0 NOVALUES", "ZSCAN zset 0", "GEOSEARCH geo FROMLONLAT 1 1 BYRADIUS 5000 km",
		"GEOSEARCH geo FROMLONLAT 1 1 BYRADIUS 5000 km WITHDIST WITHCOORD", "CONFIG GET *max*", "EVAL \"return redis.call('SMEMBERS', 'set')\" 0",
		"!ZRANGE zset 0 -1", "!GEOSEARCH geo FROMLONLAT 1 1 BYRADIUS 5000 km ASC", "!MGET {k}1 {k}2 {k}3", "!HMGET hash f1 f2 f3 f4", "!SORT set ALPHA", "!XRANGE none - +", "!SMEMBERS none", "!KEYS {k}1",
	} {
		line, fixed := strings.CutPrefix(line, "!")
		words, _ := resp.SplitWords(line)
		for _, proto := range []string{"2", "3"} {
			var usual resp.Reply
			others := 0
			for seed := range uint64(8) {
				s := respserver.StartTest(t, respserver.Options{Seed: 1 + seed/2*2, Shuffle: seed%2 == 1})
				fill(s)
				c, err := s.Dial(t.Context())
				ask := ask(t, c, err)
				ask("HELLO", proto)
				got := ask(words...)
				if again := ask(words...); again.String() != got.String() {
					t.Fatalf("%s: %v, then %v", line, got, again)
				}
				if seed%2 == 0 {
					usual = got
					continue
				}
				if got.String() != usual.String() {
					others++
				}
				if sorted(got, line) != sorted(usual, line) {
					t.Errorf("%s: %v is not %v in another order", line, got, usual)
				}
			}
			if fixed != (others == 0) {
				t.Errorf("%s: %d seeds change the order", line, others)
			}
		}
	}
}

// sorted formats a reply so that replies differing only in their order are equal.
func sorted(r resp.Reply, line string) string {
	cursor, each := "", 1
	if strings.Contains(line, "SCAN ") {
		cursor, r = r.Elems[0].String(), r.Elems[1]
	}
	if r.Kind == resp.Map || strings.HasPrefix(line, "HGETALL") || strings.HasPrefix(line, "CONFIG") || line == "HSCAN hash 0" || line == "ZSCAN zset 0" {
		each = 2
	}
	var parts []string
	for chunk := range slices.Chunk(r.Elems, each) {
		parts = append(parts, fmt.Sprint(chunk))
	}
	slices.Sort(parts)
	return cursor + strings.Join(parts, " ")
}

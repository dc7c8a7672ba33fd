package command_test

import (
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/resp-server/resp-server/internal/clock"
	"github.com/resp-server/resp-server/internal/command"
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/effort"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/engine/enginetest"
	"github.com/resp-server/resp-server/internal/resp"
)

// peers connects n local clients to an engine whose clock stands still.
func peers(t *testing.T, n int) ([]*client, *clock.Manual) {
	clk := clock.NewManual(time.Unix(1_700_000_000, 0))
	settings := config.New()
	settings.EnableDebugCommand = "yes"
	e := engine.New(engine.Parts{
		Table:  engine.NewTable(command.Modules()...),
		Config: settings,
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Clock:  clk,
		Seed:   1,
	})
	enginetest.CloseAtEnd(t, e)
	var all []*client
	for range n {
		s, ok := e.NewSession(enginetest.Conn("127.0.0.1:5000"))
		if !ok {
			t.Fatal("the engine refused a connection")
		}
		all = append(all, &client{Session: s})
	}
	return all, clk
}

// ask runs a command and returns its reply and the messages before it.
func (c *client) ask(t *testing.T, line string) []resp.Reply {
	t.Helper()
	c.Session.Do(words(line))
	return enginetest.Replies(t, c.Session)
}

// TestCacheIsNeverStale caches what a tracking client reads until an
// invalidation message arrives. After each of many random changes it compares
// the cache with the data.
func TestCacheIsNeverStale(t *testing.T) {
	changes := []string{
		"SET key v", "SET key w PX 50", "APPEND key x", "SETRANGE key 2 y", "GETDEL key", "GETEX key PX 20", "INCR key", "SETBIT key 9 1",
		"DEL key", "UNLINK key dst", "RENAME key dst", "RENAMENX key dst", "COPY key dst REPLACE", "MOVE key 1", "PEXPIRE key 30", "PEXPIRE key -1",
		"MSET key 1 dst 2", "MSETNX key 1 dst 2", "GETSET key z", "SORT key STORE dst", "BITOP NOT dst key", "PFADD key e", "PFMERGE dst key",
		"LPUSH key a b c", "RPOP key", "LMOVE key dst LEFT RIGHT", "LTRIM key 1 1", "LREM key 0 a", "LSET key 0 q", "LMPOP 2 key dst LEFT",
		"SADD key 1 2 3", "SREM key 1", "SPOP key", "SMOVE key dst 2", "SUNIONSTORE dst key", "SINTERSTORE dst key key",
		"HSET key f v g w", "HDEL key f", "HINCRBY key n 1", "HPEXPIRE key 25 FIELDS 1 f", "HSETNX key h 1",
		"ZADD key 1 a 2 b", "ZREM key a", "ZPOPMIN key", "ZINCRBY key 1 b", "ZUNIONSTORE dst 1 key", "ZRANGESTORE dst key 0 0", "ZREMRANGEBYRANK key 0 0",
		"XADD key * f v", "XTRIM key MAXLEN 1", "GEOADD key 1 1 p", "FLUSHDB", "FLUSHALL",
	}
	for _, mode := range []string{"", "OPTIN", "OPTOUT", "BCAST", "BCAST PREFIX k0 PREFIX k1 PREFIX k2", "small table"} {
		t.Run(mode, func(t *testing.T) {
			seed := rand.Uint64()
			t.Log("seed", seed)
			rnd := rand.New(rand.NewPCG(seed, 0))
			c, clk := peers(t, 3)
			me, other, judge := c[0], c[1], c[2]
			if mode == "small table" {
				judge.ask(t, "CONFIG SET tracking-table-max-keys 1")
			}
			me.ask(t, "HELLO 3")
			me.ask(t, "CLIENT TRACKING ON "+strings.TrimPrefix(mode, "small table"))
			cache := map[string]string{}
			listen := func(messages []resp.Reply) {
				for _, m := range messages {
					if m.Kind != resp.Push {
						continue
					}
					if m.Elems[1].IsNull() {
						clear(cache)
					}
					for _, key := range m.Elems[1].Elems {
						delete(cache, key.Str)
					}
				}
			}
			told := 0
			for range effort.Of(3000) {
				key := func() string { return fmt.Sprint("k", rnd.IntN(3)) }
				before := len(cache)
				line := strings.NewReplacer("key", key(), "dst", key()).Replace(changes[rnd.IntN(len(changes))])
				switch n := rnd.IntN(10); {
				case n == 0:
					clk.Advance(time.Duration(rnd.IntN(40)) * time.Millisecond)
				case n < 3:
					listen(me.ask(t, line))
				default:
					other.ask(t, line)
				}
				listen(enginetest.Replies(t, me.Session))
				told += before - len(cache)
				for k, v := range cache {
					if now := fmt.Sprint(judge.ask(t, "DEBUG DIGEST-VALUE "+k)); now != v {
						t.Fatalf("after %s: %s is %s, but %s in the cache", line, k, now, v)
					}
				}
				if k := key(); rnd.IntN(2) == 0 {
					if mode == "OPTIN" {
						listen(me.ask(t, "CLIENT CACHING YES"))
					}
					cache[k] = fmt.Sprint(judge.ask(t, "DEBUG DIGEST-VALUE "+k))
					listen(me.ask(t, "DUMP "+k))
				}
			}
			if told < effort.Of(3000)/30 {
				t.Errorf("only %d keys were invalidated", told)
			}
		})
	}
}

// TestMonitorBlocked checks that MONITOR shows a blocked command once, in its
// original form.
func TestMonitorBlocked(t *testing.T) {
	c, _ := peers(t, 3)
	monitor, waiting, other := c[0], c[1], c[2]
	monitor.ask(t, "MONITOR")
	waiting.ask(t, "XREAD BLOCK 0 STREAMS s $")
	other.ask(t, "XADD s 1-1 f v")
	other.ask(t, "AUTH secret")
	var got strings.Builder
	for _, line := range enginetest.Replies(t, monitor.Session) {
		got.WriteString(line.Str + "\n")
	}
	const want = `1700000000.000000 [0 127.0.0.1:5000] "XREAD" "BLOCK" "0" "STREAMS" "s" "$"
1700000000.000000 [0 127.0.0.1:5000] "XADD" "s" "1-1" "f" "v"
1700000000.000000 [0 127.0.0.1:5000] "AUTH" "(redacted)"
`
	if got.String() != want {
		t.Errorf("got:\n%s", got.String())
	}
	if n := len(enginetest.Replies(t, waiting.Session)); n != 1 {
		t.Errorf("%d replies to XREAD", n)
	}
}

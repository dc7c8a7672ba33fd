package command_test

import (
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/clock"
	"github.com/resp-server/resp-server/internal/command"
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/datastruct/block"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/engine/enginetest"
	"github.com/resp-server/resp-server/internal/resp"
)

// client runs commands directly in an engine.
type client struct {
	*engine.Session
	out []byte
}

func newClient(tb testing.TB) *client {
	e := engine.New(engine.Parts{
		Table:  engine.NewTable(command.Modules()...),
		Config: config.New(),
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Clock:  clock.Real{},
		Seed:   1,
	})
	enginetest.CloseAtEnd(tb, e)
	return &client{Session: e.NewInternalSession(enginetest.Conn(""))}
}

func words(line string) (args [][]byte) {
	for _, w := range strings.Fields(line) {
		args = append(args, []byte(w))
	}
	return args
}

// do runs a command and returns its reply, which is valid until the next call.
func (c *client) do(args [][]byte) []byte {
	c.Session.Do(args)
	c.out = c.Output(c.out)
	return c.out
}

// long is too long for a listpack.
var long = strings.Repeat("x", 100)

// scored returns n pairs of a number and a word.
func scored(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, " %d element:%06d", i, i)
	}
	return b.String()
}

func TestAllocations(t *testing.T) {
	inPlace := 0.0
	if block.Poisons {
		inPlace = 1 // poison mode makes a new entry and overwrites the old one
	}
	for _, test := range []struct {
		setup, line string
		allocs      float64
	}{
		{"SET k v", "GET k", 0},
		{"SET k 12345", "GET k", 0},
		{"", "GET nosuch", 0},
		{"SET k v", "SET k w", inPlace},
		{"SET k v PX 100000", "SET k w KEEPTTL", inPlace},
		{"SET k 10000", "INCR k", inPlace},
		{"SET k 10000", "INCRBY k 7", inPlace},
		{"HSET h a " + long, "HSET h a " + long, inPlace},
		{"HSET h a " + long + " n 1", "HINCRBY h n 1", inPlace},
		{"ZADD z 1 a 2 " + long, "ZINCRBY z 1 a", 0},
		{"SET k v", "STRLEN k", 0},
		{"SET k abcdef", "GETRANGE k 1 2", 0},
		{"SETBIT k 100 1", "SETBIT k 100 1", 0},
		{"SETBIT k 100 1", "GETBIT k 100", 0},
		{"SETBIT k 100 1", "BITCOUNT k 0 -1", 0},
		{"SETRANGE k 100 x", "SETRANGE k 10 abc", 0},
		{"SETBIT k 100 1", "BITFIELD k GET u8 0 INCRBY u8 0 1", 0},
		{"PFADD k a", "PFADD k a", 0},
		{"PFADD k a", "PFCOUNT k", 0},
		{"RPUSH l a b c 1", "LRANGE l 0 -1", 0},
		{"RPUSH l a b c 1", "LINDEX l -1", 0},
		{"RPUSH l a b c 1", "LPOS l 1", 0},
		{"RPUSH l a b c 1", "LSET l 1 x", 0},
		{"RPUSH l a b c 1", "LMOVE l l LEFT RIGHT", 0},
		{"RPUSH l a b c 1", "RPUSH l x", 0}, // less than one on average: the list grows in steps
		{"RPUSH l a b c 1", "LREM l 1 x", 0},
		{"SADD s a b c", "SADD s a", 0},
		{"SADD s 1 2 3", "SISMEMBER s 2", 0},
		{"SADD s a b c", "SMISMEMBER s a x", 0},
		{"SADD s a b c", "SMEMBERS s", 0},
		{"SADD s a b c", "SRANDMEMBER s", 0},
	} {
		c := newClient(t)
		if test.setup != "" {
			c.do(words(test.setup))
		}
		args := words(test.line)
		got := testing.AllocsPerRun(200, func() { c.do(args) })
		if got != test.allocs {
			t.Errorf("%s: %v allocations, want %v", test.line, got, test.allocs)
		}
		if strings.HasPrefix(string(c.do(args)), "-") {
			t.Errorf("%s: %s", test.line, c.out)
		}
	}
}

func BenchmarkCommands(b *testing.B) {
	for _, test := range []struct{ name, setup, line string }{
		{"GET", "SET k v", "GET k"},
		{"SET", "SET k v", "SET k w"},
		{"SETAmongExpiring", "SET other v PX 100000000", "SET k w"},
		{"INCR", "SET k 10000", "INCR k"},
		{"INCRAmongExpiring", "SET other v PX 100000000", "INCR k"},
		{"APPEND", "SET k v", "APPEND k x"},
		{"SETRANGE", "SETRANGE k 1000 x", "SETRANGE k 500 abc"},
		{"SETBIT", "SETBIT k 1000 1", "SETBIT k 500 1"},
		{"BITCOUNT1MB", "SETRANGE k 1048575 x", "BITCOUNT k"},
		{"PFADDSparse", "PFADD k a b c d e f g h", "PFADD k a"},
		{"PFCOUNT", "PFADD k a b c d e f g h", "PFCOUNT k"},
		{"PFCOUNT2", "PFADD k a b c d e f g h", "PFCOUNT k k"},
		{"LPUSH", "LPUSH l x", "LPUSH l element:000001"},
		{"LRANGE3", "RPUSH l a b c", "LRANGE l 0 -1"},
		{"LRANGE200", "RPUSH l" + strings.Repeat(" element:000001", 200), "LRANGE l 0 -1"},
		{"ZRANGE200", "ZADD z" + scored(200), "ZRANGE z 0 -1"},
		{"HGETALL200", "HSET h" + scored(200), "HGETALL h"},
		{"LMOVE", "RPUSH l a b c", "LMOVE l l LEFT RIGHT"},
		{"SADD", "SADD s a b c", "SADD s a"},
		{"SISMEMBER", "SADD s a b c", "SISMEMBER s c"},
		{"SMEMBERS3", "SADD s a b c", "SMEMBERS s"},
	} {
		b.Run(test.name, func(b *testing.B) {
			c := newClient(b)
			c.do(words(test.setup))
			args := words(test.line)
			b.ReportAllocs()
			for b.Loop() {
				c.do(args)
			}
		})
	}
	b.Run("PFADDDense", func(b *testing.B) {
		c := newClient(b)
		c.do(words("PFADD k a"))
		c.do(words("PFDEBUG TODENSE k"))
		args := words("PFADD k element:0000000000")
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			copy(args[2][8:], fmt.Sprintf("%010d", i))
			c.do(args)
		}
	})
}

// BenchmarkPipeline runs what a connection sends, in pipelines of 16, without
// the sockets. Keys and elements come from a range of 100 k.
func BenchmarkPipeline(b *testing.B) {
	const pipeline, keys = 16, 100_000
	const set, hset, zadd = "SET key:%06d xxx", "HSET hash field:%06d xxx", "ZADD zset %[1]d element:%06[1]d"
	for _, test := range []struct{ setup, line string }{
		{set, set},
		{set, "GET key:%06d"},
		{"INCR counter:%06d", "INCR counter:%06d"},
		{"", "LPUSH list element:%06d"},
		{"", "SADD set element:%06d"},
		{hset, hset},
		{hset, "HGET hash field:%06d"},
		{zadd, zadd},
		{zadd, "ZSCORE zset element:%06d"},
		{"", "XADD stream MAXLEN ~ 10000 * field value:%06d"},
		{set, "EXPIRE key:%06d 100"},
		{hset, "HINCRBY counters field:%06d 1"},
		{zadd, "ZINCRBY zset 1 element:%06d"},
		{"", "EVAL return(ARGV[1]) 0 %06d"},
	} {
		b.Run(strings.Fields(test.line)[0], func(b *testing.B) {
			c := newClient(b)
			feed := func(batch []byte) {
				for n := 0; len(batch) > 0; batch = batch[n:] {
					n = copy(c.Space(), batch)
					c.Feed(n)
				}
				c.out = c.Output(c.out)
			}
			rnd := rand.New(rand.NewPCG(1, 1))
			commands := func(line string, n int) (batch []byte) {
				for range n {
					batch = resp.AppendCommand(batch, strings.Fields(fmt.Sprintf(line, rnd.IntN(keys)))...)
				}
				return batch
			}
			if test.setup != "" {
				feed(commands(test.setup, 5*keys))
			}
			batches := make([][]byte, keys/pipeline)
			for i := range batches {
				batches[i] = commands(test.line, pipeline)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for i := 0; i < b.N; i += pipeline { // one iteration is one command
				feed(batches[i/pipeline%len(batches)])
			}
		})
	}
}

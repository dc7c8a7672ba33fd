package respserver_test

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	respserver "github.com/resp-server/resp-server"
)

// infoField returns a field of INFO.
func infoField(t *testing.T, s *respserver.TestServer, name string) string {
	t.Helper()
	_, rest, ok := strings.Cut("\r\n"+s.Must("INFO", "everything").Text(), "\r\n"+name+":")
	if !ok {
		t.Fatalf("no field %s", name)
	}
	value, _, _ := strings.Cut(rest, "\r\n")
	return value
}

// TestLazyFreed: objects count as freed in the background where Redis 7.4.1 counts
// them. The numbers are from there.
func TestLazyFreed(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t, respserver.Options{Config: []string{"enable-debug-command yes", "set-max-listpack-entries 0"}})
	freed := func(want int, what string) {
		t.Helper()
		if got := infoField(t, s, "lazyfreed_objects"); got != strconv.Itoa(want) {
			t.Errorf("%s: %s objects, want %d", what, got, want)
		}
		s.Must("CONFIG", "RESETSTAT")
	}
	fill := func(n int) {
		members := []any{"SADD", "s"}
		for i := range n {
			members = append(members, fmt.Sprint("m", i))
		}
		s.Must(members...)
	}
	for _, mode := range []string{"SYNC", "ASYNC"} {
		for _, command := range []string{"FLUSHALL", "FLUSHDB"} {
			s.Must("DEBUG", "POPULATE", 1000)
			s.Must(command, mode)
			freed(1000, command+" "+mode)
		}
	}
	fill(64)
	s.Must("UNLINK", "s")
	freed(0, "UNLINK of 64 members")
	fill(65)
	s.Must("UNLINK", "s")
	freed(1, "UNLINK of 65 members")
	for _, c := range []struct {
		name   string
		freed  int
		remove []any
	}{
		{"lazyfree-lazy-user-del", 1, []any{"DEL", "s"}},
		{"lazyfree-lazy-expire", 1, []any{"PEXPIREAT", "s", 1}},
		{"lazyfree-lazy-server-del", 1, []any{"SET", "s", "x"}},
		{"lazyfree-lazy-server-del", 2, []any{"SPOP", "s", 100}}, // the set, and what is replied
		{"lazyfree-lazy-server-del", 1, []any{"SUNION", "s"}},
		{"lazyfree-lazy-server-del", 1, []any{"SINTERSTORE", "s", "none"}},
		{"lazyfree-lazy-server-del", 1, []any{"SORT", "none", "STORE", "s"}},
		{"lazyfree-lazy-server-del", 1, []any{"ZUNION", 1, "s"}},
		{"lazyfree-lazy-server-del", 0, []any{"RENAME", "s", "t"}},
		{"lazyfree-lazy-server-del", 0, []any{"DEL", "s"}},
	} {
		for i, on := range []string{"no", "yes"} {
			s.Must("CONFIG", "SET", c.name, on)
			fill(65)
			s.Must(c.remove...)
			freed(i*c.freed, fmt.Sprint(c.name, " ", on, " ", c.remove))
			s.Must("DEL", "s", "t")
			s.Must("CONFIG", "RESETSTAT")
		}
		s.Must("CONFIG", "SET", c.name, "no")
	}
	// In a transaction nothing may block, so the effect of SYNC is immediate.
	conn, err := s.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	s.Must("DEBUG", "POPULATE", 100)
	fmt.Fprint(conn, "MULTI\r\nFLUSHALL SYNC\r\nEXEC\r\nPING\r\n")
	for in := bufio.NewReader(conn); ; {
		line, err := in.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if line == "+PONG\r\n" {
			break
		}
	}
	freed(0, "FLUSHALL SYNC in MULTI")
}

// slowClock is a clock on which everything takes long: each reading takes 5 ms.
type slowClock struct {
	*respserver.ManualClock
	passed atomic.Int64
}

func (c *slowClock) Now() time.Time {
	return c.ManualClock.Now().Add(time.Duration(c.passed.Load()))
}

func (c *slowClock) Monotonic() time.Duration {
	return time.Duration(c.passed.Add(int64(5 * time.Millisecond)))
}

// AfterFunc makes a timer that fires late, as timers do where everything takes
// long. A punctual timer would find that no time has passed for others yet, and
// would be set again for the same moment forever.
func (c *slowClock) AfterFunc(d time.Duration, f func()) respserver.Timer {
	return lateTimer{c.ManualClock.AfterFunc(d+lateness, f)}
}

const lateness = 100 * time.Millisecond

type lateTimer struct{ respserver.Timer }

func (t lateTimer) Reset(d time.Duration) bool { return t.Timer.Reset(d + lateness) }

// TestDeletionEvents: LATENCY has the time that the deletion of expired and evicted
// keys takes.
func TestDeletionEvents(t *testing.T) {
	t.Parallel()
	clock := &slowClock{ManualClock: respserver.NewManualClock(time.Unix(1700000000, 0))}
	s := respserver.StartTest(t, respserver.Options{Clock: clock, Config: []string{"latency-monitor-threshold 1", "maxmemory-policy allkeys-random"}})
	s.Must("SET", "k", "v", "PX", 10)
	clock.Advance(time.Second)
	s.Must("SET", "k", "v")
	s.Must("CONFIG", "SET", "maxmemory", 1)
	s.Do(t.Context(), "SET", "other", "v")
	latest := fmt.Sprint(s.Must("LATENCY", "LATEST").Array())
	for _, event := range []string{"expire-cycle", "expire-del", "eviction-cycle", "eviction-del"} {
		if !strings.Contains(latest, event) {
			t.Errorf("no %s in %s", event, latest)
		}
	}
}

// TestSleepInTransaction: the slow log has the time of a DEBUG SLEEP in MULTI.
func TestSleepInTransaction(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t, respserver.Options{Config: []string{"enable-debug-command yes", "slowlog-log-slower-than 30000"}})
	conn, err := s.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "MULTI\r\nDEBUG SLEEP 0.05\r\nSET a 1\r\nEXEC\r\nSLOWLOG GET\r\nQUIT\r\n")
	got, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	// id, time, microseconds, arguments
	m := regexp.MustCompile(`\*1\r\n\*6\r\n:0\r\n:\d+\r\n:(\d+)\r\n\*3\r\n\$5\r\nDEBUG\r\n`).FindSubmatch(got)
	if m == nil {
		t.Fatalf("%q", got)
	}
	if took, _ := strconv.Atoi(string(m[1])); took < 50_000 || took > 1_000_000 {
		t.Errorf("%d microseconds", took)
	}
}

// TestMemoryStats: the overhead in MEMORY STATS is the sum of its parts.
func TestMemoryStats(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	s.Must("EVAL", "return redis.call('set', 'a', 1)", 0)
	s.Must("FUNCTION", "LOAD", "#!lua name=l\nredis.register_function('f', function() return 1 end)")
	s.Must("SET", "b", "2", "EX", 100)
	m := s.Must("MEMORY", "STATS").Map()
	n := func(names ...string) (sum int64) {
		for _, name := range names {
			r, ok := m[name]
			if !ok {
				t.Fatalf("no %s", name)
			}
			sum += r.Int()
		}
		return sum
	}
	db := m["db.0"].Map()
	parts := n("startup.allocated", "clients.normal", "clients.slaves", "replication.backlog", "aof.buffer", "lua.caches", "functions.caches") +
		db["overhead.hashtable.main"].Int() + db["overhead.hashtable.expires"].Int()
	if got := n("overhead.total"); got != parts {
		t.Errorf("overhead %d, its parts %d", got, parts)
	}
	if n("total.allocated") != n("overhead.total", "dataset.bytes") {
		t.Error("the total is not the sum of overhead and data")
	}
	if n("keys.bytes-per-key") != n("dataset.bytes")/n("keys.count") {
		t.Error("the bytes per key are wrong")
	}
	for _, name := range []string{"lua.caches", "functions.caches"} {
		if n(name) == 0 {
			t.Errorf("%s is 0", name)
		}
	}
}

package attack

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	respserver "github.com/resp-server/resp-server"
)

// payloads returns DUMP payloads of all types in all encodings.
func payloads(t testing.TB) (all [][]byte) {
	s := start(t, "list-max-listpack-size 4")
	do := func(words ...any) { s.Must(words...) }
	long := strings.Repeat("long ", 30)
	do("SET", "int", 12345)
	do("SET", "text", "some text")
	do("SET", "packed", strings.Repeat("compressible ", 100))
	do("PFADD", "hll", "a", "b", "c")
	do("SADD", "intset", 1, 2, 300, 70000, 1<<40)
	do("SADD", "set", "a", "b", 3)
	do("RPUSH", "list", "a", 1, -1, 500, long)
	do("ZADD", "zset", 1, "a", 2.5, "b", "inf", "c")
	do("HSET", "hash", "f", 1, "g", "two")
	do("HSET", "timed", "f", 1, "g", "two")
	do("HPEXPIREAT", "timed", 1<<41, "FIELDS", 1, "f")
	for i := range 200 {
		do("SADD", "bigset", fmt.Sprint("member", i))
		do("RPUSH", "biglist", fmt.Sprint("element", i))
		do("ZADD", "bigzset", i, fmt.Sprint("member", i))
		do("HSET", "bighash", fmt.Sprint("field", i), i)
	}
	do("HSET", "bigtimed", "x", long)
	do("HPEXPIREAT", "bigtimed", 1<<41, "FIELDS", 1, "x")
	do("RPUSH", "plain", strings.Repeat("x", 9000), "y")
	do("CONFIG", "SET", "stream-node-max-entries", 3)
	for i := range 8 {
		do("XADD", "stream", fmt.Sprint(i+1, "-", i), "f", i, "g", long)
	}
	do("XDEL", "stream", "2-1")
	do("XGROUP", "CREATE", "stream", "group", 0)
	do("XGROUP", "CREATE", "stream", "other", "$")
	do("XREADGROUP", "GROUP", "group", "consumer", "COUNT", 4, "STREAMS", "stream", ">")
	do("XACK", "stream", "group", "1-0")
	do("ARSET", "array", 5, "a", "b", 3)
	for _, k := range s.Must("KEYS", "*").Array() {
		all = append(all, s.Must("DUMP", k.Text()).Bytes())
	}
	return all
}

// use runs commands on a key with any value, including all commands that write it.
// It ignores the replies: a panic shows in the log.
func use(t testing.TB, s *respserver.Server, key string) {
	for _, words := range []string{
		"TYPE k", "OBJECT ENCODING k", "MEMORY USAGE k", "DEBUG OBJECT k", "DEBUG DIGEST-VALUE k", "COPY k copied REPLACE", "SORT k BY nosort", "SORT k ALPHA",
		"GET k", "GETRANGE k 0 -1", "STRLEN k", "BITCOUNT k", "BITPOS k 0", "PFCOUNT k", "APPEND k x", "SETRANGE k 3 x", "INCR k", "PFADD k z",
		"LLEN k", "LRANGE k 0 -1", "LINDEX k 1", "LINDEX k -1", "LPOS k a", "LINSERT k BEFORE a b", "LSET k 0 new", "LREM k 1 a", "LTRIM k 1 -2", "LPUSH k 1", "RPUSH k x", "LPOP k", "RPOP k",
		"SCARD k", "SMEMBERS k", "SISMEMBER k a", "SRANDMEMBER k -5", "SSCAN k 0 COUNT 1000", "SUNION k k", "SADD k 7 new", "SREM k a", "SPOP k",
		"ZCARD k", "ZRANGE k 0 -1 WITHSCORES", "ZRANGEBYSCORE k -inf +inf", "ZRANGEBYLEX k - +", "ZRANK k a", "ZSCAN k 0 COUNT 1000", "ZADD k 3 new", "ZINCRBY k 1 a", "ZREM k b", "ZPOPMIN k", "ZPOPMAX k",
		"HLEN k", "HGETALL k", "HGET k f", "HRANDFIELD k -5 WITHVALUES", "HSCAN k 0 COUNT 1000", "HTTL k FIELDS 1 f", "HSET k new 1", "HEXPIRE k 100 FIELDS 1 g", "HDEL k f",
		"XLEN k", "XRANGE k - +", "XREVRANGE k + -", "XINFO STREAM k FULL", "XINFO GROUPS k", "XINFO CONSUMERS k group", "XPENDING k group - + 10", "XREADGROUP GROUP group consumer STREAMS k 0",
		"XREADGROUP GROUP group new STREAMS k >", "XAUTOCLAIM k group new 0 0", "XADD k * f v", "XACK k group 2-1", "XDEL k 1-0", "XTRIM k MAXLEN 2", "XGROUP DELCONSUMER k group consumer", "XSETID k 99-1",
		"ARGETRANGE k 0 20", "ARINFO k FULL", "ARSCAN k 0 100", "ARSET k 3 x", "ARDEL k 5", "ARGREP k - + MATCH a",
		"DUMP k", "DEBUG DIGEST", "RENAME k gone", "DEL gone copied",
	} {
		var args []any
		for w := range strings.FieldsSeq(words) {
			if w == "k" {
				w = key
			}
			args = append(args, w)
		}
		s.Do(t.Context(), args...)
	}
}

// restored restores a payload. If the server accepts it, the value must be whole:
// its dump can be restored to an equal value, and every command can use it.
func restored(t testing.TB, s *respserver.TestServer, payload []byte) (taken bool) {
	if _, err := s.Do(t.Context(), "RESTORE", "k", 0, payload, "REPLACE"); err != nil {
		return false
	}
	digest := func() string { return fmt.Sprint(s.Must("DEBUG", "DIGEST-VALUE", "k").Array()) }
	want := digest()
	if s.Must("TYPE", "k").Text() != "none" { // not so if it held only expired fields
		if _, err := s.Do(t.Context(), "RESTORE", "k", 0, s.Must("DUMP", "k").Bytes(), "REPLACE"); err != nil {
			t.Errorf("its own payload is not taken: %v\n%q", err, payload)
		} else if got := digest(); got != want {
			t.Errorf("another value: %s, was %s\n%q", got, want, payload)
		}
	}
	use(t, s.Server, "k")
	s.Must("FLUSHALL")
	return true
}

// TestRestore restores damaged payloads with correct checksums.
func TestRestore(t *testing.T) {
	t.Parallel()
	corpus, s, taken := payloads(t), start(t), 0
	rounds(t, func(rng *rand.Rand) {
		p, other := corpus[rng.IntN(len(corpus))], corpus[rng.IntN(len(corpus))]
		const sum = 8
		if restored(t, s, summed(damage(rng, p[:len(p)-sum], other))) {
			taken++
		}
	})
	t.Logf("%d were taken", taken)
}

// FuzzRestore is TestRestore for Go's fuzzer, which is guided by coverage.
func FuzzRestore(f *testing.F) {
	for _, p := range payloads(f) {
		f.Add(p[:len(p)-10])
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		restored(t, start(t), summed(append(p, 12, 0)))
	})
}

// TestLoad starts servers with damaged files that have correct checksums. A server
// must either refuse to start, or have data that it can use, save and load again.
func TestLoad(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("../rdb/testdata/*.rdb")
	if err != nil || len(paths) == 0 {
		t.Fatal("no files", err)
	}
	var files [][]byte
	for _, path := range paths {
		f, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	started := 0
	rounds(t, func(rng *rand.Rand) {
		file, other := files[rng.IntN(len(files))], files[rng.IntN(len(files))]
		const header, sum = 9, 8
		end := len(file)
		if file[8] >= '5' || file[7] > '0' { // otherwise the version has no checksum
			end -= sum
		}
		damaged := append(append([]byte(nil), file[:header]...), damage(rng, file[header:end], other)...)
		if end < len(file) {
			damaged = summed(damaged)
		}
		if loaded(t, damaged, rng) {
			started++
		}
	})
	t.Logf("%d were loaded", started)
}

func loaded(t *testing.T, file []byte, rng *rand.Rand) bool {
	dir := t.TempDir()
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "dump.rdb"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	// No key may expire meanwhile.
	clock := respserver.NewManualClock(time.Unix(1700000000, 0))
	o := respserver.Options{Dir: dir, NoListen: true, Clock: clock, Config: []string{"enable-debug-command yes"}, Logger: slog.New(alarm{t})}
	s, err := respserver.Start(o)
	if err != nil {
		return false
	}
	defer s.Close()
	digest := func() string {
		r, err := s.Do(t.Context(), "DEBUG", "DIGEST")
		if err != nil {
			t.Error(err)
		}
		return r.Text()
	}
	want := digest()
	if _, err := s.Do(t.Context(), "DEBUG", "RELOAD"); err != nil {
		t.Errorf("the server does not load its own file: %v", err)
	} else if got := digest(); got != want {
		t.Errorf("another digest after DEBUG RELOAD: %s, was %s", got, want)
	}
	keys, err := s.Do(t.Context(), "KEYS", "*")
	if err != nil {
		t.Error(err)
	}
	if all := keys.Array(); len(all) > 0 {
		use(t, s, all[rng.IntN(len(all))].Text())
	}
	if err := s.Check(); err != nil {
		t.Error(err)
	}
	return true
}

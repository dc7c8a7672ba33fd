package engine_test

import (
	"cmp"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/resp-server/resp-server/internal/clock"
	"github.com/resp-server/resp-server/internal/command"
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/effort"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/engine/enginetest"
	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/resp"
)

var start = time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)

// client is a session that is used directly.
type client struct {
	t *testing.T
	s *engine.Session
}

func newClient(t *testing.T, e *engine.Engine) *client {
	return &client{t: t, s: e.NewInternalSession(enginetest.Conn("test:0"))}
}

// do runs a command and returns its reply as text.
func (c *client) do(args ...any) string {
	words := make([][]byte, len(args))
	for i, a := range args {
		words[i] = fmt.Append(nil, a)
	}
	c.s.Do(words)
	return strings.Join(c.read(), " ")
}

// read returns what there is to read.
func (c *client) read() (replies []string) {
	c.t.Helper()
	for _, r := range enginetest.Replies(c.t, c.s) {
		replies = append(replies, show(r))
	}
	return replies
}

func show(r resp.Reply) string {
	if len(r.Elems) > 0 {
		var parts []string
		for _, e := range r.Elems {
			parts = append(parts, show(e))
		}
		return strings.Join(parts, " ")
	}
	if r.Kind == resp.Integer {
		return strconv.FormatInt(r.Integer, 10)
	}
	return string(r.Str)
}

func newEngine(t *testing.T, c clock.Clock, ks *keyspace.Keyspace, settings ...string) *engine.Engine {
	cfg := config.New()
	for _, line := range append(settings, `save ""`) {
		if err := cfg.SetLine(line); err != nil {
			t.Fatal(err)
		}
	}
	e := engine.New(engine.Parts{Table: engine.NewTable(command.Modules()...), Config: cfg, Clock: c, Logger: slog.New(slog.DiscardHandler), Seed: 1, Keyspace: ks})
	enginetest.CloseAtEnd(t, e)
	return e
}

// byHand is a clock whose timer the test fires.
type byHand struct {
	*clock.Manual
	f     func()
	armed bool
}

func (c *byHand) AfterFunc(d time.Duration, f func()) clock.Timer {
	c.f, c.armed = f, true
	return c
}

func (c *byHand) Stop() bool {
	was := c.armed
	c.armed = false
	return was
}

func (c *byHand) Reset(time.Duration) bool {
	was := c.armed
	c.armed = true
	return was
}

// TestManyExpireAtOnce: between two commands only so many keys are deleted.
func TestManyExpireAtOnce(t *testing.T) {
	const keys, most = 100_000, 1000
	at := start.Add(time.Second).UnixMilli()
	ks := keyspace.New(16, 1)
	for i := range keys {
		ks.DB(i%2).SetBytes(fmt.Appendf(nil, "key:%d", i), []byte("v"), at)
	}
	c := &byHand{Manual: clock.NewManual(start)}
	e := newEngine(t, c, ks)
	cl := newClient(t, e)
	c.Manual.Advance(time.Second)
	if got := cl.do("EXISTS", "key:0"); got != "0" {
		t.Fatalf("EXISTS before the timer has fired is %s", got)
	}
	left := keys - 1
	for c.armed {
		c.armed = false
		c.f()
		now := ks.DB(0).Len() + ks.DB(1).Len()
		if left-now > most || left == now {
			t.Fatalf("one tick deleted %d keys", left-now)
		}
		left = now
		if got := cl.do("GET", "key:99999"); got != "" {
			t.Fatalf("GET of an expired key is %q", got)
		}
		left = ks.DB(0).Len() + ks.DB(1).Len()
	}
	if left != 0 {
		t.Fatalf("%d keys are left", left)
	}
}

// TestDistantExpiry: a time that no timer can wait for sets one all the same,
// which is not due again and again.
func TestDistantExpiry(t *testing.T) {
	c := clock.NewManual(start)
	e := newEngine(t, c, nil)
	cl := newClient(t, e)
	cl.do("SET", "k", "v")
	if got := cl.do("PEXPIREAT", "k", int64(math.MaxInt64)); got != "1" {
		t.Fatal(got)
	}
	next, ok := c.Next()
	if !ok || next.Sub(start) < 10*365*24*time.Hour {
		t.Fatalf("the timer is set to %v, %v", next, ok)
	}
	c.Advance(50 * 365 * 24 * time.Hour)
	if got := cl.do("EXISTS", "k"); got != "1" {
		t.Fatal("the key is gone")
	}
}

// TestIdle: without anything that expires there is no timer.
func TestIdle(t *testing.T) {
	c := clock.NewManual(start)
	e := newEngine(t, c, nil)
	cl := newClient(t, e)
	cl.do("SET", "k", "v")
	if next, ok := c.Next(); ok {
		t.Fatalf("a timer is set to %v", next)
	}
	cl.do("PEXPIRE", "k", 1000)
	c.Advance(time.Second)
	if next, ok := c.Next(); ok {
		t.Fatalf("a timer is set to %v", next)
	}
}

// TestReadersOfExpiredKeys: a key is there until its time and gone at it, for
// whoever looks, whether or not the timer has deleted it.
func TestReadersOfExpiredKeys(t *testing.T) {
	readers := []struct{ command, before, after string }{
		{"GET k", "v", ""},
		{"EXISTS k k", "2", "0"},
		{"TYPE k", "string", "none"},
		{"TTL k", "1", "-2"},
		{"PTTL k", "1", "-2"},
		{"KEYS *", "k", ""},
		{"KEYS k", "k", ""},
		{"SCAN 0", "0 k", "0 "},
		{"SCAN 0 TYPE string", "0 k", "0 "},
		{"RANDOMKEY", "k", ""},
		{"TOUCH k", "1", "0"},
		{"OBJECT ENCODING k", "embstr", ""},
		{"STRLEN k", "1", "0"},
		{"MGET k", "v", ""},
		{"COPY k l", "1", "0"},
		{"MOVE k 1", "1", "0"},
		{"RENAME k l", "OK", "ERR no such key"},
		{"RENAMENX l k", "0", "1"},
		{"DEL k", "1", "0"},
		{"UNLINK k", "1", "0"},
		{"EXPIRE k 10", "1", "0"},
		{"PERSIST k", "1", "0"},
		{"SET k w NX", "", "OK"},
		{"SET k w XX", "OK", ""},
		{"APPEND k w", "2", "1"},
		{"SORT x BY nosort GET k", "", ""},
		{"DUMP k", "?", ""},
	}
	for _, active := range []string{"1", "0"} {
		for _, r := range readers {
			t.Run(r.command+"/active="+active, func(t *testing.T) {
				for after, want := range map[time.Duration]string{999 * time.Millisecond: r.before, time.Second: r.after} {
					c := clock.NewManual(start)
					cl := newClient(t, newEngine(t, c, nil, "enable-debug-command yes"))
					cl.do("DEBUG", "SET-ACTIVE-EXPIRE", active)
					cl.do("SET", "k", "v", "PX", 1000)
					if strings.HasPrefix(r.command, "RENAMENX l") {
						cl.do("SET", "l", "w")
					}
					c.Advance(after)
					var args []any
					for word := range strings.FieldsSeq(r.command) {
						args = append(args, word)
					}
					if r.command == "TTL k" && after < time.Second {
						want = "0" // the nearest second
					}
					if got := cl.do(args...); got != want && want != "?" {
						t.Errorf("after %v: got %q, want %q", after, got, want)
					}
				}
			})
		}
	}
}

// record is a key of the model.
type record struct {
	value string
	at    int64 // 0: none
}

// TestExpiryModel runs random commands next to a map with times.
func TestExpiryModel(t *testing.T) {
	for seed := range effort.Of(uint64(20)) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 0))
			c := clock.NewManual(start)
			e := newEngine(t, c, nil, "notify-keyspace-events Ex")
			cl, events := newClient(t, e), newClient(t, e)
			events.do("SUBSCRIBE", "__keyevent@0__:expired")
			model := map[string]record{}
			key := func() string { return string('a' + rune(rng.IntN(12))) }
			now := func() int64 { return c.Now().UnixMilli() }
			must := func(got, want string, args ...any) {
				t.Helper()
				if got != want {
					t.Fatalf("%v: got %q, want %q", args, got, want)
				}
			}
			truth := func(b bool) string { return map[bool]string{true: "1", false: "0"}[b] }
			for step := range 2000 {
				k, l := key(), key()
				r, ok := model[k]
				_, taken := model[l]
				switch rng.IntN(12) {
				case 0:
					must(cl.do("SET", k, step), "OK")
					model[k] = record{fmt.Sprint("s", step), 0}
				case 1:
					ttl := 1 + rng.Int64N(50)
					must(cl.do("SET", k, step, "PX", ttl), "OK")
					model[k] = record{fmt.Sprint("s", step), now() + ttl}
				case 2: // an object, which is changed in place
					cl.do("DEL", k)
					must(cl.do("RPUSH", k, step), "1")
					model[k] = record{fmt.Sprint("l", step), 0}
				case 3, 4:
					ttl := rng.Int64N(60) - 3
					must(cl.do("PEXPIRE", k, ttl), truth(ok), "PEXPIRE", k, ttl)
					switch {
					case ok && ttl <= 0:
						delete(model, k)
					case ok:
						model[k] = record{r.value, now() + ttl}
					}
				case 5:
					must(cl.do("PERSIST", k), truth(ok && r.at != 0), "PERSIST", k)
					if ok {
						model[k] = record{r.value, 0}
					}
				case 6:
					want := "ERR no such key"
					if ok {
						want = "OK"
						delete(model, k)
						model[l] = r
					}
					must(cl.do("RENAME", k, l), want, "RENAME", k, l)
				case 7:
					if k != l {
						must(cl.do("COPY", k, l, "REPLACE"), truth(ok), "COPY", k, l)
						if ok {
							model[l] = r
						}
					}
				case 8:
					if k != l {
						must(cl.do("COPY", k, l), truth(ok && !taken), "COPY", k, l)
						if ok && !taken {
							model[l] = r
						}
					}
				case 9:
					must(cl.do("DEL", k), truth(ok), "DEL", k)
					delete(model, k)
				case 10:
					e.Snapshot()
				case 11:
					c.Advance(time.Duration(rng.IntN(20)) * time.Millisecond)
					must(strings.Join(events.read(), "\n"), strings.Join(expireRecords(model, now()), "\n"), "expired")
				}
				must(cl.do("DBSIZE"), strconv.Itoa(len(model)), "DBSIZE")
				r, ok = model[l]
				want := int64(-2)
				switch {
				case ok && r.at != 0:
					want = r.at - now()
				case ok:
					want = -1
				}
				must(cl.do("PTTL", l), strconv.FormatInt(want, 10), "PTTL", l)
				switch {
				case !ok:
				case r.value[0] == 's':
					must(cl.do("GET", l), r.value[1:], "GET", l)
				default:
					must(cl.do("LRANGE", l, 0, -1), r.value[1:], "LRANGE", l)
				}
			}
		})
	}
}

// expireRecords deletes what is past its time and returns the messages about
// it: by time, and by name at the same time.
func expireRecords(model map[string]record, now int64) (messages []string) {
	var past []string
	for k, r := range model {
		if r.at != 0 && r.at <= now {
			past = append(past, k)
		}
	}
	slices.SortFunc(past, func(a, b string) int {
		return cmp.Or(cmp.Compare(model[a].at, model[b].at), cmp.Compare(a, b))
	})
	for _, k := range past {
		delete(model, k)
		messages = append(messages, "message __keyevent@0__:expired "+k)
	}
	return messages
}

// TestDebugSleep: nobody is answered meanwhile, by the server's own time.
func TestDebugSleep(t *testing.T) {
	c := clock.NewManual(start)
	e := newEngine(t, c, nil, "enable-debug-command yes")
	var clients [2]*client
	for i := range clients {
		clients[i] = &client{t: t}
		clients[i].s, _ = e.NewSession(enginetest.Conn("test:0"))
	}
	for i, line := range []string{"DEBUG SLEEP 0.5\r\n", "PING\r\n"} {
		enginetest.Send(clients[i].s, line)
	}
	for _, step := range []struct {
		d    time.Duration
		want [2]string
	}{{0, [2]string{}}, {499 * time.Millisecond, [2]string{}}, {time.Millisecond, [2]string{"OK", "PONG"}}} {
		c.Advance(step.d)
		for i, cl := range clients {
			if got := strings.Join(cl.read(), " "); got != step.want[i] {
				t.Errorf("client %d got %q, want %q", i, got, step.want[i])
			}
		}
	}
}

// TestSleepInside: a transaction or a script that sleeps is answered when it
// wakes up, and those who wait for what it made are served only then, if it is
// still there. The replies are those of Redis 7.4.1.
func TestSleepInside(t *testing.T) {
	c := clock.NewManual(start)
	e := newEngine(t, c, nil, "enable-debug-command yes")
	var clients [3]*client
	for i := range clients {
		clients[i] = &client{t: t}
		clients[i].s, _ = e.NewSession(enginetest.Conn("test:0"))
	}
	feed := func(i int, text string) { enginetest.Send(clients[i].s, text) }
	expect := func(when string, want ...string) {
		t.Helper()
		for i, cl := range clients {
			if got := strings.Join(cl.read(), " "); got != want[i] {
				t.Errorf("%s client %d got %q, want %q", when, i, got, want[i])
			}
		}
	}
	feed(0, "DEBUG SET-ACTIVE-EXPIRE 0\r\nDEBUG SET-DISABLE-DENY-SCRIPTS 1\r\n")
	feed(1, "BLPOP l 1\r\n")
	feed(2, "BLPOP m 0.2\r\n")
	expect("at first", "OK OK", "", "")
	feed(0, "MULTI\r\nRPUSH l a\r\nPEXPIRE l 100\r\nRPUSH m a\r\nDEBUG SLEEP 0.3\r\nEXISTS l\r\nEXEC\r\nPING\r\n")
	expect("asleep", "OK QUEUED QUEUED QUEUED QUEUED QUEUED", "", "")
	c.Advance(299 * time.Millisecond)
	expect("asleep", "", "", "")
	c.Advance(time.Millisecond)
	expect("awake", "1 1 1 OK 1 PONG", "", "m a")
	c.Advance(700 * time.Millisecond)
	expect("timed out", "", "", "")
	if clients[1].s.Blocked() {
		t.Error("client 1 still waits")
	}
	feed(1, "BLPOP l 0\r\n")
	feed(0, `EVAL "redis.call('RPUSH', KEYS[1], 'x') redis.call('DEBUG', 'SLEEP', '0.3') return 7" 1 l`+"\r\n")
	expect("in a script", "", "", "")
	c.Advance(300 * time.Millisecond)
	expect("after the script", "7", "l x", "")
}

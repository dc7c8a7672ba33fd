package miniredis_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/proto"
	"github.com/alicebob/miniredis/v2/server"
	respserver "github.com/resp-server/resp-server"
)

// client is a connection for a test.
type client struct {
	*proto.Client
	t *testing.T
}

func dial(t *testing.T, m *miniredis.Miniredis) client {
	t.Helper()
	c, err := proto.Dial(m.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return client{c, t}
}

// want fails the test unless a command, in words without spaces, is answered so.
func (c client) want(command, reply string) {
	c.t.Helper()
	got, err := c.Do(strings.Fields(command)...)
	if err != nil || got != reply {
		c.t.Fatalf("%s: got %q, %v, want %q", command, got, err, reply)
	}
}

func equal(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %#v, want %#v", got, want)
	}
}

func TestKeysExpireByFastForwardOnly(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	c := dial(t, m)
	c.want("SET k v PX 1", proto.Inline("OK"))
	time.Sleep(2 * time.Millisecond) // real time passes, and nothing happens
	c.want("PTTL k", proto.Int(1))
	c.want("HSET h f v g w", proto.Int(2))
	equal(t, m.HExpire("h", "f", time.Hour), true)
	equal(t, m.HTTL("h", "f"), time.Hour)
	m.FastForward(time.Millisecond)
	equal(t, m.Keys(), []string{"h"})
	m.FastForward(time.Hour)
	c.want("HGETALL h", proto.Strings("g", "w"))

	m.Set("k", "v")
	m.SetTTL("k", 90*time.Second)
	equal(t, m.TTL("k"), 90*time.Second)
	m.SetTTL("k", 0)
	equal(t, m.TTL("k"), time.Duration(0))
	equal(t, m.Exists("k"), true)
}

func TestSetTime(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	c := dial(t, m)
	m.SetTime(time.Unix(1_700_000_000, 0))
	c.want("TIME", proto.Strings("1700000000", "0"))
	c.want("XADD s * f v", proto.String("1700000000000-0"))
	m.Set("k", "v")
	c.want("EXPIREAT k 1700000060", proto.Int(1))
	equal(t, m.TTL("k"), time.Minute)
	m.SetTime(time.Unix(1_800_000_000, 0))
	equal(t, m.TTL("k"), time.Minute) // what is left is not a matter of TIME
	m.SetTime(time.Time{})
	id, err := m.XAdd("s", "", []string{"f", "v"})
	if err != nil || id <= "1700000000000-0" {
		t.Errorf("got %s, %v", id, err)
	}
}

func TestClockTTL(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	m.SetTime(time.Unix(1_700_000_000, 0))
	miniredis.RealTime(m)
	m.Set("k", "v")
	m.SetTTL("k", time.Minute)
	m.SetTime(time.Unix(1_700_000_059, 0))
	equal(t, m.TTL("k"), time.Second)
	m.SetTime(time.Unix(1_700_000_060, 0))
	equal(t, m.Exists("k"), false)
	m.ClockTTL(false)
	m.Set("k", "v")
	m.SetTTL("k", time.Minute)
	m.SetTime(time.Unix(1_800_000_000, 0))
	equal(t, m.TTL("k"), time.Minute)
}

func TestRealTimeByEnvironment(t *testing.T) {
	t.Setenv("MINIREDIS_REAL_TIME", "1")
	synctest.Test(t, func(t *testing.T) {
		m := miniredis.NewMiniRedis()
		defer m.Close()
		conn, err := m.Dial()
		if err != nil {
			t.Fatal(err)
		}
		c := client{proto.NewClient(conn), t}
		c.want("SET k v EX 60", proto.Inline("OK"))
		time.Sleep(59 * time.Second)
		c.want("TTL k", proto.Int(1))
		time.Sleep(time.Second)
		c.want("EXISTS k", proto.Int(0))
		equal(t, m.Addr(), "")
		c.Close()
	})
}

func TestBlockingTimesOutInRealTime(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	m.SetTime(time.Unix(1_700_000_000, 0)) // even though this stands still
	dial(t, m).want("BLPOP q 0.01", proto.NilList)
}

func TestSeed(t *testing.T) {
	t.Parallel()
	choices := func() (list []string) {
		m := miniredis.RunT(t)
		m.Seed(42)
		for i := range 100 {
			m.SAdd("set", fmt.Sprint(i))
		}
		for range 10 {
			s, err := m.SRandMember("set")
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, s)
		}
		return list
	}
	equal(t, choices(), choices())
}

func TestSetError(t *testing.T) {
	t.Parallel()
	m := miniredis.NewMiniRedis()
	m.SetError("LOADING not yet")
	if err := m.Start(); err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	c := dial(t, m)
	c.want("PING", proto.Error("LOADING not yet"))
	c.want("NOSUCH", proto.Error("LOADING not yet"))
	equal(t, m.Set("k", "v"), nil) // the test itself may do everything
	m.SetError("")
	c.want("GET k", proto.String("v"))
}

func TestRequireAuth(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	c := dial(t, m)
	c.want("PING", proto.Inline("PONG"))
	m.RequireAuth("secret")
	c.want("PING", proto.Error("NOAUTH Authentication required."))
	c.want("AUTH wrong", proto.Error("WRONGPASS invalid username-password pair or user is disabled."))
	c.want("AUTH secret", proto.Inline("OK"))
	c.want("PING", proto.Inline("PONG"))
	equal(t, m.Set("k", "v"), nil)

	m.RequireAuth("other")
	c.want("PING", proto.Inline("PONG")) // has logged in
	m.RequireUserAuth("ann", "hers")
	ann := dial(t, m)
	ann.want("AUTH ann hers", proto.Inline("OK"))
	m.RequireAuth("")
	c = dial(t, m) // as long as there is a password, somebody has to log in
	c.want("PING", proto.Error("NOAUTH Authentication required."))
	c.want("AUTH secret", proto.Error("WRONGPASS invalid username-password pair or user is disabled."))
	c.want("AUTH ann hers", proto.Inline("OK"))
	c.want("FLUSHALL", proto.Inline("OK"))
	stranger := dial(t, m)
	stranger.want("PING", proto.Error("NOAUTH Authentication required."))
	m.RequireUserAuth("ann", "")
	stranger.want("PING", proto.Inline("PONG"))
	ann.want("PING", proto.Inline("PONG"))
	stranger.want("AUTH ann hers", proto.Error("WRONGPASS invalid username-password pair or user is disabled."))
	if reply, err := stranger.Do("HELLO", "3"); err != nil || !strings.HasPrefix(reply, "%") {
		t.Errorf("HELLO without a password: %q, %v", reply, err)
	}
	m.RequireUserAuth("nobody", "")
	stranger.want("PING", proto.Inline("PONG"))
}

func TestRestart(t *testing.T) {
	t.Parallel()
	m := miniredis.NewMiniRedis()
	m.Set("early", "1")
	if err := m.Start(); err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	c := dial(t, m)
	c.want("GET early", proto.String("1"))
	c.want("SET k v", proto.Inline("OK"))
	addr := m.Addr()
	m.Close()
	m.Close()
	if _, err := c.Do("PING"); err == nil {
		t.Error("the connection is open after Close")
	}
	if _, err := net.Dial("tcp", addr); err == nil {
		t.Error("it listens after Close")
	}
	m.CheckGet(t, "k", "v")
	if err := m.Restart(); err != nil {
		t.Fatal(err)
	}
	equal(t, m.Addr(), addr)
	equal(t, m.Addr(), m.Host()+":"+m.Port())
	equal(t, m.CommandCount(), 0)
	dial(t, m).want("GET k", proto.String("v"))
}

func TestCloseEndsBlockedClients(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	c := dial(t, m)
	ended := make(chan error, 1)
	go func() {
		_, err := c.Do("BLPOP", "q", "0")
		ended <- err
	}()
	if err := miniredis.Respserver(m).WaitBlocked(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	m.Close()
	if err := <-ended; err == nil {
		t.Error("BLPOP was answered")
	}
}

func TestNotStarted(t *testing.T) {
	t.Parallel()
	m := miniredis.NewMiniRedis()
	equal(t, m.IsReadOnlyCommand("GET"), false)
	defer func() {
		if recover() == nil {
			t.Error("Addr does not panic")
		}
	}()
	_ = m.Addr()
}

func TestTLS(t *testing.T) {
	t.Parallel()
	a, err := respserver.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	conf, err := a.ServerConfig()
	if err != nil {
		t.Fatal(err)
	}
	trust, err := a.ClientConfig()
	if err != nil {
		t.Fatal(err)
	}
	m, err := miniredis.RunTLS(conf)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	c, err := proto.DialTLS(m.Addr(), trust)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	client{c, t}.want("PING", proto.Inline("PONG"))
	if _, err := tls.Dial("tcp", m.Addr(), &tls.Config{RootCAs: x509.NewCertPool()}); err == nil {
		t.Error("anybody trusts it")
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	equal(t, m.TotalConnectionCount(), 0)
	c, d := dial(t, m), dial(t, m)
	c.want("SET k v", proto.Inline("OK"))
	m.Set("k", "w") // is no command of a client
	if _, err := m.XAdd("s", "*", []string{"alone"}); err == nil {
		t.Error("a field without a value was added")
	}
	m.DB(16).Set("k", "v")
	sub := m.NewSubscriber()
	defer sub.Close()
	sub.Subscribe("ch")
	d.want("GET k", proto.String("w"))
	d.want("NOSUCH", proto.Error("ERR unknown command 'NOSUCH', with args beginning with: "))
	equal(t, m.CommandCount(), 2)
	equal(t, m.CurrentConnectionCount(), 2)
	equal(t, m.TotalConnectionCount(), 2)
	p := newPeer(io.Discard)
	m.Server().Dispatch(p, []string{"GET", "k"})
	m.Server().Dispatch(p, []string{"NOSUCH"})
	equal(t, m.CommandCount(), 3)
}

func TestHook(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	c := dial(t, m)
	c.want("HELLO 3 SETNAME ann", mustHello(t, m))
	m.Server().SetPreHook(func(p *server.Peer, cmd string, args ...string) bool {
		if cmd != "GET" {
			return false
		}
		m.Set("seen", fmt.Sprintf("%s %s %v", p.ClientName, strings.Join(args, " "), p.Resp3)) // the hook may use the server
		if args[0] == "mine" {
			p.WriteMapLen(1)
			p.WriteBulk("a")
			p.WriteFloat(1.5)
			return true
		}
		return false
	})
	c.want("get mine", "%1\r\n$1\r\na\r\n,1.5\r\n")
	m.CheckGet(t, "seen", "ann mine true")
	c.want("GET other", "_\r\n")
	c.want("MULTI", "+OK\r\n")
	c.want("SET k v", "+QUEUED\r\n")
	c.want("EXEC", "*1\r\n+OK\r\n")
	m.Server().SetPreHook(nil)
	c.want("GET mine", "_\r\n")
}

// mustHello returns what HELLO answers to the first client.
func mustHello(t *testing.T, m *miniredis.Miniredis) string {
	t.Helper()
	return "%7\r\n" + proto.String("server") + proto.String("redis") + proto.String("version") + proto.String(respserver.RedisVersion) +
		proto.String("proto") + proto.Int(3) + proto.String("id") + proto.Int(1) + proto.String("mode") + proto.String("standalone") +
		proto.String("role") + proto.String("master") + proto.String("modules") + proto.Array()
}

func TestScriptsCallRegisteredCommands(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	for name, f := range map[string]server.Cmd{
		"MY.ECHO": func(c *server.Peer, cmd string, args []string) { c.WriteStrings(append([]string{cmd}, args...)) },
		"MY.MAP": func(c *server.Peer, _ string, _ []string) {
			c.WriteMapLen(1)
			c.WriteBulk("k")
			c.WriteInt(7)
		},
		"MY.FAIL":    func(c *server.Peer, _ string, _ []string) { c.WriteError("MINE no") },
		"MY.NOTHING": func(c *server.Peer, _ string, _ []string) {},
		"GET":        func(c *server.Peer, _ string, _ []string) { c.WriteBulk("mine") },
	} {
		if err := m.Server().Register(name, f); err != nil {
			t.Fatal(err)
		}
	}
	c := dial(t, m)
	eval := func(script, reply string) {
		t.Helper()
		if got, err := c.Do("EVAL", script, "0"); err != nil || got != reply {
			t.Errorf("%s: got %q, %v, want %q", script, got, err, reply)
		}
	}
	eval("return redis.call('my.echo', 'a', 1)", proto.Strings("MY.ECHO", "a", "1"))
	eval("return redis.call('my.map')[2]", proto.Int(7))
	eval("redis.setresp(3) return redis.call('my.map').map.k", proto.Int(7))
	eval("return redis.pcall('my.fail')", proto.Error("MINE no"))
	eval("return redis.pcall('my.nothing')", proto.Error("ERR MY.NOTHING has answered nothing"))
	eval("redis.call('SET', 'k', 'v') return redis.call('GET', 'k')", proto.String("mine"))
	m.CheckGet(t, "k", "v")
	m.Close()
	if err := m.Restart(); err != nil {
		t.Fatal(err)
	}
	c = dial(t, m)
	eval("return redis.call('GET', 'k')", proto.String("v"))
}

func TestRegister(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	srv := m.Server()
	gone := make(chan struct{})
	register := func(name string, f server.Cmd, o ...server.CmdOption) {
		t.Helper()
		if err := srv.Register(name, f, o...); err != nil {
			t.Fatal(err)
		}
	}
	register("my.echo", func(c *server.Peer, cmd string, args []string) {
		c.Ctx = len(args)
		c.WriteStrings(append([]string{cmd}, args...))
	}, server.ReadOnlyOption())
	register("MY.CTX", func(c *server.Peer, _ string, _ []string) { c.WriteInt(c.Ctx.(int)) })
	register("MY.GET", func(c *server.Peer, _ string, args []string) {
		c.WriteLen(2)
		srv.Dispatch(c, []string{"GET", args[0]})
		c.WriteNull()
	})
	register("MY.QUIT", func(c *server.Peer, _ string, _ []string) {
		c.OnDisconnect(func() { close(gone) })
		c.WriteOK()
		c.Close()
	})
	register("CONFIG", func(c *server.Peer, _ string, _ []string) { c.WriteError("ERR not\nhere") })
	if err := srv.Register("My.Echo", nil); err == nil {
		t.Error("a command was registered twice")
	}
	equal(t, []bool{
		srv.IsRegisteredCommand("My.Echo"), srv.IsRegisteredCommand("get"), srv.IsRegisteredCommand("nosuch"),
		m.IsReadOnlyCommand("my.echo"), m.IsReadOnlyCommand("GET"), m.IsReadOnlyCommand("SET"), m.IsReadOnlyCommand("MY.GET"),
	}, []bool{true, true, false, true, true, false, false})

	c := dial(t, m)
	c.want("My.Echo a b", proto.Strings("MY.ECHO", "a", "b"))
	c.want("MY.CTX", proto.Int(2))
	c.want("SELECT 5", proto.Inline("OK"))
	c.want("SET k v", proto.Inline("OK"))
	c.want("MY.GET k", proto.Array(proto.String("v"), proto.Nil))
	c.want("CONFIG GET maxmemory", proto.Error("ERR not here"))
	equal(t, m.CommandCount(), 7) // with the GET of MY.GET
	c.want("MY.QUIT", proto.Inline("OK"))
	if _, err := c.Read(); err != io.EOF {
		t.Errorf("after Close: %v", err)
	}
	<-gone
}

func TestBlockWritesLater(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	go_ := make(chan struct{})
	m.Server().Register("LATER", func(c *server.Peer, _ string, _ []string) {
		c.WriteOK()
		go func() {
			<-go_
			c.Block(func(w *server.Writer) {
				w.WritePushLen(2)
				w.WriteInline("a")
				w.WriteSetLen(0)
				w.Flush()
			})
		}()
	})
	c := dial(t, m)
	c.want("LATER", proto.Inline("OK"))
	c.want("PING", proto.Inline("PONG"))
	close(go_)
	if got, err := c.Read(); err != nil || got != "*2\r\n+a\r\n*0\r\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestSubscriber(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	c := dial(t, m)
	s := m.NewSubscriber()
	equal(t, s.Subscribe("news"), 1)
	equal(t, s.Subscribe("news"), 1)
	equal(t, s.Psubscribe("n?[ws]*"), 2)
	equal(t, m.PubSubChannels(""), []string{"news"})
	equal(t, m.PubSubChannels("x*"), []string(nil))
	equal(t, m.PubSubNumSub("news", "old"), map[string]int{"news": 1, "old": 0})
	equal(t, m.PubSubNumPat(), 1)
	c.want("PUBLISH news one", proto.Int(2))
	equal(t, <-s.Messages(), miniredis.PubsubMessage{"news", "one"})
	equal(t, <-s.Pmessages(), miniredis.PubsubPmessage{"n?[ws]*", "news", "one"})
	equal(t, m.Publish("next", "two"), 0)
	equal(t, m.Publish("nes", "two"), 1)
	equal(t, (<-s.Pmessages()).Channel, "nes")
	equal(t, s.Publish("news", "three"), 2)
	equal(t, (<-s.Messages()).Message, "three")
	equal(t, (<-s.Pmessages()).Message, "three")
	equal(t, s.Punsubscribe("n?[ws]*"), 1)
	equal(t, s.Channels(), []string{"news"})
	equal(t, len(s.Patterns()), 0)
	equal(t, s.Unsubscribe("news"), 0)
	equal(t, s.Count(), 0)
	equal(t, m.Publish("news", "four"), 0)
	s.Subscribe("more")
	m.Publish("more", "never read")
	s.Close()
	if _, open := <-s.Messages(); open {
		t.Error("Messages is open after Close")
	}
	c.want("SUBSCRIBE news", proto.Array(proto.String("subscribe"), proto.String("news"), proto.Int(1)))
	equal(t, m.Publish("news", "five"), 1)
	if got, _ := c.Read(); got != proto.Strings("message", "news", "five") {
		t.Errorf("got %q", got)
	}
}

func TestDump(t *testing.T) {
	m := miniredis.RunT(t) // not parallel: DumpMaxLineLen is everybody's
	m.Set("string", strings.Repeat("x", 100))
	m.HSet("hash", "b", "2", "a", "1")
	m.Push("list", "z", "a")
	m.SAdd("set", "z", "a")
	m.ZAdd("zset", 1.25, "m")
	m.XAdd("stream", "1-0", []string{"f", "v"})
	m.DB(3).Set("elsewhere", "1")
	equal(t, m.Dump(), `- hash
   a: "1"
   b: "2"
- list
   "z"
   "a"
- set
   "a"
   "z"
- stream
   1-0
      "f": "v"
- string
   "`+strings.Repeat("x", 52)+`"...(100)
- zset
   1.250000: "m"
`)
	m.Select(3)
	equal(t, m.Dump(), "- elsewhere\n   \"1\"\n")
}

func TestCluster(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	c := dial(t, m)
	port := 0
	fmt.Sscan(m.Port(), &port)
	id := proto.String(fmt.Sprintf("%040x", port))
	c.want("cluster slots", proto.Array(proto.Array(proto.Int(0), proto.Int(16383), proto.Array(proto.String("127.0.0.1"), proto.Int(port), id))))
	c.want("CLUSTER KEYSLOT 123456789", proto.Int(12739))
	c.want("CLUSTER KEYSLOT {user}:1", proto.Int(5474))
	c.want("CLUSTER KEYSLOT user", proto.Int(5474))
	c.want("CLUSTER MYID", id)
	c.want("CLUSTER RESET", proto.Error("ERR This instance has cluster support disabled"))
	if shards, err := c.Do("CLUSTER", "SHARDS"); err != nil || !strings.Contains(shards, proto.String("endpoint")+proto.String("127.0.0.1")) {
		t.Errorf("got %q, %v", shards, err)
	}
}

func TestDispatchToNobody(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	var b strings.Builder
	p := newPeer(&b)
	for _, words := range []string{"SELECT 2", "MULTI", "SET k v", "EXEC"} {
		m.Server().Dispatch(p, strings.Fields(words))
	}
	p.Flush()
	equal(t, b.String(), "+OK\r\n+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n")
	equal(t, m.DB(2).Exists("k"), true)
}

func TestErrors(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	m.Set("text", "abc")
	m.Push("list", "x")
	m.Set("max", "9223372036854775807")
	fails := func(want error, f func() error) {
		t.Helper()
		if err := f(); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	fails(miniredis.ErrKeyNotFound, func() error { _, err := m.Get("nosuch"); return err })
	fails(miniredis.ErrWrongType, func() error { _, err := m.Get("list"); return err })
	fails(miniredis.ErrWrongType, func() error { return m.Set("list", "x") })
	fails(miniredis.ErrIntValueError, func() error { _, err := m.Incr("text", 1); return err })
	fails(miniredis.ErrIntValueOverflowError, func() error { _, err := m.Incr("max", 1); return err })
	fails(miniredis.ErrFloatValueError, func() error { _, err := m.Incrfloat("text", 1); return err })
	fails(miniredis.ErrWrongType, func() error { _, err := m.Incr("list", 1); return err })
	fails(miniredis.ErrKeyNotFound, func() error { _, err := m.List("nosuch"); return err })
	fails(miniredis.ErrKeyNotFound, func() error { _, err := m.Pop("nosuch"); return err })
	fails(miniredis.ErrKeyNotFound, func() error { _, err := m.Lpop("nosuch"); return err })
	fails(miniredis.ErrKeyNotFound, func() error { _, err := m.Members("nosuch"); return err })
	fails(miniredis.ErrWrongType, func() error { _, err := m.Members("list"); return err })
	fails(miniredis.ErrKeyNotFound, func() error { _, err := m.IsMember("nosuch", "x"); return err })
	fails(miniredis.ErrKeyNotFound, func() error { _, err := m.SRem("nosuch", "x"); return err })
	fails(miniredis.ErrKeyNotFound, func() error { _, err := m.HKeys("nosuch"); return err })
	fails(miniredis.ErrKeyNotFound, func() error { _, err := m.ZMembers("nosuch"); return err })
	fails(miniredis.ErrKeyNotFound, func() error { _, err := m.SortedSet("nosuch"); return err })
	fails(miniredis.ErrKeyNotFound, func() error { _, err := m.ZRem("nosuch", "x"); return err })
	fails(miniredis.ErrKeyNotFound, func() error { _, err := m.ZScore("nosuch", "x"); return err })
	fails(miniredis.ErrKeyNotFound, func() error { _, err := m.ZMScore("nosuch", "x"); return err })
	fails(miniredis.ErrWrongType, func() error { _, err := m.ZAdd("list", 1, "x"); return err })
	fails(miniredis.ErrWrongType, func() error { _, err := m.Stream("list"); return err })
	fails(miniredis.ErrWrongType, func() error { _, err := m.PfAdd("text", "x"); return err })
	fails(miniredis.ErrNotValidHllValue, func() error { _, err := m.PfCount("text"); return err })
	fails(miniredis.ErrNotValidHllValue, func() error { return m.PfMerge("d", "text") })
	fails(miniredis.ErrKeyNotFound, func() error { return m.Copy(0, "nosuch", 1, "x") })
	fails(nil, func() error { _, err := m.SCard("nosuch"); return err })
	fails(nil, func() error { _, err := m.Stream("nosuch"); return err })
	if _, err := m.XAdd("stream", "0-0", []string{"f", "v"}); err == nil {
		t.Error("XAdd took the id 0-0")
	}
}

// fake is a T that notes whether something failed.
type fake struct{ failed []string }

func (*fake) Helper() {}

func (f *fake) Errorf(format string, args ...any) {
	f.failed = append(f.failed, fmt.Sprintf(format, args...))
}

func TestChecks(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	m.Set("k", "v")
	m.Push("list", "a", "b")
	m.SAdd("set", "b", "a")
	m.CheckGet(t, "k", "v")
	m.CheckList(t, "list", "a", "b")
	m.CheckSet(t, "set", "b", "a")
	f := &fake{}
	m.CheckGet(f, "k", "w")
	m.CheckGet(f, "list", "w")
	m.CheckList(f, "list", "b", "a")
	m.CheckSet(f, "set", "a")
	m.CheckSet(f, "nosuch")
	equal(t, len(f.failed), 5)
}

func TestDirect(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	all := func(got ...any) []any { return got }
	equal(t, all(m.Incr("n", 5)), all(5, nil))
	equal(t, all(m.IncrByFloat("n", 0.5)), all(5.5, nil))
	equal(t, all(m.Lpush("l", "a")), all(1, nil))
	equal(t, all(m.RPush("l", "b", "c")), all(3, nil))
	equal(t, all(m.RPush("l")), all(3, nil))
	equal(t, all(m.RPop("l")), all("c", nil))
	equal(t, all(m.Lpop("l")), all("a", nil))
	equal(t, all(m.List("l")), all([]string{"b"}, nil))
	equal(t, all(m.SetAdd("s", "b", "a")), all(2, nil))
	equal(t, all(m.SAdd("s")), all(0, nil))
	equal(t, all(m.SMembers("s")), all([]string{"a", "b"}, nil))
	equal(t, all(m.SIsMember("s", "a")), all(true, nil))
	equal(t, all(m.SRem("s", "a", "x")), all(1, nil))
	equal(t, all(m.SCard("s")), all(1, nil))
	equal(t, all(m.SRandMember("s")), all("b", nil))
	equal(t, all(m.SRandMember("nosuch")), all("", nil))
	m.HSet("h", "a", "1", "b")
	equal(t, []string{m.HGet("h", "a"), m.HGet("h", "b"), m.HGet("nosuch", "a")}, []string{"1", "", ""})
	m.HSet("l", "now", "a hash")
	equal(t, m.Type("l"), "hash")
	equal(t, all(m.HIncrBy("h", "a", 2)), all(3, nil))
	equal(t, all(m.HIncrByFloat("h", "a", 0.5)), all(3.5, nil))
	m.HSetEX("h", time.Minute, "c", "3")
	equal(t, m.HTTL("h", "c"), time.Minute)
	equal(t, []bool{m.HPersist("h", "c"), m.HPersist("h", "c"), m.HExpire("h", "nosuch", time.Minute)}, []bool{true, false, false})
	m.HDel("h", "a")
	equal(t, all(m.HKeys("h")), all([]string{"c"}, nil))
	equal(t, all(m.ZAdd("z", 2, "b")), all(true, nil))
	equal(t, all(m.ZAdd("z", 1, "a")), all(true, nil))
	equal(t, all(m.ZMembers("z")), all([]string{"a", "b"}, nil))
	equal(t, all(m.SortedSet("z")), all(map[string]float64{"a": 1, "b": 2}, nil))
	equal(t, all(m.ZScore("z", "b")), all(2.0, nil))
	equal(t, all(m.ZMScore("z", "b", "x")), all([]float64{2, 0}, nil))
	equal(t, all(m.ZRem("z", "a")), all(true, nil))
	equal(t, all(m.XAdd("x", "1-1", []string{"f", "v"})), all("1-1", nil))
	equal(t, all(m.Stream("x")), all([]miniredis.StreamEntry{{ID: "1-1", Values: []string{"f", "v"}}}, nil))
	equal(t, all(m.PfAdd("p", "a", "b")), all(1, nil))
	equal(t, m.PfMerge("q", "p"), nil)
	equal(t, all(m.PfCount("p", "q")), all(2, nil))
	equal(t, m.Copy(0, "n", 4, "n"), nil)
	equal(t, all(m.DB(4).Get("n")), all("5.5", nil))
	equal(t, m.SwapDB(4, 5), true)
	equal(t, m.DB(5).Keys(), []string{"n"})
	m.Select(5)
	equal(t, []bool{m.Del("n"), m.Unlink("n")}, []bool{true, false})
	m.Select(0)
	m.FlushDB()
	equal(t, m.Keys(), []string{})
	m.DB(5).Set("k", "v")
	m.FlushAll()
	equal(t, m.DB(5).Exists("k"), false)
}

func BenchmarkRunSetClose(b *testing.B) {
	for b.Loop() {
		m, err := miniredis.Run()
		if err != nil {
			b.Fatal(err)
		}
		c, err := proto.Dial(m.Addr())
		if err != nil {
			b.Fatal(err)
		}
		if _, err := c.Do("SET", "k", "v"); err != nil {
			b.Fatal(err)
		}
		c.Close()
		m.Close()
	}
}

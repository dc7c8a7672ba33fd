package respserver

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/resp-server/resp-server/internal/effort"
	"github.com/resp-server/resp-server/internal/linediff"
	"github.com/resp-server/resp-server/internal/oracle"
)

// sentinelPatience is for what takes seconds, on machines that do much else.
const sentinelPatience = 2 * time.Minute

// startGuarded returns a master with replicas, and sentinels that watch them, on a
// network.
func startGuarded(t *testing.T, replicas int, o SentinelOptions) (servers []*TestServer, s *TestSentinels) {
	t.Helper()
	n := NewNetwork(NewManualClock(newYear))
	o.Options.Network, o.Options.NoListen = n, true
	master := StartTest(t, Options{Network: n, NoListen: true, Seed: o.Options.Seed})
	servers = append(servers, master)
	for i := range replicas {
		r := Options{Network: n, NoListen: true, Config: []string{replicaOf(master)}}
		if o.Options.Seed != 0 {
			r.Seed = o.Options.Seed + uint64(10+i)
		}
		servers = append(servers, StartTest(t, r))
	}
	master.Must("SET", "begin", "1")
	master.Must("WAIT", replicas, 0) // so that the first INFO names them
	return servers, guardedBy(t, servers, o)
}

// guardedBy starts sentinels for a master and its replicas.
func guardedBy(t *testing.T, servers []*TestServer, o SentinelOptions) *TestSentinels {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), sentinelPatience)
	defer cancel()
	o.Masters = map[string]string{"mymaster": servers[0].Addr()}
	s := StartTestSentinels(t, o)
	if err := s.Wait(ctx, "mymaster", len(servers)-1); err != nil {
		t.Fatalf("%v: %v", err, s.Node(0).Must("SENTINEL", "REPLICAS", "mymaster"))
	}
	return s
}

func replicaOf(master *TestServer) string {
	host, port, _ := net.SplitHostPort(master.Addr())
	return "replicaof " + host + " " + port
}

func (s *TestServer) stop() { s.Abort(); s.Close() }

// TestSentinelFailover: a master dies, a replica takes over, and the old master
// becomes its replica.
func TestSentinelFailover(t *testing.T) {
	t.Parallel()
	servers, s := startGuarded(t, 2, SentinelOptions{})
	ctx, cancel := context.WithTimeout(t.Context(), sentinelPatience)
	defer cancel()
	servers[0].Must("SET", "k", "v")
	servers[0].Must("WAIT", 2, 0)
	old := servers[0].Addr()
	servers[0].stop()
	next, err := s.WaitForOther(ctx, "mymaster", old)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(servers, func(s *TestServer) bool { return s.Server.Addr() == next })
	if i < 1 {
		t.Fatalf("the master is at %s", next)
	}
	if got := servers[i].Must("GET", "k").Text(); got != "v" {
		t.Errorf("got %q", got)
	}
	if role := servers[i].Must("ROLE").Elems[0].Text(); role != "master" {
		t.Errorf("the new master is a %s", role)
	}
	again := StartTest(t, Options{Addr: old, Network: s.network, NoListen: true})
	if err := s.Wait(ctx, "mymaster", 2); err != nil {
		t.Fatal(err)
	}
	if role := again.Must("ROLE").Elems[0].Text(); role != "slave" {
		t.Errorf("the old master is a %s", role)
	}
}

// TestSentinelRepeats: with a clock that is moved by hand and a seed, sentinels do the
// same each time.
func TestSentinelRepeats(t *testing.T) {
	t.Parallel()
	story := func(seed uint64) string {
		log := &eventLog{}
		o := SentinelOptions{Options: Options{Seed: seed, Logger: log.logger()}}
		servers, s := startGuarded(t, 2, o)
		servers[0].stop()
		next, err := s.WaitForOther(t.Context(), "mymaster", servers[0].Addr())
		if err != nil {
			t.Fatal(err)
		}
		events := []string{next, s.Node(0).Now().String(), log.take()}
		for i := range 3 {
			events = append(events, s.Node(i).Must("SENTINEL", "MASTER", "mymaster").String(), s.Node(i).Must("SENTINEL", "SENTINELS", "mymaster").String())
		}
		return strings.Join(events, "\n")
	}
	first, second := story(5), story(5)
	if first != second {
		t.Errorf("the same seed, but\n%s", linediff.Show(strings.Split(first, "\n"), strings.Split(second, "\n")))
	}
	if first == story(6) {
		t.Error("another seed changes nothing")
	}
}

func TestSentinelFailoverInPeace(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), sentinelPatience)
	defer cancel()
	servers, s := startGuarded(t, 1, SentinelOptions{DownAfter: time.Minute})
	next, err := s.Failover(ctx, "mymaster")
	if err != nil || next != servers[1].Addr() || s.MasterAddr("mymaster") != next {
		t.Fatalf("the master is at %s: %v", next, err)
	}
	if err := s.Wait(ctx, "mymaster", 1); err != nil {
		t.Fatal(err)
	}
}

// TestSentinelFile: a sentinel that restarts from its file is what it was.
func TestSentinelFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "sentinel.conf")
	lines := []string{"sentinel monitor m 127.0.0.1 1 2", "sentinel announce-port 5"}
	start := func() *Server {
		t.Helper()
		s, err := Start(Options{Sentinel: true, Config: lines, ConfigFile: file})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := start()
	must := func(args ...any) Reply {
		t.Helper()
		r, err := s.Do(t.Context(), args...)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	must("SENTINEL", "SET", "m", "quorum", 3)
	must("PUBLISH", "__sentinel__:hello", "127.0.0.1,2,"+strings.Repeat("a", 40)+",7,m,127.0.0.1,9,5")
	id := must("SENTINEL", "MYID").Text()
	s.Close()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"sentinel myid " + id, "sentinel monitor m 127.0.0.1 9 3", "sentinel config-epoch m 5", "sentinel current-epoch 7",
		"sentinel known-replica m 127.0.0.1 1", "sentinel known-sentinel m 127.0.0.1 2 " + strings.Repeat("a", 40), "sentinel announce-port 5"} {
		if !strings.Contains(string(text), want+"\n") {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if lines, err = ReadSentinelConfigs(ConfigSource{file, strings.NewReader(string(text))}); err != nil {
		t.Fatal(err)
	}
	s = start()
	defer s.Close()
	if got := must("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "m").Strings(); !slices.Equal(got, []string{"127.0.0.1", "9"}) || must("SENTINEL", "MYID").Text() != id {
		t.Errorf("after a restart the master is at %q", got)
	}
	for _, bad := range []string{"sentinel monitor m 127.0.0.1 1 0", "sentinel what", "sentinel quorum m 1"} {
		if _, err := Start(Options{Sentinel: true, Config: []string{bad}}); err == nil {
			t.Errorf("%q is a line for a sentinel", bad)
		}
	}
	if _, err := Start(Options{Config: []string{"sentinel monitor m 127.0.0.1 1 1"}}); err == nil {
		t.Error("a server takes lines for a sentinel")
	}
	if _, err := s.Fork(); err == nil {
		t.Error("a sentinel can be forked")
	}
}

// TestSentinelScripts: scripts run with the words of the events.
func TestSentinelScripts(t *testing.T) {
	t.Parallel()
	if os.PathSeparator != '/' {
		t.Skip("the script is for a Unix shell")
	}
	dir := t.TempDir()
	script, told := filepath.Join(dir, "notify"), filepath.Join(dir, "told")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho \"$1 $2\" >>\""+told+"\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := StartTestSentinels(t, SentinelOptions{Sentinels: 1, Masters: map[string]string{"m": "127.0.0.1:1"}, DownAfter: time.Hour,
		Options: Options{Config: []string{"sentinel notification-script m " + script}}})
	n := s.Node(0)
	n.Must("SENTINEL", "SET", "m", "quorum", 2)
	eventually(t, "the script's run", func() bool {
		text, _ := os.ReadFile(told)
		return strings.Contains(string(text), "+set master m 127.0.0.1 1 quorum 2")
	})
}

func TestSentinelCrash(t *testing.T) {
	t.Parallel()
	servers, s := startGuarded(t, 1, SentinelOptions{Sentinels: 1})
	n := s.Node(0)
	n.Must("SENTINEL", "SIMULATE-FAILURE", "crash-after-election")
	servers[0].stop()
	s.network.manual.Advance(time.Minute)
	<-n.Done()
	if err := n.Close(); err != ErrSimulatedCrash {
		t.Errorf("Close: %v", err)
	}
}

// TestSentinelManualClock: what takes a minute takes no time.
func TestSentinelManualClock(t *testing.T) {
	t.Parallel()
	clock := NewManualClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	s := StartTestSentinels(t, SentinelOptions{Sentinels: 1, Masters: map[string]string{"m": "127.0.0.1:1"}, DownAfter: time.Minute, Options: Options{Clock: clock}})
	flags := func() string { return s.Node(0).Must("SENTINEL", "MASTER", "m").Map()["flags"].Text() }
	clock.Advance(59 * time.Second)
	if strings.Contains(flags(), "s_down") {
		t.Errorf("too early: %s", flags())
	}
	clock.Advance(2 * time.Second)
	if !strings.Contains(flags(), "s_down,o_down") {
		t.Errorf("after a minute: %s", flags())
	}
}

func TestSentinelOptions(t *testing.T) {
	t.Parallel()
	if _, err := StartSentinels(SentinelOptions{Masters: map[string]string{"m": "nowhere"}}); err == nil {
		t.Error("an address without a port")
	}
	if _, err := StartSentinels(SentinelOptions{Sentinels: -1}); err == nil {
		t.Error("less than no sentinel")
	}
	s := StartTestSentinels(t, SentinelOptions{Sentinels: 2})
	if s.Len() != 2 || len(s.Addrs()) != 2 || s.MasterAddr("m") != "" || s.Server(1) != s.Node(1).Server {
		t.Errorf("%d sentinels at %q", s.Len(), s.Addrs())
	}
	s.Kill(0)
	s.Kill(1)
	if err := s.WaitFor(t.Context(), "m", "x"); err != ErrClosed {
		t.Errorf("nobody runs: %v", err)
	}
}

// TestSentinelsWithRealOnes: real sentinels and ours are one quorum, and fail over
// servers of either kind.
func TestSentinelsWithRealOnes(t *testing.T) {
	t.Parallel()
	program := oracle.Program(t, "redis-server")
	cases := []struct {
		name       string
		ours, real int
		realData   bool
	}{{"two of ours, a master of ours", 2, 1, false}, {"two real ones, a real master", 1, 2, true}}
	if !effort.Long() {
		cases = cases[:1]
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), sentinelPatience)
			defer cancel()
			m := startMixed(t, program, c.realData)
			lines := []string{"sentinel monitor mymaster 127.0.0.1 " + m.masterPort + " 2", "sentinel down-after-milliseconds mymaster 2000", "sentinel failover-timeout mymaster 10000"}
			s := StartTestSentinels(t, SentinelOptions{Sentinels: c.ours, Quorum: 2, Masters: map[string]string{"mymaster": "127.0.0.1:" + m.masterPort}, DownAfter: 2 * time.Second})
			var real []*oracle.Conn
			for range c.real {
				conn, err := oracle.Dial(startRealSentinel(t, program, lines))
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { conn.Close() })
				if r, err := conn.Do("SENTINEL", "DEBUG", "INFO-PERIOD", "500", "PUBLISH-PERIOD", "250"); r != "OK" { // as ours
					t.Fatal(r, err)
				}
				real = append(real, conn)
			}
			ask := func(conn *oracle.Conn, args ...string) any {
				r, err := conn.Do(args...)
				if err != nil {
					t.Fatal(err)
				}
				return r
			}
			eventually(t, "that the sentinels know each other", func() bool {
				for _, conn := range real {
					if r, _ := ask(conn, "SENTINEL", "CKQUORUM", "mymaster").(string); !strings.HasPrefix(r, "OK 3 usable") {
						return false
					}
				}
				return strings.HasPrefix(s.Node(0).Must("SENTINEL", "CKQUORUM", "mymaster").Text(), "OK 3 usable")
			})
			if err := s.Wait(ctx, "mymaster", 1); err != nil {
				t.Fatal(err)
			}
			m.killMaster()
			if err := s.WaitFor(ctx, "mymaster", "127.0.0.1:"+m.replicaPort); err != nil {
				t.Fatal(err)
			}
			for _, conn := range real {
				eventually(t, "that a real sentinel has the new master", func() bool {
					r, _ := ask(conn, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster").([]any)
					return len(r) == 2 && r[1] == m.replicaPort
				})
			}
		})
	}
}

// mixed is a master with a replica, of whatever kind.
type mixed struct {
	masterPort, replicaPort string
	killMaster              func()
}

func startMixed(t *testing.T, program string, real bool) (m mixed) {
	if !real {
		master := StartTest(t, Options{Config: []string{"repl-diskless-sync-delay 0"}})
		_, m.masterPort, _ = net.SplitHostPort(master.Addr())
		replica := StartTest(t, Options{Addr: "127.0.0.1:0", Config: []string{"replicaof 127.0.0.1 " + m.masterPort}})
		_, m.replicaPort, _ = net.SplitHostPort(replica.Addr())
		m.killMaster = master.stop
		return m
	}
	start := func(args ...string) (port string, kill func()) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addr := l.Addr().String()
		_, port, _ = net.SplitHostPort(addr)
		l.Close()
		cmd := exec.Command(program, append([]string{"--port", port, "--dir", t.TempDir(), "--save", "", "--repl-diskless-sync-delay", "0"}, args...)...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		kill = func() {
			cmd.Process.Kill()
			cmd.Wait()
		}
		t.Cleanup(kill)
		awaitAddr(t, addr)
		return port, kill
	}
	m.masterPort, m.killMaster = start()
	m.replicaPort, _ = start("--replicaof", "127.0.0.1 "+m.masterPort)
	return m
}

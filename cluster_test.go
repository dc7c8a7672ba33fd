package respserver

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/resp-server/resp-server/internal/cluster"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/oracle"
	"github.com/resp-server/resp-server/internal/resp"
)

func startCluster(t *testing.T, o ClusterOptions) (*Cluster, context.Context) {
	t.Helper()
	c, err := StartCluster(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return c, ctx
}

// clusterDo sends a command, follows redirections, and returns the reply or the
// error.
func clusterDo(t *testing.T, c *Cluster, at int, args ...string) string {
	t.Helper()
	for range 20 {
		text := talk(t, c.Server(at), args)[0]
		kind, rest, _ := strings.Cut(text, " ")
		if kind != "(error)" {
			return text
		}
		if !strings.HasPrefix(rest, "MOVED ") {
			return text
		}
		addr := rest[strings.LastIndexByte(rest, ' ')+1:]
		for i, a := range c.Addrs() {
			if a == addr {
				at = i
			}
		}
	}
	t.Fatalf("too many redirections of %q", args)
	return ""
}

// talk sends commands over one connection and returns the replies.
func talk(t *testing.T, s *Server, commands ...[]string) (replies []string) {
	t.Helper()
	conn, err := s.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	for _, args := range commands {
		if _, err := conn.Write(resp.AppendCommand(nil, args...)); err != nil {
			t.Fatal(err)
		}
		r, err := resp.ReadReply(in)
		if err != nil {
			t.Fatal(err)
		}
		replies = append(replies, fmt.Sprint(r))
	}
	return replies
}

func TestClusterServes(t *testing.T) {
	t.Parallel()
	c, ctx := startCluster(t, ClusterOptions{Masters: 3})
	if err := c.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		key := fmt.Sprint("key", i)
		if got := clusterDo(t, c, i%3, "SET", key, "v"); got != "OK" {
			t.Fatalf("SET %s: %s", key, got)
		}
		if got := talk(t, c.Server(c.MasterOf(key)), []string{"GET", key}); got[0] != `"v"` {
			t.Fatalf("GET %s: %s", key, got)
		}
	}
	for i := range 3 {
		if got := talk(t, c.Server(i), []string{"DBSIZE"})[0]; got == "0" {
			t.Errorf("node %d has no keys", i)
		}
	}
}

func TestClusterMoveSlot(t *testing.T) {
	t.Parallel()
	c, ctx := startCluster(t, ClusterOptions{Masters: 2})
	n := c.Slot("{a}")
	from := c.MasterOf("{a}")
	to := 1 - from
	for _, key := range []string{"{a}1", "{a}2"} {
		talk(t, c.Server(from), []string{"SET", key, "v"})
	}
	talk(t, c.Server(from), []string{"PEXPIREAT", "{a}1", "4000000000000"})
	m, err := c.MoveSlot(ctx, n, to)
	if err != nil {
		t.Fatal(err)
	}
	if moved, err := m.Keys(ctx, 1); moved != 1 || err != nil {
		t.Fatal(moved, err)
	}
	ask := fmt.Sprintf("(error) ASK %d %s", n, c.Addrs()[to])
	if got := talk(t, c.Server(from), []string{"GET", "{a}3"}, []string{"MGET", "{a}1", "{a}2"}, []string{"SET", "{a}new", "x"}); got[0] != ask ||
		got[1] != "(error) TRYAGAIN Multiple keys request during rehashing of slot" || got[2] != ask {
		t.Errorf("the old node: %q", got)
	}
	if got := talk(t, c.Server(to), []string{"ASKING"}, []string{"SET", "{a}new", "x"}, []string{"GET", "{a}new"}); got[1] != "OK" || !strings.HasPrefix(got[2], "(error) MOVED") {
		t.Errorf("the new node: %q", got)
	}
	if err := m.Finish(ctx); err != nil {
		t.Fatal(err)
	}
	if got := talk(t, c.Server(to), []string{"MGET", "{a}1", "{a}2", "{a}new"}, []string{"PEXPIRETIME", "{a}1"}); got[0] != `array["v" "v" "x"]` || got[1] != "4000000000000" {
		t.Errorf("after the move: %q", got)
	}
	if got := c.MasterOf("{a}"); got != to {
		t.Errorf("node %d has the slot", got)
	}
}

func TestClusterPartition(t *testing.T) {
	t.Parallel()
	c, clock := startManual(t, ClusterOptions{Masters: 3})
	c.Partition([]int{0})
	clock.Advance(5 * time.Second)
	if got := talk(t, c.Server(0), []string{"GET", "x"})[0]; got != "(error) CLUSTERDOWN The cluster is down" {
		t.Errorf("the minority replies %s", got)
	}
	c.Heal()
	if err := c.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestClusterLikeRealServer: a single node replies like a real one.
func TestClusterLikeRealServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	theirs := realServer(t, dir, "--cluster-enabled", "yes", "--port", "0")
	ours := start(t, Options{Config: []string{"cluster-enabled yes"}, Addr: "127.0.0.1:0"})
	mine, err := oracle.Dial(ours.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Close()
	words := regexp.MustCompile(` \d+ [0-9a-f]{40}|[0-9a-f]{40}|127\.0\.0\.1|:\d+@\d+|stats_messages\S*|cluster_size\S*|total_cluster_links\S*`)
	for _, line := range strings.Split(`
GET x
SET x 1
MGET x y
CLUSTER KEYSLOT foo{bar}
CLUSTER KEYSLOT {}{bar}
CLUSTER COUNTKEYSINSLOT 16384
CLUSTER COUNTKEYSINSLOT x
CLUSTER COUNTKEYSINSLOT 0
CLUSTER GETKEYSINSLOT 0 -1
CLUSTER GETKEYSINSLOT 0 5
CLUSTER ADDSLOTS x
CLUSTER ADDSLOTS 16384
CLUSTER ADDSLOTS 1 2 1
CLUSTER ADDSLOTS 1 2
CLUSTER ADDSLOTS 2
CLUSTER DELSLOTS 3
CLUSTER DELSLOTS 2 2
CLUSTER ADDSLOTSRANGE 5 4
CLUSTER ADDSLOTSRANGE 5
CLUSTER ADDSLOTSRANGE 5 6 7
CLUSTER ADDSLOTSRANGE 5 6 6 7
CLUSTER ADDSLOTSRANGE 1 6
CLUSTER DELSLOTSRANGE 1 6
CLUSTER ADDSLOTSRANGE 3 16383
CLUSTER ADDSLOTSRANGE 0 0
CLUSTER NODES
CLUSTER SETSLOT 1
CLUSTER SETSLOT 1 FOO
CLUSTER SETSLOT 1 MIGRATING
CLUSTER SETSLOT 99999 MIGRATING x
CLUSTER SETSLOT 1 MIGRATING 0000000000000000000000000000000000000000
CLUSTER SETSLOT 1 IMPORTING 0000000000000000000000000000000000000000
CLUSTER SETSLOT 1 NODE 0000000000000000000000000000000000000000
CLUSTER SETSLOT 1 NODE zz
CLUSTER SETSLOT 1 STABLE
CLUSTER SETSLOT 1 STABLE x
CLUSTER REPLICATE zz
CLUSTER REPLICAS zz
CLUSTER FORGET zz
CLUSTER COUNT-FAILURE-REPORTS zz
CLUSTER MEET x 1
CLUSTER MEET 127.0.0.1 0
CLUSTER MEET 127.0.0.1 99999
CLUSTER MEET 127.0.0.1 1 2 3
CLUSTER FAILOVER
CLUSTER FAILOVER x
CLUSTER FAILOVER FORCE x
CLUSTER RESET x
CLUSTER RESET HARD x
CLUSTER SET-CONFIG-EPOCH -1
CLUSTER SET-CONFIG-EPOCH x
CLUSTER SET-CONFIG-EPOCH 5
CLUSTER SET-CONFIG-EPOCH 6
CLUSTER BUMPEPOCH
CLUSTER SAVECONFIG
CLUSTER SLAVES zz
CLUSTER LINKS
CLUSTER SLOTS
CLUSTER INFO
CLUSTER NOSUCH
CLUSTER
READONLY
READWRITE
ASKING
SELECT 0
SELECT 1
SELECT 99
MOVE x 1
SWAPDB 0 1
COPY a{x} b{x} DB 1
COPY a{x} b{x} DB 0
COPY a{x} b{y}
CLUSTER FLUSHSLOTS
CLUSTER RESET
CLUSTER ADDSLOTSRANGE 0 16383
*
SET a 1
GET a
SET b 2
MSET a 1 b 2
MSET a{x} 1 b{x} 2
SET {}{x} 1
MULTI
SET a 1
SET b 2
EXEC
MULTI
SET a 1
SET b
EXEC
EVAL return(redis.call('get',KEYS[1])) 1 a
EVAL return(redis.call('get',KEYS[1])) 2 a b
EVAL return(redis.call('get','b')) 0
EVAL return(redis.call('get','b')) 1 a
EVAL redis.call('get','a')redis.call('get','b') 0
EVAL #!lua\nredis.call('get','a')redis.call('get','b') 0
EVAL #!lua\nredis.call('get','b') 1 a
EVAL #!lua\nredis.call('get','a') 1 a
EVAL #!lua\x20flags=allow-cross-slot-keys\nredis.call('get','a')redis.call('get','b') 0
EVAL #!lua\x20flags=no-cluster\nreturn(1) 0
RPUSH l 3 1 2
SORT l BY nosort
SPUBLISH a m
SPUBLISH a
PUBLISH a m
SSUBSCRIBE a b
SUNSUBSCRIBE a b
CLUSTER COUNTKEYSINSLOT 15495
CLUSTER GETKEYSINSLOT 15495 5
CLUSTER GETKEYSINSLOT 15495 0
RENAME a b
RENAME a{x} c{x}
DEL c{x} b{x}
COPY a a2{a}
XREADGROUP GROUP g c STREAMS a b > >
ZUNIONSTORE d 2 a b
BLPOP x y 0
GEORADIUS a 1 2 3 km STORE b
BITOP AND a b c
OBJECT ENCODING a
CLUSTER FLUSHSLOTS
FLUSHALL
CLUSTER FLUSHSLOTS
CLUSTER INFO`, "\n") {
		if line == "" {
			continue
		}
		if line == "*" { // a node starts to serve two seconds after its start
			for !strings.Contains(ask(t, mine, "CLUSTER", "INFO"), "state:ok") || !strings.Contains(ask(t, theirs, "CLUSTER", "INFO"), "state:ok") {
			}
			continue
		}
		args := strings.Fields(line)
		for i, a := range args {
			args[i] = strings.NewReplacer(`\n`, "\n", `\x20`, " ").Replace(a)
		}
		got, want := ask(t, mine, args...), ask(t, theirs, args...)
		got, want = words.ReplaceAllString(got, "*"), words.ReplaceAllString(want, "*")
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", line, got, want)
		}
	}
}

// TestClusterSettings: the settings of the protocol reach the node. The tests in
// internal/cluster cover their effect.
func TestClusterSettings(t *testing.T) {
	// Not parallel: other tests could take the port that has to be free.
	s := start(t, Options{Addr: "127.0.0.1:0", Config: []string{
		"cluster-enabled yes", "cluster-node-timeout 1234", "cluster-ping-interval 56", "cluster-migration-barrier 7",
		"cluster-allow-replica-migration no", "cluster-replica-validity-factor 8", "cluster-link-sendbuf-limit 9000",
	}})
	var got cluster.Settings
	s.engine.Run(func(core *engine.Core) { got = core.Cluster().Settings() })
	_, bus, _ := net.SplitHostPort(s.busAddr)
	if want := (cluster.Settings{
		NodeTimeout: 1234, PingInterval: 56, MigrationBarrier: 7, ReplicaValidityFactor: 8, LinkSendLimit: 9000,
		RequireFullCoverage: true, ReplicaPingPeriod: got.ReplicaPingPeriod, Port: got.Port, BusPort: got.BusPort,
	}); got != want || fmt.Sprint(got.BusPort) != bus {
		t.Errorf("got %+v, want %+v, bus %s", got, want, bus)
	}
	again := start(t, Options{Addr: "127.0.0.1:0", Config: []string{"cluster-enabled yes", "cluster-port " + freePort(t)}})
	again.engine.Run(func(core *engine.Core) { got = core.Cluster().Settings() })
	if again.busAddr != fmt.Sprint("127.0.0.1:", again.clusterPort()) {
		t.Errorf("the bus is at %s, not on cluster-port", again.busAddr)
	}
}

func (s *Server) clusterPort() (port int64) {
	s.engine.Run(func(core *engine.Core) { port = core.Config.Cluster.Port })
	return port
}

// freePort returns a port that was free a moment ago.
func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// TestClusterTLS: nodes meet on an encrypted bus.
func TestClusterTLS(t *testing.T) {
	t.Parallel()
	a, err := NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	conf, err := a.ServerConfig()
	if err != nil {
		t.Fatal(err)
	}
	var nodes []*Server
	for range 2 {
		nodes = append(nodes, start(t, Options{Addr: "127.0.0.1:0", TLS: conf, Config: []string{"cluster-enabled yes", "tls-cluster yes"}}))
	}
	_, port, _ := net.SplitHostPort(nodes[1].tlsAddr)
	_, bus, _ := net.SplitHostPort(nodes[1].busAddr)
	if got := talk(t, nodes[0], []string{"CLUSTER", "MEET", "127.0.0.1", port, bus})[0]; got != "OK" {
		t.Fatal(got)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, s := range nodes {
		for {
			var changed <-chan struct{}
			s.engine.Run(func(core *engine.Core) {
				if all := core.Cluster().Nodes(); len(all) < 2 || all[1].Is(cluster.Handshake) {
					changed = core.ClusterChange()
				}
			})
			if changed == nil {
				break
			}
			if err := anyOf(ctx, []<-chan struct{}{changed}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestClusterFailover: replicas have the data of their masters, reply to READONLY
// clients, and take over when a master dies or a failover is requested.
func TestClusterFailover(t *testing.T) {
	t.Parallel()
	c, clock := startManual(t, ClusterOptions{Masters: 3, Replicas: 1})
	clusterFailover(t, t.Context(), c.Cluster, func() { clock.Advance(5 * time.Second) })
}

// TestClusterSockets is the same with the network of the system and its time.
func TestClusterSockets(t *testing.T) {
	t.Parallel()
	c, ctx := startCluster(t, ClusterOptions{Masters: 3, Replicas: 1, NodeTimeout: time.Second})
	clusterFailover(t, ctx, c, func() {})
}

// clusterFailover lets time pass by wait, as far as it does not by itself.
func clusterFailover(t *testing.T, ctx context.Context, c *Cluster, wait func()) {
	master := c.MasterOf("key")
	replica := master + 3
	if got := talk(t, c.Server(master), []string{"SET", "key", "v"}, []string{"WAIT", "1", "0"}); got[1] != "1" {
		t.Fatalf("%q", got)
	}
	moved := fmt.Sprintf("(error) MOVED %d %s", c.Slot("key"), c.Addrs()[master])
	if got := talk(t, c.Server(replica), []string{"GET", "key"}, []string{"READONLY"}, []string{"GET", "key"}, []string{"SET", "key", "w"}); got[0] != moved || got[2] != `"v"` || got[3] != moved {
		t.Errorf("the replica: %q", got)
	}
	if err := c.Failover(ctx, replica); err != nil {
		t.Fatal(err)
	}
	if got := clusterDo(t, c, 0, "SET", "key", "after"); got != "OK" {
		t.Fatal(got)
	}
	if got := talk(t, c.Server(replica), []string{"GET", "key"}, []string{"WAIT", "1", "0"}); got[0] != `"after"` || got[1] != "1" {
		t.Fatalf("the new master: %q", got)
	}
	c.Kill(replica)
	wait()
	for c.MasterOf("key") != master {
		var changed []<-chan struct{}
		for i := range c.Len() {
			if i != replica {
				c.Server(i).engine.Run(func(core *engine.Core) { changed = append(changed, core.ClusterChange()) })
			}
		}
		if c.MasterOf("key") == master {
			break
		}
		if err := anyOf(ctx, changed); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	if got := clusterDo(t, c, 0, "GET", "key"); got != `"after"` {
		t.Errorf("after the death of the master: %s", got)
	}
}

// TestClusterFailoverAgain: a failover that was given up is asked for again.
func TestClusterFailoverAgain(t *testing.T) {
	t.Parallel()
	c, clock := startManual(t, ClusterOptions{Masters: 3, Replicas: 1})
	if err := c.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.Partition([]int{3}) // it asks, and nobody hears it
	ctx, cancel := context.WithCancel(t.Context())
	clock.AfterFunc(30*time.Second, cancel)
	if err := c.Failover(ctx, 3); err == nil || !strings.Contains(err.Error(), "node 3 has not taken over") {
		t.Errorf("cut off: %v", err)
	}
	c.Heal()
	clock.Advance(10 * time.Second)
	if err := c.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.Partition([]int{3})
	clock.AfterFunc(7*time.Second, c.Heal)
	if err := c.Failover(t.Context(), 3); err != nil {
		t.Errorf("healed: %v", err)
	}
	if err := c.Failover(t.Context(), 3); err == nil || err.Error() != "ERR You should send CLUSTER FAILOVER to a replica" {
		t.Errorf("of a master: %v", err)
	}
}

// TestClusterEmulated: one server on one port has all slots.
func TestClusterEmulated(t *testing.T) {
	t.Parallel()
	s, err := Start(Options{ClusterEmulated: true, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	host, port, _ := net.SplitHostPort(s.Addr())
	got := talk(t, s, []string{"SET", "a", "1"}, []string{"GET", "a"}, []string{"MGET", "a", "b"}, []string{"CLUSTER", "INFO"}, []string{"CLUSTER", "SLOTS"},
		[]string{"CLUSTER", "SLOT-STATS", "SLOTSRANGE", "0", "1"})
	if got[0] != "OK" || got[1] != `"1"` || got[2] != "(error) CROSSSLOT Keys in request don't hash to the same slot" {
		t.Errorf("got %q", got[:3])
	}
	if !strings.Contains(got[3], "cluster_state:ok") || !strings.Contains(got[3], "cluster_slots_assigned:16384") {
		t.Errorf("CLUSTER INFO: %s", got[3])
	}
	if !strings.Contains(got[4], "16383") || !strings.Contains(got[4], host) || !strings.Contains(got[4], port) {
		t.Errorf("CLUSTER SLOTS: %s, at %s", got[4], s.Addr())
	}
	if got[5] != `array[array[0 array["key-count" 0]] array[1 array["key-count" 0]]]` {
		t.Errorf("CLUSTER SLOT-STATS: %s", got[5])
	}
	files, err := os.ReadDir(s.options.Dir)
	if err != nil || len(files) != 0 {
		t.Errorf("files: %v, %v", files, err)
	}
}

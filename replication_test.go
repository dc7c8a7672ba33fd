package respserver

import (
	"bufio"
	"context"
	crand "crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/resp-server/resp-server/internal/clock"
	"github.com/resp-server/resp-server/internal/effort"
	"github.com/resp-server/resp-server/internal/oracle"
)

// replicationTime prolongs the tests of replication under load.
var replicationTime = flag.Duration("replication", 0, "how long each test of replication under load takes; 0: a moment")

// eventually waits until a condition holds that other goroutines or processes bring
// about.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := (clock.Real{}).Monotonic() + time.Minute; !holds(); {
		if (clock.Real{}).Monotonic() > end {
			t.Fatalf("%s does not happen", what)
		}
		pause(5 * time.Millisecond)
	}
}

func pause(d time.Duration) {
	over := make(chan struct{})
	clock.Real{}.AfterFunc(d, func() { close(over) })
	<-over
}

// debugging enables DEBUG.
var debugging = Options{Config: []string{"enable-debug-command yes", "repl-diskless-sync-delay 0"}}

// role returns a field of INFO replication or stats.
func role(s *TestServer, field string) string {
	for _, section := range []string{"replication", "stats"} {
		for line := range strings.Lines(s.Must("INFO", section).Text()) {
			if v, ok := strings.CutPrefix(line, field+":"); ok {
				return strings.TrimSpace(v)
			}
		}
	}
	return ""
}

// synced waits until the replicas have all writes.
func synced(t *testing.T, s *TestServer, replicas int) {
	t.Helper()
	if n := s.Must("WAIT", replicas, 60000).Int(); int(n) < replicas {
		t.Fatalf("WAIT returns %d, want %d replicas", n, replicas)
	}
}

// same compares the data of servers.
func same(t *testing.T, a *TestServer, others ...*TestServer) {
	t.Helper()
	want := a.Must("DEBUG", "DIGEST").Text()
	for i, s := range others {
		if got := s.Must("DEBUG", "DIGEST").Text(); got != want {
			t.Errorf("server %d has other data: digest %s, want %s", i+1, got, want)
		}
	}
}

func fails(t *testing.T, s *TestServer, want string, args ...any) {
	t.Helper()
	if _, err := s.Do(context.Background(), args...); err == nil || err.Error() != want {
		t.Errorf("%v: %v\nwant %s", args, err, want)
	}
}

func TestReplica(t *testing.T) {
	srv := StartTest(t, debugging)
	srv.Must("SET", "a", "1")
	srv.Must("FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function{function_name='f', callback=function() return 7 end, flags={'no-writes'}}")
	r := srv.StartReplica(debugging)
	if got := r.Must("GET", "a").Text(); got != "1" {
		t.Errorf("the new replica replies %q", got)
	}
	if got := r.Must("FCALL", "f", 0).Int(); got != 7 {
		t.Error(got)
	}
	srv.Must("HSET", "h", "f", "v")
	srv.Must("EVAL", "redis.call('SELECT', 3); redis.call('SADD', 's', 'x'); redis.call('RPUSH', 'l', 1, 2)", 0)
	synced(t, srv, 1)
	same(t, srv, r)

	fails(t, r, "READONLY You can't write against a read only replica.", "SET", "a", "2")
	fails(t, r, "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured to be "+
		"writable (which is not the default) writes to replicas are just local and are not propagated.", "WAIT", 0, 0)
	fails(t, r, "ERR FAILOVER is not valid when server is a replica.", "FAILOVER")
	for field, want := range map[string]string{
		"role": "slave", "master_link_status": "up", "master_sync_in_progress": "0", "slave_read_only": "1",
		"master_replid": role(srv, "master_replid"), "master_repl_offset": role(srv, "master_repl_offset"),
		"slave_repl_offset": role(srv, "master_repl_offset"),
	} {
		if got := role(r, field); got != want {
			t.Errorf("%s:%s, want %s", field, got, want)
		}
	}
	if got := role(srv, "connected_slaves") + role(srv, "sync_full"); got != "11" {
		t.Error(got)
	}
	if list := srv.Must("CLIENT", "LIST", "TYPE", "replica").Text(); !strings.Contains(list, " flags=S ") {
		t.Errorf("CLIENT LIST of the master: %q", list)
	}
	if list := r.Must("CLIENT", "LIST", "TYPE", "master").Text(); !strings.Contains(list, " flags=M ") || !strings.Contains(list, " user=(superuser) ") {
		t.Errorf("CLIENT LIST of the replica: %q", list)
	}
	if got := srv.Must("ROLE").Array(); got[0].Text() != "master" || len(got[2].Array()) != 1 {
		t.Error(got)
	}
	if got := r.Must("ROLE").Array(); got[0].Text() != "slave" || got[3].Text() != "connected" {
		t.Error(got)
	}
}

// TestChain: the stream reaches replicas of replicas unchanged, also one that joins
// while another database is selected.
func TestChain(t *testing.T) {
	srv := StartTest(t, debugging)
	r := srv.StartReplica(debugging)
	srv.Must("EVAL", "redis.call('SELECT', 5); redis.call('SET', 'a', 1)", 0)
	synced(t, srv, 1)
	sub := r.StartReplica(debugging) // no SELECT follows
	srv.Must("EVAL", "redis.call('SELECT', 5); redis.call('SET', 'b', 1)", 0)
	synced(t, srv, 1)
	offset := role(srv, "master_repl_offset")
	eventually(t, "the replica of the replica has everything", func() bool { return role(sub, "master_repl_offset") == offset })
	same(t, srv, r, sub)
	if role(sub, "master_replid") != role(srv, "master_replid") {
		t.Error("master_replid differs at the end of the chain")
	}
}

// TestCutLinks: after each cut the replica continues where it was.
func TestCutLinks(t *testing.T) {
	t.Parallel()
	srv := StartTest(t, debugging)
	r := srv.StartReplica(debugging)
	sub := r.StartReplica(debugging)
	cuts := 2 * effort.Of(5)
	for i := range cuts {
		for j := range 50 {
			srv.Must("EVAL", "redis.call('SELECT', ARGV[1]); redis.call('INCR', KEYS[1]); redis.call('LPUSH', KEYS[2], ARGV[2])", 2,
				fmt.Sprint("k", j), fmt.Sprint("l", j), i%3, j)
			if j == 25 {
				victim := []*TestServer{r, sub}[i%2]
				eventually(t, "the link is up", func() bool { return role(victim, "master_link_status") == "up" })
				victim.Must("CLIENT", "KILL", "TYPE", "master")
			}
		}
	}
	synced(t, srv, 1)
	offset := role(srv, "master_repl_offset")
	eventually(t, "all have everything", func() bool {
		return role(r, "master_repl_offset") == offset && role(sub, "master_repl_offset") == offset
	})
	same(t, srv, r, sub)
	if got := role(srv, "sync_full") + " " + role(r, "sync_full"); got != "1 1" {
		t.Errorf("full syncs: %s", got)
	}
	if got := role(srv, "sync_partial_ok") + " " + role(r, "sync_partial_ok"); got != fmt.Sprint(cuts/2, " ", cuts/2) {
		t.Errorf("partial syncs: %s", got)
	}
}

// TestLinkFaults: faults delay the stream of the master, and cut the link before
// and after a command.
func TestLinkFaults(t *testing.T) {
	c := NewManualClock(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
	srv := StartTest(t, debugging)
	r := srv.StartReplica(Options{Config: debugging.Config, Clock: c})
	remove := r.Inject(Fault{Command: "SET", Client: "master", Delay: time.Second})
	srv.Must("SET", "a", "1")
	srv.Must("RPUSH", "l", "1")
	if err := r.WaitBlocked(context.Background(), 1); err != nil {
		t.Fatal(err)
	}
	if got := r.Must("EXISTS", "a", "l").Int(); got != 0 {
		t.Error("the fault does not delay the link")
	}
	remove()
	c.Advance(time.Second)
	synced(t, srv, 1)
	same(t, srv, r)

	for _, when := range []When{BeforeExecution, AfterExecution} {
		remove := r.Inject(Fault{Command: "INCR", Client: "master", Close: when, Times: 1})
		srv.Must("INCR", "n")
		synced(t, srv, 1)
		same(t, srv, r)
		remove()
	}
	if got := r.Must("GET", "n").Int(); got != 2 {
		t.Errorf("n is %d", got)
	}
	eventually(t, "the link is up again", func() bool { return role(srv, "sync_partial_ok") == "2" })
	if got := role(srv, "sync_full"); got != "1" {
		t.Errorf("%s full syncs", got)
	}
}

// TestExpiryOnReplica: an expired key looks deleted, and is deleted when the master
// says so.
func TestExpiryOnReplica(t *testing.T) {
	ours := NewManualClock(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
	theirs := NewManualClock(ours.Now())
	srv := StartTest(t, Options{Config: debugging.Config, Clock: ours})
	r := srv.StartReplica(Options{Config: debugging.Config, Clock: theirs})
	srv.Must("SET", "k", "v", "EX", 10)
	srv.Must("HSET", "h", "f", "v", "g", "w")
	srv.Must("HPEXPIRE", "h", 10000, "FIELDS", 1, "f")
	synced(t, srv, 1)
	theirs.Advance(20 * time.Second)
	if !r.Must("GET", "k").IsNull() || !r.Must("RANDOMKEY").IsNull() && r.Must("DBSIZE").Int() != 2 {
		t.Error("an expired key is visible, or was deleted")
	}
	if got := r.Must("HGET", "h", "f"); !got.IsNull() {
		t.Error("an expired field is visible")
	}
	if got := r.Must("DBSIZE").Int(); got != 2 {
		t.Errorf("DBSIZE %d: the replica deleted something", got)
	}
	// A command from the master finds the key, whatever the replica's clock says.
	srv.Must("APPEND", "k", "x")
	srv.Must("HINCRBY", "h", "n", 1)
	srv.Must("HPERSIST", "h", "FIELDS", 1, "f")
	synced(t, srv, 1)
	same(t, srv, r)
	ours.Advance(20 * time.Second)
	synced(t, srv, 1)
	same(t, srv, r)
	if got := r.Must("DBSIZE").Int(); got != 1 {
		t.Errorf("DBSIZE %d", got)
	}
	// After the promotion it deletes expired keys itself.
	srv.Must("SET", "k2", "v", "EX", 10)
	synced(t, srv, 1)
	r.Must("REPLICAOF", "NO", "ONE")
	theirs.Advance(time.Minute)
	if got := r.Must("DBSIZE").Int(); got != 1 {
		t.Errorf("DBSIZE %d after the promotion", got)
	}
}

// TestPromotion: after the promotion of a replica, the other replicas and the old
// master follow it without another snapshot.
func TestPromotion(t *testing.T) {
	srv := StartTest(t, debugging)
	r := StartTest(t, debugging)
	addr := func(s *TestServer) []any {
		host, port, _ := net.SplitHostPort(s.Addr())
		return []any{"REPLICAOF", host, port}
	}
	srv.Must("SET", "a", "1")
	r.Must(addr(srv)...)
	eventually(t, "the link is up", func() bool { return role(r, "master_link_status") == "up" })
	if got := r.Must(addr(srv)...).Text(); got != "OK Already connected to specified master" {
		t.Error(got)
	}
	sub := r.StartReplica(debugging)
	srv.Must("SET", "b", "1")
	synced(t, srv, 1)
	former := role(srv, "master_replid")
	r.Must("REPLICAOF", "NO", "ONE")
	if role(r, "master_replid2") != former || role(r, "master_replid") == former {
		t.Error("the replication ids are wrong after the promotion")
	}
	eventually(t, "the replica comes back", func() bool { return role(r, "connected_slaves") == "1" })
	srv.Must(addr(r)...)
	eventually(t, "the old master is a replica", func() bool { return role(r, "connected_slaves") == "2" })
	r.Must("SET", "c", "1")
	synced(t, r, 2)
	same(t, r, srv, sub)
	if got := role(r, "sync_full") + " " + role(r, "sync_partial_ok"); got != "1 2" {
		t.Errorf("syncs of the new master: %s", got)
	}
}

func TestFailover(t *testing.T) {
	t.Parallel()
	srv := StartTest(t, debugging)
	r := StartTest(t, debugging)
	host, port, _ := net.SplitHostPort(srv.Addr())
	rhost, rport, _ := net.SplitHostPort(r.Addr())
	r.Must("REPLICAOF", host, port)
	eventually(t, "the link is up", func() bool { return role(r, "master_link_status") == "up" })
	eventually(t, "the replica is online", func() bool { return strings.Contains(role(srv, "slave0"), "state=online") })
	fails(t, srv, "ERR FAILOVER target HOST and PORT is not a replica.", "FAILOVER", "TO", "127.0.0.1", 1)
	fails(t, srv, "ERR FAILOVER with force option requires both a timeout and target HOST and IP.", "FAILOVER", "FORCE")
	srv.Must("SET", "a", "1")
	srv.Must("FAILOVER", "TO", rhost, rport, "TIMEOUT", 60000)
	eventually(t, "they have changed places", func() bool {
		return role(r, "role") == "master" && role(srv, "role") == "slave" && role(srv, "master_link_status") == "up"
	})
	r.Must("SET", "b", "1")
	synced(t, r, 1)
	same(t, r, srv)
	if got := role(srv, "master_failover_state") + " " + role(r, "sync_full"); got != "no-failover 0" {
		t.Error(got)
	}
}

// TestStaleReplica: with replica-serve-stale-data no, only some commands run while
// the link is down.
func TestStaleReplica(t *testing.T) {
	srv := StartTest(t, debugging)
	srv.Must("FUNCTION", "LOAD", `#!lua name=lib
		redis.register_function{function_name='lax', callback=function() return 'hello' end, flags={'allow-stale', 'no-writes'}}
		redis.register_function{function_name='strict', callback=function() return 'hello' end, flags={'no-writes'}}`)
	r := srv.StartReplica(debugging)
	r.Must("EVAL", "return 1", 0)
	r.Must("CONFIG", "SET", "replica-serve-stale-data", "no")
	r.Must("PING")
	srv.Close()
	eventually(t, "the link is down", func() bool { return role(r, "master_link_status") == "down" })
	const down = "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."
	fails(t, r, down, "GET", "a")
	fails(t, r, down, "EVAL", "return 1", 0)
	fails(t, r, down, "EVAL", "#!lua flags=no-writes\nreturn 1", 0)
	fails(t, r, down, "EVALSHA", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db", 0)
	fails(t, r, down, "FCALL", "strict", 0)
	if got := r.Must("FCALL", "lax", 0).Text(); got != "hello" {
		t.Error(got)
	}
	if got := r.Must("EVAL", "#!lua flags=allow-stale,no-writes\nreturn redis.pcall('GET', 'a').err", 0).Text(); got != "ERR Can not execute the command on a stale replica" {
		t.Error(got)
	}
	r.Must("REPLICAOF", "NO", "ONE")
	r.Must("SET", "a", "1")
}

func TestMinReplicas(t *testing.T) {
	srv := StartTest(t, debugging)
	srv.Must("CONFIG", "SET", "min-replicas-to-write", 1)
	fails(t, srv, "NOREPLICAS Not enough good replicas to write.", "SET", "a", "1")
	fails(t, srv, "NOREPLICAS Not enough good replicas to write. script: 920a07f443019e7350f07db671ce6a75fcc99e2c, on @user_script:1.", "EVAL", "return redis.call('SET', 'a', 1)", 0)
	r := srv.StartReplica(debugging)
	eventually(t, "the replica is online", func() bool { return role(srv, "min_slaves_good_slaves") == "1" })
	srv.Must("SET", "a", "1")
	r.Close()
	eventually(t, "the replica is gone", func() bool { return role(srv, "connected_slaves") == "0" })
	fails(t, srv, "NOREPLICAS Not enough good replicas to write.", "SET", "a", "1")
	srv.Must("GET", "a")
}

// TestWait: WAIT counts the replicas that have what the client wrote.
func TestWait(t *testing.T) {
	srv := StartTest(t, debugging)
	r := srv.StartReplica(debugging)
	srv.Must("SET", "a", "1")
	synced(t, srv, 1)
	remove := r.Inject(Fault{Client: "master", Delay: time.Hour})
	c := wireTo(t, srv)
	c.send("SET b 1")
	c.send("WAIT 1 50")
	if got := c.lines(2); got != "+OK :0" {
		t.Errorf("with a lagging replica: %s", got)
	}
	c.send("WAIT 1 0")
	if err := srv.WaitBlocked(context.Background(), 1); err != nil {
		t.Fatal(err)
	}
	remove()
	r.Must("CLIENT", "KILL", "TYPE", "master") // ends the delay: the replica reconnects and gets the data again
	if got := c.lines(1); got != ":1" {
		t.Errorf("after it has caught up: %s", got)
	}
}

// TestDataReplaced: commands that replace all data at once reach replicas too.
func TestDataReplaced(t *testing.T) {
	srv := StartTest(t, debugging)
	r := srv.StartReplica(debugging)
	srv.Must("SET", "a", "1")
	snapshot := srv.Snapshot()
	srv.Must("SET", "a", "2")
	synced(t, srv, 1)
	if err := srv.Restore(snapshot); err != nil {
		t.Fatal(err)
	}
	synced(t, srv, 1)
	same(t, srv, r)
	if got := r.Must("GET", "a").Text(); got != "1" {
		t.Error(got)
	}
	// A fork is no replica.
	f := r.Fork(t)
	f.Must("SET", "a", "3")
	if got := role(f, "role"); got != "master" {
		t.Error(got)
	}
}

// TestBacklogLifetime: an unused backlog is freed, and the server takes a new
// replication id.
func TestBacklogLifetime(t *testing.T) {
	c := NewManualClock(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
	srv := StartTest(t, Options{Config: append([]string{"repl-backlog-ttl 10"}, debugging.Config...), Clock: c})
	r := srv.StartReplica(debugging)
	id := role(srv, "master_replid")
	r.Close()
	eventually(t, "the replica is gone", func() bool { return role(srv, "connected_slaves") == "0" })
	c.Advance(5 * time.Second)
	if role(srv, "repl_backlog_active") != "1" || role(srv, "master_replid") != id {
		t.Error("the backlog was freed too soon")
	}
	c.Advance(10 * time.Second)
	if role(srv, "repl_backlog_active") != "0" || role(srv, "master_replid") == id {
		t.Error("the backlog is still there")
	}
}

// TestReplicaOutputLimit: a replica that reads nothing is disconnected.
func TestReplicaOutputLimit(t *testing.T) {
	t.Parallel()
	srv := StartTest(t, Options{Config: []string{"client-output-buffer-limit replica 100000 0 0", "repl-backlog-size 16384"}})
	c := wireTo(t, srv)
	c.send("SYNC")
	eventually(t, "the replica is there", func() bool { return role(srv, "connected_slaves") == "1" })
	value := strings.Repeat("x", 1<<16)
	eventually(t, "the replica is dropped", func() bool {
		srv.Must("SET", "a", value)
		return role(srv, "connected_slaves") == "0"
	})
	if role(srv, "client_output_buffer_limit_disconnections") != "1" {
		t.Error("the disconnection is not counted")
	}
}

// wire is a raw connection to a server.
type wire struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func wireTo(t *testing.T, s *TestServer) *wire {
	t.Helper()
	nc, err := s.Dial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	return &wire{t, nc, bufio.NewReader(nc)}
}

func (w *wire) send(line string) {
	w.t.Helper()
	if _, err := io.WriteString(w.Conn, line+"\r\n"); err != nil {
		w.t.Fatal(err)
	}
}

func (w *wire) line() string {
	w.t.Helper()
	for {
		line, err := w.r.ReadString('\n')
		if err != nil {
			w.t.Fatal(err)
		}
		if line != "\n" {
			return strings.TrimSpace(line)
		}
	}
}

func (w *wire) lines(n int) string {
	w.t.Helper()
	var all []string
	for range n {
		all = append(all, w.line())
	}
	return strings.Join(all, " ")
}

// attach makes the connection a replica, as the tests of Redis do, and reads the
// snapshot.
func (w *wire) attach() {
	w.t.Helper()
	w.send("SYNC")
	size, err := strconv.Atoi(strings.TrimPrefix(w.line(), "$"))
	if err != nil {
		w.t.Fatal(err)
	}
	snapshot := make([]byte, size)
	if _, err := io.ReadFull(w.r, snapshot); err != nil || string(snapshot[:5]) != "REDIS" {
		w.t.Fatalf("%v: %.10q", err, snapshot)
	}
}

// command reads a command from the stream.
func (w *wire) command() string {
	w.t.Helper()
	n, err := strconv.Atoi(strings.TrimPrefix(w.line(), "*"))
	if err != nil {
		w.t.Fatal(err)
	}
	var words []string
	for range n {
		size, _ := strconv.Atoi(strings.TrimPrefix(w.line(), "$"))
		word := make([]byte, size+2)
		if _, err := io.ReadFull(w.r, word); err != nil {
			w.t.Fatal(err)
		}
		words = append(words, string(word[:size]))
	}
	return strings.Join(words, " ")
}

// streamFrom records testdata/stream.txt.
var streamFrom = flag.String("stream", "", "path of a redis-server to record testdata/stream.txt from")

// digits are times, which differ from run to run, and what chance decides.
var digits = regexp.MustCompile(`\b1[0-9]{12}\b|foo[0-9]`)

// streamed runs the commands of a block on a server and returns what a replica gets
// for them. PAUSE lets times pass.
func (w *wire) streamed(do func(words ...string), pause func(), commands []string) (stream []string) {
	w.t.Helper()
	for _, c := range commands {
		if c == "PAUSE" {
			pause()
			continue
		}
		do(strings.Fields(c)...)
	}
	do("PUBLISH", "the", "end")
	for {
		switch c := w.command(); c {
		case "ping":
		case "PUBLISH the end":
			return stream
		default:
			stream = append(stream, digits.ReplaceAllStringFunc(c, func(s string) string {
				return strings.Map(func(r rune) rune {
					if '0' <= r && r <= '9' {
						return '?'
					}
					return r
				}, s)
			}))
		}
	}
}

// TestStream: a replica gets the stream of a real server, word for word.
func TestStream(t *testing.T) {
	t.Parallel()
	const path = "testdata/stream.txt"
	text := strings.TrimSpace(string(must(os.ReadFile(path))))
	var do func(words ...string)
	var replica *wire
	var wait func()
	if *streamFrom != "" {
		dir := t.TempDir()
		socket := oracle.Start(t, *streamFrom, dir, "--save", "", "--enable-debug-command", "yes")
		real := must(oracle.DialUnix(socket))
		t.Cleanup(func() { real.Close() })
		nc := must(net.Dial("unix", socket))
		t.Cleanup(func() { nc.Close() })
		replica = &wire{t, nc, bufio.NewReader(nc)}
		do = func(words ...string) { ask(t, real, words...) }
		wait = func() { pause(300 * time.Millisecond) }
	} else {
		c := NewManualClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		srv := StartTest(t, Options{Clock: c, Config: debugging.Config})
		replica = wireTo(t, srv)
		client := wireTo(t, srv)
		do = func(words ...string) {
			client.send(fmt.Sprintf("*%d", len(words)))
			for _, word := range words {
				client.send(fmt.Sprintf("$%d\r\n%s", len(word), word))
			}
			client.reply()
		}
		wait = func() { c.Advance(300 * time.Millisecond) }
	}
	replica.attach()
	var recorded []string
	for block := range strings.SplitSeq(text, "\n\n") {
		var head, commands, want []string
		for line := range strings.SplitSeq(block, "\n") {
			command, is := strings.CutPrefix(line, "> ")
			switch {
			case is:
				commands = append(commands, command)
				head = append(head, line)
			case strings.HasPrefix(line, "#"):
				head = append(head, line)
			default:
				want = append(want, line)
			}
		}
		got := replica.streamed(do, wait, commands)
		if *streamFrom == "" && !slices.Equal(got, want) {
			t.Errorf("%s\n got %q\nwant %q", strings.Join(head, "\n"), got, want)
		}
		recorded = append(recorded, strings.Join(append(head, got...), "\n"))
	}
	if *streamFrom != "" {
		if err := os.WriteFile(path, []byte(strings.Join(recorded, "\n\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// reply reads and discards a reply.
func (w *wire) reply() {
	w.t.Helper()
	switch line := w.line(); line[0] {
	case '$':
		if n, _ := strconv.Atoi(line[1:]); n >= 0 {
			io.CopyN(io.Discard, w.r, int64(n)+2)
		}
	case '*':
		n, _ := strconv.Atoi(line[1:])
		for range n {
			w.reply()
		}
	}
}

// load sends a random write of any type.
func load(rng *rand.Rand, do func(words ...string)) {
	key := func(kind string) string { return fmt.Sprint(kind, rng.IntN(40)) }
	n := func() string { return fmt.Sprint(rng.IntN(50)) }
	ms := func() string { return fmt.Sprint(1 + rng.IntN(300)) }
	switch rng.IntN(30) {
	case 0, 1:
		do("SET", key("s"), n())
	case 2:
		do("SET", key("s"), n(), "PX", ms())
	case 3:
		do("INCR", key("s"))
	case 4:
		do("APPEND", key("s"), n())
	case 5:
		do("PEXPIRE", key([]string{"s", "l", "h", "z", "e", "x"}[rng.IntN(6)]), ms())
	case 6:
		do("PERSIST", key("s"))
	case 7, 8:
		do("RPUSH", key("l"), n(), n())
	case 9:
		do("LPOP", key("l"))
	case 10:
		do("LMOVE", key("l"), key("l"), "LEFT", "RIGHT")
	case 11, 12:
		do("HSET", key("h"), n(), n(), n(), n())
	case 13:
		do("HINCRBY", key("h"), n(), n())
	case 14:
		do("HDEL", key("h"), n(), n())
	case 15, 16:
		do("ZADD", key("z"), n(), n(), n(), n())
	case 17:
		do("ZPOPMIN", key("z"), "2")
	case 18:
		do("ZREMRANGEBYRANK", key("z"), "0", "1")
	case 19, 20:
		do("SADD", key("e"), n(), n(), n())
	case 21:
		do("SPOP", key("e"), "2")
	case 22:
		do("SINTERSTORE", key("e"), key("e"), key("e"))
	case 23, 24:
		do("XADD", key("x"), "MAXLEN", "20", "*", n(), n())
	case 25:
		do("XTRIM", key("x"), "MAXLEN", "5")
	case 26:
		do("EVAL", "redis.call('SELECT',ARGV[1]) redis.call('SET',KEYS[1],ARGV[2]) return redis.call('INCR',KEYS[2])", "2", key("s"), key("n"), fmt.Sprint(rng.IntN(4)), n())
	case 27:
		do("RENAME", key("s"), key("s"))
	case 28:
		do("PFADD", key("p"), n(), n())
	case 29:
		do("COPY", key("h"), key("h"), "REPLACE")
	}
}

// realPeer is a real server on a port.
type realPeer struct {
	*oracle.Conn
	t    *testing.T
	port string
}

// startPeer starts a real server, or skips the test if there is none.
func startPeer(t *testing.T, options ...string) *realPeer {
	t.Helper()
	path := os.Getenv("RESPSERVER_PEER")
	if path == "" {
		var err error
		if path, err = exec.LookPath("redis-server"); err != nil {
			if os.Getenv("RESPSERVER_NEED_REDIS") != "" {
				t.Fatal(err)
			}
			t.Skip("skipped: no redis-server")
		}
	}
	for range 10 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := net.SplitHostPort(l.Addr().String())
		l.Close()
		dir := t.TempDir()
		socket := filepath.Join(dir, "s") // only our process can answer there
		cmd := exec.Command(path, append([]string{"--port", port, "--bind", "127.0.0.1", "--unixsocket", socket, "--dir", dir, "--save", "",
			"--enable-debug-command", "yes", "--repl-diskless-sync-delay", "0"}, options...)...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() { cmd.Wait(); close(ended) }()
		t.Cleanup(func() { cmd.Process.Kill(); <-ended })
		for {
			c, err := oracle.DialUnix(socket)
			if err == nil {
				if pong, err := c.Do("PING"); err == nil && (pong == "PONG" || strings.HasPrefix(fmt.Sprint(pong), "-NOAUTH")) {
					t.Cleanup(func() { c.Close() })
					return &realPeer{c, t, port}
				}
				c.Close()
			}
			select {
			case <-ended: // another process has the port
			default:
				pause(10 * time.Millisecond)
				continue
			}
			break
		}
	}
	t.Fatal("no port is free for the real server")
	return nil
}

func (p *realPeer) field(field string) string {
	for _, section := range []string{"replication", "stats"} {
		for line := range strings.Lines(ask(p.t, p.Conn, "INFO", section)) {
			if v, ok := strings.CutPrefix(line, field+":"); ok {
				return strings.TrimSpace(v)
			}
		}
	}
	return ""
}

// underLoad calls step after every hundred writes, until the time is up.
func underLoad(seed uint64, do func(words ...string), step func(i int)) {
	rng := rand.New(rand.NewPCG(seed, 0))
	rounds := 10
	end := (clock.Real{}).Monotonic() + *replicationTime
	for i := 0; i < rounds || (clock.Real{}).Monotonic() < end; i++ {
		for range 100 {
			load(rng, do)
		}
		step(i)
	}
}

// TestRealReplica: a real server as a replica of ours has the same data under load,
// while its links are cut, and finally takes over.
func TestRealReplica(t *testing.T) {
	for _, form := range []string{"yes", "no"} {
		t.Run("diskless="+form, func(t *testing.T) {
			t.Parallel()
			srv := StartTest(t, Options{Config: append([]string{"repl-diskless-sync " + form, "repl-ping-replica-period 3600"}, debugging.Config...)})
			_, port, _ := net.SplitHostPort(srv.Addr())
			do := func(words ...string) {
				args := make([]any, len(words))
				for i, w := range words {
					args[i] = w
				}
				srv.Do(context.Background(), args...)
			}
			underLoad(1, do, func(int) {})
			p := startPeer(t)
			ask(t, p.Conn, "REPLICAOF", "127.0.0.1", port)
			eventually(t, "the link is up", func() bool { return p.field("master_link_status") == "up" })
			full := role(srv, "sync_full")
			cuts := 0
			underLoad(2, do, func(i int) {
				if i%2 == 0 {
					srv.Must("CLIENT", "KILL", "TYPE", "replica")
					cuts++
					eventually(t, "the replica is back", func() bool { return role(srv, "connected_slaves") == "1" })
				}
			})
			agree(t, srv, p)
			if got := role(srv, "sync_full"); got != full {
				t.Errorf("%s full syncs, want %s", got, full)
			}
			if got, _ := strconv.Atoi(role(srv, "sync_partial_ok")); got < cuts {
				t.Errorf("%d partial syncs, want %d", got, cuts)
			}
			// The live move: the real server is now the master, and ours its
			// replica.
			ask(t, p.Conn, "REPLICAOF", "NO", "ONE")
			// A ping still on its way would give ours more history than the real
			// server has.
			upTo, _ := strconv.Atoi(p.field("second_repl_offset"))
			level := role(srv, "master_repl_offset") == strconv.Itoa(upTo-1)
			srv.Must("REPLICAOF", "127.0.0.1", p.port)
			eventually(t, "the link is up", func() bool { return role(srv, "master_link_status") == "up" })
			underLoad(3, func(words ...string) { p.Do(words...) }, func(int) {})
			agree(t, srv, p)
			if got := p.field("sync_full"); got != "0" && level {
				t.Errorf("%s full syncs of the real server", got)
			}
		})
	}
}

// agree waits until two linked servers have the same data, without keys that are
// about to expire.
func agree(t *testing.T, srv *TestServer, p *realPeer) {
	t.Helper()
	eventually(t, "both have the same data", func() bool {
		return srv.Must("DEBUG", "DIGEST").Text() == ask(t, p.Conn, "DEBUG", "DIGEST") &&
			role(srv, "master_repl_offset") == p.field("master_repl_offset")
	})
}

// TestReplicaOfReal: our server as a replica of a real one, and within a chain.
func TestReplicaOfReal(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"yes", "no"} {
		t.Run("diskless="+form, func(t *testing.T) {
			t.Parallel()
			p := startPeer(t, "--repl-diskless-sync", form, "--requirepass", "secret")
			ask(t, p.Conn, "AUTH", "secret")
			do := func(words ...string) { p.Do(words...) }
			underLoad(4, do, func(int) {})
			srv := StartTest(t, Options{Config: append([]string{"masteruser default", "masterauth secret"}, debugging.Config...)})
			srv.Must("REPLICAOF", "127.0.0.1", p.port)
			sub := srv.StartReplica(debugging)
			underLoad(5, do, func(i int) {
				switch i % 4 {
				case 0:
					srv.Must("CLIENT", "KILL", "TYPE", "master")
				case 1:
					sub.Must("CLIENT", "KILL", "TYPE", "master")
				case 2:
					do("CLIENT", "KILL", "TYPE", "replica")
				}
			})
			agree(t, srv, p)
			eventually(t, "the chain has everything", func() bool { return role(sub, "master_repl_offset") == p.field("master_repl_offset") })
			same(t, srv, sub)
			if got := p.field("sync_full"); got != "1" {
				t.Errorf("%s full syncs", got)
			}
		})
	}
}

// tcpTo connects to a server by TCP, as replicas in other processes do.
func tcpTo(t *testing.T, s *TestServer) *wire {
	t.Helper()
	nc, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	return &wire{t, nc, bufio.NewReader(nc)}
}

// TestMasterSettings: delays, pings and timeouts follow the settings.
func TestMasterSettings(t *testing.T) {
	c := NewManualClock(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
	srv := StartTest(t, Options{Clock: c, Config: []string{"repl-diskless-sync-delay 5", "repl-diskless-sync-max-replicas 2",
		"repl-ping-replica-period 3", "repl-timeout 20", "repl-backlog-size 50000", "min-replicas-to-write 1", "min-replicas-max-lag 2"}})
	var replicas []*wire
	join := func() {
		w := tcpTo(t, srv)
		w.send("REPLCONF capa eof capa psync2")
		w.line()
		w.send("PSYNC ? -1")
		replicas = append(replicas, w)
		eventually(t, "the replica waits", func() bool { return role(srv, fmt.Sprintf("slave%d", len(replicas)-1)) != "" })
	}
	join()
	c.Advance(3 * time.Second)
	if got := role(srv, "slave0"); !strings.Contains(got, "state=wait_bgsave") {
		t.Errorf("before the end of the delay: %s", got)
	}
	c.Advance(3 * time.Second)
	eventually(t, "the replica is online", func() bool { return strings.Contains(role(srv, "slave0"), "state=online") })
	if got := role(srv, "repl_backlog_size"); got != "50000" {
		t.Error(got)
	}
	srv.Must("SET", "a", "1")
	c.Advance(3 * time.Second) // without an acknowledgement
	fails(t, srv, "NOREPLICAS Not enough good replicas to write.", "SET", "a", "1")
	join()
	join() // the second waiting replica ends the delay
	for i := 1; i < 3; i++ {
		eventually(t, "the replica is online", func() bool { return strings.Contains(role(srv, fmt.Sprint("slave", i)), "state=online") })
	}
	c.Advance(18 * time.Second) // the first one has been silent too long
	if got := role(srv, "connected_slaves"); got != "2" {
		t.Errorf("%s replicas", got)
	}

	w := tcpTo(t, srv)
	w.attach()
	c.Advance(3 * time.Second)
	if got := w.command(); got != "ping" {
		t.Error(got)
	}
}

// TestReplicaSettings: a replica announces itself as the settings say.
func TestReplicaSettings(t *testing.T) {
	srv := StartTest(t, debugging)
	r := srv.StartReplica(Options{Config: []string{"replica-announce-ip 10.1.2.3", "replica-announce-port 7777", "replica-priority 7",
		"replica-announced no", "replica-read-only no", "replica-ignore-maxmemory no", "maxmemory 1"}})
	if got := role(srv, "slave0"); !strings.HasPrefix(got, "ip=10.1.2.3,port=7777,") {
		t.Error(got)
	}
	if got := role(r, "slave_priority") + role(r, "replica_announced") + role(r, "slave_read_only"); got != "700" {
		t.Error(got)
	}
	fails(t, r, "OOM command not allowed when used memory > 'maxmemory'.", "SET", "own", "1")
	r.Must("CONFIG", "SET", "replica-ignore-maxmemory", "yes")
	r.Must("SET", "own", "1")
	r.Must("CONFIG", "SET", "replica-read-only", "yes")
	fails(t, r, "READONLY You can't write against a read only replica.", "SET", "own", "1")

	if runtime.GOOS == "linux" { // other systems have a single loopback address
		host, port, _ := net.SplitHostPort(srv.Addr())
		s := StartTest(t, Options{Config: []string{"bind-source-addr 127.0.0.2", "replicaof " + host + " " + port}})
		eventually(t, "the link is up", func() bool { return role(s, "master_link_status") == "up" })
		if list := srv.Must("CLIENT", "LIST", "TYPE", "replica").Text(); !strings.Contains(list, " addr=127.0.0.2:") {
			t.Error(list)
		}
	}
}

// TestReplicaByTLS: the link is encrypted, and the replica presents a certificate.
func TestReplicaByTLS(t *testing.T) {
	a, dir := authority(t), t.TempDir()
	if err := a.WriteFiles(dir); err != nil {
		t.Fatal(err)
	}
	file := func(name string) string { return filepath.ToSlash(filepath.Join(dir, name)) }
	block, _ := pem.Decode(must(os.ReadFile(file("client.key"))))
	//lint:ignore SA1019 OpenSSL writes such keys
	block = must(x509.EncryptPEMBlock(crand.Reader, block.Type, block.Bytes, []byte("secret"), x509.PEMCipherAES256))
	if err := os.WriteFile(file("encrypted.key"), pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	srv := StartTest(t, Options{Addr: "127.0.0.1:0", TLS: must(a.ServerConfig()), Config: debugging.Config})
	srv.Must("SET", "a", "1")
	host, port, _ := net.SplitHostPort(srv.TLSAddr())
	r := StartTest(t, Options{Config: append([]string{"tls-replication yes", "tls-ca-cert-file " + file("ca.crt"),
		"tls-client-cert-file " + file("client.crt"), "tls-client-key-file " + file("encrypted.key"), "tls-client-key-file-pass secret",
		"replicaof " + host + " " + port}, debugging.Config...)})
	eventually(t, "the link is up", func() bool { return role(r, "master_link_status") == "up" })
	same(t, srv, r)
}

// TestMigrate: keys move to a real server and back.
func TestMigrate(t *testing.T) {
	p := startPeer(t)
	srv := StartTest(t, debugging)
	_, port, _ := net.SplitHostPort(srv.Addr())
	r := srv.StartReplica(debugging)
	srv.Must("SET", "a", "1", "PX", 100000)
	srv.Must("RPUSH", "l", "x", "y")
	srv.Must("SADD", "s", "m")
	before := srv.Must("DEBUG", "DIGEST").Text()
	for _, step := range []struct {
		want string
		args []any
	}{
		{"NOKEY", []any{"MIGRATE", "127.0.0.1", p.port, "none", 3, 10000}},
		{"OK", []any{"MIGRATE", "127.0.0.1", p.port, "a", 3, 10000, "COPY"}},
		{"OK", []any{"MIGRATE", "127.0.0.1", p.port, "", 3, 10000, "REPLACE", "KEYS", "a", "none", "l", "s"}},
	} {
		if got := srv.Must(step.args...).Text(); got != step.want {
			t.Errorf("%v: %s", step.args, got)
		}
	}
	if got := srv.Must("DBSIZE").Int(); got != 0 {
		t.Errorf("%d keys stayed", got)
	}
	synced(t, srv, 1)
	same(t, srv, r)
	if got := role(srv, "migrate_cached_sockets"); got != "1" {
		t.Errorf("%s cached connections", got)
	}
	ask(t, p.Conn, "SELECT", "3")
	if got := ask(t, p.Conn, "MIGRATE", "127.0.0.1", port, "", "0", "10000", "KEYS", "a", "l", "s"); got != "OK" {
		t.Error(got)
	}
	if got := srv.Must("DEBUG", "DIGEST").Text(); got != before {
		t.Error("the keys changed on the way there and back")
	}
	ask(t, p.Conn, "SELECT", "0")
	ask(t, p.Conn, "SET", "a", "theirs")
	fails(t, srv, "ERR Target instance replied with error: BUSYKEY Target key name already exists.", "MIGRATE", "127.0.0.1", p.port, "a", 0, 10000)
	ask(t, p.Conn, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes") // the server opens a cached connection again
	srv.Must("MIGRATE", "127.0.0.1", p.port, "a", 0, 10000, "REPLACE")
	ask(t, p.Conn, "CONFIG", "SET", "requirepass", "secret")
	srv.Must("SET", "b", "1")
	fails(t, srv, "ERR Target instance replied with error: WRONGPASS invalid username-password pair or user is disabled.",
		"MIGRATE", "127.0.0.1", p.port, "b", 0, 10000, "AUTH", "wrong")
	srv.Must("MIGRATE", "127.0.0.1", p.port, "b", 0, 10000, "REPLACE", "AUTH", "secret")
}

// TestGrowing runs the commands of docs/growing.md, with a server of ours on 6379
// and a real one on 6380.
func TestGrowing(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("docs/growing.md")
	if err != nil {
		t.Fatal(err)
	}
	p := startPeer(t)
	srv := StartTest(t, debugging)
	_, port, _ := net.SplitHostPort(srv.Addr())
	ports := strings.NewReplacer("6379", port, "6380", p.port)
	srv.Must("SET", "kept", "1")
	srv.Must("HSET", "h", "f", "v")
	commands := 0
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(ports.Replace(line))
		if len(words) < 4 || words[0] != "redis-cli" || words[1] != "-p" {
			continue
		}
		commands++
		do := func() string {
			if words[2] == p.port {
				return ask(t, p.Conn, words[3:]...)
			}
			args := make([]any, len(words)-3)
			for i, w := range words[3:] {
				args[i] = w
			}
			return srv.Must(args...).Text()
		}
		if words[3] == "INFO" { // wait until the link is up
			eventually(t, line, func() bool { return strings.Contains(do(), "master_link_status:up") })
		} else if got := do(); strings.HasPrefix(got, "-") {
			t.Errorf("%s: %s", line, got)
		}
	}
	if commands < 8 {
		t.Errorf("the page has %d commands", commands)
	}
	if got := srv.Must("GET", "kept").Text(); got != "1" {
		t.Errorf("the old data are %q", got)
	}
}

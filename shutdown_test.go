package respserver

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// laggard returns a server with a replica that acknowledges nothing, and a client
// that waits for the end of the server.
func laggard(t *testing.T) (srv *TestServer, clock *ManualClock, replica, client *wire) {
	t.Helper()
	clock = NewManualClock(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
	srv = StartTest(t, Options{Clock: clock, Config: []string{"repl-diskless-sync-delay 0", "shutdown-timeout 7", "repl-timeout 600"}})
	replica = wireTo(t, srv)
	replica.send("PSYNC ? -1")
	eventually(t, "the replica is online", func() bool { return strings.Contains(role(srv, "slave0"), "state=online") })
	srv.Must("SET", "a", "1")
	client = wireTo(t, srv)
	client.send("SHUTDOWN NOSAVE")
	if err := srv.WaitBlocked(context.Background(), 1); err != nil {
		t.Fatal(err)
	}
	return srv, clock, replica, client
}

// ends waits until a server has ended.
func ends(t *testing.T, srv *TestServer) {
	t.Helper()
	select {
	case <-srv.Done():
	case <-time.After(time.Minute):
		t.Fatal("the server goes on")
	}
}

// TestShutdownAborted: while SHUTDOWN waits for a replica, writes are held back and
// INFO shows the end of the wait. After SHUTDOWN ABORT everything goes on.
func TestShutdownAborted(t *testing.T) {
	srv, _, _, client := laggard(t)
	if info := srv.Must("INFO", "server").Text(); !strings.Contains(info, "\r\nshutdown_in_milliseconds:7000\r\n") {
		t.Errorf("INFO: %q", info)
	}
	writer := wireTo(t, srv)
	writer.send("SET a 2")
	second := wireTo(t, srv)
	second.send("SHUTDOWN")
	if err := srv.WaitBlocked(context.Background(), 3); err != nil {
		t.Fatal(err)
	}
	srv.Must("CLIENT", "UNPAUSE") // affects only CLIENT PAUSE
	if got := srv.Must("GET", "a").Text(); got != "1" {
		t.Errorf("a write was let through: %s", got)
	}
	srv.Must("SHUTDOWN", "ABORT")
	for _, w := range []*wire{client, second} {
		if got := w.line(); got != "-ERR Errors trying to SHUTDOWN. Check logs." {
			t.Error(got)
		}
	}
	if got := writer.line(); got != "+OK" {
		t.Error(got)
	}
	fails(t, srv, "ERR No shutdown in progress.", "SHUTDOWN", "ABORT")
	if info := srv.Must("INFO", "server").Text(); strings.Contains(info, "shutdown_in_milliseconds") {
		t.Error("INFO has still a shutdown")
	}
}

// TestShutdownWaits: the server ends when the replica has everything, when the
// timeout passes, or at once with NOW or a timeout of 0.
func TestShutdownWaits(t *testing.T) {
	t.Parallel()
	t.Run("acknowledged", func(t *testing.T) {
		srv, _, replica, _ := laggard(t)
		replica.send("REPLCONF ACK " + role(srv, "master_repl_offset"))
		ends(t, srv)
	})
	t.Run("too late", func(t *testing.T) {
		srv, clock, _, _ := laggard(t)
		clock.Advance(8 * time.Second)
		ends(t, srv)
	})
	t.Run("the replica is gone", func(t *testing.T) {
		srv, clock, replica, _ := laggard(t)
		replica.Close()
		eventually(t, "the replica is gone", func() bool {
			select {
			case <-srv.Done():
				return true
			default:
			}
			clock.Advance(100 * time.Millisecond)
			return false
		})
	})
	t.Run("now", func(t *testing.T) {
		srv, _, _, _ := laggard(t)
		srv.Must("SHUTDOWN", "ABORT")
		srv.Do(context.Background(), "SHUTDOWN", "NOSAVE", "NOW")
		ends(t, srv)
	})
	t.Run("no time", func(t *testing.T) {
		srv, _, _, _ := laggard(t)
		srv.Must("SHUTDOWN", "ABORT")
		srv.Must("CONFIG", "SET", "shutdown-timeout", 0)
		srv.Do(context.Background(), "SHUTDOWN", "NOSAVE")
		ends(t, srv)
	})
}

// TestRestartedReplica: a replica continues from the offset in its snapshot.
func TestRestartedReplica(t *testing.T) {
	srv := StartTest(t, debugging)
	o := Options{Dir: t.TempDir(), Config: debugging.Config}
	r := srv.StartReplica(o)
	srv.Must("MSET", "a", "1", "b", "1")
	srv.Must("EVAL", "redis.call('SELECT', 3); redis.call('SET', 'c', 1)", 0) // the stream continues in database 3
	synced(t, srv, 1)
	r.Must("SAVE")
	r.Close()
	srv.Must("EVAL", "redis.call('SELECT', 3); redis.call('INCR', 'c')", 0)
	r = srv.StartReplica(o)
	srv.Must("INCR", "b")
	synced(t, srv, 1)
	same(t, srv, r)
	if got := role(srv, "sync_full") + " " + role(srv, "sync_partial_ok"); got != "1 1" {
		t.Errorf("full and partial syncs: %s", got)
	}
	if a, b := role(srv, "master_replid"), role(r, "master_replid"); a != b {
		t.Errorf("histories %s and %s", a, b)
	}
}

// TestRestartedMaster: after a restart of the master its replicas continue where
// they were, and get the deletions of keys that have expired meanwhile.
func TestRestartedMaster(t *testing.T) {
	clock := NewManualClock(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
	o := Options{Dir: t.TempDir(), Clock: clock, Config: debugging.Config}
	srv := StartTest(t, o)
	r := StartTest(t, Options{Clock: clock, Config: debugging.Config})
	follow := func() {
		host, port, _ := net.SplitHostPort(srv.Addr())
		r.Must("REPLICAOF", host, port)
		eventually(t, "the link is up", func() bool { clock.Advance(time.Millisecond); return role(r, "master_link_status") == "up" })
	}
	follow()
	for i := range 5 {
		srv.Must("SET", fmt.Sprint("key", i), "v")
		srv.Must("SET", fmt.Sprint("short", i), "v", "PX", 60000)
	}
	eventually(t, "the replica has everything", func() bool { return role(r, "slave_repl_offset") == role(srv, "master_repl_offset") })
	srv.Must("SAVE")
	id, offset := role(srv, "master_replid"), role(srv, "master_repl_offset")
	srv.Close()
	clock.Advance(2 * time.Minute)

	srv = StartTest(t, o)
	if got := role(srv, "master_replid2"); got != id {
		t.Errorf("master_replid2:%s, want %s", got, id)
	}
	if got := role(srv, "master_repl_offset"); got == offset {
		t.Error("no deletions follow what was saved")
	}
	follow()
	if got := role(srv, "sync_full") + " " + role(srv, "sync_partial_ok"); got != "0 1" {
		t.Errorf("full and partial syncs: %s", got)
	}
	eventually(t, "the replica has everything", func() bool { return role(r, "slave_repl_offset") == role(srv, "master_repl_offset") })
	same(t, srv, r)
	if got := r.Must("DBSIZE").Int(); got != 5 {
		t.Errorf("%d keys", got)
	}
}

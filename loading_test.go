package respserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// slowLoad has a key take so long to load that a test can look at what happens
// meanwhile, until it sets the delay to 0.
var slowLoad = []string{"loading-process-events-interval-bytes 1024", "key-load-delay 60000000"}

const loadingError = "LOADING Redis is loading the dataset in memory"

// persistence returns a field of INFO persistence.
func persistence(s *TestServer, field string) string {
	for line := range strings.Lines(s.Must("INFO", "persistence").Text()) {
		if v, ok := strings.CutPrefix(line, field+":"); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// populate writes some keys.
func populate(s *TestServer) {
	s.Must("EVAL", "for i = 1, 100 do redis.call('SET', 'key:' .. i, string.rep('x', 100)) end", 0)
}

// connectTo dials a Unix socket when it is there.
func connectTo(t *testing.T, path string) *wire {
	t.Helper()
	var nc net.Conn
	eventually(t, "the socket opens", func() (ok bool) {
		var err error
		nc, err = net.Dial("unix", path)
		return err == nil
	})
	t.Cleanup(func() { nc.Close() })
	return &wire{t, nc, bufio.NewReader(nc)}
}

// begun is what Start returns.
type begun struct {
	*Server
	err error
}

// TestLoadingAtStart: clients may connect while a large file is loaded, and are told
// so.
func TestLoadingAtStart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, file string
		config     []string
	}{
		{"snapshot", "dump.rdb", nil},
		{"base of an append-only file", "appendonlydir/appendonly.aof.2.base.rdb", []string{"appendonly yes"}},
		{"commands of an append-only file", "appendonlydir/appendonly.aof.1.incr.aof", []string{"appendonly yes"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			o := Options{Dir: dir, Config: append([]string{"enable-debug-command yes"}, c.config...)}
			srv := StartTest(t, o)
			populate(srv)
			srv.Must("SET", "a", strings.Repeat("x", 2000))
			switch {
			case strings.Contains(c.name, "base"):
				srv.Must("BGREWRITEAOF")
				eventually(t, "the file is rewritten", func() bool { return persistence(srv, "aof_rewrite_in_progress") == "0" })
			case c.config == nil:
				srv.Must("SAVE")
			}
			want := srv.Must("DBSIZE").Int()
			srv.Close()

			start := func() <-chan begun {
				started := make(chan begun, 1)
				o := o
				o.Config = append(append([]string{"unixsocket " + filepath.Join(dir, "s")}, slowLoad...), c.config...)
				o.Config = append(o.Config, "save 3600 1", "enable-protected-configs yes")
				go func() {
					s, err := Start(o)
					started <- begun{s, err}
				}()
				return started
			}
			started := start()
			client := connectTo(t, filepath.Join(dir, "s"))
			for _, command := range []string{"PING", "GET a", "CONFIG SET dir .", "SAVE"} {
				client.send(command)
				if got := client.line(); got != "-"+loadingError {
					t.Errorf("%s: %s", command, got)
				}
			}
			client.send("INFO persistence")
			info := map[string]string{}
			for line := client.line(); ; line = client.line() {
				name, value, _ := strings.Cut(line, ":")
				info[name] = value
				if name == "loading_eta_seconds" {
					break
				}
			}
			client.line()
			if info["loading"] != "1" || info["async_loading"] != "0" || len(info["loading_total_bytes"]) < 4 || info["loading_start_time"] == "" {
				t.Errorf("INFO: %v", info)
			}
			client.send("CONFIG SET key-load-delay 0")
			client.line()
			s := <-started
			if s.err != nil {
				t.Fatal(s.err)
			}
			client.send("DBSIZE")
			if got := client.line(); got != fmt.Sprintf(":%d", want) {
				t.Errorf("%s keys, want %d", got, want)
			}
			client.send("INFO persistence")
			for line := client.line(); !strings.HasPrefix(line, "aof_enabled"); line = client.line() {
				if strings.HasPrefix(line, "loading:") && line != "loading:0" {
					t.Error(line)
				}
			}
			s.Close()

			// Who stops the server meanwhile leaves the file as it is.
			before, err := os.ReadFile(filepath.Join(dir, c.file))
			if err != nil {
				t.Fatal(err)
			}
			started = start()
			client = connectTo(t, filepath.Join(dir, "s"))
			client.send("SHUTDOWN SAVE")
			if s := <-started; !errors.Is(s.err, ErrClosed) {
				t.Errorf("Start: %v", s.err)
			}
			if after, err := os.ReadFile(filepath.Join(dir, c.file)); err != nil || string(after) != string(before) {
				t.Errorf("the file has changed: %d bytes, then %d, %v", len(before), len(after), err)
			}
		})
	}
}

// TestFailedStart: a start that fails leaves the snapshot as it is, although the
// server saves on its own.
func TestFailedStart(t *testing.T) {
	whole := func(dir string) []byte {
		srv := StartTest(t, Options{Dir: dir})
		srv.Must("SET", "a", "1")
		srv.Must("SAVE")
		srv.Close()
		b, err := os.ReadFile(filepath.Join(dir, "dump.rdb"))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, c := range []struct {
		name   string
		config string
		damage func(b []byte) []byte
	}{
		{"a damaged snapshot", "maxclients 100", func(b []byte) []byte { return append(b[:len(b)-12], "damaged!"...) }},
		{"users that can't be read", "aclfile none.acl", nil},
		{"a port that there is not", "bind 192.0.2.1", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			file := whole(dir)
			if c.damage != nil {
				file = c.damage(file)
				if err := os.WriteFile(filepath.Join(dir, "dump.rdb"), file, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if s, err := Start(Options{Dir: dir, Config: []string{"save 3600 1", "port 0", c.config}}); err == nil {
				s.Close()
				t.Fatal("the server starts")
			}
			if after, err := os.ReadFile(filepath.Join(dir, "dump.rdb")); err != nil || string(after) != string(file) {
				t.Errorf("the snapshot has changed: %q, %v", after, err)
			}
		})
	}
}

// TestReplicaLoads: what a replica answers while it loads a copy is as
// repl-diskless-load says.
func TestReplicaLoads(t *testing.T) {
	t.Parallel()
	master := func(t *testing.T) (srv *TestServer, host, port string) {
		srv = StartTest(t, debugging)
		populate(srv)
		host, port, _ = net.SplitHostPort(srv.Addr())
		return srv, host, port
	}
	replica := func(t *testing.T, mode string) (r *TestServer, dir string) {
		dir = t.TempDir()
		r = StartTest(t, Options{Dir: dir, Config: append([]string{"repl-diskless-load " + mode}, append(slowLoad, debugging.Config...)...)})
		return r, dir
	}
	loads := func(t *testing.T, r *TestServer, field string) {
		t.Helper()
		eventually(t, "the replica loads", func() bool { return persistence(r, field) == "1" })
	}
	done := func(t *testing.T, r, srv *TestServer) {
		t.Helper()
		r.Must("CONFIG", "SET", "key-load-delay", 0)
		eventually(t, "the link is up", func() bool { return role(r, "master_link_status") == "up" })
		same(t, srv, r)
		if a, b := persistence(r, "loading"), persistence(r, "async_loading"); a+b != "00" {
			t.Errorf("the replica still loads: %s, %s", a, b)
		}
	}
	for _, mode := range []string{"disabled", "flush-before-load"} {
		t.Run(mode, func(t *testing.T) {
			srv, host, port := master(t)
			r, dir := replica(t, mode)
			r.Must("SET", "old", "1")
			r.Must("REPLICAOF", host, port)
			loads(t, r, "loading")
			fails(t, r, loadingError, "GET", "old")
			fails(t, r, loadingError, "REPLICAOF", "NO", "ONE")
			if mode == "disabled" {
				if names, _ := filepath.Glob(filepath.Join(dir, "temp-*.rdb")); len(names) != 1 {
					t.Errorf("files: %v", names)
				}
			}
			done(t, r, srv)
			if names, _ := filepath.Glob(filepath.Join(dir, "*")); len(names) != 0 {
				t.Errorf("files that stay: %v", names)
			}
		})
	}
	t.Run("kept", func(t *testing.T) {
		srv, host, port := master(t)
		r, dir := replica(t, "disabled")
		r.Must("CONFIG", "SET", "save", "3600 1")
		r.Must("REPLICAOF", host, port)
		done(t, r, srv)
		two := StartTest(t, Options{Dir: dir})
		if got, want := two.Must("DBSIZE").Int(), srv.Must("DBSIZE").Int(); got != want {
			t.Errorf("a server that begins with the file has %d keys, want %d", got, want)
		}
	})
	t.Run("on-empty-db", func(t *testing.T) {
		srv, host, port := master(t)
		r, dir := replica(t, "on-empty-db")
		r.Must("REPLICAOF", host, port)
		loads(t, r, "loading")
		if names, _ := filepath.Glob(filepath.Join(dir, "*")); len(names) != 0 {
			t.Errorf("files: %v", names)
		}
		done(t, r, srv)
	})
	t.Run("swapdb of other data", func(t *testing.T) {
		srv, host, port := master(t)
		srv.Must("CONFIG", "SET", "rdb-key-save-delay", 60000000)
		r, _ := replica(t, "swapdb")
		r.Must("SET", "old", "1")
		r.Must("REPLICAOF", host, port)
		loads(t, r, "loading")
		fails(t, r, loadingError, "GET", "old")
		srv.Close()
		r.Must("CONFIG", "SET", "key-load-delay", 0) // of keys that have come already
		eventually(t, "the replica has its data again", func() bool {
			got, err := r.Do(context.Background(), "GET", "old")
			return err == nil && got.Text() == "1"
		})
	})
	t.Run("swapdb of the same history", func(t *testing.T) {
		srv, host, port := master(t)
		srv.Must("CONFIG", "SET", "repl-backlog-size", 16384)
		r, _ := replica(t, "swapdb")
		r.Must("CONFIG", "SET", "key-load-delay", 0)
		r.Must("REPLICAOF", host, port)
		done(t, r, srv)
		r.Must("CONFIG", "SET", "key-load-delay", 60000000)
		remove := srv.Inject(Fault{Command: "PSYNC", Close: BeforeExecution})
		r.Must("CLIENT", "KILL", "TYPE", "master")
		for range 50 {
			srv.Must("SET", "new", strings.Repeat("x", 1000))
		}
		remove()
		loads(t, r, "async_loading")
		if got := r.Must("EXISTS", "key:1", "new").Int(); got != 1 {
			t.Errorf("%d of the keys are there, want that of the old data", got)
		}
		fails(t, r, loadingError, "CONFIG", "SET", "appendonly", "yes")
		fails(t, r, loadingError, "REPLICAOF", "NO", "ONE")
		done(t, r, srv)
	})
}

package respserver_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	respserver "github.com/resp-server/resp-server"
	"github.com/resp-server/resp-server/internal/config"
)

// answer returns the reply to a command, errors included.
func answer(t *testing.T, s *respserver.Server, words ...string) string {
	t.Helper()
	args := make([]any, len(words))
	for i, w := range words {
		args[i] = w
	}
	r, err := s.Do(t.Context(), args...)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(r)
}

// TestConfigSetAddresses: CONFIG SET of bind and port moves the server, while
// connections stay. If it can't listen, nothing changes. The errors are recorded
// from Redis 7.4.1.
func TestConfigSetAddresses(t *testing.T) {
	// Not parallel: other tests could take the port that has to be free.
	const (
		badPort = "ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this port. Check server logs."
		badBind = "ERR CONFIG SET failed (possibly related to argument 'bind') - Failed to bind to specified addresses."
	)
	for _, eventLoop := range []bool{false, true} {
		t.Run(fmt.Sprint("event loop ", eventLoop), func(t *testing.T) {
			dir, err := os.MkdirTemp("", "s") // the path of t.TempDir may be too long for a socket
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.RemoveAll(dir) })
			path := filepath.Join(dir, "s")
			s := start(t, respserver.Options{EventLoop: eventLoop, UnixSocket: path})
			first := s.Addr()
			old, err := net.Dial("tcp", first)
			if err != nil {
				t.Fatal(err)
			}
			defer old.Close()
			busy, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer busy.Close()
			_, taken, _ := net.SplitHostPort(busy.Addr().String())
			set := func(want string, words ...string) {
				t.Helper()
				if got := answer(t, s, append([]string{"CONFIG", "SET"}, words...)...); got != want {
					t.Errorf("CONFIG SET %q: %s", words, got)
				}
			}
			// reach checks that the server listens at these addresses and nowhere
			// else.
			reach := func(want ...string) {
				t.Helper()
				if got := s.Addrs(); !slices.Equal(got, append(want, path)) {
					t.Errorf("the server listens on %q, want %q", got, want)
				}
				for _, addr := range s.Addrs() {
					network := "tcp"
					if addr == path {
						network = "unix"
					}
					c, err := net.Dial(network, addr)
					if err != nil {
						t.Errorf("%s: %v", addr, err)
						continue
					}
					ping(t, c)
					c.Close()
				}
				ping(t, old)
			}
			reach(first)
			set(badPort, "port", taken)
			set(badBind, "bind", "192.0.2.1")
			set(badBind, "maxclients", "77", "bind", "192.0.2.1", "port", taken)
			set(badPort, "port", taken, "bind", "127.0.0.1")
			reach(first)
			if got := answer(t, s, "CONFIG", "GET", "maxclients"); !strings.Contains(got, "10000") {
				t.Errorf("a setting in the same failed CONFIG SET is now %s", got)
			}

			set("OK", "port", freePort(t))
			second := s.Addr()
			if second == first {
				t.Error("the server stays on its port")
			}
			reach(second)
			if c, err := net.Dial("tcp", first); err == nil {
				c.Close()
				t.Error("the old port is still open")
			}
			_, port, _ := net.SplitHostPort(second)
			if got := answer(t, s, "CONFIG", "GET", "port"); !strings.Contains(got, port) {
				t.Errorf("CONFIG GET port: %s", got)
			}
			set("OK", "bind", "* -192.0.2.1")
			reach("0.0.0.0:" + port)
			set("OK", "bind", "127.0.0.1")
			reach(second)
			set("OK", "bind", "")
			reach()
			set("OK", "bind", "127.0.0.1")
			reach(second)
			set("OK", "port", "0")
			reach()
			set("OK", "port", port)
			reach(second)
		})
	}
}

// freePort returns a port that is free now, and most likely when it is used.
func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// TestConfigSetAddressesNoListen: a server without sockets opens none.
func TestConfigSetAddressesNoListen(t *testing.T) {
	// Not parallel: other tests could take the port that has to be free.
	s := start(t, respserver.Options{NoListen: true})
	if got := answer(t, s, "CONFIG", "SET", "port", freePort(t)); !strings.HasSuffix(got, "Unable to listen on this port. Check server logs.") {
		t.Error(got)
	}
	// StartTest opens sockets late.
	lazy := respserver.StartTest(t)
	port := freePort(t)
	lazy.Must("CONFIG", "SET", "port", port)
	c, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ping(t, c)
}

// TestSecrets: the value of a secret setting can't be read anywhere, whether CONFIG
// SET accepted it or not. The slow log has "(redacted)" instead, even for an empty
// value, as Redis 7.4.1 does.
func TestSecrets(t *testing.T) {
	t.Parallel()
	const value = "s3cret-value"
	var log bytes.Buffer
	s := start(t, respserver.Options{
		NoListen: true,
		Logger:   slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Config:   []string{"slowlog-log-slower-than 0", "slowlog-max-len 1000", "commandlog-request-larger-than 0", "commandlog-reply-larger-than 0", "latency-monitor-threshold 1"},
	})
	monitor, err := s.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer monitor.Close()
	fmt.Fprint(monitor, "MONITOR\r\n")
	monitor.Read(make([]byte, len("+OK\r\n")))
	secrets := 0
	for p := range config.All {
		if !p.Secret {
			continue
		}
		secrets++
		for _, name := range p.Names() {
			for _, v := range []string{"", value} {
				for _, words := range [][]string{
					{name, v}, {strings.ToUpper(name), v, "nosuch", "x"}, {"nosuch", "x", name, v}, {"databases", "1", name, v}, {name, v, name, v}, {"timeout", "x", name, v},
				} {
					answer(t, s, append([]string{"CONFIG", "SET"}, words...)...)
					entry := answer(t, s, "SLOWLOG", "GET", "1")
					if n := strings.Count(entry, "(redacted)"); n == 0 || strings.Contains(entry, value) {
						t.Errorf("SLOWLOG of CONFIG SET %q: %s", words, entry)
					}
				}
			}
			answer(t, s, "CONFIG", "SET", name, "")
		}
	}
	if secrets < 5 {
		t.Errorf("%d settings are secret", secrets)
	}
	for _, read := range [][]string{
		{"SLOWLOG", "GET", "-1"}, {"COMMANDLOG", "GET", "-1", "slow"}, {"COMMANDLOG", "GET", "-1", "large-request"},
		{"COMMANDLOG", "GET", "-1", "large-reply"}, {"LATENCY", "LATEST"}, {"ACL", "LOG"}, {"CLIENT", "LIST"}, {"INFO", "EVERYTHING"},
	} {
		if got := answer(t, s, read...); strings.Contains(got, value) {
			t.Errorf("%s shows the secret: %s", read, got)
		}
	}
	answer(t, s, "PING", "the last one")
	var shown []byte
	for buf := make([]byte, 4096); !bytes.Contains(shown, []byte("the last one")); {
		n, err := monitor.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		shown = append(shown, buf[:n]...)
	}
	s.Close()
	if strings.Contains(string(shown), value) || strings.Contains(log.String(), value) {
		t.Errorf("MONITOR or the log shows a secret:\n%s\n%s", shown, log.String())
	}
	for _, line := range []string{"requirepass " + value + " x", "MasterAuth '" + value + "' ''", "user alice on >" + value + " #" + value} {
		_, err := respserver.Start(respserver.Options{Config: []string{line}})
		if err == nil || strings.Contains(strings.ReplaceAll(err.Error(), "#"+value, ""), value) {
			t.Errorf("the error for a bad line: %v", err)
		}
	}
}

// TestFileModes: files that the server replaces keep their modes, and new ones are
// readable by others within the umask.
func TestFileModes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	conf, users, dump := filepath.Join(dir, "redis.conf"), filepath.Join(dir, "users.acl"), filepath.Join(dir, "dump.rdb")
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(users, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	mode := func(path string) os.FileMode {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode()
	}
	secret := mode(users)
	s := start(t, respserver.Options{NoListen: true, Dir: dir, ConfigFile: conf, Config: []string{"aclfile " + users}})
	for range 2 {
		for _, words := range [][]string{{"CONFIG", "REWRITE"}, {"ACL", "SAVE"}, {"SAVE"}} {
			if got := answer(t, s, words...); got != "OK" {
				t.Fatalf("%q: %s", words, got)
			}
		}
		for path, want := range map[string]os.FileMode{conf: mode(plain), dump: mode(plain), users: secret} {
			if got := mode(path); got != want {
				t.Errorf("%s has the mode %v, want %v", path, got, want)
			}
		}
	}
}

var linesFrom = flag.String("lines", "", "path of a redis-server to record testdata/settings-lines.txt from")

// settingLines are the lines of a file to try.
var settingLines = []string{
	"port", "port 1", "port 1 2", "PORT 1", "port '1", `port "1"`, `port "1"x`, "port 65536", "nosuch 1", "nosuch", "# port", "\tport  1 ",
	"list-max-ziplist-entries 5", "list-max-ziplist-entries 5 6", "lua-replicate-commands yes", "LUA-time-limit 5",
	"save", "save 60", "save 60 1", "save 60 1 300", "save 60 1 300 5", `save ""`, `save "60 1"`, "save '60 1' 2", "save '60  1'", "save 60 -1", "save 0 1", "save x 1",
	"bind", "bind ''", "bind 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", "bind 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17",
	"rename-command", "rename-command GET", "rename-command NOSUCH x", "rename-command GET SET", "rename-command GET get", "rename-command GET ''", "rename-command get FETCH",
	"rename-command CLUSTER ''", "rename-command SYNC mysync", "rename-command SYNC GET", "rename-command GET SYNC", "rename-command GET x y",
	"rename-command GET ''\nrename-command GET x", "rename-command GET x\nrename-command X GET\nrename-command GET ''", "rename-command GET ''\nrename-command SET get",
	"user", "user alice", "user alice on nopass ~* +@all", "user alice on\nuser alice on",
	"loadmodule", "sentinel monitor x", "a.b", "include",
	"client-output-buffer-limit", "client-output-buffer-limit normal 0 0", "client-output-buffer-limit x 0 0 0", "client-output-buffer-limit normal x 0 0", "client-output-buffer-limit normal 1mb 2mb 3",
	"client-output-buffer-limit 'normal 1 2 3'", "notify-keyspace-events KEA x", "notify-keyspace-events Kx1",
	"oom-score-adj-values 1 2", "oom-score-adj-values 1 2 x", "oom-score-adj-values -2001 0 0", "oom-score-adj-values '1 2 3'", "oom-score-adj-values 1 2 3 4", "oom-score-adj never",
	"active-expire-effort 11", "replica-priority -1", "slave-priority -1", "hz 0", "hz x", "hz -1", "maxmemory 1x", "maxmemory 1gb 2", "maxmemory-clients 5%", "maxmemory-clients 101%",
	"unixsocketperm 8", "unixsocketperm 1000", "latency-tracking-info-percentiles 101", "latency-tracking-info-percentiles x", "latency-tracking-info-percentiles ''",
	"shutdown-on-sigterm save nosave", "shutdown-on-sigterm save x", "shutdown-on-sigterm 'nosave now'", "shutdown-on-sigterm", "requirepass a b", `requirepass "a b"`, "requirepass",
	"slowlog-log-slower-than -2", "dir /nosuch", "dbfilename a/b", "tcp-keepalive ''", "maxmemory-policy LRU", "use-exit-on-panic maybe", "key-load-delay x", "watchdog-period -1",
	"socket-mark-id -1", "socket-mark-id 4294967296", "proc-title-template {x}", "io-threads 0", "io-threads 129", "databases 0", "tls-port 65536", "replica-announce-port 65536",
}

// TestSettingLines compares the errors for lines of a file with Redis 7.4.1: some
// lines, and many values of all settings that CONFIG SET can't change. For the
// latter the golden file has hashes.
func TestSettingLines(t *testing.T) {
	t.Parallel()
	self := func(text string) string {
		_, err := respserver.ReadConfig(strings.NewReader("compat redis-7.4\n"+text), "f")
		var at *respserver.ConfigError
		switch {
		case err == nil:
			return "good"
		case !errors.As(err, &at):
			return err.Error()
		}
		return at.Err.Error()
	}
	values := func(ask func(string) string, name string) string {
		var all strings.Builder
		for _, v := range settingValues {
			if !strings.Contains(v, "\n") {
				fmt.Fprintf(&all, "%q: %s\n", v, ask(fmt.Sprintf("%s %q", name, v)))
			}
		}
		return all.String()
	}
	hash := func(text string) string {
		h := fnv.New32a()
		h.Write([]byte(text))
		return fmt.Sprintf("%08x", h.Sum32())
	}
	const file = "testdata/settings-lines.txt"
	var names []string
	for p := range config.All {
		if p.Immutable && (p.From == "" || strings.HasPrefix(p.From, "Redis 7")) && !p.OneValue() && p.Name != "logfile" {
			names = append(names, p.Name)
		}
	}
	real := func(text string) string { return realLines(t, text) }
	if *linesFrom != "" {
		var b bytes.Buffer
		for _, l := range settingLines {
			fmt.Fprintf(&b, "%q: %s\n", l, real(l))
		}
		for _, name := range names {
			fmt.Fprintf(&b, "%s: %s\n", name, hash(values(real, name)))
		}
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for l := range strings.Lines(string(text)) {
		l = strings.TrimSuffix(l, "\n")
		tried++
		if quoted, err := strconv.QuotedPrefix(l); err == nil {
			line, _ := strconv.Unquote(quoted)
			if got := fmt.Sprintf("%s: %s", quoted, self(line)); got != l {
				t.Errorf("got  %s\nwant %s", got, l)
			}
			continue
		}
		name, want, _ := strings.Cut(l, ": ")
		got := values(self, name)
		if hash(got) != want {
			t.Errorf("the errors of values of %s have changed; -lines shows how", name)
			if *linesFrom != "" {
				got, want := different(got, values(real, name))
				t.Errorf("got  %s\nwant %s", got, want)
			}
		}
	}
	if tried != len(settingLines)+len(names) {
		t.Errorf("the file has %d lines, not %d: record it again", tried, len(settingLines)+len(names))
	}
}

// realLines returns the errors of a real server for the lines of its file.
func realLines(t *testing.T, text string) string {
	file := filepath.Join(t.TempDir(), "redis.conf")
	const last = "the-end"
	if err := os.WriteFile(file, []byte(text+"\n"+last+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(*linesFrom, file).CombinedOutput()
	if err == nil {
		t.Fatalf("%q: the real server starts: %s", text, out)
	}
	says := strings.Split(strings.TrimSpace(string(out)), "\n")
	if n := len(says); n < 2 || says[n-2] != ">>> '"+last+"'" {
		return says[n-1]
	}
	return "good"
}

// TestCompat: Options.Compat says which version the server is, whatever Config says;
// a version that there is none of is an error.
func TestCompat(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t, respserver.Options{Compat: "redis-8.2", Config: []string{"compat redis-7.0"}})
	if info := s.Must("INFO", "server").Text(); !strings.Contains(info, "redis_version:8.2.") {
		t.Error(info)
	}
	if r, err := s.Do(t.Context(), "MSETEX", "1", "k", "v"); err == nil || !strings.Contains(err.Error(), "unknown command") {
		t.Errorf("a command of 8.4: %v, %v", r, err)
	}
	var at *respserver.ConfigError
	if _, err := respserver.Start(respserver.Options{Compat: "redis-5.0"}); !errors.As(err, &at) || at.File != "Options.Compat" {
		t.Errorf("there is a version 5.0: %v", err)
	}
}

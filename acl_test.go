package respserver

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/resp-server/resp-server/internal/vfs"
)

// usersOf returns the reply of ACL LIST, one user a line.
func usersOf(t *testing.T, s *Server) string {
	t.Helper()
	r, err := s.Do(t.Context(), "ACL", "LIST")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, e := range r.Elems {
		lines = append(lines, e.Str)
	}
	return strings.Join(lines, "\n")
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestUsersFile loads good and bad files of users here and on a real server.
func TestUsersFile(t *testing.T) {
	t.Parallel()
	files := []string{
		"user alice on >x ~a* %R~b &c +get (+set ~k)\nuser bob off\nuser default on nopass ~* &* +@all\n",
		"",
		"\n  \n\tuser alice on nopass  +get  \r\nuser default on nopass +@all ~*\n",
		"user alice +get\nuser alice +set\n",
		"user default nopass\nuser default on\n",
		"# no comments\n",
		"alice on\n",
		"USER alice on\n",
		"user\n",
		"user a\tb on\n",
		"user  on\n",
		"user alice +nosuch +get -@nosuch nonsense\nuser bob >x more ~a wrong\n",
		"user alice ( +get ~k ) (+set\t)\n",
		"user alice ~a\t on\n",
		"user alice \"on\" +get\n",
		"user alice allkeys ~x\n",
		"user alice on #12\n",
		"user alice <nosuch\n",
		"user alice +config|get|x\n",
		"user alice on",
	}
	for _, options := range [][]string{nil, {"acl-pubsub-default allchannels"}} {
		dirs := [2]string{t.TempDir(), t.TempDir()}
		write := func(text string) {
			for _, dir := range dirs {
				writeFile(t, filepath.Join(dir, "users.acl"), text)
			}
		}
		write("user default on nopass ~* &* +@all\n")
		args := []string{"--aclfile", "users.acl"}
		for _, o := range options {
			args = append(args, strings.Fields("--"+o)...)
		}
		real := realServer(t, dirs[0], args...)
		ours := start(t, Options{Dir: dirs[1], Config: append(options, "aclfile users.acl")})
		same := func(words ...string) {
			t.Helper()
			want := strings.TrimPrefix(ask(t, real, words...), "-")
			got := say(t, ours, words...)
			if words[1] == "LIST" {
				got = "[" + strings.ReplaceAll(usersOf(t, ours), "\n", " ") + "]"
				// Redis 7.0 has no sanitize-payload flag.
				got, want = strings.ReplaceAll(got, " sanitize-payload", ""), strings.ReplaceAll(want, " sanitize-payload", "")
			}
			if got != want {
				t.Errorf("%q:\n got %s\nwant %s", words, got, want)
			}
		}
		for _, text := range files {
			write(text)
			same("ACL", "LOAD")
			same("ACL", "LIST")
			if t.Failed() {
				t.Fatalf("the server accepts the file %q", text)
			}
		}
		write("user alice on >x ~a* &c +get (+set ~k)\nuser default on nopass ~* &* +@all\n")
		same("ACL", "LOAD")
		same("ACL", "SETUSER", "bob", "on")
		same("ACL", "SAVE")
		same("ACL", "LOAD")
		same("ACL", "LIST")
		for _, dir := range dirs {
			if err := os.Remove(filepath.Join(dir, "users.acl")); err != nil {
				t.Fatal(err)
			}
		}
		same("ACL", "LOAD")
	}
}

// TestUsersOfSettings: users come from lines of redis.conf or from a file.
func TestUsersOfSettings(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "users"), "user carol on\n")
	absolute := filepath.ToSlash(filepath.Join(dir, "users"))
	const all = "user default on nopass sanitize-payload ~* &* +@all"
	for _, test := range []struct {
		config []string
		want   string
	}{
		{[]string{"user alice on +get ~a ( +set ~b )", "USER bob"},
			"user alice on sanitize-payload ~a resetchannels -@all +get (~b resetchannels -@all +set)\nuser bob off sanitize-payload resetchannels -@all\n" + all},
		{[]string{"user default on +@all ~*", "acl-pubsub-default allchannels", "user a"},
			"user a off sanitize-payload &* -@all\nuser default on sanitize-payload ~* &* +@all"},
		{[]string{"requirepass x", "user default on nopass +@all ~* &*"}, all},
		{[]string{"aclfile users"}, "user carol on sanitize-payload resetchannels -@all\n" + all},
		{[]string{"aclfile " + absolute, "requirepass x"}, "user carol on sanitize-payload resetchannels -@all\n" + all},
	} {
		if got := usersOf(t, start(t, Options{Dir: dir, Config: test.config})); got != test.want {
			t.Errorf("%q:\n got %s\nwant %s", test.config, got, test.want)
		}
	}
	for _, test := range []struct {
		config []string
		want   string
	}{
		{[]string{"user a", "user a on"}, "Options.Config, line 2, 'user a on': Error in user declaration 'a': Duplicate user found"},
		{[]string{"user a nonsense"}, "Error in user declaration 'nonsense': Syntax error"},
		{[]string{"user a &x", "acl-pubsub-default allchannels"}, "Error loading ACL rule '&x' for the user named 'a'"},
		{[]string{"user"}, "Bad directive or wrong number of arguments"},
		{[]string{"aclfile users", "user a on"}, "aclfile"},
		{[]string{"aclfile nosuch"}, "opening file 'nosuch': No such file or directory"},
	} {
		s, err := Start(Options{Dir: dir, Config: test.config, NoListen: true})
		if err == nil {
			s.Close()
			t.Errorf("%q: no error", test.config)
		} else if !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: %v", test.config, err)
		}
	}
}

// TestUsersOnFullDisk: a file of users that can't be written stays as it was.
func TestUsersOnFullDisk(t *testing.T) {
	t.Parallel()
	for _, op := range []vfs.Op{vfs.OpCreate, vfs.OpWrite, vfs.OpSync, vfs.OpRename} {
		dir := t.TempDir()
		path := filepath.Join(dir, "users.acl")
		writeFile(t, path, "user a on\n")
		var full atomic.Bool
		s := start(t, Options{Dir: dir, ConfigFile: filepath.Join(dir, "conf"), Config: []string{"aclfile users.acl"},
			files: vfs.Faulty{FS: vfs.OS{}, Fail: func(did vfs.Op, name string) error {
				if did == op && full.Load() {
					return &os.PathError{Op: "write", Path: name, Err: syscall.ENOSPC}
				}
				return nil
			}}})
		full.Store(true)
		expect(t, s, "OK", "ACL", "SETUSER", "b")
		expect(t, s, "ERR There was an error trying to save the ACLs. Please check the server logs for more information", "ACL", "SAVE")
		expect(t, s, "ERR Rewriting config file: No space left on device", "CONFIG", "REWRITE")
		if text, err := os.ReadFile(path); err != nil || string(text) != "user a on\n" {
			t.Errorf("a failed %s: the file has %q, %v", op, text, err)
		}
		if all, _ := os.ReadDir(dir); len(all) != 1 {
			t.Errorf("a failed %s leaves files: %v", op, all)
		}
		full.Store(false)
		expect(t, s, "OK", "ACL", "SAVE")
		expect(t, s, "OK", "CONFIG", "REWRITE")
	}
}

// TestLoadDisconnects: ACL LOAD ends the connections of users that no longer exist
// or may no longer listen to their channels, and no others.
func TestLoadDisconnects(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "users.acl")
	writeFile(t, path, "user default on nopass ~* &* +@all\nuser stays on nopass &a &b +@all\nuser loses on nopass &a &b +@all\nuser gone on nopass &* +@all\n")
	s := StartTest(t, Options{Dir: dir, Config: []string{"aclfile users.acl"}})
	login := func(user, channel string) *peer {
		p := dialPipe(t, s)
		p.ask("AUTH "+user+" x", "OK")
		if channel != "" {
			p.ask("SUBSCRIBE "+channel, "[subscribe "+channel+" 1]")
		}
		return p
	}
	stays, quiet, loses, gone := login("stays", "a"), login("loses", ""), login("loses", "b"), login("gone", "")
	other := dialPipe(t, s)
	other.ask("SUBSCRIBE b", "[subscribe b 1]")
	writeFile(t, path, "user default on nopass ~* &* +@all\nuser stays on nopass &a +@all -get\nuser loses on nopass &a +@all\n")
	admin := dialPipe(t, s)
	admin.ask("ACL LOAD", "OK")
	loses.wantEnd()
	gone.wantEnd()
	stays.ask("PING", "[pong ]")
	other.ask("PING", "[pong ]")
	quiet.ask("ACL WHOAMI", "loses")
	quiet.ask("PUBLISH b m", "NOPERM No permissions to access a channel")
	stays.ask("RESET", "RESET")
	stays.ask("AUTH stays x", "OK")
	stays.ask("GET k", "NOPERM User stays has no permissions to run the 'get' command")

	// The client that sent ACL LOAD gets the reply before its connection ends.
	writeFile(t, path, "")
	quiet.ask("ACL LOAD", "OK")
	quiet.wantEnd()
	stays.wantEnd()
	other.ask("PING", "[pong ]")
	admin.ask("ACL USERS", "[default]")
}

// TestDoIsNotRestricted: Do may run every command, whatever the users may do.
func TestDoIsNotRestricted(t *testing.T) {
	s := StartTest(t, Options{})
	expect(t, s.Server, "OK", "ACL", "SETUSER", "default", "off", "resetpass", "nocommands", "resetkeys", "resetchannels")
	expect(t, s.Server, "OK", "SET", "k", "v")
	expect(t, s.Server, "v", "EVAL", "return redis.call('get', 'k')", "0")
	expect(t, s.Server, "1", "EVAL", "return redis.acl_check_cmd('get', 'k') and 1", "0")
	expect(t, s.Server, "0", "PUBLISH", "c", "m")
	expect(t, s.Server, "1", "RPUSH", "l", "1")
	expect(t, s.Server, "", "SORT", "l", "BY", "w*", "GET", "k*")
	p := dialPipe(t, s)
	p.ask("GET k", "NOAUTH Authentication required.")
	// A login by Do ends with the call.
	expect(t, s.Server, "OK", "ACL", "SETUSER", "u", "on", "nopass")
	expect(t, s.Server, "OK", "AUTH", "u", "x")
	expect(t, s.Server, "default", "ACL", "WHOAMI")
	expect(t, s.Server, "v", "GET", "k")
}

// TestRewrite: the rewritten file has the settings and the users, and starts the
// same server again.
func TestRewrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "redis.conf")
	const file = "# ours\nmaxclients 100\n\nuser alice on\nhash-max-ziplist-entries 3\nsave 60 1\nsave 70 2\n"
	writeFile(t, path, file)
	lines, err := ReadConfig(strings.NewReader(file), path)
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, Options{Dir: dir, ConfigFile: path, Config: lines})
	expect(t, s, "OK", "CONFIG", "SET", "maxclients", "200", "requirepass", "a b\n\xff", "save", "5 6", "maxmemory-samples", "7", "notify-keyspace-events", "KA")
	expect(t, s, "OK", "ACL", "SETUSER", "bob", "on", ">x", "~b", "+get")
	expect(t, s, "1", "ACL", "DELUSER", "alice")
	expect(t, s, "OK", "CONFIG", "REWRITE")
	read := func() string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	first := read()
	for _, want := range []string{"# ours\nmaxclients 200\n\nuser bob on sanitize-payload #2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881 ~b resetchannels -@all +get\n" +
		"hash-max-listpack-entries 3\nsave 5 6\n", "\n# Generated by CONFIG REWRITE\n", "\nmaxmemory-samples 7\n", "\nnotify-keyspace-events \"AK\"\n", "\nrequirepass \"a b\\n\\xff\"\n",
		"\nuser default on sanitize-payload #"} {
		if !strings.Contains(first, want) {
			t.Errorf("the file lacks %q:\n%s", want, first)
		}
	}
	expect(t, s, "OK", "CONFIG", "REWRITE")
	if again := read(); again != first {
		t.Errorf("the first rewrite wrote\n%s\nthe second\n%s", first, again)
	}
	if lines, err = ReadConfig(strings.NewReader(first), path); err != nil {
		t.Fatal(err)
	}
	two := start(t, Options{Config: lines})
	if a, b := usersOf(t, s), usersOf(t, two); a != b {
		t.Errorf("users before\n%s\nafter the restart\n%s", a, b)
	}
	expect(t, start(t, Options{}), "ERR The server is running without a config file", "CONFIG", "REWRITE")

	// CONFIG REWRITE recreates a missing file.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	expect(t, s, "OK", "CONFIG", "REWRITE")
	if made := read(); !strings.HasPrefix(made, "# Generated by CONFIG REWRITE\n") {
		t.Errorf("the new file has\n%s", made)
	}
}

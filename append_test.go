package respserver

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/resp-server/resp-server/internal/vfs"
)

// appendWrites has values of each type, and commands that the file keeps in another
// form.
const appendWrites = `SET s v
SET n 5
INCRBYFLOAT n 0.5
SET gone v PX 100000000
GETEX gone EX 1000000
RPUSH l a b c
LPOP l
HSET h f v g w
HEXPIRE h 100000 FIELDS 1 f
SADD set a b c d e f
SPOP set 2
ZADD z 1 a 2.5 b
ZPOPMIN z
XADD x * f v
XGROUP CREATE x g 0
XREADGROUP GROUP g c STREAMS x >
PFADD p a b c
SETBIT bits 100 1
GEOADD geo 13.36 38.11 Palermo
FUNCTION LOAD "#!lua name=lib\nredis.register_function('f', function() return 1 end)"
EVAL "redis.call('SET','x1',redis.call('TIME')[1]) redis.call('SELECT',3) redis.call('SET','y','1')" 0
SWAPDB 3 4
COPY s s2
DEL n`

func openAppending(t *testing.T, dir string, lines ...string) *Server {
	t.Helper()
	config := append([]string{"appendonly yes", "enable-debug-command yes"}, lines...)
	// With everysec a write waits for a sync in progress. On a clock that stands
	// still no sync runs.
	s, err := Start(Options{NoListen: true, Dir: dir, Config: config, Clock: NewManualClock(time.Now())})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func tell(t *testing.T, s *Server, args ...any) Reply {
	t.Helper()
	r, err := s.Do(context.Background(), args...)
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return r
}

func tellAll(t *testing.T, s *Server) {
	t.Helper()
	for _, line := range strings.Split(appendWrites, "\n") {
		var args []any
		for i, part := range strings.Split(line, `"`) {
			if i%2 == 1 {
				args = append(args, strings.ReplaceAll(part, `\n`, "\n"))
				continue
			}
			for _, w := range strings.Fields(part) {
				args = append(args, w)
			}
		}
		tell(t, s, args...)
	}
}

func digestOf(t *testing.T, s *Server) string {
	t.Helper()
	return tell(t, s, "DEBUG", "DIGEST").String() + tell(t, s, "FUNCTION", "LIST").String()
}

// killed returns a directory with a copy of the append-only files in dir: what a
// process killed at this moment would leave.
func killed(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(filepath.Join(to, appendDir), os.DirFS(filepath.Join(dir, appendDir))); err != nil {
		t.Fatal(err)
	}
	return to
}

const appendDir = "appendonlydir"

func TestAppendOnly(t *testing.T) {
	for _, fsync := range []string{"always", "everysec", "no"} {
		for _, preamble := range []string{"yes", "no"} {
			t.Run(fsync+" "+preamble, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				settings := []string{"appendfsync " + fsync, "aof-use-rdb-preamble " + preamble}
				s := openAppending(t, dir, settings...)
				tellAll(t, s)
				want := digestOf(t, s)
				if got := digestOf(t, openAppending(t, killed(t, dir), settings...)); got != want {
					t.Error("the data differ after a kill")
				}
				tell(t, s, "DEBUG", "LOADAOF")
				if got := digestOf(t, s); got != want {
					t.Error("the data differ after DEBUG LOADAOF")
				}
				tell(t, s, "BGREWRITEAOF")
				awaitRewrite(t, s)
				tell(t, s, "APPEND", "s", "more")
				want = digestOf(t, s)
				if err := s.engine.Check(); err != nil {
					t.Error(err)
				}
				s.Close()
				s = openAppending(t, dir, settings...)
				if got := digestOf(t, s); got != want {
					t.Error("the data differ after a rewrite and a restart")
				}
			})
		}
	}
}

func awaitRewrite(t *testing.T, s *Server) {
	t.Helper()
	for {
		info := tell(t, s, "INFO", "persistence").String()
		if strings.Contains(info, "aof_rewrite_in_progress:0") && strings.Contains(info, "aof_rewrite_scheduled:0") {
			if !strings.Contains(info, "aof_last_bgrewrite_status:ok") {
				t.Fatal(info)
			}
			return
		}
	}
}

// TestAppendAlways: writes are on the disk before their reply, over the in-memory
// connection too, and WAITAOF confirms it.
func TestAppendAlways(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openAppending(t, dir, "appendfsync always")
	for i := range 20 {
		tell(t, s, "SET", fmt.Sprint("k", i), i)
		again := openAppending(t, killed(t, dir))
		if got := tell(t, again, "DBSIZE").String(); got != fmt.Sprint(i+1) {
			t.Fatalf("after %d confirmed writes there are %s keys", i+1, got)
		}
		again.Close()
	}
	c, err := s.Dial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	fmt.Fprint(c, "SET a 1\r\nGET a\r\nWAITAOF 1 0 0\r\nQUIT\r\n")
	const want = "+OK\r\n$1\r\n1\r\n*2\r\n:1\r\n:0\r\n+OK\r\n"
	got := make([]byte, 0, 100)
	for len(got) < len(want) {
		n, err := c.Read(got[len(got):cap(got)])
		got = got[:len(got)+n]
		if err != nil {
			break
		}
	}
	if string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestAppendRealServer: a real server makes the same data from our files, and we do
// from its files.
func TestAppendRealServer(t *testing.T) {
	for _, preamble := range []string{"yes", "no"} {
		t.Run("preamble "+preamble, func(t *testing.T) {
			t.Parallel()
			options := func(more ...string) []string {
				return append(more, "--appendonly", "yes", "--appendfsync", "always", "--aof-use-rdb-preamble", preamble, "--enable-debug-command", "yes")
			}
			theirs, ours := t.TempDir(), t.TempDir()
			real := realServer(t, theirs, options()...)
			s := openAppending(t, ours, "appendfsync always", "aof-use-rdb-preamble "+preamble)
			fill(t, s, real, 1)
			expect(t, s, ask(t, real, "BGREWRITEAOF"), "BGREWRITEAOF")
			awaitRewrite(t, s)
			for ask(t, real, "INFO", "persistence"); !strings.Contains(ask(t, real, "INFO", "persistence"), "aof_rewrite_in_progress:0"); {
			}
			fill(t, s, real, 2)
			want := ask(t, real, "DEBUG", "DIGEST")
			expect(t, s, want, "DEBUG", "DIGEST")

			expect(t, openAppending(t, killed(t, theirs)), want, "DEBUG", "DIGEST")
			old7 := regexp.MustCompile(`redis_version:7\.[02]`).MatchString(ask(t, real, "INFO", "server"))
			if preamble == "no" || !old7 { // our RDB files are of version 7.4
				if got := ask(t, realServer(t, killed(t, ours), options()...), "DEBUG", "DIGEST"); got != want {
					t.Errorf("digest of our files in a real server: %s, want %s", got, want)
				}
			}

			// Before Redis 7 there was a single file.
			var whole []byte
			for _, name := range []string{"appendonly.aof.2.base.*", "appendonly.aof.2.incr.aof"} {
				found, _ := filepath.Glob(filepath.Join(theirs, appendDir, name))
				if len(found) != 1 {
					t.Fatalf("want one file %s, found %q", name, found)
				}
				text, err := os.ReadFile(found[0])
				if err != nil {
					t.Fatal(err)
				}
				whole = append(whole, text...)
			}
			old := t.TempDir()
			if err := os.WriteFile(filepath.Join(old, "appendonly.aof"), whole, 0o644); err != nil {
				t.Fatal(err)
			}
			s = openAppending(t, old)
			expect(t, s, want, "DEBUG", "DIGEST")
			expect(t, s, "OK", "SET", "one more", "v")
			want = digestOf(t, s)
			s.Close()
			if got := digestOf(t, openAppending(t, old)); got != want {
				t.Error("writes to an old file are lost")
			}
			if ask(t, realServer(t, killed(t, old), options()...), "GET", "one more") != "v" {
				t.Error("a real server does not load what we made of an old file")
			}
		})
	}
}

// TestLoadAOFTwice: DEBUG LOADAOF leaves nothing in the file, which would load itself
// the next time.
func TestLoadAOFTwice(t *testing.T) {
	dir := t.TempDir()
	s := openAppending(t, dir, "appendfsync always")
	tell(t, s, "SET", "k", "v", "EX", "100")
	tell(t, s, "GETEX", "k", "PERSIST")
	for range 2 {
		tell(t, s, "DEBUG", "LOADAOF")
	}
	text, err := os.ReadFile(filepath.Join(dir, appendDir, "appendonly.aof.1.incr.aof"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(bytes.ToLower(text), []byte("loadaof")) {
		t.Errorf("the file has %q", text)
	}
	// A file of another server may have it.
	s.Close()
	text = append(text, "*2\r\n$5\r\nDEBUG\r\n$7\r\nLOADAOF\r\n"...)
	if err := os.WriteFile(filepath.Join(dir, appendDir, "appendonly.aof.1.incr.aof"), text, 0o644); err != nil {
		t.Fatal(err)
	}
	expect(t, openAppending(t, dir), "v", "GET", "k")
}

// TestAppendTruncated: the server cuts an incomplete command off, unless the
// settings forbid it.
func TestAppendTruncated(t *testing.T) {
	dir := t.TempDir()
	s := openAppending(t, dir)
	tell(t, s, "SET", "a", "1")
	tell(t, s, "SET", "b", "2")
	s.Close()
	file := filepath.Join(dir, appendDir, "appendonly.aof.1.incr.aof")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text[:len(text)-3], 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = Start(Options{NoListen: true, Dir: dir, Config: []string{"appendonly yes", "aof-load-truncated no"}})
	const want = "Unexpected end of file reading the append only file appendonly.aof.1.incr.aof"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
	s = openAppending(t, dir)
	expect(t, s, "1", "DBSIZE")
	expect(t, s, "OK", "SET", "c", "3")
	s.Close()
	expect(t, openAppending(t, dir), "2", "DBSIZE")
}

// TestRewriteBesideSave: a snapshot and a rewrite run one after the other, with the
// replies of Redis.
func TestRewriteBesideSave(t *testing.T) {
	for _, on := range []string{"yes", "no"} {
		t.Run("appendonly "+on, func(t *testing.T) {
			dir := t.TempDir()
			s, err := Start(Options{NoListen: true, Dir: dir, Config: []string{"appendonly " + on, "rdb-key-save-delay 100000000"}})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			tell(t, s, "SET", "k", "v")
			const rewriting = "ERR Background append only file rewriting already in progress"
			const active = "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible."
			expect(t, s, "Background append only file rewriting started", "BGREWRITEAOF")
			expect(t, s, rewriting, "BGREWRITEAOF")
			expect(t, s, active, "BGSAVE")
			expect(t, s, "Background saving scheduled", "BGSAVE", "SCHEDULE")
			if got := infoField(t, s, "aof_rewrite_in_progress"); got != "1" {
				t.Errorf("aof_rewrite_in_progress is %s", got)
			}
			s.Close()

			s, err = Start(Options{NoListen: true, Dir: dir, Config: []string{"appendonly " + on, "rdb-key-save-delay 100000000"}})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			tell(t, s, "SET", "k", "v")
			expect(t, s, "Background saving started", "BGSAVE")
			expect(t, s, "Background append only file rewriting scheduled", "BGREWRITEAOF")
			if got := infoField(t, s, "aof_rewrite_scheduled"); got != "1" {
				t.Errorf("aof_rewrite_scheduled is %s", got)
			}
		})
	}
}

// TestRewriteUnasked: as in Redis, BGREWRITEAOF writes files even if appendonly is
// off.
func TestRewriteUnasked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := Start(Options{NoListen: true, Dir: dir, Config: []string{"enable-debug-command yes"}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	tellAll(t, s)
	want := digestOf(t, s)
	expect(t, s, "Background append only file rewriting started", "BGREWRITEAOF")
	awaitRewrite(t, s)
	tell(t, s, "SET", "not kept", "v")
	s.Close()
	if got := digestOf(t, openAppending(t, dir)); got != want {
		t.Error("the files differ from the data")
	}
	expect(t, start(t, Options{}), "ERR there is no directory to save in: see the setting 'dir'", "BGREWRITEAOF")
}

// TestAppendSwitch switches the file on and off at run time.
func TestAppendSwitch(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := Start(Options{NoListen: true, Dir: dir, Config: []string{"enable-debug-command yes", "appendfsync always"}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	tellAll(t, s)
	if _, err := os.Stat(filepath.Join(dir, "appendonlydir")); err == nil {
		t.Fatal("there are files although appendonly is off")
	}
	tell(t, s, "CONFIG", "SET", "appendonly", "yes")
	awaitRewrite(t, s)
	tell(t, s, "SET", "later", "v")
	want := digestOf(t, s)
	if got := digestOf(t, openAppending(t, killed(t, dir))); got != want {
		t.Error("the file differs from the data after CONFIG SET appendonly yes")
	}
	tell(t, s, "CONFIG", "SET", "appendonly", "no")
	tell(t, s, "SET", "not kept", "v")
	s.Close()
	if got := digestOf(t, openAppending(t, dir)); got != want {
		t.Error("the file has changed after CONFIG SET appendonly no")
	}
}

// TestAppendSettings covers the settings of the append-only file that no other test
// covers.
func TestAppendSettings(t *testing.T) {
	t.Parallel()
	t.Run("names", func(t *testing.T) {
		dir := t.TempDir()
		tell(t, openAppending(t, dir, "appenddirname d", "appendfilename f"), "SET", "k", "v")
		if _, err := os.Stat(filepath.Join(dir, "d", "f.1.incr.aof")); err != nil {
			t.Error(err)
		}
	})
	t.Run("timestamps", func(t *testing.T) {
		dir := t.TempDir()
		s := openAppending(t, dir)
		tell(t, s, "SET", "k", "v")
		tell(t, s, "CONFIG", "SET", "aof-timestamp-enabled", "yes")
		tell(t, s, "SET", "k", "v")
		s.Close()
		text, err := os.ReadFile(filepath.Join(dir, appendDir, "appendonly.aof.1.incr.aof"))
		if n := strings.Count(string(text), "#TS:"); n != 1 || err != nil {
			t.Errorf("%d times in the file, %v", n, err)
		}
		if got := say(t, openAppending(t, dir), "GET", "k"); got != "v" {
			t.Errorf("%q is loaded", got)
		}
	})
	t.Run("automatic rewrites", func(t *testing.T) {
		s := openAppending(t, t.TempDir(), "auto-aof-rewrite-percentage 100", "auto-aof-rewrite-min-size 1000000")
		tell(t, s, "SET", "k", strings.Repeat("v", 10_000))
		if n := infoField(t, s, "aof_rewrites"); n != "0" {
			t.Errorf("%s rewrites of a small file", n)
		}
		tell(t, s, "CONFIG", "SET", "auto-aof-rewrite-min-size", "1000")
		for infoField(t, s, "aof_rewrites") == "0" {
			tell(t, s, "SET", "k", "v")
		}
	})
	t.Run("history", func(t *testing.T) {
		dir := t.TempDir()
		s := openAppending(t, dir, "aof-disable-auto-gc yes")
		tell(t, s, "BGREWRITEAOF")
		awaitRewrite(t, s)
		old := filepath.Join(dir, appendDir, "appendonly.aof.1.incr.aof")
		if _, err := os.Stat(old); err != nil {
			t.Error(err)
		}
	})
	t.Run("corrupt tail", func(t *testing.T) {
		dir := t.TempDir()
		s := openAppending(t, dir)
		tell(t, s, "SET", "k", "v")
		s.Close()
		f, err := os.OpenFile(filepath.Join(dir, appendDir, "appendonly.aof.1.incr.aof"), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		f.WriteString("nonsense")
		f.Close()
		if _, err := Start(Options{NoListen: true, Dir: dir, Config: []string{"appendonly yes"}}); err == nil {
			t.Error("a corrupt file loads")
		}
		expect(t, openAppending(t, dir, "aof-load-corrupt-tail-max-size 100"), "1", "DBSIZE")
	})
	syncs := func(t *testing.T, name string, settings ...string) (s *Server, count *atomic.Int64) {
		count = new(atomic.Int64)
		files := vfs.Faulty{FS: vfs.OS{}, Fail: func(op vfs.Op, path string) error {
			if op == vfs.OpSync && strings.Contains(path, name) {
				count.Add(1)
			}
			return nil
		}}
		s, err := Start(Options{NoListen: true, Dir: t.TempDir(), Config: append([]string{"appendonly yes", "appendfsync always"}, settings...), files: files})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s, count
	}
	for value, want := range map[string]bool{"yes": true, "no": false} {
		t.Run("incremental sync "+value, func(t *testing.T) {
			s, n := syncs(t, "temp-rewriteaof-bg", "rdbcompression no", "aof-rewrite-incremental-fsync "+value)
			for i := range 10 {
				tell(t, s, "SET", i, strings.Repeat("v", 1_000_000))
			}
			tell(t, s, "BGREWRITEAOF")
			awaitRewrite(t, s)
			if got := n.Load() > 1; got != want {
				t.Errorf("%d syncs of the base", n.Load())
			}
		})
		t.Run("no sync on rewrite "+value, func(t *testing.T) {
			s, n := syncs(t, ".incr.aof", "no-appendfsync-on-rewrite "+value, "rdb-key-save-delay 100000000")
			tell(t, s, "SET", "k", "v")
			tell(t, s, "BGREWRITEAOF")
			tell(t, s, "SET", "k", "v")
			tell(t, s, "SET", "k", "v")
			before := n.Load()
			tell(t, s, "SET", "k", "v")
			if got := n.Load() == before; got != want {
				t.Errorf("%d syncs for a write during a rewrite", n.Load()-before)
			}
		})
	}
}

// TestAppendFirstBase: switching the file on is not cancelled before its base is
// written.
func TestAppendFirstBase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := Start(Options{NoListen: true, Dir: dir, Config: []string{"rdb-key-save-delay 20000"}})
	if err != nil {
		t.Fatal(err)
	}
	tell(t, s, "SET", "k", "v")
	tell(t, s, "CONFIG", "SET", "appendonly", "yes")
	tell(t, s, "SET", "later", "v")
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	s, err = Start(Options{NoListen: true, Dir: dir, Config: []string{"appendonly yes", "rdb-key-save-delay 100000000"}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	expect(t, s, "2", "DBSIZE")
	tell(t, s, "CONFIG", "SET", "appendonly", "no")
	tell(t, s, "CONFIG", "SET", "appendonly", "yes")
	expect(t, s, "ERR Errors trying to SHUTDOWN. Check logs.", "SHUTDOWN", "NOSAVE")
	if _, err := s.Do(context.Background(), "SHUTDOWN", "NOSAVE", "FORCE"); err != ErrClosed {
		t.Error(err)
	}
	<-s.Done()
}

// TestAppendFails: the server refuses writes that it can't keep. With appendfsync
// always, the last write gets no reply.
func TestAppendFails(t *testing.T) {
	for _, policy := range []string{"everysec", "always"} {
		t.Run(policy, func(t *testing.T) {
			var full atomic.Bool
			files := vfs.Faulty{FS: vfs.OS{}, Fail: func(op vfs.Op, name string) error {
				if op == vfs.OpWrite && full.Load() && strings.HasSuffix(name, ".incr.aof") {
					return syscall.ENOSPC
				}
				return nil
			}}
			dir := t.TempDir()
			now := NewManualClock(time.Now())
			s, err := Start(Options{NoListen: true, Dir: dir, Clock: now, Config: []string{"appendonly yes", "appendfsync " + policy}, files: files})
			if err != nil {
				t.Fatal(err)
			}
			tell(t, s, "SET", "a", "v")
			full.Store(true)
			if policy == "always" {
				if _, err := s.Do(context.Background(), "SET", "b", "v"); err != ErrClosed {
					t.Error(err)
				}
				<-s.Done()
				if err := s.Close(); err == nil {
					t.Error("Close has no error")
				}
				expect(t, openAppending(t, dir), "1", "DBSIZE")
				return
			}
			defer s.Close()
			expect(t, s, "OK", "SET", "b", "v")
			const want = "MISCONF Errors writing to the AOF file: No space left on device"
			expect(t, s, want, "SET", "c", "v")
			expect(t, s, "v", "GET", "b")
			if got := infoField(t, s, "aof_last_write_status"); got != "err" {
				t.Errorf("aof_last_write_status:%s", got)
			}
			full.Store(false)
			for say(t, s, "SET", "c", "v") == want {
				now.Advance(time.Second)
			}
			s.Close()
			expect(t, openAppending(t, dir), "3", "DBSIZE")
		})
	}
}

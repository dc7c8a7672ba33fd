package respserver

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/snapshot"
	"github.com/resp-server/resp-server/internal/vfs"
)

// say runs a command and returns its reply or error as text.
func say(t *testing.T, s *Server, words ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	args := make([]any, len(words))
	for i, w := range words {
		args[i] = w
	}
	r, err := s.Do(ctx, args...)
	if err != nil {
		return err.Error()
	}
	if r.Kind == KindInteger {
		return r.Text()
	}
	return r.Str
}

func expect(t *testing.T, s *Server, want string, words ...string) {
	t.Helper()
	if got := say(t, s, words...); got != want {
		t.Errorf("%q: got %q, want %q", words, got, want)
	}
}

// infoField returns a line of INFO.
func infoField(t *testing.T, s *Server, name string) string {
	t.Helper()
	for line := range strings.Lines(say(t, s, "INFO", "persistence")) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), name+":"); ok {
			return v
		}
	}
	t.Fatalf("no %s in INFO", name)
	return ""
}

// saved waits for the end of a background save.
func saved(t *testing.T, s *Server) {
	t.Helper()
	s.engine.AwaitSave()
	if got := infoField(t, s, "rdb_bgsave_in_progress"); got != "0" {
		t.Fatalf("rdb_bgsave_in_progress is still %s", got)
	}
}

func start(t *testing.T, o Options) *Server {
	t.Helper()
	return StartTest(t, o).Server
}

func TestSaveAndLoad(t *testing.T) {
	dir := t.TempDir()
	s := start(t, Options{Dir: dir})
	expect(t, s, "OK", "SET", "k", "v")
	expect(t, s, "OK", "SET", "n", "12", "PX", "100000000")
	expect(t, s, "OK", "SET", "soon", "x", "PXAT", "1700000000000") // already in the past
	expect(t, s, "OK", "SAVE")
	if entries, _ := os.ReadDir(dir); len(entries) != 1 || entries[0].Name() != "dump.rdb" {
		t.Errorf("the directory has %v", entries)
	}
	s.Close()
	s = start(t, Options{Dir: dir})
	expect(t, s, "v", "GET", "k")
	expect(t, s, "12", "GET", "n")
	expect(t, s, "2", "DBSIZE")
	if got := infoField(t, s, "rdb_last_load_keys_loaded"); got != "2" {
		t.Errorf("%s keys loaded", got)
	}
}

func TestNoFilesByDefault(t *testing.T) {
	s := start(t, Options{files: vfs.Faulty{FS: vfs.OS{}, Fail: func(op vfs.Op, name string) error {
		t.Errorf("file operation without Dir: %s %s", op, name)
		return nil
	}}, Config: []string{"save 1 1"}})
	expect(t, s, "OK", "SET", "k", "v")
	for _, c := range []string{"SAVE", "BGSAVE"} {
		expect(t, s, "ERR there is no directory to save in: see the setting 'dir'", c)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestDamagedFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "dump.rdb")
	s := start(t, Options{Dir: dir})
	expect(t, s, "OK", "SET", "k", strings.Repeat("v", 100))
	expect(t, s, "OK", "SAVE")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flipped := append([]byte(nil), good...)
	flipped[len(flipped)-1] ^= 1
	for name, c := range map[string]struct {
		file []byte
		why  string
	}{
		"truncated":      {good[:len(good)-20], "offset"},
		"checksum":       {flipped, "checksum"},
		"not one at all": {[]byte("hello, this is a text"), "no RDB file at offset 9"},
		"empty":          {nil, "offset"},
		"databases":      {append(append([]byte("REDIS0012"), 0xfe, 20), good[len(good)-9:]...), "database 20, where there are only 16"},
		"twice":          {[]byte("REDIS0003\xfe\x00\x00\x01k\x01v\x00\x01k\x01v\xff"), `key "k" comes twice in database 0`},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, c.file, 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := Start(Options{Dir: dir, NoListen: true})
			if err == nil {
				s.Close()
				t.Fatal("the server starts with a bad file")
			}
			for _, want := range []string{path, "offset", c.why} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error %v does not contain %q", err, want)
				}
			}
		})
	}
	if _, err := Start(Options{Dir: filepath.Join(dir, "none"), NoListen: true}); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("a missing directory: %v", err)
	}
}

// TestSlowSave: the testing setting slows a background save down as it says.
// FLUSHALL and SHUTDOWN do not wait for it.
func TestSlowSave(t *testing.T) {
	c := NewManualClock(time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC))
	s := start(t, Options{Dir: t.TempDir(), Clock: c, Config: []string{"rdb-key-save-delay 1000000", `save ""`}})
	for i := range 3 {
		say(t, s, "SET", fmt.Sprint("key", i), "v")
	}
	expect(t, s, "Background saving started", "BGSAVE")
	if got := infoField(t, s, "rdb_bgsave_in_progress"); got != "1" {
		t.Errorf("rdb_bgsave_in_progress is %s", got)
	}
	expect(t, s, "OK", "FLUSHALL")
	saved(t, s)
	if got := infoField(t, s, "rdb_changes_since_last_save"); got != "6" {
		t.Errorf("%s changes since the last save", got)
	}
	expect(t, s, "OK", "SET", "k", "v")
	expect(t, s, "OK", "CONFIG", "SET", "rdb-key-save-delay", "-10")
	expect(t, s, "Background saving started", "BGSAVE")
	saved(t, s)
	if got := infoField(t, s, "rdb_changes_since_last_save"); got != "0" {
		t.Errorf("%s changes since the last save", got)
	}
	expect(t, s, "OK", "CONFIG", "SET", "rdb-key-save-delay", "1000000")
	expect(t, s, "Background saving started", "BGSAVE")
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestBackgroundSave blocks the disk during BGSAVE: commands go on, and the file
// does not contain what they write.
func TestBackgroundSave(t *testing.T) {
	dir := t.TempDir()
	waiting, goOn := make(chan struct{}), make(chan struct{})
	var held atomic.Bool
	s := start(t, Options{Dir: dir, files: vfs.Faulty{FS: vfs.OS{}, Fail: func(op vfs.Op, name string) error {
		if op == vfs.OpWrite && !held.Swap(true) {
			close(waiting)
			<-goOn
		}
		return nil
	}}})
	for i := range 1000 {
		say(t, s, "SET", fmt.Sprint("key", i), "old")
	}
	expect(t, s, "Background saving started", "BGSAVE")
	<-waiting
	expect(t, s, "ERR Background save already in progress", "BGSAVE")
	expect(t, s, "ERR Background save already in progress", "BGSAVE", "SCHEDULE")
	expect(t, s, "ERR Background save already in progress", "SAVE")
	for i := range 1000 {
		expect(t, s, "OK", "SET", fmt.Sprint("key", i), "new")
	}
	if got := infoField(t, s, "rdb_bgsave_in_progress"); got != "1" {
		t.Errorf("rdb_bgsave_in_progress is %s", got)
	}
	close(goOn)
	saved(t, s)
	if got := infoField(t, s, "rdb_changes_since_last_save"); got != "1000" {
		t.Errorf("%s changes since the save", got)
	}
	two := start(t, Options{Dir: dir})
	for i := range 1000 {
		expect(t, two, "old", "GET", fmt.Sprint("key", i))
	}
}

// TestDiskFull makes each step of saving fail: the old file stays, the client gets
// the error, and the server refuses writes while there are save points.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	for _, op := range []vfs.Op{vfs.OpCreate, vfs.OpWrite, vfs.OpSync, vfs.OpRename} {
		t.Run(string(op), func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "dump.rdb")
			var full atomic.Bool
			s := start(t, Options{Dir: dir, files: vfs.Faulty{FS: vfs.OS{}, Fail: func(did vfs.Op, name string) error {
				if did == op && full.Load() {
					return &os.PathError{Op: "write", Path: name, Err: syscall.ENOSPC}
				}
				return nil
			}}})
			expect(t, s, "OK", "SET", "k", "old")
			expect(t, s, "OK", "SAVE")
			old, _ := os.ReadFile(path)
			full.Store(true)
			expect(t, s, "OK", "SET", "k", "new")
			if got := say(t, s, "SAVE"); !strings.HasPrefix(got, "ERR saving failed: ") || !strings.Contains(got, syscall.ENOSPC.Error()) {
				t.Errorf("SAVE replies %q", got)
			}
			expect(t, s, "Background saving started", "BGSAVE")
			saved(t, s)
			if got := infoField(t, s, "rdb_last_bgsave_status"); got != "err" {
				t.Errorf("rdb_last_bgsave_status is %s", got)
			}
			if now, err := os.ReadFile(path); err != nil || string(now) != string(old) {
				t.Errorf("the old file changed: %v", err)
			}
			if all, _ := os.ReadDir(dir); len(all) != 1 {
				t.Errorf("SAVE leaves files: %v", all)
			}

			expect(t, s, "OK", "SET", "k", "newer")
			expect(t, s, "OK", "CONFIG", "SET", "save", "3600 1")
			for _, c := range [][]string{{"SET", "k", "v"}, {"PING"}} {
				if got := say(t, s, c...); !strings.HasPrefix(got, "MISCONF ") {
					t.Errorf("%q: %q", c, got)
				}
			}
			expect(t, s, "newer", "GET", "k")
			expect(t, s, "OK", "CONFIG", "SET", "stop-writes-on-bgsave-error", "no")
			expect(t, s, "OK", "SET", "k", "newest")
			expect(t, s, "OK", "CONFIG", "SET", "stop-writes-on-bgsave-error", "yes")
			expect(t, s, "ERR Errors trying to SHUTDOWN. Check logs.", "SHUTDOWN")
			full.Store(false)
			expect(t, s, "Background saving started", "BGSAVE")
			saved(t, s)
			expect(t, s, "PONG", "PING")
			full.Store(true)
			if err := s.Close(); !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("Close: %v", err)
			}
		})
	}
}

// TestChangeDir: the directory may change while the server runs, but a client needs
// permission for that.
func TestChangeDir(t *testing.T) {
	dir := t.TempDir()
	refused := "ERR CONFIG SET failed (possibly related to argument 'dir') - can't set protected config"
	for protected, want := range map[string]string{"no": "-" + refused, "local": "+OK", "yes": "+OK"} {
		s := start(t, Options{Config: []string{"enable-protected-configs " + protected}})
		c, err := s.Dial(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "*4\r\n$6\r\nCONFIG\r\n$3\r\nSET\r\n$3\r\ndir\r\n$%d\r\n%s\r\n", len(dir), dir)
		line, err := bufio.NewReader(c).ReadString('\n')
		if got := strings.TrimSpace(line); got != want {
			t.Errorf("enable-protected-configs %s: %q, %v", protected, got, err)
		}
	}
	s := start(t, Options{}) // Do may change it
	expect(t, s, "ERR CONFIG SET failed (possibly related to argument 'dir') - No such file or directory", "CONFIG", "SET", "dir", filepath.Join(dir, "none"))
	expect(t, s, "OK", "CONFIG", "SET", "dir", dir, "dbfilename", "other.rdb")
	expect(t, s, "OK", "SAVE")
	if _, err := os.Stat(filepath.Join(dir, "other.rdb")); err != nil {
		t.Error(err)
	}
}

// TestSavePoints moves the clock past save points.
func TestSavePoints(t *testing.T) {
	dir := t.TempDir()
	clock := NewManualClock(time.UnixMilli(1_700_000_000_000))
	s := start(t, Options{Dir: dir, Clock: clock, Config: []string{"save 100 1", "save 10 3"}})
	expect(t, s, "1700000000", "LASTSAVE")
	expect(t, s, "OK", "SET", "k", "v")
	clock.Advance(50 * time.Second)
	expect(t, s, "1700000000", "LASTSAVE")
	say(t, s, "SET", "k", "v")
	say(t, s, "SET", "k", "v") // the third change, after 50 s
	clock.Advance(time.Second)
	saved(t, s)
	expect(t, s, "1700000051", "LASTSAVE")
	if got := infoField(t, s, "rdb_changes_since_last_save"); got != "0" {
		t.Errorf("%s changes", got)
	}
	clock.Advance(time.Hour) // no changes
	expect(t, s, "1700000051", "LASTSAVE")
	say(t, s, "SET", "k", "v")
	clock.Advance(time.Second)
	saved(t, s)
	expect(t, s, "1700003652", "LASTSAVE")
}

// TestFlushAllSaves: if the server has save points, FLUSHALL also empties the file.
func TestFlushAllSaves(t *testing.T) {
	dir := t.TempDir()
	s := start(t, Options{Dir: dir, Config: []string{"save 100 1"}})
	expect(t, s, "OK", "SET", "k", "v")
	expect(t, s, "OK", "SAVE")
	expect(t, s, "OK", "FLUSHALL")
	if got := infoField(t, s, "rdb_changes_since_last_save"); got != "0" {
		t.Errorf("%s changes", got)
	}
	expect(t, start(t, Options{Dir: dir}), "0", "DBSIZE")

	dir = t.TempDir()
	s = start(t, Options{Dir: dir})
	expect(t, s, "OK", "SET", "k", "v")
	expect(t, s, "OK", "SAVE")
	expect(t, s, "OK", "FLUSHALL")
	expect(t, start(t, Options{Dir: dir}), "1", "DBSIZE")
}

// TestDebugReload: DEBUG RELOAD loads the file, or fails and changes nothing.
func TestDebugReload(t *testing.T) {
	dir := t.TempDir()
	s := start(t, Options{Dir: dir, Config: []string{"enable-debug-command yes"}})
	expect(t, s, "OK", "SET", "k", "v")
	expect(t, s, "ERR Error trying to load the RDB dump, check server logs.", "DEBUG", "RELOAD", "NOSAVE")
	expect(t, s, "v", "GET", "k")
	expect(t, s, "ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.", "DEBUG", "RELOAD", "SAVE")
	expect(t, s, "OK", "DEBUG", "RELOAD")
	expect(t, s, "OK", "SET", "k", "w")
	expect(t, s, "OK", "DEBUG", "RELOAD", "NOSAVE")
	expect(t, s, "v", "GET", "k")
	if err := os.WriteFile(filepath.Join(dir, "dump.rdb"), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	expect(t, s, "ERR Error trying to load the RDB dump, check server logs.", "DEBUG", "RELOAD", "NOSAVE")
	expect(t, s, "v", "GET", "k")
}

// TestFunctionsInSnapshot: libraries are saved and loaded, alone or merged with
// existing ones. A library that can't be loaded is an error.
func TestFunctionsInSnapshot(t *testing.T) {
	dir := t.TempDir()
	s := start(t, Options{Dir: dir, Config: []string{"enable-debug-command yes"}})
	load := func(s *Server, name, body string) {
		expect(t, s, name, "FUNCTION", "LOAD", "REPLACE", "#!lua name="+name+"\nredis.register_function('"+name+"', function() "+body+" end)")
	}
	load(s, "f", "return 1")
	expect(t, s, "OK", "SET", "k", "v")
	expect(t, s, "OK", "SAVE")
	other := start(t, Options{Dir: dir})
	expect(t, other, "1", "FCALL", "f", "0")

	load(s, "f", "return 2")
	load(s, "g", "return 3")
	expect(t, s, "OK", "SET", "k", "w", "PX", "1000")
	expect(t, s, "OK", "SET", "k2", "x")
	expect(t, s, "ERR Error trying to load the RDB dump, check server logs.", "DEBUG", "RELOAD", "NOSAVE", "NOFLUSH")
	expect(t, s, "w", "GET", "k")
	expect(t, s, "2", "FCALL", "f", "0")
	expect(t, s, "OK", "DEBUG", "RELOAD", "NOSAVE", "NOFLUSH", "MERGE")
	expect(t, s, "v", "GET", "k")
	expect(t, s, "-1", "PTTL", "k")
	expect(t, s, "x", "GET", "k2")
	expect(t, s, "1", "FCALL", "f", "0")
	expect(t, s, "3", "FCALL", "g", "0")
	expect(t, s, "OK", "DEBUG", "RELOAD", "NOSAVE")
	expect(t, s, "ERR Function not found", "FCALL", "g", "0")

	var file bytes.Buffer
	err := snapshot.Save(&file, keyspace.New(1, 0), snapshot.SaveOptions{Functions: [][]byte{[]byte("#!lua name=f\nx x")}})
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "dump.rdb"), file.Bytes(), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	expect(t, s, "ERR Error trying to load the RDB dump, check server logs.", "DEBUG", "RELOAD", "NOSAVE")
	expect(t, s, "1", "FCALL", "f", "0")
	if _, err := Start(Options{Dir: dir, NoListen: true}); err == nil || !strings.Contains(err.Error(), "'=' expected") {
		t.Errorf("start with a broken library: %v", err)
	}
}

// TestBackgroundSaveInTransaction: the save starts after the transaction.
func TestBackgroundSaveInTransaction(t *testing.T) {
	dir := t.TempDir()
	clock := NewManualClock(time.UnixMilli(1_700_000_000_000))
	s := start(t, Options{Dir: dir, Clock: clock})
	c, err := s.Dial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "MULTI\r\nBGSAVE\r\nSET k v\r\nEXEC\r\n")
	want := "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+Background saving scheduled\r\n+OK\r\n"
	got := make([]byte, len(want))
	for n := 0; n < len(got); {
		m, err := c.Read(got[n:])
		if err != nil {
			t.Fatal(err)
		}
		n += m
	}
	if string(got) != want {
		t.Errorf("got %q", got)
	}
	clock.Advance(time.Millisecond)
	saved(t, s)
	expect(t, start(t, Options{Dir: dir}), "v", "GET", "k")
}

// TestShutdown: what each way to stop a server leaves on the disk.
func TestShutdown(t *testing.T) {
	for _, c := range []struct {
		config  string
		command []string // nil: Close
		saves   bool
	}{
		{"", nil, false},
		{"save 3600 1", nil, true},
		{"", []string{"SHUTDOWN"}, false},
		{"save 3600 1", []string{"SHUTDOWN"}, true},
		{"save 3600 1", []string{"SHUTDOWN", "NOSAVE"}, false},
		{"", []string{"SHUTDOWN", "SAVE"}, true},
		{"", []string{"SHUTDOWN", "NOW", "SAVE", "FORCE"}, true},
	} {
		t.Run(fmt.Sprint(c.config, c.command), func(t *testing.T) {
			dir := t.TempDir()
			o := Options{Dir: dir}
			if c.config != "" {
				o.Config = []string{c.config}
			}
			s := start(t, o)
			expect(t, s, "OK", "SET", "k", "v")
			if c.command == nil {
				s.Close()
			} else {
				expect(t, s, ErrClosed.Error(), c.command...)
			}
			<-s.Done()
			if _, err := os.Stat(filepath.Join(dir, "dump.rdb")); c.saves != (err == nil) {
				t.Errorf("saved: %v", err)
			}
			expect(t, s, ErrClosed.Error(), "GET", "k")
		})
	}
	s := start(t, Options{})
	for _, c := range [][]string{{"SHUTDOWN", "SAVE", "NOSAVE"}, {"SHUTDOWN", "ABORT", "NOW"}, {"SHUTDOWN", "maybe"}} {
		expect(t, s, "ERR syntax error", c...)
	}
	expect(t, s, "ERR No shutdown in progress.", "SHUTDOWN", "ABORT")
	expect(t, s, "ERR Errors trying to SHUTDOWN. Check logs.", "SHUTDOWN", "SAVE")
	expect(t, s, "PONG", "PING")
}

// BenchmarkBackgroundSave saves a million keys while a client goes on writing them,
// and reports the longest time that one of its commands took.
func BenchmarkBackgroundSave(b *testing.B) {
	const keys = 1_000_000
	s, err := Start(Options{Dir: b.TempDir(), NoListen: true})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	ctx := context.Background()
	for i := range keys {
		s.Do(ctx, "SET", fmt.Sprint("key", i), "value")
	}
	runtime.GC()
	var longest, began time.Duration
	n := 0
	for b.Loop() {
		start := time.Now()
		s.Do(ctx, "BGSAVE")
		began = max(began, time.Since(start))
		for i := 0; ; i++ {
			if i%1000 == 0 {
				var running bool
				s.engine.Run(func(c *engine.Core) { running = c.Saving.Since != 0 })
				if !running {
					break
				}
			}
			start := time.Now()
			s.Do(ctx, "SET", "key"+strconv.Itoa(i*7919%keys), "other")
			longest = max(longest, time.Since(start))
			n++
		}
	}
	b.ReportMetric(float64(began.Microseconds()), "µs-BGSAVE")
	b.ReportMetric(float64(longest.Microseconds()), "µs-longest")
	b.ReportMetric(float64(n)/float64(b.N), "commands/save")
}

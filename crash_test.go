package respserver

import (
	"flag"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/resp-server/resp-server/internal/vfs"
	"github.com/resp-server/resp-server/internal/vfs/crashfs"
)

// TestSaveCrash: after a crash at any moment of SAVE, BGSAVE or Close, the server
// starts with the data of that save or of the one before.
func TestSaveCrash(t *testing.T) {
	dir := t.TempDir()
	saved, next := "", ""
	crashfs.New(dir).Explore(200, func(fsys vfs.FS) {
		s := start(t, Options{Dir: dir, NoListen: true, files: fsys})
		for i, how := range []string{"SAVE", "BGSAVE", "SAVE"} {
			next = fmt.Sprint("value ", i)
			expect(t, s, "OK", "SET", "k", next)
			say(t, s, how)
			s.engine.AwaitSave()
			saved = next
		}
		next = "last"
		expect(t, s, "OK", "SET", "k", next)
		expect(t, s, "OK", "CONFIG", "SET", "save", "3600 1")
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		saved = next
	}, func(op vfs.Op, name string) func(*crashfs.FS) {
		saved, next := saved, next
		return func(left *crashfs.FS) {
			s, err := Start(Options{Dir: dir, NoListen: true, files: left})
			if err != nil {
				t.Fatalf("after a crash before %s %s: %v", op, name, err)
			}
			defer s.Close()
			if got := say(t, s, "GET", "k"); got != saved && got != next {
				t.Errorf("after a crash before %s %s: the data are %q, neither %q of the last save nor %q of the next", op, name, got, saved, next)
			}
		}
	})
}

// states is the number of file system states that TestAppendCrash tries for each
// moment.
var states = flag.Int("states", 3, "the states of the file system to look at after each operation of a crash test")

// TestAppendCrash: with appendfsync always, a server that starts after a crash at
// any moment has all writes whose reply was sent, and all or nothing of the next
// one, even if the file was being rewritten or switched on or off.
func TestAppendCrash(t *testing.T) {
	for _, preamble := range []string{"yes", "no"} {
		t.Run("preamble "+preamble, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			var mu sync.Mutex
			promised, next := 0, 0 // how often n and m were incremented
			kept := false          // the file is on and has a base
			settings := []string{"appendonly yes", "appendfsync always", "aof-use-rdb-preamble " + preamble, "aof-load-corrupt-tail-max-size 1000000"}
			crashfs.New(dir).Explore(*states, func(fsys vfs.FS) {
				s, err := Start(Options{Dir: dir, NoListen: true, Config: settings, files: fsys})
				if err != nil {
					t.Fatal(err)
				}
				note := func(f func()) {
					mu.Lock()
					defer mu.Unlock()
					f()
				}
				note(func() { kept = true })
				write := func() {
					note(func() { next++ })
					tell(t, s, "EVAL", "redis.call('INCR','n') redis.call('SELECT',1) redis.call('INCR','m')", 0)
					note(func() { promised = next })
				}
				write()
				write()
				tell(t, s, "BGREWRITEAOF")
				write()
				awaitRewrite(t, s)
				write()
				note(func() { kept = false })
				tell(t, s, "CONFIG", "SET", "appendonly", "no")
				tell(t, s, "CONFIG", "SET", "appendonly", "yes")
				write()
				awaitRewrite(t, s)
				write() // makes writes safe that had their reply before the file had its base
				note(func() { kept = true })
				write()
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}, func(op vfs.Op, name string) func(*crashfs.FS) {
				mu.Lock()
				promised, next, kept := promised, next, kept
				mu.Unlock()
				return func(left *crashfs.FS) {
					s, err := Start(Options{Dir: dir, NoListen: true, Config: settings, files: left})
					if err != nil {
						t.Errorf("after a crash before %s %s: %v", op, name, err)
						return
					}
					defer s.Close()
					n, _ := strconv.Atoi(say(t, s, "GET", "n"))
					two := tell(t, s, "EVAL", "redis.call('SELECT',1) return redis.call('GET','m')", 0)
					if m, _ := strconv.Atoi(two.Text()); m != n || n > next || n < promised && kept {
						t.Errorf("after a crash before %s %s: n and m are %d and %d, want %d, or %d with the pending write", op, name, n, m, promised, next)
					}
				}
			})
		})
	}
}

// TestSaveFaults makes each operation of SAVE fail: SAVE reports it, the disk has
// the old or the new data, and the next SAVE succeeds.
func TestSaveFaults(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	crashfs.Faults(func(inject func(vfs.FS) vfs.FS, fault *crashfs.Fault) {
		disk := crashfs.New(dir)
		load := func(files vfs.FS) *Server {
			s, err := Start(Options{Dir: dir, NoListen: true, files: files})
			if err != nil {
				t.Fatalf("%v: %v", fault, err)
			}
			return s
		}
		old := load(disk)
		expect(t, old, "OK", "SET", "k", "old")
		expect(t, old, "OK", "SAVE")
		old.Close()
		faulty := &switched{FS: disk}
		s := load(faulty)
		defer s.Close()
		expect(t, s, "OK", "SET", "k", "new")
		faulty.FS = inject(disk)
		failed := say(t, s, "SAVE") != "OK"
		if failed != (fault.Op != "") {
			t.Errorf("%v: SAVE failed: %v", fault, failed)
		}
		faulty.FS = disk
		check := func(left vfs.FS, want ...string) {
			s := load(left)
			defer s.Close()
			if got := say(t, s, "GET", "k"); got != want[0] && got != want[len(want)-1] {
				t.Errorf("%v: %q, want %q", fault, got, want)
			}
		}
		want := []string{"new", "old"}
		if !failed {
			want = want[:1]
		}
		disk.Explore(20, func(vfs.FS) {}, func(vfs.Op, string) func(*crashfs.FS) {
			return func(left *crashfs.FS) { check(left, want...) }
		})
		expect(t, s, "OK", "SAVE")
		check(disk, "new")
	})
}

// switched is a file system that can be replaced by another.
type switched struct{ vfs.FS }

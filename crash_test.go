package respserver

import (
	"fmt"
	"testing"

	"github.com/resp-server/resp-server/internal/vfs"
	"github.com/resp-server/resp-server/internal/vfs/crashfs"
)

// TestSaveCrash: after a crash at any moment of SAVE, BGSAVE or the end of the
// server, it starts with the data of that save or of the one before.
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
				t.Errorf("after a crash before %s %s: %q; saved was %q, and %q is to come", op, name, got, saved, next)
			}
		}
	})
}

// TestSaveFaults lets each operation of SAVE fail: SAVE says so, the data that
// were saved before or the new ones are there, and the next SAVE succeeds.
func TestSaveFaults(t *testing.T) {
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

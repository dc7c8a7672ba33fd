package vfs_test

import (
	"errors"
	"io"
	"testing"

	"github.com/resp-server/resp-server/internal/vfs"
	"github.com/resp-server/resp-server/internal/vfs/crashfs"
)

const path = "/d/dump.rdb"

func replace(fsys vfs.FS, text string) error {
	return vfs.Replace(fsys, path, func(w io.Writer) error {
		for _, c := range text { // in many pieces
			if _, err := io.WriteString(w, string(c)); err != nil {
				return err
			}
		}
		return nil
	})
}

func read(t *testing.T, fsys vfs.FS) string {
	t.Helper()
	f, err := fsys.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestReplaceCrash: a crash leaves the old or the new content, and the new one once
// Replace has returned.
func TestReplaceCrash(t *testing.T) {
	states := 0
	safe, next := "", "first"
	crashfs.New("/d").Explore(100_000, func(fsys vfs.FS) {
		for _, next = range []string{"first", "second", "third"} {
			if err := replace(fsys, next); err != nil {
				t.Fatal(err)
			}
			safe = next
		}
	}, func(op vfs.Op, name string) func(left *crashfs.FS) {
		return func(left *crashfs.FS) {
			states++
			if got := read(t, left); got != safe && got != next {
				t.Errorf("before %s %s: the file has %q, want %q or %q", op, name, got, safe, next)
			}
		}
	})
	if states < 300 {
		t.Errorf("only %d states", states)
	}
}

// TestReplaceFaults: whatever fails, the file has the old content or the new one,
// also after a crash. No other file stays behind, unless removing fails.
func TestReplaceFaults(t *testing.T) {
	crashfs.Faults(func(inject func(vfs.FS) vfs.FS, fault *crashfs.Fault) {
		fsys := crashfs.New("/d")
		if err := replace(fsys, "old"); err != nil {
			t.Fatal(err)
		}
		err := replace(inject(fsys), "new")
		if (err == nil) != (fault.Op == "") || err != nil && !errors.Is(err, fault.Err) {
			t.Errorf("%v: error %v", fault, err)
		}
		if names, _ := fsys.List("/d"); len(names) != 1 && !fault.Lasting {
			t.Errorf("%v: there are other files: %v", fault, names)
		}
		fsys.Explore(1000, func(vfs.FS) {}, func(vfs.Op, string) func(*crashfs.FS) {
			return func(left *crashfs.FS) {
				if got := read(t, left); got != "new" && (err == nil || got != "old") {
					t.Errorf("%v: a crash leaves %q", fault, got)
				}
			}
		})
	})
}

package crashfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/vfs"
)

// show returns all files below a directory with their contents.
func show(t *testing.T, fsys vfs.FS, dir string) string {
	t.Helper()
	names, err := fsys.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, name := range names {
		full := filepath.Join(dir, name)
		info, err := fsys.Stat(full)
		if err != nil {
			t.Fatal(err)
		}
		if info.IsDir() {
			fmt.Fprintf(&b, "%s{%s} ", name, show(t, fsys, full))
			continue
		}
		f, err := fsys.Open(full)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(f)
		if err != nil || int64(len(data)) != info.Size() {
			t.Fatalf("%s: %d bytes of %d, %v", full, len(data), info.Size(), err)
		}
		fmt.Fprintf(&b, "%s=%s ", name, strings.ReplaceAll(string(data), "\x00", "0"))
		f.Close()
	}
	return strings.TrimSpace(b.String())
}

type script struct {
	t    *testing.T
	fsys vfs.FS
}

func (s script) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s script) write(f vfs.File, err error, text string) vfs.File {
	s.t.Helper()
	s.must(err)
	_, err = io.WriteString(f, text)
	s.must(err)
	return f
}

func (s script) create(name, text string) vfs.File {
	f, err := s.fsys.Create(name)
	return s.write(f, err, text)
}

func (s script) append(name, text string) vfs.File {
	f, err := s.fsys.Append(name)
	return s.write(f, err, text)
}

// TestLikeOS runs the same operations on a real directory.
func TestLikeOS(t *testing.T) {
	run := func(fsys vfs.FS, dir string) string {
		s := script{t, fsys}
		var said []string
		note := func(err error) {
			for _, e := range []error{fs.ErrNotExist, fs.ErrExist, fs.ErrClosed} {
				if errors.Is(err, e) {
					said = append(said, e.Error())
					return
				}
			}
			said = append(said, fmt.Sprint(err != nil))
		}
		p := func(name string) string { return filepath.Join(dir, name) }
		s.create(p("a"), "one").Close()
		s.append(p("a"), " two").Close()
		s.append(p("b"), "b").Close()
		note(fsys.Truncate(p("a"), 5))
		note(fsys.Truncate(p("none"), 5))
		f := s.append(p("a"), "!")
		note(fsys.Truncate(p("a"), 1)) // while it is open
		s.write(f, nil, "?")
		note(f.Sync())
		note(f.Close())
		note(f.Close())
		_, err := f.Write([]byte("x"))
		note(err)
		note(fsys.Mkdir(p("d")))
		note(fsys.Mkdir(p("d")))
		note(fsys.Mkdir(p("b")))
		note(fsys.Mkdir(p("x/y")))
		note(fsys.Rename(p("b"), p("d/c")))
		note(fsys.Rename(p("b"), p("d/e")))
		note(fsys.Remove(p("d"))) // not empty
		note(fsys.Remove(p("none")))
		s.create(p("d/c"), "emptied").Close()
		s.create(p("gone"), "x").Close()
		note(fsys.Remove(p("gone")))
		note(fsys.SyncDir(dir))
		note(fsys.SyncDir(p("none")))
		_, err = fsys.Open(p("gone"))
		note(err)
		_, err = fsys.Create(p("none/x"))
		note(err)
		_, err = fsys.Append(p("d"))
		note(err)
		_, err = fsys.List(p("none"))
		note(err)
		temp, err := fsys.CreateTemp(dir, "temp-*.rdb", 0o644)
		s.must(err)
		name := filepath.Base(temp.Name())
		temp.Close()
		if !strings.HasPrefix(name, "temp-") || !strings.HasSuffix(name, ".rdb") {
			t.Errorf("a temporary file %s", name)
		}
		s.must(fsys.Rename(p(name), p("t")))
		return show(t, fsys, dir) + " | " + strings.Join(said, ", ")
	}
	dir := t.TempDir()
	want, got := run(vfs.OS{}, dir), run(New("/x/data"), "/x/data")
	if got != want {
		t.Errorf("\ngot  %s\nwant %s", got, want)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 3 {
		t.Errorf("the real directory has %v", entries)
	}
}

func TestCrashes(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(s script)
		want []string
	}{
		{"nothing synced", func(s script) { s.create("/d/a", "xy") },
			[]string{"", "a=", "a=00", "a=x", "a=xy"}},
		{"content synced, name not", func(s script) { s.must(s.create("/d/a", "xy").Sync()) },
			[]string{"", "a=xy"}},
		{"name synced, content not", func(s script) { s.create("/d/a", "x"); s.must(s.fsys.SyncDir("/d")) },
			[]string{"a=", "a=0", "a=x"}},
		{"both synced", func(s script) { s.must(s.create("/d/a", "x").Sync()); s.must(s.fsys.SyncDir("/d")) },
			[]string{"a=x"}},
		{"appended", func(s script) {
			s.must(s.create("/d/a", "x").Sync())
			s.must(s.fsys.SyncDir("/d"))
			s.append("/d/a", "y")
			s.append("/d/a", "z")
		}, []string{"a=x", "a=x0", "a=x0z", "a=xy", "a=xy0", "a=xyz"}},
		{"renamed over another", func(s script) {
			s.must(s.create("/d/a", "old").Sync())
			s.must(s.fsys.SyncDir("/d"))
			s.must(s.create("/d/t", "new").Sync())
			s.must(s.fsys.Rename("/d/t", "/d/a"))
		}, []string{"a=new", "a=new", "a=old", "a=old t=new"}},
		{"renamed without a sync", func(s script) {
			s.must(s.create("/d/a", "old").Sync())
			s.create("/d/t", "n")
			s.must(s.fsys.SyncDir("/d"))
			s.must(s.fsys.Rename("/d/t", "/d/a"))
		}, []string{"a=", "a=0", "a=n", "a=old t=", "a=old t=0", "a=old t=n"}},
		{"moved to another directory", func(s script) {
			s.must(s.fsys.Mkdir("/d/e"))
			s.must(s.create("/d/a", "x").Sync())
			s.must(s.fsys.SyncDir("/d"))
			s.must(s.fsys.Rename("/d/a", "/d/e/a"))
		}, []string{"a=x e{}", "e{a=x}"}},
		{"moved, and one of the directories synced", func(s script) {
			s.must(s.fsys.Mkdir("/d/e"))
			s.must(s.create("/d/a", "x").Sync())
			s.must(s.fsys.SyncDir("/d"))
			s.must(s.fsys.Rename("/d/a", "/d/e/a"))
			s.must(s.fsys.SyncDir("/d/e"))
		}, []string{"e{a=x}"}},
		{"emptied by creating it again", func(s script) {
			s.must(s.create("/d/a", "x").Sync())
			s.must(s.fsys.SyncDir("/d"))
			s.create("/d/a", "y")
		}, []string{"a=", "a=0", "a=x", "a=y"}},
		{"removed and made anew", func(s script) {
			s.must(s.create("/d/a", "x").Sync())
			s.must(s.fsys.SyncDir("/d"))
			s.must(s.fsys.Remove("/d/a"))
			s.must(s.create("/d/a", "y").Sync())
		}, []string{"", "a=x", "a=y", "a=y"}},
		{"a directory", func(s script) {
			s.must(s.fsys.Mkdir("/d/e"))
			s.must(s.create("/d/e/a", "x").Sync())
			s.must(s.fsys.SyncDir("/d/e"))
		}, []string{"", "e{a=x}"}},
		{"a sync that failed", func(s script) {
			f := s.create("/d/a", "x")
			s.must(s.fsys.SyncDir("/d"))
			f.(interface{ SyncFailed() }).SyncFailed()
			s.write(f, nil, "y")
			s.must(f.Sync())
		}, []string{"a=0y", "a=xy"}},
		{"cut off", func(s script) {
			s.must(s.create("/d/a", "xyz").Sync())
			s.must(s.fsys.SyncDir("/d"))
			s.must(s.fsys.Truncate("/d/a", 1))
		}, []string{"a=x", "a=xyz"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			fsys := New("/d")
			c.do(script{t, fsys})
			rnd := rand.New(rand.NewPCG(1, 2))
			collect := func(limit int) (got []string) {
				for left := range fsys.Crashes(limit, rnd) {
					got = append(got, show(t, left, "/d"))
				}
				slices.Sort(got)
				return got
			}
			if got := collect(1000); !slices.Equal(got, c.want) {
				t.Errorf("\ngot  %q\nwant %q", got, c.want)
			}
			if len(c.want) > 2 {
				for _, s := range collect(len(c.want) - 1) {
					if !slices.Contains(c.want, s) {
						t.Errorf("the sample has %q", s)
					}
				}
			}
		})
	}
}

// TestFaults counts the failures in a run of four operations.
func TestFaults(t *testing.T) {
	var got []string
	Faults(func(inject func(vfs.FS) vfs.FS, fault *Fault) {
		fsys := inject(New("/d"))
		f, err := fsys.Create("/d/a")
		if err == nil {
			n, e := f.Write([]byte("abcd"))
			if e != nil && n != 2 {
				t.Errorf("%d bytes written, and %v", n, e)
			}
			err = errors.Join(e, f.Sync(), f.Close())
		}
		if err == nil {
			_, err = fsys.Open("/d/a")
		}
		if (err == nil) != (fault.Op == "") || err != nil && !errors.Is(err, fault.Err) {
			t.Errorf("%v: %v", fault, err)
		}
		got = append(got, string(fault.Op))
	})
	want := "create write sync close  create write sync close  create write sync close open  create write sync close open "
	if s := strings.Join(got, " "); s != want {
		t.Errorf("got %q, want %q", s, want)
	}
}

package vfs

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// TestReplace makes each step of Replace fail: the old content stays, and nothing
// else is left in the directory.
func TestReplace(t *testing.T) {
	errFull := errors.New("no space left on device")
	for _, op := range []Op{"", OpCreate, OpWrite, OpSync, OpClose, OpRename, OpSyncDir} {
		t.Run(string(op), func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "dump.rdb")
			if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
			fsys := Faulty{OS{}, func(did Op, name string) error {
				if did == op {
					return errFull
				}
				return nil
			}}
			err := Replace(fsys, path, func(w io.Writer) error {
				_, err := io.WriteString(w, "new")
				return err
			})
			want := "old"
			if op == "" || op == OpSyncDir {
				want = "new" // only making sure of it failed
			}
			if (op == "") != (err == nil) || err != nil && !errors.Is(err, errFull) {
				t.Errorf("error %v", err)
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != want {
				t.Errorf("the file has %q, %v; want %q", got, err, want)
			}
			if all, _ := os.ReadDir(dir); len(all) != 1 {
				t.Errorf("other files: %v", all)
			}
		})
	}
}

func TestMissing(t *testing.T) {
	f, err := OS{}.Open(filepath.Join(t.TempDir(), "none"))
	if f != nil || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, %v", f, err)
	}
}

// TestMode: others may read the files, like those of a Redis server, so that a
// backup can.
func TestMode(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // no such modes
	}
	dir := t.TempDir()
	plain, err := os.OpenFile(filepath.Join(dir, "plain"), os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	want, err := plain.Stat()
	if err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func() (File, error){
		"Create":     func() (File, error) { return OS{}.Create(filepath.Join(dir, "c")) },
		"CreateTemp": func() (File, error) { return OS{}.CreateTemp(dir, "temp-*.rdb", 0o644) },
		"Append":     func() (File, error) { return OS{}.Append(filepath.Join(dir, "a")) },
	} {
		f, err := open()
		if err != nil {
			t.Fatal(err)
		}
		if info, err := f.Stat(); err != nil || info.Mode() != want.Mode() {
			t.Errorf("%s: mode %v, %v; want %v", name, info.Mode(), err, want.Mode())
		}
		if err := f.Sync(); err != nil {
			t.Error(err)
		}
		f.Close()
	}
}

// TestReplaceMode: a replaced file keeps its mode, whatever the umask, and the
// temporary file was never readable for more users. A new file gets the usual mode.
func TestReplaceMode(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // no such modes
	}
	for _, mode := range []os.FileMode{0o600, 0o640, 0o644, 0o666, 0o400} {
		path := filepath.Join(t.TempDir(), "users.acl")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		var during os.FileMode
		fsys := Faulty{OS{}, func(op Op, name string) error {
			if op == OpWrite {
				info, err := os.Stat(name)
				if err != nil {
					return err
				}
				during |= info.Mode()
			}
			return nil
		}}
		err := Replace(fsys, path, func(w io.Writer) error {
			_, err := io.WriteString(w, "new")
			return err
		})
		info, err2 := os.Stat(path)
		if err != nil || err2 != nil || info.Mode() != mode || during != mode {
			t.Errorf("a file of mode %v got %v, while it was written %v; %v, %v", mode, info.Mode(), during, err, err2)
		}
	}
}

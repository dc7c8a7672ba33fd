package vfs

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// TestReplace fails each step of replacing a file: the old content stays, and
// nothing else is left in the directory.
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
				want = "new" // what failed is to make sure of it
			}
			if (op == "") != (err == nil) || err != nil && !errors.Is(err, errFull) {
				t.Errorf("error %v", err)
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != want {
				t.Errorf("the file has %q, %v; want %q", got, err, want)
			}
			if all, _ := os.ReadDir(dir); len(all) != 1 {
				t.Errorf("left behind: %v", all)
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

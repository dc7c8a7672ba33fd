package vfs

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// TestAbort aborts in the middle of writing a file: the old content stays, and
// nothing else is left, then or later.
func TestAbort(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "dump.rdb")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	fsys := NewAbortable(OS{})
	replace := func(before func()) error {
		return Replace(fsys, path, func(w io.Writer) error {
			before()
			_, err := io.WriteString(w, "new")
			return err
		})
	}
	if err := replace(fsys.Abort); !errors.Is(err, ErrAborted) {
		t.Errorf("got %v", err)
	}
	if err := replace(func() { t.Error("written after Abort") }); !errors.Is(err, ErrAborted) {
		t.Errorf("got %v", err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "old" {
		t.Errorf("the file has %q, %v", got, err)
	}
	if all, _ := os.ReadDir(dir); len(all) != 1 {
		t.Errorf("other files: %v", all)
	}
}

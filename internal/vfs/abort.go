package vfs

import (
	"errors"
	"io/fs"
	"sync"
	"sync/atomic"
)

// ErrAborted is the error of writing operations after Abortable.Abort.
var ErrAborted = errors.New("writing was aborted")

// Abortable is a file system that can stop all writing for good, at any moment and
// without waiting for operations in progress, and leave no temporary file behind.
type Abortable struct {
	FS
	aborted atomic.Bool
	mu      sync.Mutex
	temps   map[string]struct{} // made by CreateTemp, and neither renamed nor removed yet
}

// NewAbortable returns a file system that writes to another one.
func NewAbortable(fsys FS) *Abortable {
	return &Abortable{FS: fsys, temps: make(map[string]struct{})}
}

// Abort removes all temporary files. From now on operations that write to, make or
// rename a temporary file return ErrAborted.
func (a *Abortable) Abort() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.aborted.Store(true)
	for name := range a.temps {
		a.FS.Remove(name) // fails on Windows while the file is open; then Replace removes it
	}
}

// CreateTemp makes a temporary file.
func (a *Abortable) CreateTemp(dir, pattern string, perm fs.FileMode) (File, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.aborted.Load() {
		return nil, ErrAborted
	}
	f, err := a.FS.CreateTemp(dir, pattern, perm)
	if err != nil {
		return nil, err
	}
	a.temps[f.Name()] = struct{}{}
	return abortableFile{f, a}, nil
}

// Rename renames a file.
func (a *Abortable) Rename(from, to string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.aborted.Load() {
		return ErrAborted
	}
	err := a.FS.Rename(from, to)
	if err == nil {
		delete(a.temps, from)
	}
	return err
}

// Remove removes a file.
func (a *Abortable) Remove(name string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	err := a.FS.Remove(name)
	if err == nil {
		delete(a.temps, name)
	}
	return err
}

// abortableFile is a temporary file.
type abortableFile struct {
	File
	fsys *Abortable
}

func (f abortableFile) Write(p []byte) (int, error) {
	if f.fsys.aborted.Load() {
		return 0, ErrAborted
	}
	return f.File.Write(p)
}

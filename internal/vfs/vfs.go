// Package vfs is the door to the file system for data that must survive: so
// that a test can let the disk be full, or see what is left of an interrupted
// write. OS is the real one; Faulty fails when it is told to.
package vfs

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// FS is a file system. All implementations are safe for concurrent use. Their
// errors are those of package os: errors.Is works with fs.ErrNotExist and the
// like.
type FS interface {
	// Open opens a file to read it.
	Open(name string) (File, error)
	// Create makes a new file with a name of its own in a directory; the last
	// "*" of the pattern is where the name differs.
	Create(dir, pattern string) (File, error)
	// Rename gives a file another name; it replaces what has that name.
	Rename(from, to string) error
	Remove(name string) error
	// SyncDir waits until the names in a directory are on the disk.
	SyncDir(dir string) error
}

// File is an open file.
type File interface {
	io.ReadWriteCloser
	// Name is the path under which the file was opened.
	Name() string
	Stat() (fs.FileInfo, error)
	// Sync waits until the content is on the disk.
	Sync() error
}

// OS is the file system of the operating system.
type OS struct{}

// Open is os.Open.
func (OS) Open(name string) (File, error) { return file(os.Open(name)) }

// Create is os.CreateTemp.
func (OS) Create(dir, pattern string) (File, error) { return file(os.CreateTemp(dir, pattern)) }

// file keeps a nil *os.File from becoming a File that is not nil.
func file(f *os.File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Rename is os.Rename.
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// Remove is os.Remove.
func (OS) Remove(name string) error { return os.Remove(name) }

// SyncDir does nothing on Windows, where a directory can't be synced.
func (OS) SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// Replace writes a file under a name, in place of what has that name, if
// anything: whenever it is interrupted, by an error or by a crash, either the
// old content is there or the new one, whole. A crash may leave a file
// "temp-*.rdb" behind.
func Replace(fsys FS, path string, write func(io.Writer) error) error {
	dir := filepath.Dir(path)
	f, err := fsys.Create(dir, "temp-*"+filepath.Ext(path))
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = fsys.Rename(f.Name(), path)
	}
	if err != nil {
		fsys.Remove(f.Name())
		return err
	}
	return fsys.SyncDir(dir)
}

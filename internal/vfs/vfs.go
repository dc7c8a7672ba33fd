// Package vfs is the interface to the file system for data that must survive, so
// that a test can fill the disk, or see what an interrupted write leaves. OS is the
// real one, Faulty fails on demand, and package crashfs is in memory and can crash.
//
// As with any disk, written data are safe only after a sync: the content of a file
// after File.Sync, its name after SyncDir of the directory.
package vfs

import (
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// FS is a file system. All implementations are safe for concurrent use. Their
// errors are those of package os: errors.Is works with fs.ErrNotExist and the like.
// New files are readable for everybody, within the umask, unless a mode is given.
type FS interface {
	// Open opens a file for reading.
	Open(name string) (File, error)
	// Create opens a file for writing, and creates or empties it.
	Create(name string) (File, error)
	// CreateTemp creates a file with a new name in a directory. The last "*" of the
	// pattern is replaced to make the name unique. The mode is perm, less the
	// umask.
	CreateTemp(dir, pattern string, perm fs.FileMode) (File, error)
	// Append opens a file for writing at its end, even if the end moves, and
	// creates it if necessary.
	Append(name string) (File, error)
	// Truncate truncates a file. Like a write, that is safe only after a File.Sync.
	Truncate(name string, size int64) error
	Stat(name string) (fs.FileInfo, error)
	// List returns the sorted names in a directory.
	List(dir string) ([]string, error)
	// Mkdir creates a directory. An existing one is no error.
	Mkdir(dir string) error
	// Rename renames a file, and replaces an existing one.
	Rename(from, to string) error
	Remove(name string) error
	// SyncDir waits until the names in a directory are on the disk.
	SyncDir(dir string) error
}

// File is an open file.
type File interface {
	io.ReadWriteCloser
	// Name returns the path under which the file was opened.
	Name() string
	Stat() (fs.FileInfo, error)
	// Chmod changes the mode.
	Chmod(mode fs.FileMode) error
	// Sync waits until the content is on the disk. After an error it is unknown
	// what the disk has, even if a later Sync succeeds.
	Sync() error
}

// OS is the file system of the operating system.
type OS struct{}

// Open is os.Open.
func (OS) Open(name string) (File, error) { return open(name, os.O_RDONLY, 0) }

// Create is os.Create, for writing only.
func (OS) Create(name string) (File, error) {
	return open(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, FilePerm)
}

// maxTemps is the number of names that CreateTemp tries.
const maxTemps = 10000

// CreateTemp is os.CreateTemp with a mode.
func (OS) CreateTemp(dir, pattern string, perm fs.FileMode) (File, error) {
	before, after := pattern, ""
	if i := strings.LastIndexByte(pattern, '*'); i >= 0 {
		before, after = pattern[:i], pattern[i+1:]
	}
	for range maxTemps {
		name := before + strconv.FormatUint(uint64(rand.Uint32()), 10) + after
		f, err := open(filepath.Join(dir, name), os.O_RDWR|os.O_CREATE|os.O_EXCL, perm)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
	return nil, &fs.PathError{Op: "createtemp", Path: filepath.Join(dir, pattern), Err: fs.ErrExist}
}

// Append is os.OpenFile.
func (OS) Append(name string) (File, error) {
	return open(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, FilePerm)
}

// FilePerm is the mode of new files, less the umask.
const FilePerm = 0o644

func open(name string, flag int, perm fs.FileMode) (File, error) {
	f, err := os.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

// Truncate is os.Truncate.
func (OS) Truncate(name string, size int64) error { return os.Truncate(name, size) }

// Stat is os.Stat.
func (OS) Stat(name string) (fs.FileInfo, error) { return os.Stat(name) }

// List is os.ReadDir.
func (OS) List(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

// Mkdir is os.Mkdir.
func (OS) Mkdir(dir string) error {
	err := os.Mkdir(dir, 0o755)
	if errors.Is(err, fs.ErrExist) {
		if info, e := os.Stat(dir); e == nil && info.IsDir() {
			return nil
		}
	}
	return err
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

// osFile is a file whose Sync skips times where the system allows it.
type osFile struct{ *os.File }

// Replace writes a file, and replaces an existing one. If an error or a crash
// interrupts it, the old or the new content is there, whole. An existing file keeps
// its mode, and nobody can read the new content who may not read the old one. A
// crash may leave a file "temp-*" with the extension of path.
func Replace(fsys FS, path string, write func(io.Writer) error) error {
	dir := filepath.Dir(path)
	perm := fs.FileMode(FilePerm)
	old, err := fsys.Stat(path)
	switch {
	case err == nil:
		perm = old.Mode().Perm()
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	f, err := fsys.CreateTemp(dir, "temp-*"+filepath.Ext(path), perm)
	if err != nil {
		return err
	}
	if old != nil {
		f.Chmod(perm) // undoes the umask; fails harmlessly on a file system without modes
	}
	if err := WriteAndClose(f, write); err != nil {
		fsys.Remove(f.Name())
		return err
	}
	if err := fsys.Rename(f.Name(), path); err != nil {
		fsys.Remove(f.Name())
		return err
	}
	return fsys.SyncDir(dir)
}

// WriteAndClose writes a file, syncs and closes it.
func WriteAndClose(f File, write func(io.Writer) error) error {
	err := write(f)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

// Reason returns why an operation failed, without the operation and the path, in
// the words of the C library.
func Reason(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		text := errno.Error()
		return strings.ToUpper(text[:1]) + text[1:]
	}
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		err = p.Err
	}
	return err.Error()
}

package vfs

import "io/fs"

// Op is an operation of a file system.
type Op string

// The operations that can fail.
const (
	OpOpen     Op = "open" // to read
	OpCreate   Op = "create"
	OpAppend   Op = "append" // opens a file to write at its end
	OpTruncate Op = "truncate"
	OpStat     Op = "stat"
	OpList     Op = "list"
	OpMkdir    Op = "mkdir"
	OpRead     Op = "read"
	OpWrite    Op = "write"
	OpSync     Op = "sync"
	OpClose    Op = "close"
	OpRename   Op = "rename"
	OpRemove   Op = "remove"
	OpSyncDir  Op = "syncdir"
)

// Faulty is a file system that calls Fail before each operation, and returns its
// error as that of the operation. Fail may block, to delay the operation; any
// goroutine may call it.
//
// A write that fails with a ShortWrite has written half. Faulty calls the method
// SyncFailed of a file, if it has one, when a Sync fails.
type Faulty struct {
	FS
	Fail func(op Op, name string) error
}

// ShortWrite is the error of a write that stopped half-way.
type ShortWrite struct{ Err error }

func (e ShortWrite) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e ShortWrite) Unwrap() error { return e.Err }

// Open opens a file.
func (f Faulty) Open(name string) (File, error) {
	if err := f.Fail(OpOpen, name); err != nil {
		return nil, err
	}
	return f.wrap(f.FS.Open(name))
}

// Create creates or empties a file.
func (f Faulty) Create(name string) (File, error) {
	if err := f.Fail(OpCreate, name); err != nil {
		return nil, err
	}
	return f.wrap(f.FS.Create(name))
}

// CreateTemp makes a file. Fail gets OpCreate with the directory.
func (f Faulty) CreateTemp(dir, pattern string, perm fs.FileMode) (File, error) {
	if err := f.Fail(OpCreate, dir); err != nil {
		return nil, err
	}
	return f.wrap(f.FS.CreateTemp(dir, pattern, perm))
}

// Append opens a file.
func (f Faulty) Append(name string) (File, error) {
	if err := f.Fail(OpAppend, name); err != nil {
		return nil, err
	}
	return f.wrap(f.FS.Append(name))
}

func (f Faulty) wrap(file File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	return faultyFile{file, f.Fail}, nil
}

// Truncate truncates a file.
func (f Faulty) Truncate(name string, size int64) error {
	if err := f.Fail(OpTruncate, name); err != nil {
		return err
	}
	return f.FS.Truncate(name, size)
}

// Stat describes a file.
func (f Faulty) Stat(name string) (fs.FileInfo, error) {
	if err := f.Fail(OpStat, name); err != nil {
		return nil, err
	}
	return f.FS.Stat(name)
}

// List lists a directory.
func (f Faulty) List(dir string) ([]string, error) {
	if err := f.Fail(OpList, dir); err != nil {
		return nil, err
	}
	return f.FS.List(dir)
}

// Mkdir makes a directory.
func (f Faulty) Mkdir(dir string) error {
	if err := f.Fail(OpMkdir, dir); err != nil {
		return err
	}
	return f.FS.Mkdir(dir)
}

// Rename renames a file.
func (f Faulty) Rename(from, to string) error {
	if err := f.Fail(OpRename, to); err != nil {
		return err
	}
	return f.FS.Rename(from, to)
}

// Remove removes a file.
func (f Faulty) Remove(name string) error {
	if err := f.Fail(OpRemove, name); err != nil {
		return err
	}
	return f.FS.Remove(name)
}

// SyncDir syncs a directory.
func (f Faulty) SyncDir(dir string) error {
	if err := f.Fail(OpSyncDir, dir); err != nil {
		return err
	}
	return f.FS.SyncDir(dir)
}

type faultyFile struct {
	File
	fail func(op Op, name string) error
}

func (f faultyFile) Read(p []byte) (int, error) {
	if err := f.fail(OpRead, f.Name()); err != nil {
		return 0, err
	}
	return f.File.Read(p)
}

func (f faultyFile) Write(p []byte) (int, error) {
	err := f.fail(OpWrite, f.Name())
	if err == nil {
		return f.File.Write(p)
	}
	n := 0
	if _, ok := err.(ShortWrite); ok {
		n, _ = f.File.Write(p[:len(p)/2])
	}
	return n, err
}

func (f faultyFile) Sync() error {
	err := f.fail(OpSync, f.Name())
	if err == nil {
		return f.File.Sync()
	}
	if file, ok := f.File.(interface{ SyncFailed() }); ok {
		file.SyncFailed()
	}
	return err
}

// Close closes the file even if the operation fails.
func (f faultyFile) Close() error {
	err := f.fail(OpClose, f.Name())
	if e := f.File.Close(); err == nil {
		err = e
	}
	return err
}

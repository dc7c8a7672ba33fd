package vfs

// Op is what a file system is asked to do.
type Op string

// The operations that can be made to fail.
const (
	OpOpen    Op = "open"
	OpCreate  Op = "create"
	OpRead    Op = "read"
	OpWrite   Op = "write"
	OpSync    Op = "sync"
	OpClose   Op = "close"
	OpRename  Op = "rename"
	OpRemove  Op = "remove"
	OpSyncDir Op = "syncdir"
)

// Faulty is a file system that asks before each operation whether it may be
// done: an error of Fail is that of the operation. Fail may block, to hold
// the operation up; it is called from any goroutine.
type Faulty struct {
	FS
	Fail func(op Op, name string) error
}

// Open opens a file.
func (f Faulty) Open(name string) (File, error) {
	if err := f.Fail(OpOpen, name); err != nil {
		return nil, err
	}
	return f.wrap(f.FS.Open(name))
}

// Create makes a file.
func (f Faulty) Create(dir, pattern string) (File, error) {
	if err := f.Fail(OpCreate, dir); err != nil {
		return nil, err
	}
	return f.wrap(f.FS.Create(dir, pattern))
}

func (f Faulty) wrap(file File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	return faultyFile{file, f.Fail}, nil
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
	if err := f.fail(OpWrite, f.Name()); err != nil {
		return 0, err
	}
	return f.File.Write(p)
}

func (f faultyFile) Sync() error {
	if err := f.fail(OpSync, f.Name()); err != nil {
		return err
	}
	return f.File.Sync()
}

// Close closes the file even if it fails.
func (f faultyFile) Close() error {
	err := f.fail(OpClose, f.Name())
	if e := f.File.Close(); err == nil {
		err = e
	}
	return err
}

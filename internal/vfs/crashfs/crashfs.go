// Package crashfs is a file system in memory, to test what is left after a crash.
//
// It is as unkind as POSIX allows. Content that was not synced may be lost, survive
// in part, or become zeros of the right length. A name that was created, moved or
// removed after the last sync of the directory may be in either state,
// independently of the others, but a rename happens whole or not at all. After a
// failed sync, what it was to save may be lost even if a later sync succeeds.
// sync succeeds.
package crashfs

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/resp-server/resp-server/internal/vfs"
)

// FS is a file system. It has a root directory. The zero value is not ready; use
// New.
type FS struct {
	mu      sync.Mutex
	root    *node
	changes []*change // changes of names that are not safe yet, in order
	temps   int
}

// node is a file or a directory.
type node struct {
	// now has the entries of a directory; nil for a file. safe has the entries that
	// survive a crash, apart from changes that may have become safe on their own.
	now, safe map[string]*node

	data []byte  // content for readers
	base []byte  // content that certainly survives a crash; the log may follow
	log  []write // in order; the first is not safe
}

// write is a change of a file's content. It is immutable.
type write struct {
	at       int
	data     []byte
	truncate bool // truncate to size at
	synced   bool
	doomed   bool // a sync of it failed, so no later sync makes it safe
}

// change is a change of names that survives a crash whole or not at all.
type change struct{ edits []edit }

type edit struct {
	dir  *node
	name string
	node *node // nil: removes the name
}

// New returns a file system with these directories only.
func New(dirs ...string) *FS {
	f := &FS{root: newDir()}
	for _, d := range dirs {
		at := f.root
		for _, name := range split(d) {
			if at.now[name] == nil {
				n := newDir()
				at.now[name], at.safe[name] = n, n
			}
			at = at.now[name]
		}
	}
	return f
}

func newDir() *node { return &node{now: make(map[string]*node), safe: make(map[string]*node)} }

func split(name string) []string {
	name = path.Clean("/" + filepath.ToSlash(name))
	return strings.FieldsFunc(name, func(r rune) bool { return r == '/' })
}

// find returns the directory of a name, and the node with the name, or nil.
func (f *FS) find(op, name string) (dir *node, last string, n *node, err error) {
	words := split(name)
	dir = f.root
	if len(words) == 0 {
		return dir, "", dir, nil
	}
	for _, w := range words[:len(words)-1] {
		if dir = dir.now[w]; dir == nil || dir.now == nil {
			return nil, "", nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
		}
	}
	last = words[len(words)-1]
	return dir, last, dir.now[last], nil
}

// findFile is find for a file that must exist.
func (f *FS) findFile(op, name string) (*node, error) {
	_, _, n, err := f.find(op, name)
	switch {
	case err != nil:
		return nil, err
	case n == nil:
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	case n.now != nil:
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	return n, nil
}

// change makes edits that are not safe yet.
func (f *FS) change(edits ...edit) {
	for _, e := range edits {
		if e.node == nil {
			delete(e.dir.now, e.name)
		} else {
			e.dir.now[e.name] = e.node
		}
	}
	f.changes = append(f.changes, &change{edits})
}

// Open opens a file for reading.
func (f *FS) Open(name string) (vfs.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, err := f.findFile("open", name)
	if err != nil {
		return nil, err
	}
	return &file{fs: f, node: n, name: name}, nil
}

// Create opens a file for writing.
func (f *FS) Create(name string) (vfs.File, error) { return f.make(name, false) }

// CreateTemp makes a file with a new name.
func (f *FS) CreateTemp(dir, pattern string, _ fs.FileMode) (vfs.File, error) {
	f.mu.Lock()
	f.temps++
	before, after, _ := strings.Cut(pattern, "*")
	name := filepath.Join(dir, fmt.Sprintf("%s%d%s", before, f.temps, after))
	f.mu.Unlock()
	return f.make(name, false)
}

// Append opens a file for writing at its end.
func (f *FS) Append(name string) (vfs.File, error) { return f.make(name, true) }

func (f *FS) make(name string, atEnd bool) (vfs.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	dir, last, n, err := f.find("open", name)
	switch {
	case err != nil:
		return nil, err
	case n == nil:
		n = &node{}
		f.change(edit{dir, last, n})
	case n.now != nil:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	case !atEnd && len(n.data) > 0:
		n.write(write{truncate: true})
	}
	return &file{fs: f, node: n, name: name, writes: true, atEnd: atEnd}, nil
}

// Truncate truncates a file.
func (f *FS) Truncate(name string, size int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, err := f.findFile("truncate", name)
	if err == nil {
		n.write(write{truncate: true, at: int(size)})
	}
	return err
}

// Stat describes a file or directory.
func (f *FS) Stat(name string) (fs.FileInfo, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, last, n, err := f.find("stat", name)
	if err == nil && n == nil {
		err = &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
	}
	if err != nil {
		return nil, err
	}
	return info{last, int64(len(n.data)), n.now != nil}, nil
}

// List returns the names in a directory.
func (f *FS) List(dir string) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, _, n, err := f.find("open", dir)
	if err == nil && (n == nil || n.now == nil) {
		err = &fs.PathError{Op: "open", Path: dir, Err: fs.ErrNotExist}
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for name := range n.now {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

// Mkdir makes a directory.
func (f *FS) Mkdir(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	dir, last, n, err := f.find("mkdir", name)
	switch {
	case err != nil:
		return err
	case n == nil:
		f.change(edit{dir, last, newDir()})
	case n.now == nil:
		return &fs.PathError{Op: "mkdir", Path: name, Err: fs.ErrExist}
	}
	return nil
}

// Rename moves a file.
func (f *FS) Rename(from, to string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	source, oldName, n, err := f.find("rename", from)
	if err == nil && n == nil {
		err = &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	if err != nil {
		return err
	}
	dir, newName, there, err := f.find("rename", to)
	switch {
	case err != nil:
		return err
	case there == n:
		return nil
	case there != nil && there.now != nil:
		return &fs.PathError{Op: "rename", Path: to, Err: fs.ErrExist}
	}
	f.change(edit{source, oldName, nil}, edit{dir, newName, n})
	return nil
}

// Remove removes a file.
func (f *FS) Remove(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	dir, last, n, err := f.find("remove", name)
	switch {
	case err != nil:
		return err
	case n == nil:
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	case len(n.now) > 0:
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrExist} // stands for ENOTEMPTY
	}
	f.change(edit{dir, last, nil})
	return nil
}

// SyncDir makes the names in a directory safe, and with them the other edits of the
// same changes.
func (f *FS) SyncDir(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, _, dir, err := f.find("open", name)
	if err == nil && (dir == nil || dir.now == nil) {
		err = &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	if err != nil {
		return err
	}
	isOf := func(c *change) bool {
		return slices.ContainsFunc(c.edits, func(e edit) bool { return e.dir == dir })
	}
	for i, c := range f.changes {
		if !isOf(c) {
			continue
		}
		for _, e := range c.edits {
			e.apply()
			f.supersede(e, i)
		}
	}
	f.changes = slices.DeleteFunc(f.changes, isOf)
	return nil
}

// apply makes an edit safe.
func (e edit) apply() {
	if e.node == nil {
		delete(e.dir.safe, e.name)
	} else {
		e.dir.safe[e.name] = e.node
	}
}

// supersede drops earlier changes of the same name: after a crash they must not
// override the edit.
func (f *FS) supersede(e edit, before int) {
	for _, c := range f.changes[:before] {
		c.edits = slices.DeleteFunc(c.edits, func(old edit) bool { return old.dir == e.dir && old.name == e.name })
	}
}

func (n *node) write(w write) {
	n.log = append(n.log, w)
	n.data = w.apply(n.data)
}

// apply returns the content after a write.
func (w write) apply(data []byte) []byte {
	if w.truncate {
		data = data[:min(w.at, len(data)):min(w.at, len(data))]
		return append(data, make([]byte, w.at-len(data))...)
	}
	if gap := w.at - len(data); gap > 0 {
		data = append(data, make([]byte, gap)...)
	}
	if w.at == len(data) {
		return append(data, w.data...)
	}
	data = slices.Clone(data)
	n := copy(data[w.at:], w.data)
	return append(data, w.data[n:]...)
}

// sync makes all writes safe, except for doomed ones.
func (n *node) sync() {
	done := 0
	for i := range n.log {
		w := &n.log[i]
		w.synced = !w.doomed
		if w.synced && done == i {
			n.base = w.apply(n.base)
			done++
		}
	}
	n.log = slices.Clone(n.log[done:])
}

// file is an open file.
type file struct {
	fs            *FS
	node          *node
	name          string
	at            int
	writes, atEnd bool
	closed        bool
}

func (f *file) Name() string { return f.name }

func (f *file) lock(op string) error {
	f.fs.mu.Lock()
	if f.closed {
		f.fs.mu.Unlock()
		return &fs.PathError{Op: op, Path: f.name, Err: fs.ErrClosed}
	}
	return nil
}

func (f *file) Read(p []byte) (int, error) {
	if err := f.lock("read"); err != nil {
		return 0, err
	}
	defer f.fs.mu.Unlock()
	if f.at >= len(f.node.data) {
		return 0, io.EOF
	}
	n := copy(p, f.node.data[f.at:])
	f.at += n
	return n, nil
}

func (f *file) Write(p []byte) (int, error) {
	if err := f.lock("write"); err != nil {
		return 0, err
	}
	defer f.fs.mu.Unlock()
	if !f.writes {
		return 0, &fs.PathError{Op: "write", Path: f.name, Err: fs.ErrPermission}
	}
	if f.atEnd {
		f.at = len(f.node.data)
	}
	if len(p) > 0 {
		f.node.write(write{at: f.at, data: bytes.Clone(p)})
	}
	f.at += len(p)
	return len(p), nil
}

func (f *file) Stat() (fs.FileInfo, error) {
	if err := f.lock("stat"); err != nil {
		return nil, err
	}
	defer f.fs.mu.Unlock()
	return info{path.Base(f.name), int64(len(f.node.data)), false}, nil
}

// Chmod does nothing: files have no modes here.
func (f *file) Chmod(fs.FileMode) error { return nil }

func (f *file) Sync() error {
	if err := f.lock("sync"); err != nil {
		return err
	}
	defer f.fs.mu.Unlock()
	f.node.sync()
	return nil
}

// SyncFailed is called by vfs.Faulty.
func (f *file) SyncFailed() {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	for i := range f.node.log {
		f.node.log[i].doomed = !f.node.log[i].synced
	}
}

func (f *file) Close() error {
	if err := f.lock("close"); err != nil {
		return err
	}
	defer f.fs.mu.Unlock()
	f.closed = true
	return nil
}

// info is an fs.FileInfo. Files have no times here.
type info struct {
	name string
	size int64
	dir  bool
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return i.dir }
func (i info) Sys() any           { return nil }
func (i info) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o755
	}
	return 0o644
}

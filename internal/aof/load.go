package aof

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/resp-server/resp-server/internal/vfs"
)

// Sink is what a file is loaded into.
type Sink interface {
	// Snapshot loads the RDB file that r begins with. It returns the size of
	// that file, and what comes after it.
	Snapshot(r io.Reader, size int64) (n int64, tail io.Reader, err error)
	// Command carries out a command, whose arguments are valid during the call.
	// What it would answer does not matter. The error is ErrUnknownCommand, or
	// one that ends the loading. After a MULTI without its EXEC comes a DISCARD.
	Command(args [][]byte) error
}

// ErrUnknownCommand is the error of a Sink for a command that there is not.
var ErrUnknownCommand = errors.New("unknown command")

// LoadOptions say what may be wrong with the last file.
type LoadOptions struct {
	// Truncated: true to cut off a command that is not complete, or a
	// transaction. It is the setting aof-load-truncated.
	Truncated bool
	// CorruptTail is up to how many bytes may be cut off from what is no command
	// on. It is the setting aof-load-corrupt-tail-max-size of Redis 8.
	CorruptTail int64
}

// Loaded is what was loaded.
type Loaded struct {
	// Files is how many there were. With none, or only empty ones, nothing was
	// loaded.
	Files int
	// Size is what the files have in bytes; Base is that of the base.
	Size, Base int64
}

// Load carries out what the files have, in order. An old file, of the time
// before Redis 7, becomes the base. The error is worded as Redis logs it; the
// sink may have a part of the data then.
//
// It may be called again, with nothing being appended, to see what a restart
// would.
func (l *Log) Load(sink Sink, o LoadOptions) (Loaded, error) {
	l.changing.Lock()
	defer l.changing.Unlock()
	if err := l.upgrade(); err != nil {
		return Loaded{}, err
	}
	var loaded Loaded
	var sizes []int64
	parts := l.manifest.parts()
	for _, p := range parts {
		info, err := l.fs.Stat(l.part(p.name))
		if err != nil {
			return Loaded{}, fmt.Errorf("Unable to obtain the AOF file %s length. stat: %s", p.name, vfs.Reason(err))
		}
		loaded.Files++
		loaded.Size += info.Size()
		sizes = append(sizes, info.Size())
		if p.kind == kindBase {
			loaded.Base = info.Size()
		}
	}
	if loaded.Size == 0 {
		return loaded, nil
	}
	for i, p := range parts {
		// A file may be cut off if nothing comes after it. The last one may be
		// there already, but have nothing in it, when a rewrite has just begun.
		last := !slices.ContainsFunc(sizes[i+1:], func(size int64) bool { return size > 0 })
		start := l.clock.Monotonic()
		f := &loading{files: &l.files, sink: sink, name: p.name, old: p.name == l.name, LoadOptions: o}
		cut, err := f.load()
		if err == nil && cut && !last {
			err = errors.New("Fatal error: the truncated file is not the last file")
		}
		if err != nil {
			return Loaded{}, err
		}
		what := "incr"
		if p.kind == kindBase {
			what = "base"
		}
		l.log.Info(fmt.Sprintf("DB loaded from %s file %s: %.3f seconds", what, p.name, (l.clock.Monotonic() - start).Seconds()))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.size, l.baseSize = loaded.Size, loaded.Base
	return loaded, nil
}

// SizeOnDisk returns how many bytes the files have that Load would load.
func (l *Log) SizeOnDisk() (size int64) {
	l.mu.Lock()
	names := []string{l.path(l.name)} // an old file
	for _, p := range l.manifest.parts() {
		names = append(names, l.part(p.name))
	}
	l.mu.Unlock()
	for _, name := range names {
		if info, err := l.fs.Stat(name); err == nil {
			size += info.Size()
		}
	}
	return size
}

// upgrade makes an old file, which has everything in one, the base. A crash on
// the way leaves something from which the next start goes on.
func (l *Log) upgrade() error {
	old := l.path(l.name)
	if _, err := l.fs.Stat(old); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("Fatal error: can't open the append log file %s for reading: %s", l.name, vfs.Reason(err))
	}
	m := l.manifest
	if !m.empty() {
		// It may be that the manifest is there, but the file has not been moved.
		if m.base == nil || m.base.name != l.name || len(m.incr) > 0 {
			return nil
		}
		if _, err := l.fs.Stat(l.part(l.name)); !errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	}
	if err := l.makeDir(); err != nil {
		return err
	}
	next := m.clone()
	next.base, next.baseSeq = &part{l.name, 1, kindBase}, 1
	if _, err := l.writeManifest(next); err != nil {
		return err
	}
	err := l.fs.Rename(old, l.part(l.name))
	if err == nil {
		err = l.fs.SyncDir(l.part(""))
	}
	if err != nil {
		return fmt.Errorf("Error trying to move the old AOF file %s into dir %s: %s", l.name, l.dirName, vfs.Reason(err))
	}
	l.manifest = next
	l.log.Info(fmt.Sprintf("Successfully migrated an old-style AOF file (%s) into the AOF directory (%s).", l.name, l.dirName))
	return nil
}

// loading is the loading of one file.
type loading struct {
	*files
	LoadOptions
	sink Sink
	name string
	old  bool // it may have a snapshot and commands

	size  int64
	valid int64 // up to there all is in order
	multi bool  // in a transaction, which does not count
}

// load returns whether the file was cut off.
func (f *loading) load() (cut bool, err error) {
	file, err := f.fs.Open(f.part(f.name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("The append log file %s doesn't exist: %s", f.name, vfs.Reason(err))
	}
	if err != nil {
		return false, fmt.Errorf("Fatal error: can't open the append log file %s for reading: %s", f.name, vfs.Reason(err))
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return false, f.unreadable(err)
	}
	f.size = info.Size()
	err = f.commands(file)
	if f.multi {
		if e := f.sink.Command([][]byte{[]byte("DISCARD")}); e != nil && err == nil {
			err = e
		}
	}
	switch err {
	case nil, errCut, errFormat:
	default:
		return false, err
	}
	return f.end(err)
}

// The ends of a file that is not in order.
var (
	errCut    = errors.New("short read")
	errFormat = errors.New("bad format")
)

func (f *loading) unreadable(err error) error {
	return fmt.Errorf("Unrecoverable error reading the append only file %s: %s", f.name, vfs.Reason(err))
}

// commands carries out what the file has. The error is errCut, errFormat, or
// one to report.
func (f *loading) commands(file io.Reader) error {
	r := NewReader(file, 0)
	if snapshot, err := r.snapshot(); err != nil {
		return f.unreadable(err)
	} else if snapshot {
		if f.old {
			f.log.Info("Reading RDB preamble from AOF file...")
		} else {
			f.log.Info("Reading RDB base file on AOF loading...")
		}
		n, tail, err := f.sink.Snapshot(r.r, f.size)
		if err != nil {
			what := "RDB base file"
			if f.old {
				what = "RDB preamble of the AOF file"
			}
			return fmt.Errorf("Error reading the %s %s, AOF loading aborted: %w", what, f.name, err)
		}
		if f.old {
			f.log.Info("Reading the remaining AOF tail...")
		}
		r = NewReader(tail, n)
	}
	for {
		if !f.multi { // a transaction is in order only as a whole
			f.valid = r.Offset()
		}
		switch args, _, err := r.Next(); {
		case err == io.EOF && f.multi:
			f.log.Warn(fmt.Sprintf("Revert incomplete MULTI/EXEC transaction in AOF file %s", f.name))
			return errCut
		case err == io.EOF:
			return nil
		case err == io.ErrUnexpectedEOF:
			return errCut
		case err == errFormat:
			return errFormat
		case err != nil:
			return f.unreadable(err)
		case len(args) > 0:
			switch {
			case bytes.EqualFold(args[0], []byte("multi")):
				f.multi = true
			case bytes.EqualFold(args[0], []byte("exec")), bytes.EqualFold(args[0], []byte("discard")):
				f.multi = false
			}
			if err := f.sink.Command(args); err == ErrUnknownCommand {
				return fmt.Errorf("Unknown command '%s' reading the append only file %s", args[0], f.name)
			} else if err != nil {
				return err
			}
		}
	}
}

// end cuts off the rest of a file if it may be.
func (f *loading) end(why error) (cut bool, err error) {
	switch {
	case why == nil:
		return false, nil
	case why == errCut && f.Truncated:
		f.log.Warn(fmt.Sprintf("!!! Warning: short read while loading the AOF file %s!!!", f.name))
		f.log.Warn(fmt.Sprintf("!!! Truncating the AOF %s at offset %d !!!", f.name, f.valid))
		if f.truncate() {
			f.log.Warn(fmt.Sprintf("AOF %s loaded anyway because aof-load-truncated is enabled", f.name))
			return true, nil
		}
	case why == errFormat && f.CorruptTail > 0 && f.size-f.valid < f.CorruptTail:
		f.log.Warn("!!! Warning: corrupt AOF file tail!!!")
		f.log.Warn(fmt.Sprintf("!!! Truncating the AOF %s at offset %d (remaining %d) !!!", f.name, f.valid, f.size-f.valid))
		if f.truncate() {
			f.log.Warn(fmt.Sprintf("AOF %s loaded anyway because aof-load-corrupt-tail-max-size is enabled", f.name))
			return true, nil
		}
	}
	if why == errCut {
		return false, fmt.Errorf("Unexpected end of file reading the append only file %s. You can: "+
			"1) Make a backup of your AOF file, then use ./redis-check-aof --fix <filename.manifest>. "+
			"2) Alternatively you can set the 'aof-load-truncated' configuration option to yes and restart the server.", f.name)
	}
	return false, fmt.Errorf("Bad file format reading the append only file %s: "+
		"make a backup of your AOF file, then use ./redis-check-aof --fix <filename.manifest>", f.name)
}

func (f *loading) truncate() bool {
	err := f.cutOff(f.name, f.valid)
	if err != nil {
		f.log.Warn(fmt.Sprintf("Error truncating the AOF file %s: %s", f.name, vfs.Reason(err)))
	}
	return err == nil
}

// cutOff cuts a file off, and makes that safe before more is appended.
func (f *files) cutOff(name string, size int64) error {
	if err := f.fs.Truncate(f.part(name), size); err != nil {
		return err
	}
	file, err := f.fs.Append(f.part(name))
	if err != nil {
		return err
	}
	return vfs.WriteAndClose(file, func(io.Writer) error { return nil })
}

package aof

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"
	"time"

	"github.com/resp-server/resp-server/internal/journal"
	"github.com/resp-server/resp-server/internal/vfs"
)

// ErrKilled is what the writer of a base returns to stop a rewrite, for other
// reasons than that it has failed.
var ErrKilled = errors.New("killed")

// ErrRewriting is the error of a second rewrite beside the first.
var ErrRewriting = errors.New("Background append only file rewriting already in progress")

// rewriteStats is what there is to tell of rewrites.
type rewriteStats struct {
	rewrites, failures int64 // failures in a row
	lastFailed         bool
	took               time.Duration // of the last one; -1: there was none
	scheduled          bool
	delay, next        int64 // minutes and time in seconds of the next automatic one, after failures
}

// Rewrite is a rewrite of the file, in steps: BeginRewrite opens a file for
// commands; Cut, at the moment of which the data are cloned, lets that file
// take what comes; and Run has the base written and replaces the manifest.
type Rewrite struct {
	l     *Log
	next  *output // nil if nothing is appended
	cut   journal.Position
	began time.Duration
	state state // of the log, at the beginning
}

// BeginRewrite begins a rewrite. It takes as long as the disk does; it is not
// to be called where everybody waits. After it Cut and Run or Cancel follow.
func (l *Log) BeginRewrite() (*Rewrite, error) {
	l.mu.Lock()
	if l.rewrite != nil {
		l.mu.Unlock()
		return nil, ErrRewriting
	}
	r := &Rewrite{l: l, state: l.state, began: l.clock.Monotonic()}
	l.rewrite, l.scheduled = r, false
	l.mu.Unlock()

	l.changing.Lock()
	defer l.changing.Unlock()
	err := r.open()
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.lastFailed = true
		l.failures++
		if l.rewrite == r {
			l.rewrite = nil
			l.scheduled = l.state == waiting
		}
		return nil, err
	}
	l.rewrites++
	l.publish()
	return r, nil
}

// open opens the file for the commands that come.
func (r *Rewrite) open() error {
	l := r.l
	if err := l.makeDir(); err != nil {
		return err
	}
	if r.state == off {
		return nil
	}
	l.mu.Lock()
	m := l.manifest.clone()
	l.mu.Unlock()
	next := &output{name: l.tempIncr()}
	if r.state == on {
		next.name = m.newIncr(l.name).name
	}
	if err := l.openOutput(next, true); err != nil {
		return err
	}
	if r.state == on {
		if _, err := l.writeManifest(m); err != nil {
			next.file.Close()
			return err // as far as it may be there, it is empty
		}
		l.setManifest(m)
	}
	l.log.Info(fmt.Sprintf("Creating AOF incr file %s on background rewrite", next.name))
	r.next = next
	return nil
}

// Cut lets the new file take what is appended from now on. The caller makes
// sure that nothing is appended meanwhile, and clones the data. It returns false
// if the rewrite has come to nothing, since the log was disabled.
func (r *Rewrite) Cut() bool {
	l := r.l
	l.mu.Lock()
	valid := l.rewrite == r
	if valid && r.next != nil {
		l.addOutput(r.next)
		r.cut = r.next.reader.Position()
		l.kick()
	}
	l.mu.Unlock()
	if !valid && r.next != nil {
		r.next.file.Close()
	}
	return valid
}

// Cancel ends a rewrite instead of Cut and Run.
func (r *Rewrite) Cancel() {
	if r.next != nil {
		r.next.file.Close()
	}
	r.end(ErrKilled)
}

// Run has the base written of the data as they were at the Cut, and puts it
// in place of the old files. It returns when that is done; it is for a
// goroutine of its own.
func (r *Rewrite) Run(write func(io.Writer) error) error {
	l := r.l
	temp, err := l.writeBase(write, "temp-rewriteaof-bg-*.aof")
	if err == nil {
		l.log.Info("Successfully created the temporary AOF base file " + filepath.Base(temp))
		l.log.Info("Background AOF rewrite terminated with success")
		if err = r.replace(temp); err != nil {
			l.remove(temp)
		}
	} else if !errors.Is(err, ErrKilled) {
		l.log.Warn("Background AOF rewrite terminated with error")
	}
	r.end(err)
	return err
}

// end notes how a rewrite has ended.
func (r *Rewrite) end(err error) {
	l := r.l
	l.writing.Lock()
	l.mu.Lock()
	if l.rewrite != r {
		l.mu.Unlock()
		l.writing.Unlock()
		return
	}
	l.rewrite = nil
	l.took = l.clock.Monotonic() - r.began
	switch {
	case err == nil:
		l.lastFailed, l.failures = false, 0
	case !errors.Is(err, ErrKilled):
		l.lastFailed = true
		l.failures++
	}
	again := l.state == waiting
	if again {
		if len(l.outs) > 0 {
			l.dropFirst()
		}
		l.scheduled = true
	}
	l.publish()
	l.mu.Unlock()
	l.closeDropped()
	l.writing.Unlock()
	if again {
		l.removeTempIncr()
	}
	l.kick()
}

// replace puts a base, which has been written to a temporary file, and the
// file of the Cut in place of all there are.
func (r *Rewrite) replace(temp string) error {
	l := r.l
	l.changing.Lock()
	defer l.changing.Unlock()
	l.mu.Lock()
	if l.rewrite != r {
		l.mu.Unlock()
		return ErrKilled
	}
	m, old := l.manifest.clone(), l.manifest
	commands := l.settings.Commands
	l.mu.Unlock()

	base := m.newBase(l.name, !commands)
	if err := l.timed("aof-rename", func() error { return l.fs.Rename(temp, l.part(base.name)) }); err != nil {
		return l.report("Error trying to rename the temporary AOF base file %s into %s: %s",
			filepath.Base(temp), filepath.Join(l.dirName, base.name), vfs.Reason(err))
	}
	l.log.Info(fmt.Sprintf("Successfully renamed the temporary AOF base file %s into %s", filepath.Base(temp), base.name))
	keep := 0
	if r.next != nil {
		keep = 1
	}
	if r.state == waiting {
		if err := r.adopt(m.newIncr(l.name).name); err != nil {
			l.remove(l.part(base.name))
			return err
		}
	}
	m.retire(keep)
	if maybe, err := l.writeManifest(m); err != nil {
		if maybe {
			// A restart may find either manifest: these names are taken.
			taken := old.clone()
			taken.baseSeq, taken.incrSeq = m.baseSeq, m.incrSeq
			l.setManifest(taken)
			return err
		}
		l.remove(l.part(base.name))
		if r.state == waiting {
			l.remove(l.part(r.next.name))
		}
		return err
	}
	var info fs.FileInfo
	err := l.timed("aof-fstat", func() (err error) {
		info, err = l.fs.Stat(l.part(base.name))
		return err
	})
	l.writing.Lock()
	l.mu.Lock()
	l.manifest = m
	if err == nil {
		l.size = info.Size()
	}
	if r.next != nil && l.rewrite == r {
		l.size += r.next.size
		for l.outs[0] != r.next {
			l.dropFirst()
			l.writeErr, l.syncErr = nil, nil // the base has what the file lacks
		}
		if r.cut.Log > l.durable.Log || l.state == waiting && r.cut.Log == l.durable.Log {
			l.durable = r.cut
		}
		if l.suspect <= r.cut.Log {
			l.suspect = -1
		}
		l.state = on
	}
	l.baseSize = l.size
	l.publish()
	l.mu.Unlock()
	l.closeDropped()
	l.writing.Unlock()
	l.wake()
	l.removeHistory()
	l.log.Info("Background AOF rewrite finished successfully")
	return nil
}

// adopt gives the file that has taken commands while there was no base its
// name.
func (r *Rewrite) adopt(name string) error {
	l := r.l
	l.mu.Lock()
	l.held = true
	for l.syncing {
		l.changed.Wait()
	}
	l.mu.Unlock()
	l.writing.Lock()
	defer func() {
		l.mu.Lock()
		l.held = false
		l.mu.Unlock()
		l.writing.Unlock()
		l.kick()
	}()
	if l.Rewriting() != r {
		return ErrKilled
	}
	// Some systems don't rename open files.
	r.next.file.Close()
	temp := l.part(r.next.name)
	err := l.fs.Rename(temp, l.part(name))
	if err == nil {
		r.next.name = name
		r.next.file, err = l.fs.Append(l.part(name))
	}
	if err != nil {
		return l.report("Error trying to rename the temporary AOF incr file %s into %s: %s", temp, l.part(name), vfs.Reason(err))
	}
	l.log.Info(fmt.Sprintf("Successfully renamed the temporary AOF incr file %s into %s", filepath.Base(temp), name))
	return nil
}

// Rewriting returns the rewrite that runs, nil if none does.
func (l *Log) Rewriting() *Rewrite {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rewrite
}

// removeTempIncr removes the file that took commands until there was a base.
func (l *Log) removeTempIncr() {
	l.log.Info(fmt.Sprintf("Removing the temp incr aof file %s in the background", l.tempIncr()))
	l.remove(l.part(l.tempIncr()))
}

// remove removes a file, if it is there.
func (l *Log) remove(name string) error {
	err := l.fs.Remove(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// baseSync is after how many bytes of a base a sync comes, so that the one at
// the end does not have to wait for all of it.
const baseSync = 4 << 20

// writeBase writes a base to a new file, and returns its name.
func (l *Log) writeBase(write func(io.Writer) error, pattern string) (name string, err error) {
	l.mu.Lock()
	s := l.settings
	l.mu.Unlock()
	f, err := l.fs.CreateTemp(l.dir, pattern, vfs.FilePerm)
	if err != nil {
		return "", l.report("Opening the temp file for AOF rewrite in rewriteAppendOnlyFile(): %s", vfs.Reason(err))
	}
	err = vfs.WriteAndClose(f, func(io.Writer) error {
		var w io.Writer = f
		if !s.SyncAtOnce {
			w = &syncWriter{f: f}
		}
		if s.Commands && s.Timestamps {
			if _, err := io.WriteString(w, Annotation(l.clock.Now())); err != nil {
				return err
			}
		}
		return write(w)
	})
	if err != nil {
		l.fs.Remove(f.Name())
		if !errors.Is(err, ErrKilled) {
			l.log.Warn("Write error writing append only file on disk: " + vfs.Reason(err))
		}
		return "", err
	}
	return f.Name(), nil
}

// Annotation returns the line that annotates a time.
func Annotation(t time.Time) string { return "#TS:" + strconv.FormatInt(t.Unix(), 10) + "\r\n" }

// syncWriter syncs now and then.
type syncWriter struct {
	f vfs.File
	n int
}

func (w *syncWriter) Write(p []byte) (int, error) {
	n, err := w.f.Write(p)
	if w.n += n; err == nil && w.n >= baseSync {
		w.n = 0
		err = w.f.Sync()
	}
	return n, err
}

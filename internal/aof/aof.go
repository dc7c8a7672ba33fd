// Package aof keeps the append-only file: the commands that repeat what
// happened to the data, on the disk, in the multi-part format of Redis 7.
//
// In a directory of their own are a base, which is an RDB file or commands,
// and files with the commands since then, of which the last is appended to. The
// manifest says which they are. A rewrite opens a new file for commands, has
// a new base written of the data as they were at that moment, and replaces the
// manifest; then the old files are history and removed.
//
// A Log knows no commands and no data: it takes the bytes of a journal.Stream,
// hands commands to a Sink when it loads, and has the base written by a
// function. File names, error texts and log lines are those of Redis 7.4.
//
// Where Redis trusts the file system to keep its order, a Log does not: names
// are synced before the manifest that lists them is replaced, and nothing is
// appended to the next file before all of the last one is on the disk, since a
// restart refuses to go on behind a file that was cut off.
package aof

import (
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/resp-server/resp-server/internal/clock"
	"github.com/resp-server/resp-server/internal/journal"
	"github.com/resp-server/resp-server/internal/vfs"
)

// Fsync says when what was appended has to be on the disk.
type Fsync int

// The values of the setting appendfsync.
const (
	EverySecond Fsync = iota
	Always
	No
)

// Settings can be changed while the server runs.
type Settings struct {
	Fsync Fsync
	// NoFsyncOnRewrite: true to not sync while a base or a snapshot is written.
	NoFsyncOnRewrite bool
	// Commands: true to write the base as commands, not as an RDB file.
	Commands bool
	// Timestamps: true to annotate the time of commands.
	Timestamps bool
	// SyncAtOnce: true to sync a base only when it is complete, not every 4 MB.
	SyncAtOnce bool
	// KeepHistory: true to not remove history.
	KeepHistory bool
	// Percentage and MinSize say when RewriteDue: when the files are larger than
	// MinSize and have grown by the percentage since the last rewrite. A
	// percentage of 0 is never.
	Percentage, MinSize int64
	// SlowAfter is the duration from which on an operation is one of TakeSlow; 0:
	// none is.
	SlowAfter time.Duration
}

// Options are what a Log needs. All but Wake and Fatal must be set.
type Options struct {
	FS vfs.FS
	// Dir is the directory of the server, DirName that of the files below it,
	// and Name what the names of the files begin with.
	Dir, DirName, Name string
	Stream             *journal.Stream
	Clock              clock.Clock
	Log                *slog.Logger
	Settings           Settings
	// Wake is called when Synced or Durable has moved on. It must not block.
	Wake func()
	// Fatal is called once, in a goroutine of its own, when with Always something
	// could not be written: what was promised can't be kept, so the server must
	// end without an answer to anybody.
	Fatal func(error)
}

// files is where the files are.
type files struct {
	fs                 vfs.FS
	dir, dirName, name string
	log                *slog.Logger
}

func (f *files) path(name string) string { return filepath.Join(f.dir, name) }
func (f *files) part(name string) string { return filepath.Join(f.dir, f.dirName, name) }
func (f *files) manifestName() string    { return f.name + ".manifest" }
func (f *files) tempIncr() string        { return "temp-" + f.name + ".incr" }

// makeDir makes the directory of the parts, so that it stays.
func (f *files) makeDir() error {
	err := f.fs.Mkdir(f.part(""))
	if err == nil {
		err = f.fs.SyncDir(f.dir)
	}
	if err != nil {
		return f.report("Can't open or create append-only dir %s: %s", f.dirName, vfs.Reason(err))
	}
	return nil
}

// report logs an error and returns it.
func (f *files) report(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	f.log.Warn(err.Error())
	return err
}

// state is whether the file is appended to.
type state int

const (
	off     state = iota
	waiting       // for the base, after it was switched on; the manifest does not know of it
	on
)

// Log is an append-only file. Its methods are safe for concurrent use.
//
// Open, Load and Start are called in this order when a server starts; Enable
// and a Rewrite switch it on later, and Disable off. After units were
// appended to the stream, and before anybody gets an answer, Flush is to be
// called; with Always the answers wait until Synced has passed the end of their
// unit.
type Log struct {
	files
	clock  clock.Clock
	stream *journal.Stream
	wake   func()
	fatal  func(error)

	// synced is the position in the log up to which answers may leave.
	synced atomic.Int64

	// changing is held while files are replaced or loaded. It comes first, then
	// writing, then mu.
	changing sync.Mutex
	// writing is held while commands are written to a file.
	writing sync.Mutex
	bufs    [][]byte   // for Peek
	dropped []vfs.File // to be closed

	writeDelay atomic.Int64 // ns

	kicks         chan struct{} // for the syncer; holds one
	stop, stopped chan struct{} // closed for and by the syncer

	mu       sync.Mutex
	changed  sync.Cond // of mu: outs, the errors or the state have changed
	settings Settings
	state    state
	manifest *manifest // never modified; replaced only with changing held
	// outs are the files for commands: the first is written, and then given up
	// for the next.
	outs []*output

	timer   clock.Timer // for what has to be done when nobody calls Flush
	kicking bool        // it is set
	kickAt  time.Duration

	syncWanted  bool          // the syncer is to sync, or does
	syncing     bool          // it does
	held        bool          // it must not
	lastSync    time.Duration // when a sync was last begun
	postponed   bool          // a write waits for a sync
	postponedAt time.Duration
	writeErr    error // of the last write
	syncErr     error // of the last sync
	errLogged   time.Duration
	retryAt     time.Duration // not before that after an error
	failed      bool          // for good, with Always
	durable     journal.Position
	// suspect is the end of the stream when a sync failed: what was before may
	// have holes, though a later sync succeeded, until it is rewritten.
	suspect int64
	delayed int64 // writes that did not wait for a sync any longer

	size, baseSize int64
	slow           []Slow
	saving         bool // a snapshot is written
	rewrite        *Rewrite
	rewriteStats
}

// Open reads the manifest, if there is one. The error is a *ManifestError, or
// worded as Redis logs it.
func Open(o Options) (*Log, error) {
	l := &Log{
		files:  files{o.FS, o.Dir, o.DirName, o.Name, o.Log},
		clock:  o.Clock,
		stream: o.Stream,
		wake:   o.Wake,
		fatal:  o.Fatal,
		kicks:  make(chan struct{}, 1),
	}
	if l.wake == nil {
		l.wake = func() {}
	}
	if l.fatal == nil {
		l.fatal = func(error) {}
	}
	l.changed.L = &l.mu
	l.suspect, l.took = -1, -1
	l.errLogged = l.clock.Monotonic() - logErrorEvery - 1
	l.timer = l.clock.AfterFunc(time.Hour, l.tick)
	l.timer.Stop()
	l.Set(o.Settings)
	var err error
	if l.manifest, err = l.readManifest(); err != nil {
		if m, ok := err.(*ManifestError); ok {
			lines := m.log()
			for _, line := range lines[:len(lines)-1] { // who gets the error logs the reason
				l.log.Warn(line)
			}
		}
		return nil, err
	}
	return l, nil
}

// Set changes the settings. History that is not kept any more is removed before it
// returns.
func (l *Log) Set(s Settings) {
	l.stream.Annotate(s.Timestamps)
	l.mu.Lock()
	kept := l.settings.KeepHistory
	l.settings = s
	l.publish()
	l.mu.Unlock()
	if kept && !s.KeepHistory {
		l.changing.Lock()
		l.removeHistory()
		l.changing.Unlock()
	}
	l.wake()
	l.kick()
}

// fsync is the policy that counts now: while the file waits for its base
// nothing is promised.
func (l *Log) fsync() Fsync {
	if l.state == waiting && l.settings.Fsync == Always {
		return EverySecond
	}
	return l.settings.Fsync
}

// Start opens the file to append to, and removes history, when a server has
// started and Load has succeeded. If there are no files yet it has the base
// written, of data that are empty.
func (l *Log) Start(base func(io.Writer) error) error {
	l.changing.Lock()
	defer l.changing.Unlock()
	if err := l.makeDir(); err != nil {
		return err
	}
	m := l.manifest.clone()
	changed := false
	if m.empty() {
		temp, err := l.writeBase(base, "temp-rewriteaof-*.aof")
		if err != nil {
			return err
		}
		p := m.newBase(l.name, !l.settings.Commands)
		if err := l.fs.Rename(temp, l.part(p.name)); err != nil {
			l.fs.Remove(temp)
			return l.report("Error moving temp append only file on the final destination: %s", vfs.Reason(err))
		}
		l.log.Info(fmt.Sprintf("Creating AOF base file %s on server start", p.name))
		changed = true
	}
	opened := "Opening"
	if len(m.incr) == 0 {
		m.newIncr(l.name)
		opened = "Creating"
		changed = true
	}
	out := &output{name: m.incr[len(m.incr)-1].name}
	if err := l.openOutput(out, opened == "Creating"); err != nil {
		return err
	}
	if changed {
		if _, err := l.writeManifest(m); err != nil {
			out.file.Close()
			return err
		}
	}
	info, err := out.file.Stat()
	if err == nil {
		err = out.file.Sync() // what was loaded, is seen and may be promised
	}
	if err != nil {
		out.file.Close()
		return l.report("Unable to obtain the AOF file %s length. stat: %s", out.name, vfs.Reason(err))
	}
	out.size, out.synced = info.Size(), info.Size()
	l.log.Info(fmt.Sprintf("%s AOF incr file %s on server start", opened, out.name))
	l.mu.Lock()
	l.manifest, l.state = m, on
	l.addOutput(out)
	l.lastSync = l.clock.Monotonic()
	l.durable = out.reader.Position()
	l.publish()
	l.mu.Unlock()
	l.startSyncer()
	l.removeHistory()
	return nil
}

// openOutput opens a file for commands. A new one must have nothing in it,
// whatever was left behind under its name.
func (l *Log) openOutput(out *output, isNew bool) (err error) {
	if isNew {
		if out.file, err = l.fs.Create(l.part(out.name)); err == nil {
			err = vfs.WriteAndClose(out.file, func(io.Writer) error { return nil })
		}
	}
	if err == nil {
		out.file, err = l.fs.Append(l.part(out.name))
	}
	if err != nil {
		return l.report("Can't open the append-only file %s: %s", out.name, vfs.Reason(err))
	}
	return nil
}

// addOutput lets a file take what is appended from now on.
func (l *Log) addOutput(out *output) {
	out.reader = l.stream.NewReader(journal.AOF)
	if n := len(l.outs); n > 0 {
		l.outs[n-1].reader.Until(out.reader.Position().Log)
	}
	l.outs = append(l.outs, out)
}

// removeHistory removes files that are not needed any more. What can't be
// removed is tried again later.
func (l *Log) removeHistory() {
	l.mu.Lock()
	m, keep := l.manifest.clone(), l.settings.KeepHistory
	l.mu.Unlock()
	if keep || len(m.history) == 0 {
		return
	}
	history := m.history
	m.history = nil
	for _, p := range history {
		l.log.Info(fmt.Sprintf("Removing the history file %s in the background", p.name))
		if err := l.remove(l.part(p.name)); err != nil {
			m.history = append(m.history, p)
		}
	}
	if _, err := l.writeManifest(m); err == nil {
		l.setManifest(m)
	}
}

func (l *Log) setManifest(m *manifest) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.manifest = m
}

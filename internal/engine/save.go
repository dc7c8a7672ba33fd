package engine

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/resp-server/resp-server/internal/compat"
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/rdb"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/snapshot"
	"github.com/resp-server/resp-server/internal/vfs"
)

// Saving is the state of snapshots, as INFO shows it. Times are in seconds since 1970.
// The engine's lock guards it.
type Saving struct {
	// Last is the time of the last complete snapshot, or of the start.
	Last int64
	// Failed: the last background save did not succeed.
	Failed bool
	// Took is the duration of the last background save in seconds; -1: there was none.
	Took int64
	// Since is the beginning of the background save that runs now; 0: there is none.
	Since int64
	// Loaded and Expired are the numbers of keys of the file that were loaded at the
	// start, and left out because their time had passed.
	Loaded, Expired int

	tried     int64 // when the last background save began
	scheduled bool  // one is to begin as soon as possible
	final     bool  // the last save before the end is done
	dumper    snapshot.Dumper
	running   *background
	hurry     chan struct{} // closed when saves are not to be slow any more; nil: none is
}

func (s *Saving) check() error {
	if s.running == nil && s.Since != 0 {
		return fmt.Errorf("no background save runs, since %d", s.Since)
	}
	return nil
}

// background is a save that runs beside the engine.
type background struct {
	cancelled chan struct{} // closed when it is not to go on
	cancel    func()        // closes it
	written   chan struct{} // closed when it is through with the files
	done      chan struct{} // closed when it is over
	processed atomic.Int64  // keys that are written
	total     int64         // keys that are to be written
}

func newBackground() *background {
	b := &background{cancelled: make(chan struct{}), written: make(chan struct{}), done: make(chan struct{})}
	b.cancel = sync.OnceFunc(func() { close(b.cancelled) })
	return b
}

// Progress returns the number of keys that the running background save or rewrite has
// written, and that of all its keys. Both are 0 if none runs.
func (e *Core) Progress() (processed, total int64) {
	b := e.Saving.running
	if b == nil && e.append.rewrites() {
		b = e.append.base
	}
	if b != nil {
		return b.processed.Load(), b.total
	}
	return 0, 0
}

// retryDelay is the time in seconds from a failure to the next automatic save.
const retryDelay = 5

var (
	errNoDir     = resp.Error("ERR there is no directory to save in: see the setting 'dir'")
	errSaving    = resp.Error("ERR Background save already in progress")
	errRewriting = resp.Error("ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible.")
	errCancelled = errors.New("cancelled")
)

// errDisk is the error for writes while snapshots fail.
var errDisk = resp.Error("MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. " +
	"Commands that may modify the data set are disabled, because this instance is configured to report errors during writes " +
	"if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error.")

// diskError returns the error for writes while the disk can't store them, nil if it
// can.
func (e *Core) diskError() error {
	switch {
	case e.refuseWrites:
		return errDisk
	case e.append.err != nil:
		return errAppending(e.append.err)
	}
	return nil
}

// Dumper returns the maker of payloads for DUMP.
func (e *Core) Dumper() *snapshot.Dumper { return &e.Saving.dumper }

// Env returns the environment for values from outside.
func (e *Core) Env() *snapshot.Env {
	return &snapshot.Env{Limits: e.limits, Config: e.Config, Now: e.NowMilli(), Payload: e.payload()}
}

// payload returns the payloads that the server reads: those that its version knows. The
// newest edition also reads those of other servers.
func (e *Core) payload() rdb.Payload {
	return rdb.Payload{
		Newest: e.Config.Edition.ReadsRDB(), NoChecksum: e.debug.noChecksum, ZeroChecksum: e.Since(compat.ZeroChecksum),
	}
}

// Save writes a snapshot while all clients wait.
func (e *Core) Save() error {
	switch {
	case e.Saving.running != nil:
		return errSaving
	case e.Config.Dir == "":
		return errNoDir
	}
	e.Stats.Saves++
	if err := e.writeNow(); err != nil {
		return resp.Errorf("ERR saving failed: %v", err)
	}
	e.saved()
	return nil
}

// saved records that the file is up to date.
func (e *Core) saved() {
	e.Saving.Last, e.Saving.Failed = e.NowMilli()/1000, false
	e.Stats.Changes = 0
	e.checkDisk()
}

// saveFlushed follows the removal of all data. It cancels a background save. If the
// server saves on its own, it writes the file anew, which must not bring the data back.
func (e *Core) saveFlushed() {
	if b := e.Saving.running; b != nil {
		b.cancel()
		<-b.written
	}
	if !e.autosaves() || e.Stats.Changes == 0 {
		return
	}
	e.Stats.Saves++
	if e.writeNow() == nil {
		e.saved()
	}
}

// SaveInBackground begins to write a snapshot of the present data, in a goroutine of
// its own. It reports whether it has begun. If not, it begins at the end of the
// transaction that asked for it or, if patient is true, of a rewrite of the append-only
// file.
func (c *Ctx) SaveInBackground(patient bool) (begun bool, err error) {
	rewrites := c.append.rewrites()
	switch {
	case c.Saving.running != nil:
		return false, errSaving
	case c.Config.Dir == "":
		return false, errNoDir
	case rewrites && !patient && !c.nested:
		return false, errRewriting
	case rewrites || c.nested:
		c.Saving.scheduled = true
		return false, nil
	}
	c.beginSave()
	return true, nil
}

// beginSave starts a background save. It saves a clone, which is a picture of one
// moment: from now on each side copies what it writes.
func (e *Core) beginSave() {
	s := &e.Saving
	b := newBackground()
	e.Log.Info("Background saving started")
	now := e.NowMilli()
	s.running, s.scheduled = b, false
	s.Since, s.tried = now/1000, now/1000
	e.Stats.Saves++
	changes := e.Stats.Changes
	p := e.cloneFor(b)
	if e.append.log != nil {
		e.append.log.SetSaving(true)
	}
	go func() {
		defer close(b.done)
		start := e.clock.Monotonic()
		err := e.write(p, b.cancelled)
		close(b.written)
		took := e.clock.Monotonic() - start
		e.engine.interpose()
		defer e.engine.leave()
		e.endSave(changes, took, err)
	}()
}

// endSave records the result of a background save.
func (e *Core) endSave(changes uint64, took time.Duration, err error) {
	s := &e.Saving
	s.running, s.Since = nil, 0
	if e.append.log != nil {
		e.append.log.SetSaving(false)
	}
	if errors.Is(err, errCancelled) {
		return
	}
	s.Took = int64(took / time.Second)
	s.Failed = err != nil
	if s.Failed {
		e.Stats.SaveFailures++
	} else {
		e.Stats.SaveFailures = 0
	}
	if err != nil {
		e.Log.Warn("Background saving error")
	} else {
		e.Log.Info("Background saving terminated with success")
		s.Last = e.NowMilli() / 1000
		e.Stats.Changes -= min(changes, e.Stats.Changes)
	}
	e.checkDisk()
}

// picture is the contents of a snapshot.
type picture struct {
	data      *keyspace.Keyspace
	config    *config.Config
	functions [][]byte
	now       int64
	aux       [][2]string // more fields about the file
	noData    bool        // only functions
	version   int         // of the format; 0: the newest
	plain     bool        // without the access times of keys, which readers change
	base      bool        // of an append-only file
	eachKey   func()      // called after each key, if not nil
}

// saveDelay returns a function that makes a save slow, for tests: each call waits for
// so many microseconds or, if the number is negative, one call in that many waits for
// 1 µs. It is nil for 0. When the setting becomes 0 the save goes on without waiting.
func (e *Core) saveDelay(µs int64, cancelled <-chan struct{}) func() {
	if µs == 0 {
		return nil
	}
	if e.Saving.hurry == nil {
		e.Saving.hurry = make(chan struct{})
	}
	hurry := e.Saving.hurry
	calls := int64(0)
	return func() {
		d := µs
		if µs < 0 {
			if calls++; calls%-µs != 0 {
				return
			}
			d = 1
		}
		over := make(chan struct{})
		timer := e.clock.AfterFunc(time.Duration(d)*time.Microsecond, func() { close(over) })
		select {
		case <-over:
		case <-hurry:
			timer.Stop()
		case <-cancelled:
			timer.Stop()
		}
	}
}

// hurrySaves ends the waiting of slow saves if the setting has changed to 0, or the
// server ends.
func (e *Core) hurrySaves() {
	if s := &e.Saving; s.hurry != nil && (e.Config.RDBKeySaveDelay == 0 || e.closed) {
		close(s.hurry)
		s.hurry = nil
	}
}

// present returns the present data. The caller holds the lock while it uses them.
func (e *Core) present() picture {
	return picture{
		data: e.Keyspace, config: e.Config, functions: e.Functions.Sources(), now: e.NowMilli(), aux: e.replicationAux(),
		eachKey: e.saveDelay(e.Config.RDBKeySaveDelay, nil),
	}
}

// cloneFor returns a clone of the present data, which b writes while others go on.
func (e *Core) cloneFor(b *background) picture {
	e.Stats.Clones++
	p := e.present()
	p.data, p.config = p.data.Clone(), p.config.Clone()
	for db := range p.data.Used {
		b.total += int64(db.Len())
	}
	delay := e.saveDelay(p.config.RDBKeySaveDelay, b.cancelled)
	p.eachKey = func() {
		b.processed.Add(1)
		if delay != nil {
			delay()
		}
	}
	return p
}

// writeNow writes a file while all clients wait.
func (e *Core) writeNow() error { return e.write(e.present(), nil) }

func (e *Core) writeTo(w io.Writer, p picture) error {
	var frequency func(uint32) uint8
	if p.config.UsesLFU() && !p.plain {
		frequency = func(access uint32) uint8 { return decayed(access, minuteOf(p.now), p.config.LFUDecayTime) }
	}
	return snapshot.Save(w, p.data, snapshot.SaveOptions{
		WriterOptions: rdb.WriterOptions{
			Encoding:   rdb.Encoding{Version: cmp.Or(p.version, p.config.Edition.RDB), NoCompression: !p.config.RDBCompression},
			NoChecksum: !p.config.RDBChecksum,
		},
		Server:    p.config.Edition.Version.String(),
		Now:       p.now,
		Functions: p.functions,
		// The policy decides what Entry.Access means, and whether anyone needs it.
		AccessTimes: p.config.UsesLRU() && !p.plain,
		Frequency:   frequency,
		EachKey:     p.eachKey,
		Base:        p.base,
		Aux:         p.aux,
		NoKeys:      p.noData,
	})
}

// write writes a file, and logs the result. It may run beside the engine; then closing
// the channel stops it.
func (e *Core) write(p picture, cancelled <-chan struct{}) error {
	c := p.config
	path := filepath.Join(c.Dir, c.DBFilename)
	start := e.clock.Monotonic()
	err := vfs.Replace(e.files, path, func(w io.Writer) error {
		return e.writeTo(cancellable{w, cancelled}, p)
	})
	switch {
	case err == nil:
		e.Log.Info("DB saved on disk", "file", path, "duration", e.clock.Monotonic()-start)
	case !errors.Is(err, errCancelled):
		e.Log.Error("saving a snapshot failed", "file", path, "error", err)
	}
	return err
}

// cancellable is a writer that fails when it is cancelled. It lets others run before
// each piece: where processors are few, commands would otherwise wait for the
// scheduler to take one away from the save.
type cancellable struct {
	io.Writer
	cancelled <-chan struct{}
}

func (w cancellable) Write(p []byte) (int, error) {
	select {
	case <-w.cancelled:
		return 0, errCancelled
	default:
	}
	runtime.Gosched()
	return w.Writer.Write(p)
}

// checkDisk updates whether writes are refused because they could not be saved.
func (e *Core) checkDisk() {
	e.refuseWrites = e.cannotSave()
	e.append.err = nil
	if e.append.log != nil {
		e.append.err = e.append.log.WriteError()
	}
	e.setGates()
}

func (e *Core) cannotSave() bool {
	return e.Saving.Failed && e.Config.StopWritesOnSaveError && e.autosaves()
}

// autosaves reports whether the server saves on its own.
func (e *Core) autosaves() bool { return len(e.Config.SavePoints) > 0 && e.Config.Dir != "" }

// nextSave returns the time of the next save in milliseconds; 0: none is due.
func (e *Core) nextSave() int64 {
	s := &e.Saving
	if s.running != nil || e.append.rewrites() {
		return 0
	}
	due := int64(0)
	if s.scheduled {
		due = 1
	} else if e.autosaves() && e.Stats.Changes > 0 {
		for _, p := range e.Config.SavePoints {
			if at := s.Last + p.Seconds + 1; e.Stats.Changes >= uint64(p.Changes) && (due == 0 || at < due) {
				due = at
			}
		}
	}
	if due != 0 && s.Failed {
		due = max(due, s.tried+retryDelay+1)
	}
	return due * 1000
}

// saveIfDue begins the save that is due.
func (e *Core) saveIfDue() {
	if at := e.nextSave(); at != 0 && at <= e.NowMilli() {
		e.beginSave()
	}
}

// saveFinally writes the last snapshot before the end of the server, if it saves on its
// own or must save. It writes it only once.
func (e *Core) saveFinally(must bool) error {
	if e.Saving.final || e.loading != nil {
		return nil
	}
	if !must && !e.autosaves() {
		if n := e.Stats.Changes; n > 0 && e.Config.Dir != "" && !e.Config.AOF.On {
			e.Log.Warn(fmt.Sprintf("%d changes not saved: no save points, see --save", n))
		}
		return nil
	}
	e.Log.Info("Saving the final RDB snapshot before exiting.")
	if e.Config.Dir == "" {
		return errNoDir
	}
	if b := e.Saving.running; b != nil {
		b.cancel() // the file written now is newer, and must come last
		<-b.written
	}
	if err := e.writeNow(); err != nil {
		return err
	}
	e.Saving.final = true
	return nil
}

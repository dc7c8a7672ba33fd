package engine

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/resp-server/resp-server/internal/aof"
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/script"
	"github.com/resp-server/resp-server/internal/snapshot"
	"github.com/resp-server/resp-server/internal/vfs"
)

// appending is the append-only file, and who waits for it. Its zero value is that
// of a server that never had one.
type appending struct {
	log      *aof.Log // nil: there never was one
	dir      string   // that the log is in
	follower follower // of the stream, while the file is on
	err      error    // why writes are refused, nil if they are not
	loading  bool     // the data are being made of the file
	// held are the sessions whose output waits until what they have written is on
	// the disk.
	held    map[*Session]struct{}
	waiting map[*Session]int64 // blocked in WAITAOF, with the position
	stop    func()             // ends the goroutine that the log wakes
	// rewriting counts the goroutines of rewrites.
	rewriting sync.WaitGroup
	base      *background // the last one
	starting  bool        // one is about to begin
}

func (a *appending) check(e *Core) error {
	switch {
	case a.loading:
		return errors.New("the append-only file is still being loaded")
	case !e.closed && e.follows(&a.follower) != e.Config.AOF.On:
		return fmt.Errorf("appendonly is %v, but commands are appended: %v", e.Config.AOF.On, e.follows(&a.follower))
	}
	for s := range e.all {
		s.mu.Lock()
		held := s.held
		s.mu.Unlock()
		if _, ok := a.held[s]; ok != held {
			return fmt.Errorf("the output of session %d waits for the disk: %v, and is to be let go: %v", s.ID, held, ok)
		}
	}
	for s := range a.waiting {
		if s.wait == nil || !s.wait.Durable {
			return fmt.Errorf("client %d does not wait for the disk", s.ID)
		}
	}
	return nil
}

var errNoAppendDir = errors.New("there is no directory for the append-only file: see the setting 'dir'")

// errAppending is the answer to writes while the file can't be written.
func errAppending(why error) error {
	return resp.Error("MISCONF Errors writing to the AOF file: " + vfs.Reason(why))
}

// AppendInfo returns the state of the append-only file.
func (e *Core) AppendInfo() aof.Info {
	if e.append.log == nil {
		return aof.Info{RewriteTook: -1, RewriteTakes: -1}
	}
	return e.append.log.Info()
}

// appendSettings returns the settings of the file.
func appendSettings(of *config.Config) aof.Settings {
	c := &of.AOF
	s := aof.Settings{
		NoFsyncOnRewrite: c.NoFsyncOnRewrite, Commands: !c.RDBPreamble, Timestamps: c.Timestamps,
		SyncAtOnce: !c.IncrementalFsync, KeepHistory: c.KeepHistory, Percentage: c.Percentage, MinSize: c.MinSize,
	}
	if of.LatencyThreshold > 0 {
		s.SlowAfter = time.Duration(of.LatencyThreshold) * time.Millisecond
	}
	switch c.Fsync {
	case "always":
		s.Fsync = aof.Always
	case "no":
		s.Fsync = aof.No
	}
	return s
}

// openLog makes the log, with nothing being appended yet.
func (e *Core) openLog(c *config.Config) error {
	a := &e.append
	if a.log != nil && (a.dir == c.Dir || e.follows(&a.follower)) {
		return nil
	}
	if c.Dir == "" {
		return errNoAppendDir
	}
	wakes := make(chan struct{}, 1)
	log, err := aof.Open(aof.Options{
		FS: e.files, Dir: c.Dir, DirName: c.AOF.DirName, Name: c.AOF.FileName,
		Stream: e.effectStream(), Clock: e.clock, Log: e.Log, Settings: appendSettings(c),
		Wake: func() {
			select {
			case wakes <- struct{}{}:
			default:
			}
		},
		Fatal: e.appendFailed,
	})
	if err != nil {
		return err
	}
	if a.stop != nil {
		a.stop()
	}
	a.log, a.dir = log, c.Dir
	a.follower.appended = e.flushLog
	stop := make(chan struct{})
	a.stop = sync.OnceFunc(func() { close(stop) })
	go func(engine *Engine) {
		for {
			select {
			case <-stop:
				return
			case <-wakes:
			}
			engine.interpose()
			engine.core.synced()
			engine.leave()
		}
	}(e.engine)
	return nil
}

// loadLog makes the data of the append-only file at the start, and begins to
// append to it.
func (e *Core) loadLog() error {
	if err := e.openLog(e.Config); err != nil {
		return err
	}
	start := e.clock.Monotonic()
	loaded, err := e.replayLog()
	if err != nil {
		return err
	}
	if loaded.Size > 0 {
		e.Log.Info(fmt.Sprintf("DB loaded from append only file: %.3f seconds", (e.clock.Monotonic() - start).Seconds()))
	}
	if err := e.append.log.Start(e.baseWriter(e.present())); err != nil {
		return err
	}
	e.follow(&e.append.follower)
	return nil
}

// replayLog carries out what the files have. None of it goes to the journal.
func (e *Core) replayLog() (aof.Loaded, error) {
	on := e.journal.on
	e.journal.on, e.append.loading = false, true
	defer func() { e.journal.on, e.append.loading = on, false }()
	s := e.newSession(loadingConn{})
	s.internal = true
	s.Obey()
	s.begin(s.fresh())
	loaded, err := e.append.log.Load(&logSink{e: e, s: s}, aof.LoadOptions{
		Truncated: e.Config.AOF.LoadTruncated, CorruptTail: e.Config.AOF.LoadCorruptTail,
	})
	if err == nil {
		e.Stats.Changes = 0
		e.Adopt(e.Keyspace) // the timer is to know of what expires
	}
	return loaded, err
}

// logSink is the aof.Sink that carries commands out.
type logSink struct {
	e       *Core
	s       *Session
	queue   []queued
	inMulti bool
	loaded  int // commands
}

func (l *logSink) Snapshot(r io.Reader, size int64) (int64, io.Reader, error) {
	loaded, err := l.e.load(r, size, "", ReloadOptions{})
	if err != nil {
		return 0, nil, err
	}
	return loaded.Size, loaded.Tail, nil
}

// letInAfter is after how many commands of a file others may have the lock.
const letInAfter = 1024

func (l *logSink) Command(args [][]byte) error {
	if load := l.e.loading; load != nil && load.start {
		load.read.Add(int64(argsLen(args)))
		l.loaded++
		if l.loaded%letInAfter == 0 || l.e.debug.loadDelay.Load() != 0 {
			if err := l.e.letIn(); err != nil {
				return err
			}
		}
	}
	cmd, err := l.e.table.Original().lookup(args) // what is written are the commands' own names
	if cmd == nil {
		return aof.ErrUnknownCommand
	}
	switch {
	case err != nil: // as any error that a command answers
		return nil
	case cmd.FullName == "multi":
		l.inMulti = true
	case cmd.FullName == "discard":
		l.queue, l.inMulti = nil, false
	case cmd.FullName == "exec":
		for _, q := range l.queue {
			l.run(q.cmd, q.args)
		}
		l.queue, l.inMulti = nil, false
	case l.inMulti:
		l.queue = append(l.queue, queued{cmd, copyArgs(args)})
	default:
		l.run(cmd, args)
	}
	return nil
}

// run calls the handler alone: nobody watches, and nothing counts.
func (l *logSink) run(cmd *Command, args [][]byte) {
	c := &l.s.ctx
	c.Args, c.Cmd, c.again, c.nested = args, cmd, nil, true
	l.e.unit.depth++
	err := c.invoke()
	l.e.unit.depth--
	if err != nil {
		l.e.unexpectedError("server", "AOF-loading-client", errorReply(err), cmd.FullName)
	}
	l.s.out.Buf = l.s.out.Buf[:0]
}

// loadingConn is the connection of nobody.
type loadingConn struct{}

func (loadingConn) Wake()             {}
func (loadingConn) Addr() string      { return "" }
func (loadingConn) LocalAddr() string { return "" }
func (loadingConn) FD() int           { return -1 }

// baseWriter returns what writes the base of the file.
func (e *Core) baseWriter(p picture) func(io.Writer) error {
	p.base = true
	asCommands := !p.config.AOF.RDBPreamble
	return func(w io.Writer) error {
		if asCommands {
			return snapshot.SaveCommands(w, p.data, snapshot.SaveOptions{Functions: p.functions, EachKey: p.eachKey})
		}
		return e.writeTo(w, p)
	}
}

// flushLog hands on what was appended in this entry: one write is for all sessions
// that were fed in it.
func (e *Core) flushLog() {
	e.append.log.Flush()
	e.checkAppending()
}

// checkAppending refuses writes, or does not any more, when the state of the file
// has changed.
func (e *Core) checkAppending() {
	for _, took := range e.append.log.TakeSlow() {
		e.took(took.Event, took.Duration)
	}
	if (e.append.log.WriteError() != nil) != (e.append.err != nil) {
		e.checkDisk()
	}
}

// mustHold reports whether the session's output has to wait until what it has
// written is on the disk.
func (s *Session) mustHold() bool {
	return s.wrote.Log != 0 && s.e.append.log != nil && s.wrote.Log > s.e.append.log.Synced()
}

// hold keeps the output that the transport has not taken until the disk has what
// the session wrote, if it must. The caller holds s.mu.
func (s *Session) hold() {
	if s.held || !s.mustHold() {
		return
	}
	s.held = true
	a := &s.e.append
	if a.held == nil {
		a.held = make(map[*Session]struct{})
	}
	a.held[s] = struct{}{}
}

// release gives the transport the output that hold has kept.
func (s *Session) release() {
	s.mu.Lock()
	s.held = false
	wake := !s.writing
	s.mu.Unlock()
	if wake {
		s.conn.Wake()
	}
}

// synced lets go what has waited for the disk.
func (e *Core) synced() {
	a := &e.append
	for s := range a.held {
		if s.killed || !s.mustHold() {
			delete(a.held, s)
			s.release()
		}
	}
	if len(a.waiting) > 0 {
		durable := a.log.Durable().Log
		for s, pos := range a.waiting {
			if pos <= durable || !e.Config.AOF.On {
				delete(a.waiting, s)
				if s.wait != nil && s.wait.Durable {
					e.tryAgain(s.wait)
				}
			}
		}
	}
	e.checkAppending()
}

// Durable reports whether all that the client has written is on the disk.
func (c *Ctx) Durable() bool {
	return c.Config.AOF.On && c.append.log != nil && c.Session.wrote.Log <= c.append.log.Durable().Log
}

// awaitDurable has the blocked command run again when Durable is true.
func (c *Ctx) awaitDurable() {
	if c.append.waiting == nil {
		c.append.waiting = make(map[*Session]int64)
	}
	c.append.waiting[c.Session] = c.Session.wrote.Log
}

// appendFailed follows the failure of a write or sync that replies wait for: none
// of them is given, ever, and the server ends.
func (e *Core) appendFailed(error) {
	e.engine.interpose()
	e.Saving.final = true
	e.end()
	stop := e.stop
	e.engine.leave()
	if stop != nil {
		stop()
	}
}

// SetAppendDelay makes each write to the append-only file wait, for tests of what
// happens meanwhile.
func (e *Core) SetAppendDelay(d time.Duration) {
	if e.append.log != nil {
		e.append.log.SetWriteDelay(d)
	}
}

// enableLog begins a file that the settings ask for while the server runs. It is
// called before they are in force, so that they stay as they were if it fails.
func (e *Core) enableLog(next *config.Config) error {
	if !next.AOF.On || e.follows(&e.append.follower) {
		return nil
	}
	if err := e.openLog(next); err != nil {
		e.Log.Warn(err.Error())
		return errEnable
	}
	log := e.append.log
	log.Set(appendSettings(next))
	e.killRewrite() // it is not followed by the file of commands that begins here
	log.Enable()
	const later = " An AOF background was scheduled to start when possible."
	switch {
	case e.Saving.running != nil:
		e.Log.Info("AOF was enabled but there is already another background operation." + later)
		log.Schedule()
	case e.unit.depth > 1: // the clone would have a part of the transaction
		e.Log.Info("AOF was enabled during a transaction." + later)
		log.Schedule()
	case e.startRewrite() != nil:
		log.Disable()
		e.Log.Warn("Redis needs to enable the AOF but can't trigger a background AOF rewrite operation. Check the above logs for more info about the error.")
		return errEnable
	}
	e.follow(&e.append.follower)
	return nil
}

var errEnable = errors.New("Unable to turn on AOF. Check server logs.")

// applyAppending follows a change of settings.
func (e *Core) applyAppending() {
	a := &e.append
	if a.log == nil || a.loading {
		return
	}
	a.log.Set(appendSettings(e.Config))
	if !e.Config.AOF.On && e.follows(&a.follower) {
		e.unfollow(&a.follower)
		e.killRewrite()
		a.log.Disable()
	}
	e.synced()
}

// RewriteLog begins a rewrite of the append-only file. It reports whether it has
// begun, or is to when a snapshot or the transaction has ended.
func (c *Ctx) RewriteLog() (begun bool, err error) {
	failed := resp.Error("ERR Can't execute an AOF background rewriting. Please check the server logs for more information.")
	if c.Config.Dir == "" {
		return false, errNoDir
	}
	if err := c.openLog(c.Config); err != nil {
		c.Log.Warn(err.Error())
		return false, failed
	}
	switch {
	case c.append.rewrites():
		return false, resp.Errorf("ERR %v", aof.ErrRewriting)
	case c.Saving.running != nil || c.nested:
		c.append.log.Schedule()
		return false, nil
	case c.startRewrite() != nil:
		return false, failed
	}
	return true, nil
}

// rewrites reports whether a rewrite runs.
func (a *appending) rewrites() bool {
	return a.log != nil && (a.starting || a.log.Rewriting() != nil)
}

// isFirst reports whether the base is being written without which there is no file
// yet.
func (a *appending) isFirst() bool {
	return a.log != nil && a.base != nil && a.log.Rewriting() != nil && a.log.Info().Waiting
}

// startRewrite begins a rewrite that somebody has asked for.
func (e *Core) startRewrite() error {
	r, err := e.append.log.BeginRewrite()
	if err != nil {
		return err
	}
	e.rewrite(r)
	return nil
}

// nextRewrite returns until when rewrites are put off since others have failed, in
// milliseconds; 0: they are not.
func (e *Core) nextRewrite() int64 {
	if e.append.log == nil || e.append.starting || e.Saving.running != nil {
		return 0
	}
	if at := e.append.log.NextRewrite() * 1000; at > e.NowMilli() {
		return at
	}
	return 0
}

// rewriteIfDue begins the rewrite that is due, without letting anybody wait for
// the disk.
func (e *Core) rewriteIfDue() {
	a := &e.append
	if a.log == nil || a.starting || e.closed || e.timing.cronPaused || e.Saving.running != nil || !a.log.RewriteDue() {
		return
	}
	a.starting = true
	a.rewriting.Add(1)
	go func(engine *Engine) {
		defer a.rewriting.Done()
		r, err := a.log.BeginRewrite()
		engine.enter()
		defer engine.leave()
		a.starting = false
		switch {
		case err != nil:
		case e.closed:
			r.Cancel()
		default:
			e.rewrite(r)
		}
	}(e.engine)
}

// rewrite has the base written of the data as they are now, in a goroutine of its
// own.
func (e *Core) rewrite(r *aof.Rewrite) {
	if !r.Cut() {
		return
	}
	e.Log.Info(fmt.Sprintf("Background append only file rewriting started by pid %d", os.Getpid()))
	b := newBackground()
	e.append.base = b
	write := e.baseWriter(e.cloneFor(b))
	e.append.rewriting.Add(1)
	go func(engine *Engine) {
		defer e.append.rewriting.Done()
		defer close(b.done)
		r.Run(func(w io.Writer) error {
			err := write(cancellable{w, b.cancelled})
			if errors.Is(err, errCancelled) {
				return aof.ErrKilled
			}
			return err
		})
		engine.interpose()
		e.synced()
		engine.leave()
	}(e.engine)
}

// killRewrite ends the rewrite that runs, if one does.
func (e *Core) killRewrite() {
	if a := &e.append; a.base != nil && a.log.Rewriting() != nil {
		e.Log.Info(fmt.Sprintf("Killing running AOF rewrite child: %d", os.Getpid()))
		a.base.cancel()
	}
}

// endAppending writes and syncs what there is, at the end.
func (e *Core) endAppending() error {
	a := &e.append
	if a.log == nil {
		return nil
	}
	if e.follows(&a.follower) {
		e.Log.Info("Calling fsync() on the AOF file.")
		e.unfollow(&a.follower)
	}
	e.killRewrite()
	err := a.log.Disable()
	e.synced()
	a.stop()
	return err
}

// ReloadLog replaces the data by what the append-only file has.
func (e *Core) ReloadLog() error {
	failed := resp.Error("ERR Error trying to load the AOF files, check server logs.")
	if e.append.loading {
		return failed // the file asks to load itself
	}
	if err := e.openLog(e.Config); err != nil {
		e.Log.Warn(err.Error())
		return failed
	}
	err := e.append.log.Drain()
	if err == nil {
		e.replace(keyspace.New(e.Keyspace.Len(), e.Rand.Uint64()), &script.Libraries{})
		e.beginLoading(&dataLoading{total: e.append.log.SizeOnDisk()}) // for those whom a long script lets in
		_, err = e.replayLog()
		e.endLoading()
	}
	if err != nil {
		e.Log.Warn(strings.TrimSpace(err.Error()))
		return failed
	}
	return nil
}

// restartLog follows a change of all data that no command made: the file begins
// anew.
func (e *Core) restartLog() {
	if e.follows(&e.append.follower) {
		e.killRewrite()
		e.append.log.Disable()
		e.append.log.Enable()
		e.append.log.Schedule()
	}
}

package aof

import (
	"fmt"
	"math"
	"time"

	"github.com/resp-server/resp-server/internal/journal"
	"github.com/resp-server/resp-server/internal/vfs"
)

const (
	maxWrite      = 4 << 20          // bytes handed over at once
	syncEvery     = time.Second      // with EverySecond
	maxPostponed  = 2 * time.Second  // that a write waits for a sync
	retryEvery    = time.Second      // after an error
	logErrorEvery = 30 * time.Second // the same error again
)

// output is a file for commands.
type output struct {
	file   vfs.File
	name   string
	reader *journal.Reader
	size   int64
	synced int64 // size at the last sync
}

// Flush takes over what was appended to the stream. With Always it only wakes
// the goroutine that writes and syncs. Otherwise the bytes are with the
// operating system when it returns, so that a dead process loses nothing;
// unless the disk is busy with a sync, for which they wait up to two seconds.
func (l *Log) Flush() {
	l.mu.Lock()
	always := l.fsync() == Always
	l.mu.Unlock()
	if always {
		l.kick()
	} else {
		l.write(true)
	}
}

// write writes what is there, if this is the moment. If patient is true it
// waits where more must not pile up.
func (l *Log) write(patient bool) {
	for {
		out := l.mayWrite(patient)
		if out == nil {
			return
		}
		if l.lock(out) {
			if l.writeTo(out) {
				l.wrote(out)
			}
			l.writing.Unlock()
			return
		}
	}
}

// lock takes the right to write to a file. It fails if it is not the first one
// any more.
func (l *Log) lock(out *output) bool {
	l.writing.Lock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.outs) > 0 && l.outs[0] == out {
		return true
	}
	l.writing.Unlock()
	return false
}

// mayWrite returns the file to write to, nil if this is not the moment.
func (l *Log) mayWrite(patient bool) *output {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.outs) == 0 || l.failed || l.fsync() == Always {
		return nil
	}
	ending := len(l.outs) > 1
	busy := l.syncWanted && l.fsync() == EverySecond && l.outs[0].reader.Lag() > 0
	if ending && !patient {
		return nil // the syncer goes on when it has given up the first file
	}
	if ending || busy {
		now := l.clock.Monotonic()
		if !l.postponed {
			l.postponed, l.postponedAt = true, now
		}
		if left := l.postponedAt + maxPostponed - now; left > 0 {
			l.kickAfter(left)
			return nil
		}
		l.delayed++
		l.log.Info("Asynchronous AOF fsync is taking too long (disk is busy?). Writing the AOF buffer without waiting for " +
			"fsync to complete, this may slow down Redis.")
		for len(l.outs) > 1 && !l.broken() {
			l.changed.Wait() // the next file must not be written before
		}
		if len(l.outs) != 1 {
			return nil
		}
	}
	l.postponed = false
	return l.outs[0]
}

// broken says whether what was written last is not there.
func (l *Log) broken() bool {
	return l.state == off || l.failed || l.writeErr != nil || l.syncErr != nil
}

// wrote has the syncer sync what was written, when that is due.
func (l *Log) wrote(out *output) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state == off || l.fsync() == No {
		return
	}
	if out.size == out.synced {
		if !l.syncWanted && l.suspect < 0 {
			l.durable = out.reader.Position() // there was nothing for the file
		}
		return
	}
	if l.syncWanted || l.fsyncSuspended() {
		return
	}
	now := l.clock.Monotonic()
	if left := l.lastSync + syncEvery - now; left > 0 {
		l.kickAfter(left)
		return
	}
	l.syncWanted, l.lastSync = true, now
	l.kick()
}

// writeTo writes to a file all that is there for it, and reports whether it
// could. The caller holds writing.
func (l *Log) writeTo(out *output) bool {
	l.mu.Lock()
	slow := l.settings.SlowAfter > 0
	l.mu.Unlock()
	for {
		var n int
		l.bufs, n = out.reader.Peek(l.bufs[:0], maxWrite)
		if n == 0 {
			return true
		}
		var began time.Duration
		if slow {
			began = l.clock.Monotonic()
		}
		if d := l.writeDelay.Load(); d > 0 {
			over := make(chan struct{})
			l.clock.AfterFunc(time.Duration(d), func() { close(over) })
			<-over
		}
		for _, b := range l.bufs {
			n, err := out.file.Write(b)
			if err != nil && n > 0 && l.fs.Truncate(l.part(out.name), out.size) == nil {
				n = 0
			}
			l.mu.Lock()
			out.size += int64(n)
			l.size += int64(n)
			l.setWriteError(err, n > 0)
			l.mu.Unlock()
			out.reader.Advance(n) // after the size: what is not behind has been counted
			if err != nil {
				return false
			}
		}
		if slow {
			l.noteWrite(l.clock.Monotonic() - began)
		}
	}
}

// setWriteError notes how a write went. If stuck is true, a part of it is in
// the file and could not be removed.
func (l *Log) setWriteError(err error, stuck bool) {
	if err == nil {
		if l.writeErr != nil {
			l.log.Info("AOF write error looks solved, Redis can write again.")
			l.writeErr = nil
			l.changed.Broadcast()
		}
		return
	}
	l.writeErr = err
	now := l.clock.Monotonic()
	if now-l.errLogged > logErrorEvery {
		l.errLogged = now
		l.log.Warn("Error writing to the AOF file: " + vfs.Reason(err))
		if stuck {
			l.log.Warn("Could not remove short write from the append-only file.  Redis may refuse to load the AOF the next time it starts.")
		}
	}
	if l.fsync() == Always {
		l.log.Warn("Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting...")
		l.fail(err)
		return
	}
	l.retry()
}

// retry has the syncer try again what has failed, after a while.
func (l *Log) retry() {
	l.retryAt = l.clock.Monotonic() + retryEvery
	l.kickAfter(retryEvery)
	l.changed.Broadcast()
}

// Retry tries at once what has failed, and returns when that is done.
func (l *Log) Retry() {
	l.mu.Lock()
	defer l.mu.Unlock()
	failing := func() bool { return l.writeErr != nil || l.syncErr != nil && !l.fsyncSuspended() }
	if l.state == off || l.failed || !failing() {
		return
	}
	l.retryAt = 0
	l.syncWanted = l.syncWanted || l.syncErr != nil
	l.kick()
	for failing() && l.retryAt == 0 && l.state != off && !l.failed {
		l.changed.Wait()
	}
}

// fail ends the work for good.
func (l *Log) fail(err error) {
	if !l.failed {
		l.failed = true
		l.changed.Broadcast()
		go l.fatal(err)
	}
}

// startSyncer starts the goroutine that syncs.
func (l *Log) startSyncer() {
	l.stop, l.stopped = make(chan struct{}), make(chan struct{})
	go func(stop, stopped chan struct{}) {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			case <-l.kicks:
			}
			for l.sync() {
				select {
				case <-stop:
					return
				default:
				}
			}
			l.write(false)
		}
	}(l.stop, l.stopped)
}

// stopSyncer waits for the end of the syncer.
func (l *Log) stopSyncer() {
	close(l.stop)
	<-l.stopped
}

// kick wakes the syncer.
func (l *Log) kick() {
	select {
	case l.kicks <- struct{}{}:
	default:
	}
}

// kickAfter wakes the syncer later, or earlier than it was to be.
func (l *Log) kickAfter(d time.Duration) {
	at := l.clock.Monotonic() + d
	if !l.kicking || at < l.kickAt {
		l.kicking, l.kickAt = true, at
		l.timer.Reset(d)
	}
}

// tick is the timer of kickAfter.
func (l *Log) tick() {
	l.mu.Lock()
	l.kicking = false
	l.mu.Unlock()
	l.kick()
	l.write(false) // the syncer may be busy for long
}

// sync does what the syncer has to do next: it writes and syncs with Always,
// syncs when wanted, and gives up a file that is at its end. It returns
// whether there may be more to do.
func (l *Log) sync() bool {
	l.mu.Lock()
	always := l.fsync() == Always
	if len(l.outs) == 0 || l.failed || l.held || len(l.outs) == 1 && !always && !l.syncWanted ||
		l.broken() && l.clock.Monotonic() < l.retryAt {
		l.mu.Unlock()
		return false
	}
	out, ending := l.outs[0], len(l.outs) > 1
	l.mu.Unlock()

	if ending || always {
		if !l.lock(out) {
			return true
		}
		ok := l.writeTo(out)
		l.writing.Unlock()
		if !ok {
			return false
		}
	}

	l.mu.Lock()
	if len(l.outs) == 0 || l.outs[0] != out || l.held {
		l.mu.Unlock()
		return false
	}
	size, pos := out.size, out.reader.Position()
	must := size != out.synced && (ending || !l.fsyncSuspended())
	all := must || size == out.synced // what is before pos is on the disk then
	l.syncWanted, l.syncing = must, must
	l.mu.Unlock()
	var err error
	switch {
	case must && always:
		err = l.timed("aof-fsync-always", out.file.Sync)
	case must:
		err = out.file.Sync()
	}

	l.writing.Lock() // for the end of a file
	defer l.writing.Unlock()
	l.mu.Lock()
	defer l.wake()
	defer l.closeDropped()
	defer l.mu.Unlock()
	l.syncWanted, l.syncing = false, false
	l.changed.Broadcast()
	if len(l.outs) == 0 || l.outs[0] != out {
		return false // a rewrite was faster
	}
	if err != nil {
		l.setSyncError(err)
		return false
	}
	if must {
		out.synced, l.syncErr = size, nil
	}
	if all && l.suspect < 0 && pos.Log > l.durable.Log {
		l.durable = pos
	}
	if len(l.outs) > 1 && out.reader.Lag() == 0 && out.size == out.synced {
		l.dropFirst()
	}
	l.publish()
	return len(l.outs) > 1 || always && l.outs[0].reader.Lag() > 0
}

// dropFirst gives up the first file. The caller holds writing, and calls
// closeDropped when it has left mu.
func (l *Log) dropFirst() {
	l.outs[0].reader.Close()
	l.dropped = append(l.dropped, l.outs[0].file)
	l.outs = l.outs[1:]
	l.changed.Broadcast()
}

// closeDropped closes files whose content is safe, or does not matter any more.
func (l *Log) closeDropped() {
	for _, f := range l.dropped {
		f.Close()
	}
	l.dropped = nil
}

// setSyncError notes that a sync has failed.
func (l *Log) setSyncError(err error) {
	if l.fsync() == Always {
		l.log.Warn(fmt.Sprintf("Can't persist AOF for fsync error when the AOF fsync policy is 'always': %s. Exiting...", vfs.Reason(err)))
		l.syncErr = err
		l.fail(err)
		return
	}
	if l.syncErr == nil {
		l.log.Warn("Fail to fsync the AOF file: " + vfs.Reason(err))
	}
	l.syncErr = err
	l.suspect = l.stream.End().Log
	l.retry()
}

// publish sets synced after something that it depends on has changed.
func (l *Log) publish() {
	switch {
	case l.failed: // nothing leaves any more
	case l.state == off || l.fsync() != Always:
		l.synced.Store(math.MaxInt64)
	case l.fsyncSuspended() && len(l.outs) == 1:
		l.synced.Store(max(l.durable.Log, l.outs[0].reader.Position().Log)) // written is enough
	default:
		l.synced.Store(l.durable.Log)
	}
}

// fsyncSuspended says whether syncs would disturb something else.
func (l *Log) fsyncSuspended() bool {
	return l.settings.NoFsyncOnRewrite && (l.saving || l.rewrite != nil)
}

// SetWriteDelay makes each write to a file wait so long before it begins, for tests
// of what happens meanwhile.
func (l *Log) SetWriteDelay(d time.Duration) { l.writeDelay.Store(int64(d)) }

// SetSaving says whether a snapshot is being written.
func (l *Log) SetSaving(saving bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.saving = saving
	l.publish()
	l.kick()
}

// Synced returns up to which position in the log answers may leave.
func (l *Log) Synced() int64 { return l.synced.Load() }

// Durable returns up to where everything is on the disk for sure.
func (l *Log) Durable() journal.Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.durable
}

// WriteError returns why writes have to be refused, nil if not: what they do
// could not be written.
func (l *Log) WriteError() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.state == off:
		return nil
	case l.writeErr != nil:
		return l.writeErr
	}
	return l.syncErr
}

// Drain writes all that was appended to the stream, without waiting for its
// turn, so that Load would find it.
func (l *Log) Drain() error {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.Lock()
	outs := l.outs
	l.mu.Unlock()
	for i, out := range outs {
		if !l.writeTo(out) {
			return l.WriteError()
		}
		if i < len(outs)-1 {
			if err := l.finish(out); err != nil {
				return err
			}
		}
	}
	return nil
}

// Enable begins to append when the server runs: as soon as there is a base,
// which a Rewrite has to be made for. Until then writes are not refused, and
// nothing is promised. A Rewrite that runs comes to nothing.
func (l *Log) Enable() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state != off {
		return
	}
	if l.rewrite != nil {
		l.log.Info("AOF was enabled but there is already an AOF rewriting in background. Stopping background AOF and starting a rewrite now.")
		l.rewrite = nil // it has no file for what comes
	}
	l.state = waiting
	l.lastSync = l.clock.Monotonic()
	l.publish()
	l.startSyncer()
}

// Disable writes and syncs what is there, and appends no more. A Rewrite comes
// to nothing.
func (l *Log) Disable() error {
	l.mu.Lock()
	if l.state == off {
		l.mu.Unlock()
		return nil
	}
	l.mu.Unlock()
	l.stopSyncer()
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.Lock()
	outs, was := l.outs, l.state
	var err error
	if l.failed {
		err = l.writeErr
		if err == nil {
			err = l.syncErr
		}
	}
	l.mu.Unlock()
	for _, out := range outs {
		if err == nil && was == on {
			err = l.finish(out)
		}
	}
	l.mu.Lock()
	for len(l.outs) > 0 {
		l.dropFirst()
	}
	l.state = off
	l.writeErr, l.syncErr, l.suspect, l.postponed, l.syncWanted = nil, nil, -1, false, false
	l.rewrite = nil
	if err == nil {
		l.publish()
	}
	l.timer.Stop()
	l.kicking = false
	l.mu.Unlock()
	l.closeDropped()
	if was == waiting {
		l.removeTempIncr()
	}
	l.wake()
	return err
}

// finish writes and syncs what is for a file.
func (l *Log) finish(out *output) error {
	if !l.writeTo(out) {
		return l.WriteError()
	}
	l.mu.Lock()
	size, unsynced := out.size, out.size != out.synced
	l.mu.Unlock()
	if unsynced {
		if err := out.file.Sync(); err != nil {
			l.log.Warn("Fail to fsync the AOF file: " + vfs.Reason(err))
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	out.synced = size
	if l.suspect < 0 {
		l.durable = out.reader.Position()
	}
	return nil
}

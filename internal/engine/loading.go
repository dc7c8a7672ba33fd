package engine

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/resp-server/resp-server/internal/clock"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/snapshot"
	"github.com/resp-server/resp-server/internal/spec"
)

// dataLoading is the state while data are loaded that clients can't use yet: the first
// data of the server, or the copy of a master's. While the lock is free for others,
// nothing expires and nothing is saved or evicted.
type dataLoading struct {
	// async: clients are served from the old data meanwhile.
	async bool
	// start: the server has not served clients yet.
	start bool
	began int64        // seconds since 1970
	total int64        // bytes; 0: that is not known
	read  atomic.Int64 // bytes
}

// LoadingView is the progress of loading, as INFO shows it.
type LoadingView struct {
	Async bool
	Began int64 // seconds since 1970
	Total int64 // bytes; 0: that is not known
	Read  int64 // bytes
}

// Loading returns the progress of loading, and whether the server is loading.
func (e *Core) Loading() (v LoadingView, on bool) {
	l := e.loading
	if l == nil {
		return v, false
	}
	return LoadingView{Async: l.async, Began: l.began, Total: l.total, Read: l.read.Load()}, true
}

func (e *Core) beginLoading(l *dataLoading) {
	l.began = e.NowMilli() / 1000
	e.loading = l
	e.setGates()
}

func (e *Core) endLoading() {
	if e.loading == nil {
		return
	}
	e.loading = nil
	e.timing.nextKey = 0
	e.Adopt(e.Keyspace) // the timer is to know of what expires
	e.setGates()
}

// gateLoading refuses commands that need the data while they are loaded.
func (e *Core) gateLoading(s *Session, cmd *Command, args [][]byte) error {
	l := e.loading
	has, lacks := s.flagsOfAll(cmd, args)
	switch {
	case s.internal && l.start:
	case l.async && has&spec.NoAsyncLoading != 0, !l.async && lacks&spec.Loading != 0:
		return resp.ErrLoading
	}
	return nil
}

// errStopped ends the loading when the server ends.
var errStopped = errors.New("the server was stopped")

// counted is a file or a link to load from. It counts the bytes that are read, and
// fails when nobody wants them any more.
type counted struct {
	io.Reader
	read *atomic.Int64
	stop func() bool
}

func (c counted) Read(p []byte) (int, error) {
	if c.stop() {
		return 0, errStopped
	}
	n, err := c.Reader.Read(p)
	c.read.Add(int64(n))
	return n, err
}

// The setting is read again after longestNap of a key's delay.
const longestNap = 10 * time.Millisecond

// delayLoad waits for the time that the setting wants for each key, for tests. It is
// called without the lock.
func (e *Core) delayLoad(stop func() bool) {
	for passed := time.Duration(0); !stop(); {
		d := time.Duration(e.debug.loadDelay.Load()) * time.Microsecond
		if d < 0 {
			if e.debug.loads.Add(1)%(-d.Microseconds()) != 0 {
				return
			}
			d = time.Microsecond
		}
		left := min(d-passed, longestNap)
		if left <= 0 {
			return
		}
		over := make(chan struct{})
		e.clock.AfterFunc(left, func() { close(over) })
		<-over
		passed += left
	}
}

// loadAway loads a snapshot. It releases the lock, which the caller holds, meanwhile.
func (e *Core) loadAway(src io.Reader, o snapshot.LoadOptions) (*snapshot.Loaded, error) {
	if l := e.loading; l != nil {
		src = counted{src, &l.read, e.stopping.Load}
	}
	o.EachKey = func() { e.delayLoad(e.stopping.Load) }
	e.engine.leave()
	loaded, err := snapshot.Load(src, o)
	e.engine.interpose()
	if err == nil && e.closed {
		err = errStopped
	}
	return loaded, err
}

// BeginLoading lets clients in before the data are loaded, if the files are as large as
// a setting says; the clients get LOADING. It reports whether it did.
func (e *Engine) BeginLoading() bool {
	e.enter()
	defer e.leave()
	c := &e.core
	size := c.sizeToLoad()
	if size < c.Config.LoadingInterval {
		return false
	}
	c.beginLoading(&dataLoading{start: true, total: size})
	return true
}

// Loaded ends BeginLoading.
func (e *Engine) Loaded() {
	e.enter()
	defer e.leave()
	if l := e.core.loading; l != nil && l.start {
		e.core.endLoading()
	}
}

// letIn gives others the lock for a moment, while the caller loads. It fails if the
// server ends.
func (e *Core) letIn() error {
	e.engine.leave()
	e.delayLoad(e.stopping.Load)
	e.engine.interpose()
	if e.closed {
		return errStopped
	}
	return nil
}

// keepMaster sends the master a sign of life each second, while the replica loads.
func (e *Core) keepMaster(nc net.Conn) (stop func()) {
	var ended atomic.Bool
	var timer clock.Timer
	set := make(chan struct{})
	timer = e.clock.AfterFunc(time.Second, func() {
		<-set
		if ended.Load() {
			return
		}
		nc.SetWriteDeadline(clock.Real{}.Now().Add(time.Second))
		io.WriteString(nc, "\n")
		nc.SetWriteDeadline(time.Time{})
		timer.Reset(time.Second)
	})
	close(set)
	return func() {
		ended.Store(true)
		timer.Stop()
	}
}

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

// dataLoading is that data are being loaded which clients could not use yet: those that
// the server begins with, or the copy of a master's. While the lock is free for
// others, nothing expires and nothing is saved or evicted.
type dataLoading struct {
	// async: the data that were there before are served meanwhile.
	async bool
	// start: the server has not served yet, but to the program around it.
	start bool
	began int64        // seconds since 1970
	total int64        // bytes; 0: that is not known
	read  atomic.Int64 // bytes
}

// LoadingView is the progress of what is loaded, as INFO shows it.
type LoadingView struct {
	Async bool
	Began int64 // seconds since 1970
	Total int64 // bytes; 0: that is not known
	Read  int64 // bytes
}

// Loading returns what is being loaded, and whether anything is.
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

// gateLoading refuses what needs the data that are being loaded.
func (e *Core) gateLoading(s *Session, cmd *Command, _ [][]byte) error {
	l := e.loading
	has, lacks := s.flagsOfAll(cmd)
	switch {
	case s.internal && l.start:
	case l.async && has&spec.NoAsyncLoading != 0, !l.async && lacks&spec.Loading != 0:
		return resp.ErrLoading
	}
	return nil
}

// errStopped ends the loading when the server ends.
var errStopped = errors.New("the server was stopped")

// counted is a file or a link that is loaded from. It counts what is read, and
// fails when nobody wants it any more.
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

// longestNap is after which time of a key's delay the setting is read again.
const longestNap = 10 * time.Millisecond

// delayLoad waits as long as the setting says that each key takes, for tests of what
// happens meanwhile. It is called without the lock.
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

// loadAway loads a snapshot while others have the lock, which the caller holds.
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

// BeginLoading has clients that come before the data are loaded be told so, if it is
// worth letting them in: if the files are as large as a setting says. It reports
// whether they are.
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

// Loaded ends what BeginLoading has begun.
func (e *Engine) Loaded() {
	e.enter()
	defer e.leave()
	if l := e.core.loading; l != nil && l.start {
		e.core.endLoading()
	}
}

// letIn lets others have the lock for a moment, while the caller loads. It fails if
// the server ends.
func (e *Core) letIn() error {
	e.engine.leave()
	e.delayLoad(e.stopping.Load)
	e.engine.interpose()
	if e.closed {
		return errStopped
	}
	return nil
}

// keepMaster tells the master once in a second that the replica is there, while it
// loads.
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

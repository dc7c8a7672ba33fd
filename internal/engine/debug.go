package engine

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// debugging is the state that DEBUG changes, for tests.
type debugging struct {
	asleep         int64         // until when nobody is served, in milliseconds since 1970
	nap            time.Duration // that a command in a transaction or script slept, which no clock has shown yet
	noChecksum     bool          // payloads and files are not to be compared with theirs
	scriptsCallAll bool
	// fixedTables: the tables of keys keep their size; likewise the buffers for replies.
	fixedTables, fixedReplies, peakReplies bool
	// loadDelay is the least time in µs to load a key. If it is negative, one call in
	// that many waits for 1 µs. loads counts the calls.
	loadDelay, loads atomic.Int64
}

// Sleep holds back all commands, and blocked ones that the present unit wakes, until a
// time in milliseconds since 1970. The reply to the command comes then: by Block, or
// with that of its transaction.
func (c *Ctx) Sleep(until int64) error {
	c.Pause(PauseByClient, until, true)
	if c.nested {
		c.debug.nap = time.Duration(max(until*1000-c.now, 0)) * time.Microsecond
	}
	c.debug.asleep = max(c.debug.asleep, until)
	return c.Block(Wait{Deadline: until, Busy: true, TimeOut: (*Ctx).OK})
}

// isAsleep reports whether Sleep lasts.
func (e *Core) isAsleep() bool { return e.debug.asleep > e.NowMilli() }

// holdReply takes back the reply that a transaction or a script with a Sleep has
// written since mark, and sends it when the server is awake again.
func (c *Ctx) holdReply(mark int) error {
	if c.w.Full {
		return nil // there is none, and the session ends
	}
	reply := append([]byte(nil), c.w.Buf[mark:]...)
	c.w.Buf = c.w.Buf[:mark]
	return c.Block(Wait{Deadline: c.debug.asleep, Busy: true, TimeOut: func(c *Ctx) error {
		c.w.Raw(reply)
		return nil
	}})
}

// SkipChecksums sets whether wrong checksums of payloads and files are ignored.
func (e *Core) SkipChecksums(skip bool) { e.debug.noChecksum = skip }

// LetScriptsCallAll sets whether scripts may call commands that are not for scripts.
func (e *Core) LetScriptsCallAll(may bool) { e.debug.scriptsCallAll = may }

// SetPlainFrom gives elements of n bytes and more nodes of their own, in lists that
// become long from now on; 0 leaves it to the settings.
func (e *Core) SetPlainFrom(n int) { e.limits.ListPlainFrom = n }

// ResizeTables sets whether the tables of keys shrink when keys are removed. They grow
// in any case.
func (e *Core) ResizeTables(on bool) {
	e.debug.fixedTables = !on
	e.Keyspace.KeepSize(!on)
}

// ResizeReplies sets whether a client gives back its buffer for replies when they are
// written, which is the default, or keeps it.
func (e *Core) ResizeReplies(on bool) {
	e.debug.fixedReplies = !on
	e.keepReplies()
}

// KeepReplyPeaks sets whether buffers for replies keep their largest size; clients
// keep their buffers then.
func (e *Core) KeepReplyPeaks(on bool) {
	e.debug.peakReplies = on
	e.keepReplies()
}

func (e *Core) keepReplies() {
	keep := e.debug.fixedReplies || e.debug.peakReplies
	e.output.buffers.kept.Store(keep)
	for _, s := range e.sessions {
		if !keep {
			s.mu.Lock()
			s.kept = nil
			s.mu.Unlock()
		}
	}
}

// ClientShare is the memory of the clients of about one size.
type ClientShare struct {
	From, To int64 // bytes that one of them takes; To is 0 for the largest
	Bytes    int64 // of all of them
	Clients  int
}

// The sizes by which ClientShares sorts.
const (
	smallestShare = 1 << 15
	largestShare  = 1 << 32
)

// ClientShares returns the memory of the clients that may be evicted, by their size;
// nil if the server evicts no clients.
func (e *Core) ClientShares() []ClientShare {
	if e.clientsLimit() == 0 {
		return nil
	}
	shares := []ClientShare{{To: smallestShare - 1}}
	for from := int64(smallestShare); from < largestShare; from *= 2 {
		shares = append(shares, ClientShare{From: from, To: 2*from - 1})
	}
	shares = append(shares, ClientShare{From: largestShare})
	e.countAllClients()
	for _, s := range e.sessions {
		if s.NoEvict || s.internal {
			continue
		}
		i := max(bits.Len64(uint64(s.counted)/smallestShare), 0)
		i = min(i, len(shares)-1)
		shares[i].Bytes += int64(s.counted)
		shares[i].Clients++
	}
	return shares
}

// LogScripts writes scripts of EVAL to the log: the one with a hash, or all if it is
// "". It returns false if there is no such script.
func (e *Core) LogScripts(sha string) bool {
	found := sha == ""
	for _, c := range e.Scripts.cache {
		if sha == "" || c.SHA == sha {
			e.Log.Warn("SCRIPT SHA: " + c.SHA + "\n" + c.Source)
			found = true
		}
	}
	return found
}

package engine

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// debugging is what DEBUG changes, for tests of what can't be seen otherwise.
type debugging struct {
	asleep         int64         // until when nobody is served, in milliseconds since 1970
	nap            time.Duration // that a command in a transaction or script slept, which no clock has shown yet
	noChecksum     bool          // payloads and files are not to be compared with theirs
	scriptsCallAll bool
	// The tables of keys and the buffers for replies keep their size.
	fixedTables, fixedReplies, peakReplies bool
	// loadDelay is how many µs a key takes at least that is loaded, or in a fraction
	// of all calls if it is negative; loads are the calls.
	loadDelay, loads atomic.Int64
}

// Sleep holds back all commands, and what the present unit has made of blocked
// ones, until a time in milliseconds since 1970. The command that asks for it is
// answered then: alone by Block, in a transaction with that.
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
// written since mark, and answers it when the server is awake again.
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

// SkipChecksums says whether the checksums of payloads and files count.
func (e *Core) SkipChecksums(skip bool) { e.debug.noChecksum = skip }

// LetScriptsCallAll says whether scripts may call what is not for them.
func (e *Core) LetScriptsCallAll(may bool) { e.debug.scriptsCallAll = may }

// SetPlainFrom makes elements from a length on nodes of their own, in lists that
// become long from now on; 0 leaves it to the settings.
func (e *Core) SetPlainFrom(n int) { e.limits.ListPlainFrom = n }

// ResizeTables says whether the tables of keys become smaller when keys are
// removed. They grow in any case.
func (e *Core) ResizeTables(on bool) {
	e.debug.fixedTables = !on
	e.Keyspace.KeepSize(!on)
}

// ResizeReplies says whether a client gives back the buffer for its replies when
// they are written, as is the default, or keeps it.
func (e *Core) ResizeReplies(on bool) {
	e.debug.fixedReplies = !on
	e.keepReplies()
}

// KeepReplyPeaks says whether buffers for replies stay as large as they once had
// to be, which is to say that clients keep them.
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

// ClientShare is how much the clients of about a size take.
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

// ClientShares returns what clients take that may be evicted, by their size;
// nil if they are not evicted at all.
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

// LogScripts writes the scripts of EVAL to the log: that with a hash, or all.
// It reports whether there was one, or none was asked for.
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

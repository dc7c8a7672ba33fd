package engine

import (
	"math"
	"time"
)

// times separates three times that are one in Redis, for tests: the time of the clock,
// the time that data have and show (TIME, streams, EXPIREAT), and the time by which
// keys and hash fields expire. ExpireAt returns a time of the last kind.
type times struct {
	shown int64 // µs; 0: as the clock
	held  bool  // expiry stands still at heldAt
	// heldAt and ahead are in ms. Expiry is ahead of the clock, or behind it.
	heldAt, ahead int64
}

// ShownMicro returns the time that data have and show, in microseconds since 1970.
func (e *Core) ShownMicro() int64 {
	if e.times.shown != 0 {
		return e.times.shown
	}
	return e.now
}

// ShownMilli is ShownMicro in milliseconds.
func (e *Core) ShownMilli() int64 { return e.ShownMicro() / 1000 }

// ExpiryMilli returns the present time for keys and hash fields, in milliseconds: they
// expire if their expiry time is not later.
func (e *Core) ExpiryMilli() int64 {
	if e.times.held {
		return e.times.heldAt
	}
	return e.now/1000 + e.times.ahead
}

// ExpiryOfUnix turns a client's time since 1970 into the expiry time to store.
func (e *Core) ExpiryOfUnix(ms int64) int64 {
	d := e.ExpiryMilli() - e.ShownMilli()
	switch {
	case d == 0:
		return ms
	case d > 0 && ms > math.MaxInt64-d:
		return math.MaxInt64
	case ms+d < 1:
		return 1 // long ago, and not 0, which is never
	}
	return ms + d
}

// UnixOfExpiry is the reverse of ExpiryOfUnix.
func (e *Core) UnixOfExpiry(at int64) int64 {
	d := e.ShownMilli() - e.ExpiryMilli()
	if d > 0 && at > math.MaxInt64-d {
		return math.MaxInt64
	}
	return at + d
}

// ShowTime stops the time that data show at a time in microseconds since 1970; 0 lets
// it follow the clock again.
func (e *Core) ShowTime(micro int64) {
	e.times.shown = micro
	e.retry()
	e.served()
}

// HoldExpiry stops the time by which keys expire, or lets it go on.
func (e *Core) HoldExpiry(on bool) {
	if on == e.times.held {
		return
	}
	at := e.ExpiryMilli()
	e.times.held, e.times.heldAt, e.times.ahead = on, at, at-e.NowMilli()
}

// PassExpiry lets a duration pass for keys and hash fields only. It has deleted those
// that expire by then when it returns.
func (e *Core) PassExpiry(d time.Duration) {
	e.times.heldAt += d.Milliseconds()
	e.times.ahead += d.Milliseconds()
	for !e.IsReplica() && e.timing.nextKey != 0 && e.timing.nextKey <= e.ExpiryMilli() {
		e.expireKeys()
	}
	e.served()
}

// served ends work that was done between units.
func (e *Core) served() {
	e.finishUnit()
	e.serveBlocked()
}

// expiryOnClock returns when the clock shows the time of what expires next; 0 if
// it never does.
func (e *Core) expiryOnClock() int64 {
	if e.timing.nextKey == 0 || e.times.held {
		return 0
	}
	return max(e.timing.nextKey-e.times.ahead, 1)
}

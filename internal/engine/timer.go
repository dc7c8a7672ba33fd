package engine

import (
	"fmt"
	"time"

	"github.com/resp-server/resp-server/internal/clock"
)

// maxTimer, in milliseconds, is about 35 years. A timer for a later time fires then
// and is set again. So the arithmetic of timers does not overflow.
const maxTimer = 1 << 40

// timing is the timer of the engine and the state of what it does.
//
// Between two entries the timer is set for the first thing that is due, or for an
// earlier time; see Core.due. No key and no element of one expires before nextKey.
type timing struct {
	timer   clock.Timer
	at      int64 // when it fires, in ms; 0: it is not set
	nextKey int64 // ms; 0: no key expires
	// cronPaused: the timer only serves waiting clients.
	cronPaused bool
	lazy       bool // expired keys stay until somebody looks at them
}

func (t *timing) check(e *Core) error {
	if e.closed {
		return nil
	}
	if due := e.due(); due != 0 && (t.at == 0 || t.at > max(due, e.NowMilli())) {
		return fmt.Errorf("something is due at %d, the timer fires at %d", due, t.at)
	}
	if e.loading != nil {
		return nil
	}
	for db := range e.Keyspace.Used {
		if k, ok := db.NextExpiry(); ok && (t.nextKey == 0 || k.ExpireAt() < t.nextKey) {
			return fmt.Errorf("key %q of database %d expires at %d, the next is to at %d", k.Key(), db.Index(), k.ExpireAt(), t.nextKey)
		}
		if k, at, ok := db.NextElementExpiry(); ok && (t.nextKey == 0 || at < t.nextKey) {
			return fmt.Errorf("an element of key %q of database %d expires at %d, the next is to at %d", k.Key(), db.Index(), at, t.nextKey)
		}
	}
	return nil
}

// SetActiveExpire sets whether the timer deletes expired keys when their time comes,
// which is the default, or a key stays until somebody looks at it.
func (e *Core) SetActiveExpire(on bool) { e.timing.lazy = !on }

// PauseCron stops the work of the timer: no keys expire unless somebody looks at
// them, idle clients stay, and nothing is saved. Only waiting clients are served.
func (e *Core) PauseCron(on bool) { e.timing.cronPaused = on }

// due returns the time of the next thing that is due, in milliseconds since 1970; 0
// is never.
func (e *Core) due() (at int64) {
	switch t := &e.timing; {
	case e.pause.until != 0:
		at = e.pause.until // no key expires before
	case !t.lazy && !t.cronPaused && !e.IsReplica() && e.loading == nil:
		at = e.expiryOnClock()
	}
	if w, ok := e.blocking.timeouts.Min(); ok {
		at = sooner(at, w.deadline())
	}
	if w, ok := e.blocking.retries.Min(); ok {
		at = sooner(at, w.Retry-e.ShownMilli()+e.NowMilli())
	}
	if !e.timing.cronPaused {
		at = sooner(at, e.nextIdle)
		at = sooner(at, e.repl.next)
		if e.loading == nil {
			at = sooner(at, e.nextSave())
			at = sooner(at, e.nextRewrite())
		}
	}
	at = sooner(at, e.shutdown.until)
	at = sooner(at, e.ownKeysDue())
	at = sooner(at, e.evict.next)
	at = sooner(at, e.cluster.next)
	at = sooner(at, e.guard.next)
	if e.isAsleep() {
		at = e.debug.asleep
	}
	for s := range e.output.slow {
		at = sooner(at, s.overUntil())
	}
	return at
}

// sooner returns the earlier of two times, of which 0 is never.
func sooner(a, b int64) int64 {
	if b != 0 && (a == 0 || b < a) {
		return b
	}
	return a
}

// setTimer arms the timer for the next thing that is due. While a script is busy
// nothing is due: the timer is set when the script ends.
func (e *Core) setTimer() {
	if e.closed || e.busy != nil {
		return
	}
	t, at := &e.timing, e.due()
	if at == 0 || t.at != 0 && t.at <= at {
		return // a timer that fires too early finds nothing and sets the next
	}
	t.at = at
	left := min(max(at-e.NowMilli(), 0), maxTimer)
	d := time.Duration(max(left*1000-e.now%1000, 0)) * time.Microsecond
	if t.timer == nil {
		t.timer = e.clock.AfterFunc(d, e.engine.tick)
	} else {
		t.timer.Reset(d)
	}
}

// tick does everything that is due, such as deleting expired keys and timing out
// blocked commands.
func (e *Core) tick() {
	e.timing.at = 0
	if e.closed || e.busy != nil {
		return
	}
	began := e.clock.Monotonic()
	defer func() { e.Stats.TickTime += e.clock.Monotonic() - began }()
	now := e.NowMilli()
	if e.isAsleep() {
		e.endSlow()
		return
	}
	if !e.timing.cronPaused {
		e.dropIdle(now)
	}
	if e.pause.until != 0 && e.pause.until <= now {
		e.endPauses(now)
		e.serveBlocked() // clients that waited while the server slept, before they time out
	}
	if e.pause.until == 0 && !e.timing.lazy && !e.timing.cronPaused && !e.IsReplica() && e.loading == nil {
		e.expireKeys()
	}
	if at := e.ownKeysDue(); at != 0 && at <= now {
		e.expireOwnKeys()
	}
	for {
		w, ok := e.blocking.timeouts.Min()
		if !ok || w.deadline() > now {
			break
		}
		e.timeOut(w)
	}
	e.retry()
	e.tickCluster(now)
	e.checkShutdown(now)
	e.tickSentinel(now)
	if !e.timing.cronPaused && e.loading == nil {
		e.saveIfDue()
	}
	if !e.timing.cronPaused {
		e.replicateIfDue(now)
	}
	e.endSlow()
	if e.evict.next != 0 && e.loading == nil {
		e.makeRoom()
	}
	e.served()
}

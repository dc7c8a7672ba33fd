package engine

import "time"

// maxTimer, in milliseconds, is about 35 years: what is due later than that is
// looked at again then. It keeps the arithmetic of timers from overflowing.
const maxTimer = 1 << 40

// SetActiveExpire tells whether expired keys are deleted when their time comes,
// as is the default, or only when somebody looks at them.
func (e *Core) SetActiveExpire(on bool) { e.lazy = !on }

// PauseCron stops what is done by time alone: no keys expire unless somebody
// looks at them, idle clients stay, and nothing is saved. Who waits is still
// served.
func (e *Core) PauseCron(on bool) { e.cronPaused = on }

// setTimer arms the timer for what is due next, if anything is. While a script
// is busy nothing is due; it leaves in the end.
func (e *Core) setTimer() {
	if e.closed || e.busy != nil {
		return
	}
	at := e.nextKey
	switch {
	case e.pause.until != 0:
		at = e.pause.until // no key expires before
	case e.lazy || e.cronPaused:
		at = 0
	}
	if w, ok := e.timeouts.Min(); ok && (at == 0 || w.deadline() < at) {
		at = w.deadline()
	}
	if w, ok := e.retries.Min(); ok && (at == 0 || w.Retry < at) {
		at = w.Retry
	}
	if e.nextIdle != 0 && !e.cronPaused && (at == 0 || e.nextIdle < at) {
		at = e.nextIdle
	}
	if save := e.nextSave(); save != 0 && !e.cronPaused && (at == 0 || save < at) {
		at = save
	}
	if e.evict.next != 0 && (at == 0 || e.evict.next < at) {
		at = e.evict.next
	}
	if e.isAsleep() {
		at = e.debug.asleep
	}
	for s := range e.slow {
		if due := s.overUntil(); at == 0 || due < at {
			at = due
		}
	}
	if at == 0 || e.timerAt != 0 && e.timerAt <= at {
		return // a timer that fires too early finds nothing and sets the next
	}
	e.timerAt = at
	left := min(max(at-e.NowMilli(), 0), maxTimer)
	d := time.Duration(max(left*1000-e.now%1000, 0)) * time.Microsecond
	if e.timer == nil {
		e.timer = e.clock.AfterFunc(d, e.engine.tick)
	} else {
		e.timer.Reset(d)
	}
}

// tick does what is due: it deletes expired keys and times out blocked
// commands.
func (e *Core) tick() {
	e.timerAt = 0
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
	if !e.cronPaused {
		e.dropIdle(now)
	}
	if e.pause.until != 0 && e.pause.until <= now {
		e.Unpause()
		e.serveBlocked() // those who waited while the server slept, before their time is up
	}
	if e.pause.until == 0 && !e.lazy && !e.cronPaused {
		e.expireKeys()
	}
	for {
		w, ok := e.timeouts.Min()
		if !ok || w.deadline() > now {
			break
		}
		e.timeOut(w)
	}
	e.retry()
	if !e.cronPaused {
		e.saveIfDue()
	}
	e.endSlow()
	if e.evict.next != 0 {
		e.makeRoom()
	}
	e.finishUnit()
	e.serveBlocked()
}

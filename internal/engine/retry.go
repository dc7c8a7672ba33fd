package engine

import (
	"cmp"
	"math"
)

// compareRetries orders waits by when they are worth another try.
func compareRetries(a, b *wait) int {
	return cmp.Or(cmp.Compare(a.Retry, b.Retry), cmp.Compare(a.seq, b.seq))
}

// retryAt has a blocked command run again at a time although no key changed;
// 0 is never.
func (e *Core) retryAt(w *wait, at int64) {
	if w.Retry == at {
		return
	}
	if w.Retry != 0 {
		e.retries.Delete(w)
	}
	w.Retry = at
	if at != 0 {
		e.retries.Insert(w)
	}
}

// Idles tells the blocked commands that claim what idles in a key that
// something does so since a time in milliseconds since 1970.
func (c *Ctx) Idles(key []byte, since int64) {
	if len(c.waiting) == 0 {
		return
	}
	q := c.waiting[dbKey{c.Session.db, string(key)}]
	if q == nil {
		return
	}
	for l := q.first; l != nil; l = l.next {
		if w := l.w; w.Claims {
			at := max(AfterIdle(since, w.MinIdle), 1)
			if w.Retry == 0 || at < w.Retry {
				c.retryAt(w, at)
			}
		}
	}
}

// AfterIdle returns when what idles since a time has done so for some
// milliseconds.
func AfterIdle(since, ms int64) int64 {
	if since > 0 && ms > math.MaxInt64-since {
		return math.MaxInt64
	}
	return since + ms
}

// retry runs the blocked commands again whose time for that has come.
func (e *Core) retry() {
	now := e.NowMilli()
	for {
		w, ok := e.retries.Min()
		if !ok || w.Retry > now {
			return
		}
		if e.isPaused() {
			e.retryAt(w, e.pause.until)
			continue
		}
		e.retryAt(w, 0) // unless it blocks again
		e.tryAgain(w)
	}
}

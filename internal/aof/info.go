package aof

import (
	"fmt"
	"time"
)

// Info is the state of the file, as INFO shows it. Sizes are in bytes.
type Info struct {
	Enabled bool // or about to be
	// Waiting: true while the file has no base yet.
	Waiting bool

	Rewriting, Scheduled bool
	RewriteTook          time.Duration // of the last rewrite; -1: there was none
	RewriteTakes         time.Duration // of the one that runs; -1: none does
	RewriteFailed        bool          // the last one
	Rewrites, Failures   int64         // all; and those that failed since the last one that did not

	WriteFailed  bool // the last write or sync
	CurrentSize  int64
	BaseSize     int64 // after the last rewrite or start
	BufferLength int64 // what is not with the operating system yet
	PendingFsync bool
	DelayedFsync int64 // writes that waited for a sync too long
}

// Info returns the state of the file.
func (l *Log) Info() Info {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := Info{
		Enabled: l.state != off, Waiting: l.state == waiting,
		Rewriting: l.rewrite != nil, Scheduled: l.scheduled,
		RewriteTook: l.took, RewriteTakes: -1, RewriteFailed: l.lastFailed,
		Rewrites: l.rewrites, Failures: l.failures,
		WriteFailed: l.state != off && (l.writeErr != nil || l.syncErr != nil),
		CurrentSize: l.size, BaseSize: l.baseSize,
		PendingFsync: l.syncWanted, DelayedFsync: l.delayed,
	}
	for _, out := range l.outs {
		i.BufferLength += out.reader.Lag()
	}
	if l.rewrite != nil {
		i.RewriteTakes = l.clock.Monotonic() - l.rewrite.began
	}
	return i
}

// Schedule has RewriteDue say so as soon as no rewrite runs. Failures of before
// do not delay that.
func (l *Log) Schedule() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.scheduled, l.failures = true, 0
}

const (
	failuresToLimit = 3 // from which on rewrites are delayed
	maxDelay        = 60
)

// RewriteDue returns whether a rewrite is to begin now: it was scheduled, the
// files have grown too much, or a sync has failed.
func (l *Log) RewriteDue() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rewrite != nil {
		return false
	}
	due := l.scheduled || l.state == on && l.suspect >= 0
	if s := &l.settings; !due && l.state == on && s.Percentage > 0 && l.size > s.MinSize {
		due = l.size*100/max(l.baseSize, 1)-100 >= s.Percentage
	}
	return due && !l.limited()
}

// limited says whether too many rewrites have failed to try again already: the
// delay doubles from one minute up to an hour.
func (l *Log) limited() bool {
	now := l.clock.Now().Unix()
	switch {
	case l.failures < failuresToLimit:
		l.delay, l.next = 0, 0
		return false
	case l.next != 0:
		if now < l.next {
			return true
		}
		l.next = 0
		return false
	}
	l.delay = min(max(2*l.delay, 1), maxDelay)
	l.next = now + l.delay*60
	l.log.Warn(fmt.Sprintf("Background AOF rewrite has repeatedly failed and triggered the limit, will retry in %d minutes", l.delay))
	return true
}

// NextRewrite returns the time in seconds since 1970 before which RewriteDue is
// not true because of failures; 0 if there is none.
func (l *Log) NextRewrite() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.next
}

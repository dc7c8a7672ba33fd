package aof

import "time"

// Slow is an operation on the files that took long. Its event is that of LATENCY in
// Redis.
type Slow struct {
	Event    string
	Duration time.Duration
}

// maxSlow is how many slow operations are kept until they are taken.
const maxSlow = 128

// TakeSlow returns the slow operations since the last call, in their order.
func (l *Log) TakeSlow() []Slow {
	l.mu.Lock()
	defer l.mu.Unlock()
	slow := l.slow
	l.slow = nil
	return slow
}

// timed does something to a file, and notes how long it took if that is long. The
// caller does not hold mu.
func (l *Log) timed(event string, do func() error) error {
	l.mu.Lock()
	after := l.settings.SlowAfter
	l.mu.Unlock()
	if after == 0 {
		return do()
	}
	began := l.clock.Monotonic()
	err := do()
	l.note(event, l.clock.Monotonic()-began)
	return err
}

// note notes how long an operation took.
func (l *Log) note(event string, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.settings.SlowAfter > 0 && took >= l.settings.SlowAfter && len(l.slow) < maxSlow {
		l.slow = append(l.slow, Slow{event, took})
	}
}

// noteWrite notes a write, under the name of what may have held it up as well.
func (l *Log) noteWrite(took time.Duration) {
	l.mu.Lock()
	event := "aof-write-alone"
	switch {
	case l.syncing:
		event = "aof-write-pending-fsync"
	case l.saving || l.rewrite != nil:
		event = "aof-write-active-child"
	}
	l.mu.Unlock()
	l.note(event, took)
	l.note("aof-write", took)
}

package engine

import (
	"errors"
	"fmt"
	"runtime"
)

// Check looks at everything that the server holds, each value included, and returns
// the invariants that do not hold, nil if all do. It is for tests: commands wait
// meanwhile. While a script is busy it looks at nothing.
func (e *Engine) Check() error {
	e.interpose()
	defer e.leave()
	for e.core.busy == nil && e.core.behind > 0 {
		e.mu.Unlock()
		runtime.Gosched()
		e.mu.Lock()
		e.core.readClock()
	}
	if e.core.busy != nil {
		return nil
	}
	return e.core.check()
}

// check returns the invariants that do not hold between two units.
func (e *Core) check() error {
	return errors.Join(
		named("turn", e.turn.check(e)),
		named("clients", e.clients.check(e)),
		named("users", e.accessControl.check(e)),
		named("cluster", e.cluster.check(e)),
		named("blocked commands", e.blocking.check(e)),
		named("pause", e.pause.check(e)),
		named("schedule", e.schedule.check(e)),
		named("watched keys", e.watching.check(e)),
		named("subscriptions", e.checkSubscriptions()),
		named("tracking", e.tracker.check(e)),
		named("output", e.output.check(e)),
		named("gates", e.gating.check(e)),
		named("faults", e.faulting.check()),
		named("observers", e.observing.check(e)),
		named("logs", e.logs.check(e)),
		named("hot keys", e.hot.check()),
		named("slots", e.slotStats.check(e)),
		named("saving", e.Saving.check()),
		named("shutdown", e.shutdown.check(e)),
		named("append-only file", e.append.check(e)),
		named("journal", e.journal.check()),
		named("scripts", e.Scripts.check()),
		named("scripts", e.scripting.check()),
		named("functions", e.Functions.check()),
		named("replication", e.repl.check(e)),
		named("own keys", e.repl.own.check(e)),
		named("eviction", e.evict.check(e)),
		named("timer", e.timing.check(e)),
		named("data", e.Keyspace.Check()),
	)
}

func named(part string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", part, err)
}

package engine

import (
	"time"

	"github.com/resp-server/resp-server/internal/fault"
	"github.com/resp-server/resp-server/internal/pubsub"
)

// Sabotages break one invariant each of a server that busyServer has made.
var Sabotages = []struct {
	Name string
	Do   func(*Core)
}{
	{"a wait that nobody counted", func(c *Core) { c.blocking.count++ }},
	{"a deadline that is forgotten", func(c *Core) { w, _ := c.blocking.timeouts.Min(); c.blocking.timeouts.Delete(w) }},
	{"a try that is forgotten", func(c *Core) { w, _ := c.blocking.retries.Min(); c.blocking.retries.Delete(w) }},
	{"a queue that is forgotten", func(c *Core) { delete(c.blocking.queues, dbKey{0, "list"}) }},
	{"a queue that counts wrong", func(c *Core) { c.blocking.queues[dbKey{0, "list"}].gone++ }},
	{"a wait that its client does not know", func(c *Core) { c.blocking.last.s.wait = nil }},
	{"a paused command without a pause", func(c *Core) { c.pause.parked = append(c.pause.parked, c.blocking.last) }},
	{"a command held back by nothing", func(c *Core) { c.hold(&wait{s: idle(c), parked: true}) }},
	{"a watch that the client does not know", func(c *Core) { c.watching.add(dbKey{0, "other"}, idle(c)) }},
	{"a watch of a client only", func(c *Core) { delete(c.watching.keys, dbKey{0, "watched"}) }},
	{"a watched key without clients", func(c *Core) { c.watching.keys[dbKey{0, "x"}] = nil }},
	{"a watcher that is gone", func(c *Core) {
		for s := range c.watching.keys[dbKey{0, "watched"}] {
			delete(c.all, s)
			delete(c.sessions, s.ID)
		}
	}},
	{"the size of what is watched", func(c *Core) {
		for s := range c.watching.keys[dbKey{0, "watched"}] {
			s.watched.size--
		}
	}},
	{"a transaction that counts wrong", func(c *Core) {
		for _, s := range c.sessions {
			if s.multi != nil {
				s.multi.size++
			}
		}
	}},
	{"a subscription that the registry does not have", func(c *Core) { c.PubSub.Unsubscribe(pubsub.Channel, "news", listener(c)) }},
	{"a subscription that the client does not have", func(c *Core) { c.PubSub.Subscribe(pubsub.Pattern, "*", idle(c)) }},
	{"a client that tracks keys and is not counted", func(c *Core) { c.tracker.clients-- }},
	{"a prefix that is forgotten", func(c *Core) {
		for _, s := range c.sessions {
			if s.tracking != nil && s.tracking.Broadcast {
				c.tracker.prefixes.Remove("user:", s.ID)
			}
		}
	}},
	{"a client that hears of nothing in MONITOR mode", func(c *Core) { idle(c).monitor = true }},
	{"a monitor that is gone", func(c *Core) { c.monitors = append(c.monitors, idle(c)) }},
	{"observers that should look", func(c *Core) { c.observers = 0 }},
	{"faults that files do not meet", func(c *Core) { c.shared.Store(fault.New(1)) }},
	{"gates that should be on", func(c *Core) { c.gates |= gateMemory }},
	{"writes that are refused for no reason", func(c *Core) { c.refuseWrites = true }},
	{"slots that nobody asks about", func(c *Core) { c.slotStats.time = true }},
	{"a threshold of another setting", func(c *Core) { c.slowness = time.Second }},
	{"the memory of clients", func(c *Core) { c.clientMemory++ }},
	{"a session that is no client", func(c *Core) { delete(c.sessions, idle(c).ID) }},
	{"a client that is gone", func(c *Core) { delete(c.all, idle(c)) }},
	{"a user who may do everything", func(c *Core) { c.Users.Get([]byte("reader")).Unrestricted = true }},
	{"a user with another name", func(c *Core) { c.Users.Get([]byte("reader")).Name = "writer" }},
	{"a password of another setting", func(c *Core) { c.password = "secret" }},
	{"a client of a user that is gone", func(c *Core) { u := *idle(c).user; idle(c).user = &u }},
	{"the limits of a client", func(c *Core) { idle(c).out.Limit = 1 }},
	{"a protocol that differs", func(c *Core) { idle(c).proto = 3 }},
	{"a slow client that is not", func(c *Core) { c.output.slow = map[*Session]struct{}{idle(c): {}} }},
	{"output that nobody hands over", func(c *Core) { idle(c).out.Simple("OK") }},
	{"output that is counted wrong", func(c *Core) { idle(c).pending.size++ }},
	{"spare buffers that are counted wrong", func(c *Core) { c.output.buffers.size++ }},
	{"a save that runs without a beginning", func(c *Core) { c.Saving.Since = 1 }},
	{"a key of a replica that is a master", func(c *Core) { c.repl.own.note(dbKey{0, "own"}, 1) }},
	{"a shutdown that holds back nothing", func(c *Core) { c.shutdown.until = 1e15 }},
	{"scripts that are counted wrong", func(c *Core) { c.Scripts.size++ }},
	{"a script without a place", func(c *Core) { c.Scripts.evals.Init() }},
	{"functions that nothing runs", func(c *Core) { c.Functions.interp = nil }},
	{"effects for nobody", func(c *Core) { c.journal.on = true }},
	{"output that waits for the disk by mistake", func(c *Core) { idle(c).held = true }},
	{"a wait for the disk that has ended", func(c *Core) { c.append.waiting = map[*Session]int64{idle(c): 1} }},
	{"a wait for replicas that has ended", func(c *Core) { c.repl.waits = append(c.repl.waits, ackWait{w: &wait{s: idle(c)}}) }},
	{"a script that never ended", func(c *Core) { c.script = new(scriptRun) }},
	{"a policy that looks at changes", func(c *Core) { c.evict.lrm = true }},
	{"a policy of another setting", func(c *Core) { c.evict.policy.ttl = true }},
	{"data that should be counted", func(c *Core) { c.Keyspace.Count() }},
	{"candidates out of order", func(c *Core) { c.evict.pool = []candidate{{score: 2}, {score: 1}} }},
	{"a timer that is late", func(c *Core) { c.timing.at += 1e9 }},
	{"an expiry that nobody waits for", func(c *Core) { c.timing.nextKey = 0; c.timing.at = 1 }},
	{"a unit that has not ended", func(c *Core) { c.unit.depth = 1 }},
	{"a command that has not ended", func(c *Core) { c.executing = idle(c) }},
	{"a session that is to go on", func(c *Core) { c.resume = append(c.resume, idle(c)) }},
	{"changes that nobody was told of", func(c *Core) { c.wakeKey(0, []byte("list")) }},
	{"a hash whose next field is forgotten", func(c *Core) {
		k, _ := c.Keyspace.DB(0).Get([]byte("hash"))
		k.Value().(interface{ Remove([]byte) bool }).Remove([]byte("f"))
	}},
	{"an empty value", func(c *Core) {
		k, _ := c.Keyspace.DB(0).Get([]byte("zset"))
		k.Value().(interface{ Delete([]byte) bool }).Delete([]byte("a"))
	}},
}

// idle returns the client that does nothing.
func idle(c *Core) *Session {
	for s := range c.Sessions {
		if s.Name == "idle" {
			return s
		}
	}
	panic("there is no idle client")
}

func listener(c *Core) *Session { return c.PubSub.Subscribers(pubsub.Channel, []byte("news"))[0] }

// CheckWithout calls Check without what an entry does before and after.
func CheckWithout(e *Engine, sabotage func(*Core)) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	sabotage(&e.core)
	return e.core.check()
}

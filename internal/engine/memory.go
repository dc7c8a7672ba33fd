package engine

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
	"unsafe"

	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/rdb"
)

// MemoryUse is the memory of data and clients in bytes, without the Go program around
// the server.
type MemoryUse struct {
	Startup   int64 // of an empty server
	Tables    int64 // of keys and expiry times
	Dataset   int64 // keys and values
	Clients   int64
	Scripts   int64 // of EVAL
	Functions int64
	Tracking  int64 // of keys that clients cache
}

// Overhead returns the sum without the dataset.
func (m *MemoryUse) Overhead() int64 {
	return m.Startup + m.Tables + m.Clients + m.Scripts + m.Functions + m.Tracking
}

// Total returns the sum.
func (m *MemoryUse) Total() int64 { return m.Overhead() + m.Dataset }

// MeasureMemory counts the present use of memory. It looks at each client, so it is
// for handlers that show the result.
func (e *Core) MeasureMemory() MemoryUse {
	m := e.memoryBesides()
	m.Clients = 0
	for _, s := range e.sessions {
		m.Clients += int64(s.Usage().Total)
	}
	for db := range e.Keyspace.Used {
		m.Tables += db.Overhead()
		m.Dataset += db.DatasetUse()
	}
	if n := m.Total(); n > e.Stats.PeakMemory {
		e.Stats.PeakMemory, e.Stats.PeakTime = n, e.NowMilli()/1000
	}
	return m
}

// memoryBesides is MeasureMemory without the data, in constant time.
func (e *Core) memoryBesides() MemoryUse {
	const perTracked = 64
	scriptSource, scriptMachine := e.Scripts.Size()
	functionSource, functionMachine := e.Functions.Size()
	_, keys, items, prefixes := e.TrackingUse()
	return MemoryUse{
		Startup:   int64(unsafe.Sizeof(*e)) + int64(len(e.table.all))*int64(unsafe.Sizeof(CommandStats{})),
		Clients:   e.clientMemory,
		Scripts:   int64(scriptSource + scriptMachine),
		Functions: int64(functionSource + functionMachine),
		Tracking:  int64(keys+items+prefixes) * perTracked,
	}
}

// usedMemory returns the use of memory that counts for maxmemory, while that is set.
func (e *Core) usedMemory() int64 {
	m := e.memoryBesides()
	return m.Overhead() + e.Keyspace.MemoryUse()
}

// eviction is the state that lasts from one eviction to the next.
//
// policy and lfu follow from the setting, and the keyspace counts the memory of entries
// if and only if there is a limit. The pool has at most poolSize candidates, each
// once, in the order of their scores.
type eviction struct {
	policy policy
	// pool has the best candidates seen so far, the best one last.
	pool []candidate
	// next is the time in ms when evicting goes on; 0: it is over.
	next int64
	// over: the data took too much memory at the last look. overSince is the beginning
	// of that, by the monotonic clock.
	over      bool
	overSince time.Duration
	// recount is the time of the next count of each client's memory, by the monotonic
	// clock.
	recount time.Duration
	lfu     bool // the policy counts the uses of keys
	lrm     bool // the policy looks at when keys were changed, not when they were used
	// failed: no memory could be freed before the command that runs.
	failed bool
}

// policy is a value of the setting maxmemory-policy.
type policy struct {
	volatile bool // only keys with an expiry time
	by       func(*Core, keyspace.Entry) int64
	random   bool
	ttl      bool
}

// candidate is a key that may be evicted; the higher the score the better.
type candidate struct {
	db    *keyspace.DB
	key   []byte
	score int64
}

const (
	poolSize = 16
	// evictedAtOnce is the number of keys that evicting takes between two looks at the
	// clock.
	evictedAtOnce = 16
	// Counting the memory of clients may take one part in countingShare of the time.
	countingShare = 20
)

func (v *eviction) check(e *Core) error {
	c := e.Config
	want, _ := policyOf(c.MaxMemoryPolicy)
	p := v.policy
	switch {
	case v.lfu != c.UsesLFU() || v.lrm != c.UsesLRM() || p.volatile != want.volatile || p.random != want.random || p.ttl != want.ttl || (p.by == nil) != (want.by == nil):
		return fmt.Errorf("the policy is not %s", c.MaxMemoryPolicy)
	case e.Keyspace.Counting() != (c.MaxMemory != 0):
		return fmt.Errorf("the data are counted: %v", e.Keyspace.Counting())
	case len(v.pool) > poolSize || !slices.IsSortedFunc(v.pool, func(a, b candidate) int { return cmp.Compare(a.score, b.score) }):
		return errors.New("the candidates are out of order")
	}
	for i, k := range v.pool {
		if slices.ContainsFunc(v.pool[:i], func(o candidate) bool { return o.db == k.db && bytes.Equal(o.key, k.key) }) {
			return fmt.Errorf("key %q is a candidate twice", k.key)
		}
	}
	return nil
}

// policyOf reads the setting; ok is false for noeviction.
func policyOf(name string) (p policy, ok bool) {
	class, by, _ := bytes.Cut([]byte(name), []byte("-"))
	p.volatile = string(class) == "volatile"
	switch string(by) {
	case "lru", "lrm":
		p.by = (*Core).idleFor
	case "lfu":
		p.by = (*Core).rarity
	case "random":
		p.random = true
	case "ttl":
		p.ttl = true
	default:
		return policy{}, false
	}
	return p, true
}

// limitMemory takes over the settings about memory.
func (e *Core) limitMemory() {
	c := e.Config
	e.evict.policy, _ = policyOf(c.MaxMemoryPolicy)
	e.evict.pool = nil
	e.evict.lrm = c.UsesLRM()
	lfu := c.UsesLFU()
	if lfu != e.evict.lfu {
		e.evict.lfu = lfu
		e.Keyspace.Access = e.newAccess()
	}
	if e.countsClients() {
		e.countAllClients()
	}
	e.evict.next = 0
	if c.MaxMemory == 0 || e.IsReplica() && c.Replication.IgnoreMaxMemory {
		e.evict.failed = false
		_, now := e.OverMemory()
		e.Stats.OverMemory += now
		e.evict.over = false
		e.Keyspace.StopCounting()
		return
	}
	e.Keyspace.Count()
	if e.usedMemory() > c.MaxMemory {
		e.evict.next = e.NowMilli()
	}
}

// makeRoom evicts keys while the data take too much memory, but not for long at a time.
// It reports whether there is room for a command.
func (e *Core) makeRoom() bool {
	room := e.evictToLimit()
	if over := !room || e.evict.next != 0; over != e.evict.over {
		_, now := e.OverMemory()
		e.Stats.OverMemory += now
		e.evict.over, e.evict.overSince = over, e.clock.Monotonic()
	}
	return room
}

// OverMemory returns how long the data have been over the limit of memory: in all, and
// since they last passed it.
func (e *Core) OverMemory() (all, now time.Duration) {
	if e.evict.over {
		now = e.clock.Monotonic() - e.evict.overSince
	}
	return e.Stats.OverMemory + now, now
}

func (e *Core) evictToLimit() (room bool) {
	e.evict.next = 0
	if e.isPaused() || e.loading != nil || e.usedMemory() <= e.Config.MaxMemory {
		return true
	}
	began := e.clock.Monotonic()
	if began >= e.evict.recount {
		e.countAllClients()
		now := e.clock.Monotonic()
		// While the data are over the limit each command comes here, and there may be
		// thousands of clients.
		e.evict.recount = now + countingShare*(now-began)
		began = now
	}
	over := e.usedMemory() - e.Config.MaxMemory
	if over <= 0 {
		return true
	}
	limit := evictionTime(e.Config.EvictionTenacity)
	room = true
	// Only the memory of keys counts, not that of the messages about their eviction.
	goal := e.Keyspace.MemoryUse() - over
	for n := 1; e.Keyspace.MemoryUse() > goal; n++ {
		if !e.evictOne() {
			room = false
			break
		}
		if n%evictedAtOnce == 0 && e.clock.Monotonic()-began > limit {
			e.evict.next = e.NowMilli() // goes on soon
			break
		}
	}
	if e.latencyAfter() != math.MaxInt64 {
		e.took("eviction-cycle", e.clock.Monotonic()-began)
	}
	return room
}

// evictionTime returns the longest time of evicting at once.
func evictionTime(tenacity int64) time.Duration {
	switch {
	case tenacity <= 10: // up to half a millisecond
		return time.Duration(50*tenacity) * time.Microsecond
	case tenacity < 100: // up to some minutes
		return time.Duration(500*math.Pow(1.15, float64(tenacity-10))) * time.Microsecond
	}
	return math.MaxInt64
}

// evictOne evicts the best of some keys that it looks at, and reports whether there
// was one.
func (e *Core) evictOne() bool {
	db, k, ok := e.choose()
	if !ok {
		return false
	}
	e.evictKey(db, k)
	return true
}

// evictKey deletes a key because there is no memory for it.
func (e *Core) evictKey(db *keyspace.DB, k keyspace.Entry) {
	key := slices.Clone(k.Key())
	// Messages to the client that runs a command come before its reply.
	executing := e.executing
	e.executing = nil
	if e.Config.LazyEviction {
		e.freeLater(k)
	}
	e.remove("eviction-del", db, key)
	e.Stats.EvictedKeys++
	e.touch(nil, db.Index(), key)
	e.notify(db.Index(), key, event.KeyEvicted)
	e.propagateDeletion(db, key, e.Config.LazyEviction)
	e.finishUnit()
	e.executing = executing
}

// remove deletes a key and notes for LATENCY how long that took.
func (e *Core) remove(event string, db *keyspace.DB, key []byte) {
	if e.latencyAfter() == math.MaxInt64 {
		db.Delete(key)
		return
	}
	began := e.clock.Monotonic()
	db.Delete(key)
	e.took(event, e.clock.Monotonic()-began)
}

// choose returns the next key to evict.
func (e *Core) choose() (*keyspace.DB, keyspace.Entry, bool) {
	switch p := &e.evict.policy; {
	case p.ttl:
		return e.soonest()
	case p.random:
		return e.anyKey()
	case p.by == nil:
		return nil, keyspace.Entry{}, false
	}
	for {
		if !e.fillPool() {
			return nil, keyspace.Entry{}, false
		}
		for len(e.evict.pool) > 0 {
			best := e.evict.pool[len(e.evict.pool)-1]
			e.evict.pool = e.evict.pool[:len(e.evict.pool)-1]
			k, ok := best.db.Get(best.key)
			if ok && (!e.evict.policy.volatile || k.ExpireAt() != 0) {
				return best.db, k, true
			}
		}
	}
}

// soonest returns the key that expires first.
func (e *Core) soonest() (db *keyspace.DB, k keyspace.Entry, ok bool) {
	for d := range e.Keyspace.Used {
		if n, found := d.NextExpiry(); found && (!ok || n.ExpireAt() < k.ExpireAt()) {
			db, k, ok = d, n, true
		}
	}
	return db, k, ok
}

// eligible returns the number of keys of a database that may be evicted.
func (e *Core) eligible(db *keyspace.DB) int {
	if e.evict.policy.volatile {
		return db.Expires()
	}
	return db.Len()
}

// sample returns one of the keys of a database that may be evicted.
func (e *Core) sample(db *keyspace.DB) (keyspace.Entry, bool) {
	if e.evict.policy.volatile {
		return db.RandomExpiring(e.Rand.Uint64)
	}
	return db.Random(e.Rand.Uint64)
}

// anyKey returns one of the keys that may be evicted, each with the same
// probability.
func (e *Core) anyKey() (*keyspace.DB, keyspace.Entry, bool) {
	total := 0
	for db := range e.Keyspace.Used {
		total += e.eligible(db)
	}
	if total == 0 {
		return nil, keyspace.Entry{}, false
	}
	at := e.Rand.IntN(total)
	for db := range e.Keyspace.Used {
		if n := e.eligible(db); at >= n {
			at -= n
			continue
		}
		k, ok := e.sample(db)
		return db, k, ok
	}
	return nil, keyspace.Entry{}, false
}

// fillPool looks at some keys of each database and keeps those that are better than
// the ones in the pool. It reports whether there were any keys.
func (e *Core) fillPool() bool {
	found := false
	for db := range e.Keyspace.Used {
		if e.eligible(db) == 0 {
			continue
		}
		for range e.Config.MaxMemorySamples {
			if k, ok := e.sample(db); ok {
				found = true
				e.consider(candidate{db, k.Key(), e.evict.policy.by(e, k)})
			}
		}
	}
	return found
}

func (e *Core) consider(c candidate) {
	pool := e.evict.pool
	if len(pool) == poolSize && pool[0].score >= c.score {
		return
	}
	if slices.ContainsFunc(pool, func(o candidate) bool { return o.db == c.db && bytes.Equal(o.key, c.key) }) {
		return
	}
	c.key = slices.Clone(c.key)
	if len(pool) == poolSize {
		pool = slices.Delete(pool, 0, 1)
	}
	i, _ := slices.BinarySearchFunc(pool, c.score, func(o candidate, score int64) int { return cmp.Compare(o.score, score) })
	e.evict.pool = slices.Insert(pool, i, c)
}

// idleFor returns for how many seconds a key was not used, or not changed if that is
// what the policy looks at.
func (e *Core) idleFor(k keyspace.Entry) int64 { return max(e.NowMilli()/1000-int64(k.Access()), 0) }

// rarity is higher for keys that are used less often.
func (e *Core) rarity(k keyspace.Entry) int64 { return math.MaxUint8 - int64(e.Frequency(k)) }

// The access of an entry under the LFU policies: in the lower byte a counter
// that grows with the logarithm of the number of uses, above it the minute, of
// 65536, of its last decrement.
const (
	newCounter = 5 // so that a new key is not evicted at once
	maxCounter = math.MaxUint8
)

func (e *Core) minute() uint32 { return minuteOf(e.now / 1000) }

func minuteOf(milli int64) uint32 { return uint32(milli/60e3) & math.MaxUint16 }

// newAccess returns the access of a new entry.
func (e *Core) newAccess() uint32 {
	if e.evict.lfu {
		return e.minute()<<8 | newCounter
	}
	return uint32(e.now / 1e6)
}

// Frequency returns the counter of a key as it is now, under an LFU policy.
func (e *Core) Frequency(k keyspace.Entry) uint8 {
	return decayed(k.Access(), e.minute(), e.Config.LFUDecayTime)
}

// decayed returns the counter of an access at a minute; it loses one in each
// decay minutes.
func decayed(access, minute uint32, decay int64) uint8 {
	counter := int64(access & maxCounter)
	if decay > 0 {
		passed := int64((minute - access>>8) & math.MaxUint16)
		counter -= min(passed/decay, counter)
	}
	return uint8(counter)
}

// loadedAccess returns a function for the access of an entry of a file; nil means that
// the access is the time of its last use. The function does not need the lock.
func (e *Core) loadedAccess() func(x *rdb.Entry) uint32 {
	if !e.evict.lfu {
		return nil
	}
	minute, access := e.minute(), e.newAccess()
	return func(x *rdb.Entry) uint32 {
		if x.HasFreq {
			return minute<<8 | uint32(x.Freq)
		}
		return access
	}
}

// SetFrequency sets the counter of a key.
func (e *Core) SetFrequency(k keyspace.Entry, n uint8) { k.SetAccess(e.minute()<<8 | uint32(n)) }

// UsesLFU reports whether an LFU policy is set: keys have counters then, and no times
// of their last use.
func (e *Core) UsesLFU() bool { return e.evict.lfu }

// countUse counts a use of a key under an LFU policy, with a probability that falls
// with the counter.
func (e *Core) countUse(k keyspace.Entry) {
	n := e.Frequency(k)
	if n < maxCounter {
		above := max(float64(n)-newCounter, 0)
		if e.Rand.Float64() < 1/(above*float64(e.Config.LFULogFactor)+1) {
			n++
		}
	}
	e.SetFrequency(k, n)
}

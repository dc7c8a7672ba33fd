package engine

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/resp-server/resp-server/internal/clock"
	"github.com/resp-server/resp-server/internal/compat"
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/pubsub"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/strict"
	"github.com/resp-server/resp-server/internal/value"
)

// Core is the server as handlers see it: data, clients, users, settings, statistics.
// Code that has a Core holds the engine's lock already, so no method takes it.
//
// It consists of parts, each with its invariant and a method check that looks for
// what breaks it; see Engine.Check.
type Core struct {
	environment
	turn

	Config   *config.Config
	limits   value.Limits // of the settings
	Keyspace *keyspace.Keyspace
	Rand     *rand.Rand
	chance   *rand.PCG // what Rand draws from
	seed     uint64
	shuffle  shuffling
	RunID    string
	started  int64 // ms
	closed   bool
	stopping atomic.Bool

	clients
	accessControl
	cluster     clustering
	guard       guarding
	PubSub      pubsub.Registry[*Session]
	blocking    blocking
	pause       pause
	interceptor *Interceptor // nil: all commands are the server's
	inScripts   func(args [][]byte, proto int) (reply []byte, ok bool)
	lockOut     bool      // clients have logged in only by a password
	schedule    *schedule // nil: commands run as they come
	faulting
	strict   *strict.Set // nil: nobody has asked for it
	watching watching
	tracker  *tracker // nil: no client tracked keys yet
	output   output
	gating
	observing
	logs
	hot       *HotKeys // nil: nobody has looked for them
	slotStats slotStats
	Stats     Stats
	Saving    Saving
	shutdown  shutdown
	loading   *dataLoading // nil: nothing is being loaded
	append    appending
	journal   journaling
	Scripts   Scripts
	Functions Functions
	scripting
	repl   replicating
	evict  eviction
	timing timing
	times  times
	debug  debugging
}

// turn is the state of one entry, from enter to leave, and of the unit in it.
// Between two entries it is empty, except for keys that changed while DEBUG SLEEP
// lasts.
type turn struct {
	now      int64 // µs since 1970, of the unit
	entered  time.Duration
	before   uint64        // Stats.Commands then
	measured time.Duration // monotonic time up to which durations are known

	unit    unit
	ready   []*queue   // of changed keys that blocked sessions wait for
	current *Session   // the one whose input runs; nil: none
	fed     []*Session // their transports wait for the end of this entry; current is one of them
	resume  []*Session // sessions that may go on with their input
	dirty   []*Session // sessions with output to hand over

	executing *Session    // the one whose command runs
	own       resp.Writer // messages to it, which follow the reply
	invalid   []invalid   // keys in its cache, which it has to drop after the reply
}

// check is for the time between two units.
func (t *turn) check(e *Core) error {
	switch {
	case t.unit.depth != 0 || len(t.unit.ops) > 0 || t.unit.withheld != 0:
		return fmt.Errorf("a unit has not ended: depth %d, %d effects", t.unit.depth, len(t.unit.ops))
	case t.executing != nil || len(t.own.Buf) > 0 || len(t.invalid) > 0:
		return errors.New("a command has not ended")
	case t.current != nil || len(t.fed) > 0 || len(t.resume) > 0 || len(t.dirty) > 0:
		return errors.New("an entry has not ended")
	case len(t.ready) > 0 && e.debug.asleep == 0:
		return fmt.Errorf("%d keys have changed that nobody was told of", len(t.ready))
	}
	return nil
}

// Since reports whether the version of Redis that the server follows has a change.
func (e *Core) Since(c compat.Change) bool { return e.Config.Edition.Has(c) }

// dbKey names a key of a database.
type dbKey struct {
	db  int
	key string
}

// Reseed restarts the source of random choices. The order in which elements are kept
// still depends on the first seed.
func (e *Core) Reseed(seed uint64) { e.chance.Seed(seed, 0) }

func (e *Core) randomHex(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "0123456789abcdef"[e.Rand.IntN(16)]
	}
	return string(b)
}

func (e *Core) readClock() {
	e.now = e.clock.Now().UnixMicro()
	e.entered = e.clock.Monotonic()
	e.measured = e.entered
	if e.entered >= e.Stats.rates.next {
		e.Stats.note(e.entered)
	}
	e.before = e.Stats.Commands
	e.Keyspace.Access = e.newAccess()
}

// lap ends the measurement of a unit and begins that of the next one. It reads the
// clock once for both; the next unit takes the reading as its time.
func (e *Core) lap() time.Duration {
	t := e.clock.Monotonic()
	d := t - e.measured
	e.measured = t
	e.now += d.Microseconds()
	return d
}

// turnTo makes a session the current one.
func (e *Core) turnTo(s *Session) {
	e.current, s.attended = s, true
	e.fed = append(e.fed, s)
}

// dismiss lets the transports of sessions read more.
func (e *Core) dismiss() {
	for i, s := range e.fed {
		s.attended = false
		s.fed()
		e.fed[i] = nil
	}
	e.fed = e.fed[:0]
}

// runResumed lets resumed sessions run.
func (e *Core) runResumed() {
	for len(e.resume) > 0 {
		s := e.resume[0]
		e.resume = e.resume[1:]
		s.goOn()
	}
	e.resume = nil
}

// finish ends an entry: it runs resumed sessions, hands over the replies, and sets
// the timer.
func (e *Core) finish() {
	e.runResumed()
	if e.tracker != nil && e.busy == nil {
		e.broadcast()
	}
	e.finishUnit()
	if e.repl.askAcks {
		e.askForAcks()
	}
	e.published()
	e.handOver()
	e.current = nil
	if len(e.fed) > 0 {
		e.dismiss()
		e.Stats.InputBatches++
	}
	if e.Config.MaxMemoryClients != 0 {
		e.evictClients()
		e.handOver()
	}
	if e.loading == nil {
		e.rewriteIfDue()
	}
	e.setTimer()
	if s := &e.Stats; e.measured > e.entered {
		d := e.measured - e.entered // the end needs no other reading
		s.Batches++
		s.BatchTime += d
		s.LongestBatch = max(s.LongestBatch, d)
		s.MostCommands = max(s.MostCommands, s.Commands-min(e.before, s.Commands))
	}
}

// NowMilli returns the time of the unit in milliseconds since 1970.
func (e *Core) NowMilli() int64 { return e.now / 1000 }

// NowMicro returns the time of the unit in microseconds since 1970.
func (e *Core) NowMicro() int64 { return e.now }

// Table returns the commands of the server.
func (e *Core) Table() *Table { return e.table }

// Host returns the value that the program around the engine gives to modules.
func (e *Core) Host() any { return e.host }

// Clock returns the clock of the server.
func (e *Core) Clock() *clock.Steered { return e.clock }

// Started returns when the engine began, in milliseconds since 1970.
func (e *Core) Started() int64 { return e.started }

// end ends the service: no command runs from now on.
func (e *Core) end() {
	e.closed = true
	for _, s := range e.sessions {
		if !s.closing {
			s.Kill()
		}
	}
	for s := range e.all {
		if s.attached && !s.killed {
			s.Kill()
		}
	}
	e.hurrySaves() // of snapshots that nobody is there to get
	if e.timing.timer != nil {
		e.timing.timer.Stop()
	}
}

func errorReply(err error) resp.Error {
	switch err := err.(type) {
	case resp.Error:
		return err
	default:
		return resp.Error("ERR " + err.Error())
	}
}

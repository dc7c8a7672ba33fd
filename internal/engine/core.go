package engine

import (
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/resp-server/resp-server/internal/clock"
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/datastruct/tree"
	"github.com/resp-server/resp-server/internal/fault"
	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/latency"
	"github.com/resp-server/resp-server/internal/pubsub"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/slowlog"
	"github.com/resp-server/resp-server/internal/value"
	"github.com/resp-server/resp-server/internal/vfs"
)

// Core is what the server is, as handlers see it: data, clients, users, settings,
// statistics. Whoever has one holds the engine's lock, so no method takes it.
type Core struct {
	engine     *Engine // whose lock guards everything here
	host       any
	enterSpace func(*Core, string) (*Engine, error)

	table     *Table
	Config    *config.Config
	Log       *slog.Logger
	logLevel  *slog.LevelVar
	clock     *clock.Steered
	journal   Journal
	stop      func()
	listeners func() []Listener
	files     *vfs.Abortable
	version   string
	apply     func(*config.Param, *config.Config) error
	conf      string // the path of the settings' file, or ""

	Keyspace *keyspace.Keyspace
	PubSub   pubsub.Registry[*Session]
	Stats    Stats
	Slowlog  slowlog.Log
	Requests slowlog.Log // the large ones
	Replies  slowlog.Log
	Latency  latency.Monitor
	Saving   Saving
	accessControl
	Scripts   Scripts
	Functions Functions
	Rand      *rand.Rand
	RunID     string
	ReplID    string // of the history of the data

	started int64 // ms
	turn

	limits   value.Limits
	debug    debugging
	sessions map[uint64]*Session
	lastID   uint64
	closed   bool

	pages    resp.Pool // input buffers
	buffers  outBuffers
	waiting  map[dbKey]*queue
	timeouts *tree.Tree[*wait]
	retries  *tree.Tree[*wait] // those with Retry set
	waitSeq  uint64
	blocked  int
	// blockedChange is closed when blocked changes; nil if nobody waits for it.
	blockedChange chan struct{}
	pause         pause
	watchers      map[dbKey]map[*Session]struct{}
	monitors      []*Session
	slowness      time.Duration // that a command takes that is noted somewhere
	// From how many bytes on a request or a reply is logged.
	largeRequest, largeReply int
	tracker                  *tracker // nil: no client tracked keys yet

	refuseWrites bool // since they could not be saved

	gates        gateSet     // that are on for all sessions
	observers    observerSet // that look at all sessions
	outside      []*Observer
	schedule     *schedule                     // nil: commands run as they come
	faults       *fault.Set                    // nil: there are none
	written      atomic.Pointer[chan struct{}] // closed when a session has written its output
	space        string                        // the name of the space, in which the server is another server's guest
	evict        eviction
	lfu          bool  // an LFU policy counts the uses of keys
	clientMemory int64 // of all clients, if countsClients
	stopping     atomic.Bool

	script *scriptRun // that runs; nil: none does
	busy   *scriptRun // the same, if it takes long

	lost resp.Writer           // messages for those that are doomed
	slow map[*Session]struct{} // those above the soft limit of output

	timer   clock.Timer
	timerAt int64 // ms; 0: none set
	nextKey int64 // ms; no key expires before; 0: none does
	// nextIdle is when to look for idle clients, in ms; 0: never.
	nextIdle int64
	// keepalive is read by transports without the lock.
	keepalive  atomic.Int64
	cronPaused bool
	lazy       bool // expired keys stay until somebody looks at them
}

// turn is the state of one entry, from enter to leave, and of the unit in it.
type turn struct {
	now      int64 // µs since 1970, of the unit
	entered  time.Duration
	before   uint64        // Stats.Commands then
	measured time.Duration // monotonic time up to which durations are known

	unit    unit
	ready   []*queue   // of keys that blocked sessions wait for and that changed
	current *Session   // whose transport waits for the end of this entry
	resume  []*Session // sessions that may go on with their input
	dirty   []*Session // sessions with output to hand over

	executing *Session    // whose command runs
	own       resp.Writer // messages for it, which follow the reply
	invalid   []invalid   // what it has cached and is to hear of then
}

// dbKey names a key of a database.
type dbKey struct {
	db  int
	key string
}

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

// lap ends the measurement of a unit and begins that of the next: one reading
// of the clock serves both, and is the next unit's time.
func (e *Core) lap() time.Duration {
	t := e.clock.Monotonic()
	d := t - e.measured
	e.measured = t
	e.now += d.Microseconds()
	return d
}

// finish ends an entry: it lets resumed sessions run, hands over what was
// answered, and sets the timer.
func (e *Core) finish() {
	for len(e.resume) > 0 {
		s := e.resume[0]
		e.resume = e.resume[1:]
		s.goOn()
	}
	e.resume = nil
	if e.tracker != nil && e.busy == nil {
		e.broadcast()
	}
	e.handOver()
	if e.current != nil {
		e.current.fed()
		e.current = nil
	}
	if e.Config.MaxMemoryClients != 0 {
		e.evictClients()
		e.handOver()
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

// Host returns what the program around the engine gives to modules.
func (e *Core) Host() any { return e.host }

// Clock returns the clock of the server.
func (e *Core) Clock() *clock.Steered { return e.clock }

// Started returns when the engine began, in milliseconds since 1970.
func (e *Core) Started() int64 { return e.started }

// end ends the service: nothing is run from now on.
func (e *Core) end() {
	e.closed = true
	for _, s := range e.sessions {
		if !s.closing {
			s.Kill()
		}
	}
	if e.timer != nil {
		e.timer.Stop()
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

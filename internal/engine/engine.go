// Package engine is the executor: it runs the commands of all sessions one at
// a time.
//
// A transport feeds bytes to a Session; the Session takes the engine's lock
// once, runs and answers every complete command that it has (a batch), and
// leaves. What a unit (one command, one EXEC, one script) changed is collected
// and published once, after it: WATCH, keyspace events, blocked clients, the
// journal. A blocked command is data, not a goroutine: when one of its keys
// changes the engine runs the same handler again.
//
// Commands are functions from package command; the engine knows them only
// through its Table. Time comes from the injected clock, read once per unit;
// the engine sets a timer only when something is due, so an idle server never
// wakes up.
package engine

import (
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/resp-server/resp-server/internal/acl"
	"github.com/resp-server/resp-server/internal/clock"
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/datastruct/tree"
	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/latency"
	"github.com/resp-server/resp-server/internal/pubsub"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/slowlog"
	"github.com/resp-server/resp-server/internal/value"
	"github.com/resp-server/resp-server/internal/vfs"
)

// Parts are what an Engine is made of. All fields are needed unless they
// say otherwise.
type Parts struct {
	Table  *Table
	Config *config.Config
	Clock  clock.Clock
	Logger *slog.Logger
	// Seed makes random choices and the order of SCAN repeatable; 0 means a
	// random one.
	Seed uint64
	// Keyspace is the data to begin with; nil means none.
	Keyspace *keyspace.Keyspace
	// Files is where snapshots are; nil means the file system of the system.
	Files vfs.FS
	// ConfigFile is what CONFIG REWRITE writes; "" means that there is none.
	ConfigFile string
	// Version of Redis is what snapshots say they are from.
	Version string
	// Journal receives what units changed; nil means nobody does.
	Journal Journal
	// Shutdown is called by SHUTDOWN in a goroutine of its own; nil means that
	// the command is refused.
	Shutdown func()
}

// Journal receives the effects of each unit as commands that have the same
// effect on a copy of the data at any later time. It is called by the engine
// under its lock and must not keep the arguments.
type Journal interface {
	// Append is called once per unit; more than one effect form a transaction.
	Append(db int, effects [][][]byte)
}

// Engine owns a keyspace and runs commands on it. Its exported methods are
// safe for concurrent use, unless they say that they are for handlers.
type Engine struct {
	mu sync.Mutex

	table   *Table
	Config  *config.Config
	Log     *slog.Logger
	clock   clock.Clock
	journal Journal
	stop    func()
	files   vfs.FS
	version string
	conf    string // the path of the settings' file, or ""

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
	pause    pause
	watchers map[dbKey]map[*Session]struct{}
	monitors []*Session
	slowness time.Duration // that a command takes that is noted somewhere
	// From how many bytes on a request or a reply is logged.
	largeRequest, largeReply int
	tracker                  *tracker // nil: no client tracked keys yet

	refuseWrites bool // since they could not be saved
	evict        eviction
	lfu          bool  // an LFU policy counts the uses of keys
	clientMemory int64 // of all clients, if countsClients
	stopping     atomic.Bool

	busy *scriptRun // that takes long; nil: none does
	idle sync.Cond  // tells that busy is nil

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

// New returns an Engine that is ready to run commands.
func New(o Parts) *Engine {
	seed := o.Seed
	if seed == 0 {
		seed = rand.Uint64()
	}
	e := &Engine{
		table:    o.Table,
		Config:   o.Config,
		Log:      o.Logger,
		clock:    o.Clock,
		journal:  o.Journal,
		stop:     o.Shutdown,
		files:    o.Files,
		version:  o.Version,
		Keyspace: o.Keyspace,
		Rand:     rand.New(rand.NewPCG(seed, 0)),
		sessions: make(map[uint64]*Session),
		waiting:  make(map[dbKey]*queue),
		watchers: make(map[dbKey]map[*Session]struct{}),
		timeouts: tree.New(compareWaits),
		retries:  tree.New(compareRetries),
	}
	e.idle.L = &e.mu
	if e.files == nil {
		e.files = vfs.OS{}
	}
	if e.Keyspace == nil {
		e.Keyspace = keyspace.New(int(o.Config.Databases), e.Rand.Uint64())
	}
	e.conf = o.ConfigFile
	e.Users = acl.NewUsers()
	e.limits.Seed = e.Rand.Uint64()
	e.RunID, e.ReplID = e.randomHex(40), e.randomHex(40)
	e.readClock()
	e.started = e.NowMilli()
	e.ConfigChanged()
	e.Saving.Last, e.Saving.Took = e.started/1000, -1
	e.Adopt(e.Keyspace)
	e.setTimer()
	return e
}

func (e *Engine) randomHex(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "0123456789abcdef"[e.Rand.IntN(16)]
	}
	return string(b)
}

// ConfigChanged takes over the settings that are kept in another form. It is
// called at start and by CONFIG SET.
func (e *Engine) ConfigChanged() {
	c := e.Config
	e.limits = value.Limits{
		Seed:                   e.limits.Seed,
		ListPlainFrom:          e.limits.ListPlainFrom,
		ListMaxListpackSize:    int(c.ListMaxListpackSize),
		HashMaxListpackEntries: int(c.HashMaxListpackEntries),
		HashMaxListpackValue:   int(c.HashMaxListpackValue),
		SetMaxIntsetEntries:    int(c.SetMaxIntsetEntries),
		SetMaxListpackEntries:  int(c.SetMaxListpackEntries),
		SetMaxListpackValue:    int(c.SetMaxListpackValue),
		ZSetMaxListpackEntries: int(c.ZSetMaxListpackEntries),
		ZSetMaxListpackValue:   int(c.ZSetMaxListpackValue),
		StreamNodeMaxBytes:     int(c.StreamNodeMaxBytes),
		StreamNodeMaxEntries:   int(c.StreamNodeMaxEntries),
		HLLSparseMaxBytes:      int(c.HLLSparseMaxBytes),
		StreamIDMPDuration:     int(c.StreamIDMPDuration),
		StreamIDMPMaxSize:      int(c.StreamIDMPMaxSize),
		ArraySliceSize:         int(c.ArraySliceSize),
		ArraySparseMax:         int(c.ArraySparseKMax),
		ArraySparseMin:         int(c.ArraySparseKMin),
	}
	e.applyUserSettings()
	for _, s := range e.sessions {
		s.applyLimits()
	}
	if c.Timeout > 0 && len(e.sessions) > 0 {
		e.idleAt(e.NowMilli())
	}
	e.keepalive.Store(c.TCPKeepalive)
	e.checkDisk()
	e.limitTracking()
	e.largeRequest = largeFrom(c.LargeRequest, c.LargeRequestMaxLen)
	e.largeReply = largeFrom(c.LargeReply, c.LargeReplyMaxLen)
	e.slowness = min(e.slowAfter(), e.latencyAfter())
	e.limitMemory()
}

// Keepalive returns the period of TCP keep-alive for new connections, 0 if it
// is off.
func (e *Engine) Keepalive() time.Duration { return time.Duration(e.keepalive.Load()) * time.Second }

// enter takes the lock and reads the clock. It waits for the end of a script.
func (e *Engine) enter() {
	e.mu.Lock()
	for e.busy != nil {
		e.idle.Wait()
	}
	e.readClock()
}

// interpose is enter for those who do not mind that a script may be at work.
func (e *Engine) interpose() {
	e.mu.Lock()
	e.readClock()
}

func (e *Engine) readClock() {
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
func (e *Engine) lap() time.Duration {
	t := e.clock.Monotonic()
	d := t - e.measured
	e.measured = t
	e.now += d.Microseconds()
	return d
}

// leave lets resumed sessions run, hands over what was answered, sets the
// timer and releases the lock.
func (e *Engine) leave() {
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
	e.mu.Unlock()
}

// handOver gives the transports what sessions answered.
func (e *Engine) handOver() {
	for _, s := range e.dirty {
		s.handOver()
	}
	clear(e.dirty)
	e.dirty = e.dirty[:0]
}

// NowMilli returns the time of the unit in milliseconds since 1970. It is for
// handlers.
func (e *Engine) NowMilli() int64 { return e.now / 1000 }

// NowMicro returns the time of the unit in microseconds since 1970. It is for
// handlers.
func (e *Engine) NowMicro() int64 { return e.now }

// Table returns the commands of the server.
func (e *Engine) Table() *Table { return e.table }

// Started returns when the engine began, in milliseconds since 1970.
func (e *Engine) Started() int64 { return e.started }

// Run calls f under the engine's lock as a unit of its own: for embedders and
// tests that look into a running server.
func (e *Engine) Run(f func()) {
	e.enter()
	defer e.leave()
	f()
}

// Snapshot returns a second owner of the data as it is now.
func (e *Engine) Snapshot() *keyspace.Keyspace {
	e.enter()
	defer e.leave()
	return e.Keyspace.Clone()
}

// Close writes a last snapshot, if the server saves on its own, and ends all
// sessions, the timer and what runs in the background. Commands that come
// later get no answer. The error is that of the snapshot.
func (e *Engine) Close() error {
	e.stopping.Store(true) // a script that runs ends now
	e.enter()
	err := e.saveFinally(false)
	e.end()
	running := e.Saving.running
	e.leave()
	if running != nil {
		running.cancel()
		<-running.done
	}
	return err
}

// end ends the service: nothing is run from now on.
func (e *Engine) end() {
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

// Sessions yields all sessions, oldest first. It is for handlers.
func (e *Engine) Sessions(yield func(*Session) bool) {
	for _, s := range sortedByID(e.sessions) {
		if !yield(s) {
			return
		}
	}
}

// SessionByID returns a session or nil. It is for handlers.
func (e *Engine) SessionByID(id uint64) *Session { return e.sessions[id] }

func errorReply(err error) resp.Error {
	switch err := err.(type) {
	case resp.Error:
		return err
	default:
		return resp.Error("ERR " + err.Error())
	}
}

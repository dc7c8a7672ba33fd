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
// through its Table. The engine reads the injected clock once a unit. It sets a
// timer only if something is due, so an idle server never wakes up.
package engine

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/resp-server/resp-server/internal/acl"
	"github.com/resp-server/resp-server/internal/clock"
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/replication"
	"github.com/resp-server/resp-server/internal/vfs"
)

// Parts are the parts of an Engine. A field is required unless its comment says
// otherwise.
type Parts struct {
	Table  *Table
	Config *config.Config
	Clock  clock.Clock
	Logger *slog.Logger
	// LogLevel is set to the value of the setting loglevel; it may be nil.
	LogLevel *slog.LevelVar
	// Seed makes random choices and the order of SCAN repeatable; 0 means a
	// random seed.
	Seed uint64
	// Shuffle shuffles the replies whose order Redis leaves open.
	Shuffle bool
	// Keyspace holds the first data; nil means none.
	Keyspace *keyspace.Keyspace
	// Files is the file system for snapshots; nil means that of the operating system.
	Files vfs.FS
	// ConfigFile is the file that CONFIG REWRITE writes; "" means that there is none.
	ConfigFile string
	// Apply puts an Applied setting into force; the Config has the new values. The
	// reply shows its error as the reason. It is called under the lock. Nil means
	// that there is nothing to do.
	Apply func(*config.Param, *config.Config) error
	// Journal receives the effects of units; nil means that nobody wants them.
	Journal Journal
	// Space is the name of the space that the engine serves, "" if it serves none.
	Space string
	// SpaceOf is the engine of the server that the space belongs to; nil without a space.
	SpaceOf *Engine
	// EnterSpace returns the engine of a space for a client of c. The caller holds the
	// lock of c. Nil means that there are no spaces.
	EnterSpace func(c *Core, name string) (*Engine, error)
	// Host is the value that the program around the engine gives to modules.
	Host any
	// SHUTDOWN calls Shutdown in a goroutine of its own; nil means that the server
	// refuses the command.
	Shutdown func()
	// Dial opens a connection to a master, or to the target of MIGRATE. Carry starts a
	// transport between a session and a connection. Both are called without the
	// engine's lock. Nil means that the server opens no connections.
	Dial  func(ctx context.Context, o DialOptions) (net.Conn, error)
	Carry func(nc net.Conn, open func(Conn) *Session)
	// Start starts a goroutine for replication; nil means the go statement.
	Start func(func())
	// Listeners returns the sockets that clients can connect to; nil means that there
	// are none. It is called under the engine's lock.
	Listeners func() []Listener
}

// environment holds what the program around the engine gave it. It never changes.
type environment struct {
	engine     *Engine // whose lock guards the Core
	host       any
	space      string // the name of the space, in which the server is another server's guest
	enterSpace func(*Core, string) (*Engine, error)
	table      *Table
	Log        *slog.Logger
	logLevel   *slog.LevelVar
	clock      *clock.Steered
	files      *vfs.Abortable
	conf       string // the path of the settings' file, or ""
	apply      func(*config.Param, *config.Config) error
	stop       func()
	listeners  func() []Listener
}

// Engine guards a Core with a lock: sessions, the timer and the program around it
// enter one at a time. Its methods are safe for concurrent use. Handlers see only the
// Core, so none can wait for the lock that it runs under.
type Engine struct {
	mu   sync.Mutex
	idle sync.Cond // signals that no script is busy
	core Core
	// strict is set if a rule of strict mode is on. It is read without the lock.
	strict atomic.Bool
}

// New returns an Engine that is ready to run commands.
func New(o Parts) *Engine {
	seed := o.Seed
	if seed == 0 {
		seed = rand.Uint64()
	}
	engine := new(Engine)
	engine.idle.L = &engine.mu
	e := &engine.core
	if o.Files == nil {
		o.Files = vfs.OS{}
	}
	*e = Core{
		environment: environment{
			engine:     engine,
			host:       o.Host,
			space:      o.Space,
			enterSpace: o.EnterSpace,
			table:      o.Table,
			Log:        o.Logger,
			logLevel:   o.LogLevel,
			clock:      steer(o.Clock),
			files:      vfs.NewAbortable(vfs.Faulty{FS: o.Files, Fail: e.failFile}),
			conf:       o.ConfigFile,
			apply:      o.Apply,
			stop:       o.Shutdown,
			listeners:  o.Listeners,
		},
		Config:   o.Config,
		journal:  journaling{on: o.Journal != nil, outside: o.Journal},
		Keyspace: o.Keyspace,
		chance:   rand.NewPCG(seed, 0),
		seed:     seed,
		shuffle:  shuffling{o.Shuffle, seed},
		clients:  newClients(),
		blocking: newBlocking(),
	}
	if o.SpaceOf != nil {
		e.outer = &o.SpaceOf.core.faulting
	}
	e.Rand = rand.New(e.chance)
	if e.Keyspace == nil {
		e.Keyspace = keyspace.New(int(o.Config.Databases), e.Rand.Uint64())
	}
	e.Users = acl.NewUsers()
	e.limits.Seed = e.Rand.Uint64()
	e.RunID = e.randomHex(40)
	e.repl.history.Begin(e.randomHex(replication.IDLen))
	e.repl.dial, e.repl.carry, e.repl.work.Start = o.Dial, o.Carry, o.Start
	e.readClock()
	e.started = e.NowMilli()
	e.Saving.dumper.Version = e.Config.Edition.RDB
	e.ConfigChanged()
	e.Saving.Last, e.Saving.Took = e.started/1000, -1
	e.Adopt(e.Keyspace)
	e.setTimer()
	return engine
}

// SetUpUsers makes the users that lines of redis.conf or a file of users define. Call
// it before the first command.
func (e *Engine) SetUpUsers() error {
	e.enter()
	defer e.leave()
	return e.core.setUpUsers()
}

// Load loads the append-only file if it is on, or else the snapshot that the settings
// name if there is one. Call it before the first command, except for commands that
// come after BeginLoading. The error names the file.
func (e *Engine) Load() error {
	e.enter()
	defer e.leave()
	err := e.core.loadData()
	if err != nil {
		e.core.Saving.final = true // the data so far must not replace the file
	}
	return err
}

// Discard ends an Engine that has not served, without writing files.
func (e *Engine) Discard() {
	e.enter()
	e.core.Saving.final = true
	e.leave()
	e.Close()
}

// LoadFrom replaces the data with those of a file.
func (e *Engine) LoadFrom(f vfs.File) error {
	e.enter()
	defer e.leave()
	_, err := e.core.loadFile(f, ReloadOptions{})
	if err == nil {
		e.core.dataReplaced()
	}
	return err
}

// Keepalive returns the period of TCP keep-alive for new connections, 0 if it
// is off.
func (e *Engine) Keepalive() time.Duration {
	return time.Duration(e.core.keepalive.Load()) * time.Second
}

// enter takes the lock and reads the clock. It waits for the end of a script.
func (e *Engine) enter() {
	e.mu.Lock()
	for e.core.busy != nil {
		e.idle.Wait()
	}
	e.core.readClock()
}

// interpose is like enter, but does not wait for a running script.
func (e *Engine) interpose() {
	e.mu.Lock()
	e.core.readClock()
}

// Begin takes the lock for a transport, which then calls Run of sessions, and then End.
// It must not write their replies before End.
func (e *Engine) Begin() { e.interpose() }

// End ends Begin.
func (e *Engine) End() { e.leave() }

// leave ends an entry and releases the lock.
func (e *Engine) leave() {
	e.core.finish()
	e.mu.Unlock()
}

// Run calls f under the engine's lock, as a unit of its own. Embedders and tests look
// into a running server with it.
func (e *Engine) Run(f func(*Core)) {
	e.enter()
	defer e.leave()
	f(&e.core)
}

// Snapshot returns a clone of the data as they are now.
func (e *Engine) Snapshot() *keyspace.Keyspace {
	e.enter()
	defer e.leave()
	return e.core.Keyspace.Clone()
}

// AwaitSave waits for the end of the background save if one runs.
func (e *Engine) AwaitSave() {
	e.interpose()
	b := e.core.Saving.running
	e.leave()
	if b != nil {
		<-b.done
	}
}

// AwaitBlocked returns the number of blocked sessions, and a channel that is
// closed when it changes.
func (e *Engine) AwaitBlocked() (n int, changed <-chan struct{}) {
	e.interpose()
	defer e.leave()
	if e.core.blocking.changed == nil {
		e.core.blocking.changed = make(chan struct{})
	}
	return e.core.blocking.count, e.core.blocking.changed
}

// The timer calls tick.
func (e *Engine) tick() {
	e.interpose()
	defer e.leave()
	e.core.tick()
}

// Abort gives up all files that are being written, without waiting for them. No
// temporary file stays, and nothing can be saved any more.
func (e *Engine) Abort() { e.core.files.Abort() }

// awaitFirstBase waits for the rewrite without which there is no append-only file
// yet, though it is switched on.
func (e *Engine) awaitFirstBase() {
	e.interpose()
	var done chan struct{}
	if a := &e.core.append; a.isFirst() && !e.core.closed {
		done = a.base.done
	}
	e.leave()
	if done != nil {
		<-done
	}
}

// Close writes and syncs the append-only file, writes a last snapshot if the server
// saves on its own, and ends all sessions, the timer and background work. Later
// commands get no reply. The error is about the files.
func (e *Engine) Close() error {
	c := &e.core
	c.stopping.Store(true) // a script that runs ends now
	e.awaitFirstBase()
	e.enter()
	err := errors.Join(c.endAppending(), c.saveFinally(false))
	c.end()
	c.endReplication()
	running := c.Saving.running
	e.leave()
	if running != nil {
		running.cancel()
		<-running.done
	}
	c.append.rewriting.Wait()
	c.repl.work.Wait()
	return err
}

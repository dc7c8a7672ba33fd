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

// Parts are what an Engine is made of. All fields are needed unless they
// say otherwise.
type Parts struct {
	Table  *Table
	Config *config.Config
	Clock  clock.Clock
	Logger *slog.Logger
	// LogLevel follows the setting loglevel; nil means that nobody asks for it.
	LogLevel *slog.LevelVar
	// Seed makes random choices and the order of SCAN repeatable; 0 means a
	// random one.
	Seed uint64
	// Shuffle puts replies in another order, where that is open.
	Shuffle bool
	// Keyspace is the data to begin with; nil means none.
	Keyspace *keyspace.Keyspace
	// Files is where snapshots are; nil means the file system of the system.
	Files vfs.FS
	// ConfigFile is what CONFIG REWRITE writes; "" means that there is none.
	ConfigFile string
	// Apply does what an Applied setting asks for, of settings that are not in
	// force yet; an error is the reply's reason. It is called under the lock. Nil
	// means that nothing is to be done.
	Apply func(*config.Param, *config.Config) error
	// Journal receives what units changed; nil means nobody does.
	Journal Journal
	// Space names the space that the engine is of, "" if it is of none.
	Space string
	// SpaceOf is the engine of the server that the space is of; nil if it is of none.
	SpaceOf *Engine
	// EnterSpace returns the engine of a space, for a client of c, whose lock is
	// held. nil means that there are none.
	EnterSpace func(c *Core, name string) (*Engine, error)
	// Host is what the program around the engine gives to modules.
	Host any
	// Shutdown is called by SHUTDOWN in a goroutine of its own; nil means that
	// the command is refused.
	Shutdown func()
	// Dial opens a connection to a master, or to the target of MIGRATE. Carry has a
	// transport carry the bytes of a session over a connection. They are called
	// without the engine's lock. nil means that the server opens no connections.
	Dial  func(ctx context.Context, o DialOptions) (net.Conn, error)
	Carry func(nc net.Conn, open func(Conn) *Session)
	// Start starts a goroutine that works for replication; nil: at once.
	Start func(func())
	// Listeners returns the sockets that clients can come to; nil means that
	// there are none. It is called under the engine's lock.
	Listeners func() []Listener
}

// environment is what the program around the engine gave it. It stays as it is.
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

// Engine guards a Core with a lock and gives it life: it lets sessions, the
// timer and the program around it in, one at a time. Its methods are safe for
// concurrent use. Handlers see the Core only, so none can wait for the lock that
// it runs under.
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

// SetUpUsers makes the users that the settings name: those of lines of redis.conf,
// or those of a file. It is called before the first command.
func (e *Engine) SetUpUsers() error {
	e.enter()
	defer e.leave()
	return e.core.setUpUsers()
}

// Load makes the data of the append-only file, if it is on, or else of the
// snapshot that the settings name, if there is one. It is called before the first
// command, but for those that come after BeginLoading. The error names the file.
func (e *Engine) Load() error {
	e.enter()
	defer e.leave()
	err := e.core.loadData()
	if err != nil {
		e.core.Saving.final = true // what is there must not take the place of the file
	}
	return err
}

// Discard ends an Engine that has not served: nothing is written.
func (e *Engine) Discard() {
	e.enter()
	e.core.Saving.final = true
	e.leave()
	e.Close()
}

// LoadFrom replaces the data by those of a file.
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

// Begin takes the lock for a transport that then has sessions run what they have
// received, and calls End. Nothing of what they answer may be written before that.
func (e *Engine) Begin() { e.interpose() }

// End ends what Begin began.
func (e *Engine) End() { e.leave() }

// leave ends an entry and releases the lock.
func (e *Engine) leave() {
	e.core.finish()
	e.mu.Unlock()
}

// Run calls f under the engine's lock as a unit of its own: for embedders and
// tests that look into a running server.
func (e *Engine) Run(f func(*Core)) {
	e.enter()
	defer e.leave()
	f(&e.core)
}

// Snapshot returns a second owner of the data as it is now.
func (e *Engine) Snapshot() *keyspace.Keyspace {
	e.enter()
	defer e.leave()
	return e.core.Keyspace.Clone()
}

// AwaitSave waits for the end of the background save, if one runs.
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

// tick is called by the timer.
func (e *Engine) tick() {
	e.interpose()
	defer e.leave()
	e.core.tick()
}

// Abort gives up what is being written, without waiting for it: no temporary
// file stays, and nothing can be saved any more.
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

// Close writes and syncs the append-only file, writes a last snapshot, if the
// server saves on its own, and ends all sessions, the timer and what runs in the
// background. Commands that come later get no answer. The error is that of the
// files.
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

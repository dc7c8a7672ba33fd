package respserver

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/resp-server/resp-server/internal/clock"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/fault"
)

// Now returns the time of the server.
func (s *Server) Now() time.Time { return s.clock.Now() }

// Advance moves the clock of the server forward by d. Everything that becomes due
// happens before Advance returns, in the order of time: keys expire, blocked
// commands time out, and their replies are written. Each server has its own clock,
// which follows Options.Clock until it is moved. A negative d moves the clock back
// and triggers nothing. Advance panics if the result is before 1970, or if all forward
// moves add up to more than 292 years.
func (s *Server) Advance(d time.Duration) {
	s.clock.Advance(d)
	s.settle()
}

// SetTime moves the clock of the server to t, like Advance.
func (s *Server) SetTime(t time.Time) {
	s.clock.Set(t)
	s.settle()
}

// Freeze stops the clock of the server: from now on only Advance and SetTime move
// it.
func (s *Server) Freeze() { s.clock.Freeze() }

// Resume lets the clock of the server run again, from the time it shows.
func (s *Server) Resume() {
	s.clock.Resume()
	s.settle()
}

// HoldExpiry stops the remaining time to live of keys and hash fields, while the
// clock of the server goes on for everything else: only PassExpiry reduces it. It
// serves programs that were written for such a server. Most tests want Freeze and
// Advance, which keep all times consistent. Files written meanwhile contain wrong
// expiry times.
func (s *Server) HoldExpiry() { s.engine.Run(func(c *engine.Core) { c.HoldExpiry(true) }) }

// ReleaseExpiry ends HoldExpiry: the time to live runs with the clock again.
func (s *Server) ReleaseExpiry() { s.engine.Run(func(c *engine.Core) { c.HoldExpiry(false) }) }

// PassExpiry reduces the remaining time to live of keys and hash fields by d, in
// whole milliseconds, and leaves the clock alone. Whatever expires by this is gone
// when PassExpiry returns. A negative d adds time.
func (s *Server) PassExpiry(d time.Duration) {
	s.engine.Run(func(c *engine.Core) { c.PassExpiry(d) })
	s.settle()
}

// ShowTime makes TIME, stream ids, the idle times of streams, and EXPIREAT and its
// relatives use t, which stands still, instead of the clock. Timeouts and the
// remaining time to live of keys run on as before. The zero Time ends it.
func (s *Server) ShowTime(t time.Time) {
	micro := int64(0)
	if !t.IsZero() {
		micro = max(t.UnixMicro(), 1)
	}
	s.engine.Run(func(c *engine.Core) { c.ShowTime(micro) })
	s.settle()
}

// Reseed restarts the random choices of commands such as SRANDMEMBER from a seed.
// For the same choices in each run, Options.Seed must be the same too, since it
// decides the order in which elements are stored.
func (s *Server) Reseed(seed uint64) { s.engine.Run(func(c *engine.Core) { c.Reseed(seed) }) }

// LockOut makes clients log in once users need a password, even clients that
// connected before the change, which Redis leaves alone. It applies to clients that
// connect after the call.
func (s *Server) LockOut() { s.engine.Run(func(c *engine.Core) { c.LockOut() }) }

// patience is how long Advance waits for clients that do not read.
const patience = time.Second

// settle waits until pending replies are written.
func (s *Server) settle() {
	late := make(chan struct{})
	timer := clock.Real{}.AfterFunc(patience, func() { close(late) })
	defer timer.Stop()
	s.engine.AwaitWritten(late)
	if n := s.options.Network; n != nil {
		n.Settle()
	}
}

// Snapshot is the state of a server at some moment: data, users, scripts,
// functions, settings and time. The server that took it can restore it any number
// of times.
type Snapshot struct{ state *engine.State }

// Snapshot takes a snapshot of the server. It needs no time and no memory for the
// data, whatever their size: server and snapshot share them until they change.
func (s *Server) Snapshot() *Snapshot { return &Snapshot{s.engine.State()} }

// Restore returns the server to the state of the snapshot. Its clients stay
// connected; their transactions fail, and their cached keys are invalidated.
// Statistics, logs and faults start afresh.
func (s *Server) Restore(to *Snapshot) error {
	if err := s.engine.Restore(to.state); err != nil {
		return fmt.Errorf("respserver: %w", err)
	}
	s.settle()
	return nil
}

// errNoFirst is the error of Reset on a server that did not keep its first state.
var errNoFirst = errors.New("respserver: Reset needs the setting \"enable-testing-command yes\" at the start; StartTest has it")

// Reset returns the server to its state after Start. It needs the setting
// enable-testing-command, which StartTest turns on: other servers do not keep that
// state.
func (s *Server) Reset() error {
	if s.first == nil {
		return errNoFirst
	}
	return s.Restore(s.first)
}

// Fork starts a server with the same data, users, scripts, functions, settings and
// time, which is independent of s from then on. It needs no time for the data: both
// servers share them until one of them writes. The fork reads and writes no files
// and opens no socket; see Listen. The caller must close it.
func (s *Server) Fork() (*Server, error) {
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	switch {
	case closed:
		return nil, ErrClosed
	case s.guard != nil:
		return nil, errSentinelFork
	}
	return s.forkFrom(s.engine.State(), "")
}

// forkFrom starts a fork from a state. The fork is a space if the name is not
// empty.
func (s *Server) forkFrom(st *engine.State, space string) (*Server, error) {
	o := s.options
	o.Addr, o.UnixSocket, o.Dir, o.ConfigFile, o.Load, o.TLS, o.RecordTo, o.Network = "", "", "", "", nil, nil, nil, nil
	o.Inspector = ""
	f := newUnstarted(o)
	f.parent, f.space, f.table = s, space, s.table
	var err error
	parts := f.parts()
	if space != "" {
		parts.SpaceOf = s.engine
	}
	if f.engine, err = st.Fork(parts); err != nil {
		return nil, fmt.Errorf("respserver: %w", err)
	}
	loops := 1
	f.engine.Run(func(c *engine.Core) {
		f.clock, loops = c.Clock(), c.Config.IOThreads
		c.Config.Bind, c.Config.Port, c.Config.UnixSocket, c.Config.PIDFile, c.Config.Dir = []string{"127.0.0.1"}, 0, "", "", ""
		c.Config.TLS.Port, c.Config.Inspector = 0, ""
		c.ConfigChanged()
	})
	f.carry(false, loops)
	f.first = f.Snapshot()
	return f, nil
}

// Listen opens the sockets, unless they are open, and returns the address of the
// first one. It is for servers that started without sockets: forks, and servers of
// StartTest.
func (s *Server) Listen() (addr string, err error) {
	if err := s.listen(); err != nil {
		return "", err
	}
	return s.Addr(), nil
}

// Fork is Server.Fork for a test or subtest: a failure fails the test, and the fork
// is closed when the test ends.
func (s *TestServer) Fork(t Tester) *TestServer {
	t.Helper()
	f, err := s.Server.Fork()
	if err != nil {
		t.Fatalf("%v", err)
		return nil
	}
	ts := &TestServer{Server: f, t: t, bubble: s.bubble}
	ts.tail(t)
	t.Cleanup(func() {
		defer f.Close()
		ts.judge(t)
		ts.explain(t)
	})
	return ts
}

// Fault is a rule that makes something go wrong. The first group of fields selects
// the commands that it applies to; the zero value of each field matches all of
// them. The second group says when the rule hits, and the last group what happens:
// exactly one of its fields must be set.
type Fault struct {
	Command  string // "GET", "CONFIG|SET"; a container matches its subcommands
	Category string // an ACL category: "write"
	Key      string // a glob; one of the keys must match
	Client   string // a glob for the name or the address of the client
	User     string
	Space    string // the client's space, if this server is the parent of that space

	From        int       // number of the first matching command that is hit, from 1
	Every       int       // then every nth matching command is hit
	Times       int       // the most hits
	Probability float64   // of a hit, drawn from the server's seed
	After       time.Time // on the clock of the server
	Before      time.Time // on the clock of the server

	Error     string        // reply with this error instead of executing: "LOADING Redis is loading the dataset in memory"
	Delay     time.Duration // execute this much later, on the clock of the server
	Close     When          // close the connection
	Cut       *int          // execute, send this many bytes of the reply, and close the connection
	Blackhole bool          // neither execute nor reply
	Trickle   time.Duration // send the reply byte by byte, with this pause between bytes
	Expire    bool          // expire the keys of the command before it runs
	Evict     bool          // evict the keys of the command before it runs
	Refuse    bool          // close new connections at once
	Disk      error         // make operations that write files fail with syscall.ENOSPC or syscall.EIO
}

// When says when a fault closes a connection.
type When int

// BeforeExecution closes the connection instead of executing the command.
// AfterExecution executes it and closes the connection without a reply. A client
// can't tell them apart.
const (
	BeforeExecution When = 1 + iota
	AfterExecution
)

// Inject adds a fault. If several faults match a command, the one added first
// applies. remove ends the fault, and writes what a full disk has kept out of the
// append-only file. Inject panics unless the fault has exactly one thing that
// happens, and if its conditions do not fit that: files have no Key.
func (s *Server) Inject(f Fault) (remove func()) {
	rule, err := f.rule()
	if err == nil {
		s.engine.Run(func(c *engine.Core) {
			rule.Name = fmt.Sprintf("go-%d", s.faultNumber())
			err = c.AddFault(rule)
		})
	}
	if err != nil {
		panic("respserver: " + err.Error())
	}
	return func() {
		s.engine.Run(func(c *engine.Core) {
			c.Faults().Remove(rule.Name)
			c.FaultsChanged()
		})
	}
}

func (f *Fault) rule() (fault.Rule, error) {
	r := fault.Rule{
		Key: f.Key, Client: f.Client, User: f.User, Space: f.Space,
		From: f.From, Every: f.Every, Times: f.Times, Probability: f.Probability,
	}
	r.SetCommand(f.Command)
	r.SetCategory(f.Category)
	if !f.After.IsZero() {
		r.After = f.After.UnixMilli()
	}
	if !f.Before.IsZero() {
		r.Before = f.Before.UnixMilli()
	}
	var actions []fault.Action
	add := func(is bool, a fault.Action) {
		if is {
			actions = append(actions, a)
		}
	}
	add(f.Error != "", fault.Action{Do: fault.Error, Text: strings.TrimPrefix(f.Error, "-")})
	add(f.Delay != 0, fault.Action{Do: fault.Delay, Milli: f.Delay.Milliseconds()})
	add(f.Close == BeforeExecution, fault.Action{Do: fault.CloseBefore})
	add(f.Close == AfterExecution, fault.Action{Do: fault.CloseAfter})
	if f.Cut != nil {
		add(true, fault.Action{Do: fault.Cut, Bytes: *f.Cut})
	}
	add(f.Blackhole, fault.Action{Do: fault.Blackhole})
	add(f.Trickle != 0, fault.Action{Do: fault.Trickle, Milli: f.Trickle.Milliseconds()})
	add(f.Expire, fault.Action{Do: fault.Expire})
	add(f.Evict, fault.Action{Do: fault.Evict})
	add(f.Refuse, fault.Action{Do: fault.Refuse})
	add(f.Disk != nil, fault.Action{Do: fault.DiskError(f.Disk)})
	if len(actions) != 1 {
		return r, errors.New("a Fault needs exactly one thing that happens: Error, Delay, Close, Cut, Blackhole, Trickle, Expire, Evict, Refuse or Disk")
	}
	if f.Disk != nil && !errors.Is(f.Disk, syscall.ENOSPC) && !errors.Is(f.Disk, syscall.EIO) {
		return r, fmt.Errorf("the error of a Disk is syscall.ENOSPC or syscall.EIO, not %v", f.Disk)
	}
	r.Action = actions[0]
	return r, nil
}

// Seed returns the seed of all random choices: Options.Seed, or the random seed
// that Start drew. A fork has the seed of its parent and continues the parent's
// random sequence; Restore goes back in the sequence.
func (s *Server) Seed() (seed uint64) {
	s.engine.Run(func(c *engine.Core) { seed = c.Seed() })
	return seed
}

// Shuffle changes Options.Shuffle.
func (s *Server) Shuffle(on bool) { s.engine.Run(func(c *engine.Core) { c.Shuffle(on) }) }

// testHost does for the TESTING command what only the server can do.
type testHost struct {
	*Server

	mu        sync.Mutex
	snapshots map[string]*Snapshot
	forks     map[string]*Server // by address
	record    *Recording         // the recording of TESTING RECORD
	faults    int
}

func (s *Server) faultNumber() int {
	s.host.mu.Lock()
	defer s.host.mu.Unlock()
	s.host.faults++
	return s.host.faults
}

// maxSnapshots limits the snapshots that clients keep by TESTING SNAPSHOT.
const maxSnapshots = 1000

func (h *testHost) TakeSnapshot(name string) error {
	st := h.Snapshot()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.snapshots == nil {
		h.snapshots = make(map[string]*Snapshot)
	}
	if len(h.snapshots) >= maxSnapshots && h.snapshots[name] == nil {
		return fmt.Errorf("there are %d snapshots already", maxSnapshots)
	}
	h.snapshots[name] = st
	return nil
}

func (h *testHost) RestoreSnapshot(name string) (known bool, err error) {
	h.mu.Lock()
	st := h.snapshots[name]
	h.mu.Unlock()
	if st == nil {
		return false, nil
	}
	return true, h.Restore(st)
}

func (h *testHost) ForkListening() (addr string, err error) {
	f, err := h.Fork()
	if err != nil {
		return "", err
	}
	if addr, err = f.Listen(); err != nil {
		f.Close()
		return "", err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.forks == nil {
		h.forks = make(map[string]*Server)
	}
	h.forks[addr] = f
	return addr, nil
}

func (h *testHost) CloseFork(addr string) (known bool) {
	if addr == "" {
		if h.parent == nil {
			return false
		}
		// The client that asked must get its reply first.
		go func() {
			h.settle()
			if !h.parent.host.CloseFork(h.Addr()) {
				h.Close()
			}
		}()
		return true
	}
	h.mu.Lock()
	f := h.forks[addr]
	delete(h.forks, addr)
	h.mu.Unlock()
	if f != nil {
		f.Close()
	}
	return f != nil
}

func (h *testHost) LoadData(data string) error {
	if err := h.Load(strings.NewReader(data)); err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "respserver: "))
	}
	return nil
}

// closeForks closes the forks that clients have made.
func (h *testHost) closeForks() {
	h.mu.Lock()
	forks := h.forks
	h.forks = nil
	h.mu.Unlock()
	for _, f := range forks {
		f.Close()
	}
}

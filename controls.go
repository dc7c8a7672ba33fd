package respserver

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/resp-server/resp-server/internal/clock"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/fault"
)

// Now returns the time of the server.
func (s *Server) Now() time.Time { return s.clock.Now() }

// Advance moves the clock of the server forward by d. What becomes due happens,
// in the order of its time, before Advance returns: keys expire, blocked commands
// time out, and what clients are answered is written. Each server has a clock of
// its own, which follows Options.Clock until it is moved. A negative d moves it
// back without anything happening; it panics if that leads before 1970.
func (s *Server) Advance(d time.Duration) {
	s.clock.Advance(d)
	s.settle()
}

// SetTime moves the clock of the server to t, as Advance does.
func (s *Server) SetTime(t time.Time) {
	s.clock.Set(t)
	s.settle()
}

// Freeze stops the clock of the server: it moves only by Advance and SetTime.
func (s *Server) Freeze() { s.clock.Freeze() }

// Resume lets the clock of the server go on from where it is.
func (s *Server) Resume() {
	s.clock.Resume()
	s.settle()
}

// HoldExpiry has keys and hash fields keep what they have left to live, while the
// clock of the server goes on for everything else: only PassExpiry takes from it.
// It is for programs that were written for such a server; most tests want Freeze
// and Advance, which keep all times one. What is written to files meanwhile has
// wrong times of expiry.
func (s *Server) HoldExpiry() { s.engine.Run(func(c *engine.Core) { c.HoldExpiry(true) }) }

// ReleaseExpiry ends HoldExpiry: from now on what is left passes with the clock.
func (s *Server) ReleaseExpiry() { s.engine.Run(func(c *engine.Core) { c.HoldExpiry(false) }) }

// PassExpiry takes d, in whole milliseconds, from what keys and hash fields have
// left to live, and leaves the clock where it is. What expires by that is gone when
// it returns. A negative d adds to it.
func (s *Server) PassExpiry(d time.Duration) {
	s.engine.Run(func(c *engine.Core) { c.PassExpiry(d) })
	s.settle()
}

// ShowTime has TIME, the ids of streams, their idle times, and EXPIREAT and its
// like see t, which stands still, in place of the clock. Timeouts and what keys have
// left to live go on as before. The zero Time ends it.
func (s *Server) ShowTime(t time.Time) {
	micro := int64(0)
	if !t.IsZero() {
		micro = max(t.UnixMicro(), 1)
	}
	s.engine.Run(func(c *engine.Core) { c.ShowTime(micro) })
	s.settle()
}

// Reseed has the random choices of commands such as SRANDMEMBER begin anew from a
// seed. They are the same in each run if Options.Seed is the same as well, since
// that decides in which order elements are kept.
func (s *Server) Reseed(seed uint64) { s.engine.Run(func(c *engine.Core) { c.Reseed(seed) }) }

// patience is how long Advance waits for clients that do not read.
const patience = time.Second

// settle waits until what clients were answered is written.
func (s *Server) settle() {
	late := make(chan struct{})
	timer := clock.Real{}.AfterFunc(patience, func() { close(late) })
	defer timer.Stop()
	s.engine.AwaitWritten(late)
}

// Snapshot is what a server was at some moment: data, users, scripts, functions,
// settings and time. It can be gone back to any number of times, by the server
// that it is of.
type Snapshot struct{ state *engine.State }

// Snapshot remembers what the server is now. It takes no time and no memory for
// the data, whatever their size: they are shared, and copied where they change.
func (s *Server) Snapshot() *Snapshot { return &Snapshot{s.engine.State()} }

// Restore makes the server what it was when the snapshot was taken. Its clients
// stay connected; their transactions fail, and what they cache is invalidated.
// Statistics, logs and faults begin anew.
func (s *Server) Restore(to *Snapshot) error {
	if err := s.engine.Restore(to.state); err != nil {
		return fmt.Errorf("respserver: %w", err)
	}
	s.settle()
	return nil
}

// errNoFirst is the answer to Reset where nobody remembers the start.
var errNoFirst = errors.New("respserver: Reset needs the setting \"enable-testing-command yes\" at the start; StartTest has it")

// Reset makes the server as it was after Start. It is for servers with the
// setting enable-testing-command, as those of StartTest have it: others do not
// keep what they were.
func (s *Server) Reset() error {
	if s.first == nil {
		return errNoFirst
	}
	return s.Restore(s.first)
}

// Fork starts a server with the same data, users, scripts, functions, settings
// and time, which is independent of s from then on. It takes no time for the
// data: they are shared, and copied where one side writes. The fork reads and
// writes no files, and opens no socket: see Listen. It is to be closed.
func (s *Server) Fork() (*Server, error) {
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if closed {
		return nil, ErrClosed
	}
	return s.forkFrom(s.engine.State(), "")
}

// forkFrom starts a fork from a state: a space, if it has a name.
func (s *Server) forkFrom(st *engine.State, space string) (*Server, error) {
	o := s.options
	o.Addr, o.UnixSocket, o.Dir, o.ConfigFile, o.Load, o.TLS, o.RecordTo = "", "", "", "", nil, nil, nil
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
	f.engine.Run(func(c *engine.Core) {
		f.clock = c.Clock()
		c.Config.Bind, c.Config.Port, c.Config.UnixSocket, c.Config.PIDFile, c.Config.Dir = []string{"127.0.0.1"}, 0, "", "", ""
		c.Config.TLS.Port = 0
		c.ConfigChanged()
	})
	f.carry(false)
	f.first = f.Snapshot()
	return f, nil
}

// Listen opens the sockets, if they are not open, and returns the address of the
// first one. It is for servers that were started without: forks, and those of
// StartTest.
func (s *Server) Listen() (addr string, err error) {
	if err := s.listen(); err != nil {
		return "", err
	}
	return s.Addr(), nil
}

// Fork is Server.Fork for a test or subtest: the fork is closed when that ends,
// and a failure fails it.
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

// Fault is a rule that makes something go wrong. Its first fields say which
// commands it is for; the zero value of each matches all. The last ones say what
// happens: exactly one of them.
type Fault struct {
	Command  string // "GET", "CONFIG|SET"; a container matches its subcommands
	Category string // an ACL category: "write"
	Key      string // a glob that one of the keys matches
	Client   string // a glob that the client's name or address matches
	User     string
	Space    string // commands of clients in this space, if the server is the one that it is of

	From        int       // the first hit is the nth command that matches
	Every       int       // then each nth
	Times       int       // so many hits at most
	Probability float64   // of a hit, drawn from the seed of the server
	After       time.Time // on the clock of the server
	Before      time.Time // likewise

	Error     string        // nothing is executed, the reply is this error: "LOADING Redis is loading the dataset in memory"
	Delay     time.Duration // executed later, on the clock of the server
	Close     When          // the connection closes
	Cut       *int          // executed; so many bytes of the reply arrive, then the connection closes
	Blackhole bool          // nothing is executed, nothing is answered
	Trickle   time.Duration // the reply comes byte by byte, with so much time between
	Expire    bool          // the keys of the command expire before
	Evict     bool          // the keys of the command are evicted before
	Refuse    bool          // new connections are closed at once
	Disk      error         // operations that write files fail: syscall.ENOSPC or syscall.EIO
}

// When says when a fault closes a connection.
type When int

// BeforeExecution closes the connection instead of executing the command,
// AfterExecution closes it without the reply: the client can't know the
// difference.
const (
	BeforeExecution When = 1 + iota
	AfterExecution
)

// Inject adds a fault. The first one that hits counts, in the order of their
// addition. remove ends it, and what a full disk has kept from the append-only file
// is written then. Inject panics if the fault has not exactly one thing that
// happens, or a condition that this can't have: files have no Key.
func (s *Server) Inject(f Fault) (remove func()) {
	rule, err := f.rule()
	if err != nil {
		panic("respserver: " + err.Error())
	}
	s.engine.Run(func(c *engine.Core) {
		rule.Name = fmt.Sprintf("go-%d", s.faultNumber())
		c.Faults().Add(rule)
		c.FaultsChanged()
	})
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
	add(f.Error != "", fault.Action{Do: fault.Error, Text: f.Error})
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
	r.Action = actions[0]
	return r, r.Check()
}

// Seed returns what everything that is left to chance depends on: Options.Seed,
// or what was drawn instead. A fork has the seed of the server that it is of, and
// goes on with chance from where that is; Restore goes back in it.
func (s *Server) Seed() (seed uint64) {
	s.engine.Run(func(c *engine.Core) { seed = c.Seed() })
	return seed
}

// Shuffle sets Options.Shuffle anew.
func (s *Server) Shuffle(on bool) { s.engine.Run(func(c *engine.Core) { c.Shuffle(on) }) }

// testHost is what the command TESTING does with a server.
type testHost struct {
	*Server

	mu        sync.Mutex
	snapshots map[string]*Snapshot
	forks     map[string]*Server // by address
	record    *Recording         // of TESTING RECORD
	faults    int
}

func (s *Server) faultNumber() int {
	s.host.mu.Lock()
	defer s.host.mu.Unlock()
	s.host.faults++
	return s.host.faults
}

// maxSnapshots bounds what clients keep by TESTING SNAPSHOT.
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
		// The reply to the command that asks is still to be written.
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

// closeForks ends the forks that clients have made.
func (h *testHost) closeForks() {
	h.mu.Lock()
	forks := h.forks
	h.forks = nil
	h.mu.Unlock()
	for _, f := range forks {
		f.Close()
	}
}

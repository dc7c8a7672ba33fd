package respserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/resp-server/resp-server/internal/command"
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/module/controls"
	"github.com/resp-server/resp-server/internal/sentinel"
	"github.com/resp-server/resp-server/internal/sentinel/links"
)

// ErrSimulatedCrash is the error of Close of a sentinel that was asked to crash by
// SENTINEL SIMULATE-FAILURE, and has.
var ErrSimulatedCrash = errors.New("respserver: the sentinel has crashed, as SENTINEL SIMULATE-FAILURE asked for")

var errSentinelFork = errors.New("respserver: a sentinel can't be forked")

// sentinelCommands are those of every sentinel.
var sentinelCommands = sync.OnceValue(func() *engine.Table {
	return engine.NewTable(append(command.SentinelModules(), controls.Module())...)
})

// guard is what a sentinel does outside of the engine.
type guard struct {
	*links.Links
	s *Server

	scripts sync.WaitGroup

	mu      sync.Mutex
	running map[*sentinel.Script]*exec.Cmd // nil: the server is closed
	crashed bool
}

// becomeSentinel makes the server a sentinel.
func (s *Server) becomeSentinel() (err error) {
	g := &guard{s: s, running: map[*sentinel.Script]*exec.Cmd{}}
	g.Links = links.New(g.run, s.dialer(func(c *config.Config) bool { return c.Replication.TLS }), s.starter())
	s.guard = g
	s.engine.Run(func(core *engine.Core) { err = core.BecomeSentinel(g) })
	return err
}

// checkingHost is a server around a sentinel whose lines are only checked.
type checkingHost struct{ sentinel.Host }

func (checkingHost) Now() int64                         { return 0 }
func (checkingHost) Resolve(name string) (string, bool) { return lookUp(name) }
func (checkingHost) Executable(string) bool             { return true }

func checkSentinelLines(c *config.Config) error {
	return engine.ConfigureSentinel(sentinel.New(checkingHost{}, slog.New(slog.DiscardHandler)), c)
}

// run calls a function with the sentinel, under the engine's lock.
func (g *guard) run(f func(*sentinel.Sentinel)) {
	g.s.engine.Run(func(core *engine.Core) { f(core.Sentinel()) })
}

// lookupTimeout bounds how long commands wait for the address of a host.
const lookupTimeout = time.Second

// Resolve looks a host up.
func (g *guard) Resolve(name string) (string, bool) { return lookUp(name) }

func lookUp(name string) (string, bool) {
	ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
	defer cancel()
	ips, err := net.DefaultResolver.LookupIP(ctx, "ip", name)
	if err != nil || len(ips) == 0 {
		return "", false
	}
	// As getaddrinfo has it on most systems: addresses of IPv4 first.
	i := max(slices.IndexFunc(ips, func(ip net.IP) bool { return ip.To4() != nil }), 0)
	return ips[i].String(), true
}

// Executable reports whether a script can be started.
func (g *guard) Executable(path string) bool {
	if !strings.ContainsAny(path, `/\`) {
		path = "./" + path // it is not looked for elsewhere
	}
	_, err := exec.LookPath(path)
	return err == nil
}

// Run starts a script.
func (g *guard) Run(j *sentinel.Script) (pid int, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.running == nil {
		return 0, ErrClosed
	}
	cmd := exec.Command(j.Args[0], j.Args[1:]...)
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	g.running[j] = cmd
	g.scripts.Go(func() {
		cmd.Wait()
		g.mu.Lock()
		delete(g.running, j)
		g.mu.Unlock()
		code, signal := cmd.ProcessState.ExitCode(), signalOf(cmd.ProcessState)
		g.run(func(s *sentinel.Sentinel) { s.ScriptEnded(j, max(code, 0), signal) })
	})
	return cmd.Process.Pid, nil
}

// Kill ends a script.
func (g *guard) Kill(j *sentinel.Script) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if cmd := g.running[j]; cmd != nil {
		cmd.Process.Kill()
	}
}

// Crash stops the server at once.
func (g *guard) Crash() {
	g.mu.Lock()
	g.crashed = true
	g.mu.Unlock()
	g.s.Abort()
	go g.s.Close()
}

// close ends scripts and connections.
func (g *guard) close() {
	g.mu.Lock()
	for _, cmd := range g.running {
		cmd.Process.Kill()
	}
	g.running = nil
	g.mu.Unlock()
	g.Links.Close()
	g.scripts.Wait()
}

func (g *guard) hasCrashed() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.crashed
}

// SentinelOptions say what sentinels to start, and what they watch.
type SentinelOptions struct {
	// Sentinels is how many there are; 0 means 3.
	Sentinels int
	// Quorum is how many have to agree that a master is down; 0 means most of them.
	Quorum int
	// Masters are the addresses of the masters by their names. The names of their
	// replicas are found by themselves.
	Masters map[string]string
	// DownAfter is for how long a server may be silent before it counts as down; 0
	// means two seconds. Options.Clock measures it.
	DownAfter time.Duration
	// FailoverTimeout is how long a failover may take; 0 means 10 seconds.
	FailoverTimeout time.Duration
	// Port is that of the first sentinel; the others have the next ones. 0 means
	// free ports.
	Port int
	// Options are those of every sentinel. Addr and UnixSocket do not apply, nor do
	// Dir and ConfigFile: these sentinels keep nothing. Lines of Config about masters
	// come after those that the fields above are made of. Sentinel i has the seed
	// Seed+i.
	//
	// With a ManualClock, with NoListen or with a Network the sentinels are connected
	// by a Network, to each other and to servers on it.
	Options Options
}

// Sentinels are sentinels in this process that watch the same masters. Their
// methods are safe for concurrent use.
//
// If sentinels and servers are on a Network with a ManualClock, all that they do
// happens in the same order each time; see Network. Then Wait, WaitFor, WaitForOther and
// Failover move the clock themselves, by ten minutes at most.
type Sentinels struct {
	all     []*Server
	network *Network // nil: they are connected by sockets
	seed    uint64
}

// quickTimes are what sentinels of StartSentinels do more often than real ones, so
// that tests need not wait, and how long a machine may be busy with other things.
var quickTimes = []string{"info-period", "500", "publish-period", "250", "tilt-trigger", "60000"}

// StartSentinels starts sentinels that know each other from the beginning. They
// find replicas by themselves, which takes a moment: see Wait.
//
// They ask servers for INFO twice in a second, say hello four times in a second, and enter the TILT mode if they did not run for a minute. Those of
// production take 10, 2 and 2 seconds: "SENTINEL DEBUG INFO-PERIOD 10000
// PUBLISH-PERIOD 2000 TILT-TRIGGER 2000" has them do the same.
func StartSentinels(o SentinelOptions) (*Sentinels, error) {
	lines, err := o.lines()
	if err != nil {
		return nil, err
	}
	o.Options.Config = append(lines, o.Options.Config...)
	s := &Sentinels{network: networkOf(&o.Options), seed: o.Options.Seed}
	if s.seed == 0 {
		s.seed = rand.Uint64()
	}
	if err := s.start(&o); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Sentinels) start(o *SentinelOptions) error {
	defer s.network.hold()()
	for i := range o.Sentinels {
		one := o.Options
		one.Sentinel, one.UnixSocket, one.Dir, one.ConfigFile, one.Addr, one.Seed = true, "", "", "", "127.0.0.1:0", max(s.seed+uint64(i), 1)
		if o.Port != 0 {
			one.Addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(o.Port+i))
		}
		server, err := startServer(one, false)
		if err != nil {
			return err
		}
		s.all = append(s.all, server)
		server.guard.run(func(g *sentinel.Sentinel) { err = g.SetTimes(quickTimes) })
		if err != nil {
			return err
		}
	}
	s.introduce()
	return nil
}

// Seed returns the seed of sentinel 0. Each other sentinel has the next one.
func (s *Sentinels) Seed() uint64 { return s.seed }

// lines returns the lines of sentinel.conf that the options are, with their
// defaults.
func (o *SentinelOptions) lines() (lines []string, err error) {
	if o.Sentinels == 0 {
		o.Sentinels = 3
	}
	if o.Quorum == 0 {
		o.Quorum = o.Sentinels/2 + 1
	}
	if o.DownAfter == 0 {
		o.DownAfter = 2 * time.Second
	}
	if o.FailoverTimeout == 0 {
		o.FailoverTimeout = 10 * time.Second
	}
	if o.Sentinels < 0 {
		return nil, errors.New("respserver: there can't be less than one sentinel")
	}
	var names []string
	for name := range o.Masters {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		host, port, err := net.SplitHostPort(o.Masters[name])
		if err != nil {
			return nil, fmt.Errorf("respserver: the master %s: %w", name, err)
		}
		lines = append(lines, fmt.Sprintf("sentinel monitor %s %s %s %d", name, host, port, o.Quorum),
			fmt.Sprintf("sentinel down-after-milliseconds %s %d", name, o.DownAfter.Milliseconds()),
			fmt.Sprintf("sentinel failover-timeout %s %d", name, o.FailoverTimeout.Milliseconds()))
	}
	return lines, nil
}

// introduce has each sentinel say hello to the others.
func (s *Sentinels) introduce() {
	for _, from := range s.all {
		var hellos []string
		host, port, _ := net.SplitHostPort(from.Addr())
		from.guard.run(func(g *sentinel.Sentinel) {
			for _, m := range g.Masters() {
				at, masterPort := g.MasterAddr(m)
				hellos = append(hellos, fmt.Sprintf("%s,%s,%s,0,%s,%s,%d,0", host, port, g.ID(), m.Name, at, masterPort))
			}
		})
		for _, to := range s.all {
			if to != from {
				to.guard.run(func(g *sentinel.Sentinel) {
					for _, h := range hellos {
						g.Hello(h)
					}
				})
			}
		}
	}
}

// Len returns how many sentinels there are, those that were killed included.
func (s *Sentinels) Len() int { return len(s.all) }

// Server returns sentinel i.
func (s *Sentinels) Server(i int) *Server { return s.all[i] }

// Addrs returns the addresses of the sentinels.
func (s *Sentinels) Addrs() (addrs []string) {
	for _, one := range s.all {
		addrs = append(addrs, one.Addr())
	}
	return addrs
}

// Close stops all sentinels.
func (s *Sentinels) Close() error {
	for _, one := range s.all {
		one.Close()
	}
	return nil
}

// Kill stops sentinel i as if its machine had lost power.
func (s *Sentinels) Kill(i int) {
	s.all[i].Abort()
	s.all[i].Close()
	if s.network != nil {
		s.network.Settle()
	}
}

// MasterAddr returns the address of a master, as most of the sentinels that run see
// it; "" if there is no such master.
func (s *Sentinels) MasterAddr(name string) (addr string) {
	votes := map[string]int{}
	for _, one := range s.all {
		one.sentinel(func(g *sentinel.Sentinel) {
			if m := g.Master(name); m != nil {
				host, port := g.MasterAddr(m)
				a := net.JoinHostPort(host, strconv.Itoa(port))
				if votes[a]++; votes[a] > votes[addr] {
					addr = a
				}
			}
		})
	}
	return addr
}

// sentinel calls a function with the sentinel, if the server runs.
func (s *Server) sentinel(f func(*sentinel.Sentinel)) {
	if !s.isClosed() {
		s.guard.run(f)
	}
}

// Wait waits until all sentinels that run agree about a master, that it works, and
// that so many replicas follow it.
func (s *Sentinels) Wait(ctx context.Context, name string, replicas int) error {
	return s.await(ctx, func(g *sentinel.Sentinel) bool {
		m := g.Master(name)
		return m != nil && g.Steady(m) && len(m.Following()) >= replicas
	})
}

// WaitFor waits until all sentinels that run have the master with an address, and
// no failover is under way.
func (s *Sentinels) WaitFor(ctx context.Context, name, addr string) error {
	return s.await(ctx, func(g *sentinel.Sentinel) bool {
		m := g.Master(name)
		if m == nil || m.FailingOver() {
			return false
		}
		host, port := g.MasterAddr(m)
		return net.JoinHostPort(host, strconv.Itoa(port)) == addr
	})
}

// Failover has the sentinels promote a replica of a master that works, and waits
// until all of them know the new master. It returns its address.
func (s *Sentinels) Failover(ctx context.Context, name string) (addr string, err error) {
	before := s.MasterAddr(name)
	i := slices.IndexFunc(s.all, func(one *Server) bool { return !one.isClosed() })
	if i < 0 {
		return "", ErrClosed
	}
	for w := s.network.newWaiter(); ; {
		var changed <-chan struct{}
		s.all[i].engine.Run(func(core *engine.Core) { changed = core.SentinelChange() })
		_, err := s.all[i].Do(ctx, "SENTINEL", "FAILOVER", name)
		if err == nil {
			return s.WaitForOther(ctx, name, before)
		}
		// A replica is fit once it has said enough of itself.
		if !strings.HasPrefix(err.Error(), "NOGOODSLAVE") {
			return "", err
		}
		if late := w.wait(ctx, []<-chan struct{}{changed}); late != nil {
			return "", errors.Join(err, late)
		}
	}
}

// WaitForOther waits until all sentinels that run agree about a master at another
// address than that before, and no failover is under way. It returns the address.
func (s *Sentinels) WaitForOther(ctx context.Context, name, before string) (addr string, err error) {
	addrs := map[string]bool{}
	err = s.awaitAll(ctx, func() { clear(addrs) }, func(g *sentinel.Sentinel) bool {
		m := g.Master(name)
		if m == nil || m.FailingOver() {
			return false
		}
		host, port := g.MasterAddr(m)
		addr = net.JoinHostPort(host, strconv.Itoa(port))
		addrs[addr] = true
		return addr != before && len(addrs) == 1
	})
	return addr, err
}

func (s *Sentinels) await(ctx context.Context, is func(*sentinel.Sentinel) bool) error {
	return s.awaitAll(ctx, func() {}, is)
}

// awaitAll waits until something is so for all sentinels that run. Each round of
// asking them begins with begin.
func (s *Sentinels) awaitAll(ctx context.Context, begin func(), is func(*sentinel.Sentinel) bool) error {
	for w := s.network.newWaiter(); ; {
		begin()
		var changed []<-chan struct{}
		all, some := true, false
		for _, one := range s.all {
			if one.isClosed() {
				continue
			}
			some = true
			one.engine.Run(func(core *engine.Core) {
				changed = append(changed, core.SentinelChange())
				all = is(core.Sentinel()) && all
			})
		}
		switch {
		case !some:
			return ErrClosed
		case all:
			return nil
		}
		if err := w.wait(ctx, changed); err != nil {
			return fmt.Errorf("respserver: the sentinels do not agree: %w", err)
		}
	}
}

// TestSentinels are Sentinels that are TestServers.
type TestSentinels struct {
	*Sentinels
	nodes []*TestServer
}

// StartTestSentinels returns sentinels for a test, which are stopped when the test
// ends; a failure fails the test.
func StartTestSentinels(t Tester, options ...SentinelOptions) *TestSentinels {
	t.Helper()
	var o SentinelOptions
	switch len(options) {
	case 0:
	case 1:
		o = options[0]
	default:
		t.Fatalf("StartTestSentinels: %d SentinelOptions are given", len(options))
		return nil
	}
	o.Options.Config = append([]string{"enable-testing-command yes"}, o.Options.Config...)
	s, err := StartSentinels(o)
	if err != nil {
		t.Fatalf("%v", err)
		return nil
	}
	if f, ok := t.(failer); ok && s.network != nil && s.network.manual != nil {
		f.Logf("Options.Seed: %d repeats what the sentinels do", s.Seed())
	}
	ts := &TestSentinels{Sentinels: s}
	for _, one := range s.all {
		ts.nodes = append(ts.nodes, &TestServer{Server: one, t: t, bubble: bubble()})
	}
	t.Cleanup(func() { s.Close() })
	return ts
}

// Node returns sentinel i.
func (s *TestSentinels) Node(i int) *TestServer { return s.nodes[i] }

// Package sentinel is the state of one Redis Sentinel: the masters that it
// watches, who else watches them, which are down, and who leads a failover. It
// behaves as the Sentinel of Redis 7.4, so that its like and real ones watch the
// same masters together
// (https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/).
//
// It knows no sockets, no clock, no files and no clients. What happens comes in by
// Opened, Receive, Closed and ScriptEnded, time by Tick; what is to be done goes
// out by Host. So a test runs many sentinels in one goroutine, in no time, and the
// same way each time.
//
// A Sentinel is not safe for concurrent use: the engine's lock guards it.
package sentinel

import (
	"errors"
	"log/slog"
	"slices"

	"github.com/resp-server/resp-server/internal/glob"
)

// HelloChannel is where sentinels hear of each other, on masters and replicas.
const HelloChannel = "__sentinel__:hello"

const (
	ticksPerSecond     = 10 // and up to as many more, at random, so that sentinels drift apart
	maxDesync          = 1000
	mostPending        = 100 // commands without an answer, of a link
	mostQueuedScripts  = 256
	mostRunningScripts = 16
	mostScriptRetries  = 10
	defaultPriority    = 100
	defaultSyncs       = 1
)

// levelVerbose is the level of a log between debug and notice.
const levelVerbose = (slog.LevelDebug + slog.LevelInfo) / 2

// Host is the server around a sentinel.
type Host interface {
	// Now is the time in ms since 1970.
	Now() int64
	// IntN returns a random number from 0 to n-1.
	IntN(n int) int
	// NewID returns 40 random hexadecimal digits.
	NewID() string
	// Dial begins to connect to an address. It calls Opened or Closed with the
	// connection later.
	Dial(c *Conn, ip string, port int)
	// Resolve returns the address of a host name; false: it has none.
	Resolve(name string) (ip string, ok bool)
	// Port is where clients come to, Password that of the default user, or "".
	Port() int
	Password() string
	// Publish hands an event to those who subscribe to it.
	Publish(event, message string)
	// Save writes what Kept returns to the file of the settings.
	Save() error
	// Executable reports whether a script can be started.
	Executable(path string) bool
	// Run starts a script and returns the id of its process. It calls ScriptEnded
	// later, and never if there is an error.
	Run(s *Script) (pid int, err error)
	// Kill ends a script.
	Kill(s *Script)
	// Crash ends the server at once, as SENTINEL SIMULATE-FAILURE asks for it.
	Crash()
}

// Sentinel is a sentinel and what it knows.
type Sentinel struct {
	host Host
	log  *slog.Logger

	id           string
	currentEpoch uint64
	masters      instances

	tilt      bool
	tiltSince int64
	lastTick  int64

	scripts []*Script
	running int
	failing Failure // that is to be simulated
	crashed bool

	times    times
	settings settings
}

// settings are what SENTINEL CONFIG SET and lines of the file say of all masters.
type settings struct {
	announceIP        string
	announcePort      int
	denyReconfig      bool // SENTINEL SET may not name scripts
	user, password    string
	resolveHostnames  bool
	announceHostnames bool
}

// times are the periods and timeouts, in ms.
type times struct {
	info, ping, ask, publish, defaultDownAfter, defaultFailoverTimeout int64
	tiltTrigger, tiltPeriod, reconfTimeout, reconnectPeriod            int64
	election, scriptRuntime, scriptRetry                               int64
}

// A Failure is a set of what SENTINEL SIMULATE-FAILURE asks for.
type Failure int

// What a sentinel may simulate.
const (
	CrashAfterElection Failure = 1 << iota
	CrashAfterPromotion
)

// New returns a sentinel that watches nothing.
func New(host Host, log *slog.Logger) *Sentinel {
	return &Sentinel{
		host: host, log: log, lastTick: host.Now(),
		settings: settings{denyReconfig: true},
		times: times{
			info: 10000, ping: 1000, ask: 1000, publish: 2000, defaultDownAfter: 30000, defaultFailoverTimeout: 180000,
			tiltTrigger: 2000, tiltPeriod: 30000, reconfTimeout: 10000, reconnectPeriod: 15000,
			election: 10000, scriptRuntime: 60000, scriptRetry: 30000,
		},
	}
}

// Begin gives the sentinel an id, unless its file had one, and says what it
// watches. It is called once its settings are complete.
func (s *Sentinel) Begin() {
	if s.id == "" {
		s.id = s.host.NewID()
		s.save()
	}
	s.log.Info("Sentinel ID is " + s.id)
	for _, m := range s.masters {
		s.monitoring(m)
	}
}

// ID returns the id of the sentinel.
func (s *Sentinel) ID() string { return s.id }

// Masters returns the masters that are watched, in the order in which they were named.
func (s *Sentinel) Masters() []*Instance { return s.masters }

// Master returns the master with a name, or nil.
func (s *Sentinel) Master(name string) *Instance { return s.masters.named(name) }

func (s *Sentinel) now() int64 { return s.host.Now() }

// save brings the file up to date.
func (s *Sentinel) save() error {
	err := s.host.Save()
	if err != nil {
		s.log.Warn("WARNING: Sentinel was not able to save the new configuration on disk!!!: " + err.Error())
		return errors.New("Failed to save config file. Check server logs.")
	}
	return nil
}

// Flush writes the file.
func (s *Sentinel) Flush() error { return s.save() }

// Tick does what is due, and returns in how many ms it is to be called again.
func (s *Sentinel) Tick() int64 {
	s.checkTilt()
	s.step(s.masters)
	s.runScripts()
	s.killScripts()
	return 1000 / int64(ticksPerSecond+s.host.IntN(ticksPerSecond))
}

// checkTilt notices that time has jumped, or that the sentinel did not run for a
// while: then all seems to have timed out, and nothing of that may be acted upon.
func (s *Sentinel) checkTilt() {
	now := s.now()
	if d := now - s.lastTick; d < 0 || d > s.times.tiltTrigger {
		s.tilt, s.tiltSince = true, now
		s.publish(slog.LevelWarn, "+tilt", "#tilt mode entered")
	}
	s.lastTick = now
}

// step does what is due for instances, and for those that belong to them.
func (s *Sentinel) step(list instances) {
	var done *Instance
	for _, i := range slices.Clone(list) {
		s.stepInstance(i)
		if s.crashed {
			return
		}
		if i.Is(Master) {
			s.step(i.replicas)
			s.step(i.sentinels)
			if i.state == updateConfig {
				done = i
			}
		}
	}
	if done != nil {
		s.switchToPromoted(done)
	}
}

func (s *Sentinel) stepInstance(i *Instance) {
	s.reconnect(i)
	s.sendPeriodic(i)
	if s.tilt {
		if s.now()-s.tiltSince < s.times.tiltPeriod {
			return
		}
		s.tilt = false
		s.publish(slog.LevelWarn, "-tilt", "#tilt mode exited")
	}
	s.checkSubjectively(i)
	if i.Is(Master) {
		s.checkObjectively(i)
		if s.startFailoverIfNeeded(i) {
			s.askOthers(i, true)
		}
		s.stepFailover(i)
		s.askOthers(i, false)
	}
}

// Monitor begins to watch a master.
func (s *Sentinel) Monitor(name, host string, port, quorum int) error {
	m, err := s.addMaster(name, host, port, quorum)
	if err != nil {
		return err
	}
	err = s.save()
	s.monitoring(m)
	return err
}

// Resolvable reports whether the host of a master can be found.
func (s *Sentinel) Resolvable(host string) bool {
	_, ok := s.resolve(host)
	return ok
}

func (s *Sentinel) monitoring(m *Instance) {
	s.event(slog.LevelWarn, "+monitor", m, " quorum %d", m.quorum)
}

// Remove forgets a master and all that belongs to it.
func (s *Sentinel) Remove(m *Instance) error {
	s.event(slog.LevelWarn, "-monitor", m, "")
	s.masters = s.masters.without(m)
	s.release(m)
	return s.save()
}

// Reset forgets the replicas of masters, who else watches them, and failovers
// that run. It returns how many masters match the pattern.
func (s *Sentinel) Reset(pattern []byte) (n int) {
	for _, m := range s.masters {
		if glob.Match(pattern, []byte(m.Name), false) {
			s.resetMaster(m, true)
			s.event(slog.LevelWarn, "+reset-master", m, "")
			n++
		}
	}
	return n
}

// resetMaster has a master as if nothing were known of it but its name and
// address, and, unless all is set, who else watches it.
func (s *Sentinel) resetMaster(m *Instance, all bool) {
	s.releaseAll(m.replicas)
	m.replicas = nil
	if all {
		s.releaseAll(m.sentinels)
		m.sentinels = nil
	}
	s.closeConn(m.link, m.link.commands)
	s.closeConn(m.link, m.link.messages)
	now := s.now()
	m.flags &= Master
	m.leader, m.promoted = "", nil
	m.state, m.stateSince, m.failoverStart = idle, 0, 0
	m.runID, m.masterHost = "", ""
	m.role, m.roleSince = Master, now
	m.link.reset(now)
}

// switchAddress makes another server the master, of which the former one is a
// replica from now on.
func (s *Sentinel) switchAddress(m *Instance, host string, port int) {
	to, err := s.newAddr(host, port, false)
	if err != nil {
		return
	}
	var replicas []addr
	for _, r := range m.replicas {
		if !r.addr.equals(to) {
			replicas = append(replicas, r.addr)
		}
	}
	if !to.equals(m.addr) {
		replicas = append(replicas, m.addr)
	}
	s.resetMaster(m, false)
	m.addr = to
	m.sdownSince, m.odownSince = 0, 0
	for _, a := range replicas {
		if r, err := s.addReplica(m, a.host, a.port); err == nil {
			s.event(slog.LevelInfo, "+slave", r, "")
		}
	}
	s.save()
}

// A Quorum is how many sentinels could agree about a master.
type Quorum struct {
	Usable int
	// Reached is set if they are enough to find it down, Majority if they may
	// authorize a failover.
	Reached, Majority bool
}

// CheckQuorum counts the sentinels that can be reached.
func (s *Sentinel) CheckQuorum(m *Instance) Quorum {
	usable := 1
	for _, o := range m.sentinels {
		if !o.Is(SDown | ODown) {
			usable++
		}
	}
	return Quorum{usable, usable >= m.quorum, usable >= (len(m.sentinels)+1)/2+1}
}

// MasterAddr returns where clients find the master: once a promoted replica has
// become one, that.
func (s *Sentinel) MasterAddr(m *Instance) (host string, port int) {
	a := m.current()
	return s.shown(a), a.port
}

// Steady reports whether a master and the sentinels that watch it work, and no
// failover runs.
func (s *Sentinel) Steady(m *Instance) bool {
	return m.infoAt != 0 && s.looksSane(m) && !m.Is(failoverInProgress) && s.CheckQuorum(m).Usable == len(m.sentinels)+1
}

// SimulateFailure has the sentinel crash in a failover.
func (s *Sentinel) SimulateFailure(f Failure) {
	s.failing = f
	if f&CrashAfterElection != 0 {
		s.log.Warn("Failure simulation: this Sentinel will crash after being successfully elected as failover leader")
	}
	if f&CrashAfterPromotion != 0 {
		s.log.Warn("Failure simulation: this Sentinel will crash after promoting the selected replica to master")
	}
}

func (s *Sentinel) crash() {
	s.crashed = true
	s.log.Warn("Sentinel CRASH because of SENTINEL simulate-failure")
	s.host.Crash()
}

// State is what INFO shows of the sentinel.
type State struct {
	Tilt                    bool
	TiltSince               int64 // ms since 1970
	RunningScripts, Scripts int
	Failures                Failure
}

// State returns what INFO shows.
func (s *Sentinel) State() State {
	return State{s.tilt, s.tiltSince, s.running, len(s.scripts), s.failing}
}

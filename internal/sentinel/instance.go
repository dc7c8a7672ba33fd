package sentinel

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
)

// A Flag says what an instance is, or what is known of it.
type Flag uint16

// The flags of instances.
const (
	SDown Flag = 1 << iota // this sentinel finds it down
	ODown                  // so do as many as the quorum asks for
	Master
	Replica
	Other              // a sentinel
	masterDown         // a sentinel that finds the master down
	failoverInProgress // of a master
	promoted           // the replica that is to be the master
	reconfSent         // a replica that was told of its new master,
	reconfInProgress   // that follows it,
	reconfDone         // and that has its data
	forceFailover      // SENTINEL FAILOVER: nobody is asked
	scriptKillSent
	masterReboot // a master that has started anew
)

// shownFlags are the names of flags in the order in which they are shown. "" is
// the place of a link that is not connected.
var shownFlags = []struct {
	Flag
	name string
}{
	{SDown, "s_down"}, {ODown, "o_down"}, {Master, "master"}, {Replica, "slave"}, {Other, "sentinel"}, {0, "disconnected"},
	{masterDown, "master_down"}, {failoverInProgress, "failover_in_progress"}, {promoted, "promoted"},
	{reconfSent, "reconf_sent"}, {reconfInProgress, "reconf_inprog"}, {reconfDone, "reconf_done"},
	{forceFailover, "force_failover"}, {scriptKillSent, "script_kill_sent"}, {masterReboot, "master_reboot"},
}

// addr is an address as it was given, and as it was found.
type addr struct {
	host, ip string // ip is "" while the host has none
	port     int
}

func (a addr) equals(b addr) bool {
	return a.port == b.port && (a.ip == b.ip || strings.EqualFold(a.host, b.host))
}

// Instance is a master, a replica or a sentinel that is watched.
type Instance struct {
	Name  string
	flags Flag
	runID string // of a sentinel: its id
	addr  addr
	link  *link
	gone  bool // nobody watches it any more

	configEpoch      uint64
	lastPublished    int64 // when a hello was sent to it
	lastHello        int64 // when a sentinel said hello
	lastMasterAnswer int64 // when a sentinel said whether the master is down
	sdownSince       int64
	odownSince       int64
	downAfter        int64
	rebootDownAfter  int64
	rebootSince      int64

	info         string // the last answer of INFO
	infoAt       int64  // when it came; 0: never
	role         Flag   // as INFO shows it
	roleSince    int64
	masterChange int64 // when a replica began to follow another master

	// Of a master.
	sentinels, replicas instances
	quorum, syncs       int
	user, password      string
	notify, reconfigure string // scripts
	renamed             []rename
	failoverEpoch       uint64
	state               state
	stateSince          int64
	failoverStart       int64
	failoverTimeout     int64
	delayLogged         int64 // the failoverStart of which the log has the delay
	promoted            *Instance

	// Of a master: who is to lead its failover. Of a sentinel: whom it voted for.
	leader      string
	leaderEpoch uint64

	// Of a replica.
	master     *Instance
	linkDown   int64 // for how long its link to the master is down
	priority   int
	announced  bool
	reconfAt   int64 // when it was told of a new master
	masterHost string
	masterPort int
	masterUp   bool
	offset     uint64
}

// rename is what a command is called by the instances of a master.
type rename struct{ from, to string }

// Is reports whether an instance has one of some flags.
func (i *Instance) Is(f Flag) bool { return i.flags&f != 0 }

// Replicas returns the replicas of a master.
func (i *Instance) Replicas() []*Instance { return i.replicas }

// Sentinels returns the other sentinels that watch a master.
func (i *Instance) Sentinels() []*Instance { return i.sentinels }

// FailingOver reports whether a failover of a master runs.
func (i *Instance) FailingOver() bool { return i.Is(failoverInProgress) }

// Following returns the replicas of a master that work and have its data, as far as
// is known.
func (i *Instance) Following() (list []*Instance) {
	for _, r := range i.replicas {
		if !r.Is(SDown) && r.infoAt != 0 && r.masterUp && r.masterPort == i.addr.port {
			list = append(list, r)
		}
	}
	return list
}

// Announced reports whether clients are to know of a replica.
func (i *Instance) Announced() bool { return i.announced }

// Info returns the last answer of INFO and when it came; 0 if there was none.
func (i *Instance) Info() (text string, at int64) { return i.info, i.infoAt }

// kind is the word for an instance in events.
func (i *Instance) kind() string {
	switch {
	case i.Is(Master):
		return "master"
	case i.Is(Replica):
		return "slave"
	}
	return "sentinel"
}

// owner returns the master that an instance belongs to, which it may be itself.
func (i *Instance) owner() *Instance {
	if i.master != nil {
		return i.master
	}
	return i
}

// current returns the address of a master, or of the replica that has become one.
func (i *Instance) current() addr {
	if i.Is(failoverInProgress) && i.promoted != nil && i.state >= reconfReplicas {
		return i.promoted.addr
	}
	return i.addr
}

// command returns what the instances of a master call a command.
func (i *Instance) command(name string) string {
	for _, r := range i.owner().renamed {
		if strings.EqualFold(r.from, name) {
			return r.to
		}
	}
	return name
}

// notDownFor reports whether an instance was not down within the last ms.
func (i *Instance) notDownFor(now, ms int64) bool {
	last := max(i.sdownSince, i.odownSince)
	return last == 0 || now-last > ms
}

// instances are in the order in which they became known.
type instances []*Instance

func (l instances) named(name string) *Instance {
	for _, i := range l {
		if i.Name == name {
			return i
		}
	}
	return nil
}

func (l instances) without(gone *Instance) instances {
	return slices.DeleteFunc(slices.Clone(l), func(i *Instance) bool { return i == gone })
}

// find returns the instance with a run id and an address, of which either may be
// left out.
func (l instances) find(runID string, at *addr) *Instance {
	for _, i := range l {
		if (runID == "" || i.runID == runID) && (at == nil || i.addr.equals(*at)) {
			return i
		}
	}
	return nil
}

var (
	errPort       = errors.New("Invalid port number.")
	errUnresolved = errors.New("Can't resolve instance hostname.")
)

// resolve returns the address of a host.
func (s *Sentinel) resolve(host string) (ip string, ok bool) {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.String(), true
	}
	if !s.settings.resolveHostnames {
		return "", false
	}
	return s.host.Resolve(host)
}

// newAddr looks a host up. With later, one that has no address yet will do.
func (s *Sentinel) newAddr(host string, port int, later bool) (addr, error) {
	if port < 0 || port > 65535 {
		return addr{}, errPort
	}
	ip, ok := s.resolve(host)
	if !ok {
		s.log.Warn(fmt.Sprintf("Failed to resolve hostname '%s'", host))
		if !later || !s.settings.resolveHostnames {
			return addr{}, errUnresolved
		}
	}
	return addr{host, ip, port}, nil
}

// isHost reports whether a host, as a server or a sentinel names it, is that of an
// address.
func (s *Sentinel) isHost(a addr, host string) bool {
	if ip, ok := s.resolve(host); ok {
		return strings.EqualFold(a.ip, ip)
	}
	if s.settings.resolveHostnames {
		return strings.EqualFold(a.host, host)
	}
	return strings.EqualFold(a.ip, host)
}

// shown returns the host of an address as clients and others get it.
func (s *Sentinel) shown(a addr) string {
	if s.settings.announceHostnames {
		return a.host
	}
	return a.ip
}

func (s *Sentinel) shownAddr(a addr) string {
	host := s.shown(a)
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return fmt.Sprint(host, ":", a.port)
}

func (s *Sentinel) newInstance(name string, kind Flag, at addr, quorum int, master *Instance) *Instance {
	now := s.now()
	i := &Instance{
		Name: name, flags: kind, addr: at, link: newLink(now), master: master, quorum: quorum,
		lastPublished: now, lastHello: now, lastMasterAnswer: now, roleSince: now, masterChange: now,
		downAfter: s.times.defaultDownAfter, failoverTimeout: s.times.defaultFailoverTimeout,
		syncs: defaultSyncs, priority: defaultPriority, announced: true, role: kind & (Master | Replica),
	}
	if master != nil {
		i.downAfter = master.downAfter
	}
	return i
}

func (s *Sentinel) addMaster(name, host string, port, quorum int) (*Instance, error) {
	at, err := s.newAddr(host, port, true)
	if err != nil {
		return nil, err
	}
	if s.masters.named(name) != nil {
		return nil, errors.New("Duplicate master name.")
	}
	m := s.newInstance(name, Master, at, quorum, nil)
	s.masters = append(s.masters, m)
	return m, nil
}

func (s *Sentinel) addReplica(m *Instance, host string, port int) (*Instance, error) {
	at, err := s.newAddr(host, port, true)
	if err != nil {
		return nil, err
	}
	name := s.shownAddr(at)
	if m.replicas.named(name) != nil {
		return nil, errors.New("Duplicate hostname and port for replica.")
	}
	r := s.newInstance(name, Replica, at, m.quorum, m)
	m.replicas = append(m.replicas, r)
	return r, nil
}

// addSentinel adds a sentinel, whose link is that which it has for other masters.
func (s *Sentinel) addSentinel(m *Instance, id, host string, port int) (*Instance, error) {
	at, err := s.newAddr(host, port, true)
	if err != nil {
		return nil, err
	}
	if m.sentinels.named(id) != nil {
		return nil, errors.New("Duplicate runid for sentinel.")
	}
	o := s.newInstance(id, Other, at, m.quorum, m)
	o.runID = id
	for _, other := range s.masters {
		if same := other.sentinels.find(id, nil); other != m && same != nil {
			o.link = same.link
			o.link.users++
			break
		}
	}
	m.sentinels = append(m.sentinels, o)
	return o, nil
}

// release ends the watch of an instance.
func (s *Sentinel) release(i *Instance) {
	i.gone = true
	s.releaseAll(i.replicas)
	s.releaseAll(i.sentinels)
	if i.link.users--; i.link.users == 0 {
		s.closeConn(i.link, i.link.commands)
		s.closeConn(i.link, i.link.messages)
	}
	if i.master != nil && i.master.promoted == i {
		i.master.promoted = nil
	}
}

func (s *Sentinel) releaseAll(list instances) {
	for _, i := range list {
		s.release(i)
	}
}

// removeSentinel forgets the sentinel with an id.
func (s *Sentinel) removeSentinel(m *Instance, id string) bool {
	o := m.sentinels.find(id, nil)
	if o == nil {
		return false
	}
	m.sentinels = m.sentinels.without(o)
	s.release(o)
	return true
}

// about names an instance in an event.
func (s *Sentinel) about(i *Instance) string {
	text := fmt.Sprintf("%s %s %s %d", i.kind(), i.Name, s.shown(i.addr), i.addr.port)
	if m := i.master; m != nil {
		text += fmt.Sprintf(" @ %s %s %d", m.Name, s.shown(m.addr), m.addr.port)
	}
	return text
}

// event says what has happened to an instance. What follows its name is format.
func (s *Sentinel) event(level slog.Level, name string, i *Instance, format string, args ...any) {
	s.eventText(level, name, i, s.about(i)+fmt.Sprintf(format, args...))
}

// eventText is event with all of the text.
func (s *Sentinel) eventText(level slog.Level, name string, i *Instance, text string) {
	s.publish(level, name, text)
	if script := i.owner().notify; level == slog.LevelWarn && script != "" {
		s.schedule(script, name, text)
	}
}

// publish logs an event and hands it to who subscribes. Those for debugging are
// only logged.
func (s *Sentinel) publish(level slog.Level, name, text string) {
	s.log.Log(context.Background(), level, name+" "+text)
	if level > slog.LevelDebug {
		s.host.Publish(name, text)
	}
}

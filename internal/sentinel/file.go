package sentinel

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// directive is a line of the file, without its first word: "sentinel".
type directive struct {
	// order is when it is read: 0 before masters are known, 1 says which there
	// are, 2 is about one of them.
	order int
	words []int // how many words it may have, its name included
	read  func(s *Sentinel, m *Instance, words []string) error
}

var (
	errNoMaster  = errors.New("No such master with specified name.")
	errPeriod    = errors.New("negative or zero time parameter.")
	errStatement = errors.New("Unrecognized sentinel configuration statement.")
	// ErrQuorum is the error of a quorum of nobody.
	ErrQuorum = errors.New("Quorum must be 1 or greater.")
)

var directives = map[string]directive{
	"announce-hostnames":    {0, []int{2}, flag("announce-hostnames option", func(s *settings) *bool { return &s.announceHostnames })},
	"announce-ip":           {0, []int{2}, word(func(s *settings) *string { return &s.announceIP })},
	"announce-port":         {0, []int{2}, readAnnouncePort},
	"current-epoch":         {0, []int{2}, readCurrentEpoch},
	"deny-scripts-reconfig": {0, []int{2}, flag("deny-scripts-reconfig options", func(s *settings) *bool { return &s.denyReconfig })},
	"myid":                  {0, []int{2}, readID},
	"resolve-hostnames":     {0, []int{2}, flag("resolve-hostnames option", func(s *settings) *bool { return &s.resolveHostnames })},
	"sentinel-pass":         {0, []int{2}, word(func(s *settings) *string { return &s.password })},
	"sentinel-user":         {0, []int{2}, word(func(s *settings) *string { return &s.user })},

	"monitor": {1, []int{5}, readMonitor},

	"auth-pass":               {2, []int{3}, ofMaster(func(m *Instance) *string { return &m.password })},
	"auth-user":               {2, []int{3}, ofMaster(func(m *Instance) *string { return &m.user })},
	"client-reconfig-script":  {2, []int{3}, script("Client reconfiguration script seems non existing or non executable", func(m *Instance) *string { return &m.reconfigure })},
	"config-epoch":            {2, []int{3}, readConfigEpoch},
	"down-after-milliseconds": {2, []int{3}, readDownAfter},
	"failover-timeout":        {2, []int{3}, period(1, errPeriod, func(m *Instance) *int64 { return &m.failoverTimeout })},
	"known-replica":           {2, []int{4}, readReplica},
	"known-sentinel":          {2, []int{4, 5}, readSentinel},
	"known-slave":             {2, []int{4}, readReplica},
	"leader-epoch":            {2, []int{3}, readLeaderEpoch},
	"master-reboot-down-after-period": {2, []int{3}, period(0, errors.New("negative time parameter."),
		func(m *Instance) *int64 { return &m.rebootDownAfter })},
	"notification-script": {2, []int{3}, script("Notification script seems non existing or non executable", func(m *Instance) *string { return &m.notify })},
	"parallel-syncs":      {2, []int{3}, readSyncs},
	"rename-command":      {2, []int{4}, readRename},
}

// Configure takes over lines of the file, each as its words without the first one,
// "sentinel". They may stand in any order. An error is that of the line with the
// number that is returned.
func (s *Sentinel) Configure(lines [][]string) (wrong int, err error) {
	type read struct {
		line int
		directive
	}
	var reads []read
	for i, words := range lines {
		d, ok := directives[strings.ToLower(words[0])]
		if !ok || !slices.Contains(d.words, len(words)) {
			d = directive{order: 2, read: func(*Sentinel, *Instance, []string) error { return errStatement }}
		}
		reads = append(reads, read{i, d})
	}
	slices.SortStableFunc(reads, func(a, b read) int { return cmp.Compare(a.order, b.order) })
	for _, r := range reads {
		words := lines[r.line]
		var m *Instance
		if r.order == 2 && r.words != nil {
			if m = s.masters.named(words[1]); m == nil {
				return r.line, errNoMaster
			}
		}
		if err := r.read(s, m, words[1:]); err != nil {
			return r.line, err
		}
	}
	return 0, nil
}

func flag(what string, field func(*settings) *bool) func(*Sentinel, *Instance, []string) error {
	return func(s *Sentinel, _ *Instance, words []string) error {
		on, ok := yesNo(words[0])
		if !ok {
			return fmt.Errorf("Please specify yes or no for the %s.", what)
		}
		*field(&s.settings) = on
		return nil
	}
}

func yesNo(word string) (on, ok bool) {
	return strings.EqualFold(word, "yes"), strings.EqualFold(word, "yes") || strings.EqualFold(word, "no")
}

func word(field func(*settings) *string) func(*Sentinel, *Instance, []string) error {
	return func(s *Sentinel, _ *Instance, words []string) error {
		*field(&s.settings) = words[0]
		return nil
	}
}

func ofMaster(field func(*Instance) *string) func(*Sentinel, *Instance, []string) error {
	return func(_ *Sentinel, m *Instance, words []string) error {
		*field(m) = words[1]
		return nil
	}
}

func script(missing string, field func(*Instance) *string) func(*Sentinel, *Instance, []string) error {
	return func(s *Sentinel, m *Instance, words []string) error {
		if !s.host.Executable(words[1]) {
			return errors.New(missing + ".")
		}
		*field(m) = words[1]
		return nil
	}
}

func period(least int, tooSmall error, field func(*Instance) *int64) func(*Sentinel, *Instance, []string) error {
	return func(_ *Sentinel, m *Instance, words []string) error {
		ms := atoi(words[1])
		if ms < least {
			return tooSmall
		}
		*field(m) = int64(ms)
		return nil
	}
}

func readAnnouncePort(s *Sentinel, _ *Instance, words []string) error {
	s.settings.announcePort = atoi(words[0])
	return nil
}

func readCurrentEpoch(s *Sentinel, _ *Instance, words []string) error {
	s.currentEpoch = max(s.currentEpoch, atou(words[0]))
	return nil
}

func readID(s *Sentinel, _ *Instance, words []string) error {
	if len(words[0]) != runIDLen {
		return errors.New("Malformed Sentinel id in myid option.")
	}
	s.id = words[0]
	return nil
}

func readMonitor(s *Sentinel, _ *Instance, words []string) error {
	quorum := atoi(words[3])
	if quorum <= 0 {
		return ErrQuorum
	}
	_, err := s.addMaster(words[0], words[1], atoi(words[2]), quorum)
	return err
}

func readDownAfter(s *Sentinel, m *Instance, words []string) error {
	ms := atoi(words[1])
	if ms <= 0 {
		return errPeriod
	}
	m.setDownAfter(int64(ms))
	return nil
}

func (i *Instance) setDownAfter(ms int64) {
	for _, list := range []instances{{i}, i.replicas, i.sentinels} {
		for _, other := range list {
			other.downAfter = ms
		}
	}
}

func readSyncs(_ *Sentinel, m *Instance, words []string) error {
	m.syncs = atoi(words[1])
	return nil
}

func readConfigEpoch(s *Sentinel, m *Instance, words []string) error {
	m.configEpoch = atou(words[1])
	s.currentEpoch = max(s.currentEpoch, m.configEpoch)
	return nil
}

func readLeaderEpoch(_ *Sentinel, m *Instance, words []string) error {
	m.leaderEpoch = atou(words[1])
	return nil
}

func readReplica(s *Sentinel, m *Instance, words []string) error {
	_, err := s.addReplica(m, words[1], atoi(words[2]))
	return err
}

func readSentinel(s *Sentinel, m *Instance, words []string) error {
	if len(words) < 4 {
		return nil // the form of old versions, which did not know ids
	}
	_, err := s.addSentinel(m, words[3], words[1], atoi(words[2]))
	return err
}

func readRename(_ *Sentinel, m *Instance, words []string) error {
	if m.command(words[1]) != words[1] {
		return errors.New("Same command renamed multiple times with rename-command.")
	}
	m.renamed = append(m.renamed, rename{words[1], words[2]})
	return nil
}

// Kept is a line of the file. Name is its beginning, "sentinel myid": the line
// replaces another one with that.
type Kept struct {
	Name, Text string
	// Default is set if the line says nothing but the default: it is needed only to
	// replace one.
	Default bool
}

// Kept returns what the file is to have of the sentinel: the settings, and all
// that it has to know after a restart.
func (s *Sentinel) Kept() (lines []Kept) {
	line := func(isDefault bool, name, format string, args ...any) {
		lines = append(lines, Kept{"sentinel " + name, "sentinel " + name + " " + fmt.Sprintf(format, args...), isDefault})
	}
	c := &s.settings
	line(false, "myid", "%s", s.id)
	line(c.denyReconfig, "deny-scripts-reconfig", "%s", yesOrNo(c.denyReconfig))
	line(!c.resolveHostnames, "resolve-hostnames", "%s", yesOrNo(c.resolveHostnames))
	line(!c.announceHostnames, "announce-hostnames", "%s", yesOrNo(c.announceHostnames))
	for _, m := range s.masters {
		s.keptMaster(m, line)
	}
	line(false, "current-epoch", "%d", s.currentEpoch)
	if c.announceIP != "" {
		line(false, "announce-ip", "%q", c.announceIP)
	}
	if c.announcePort != 0 {
		line(false, "announce-port", "%d", c.announcePort)
	}
	if c.user != "" {
		line(false, "sentinel-user", "%s", c.user)
	}
	if c.password != "" {
		line(false, "sentinel-pass", "%s", c.password)
	}
	return lines
}

func (s *Sentinel) keptMaster(m *Instance, add func(isDefault bool, name, format string, args ...any)) {
	line := func(name, value string) { add(false, name, "%s %s", m.Name, value) }
	number := func(name string, n int64) { line(name, strconv.FormatInt(n, 10)) }
	at := m.current()
	line("monitor", fmt.Sprintf("%s %d %d", s.shown(at), at.port, m.quorum))
	if m.downAfter != s.times.defaultDownAfter {
		number("down-after-milliseconds", m.downAfter)
	}
	if m.failoverTimeout != s.times.defaultFailoverTimeout {
		number("failover-timeout", m.failoverTimeout)
	}
	if m.syncs != defaultSyncs {
		number("parallel-syncs", int64(m.syncs))
	}
	for _, text := range []struct{ name, value string }{
		{"notification-script", m.notify}, {"client-reconfig-script", m.reconfigure}, {"auth-pass", m.password}, {"auth-user", m.user},
	} {
		if text.value != "" {
			line(text.name, text.value)
		}
	}
	if m.rebootDownAfter != 0 {
		number("master-reboot-down-after-period", m.rebootDownAfter)
	}
	line("config-epoch", strconv.FormatUint(m.configEpoch, 10))
	line("leader-epoch", strconv.FormatUint(m.leaderEpoch, 10))
	for _, r := range m.replicas {
		a := r.addr
		if a.equals(at) { // the promoted one: the old master has its place
			a = m.addr
		}
		line("known-replica", fmt.Sprintf("%s %d", s.shown(a), a.port))
	}
	for _, o := range m.sentinels {
		line("known-sentinel", fmt.Sprintf("%s %d %s", s.shown(o.addr), o.addr.port, o.runID))
	}
	for _, r := range m.renamed {
		line("rename-command", r.from+" "+r.to)
	}
}

func yesOrNo(on bool) string {
	if on {
		return "yes"
	}
	return "no"
}

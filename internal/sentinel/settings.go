package sentinel

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	"github.com/resp-server/resp-server/internal/glob"
	"github.com/resp-server/resp-server/internal/numfmt"
)

// Set is SENTINEL SET: options of a master, with their values. Those before an
// error are in force.
func (s *Sentinel) Set(m *Instance, words []string) error {
	for all := len(words); len(words) > 0; {
		n, err := s.setOption(m, words)
		if err != nil {
			if len(words) < all {
				s.save()
			}
			return err
		}
		shown := slices.Clone(words[:n])
		if strings.EqualFold(words[0], "auth-pass") {
			shown[1] = "******"
		}
		s.event(slog.LevelWarn, "+set", m, " %s", strings.Join(shown, " "))
		words = words[n:]
	}
	return s.save()
}

// errDenied is for scripts that no client may name.
var errDenied = errors.New("Reconfiguration of scripts path is denied for security reasons. " +
	"Check the deny-scripts-reconfig configuration directive in your Sentinel configuration")

// setOption sets the option that words begin with, and returns how many words it
// has taken.
func (s *Sentinel) setOption(m *Instance, words []string) (n int, err error) {
	option := strings.ToLower(words[0])
	if len(words) > 2 && option == "rename-command" {
		return 3, s.setRename(m, words)
	}
	if len(words) < 2 {
		return 0, unknownOption("SET", words[0])
	}
	value := words[1]
	number := func(least int64) int64 {
		v, ok := numfmt.ParseInt([]byte(value))
		if !ok || v < least {
			err = invalidArgument("SET", value, words[0])
			return 0
		}
		return v
	}
	set := func(least int64, to func(int64)) {
		if v := number(least); err == nil {
			to(v)
		}
	}
	switch option {
	case "down-after-milliseconds":
		set(1, m.setDownAfter)
	case "failover-timeout":
		set(1, func(v int64) { m.failoverTimeout = v })
	case "parallel-syncs":
		set(1, func(v int64) { m.syncs = int(v) })
	case "quorum":
		set(1, func(v int64) { m.quorum = int(v) })
	case "master-reboot-down-after-period":
		set(0, func(v int64) { m.rebootDownAfter = v })
	case "notification-script", "client-reconfig-script":
		if s.settings.denyReconfig {
			return 0, errDenied
		}
		if value == "" {
			*map[string]*string{"notification-script": &m.notify, "client-reconfig-script": &m.reconfigure}[option] = ""
			break
		}
		if err := directives[option].read(s, m, []string{m.Name, value}); err != nil {
			return 0, errors.New(strings.TrimSuffix(err.Error(), "."))
		}
	case "auth-pass":
		m.password = value
		s.dropData(m)
	case "auth-user":
		m.user = value
		s.dropData(m)
	default:
		return 0, unknownOption("SET", words[0])
	}
	return 2, err
}

func unknownOption(command, option string) error {
	return fmt.Errorf("Unknown option or number of arguments for SENTINEL %s '%s'", command, option)
}

func invalidArgument(command, value, option string) error {
	return fmt.Errorf("Invalid argument '%s' for SENTINEL %s '%s'", value, command, option)
}

// setRename has the instances of a master be sent another command.
func (s *Sentinel) setRename(m *Instance, words []string) error {
	for _, name := range []string{words[2], words[1]} {
		if name == "" {
			return invalidArgument("SET", name, words[0])
		}
	}
	m.renamed = slices.DeleteFunc(m.renamed, func(r rename) bool { return strings.EqualFold(r.from, words[1]) })
	if !strings.EqualFold(words[1], words[2]) {
		m.renamed = append(m.renamed, rename{words[1], words[2]})
	}
	return nil
}

// periods are the times that SENTINEL DEBUG shows and sets, in its order.
var periods = []struct {
	name  string
	field func(*times) *int64
}{
	{"INFO-PERIOD", func(t *times) *int64 { return &t.info }},
	{"PING-PERIOD", func(t *times) *int64 { return &t.ping }},
	{"ASK-PERIOD", func(t *times) *int64 { return &t.ask }},
	{"PUBLISH-PERIOD", func(t *times) *int64 { return &t.publish }},
	{"DEFAULT-DOWN-AFTER", func(t *times) *int64 { return &t.defaultDownAfter }},
	{"DEFAULT-FAILOVER-TIMEOUT", func(t *times) *int64 { return &t.defaultFailoverTimeout }},
	{"TILT-TRIGGER", func(t *times) *int64 { return &t.tiltTrigger }},
	{"TILT-PERIOD", func(t *times) *int64 { return &t.tiltPeriod }},
	{"SLAVE-RECONF-TIMEOUT", func(t *times) *int64 { return &t.reconfTimeout }},
	{"MIN-LINK-RECONNECT-PERIOD", func(t *times) *int64 { return &t.reconnectPeriod }},
	{"ELECTION-TIMEOUT", func(t *times) *int64 { return &t.election }},
	{"SCRIPT-MAX-RUNTIME", func(t *times) *int64 { return &t.scriptRuntime }},
	{"SCRIPT-RETRY-DELAY", func(t *times) *int64 { return &t.scriptRetry }},
}

// Times returns the periods and timeouts in ms.
func (s *Sentinel) Times() (fields []Field) {
	for _, p := range periods {
		fields = append(fields, Field{p.name, strconv.FormatInt(*p.field(&s.times), 10)})
	}
	return fields
}

// SetTimes sets periods and timeouts: names, each with its value.
func (s *Sentinel) SetTimes(words []string) error {
	for ; len(words) > 0; words = words[2:] {
		var field *int64
		for _, p := range periods {
			if strings.EqualFold(p.name, words[0]) && len(words) > 1 {
				field = p.field(&s.times)
			}
		}
		if field == nil {
			return unknownOption("DEBUG", words[0])
		}
		v, ok := numfmt.ParseInt([]byte(words[1]))
		if !ok || v <= 0 {
			return invalidArgument("DEBUG", words[1], words[0])
		}
		*field = v
	}
	return nil
}

// global is a setting of SENTINEL CONFIG.
type global struct {
	name  string
	valid func(value string) bool
	get   func(*Sentinel) string
	set   func(s *Sentinel, value string)
}

// globals are in the order of SENTINEL CONFIG GET.
var globals = []global{
	{"resolve-hostnames", isYesNo, func(s *Sentinel) string { return yesOrNo(s.settings.resolveHostnames) },
		func(s *Sentinel, v string) { s.settings.resolveHostnames, _ = yesNo(v) }},
	{"announce-hostnames", isYesNo, func(s *Sentinel) string { return yesOrNo(s.settings.announceHostnames) },
		func(s *Sentinel, v string) { s.settings.announceHostnames, _ = yesNo(v) }},
	{"announce-ip", nil, func(s *Sentinel) string { return s.settings.announceIP },
		func(s *Sentinel, v string) { s.settings.announceIP = v }},
	{"announce-port", isPort, func(s *Sentinel) string { return strconv.Itoa(s.settings.announcePort) },
		func(s *Sentinel, v string) { s.settings.announcePort = atoi(v) }},
	{"sentinel-user", nil, func(s *Sentinel) string { return s.settings.user },
		func(s *Sentinel, v string) { s.settings.user = v }},
	{"sentinel-pass", nil, func(s *Sentinel) string { return s.settings.password },
		func(s *Sentinel, v string) { s.settings.password = v }},
}

func isYesNo(v string) bool {
	_, ok := yesNo(v)
	return ok
}

func isPort(v string) bool {
	n, ok := numfmt.ParseInt([]byte(v))
	return ok && n >= 0 && n <= 65535
}

// LogLevel is the setting loglevel, which is the server's.
type LogLevel struct {
	Valid func(string) bool
	Get   func() string
	Set   func(string)
}

// globalsWith returns globals with the level of the log at the end.
func globalsWith(level LogLevel) []global {
	return append(slices.Clip(globals), global{"loglevel", level.Valid, func(*Sentinel) string { return level.Get() }, func(_ *Sentinel, v string) { level.Set(v) }})
}

// SetConfig is SENTINEL CONFIG SET: all of some settings or, if there is an error,
// none.
func (s *Sentinel) SetConfig(words []string, level LogLevel) error {
	all := globalsWith(level)
	seen := map[string]bool{}
	var sets []func()
	drop := false
	for i := 0; i < len(words); i += 2 {
		name := words[i]
		at := slices.IndexFunc(all, func(g global) bool { return strings.EqualFold(g.name, name) })
		switch {
		case at < 0:
			return fmt.Errorf("Invalid argument '%s' to SENTINEL CONFIG SET", name)
		case seen[all[at].name]:
			return fmt.Errorf("Duplicate argument '%s' to SENTINEL CONFIG SET", name)
		case i+1 == len(words):
			return fmt.Errorf("Missing argument '%s' value", name)
		}
		g, value := all[at], words[i+1]
		if g.valid != nil && !g.valid(value) {
			return fmt.Errorf("Invalid value '%s' to SENTINEL CONFIG SET '%s'", value, name)
		}
		seen[g.name] = true
		drop = drop || strings.HasPrefix(g.name, "sentinel-")
		sets = append(sets, func() { g.set(s, value) })
	}
	for _, set := range sets {
		set()
	}
	err := s.save()
	if drop {
		s.dropSentinels()
	}
	return err
}

// Config is SENTINEL CONFIG GET: the settings that match patterns.
func (s *Sentinel) Config(patterns [][]byte, level LogLevel) (fields []Field) {
	all := globalsWith(level)
	seen := map[string]bool{}
	for _, p := range patterns {
		for _, g := range all {
			if !seen[g.name] && glob.Match(p, []byte(g.name), true) {
				seen[g.name] = true
				fields = append(fields, Field{g.name, g.get(s)})
			}
		}
	}
	return fields
}

// Field is a name with a value, as replies have them.
type Field struct{ Name, Value string }

// Describe returns what SENTINEL MASTER and its like show of an instance.
func (s *Sentinel) Describe(i *Instance) (fields []Field) {
	now, l := s.now(), i.link
	text := func(name, value string) { fields = append(fields, Field{name, value}) }
	number := func(name string, n int64) { text(name, strconv.FormatInt(n, 10)) }
	text("name", i.Name)
	text("ip", s.shown(i.addr))
	number("port", int64(i.addr.port))
	text("runid", i.runID)
	text("flags", i.flagNames())
	number("link-pending-commands", int64(l.pending))
	number("link-refcount", int64(l.users))
	if i.Is(failoverInProgress) {
		text("failover-state", i.state.String())
	}
	number("last-ping-sent", since(now, l.pingSince))
	number("last-ok-ping-reply", now-l.lastGood)
	number("last-ping-reply", now-l.lastAnswer)
	if i.Is(SDown) {
		number("s-down-time", now-i.sdownSince)
	}
	if i.Is(ODown) {
		number("o-down-time", now-i.odownSince)
	}
	number("down-after-milliseconds", i.downAfter)
	if i.Is(Other) {
		number("last-hello-message", now-i.lastHello)
		text("voted-leader", orUnknown(i.leader))
		number("voted-leader-epoch", int64(i.leaderEpoch))
		return fields
	}
	number("info-refresh", since(now, i.infoAt))
	role := "slave"
	if i.role == Master {
		role = "master"
	}
	text("role-reported", role)
	number("role-reported-time", now-i.roleSince)
	if i.Is(Replica) {
		number("master-link-down-time", i.linkDown)
		status := "err"
		if i.masterUp {
			status = "ok"
		}
		text("master-link-status", status)
		text("master-host", orUnknown(i.masterHost))
		number("master-port", int64(i.masterPort))
		number("slave-priority", int64(i.priority))
		text("slave-repl-offset", strconv.FormatUint(i.offset, 10))
		announced := int64(0)
		if i.announced {
			announced = 1
		}
		number("replica-announced", announced)
		return fields
	}
	number("config-epoch", int64(i.configEpoch))
	number("num-slaves", int64(len(i.replicas)))
	number("num-other-sentinels", int64(len(i.sentinels)))
	number("quorum", int64(i.quorum))
	number("failover-timeout", i.failoverTimeout)
	number("parallel-syncs", int64(i.syncs))
	if i.notify != "" {
		text("notification-script", i.notify)
	}
	if i.reconfigure != "" {
		text("client-reconfig-script", i.reconfigure)
	}
	return fields
}

func since(now, at int64) int64 {
	if at == 0 {
		return 0
	}
	return now - at
}

func orUnknown(text string) string {
	if text == "" {
		return "?"
	}
	return text
}

func (i *Instance) flagNames() string {
	var names []string
	for _, f := range shownFlags {
		if i.Is(f.Flag) || f.Flag == 0 && i.link.disconnected {
			names = append(names, f.name)
		}
	}
	return strings.Join(names, ",")
}

// Summary is what INFO shows of a master.
func (s *Sentinel) Summary(m *Instance) string {
	status := "ok"
	switch {
	case m.Is(ODown):
		status = "odown"
	case m.Is(SDown):
		status = "sdown"
	}
	return fmt.Sprintf("name=%s,status=%s,address=%s:%d,slaves=%d,sentinels=%d",
		m.Name, status, s.shown(m.addr), m.addr.port, len(m.replicas), len(m.sentinels)+1)
}

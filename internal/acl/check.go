package acl

import (
	"slices"

	"github.com/resp-server/resp-server/internal/glob"
	"github.com/resp-server/resp-server/internal/spec"
)

// Reason says why a command is denied. Of several reasons the greatest counts.
type Reason uint8

// The reasons. DeniedAuth, for a wrong password, is only for the log.
const (
	Granted Reason = iota
	DeniedCommand
	DeniedKey
	DeniedAuth
	DeniedChannel
)

// String returns the word in ACL LOG.
func (r Reason) String() string {
	return [...]string{"granted", "command", "key", "auth", "channel"}[r]
}

// Verdict says whether a user may run a command line.
type Verdict struct {
	Reason Reason
	// Arg is the index of the argument that caused the denial, if one did.
	Arg int
}

// Judge checks command lines. The zero Judge is ready. It reuses memory, so it must
// not check two lines at the same time.
type Judge struct{ keys []spec.KeyPos }

// Check returns whether a user may run a command line.
func (j *Judge) Check(u *User, c *Command, args [][]byte) Verdict {
	if u.Unrestricted {
		return Verdict{}
	}
	// Report the reason of the selector that gets furthest: the command does not
	// matter if one selector allows it, and then the last argument counts that a
	// selector rejects.
	worst := Verdict{Reason: DeniedCommand}
	q := query{j: j, c: c, args: args}
	for _, s := range u.selectors {
		v := q.check(s)
		if v.Reason == Granted {
			return v
		}
		if v.Reason > worst.Reason || v.Reason == worst.Reason && v.Arg > worst.Arg {
			worst = v
		}
	}
	return worst
}

// CheckAllKeys reports whether a selector allows both the command line and all
// other keys: SORT reads keys that its arguments do not name.
func (j *Judge) CheckAllKeys(u *User, c *Command, args [][]byte, flags spec.KeyFlag) bool {
	if u.Unrestricted {
		return true
	}
	q, need := query{j: j, c: c, args: args}, useOf(flags)
	return slices.ContainsFunc(u.selectors, func(s *Selector) bool {
		return q.check(s).Reason == Granted && s.usesAllKeys(need)
	})
}

// query is a command line to check against selectors.
type query struct {
	j       *Judge
	c       *Command
	args    [][]byte
	located bool // j.keys has its keys
}

func (q *query) check(s *Selector) Verdict {
	if !s.allows(q.c, q.args) {
		return Verdict{Reason: DeniedCommand}
	}
	if !s.allKeys && q.c.HasKeys() {
		for _, k := range q.keys() {
			if !s.allowsKey(q.args[k.Index], useOf(k.Flags)) {
				return Verdict{DeniedKey, k.Index}
			}
		}
	}
	if !s.allChannels && q.c.Channels != spec.NoChannels {
		end := len(q.args)
		if q.c.Channels == spec.PublishesTo {
			end = min(end, 2)
		}
		for i := 1; i < end; i++ {
			if !allowsChannel(s.channels, string(q.args[i]), q.c.Channels == spec.SubscribesAll) {
				return Verdict{DeniedChannel, i}
			}
		}
	}
	return Verdict{}
}

// keys returns the positions of the keys. There are none if they can't be found:
// then the command replies with an error.
func (q *query) keys() []spec.KeyPos {
	if !q.located {
		q.located = true
		q.j.keys = q.j.keys[:0]
		if q.c.Takes(len(q.args)) {
			q.j.keys, _ = q.c.KeyPositions(q.j.keys, q.args)
		}
	}
	return q.j.keys
}

// allows reports whether the selector allows the command, apart from its keys.
func (s *Selector) allows(c *Command, args [][]byte) bool {
	if s.everything || c.Flags&spec.NoAuth != 0 || s.allowed.has(c) {
		return true
	}
	first := s.firstArgs[c.id]
	return len(first) > 0 && len(args) > 1 && slices.Contains(first, lower(string(args[1])))
}

// useOf returns the permissions that a key needs. There may be none: then any
// pattern for the key will do, as for a command that only checks whether a key
// exists.
func useOf(flags spec.KeyFlag) (u use) {
	if flags&spec.Access != 0 {
		u |= reads
	}
	if flags&(spec.Insert|spec.Delete|spec.Update) != 0 {
		u |= writes
	}
	return u
}

func (s *Selector) allowsKey(key []byte, need use) bool {
	return slices.ContainsFunc(s.keys, func(p keyPattern) bool {
		return p.use&need == need && glob.Match([]byte(p.pattern), key, false)
	})
}

func (s *Selector) usesAllKeys(need use) bool {
	return s.allKeys || slices.ContainsFunc(s.keys, func(p keyPattern) bool {
		return p.use&need == need && p.pattern == "*"
	})
}

// allowsChannel reports whether a pattern allows a channel. A pattern of channels
// needs an equal pattern.
func allowsChannel(patterns []string, channel string, isPattern bool) bool {
	if isPattern {
		return slices.Contains(patterns, channel)
	}
	return slices.ContainsFunc(patterns, func(p string) bool {
		return glob.Match([]byte(p), []byte(channel), false)
	})
}

// Channels are patterns of the channels that a user may use.
type Channels []string

// Revoked reports whether a change took channels from a user, and returns the
// remaining ones. Subscribers to other channels must be disconnected.
func Revoked(before, after *User) (left Channels, revoked bool) {
	for _, s := range after.selectors {
		if s.allChannels {
			return nil, false
		}
		left = append(left, s.channels...)
	}
	for _, s := range before.selectors {
		if s.allChannels || slices.ContainsFunc(s.channels, func(c string) bool { return !slices.Contains(left, c) }) {
			return left, true
		}
	}
	return nil, false
}

// Allow reports whether the patterns allow a channel, or a pattern of channels.
func (cs Channels) Allow(channel string, isPattern bool) bool {
	return allowsChannel(cs, channel, isPattern)
}

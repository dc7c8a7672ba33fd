package engine

import (
	"errors"
	"fmt"

	"github.com/resp-server/resp-server/internal/acl"
	"github.com/resp-server/resp-server/internal/pubsub"
)

// state is all that a client can change about its connection. Two states are
// equal if and only if no client could tell them apart: what may be absent is a
// pointer, which is nil then. So RESET is one assignment, and whether a session
// is as good as new one comparison; a new field takes part in both.
type state struct {
	Name      string
	LibName   string
	LibVer    string
	NoTouch   bool
	NoEvict   bool
	ReplyMode ReplyMode

	db            int
	proto         int // as in the session's Writer; see SetProto
	user          *acl.User
	authenticated bool
	multi         *transaction
	watched       *watches
	casFailed     bool
	subs          *subscriptions
	tracking      *Tracking
	monitor       bool
	asking        bool // as ASKING sets it
	readOnly      bool // as READONLY does
	extras        *extras
}

// ReplyMode is what CLIENT REPLY sets.
type ReplyMode uint8

// The modes of CLIENT REPLY; ReplySkipNext becomes ReplySkip after the command
// that sets it, and that ReplyOn after the next.
const (
	ReplyOn ReplyMode = iota
	ReplyOff
	ReplySkipNext
	ReplySkip
)

// fresh returns the state that a session begins with now.
func (s *Session) fresh() state {
	f := state{proto: 2, user: s.e.Users.Default(), authenticated: s.internal || !s.e.Users.PasswordNeeded() && !s.e.lockOut}
	if s.internal {
		f.proto = 3 // whose replies say most
	}
	return f
}

// check looks for what does not fit in the state of s.
func (st *state) check(s *Session) error {
	switch {
	case st.proto != s.out.Proto:
		return fmt.Errorf("protocol %d, replies in %d", st.proto, s.out.Proto)
	case st.extras != nil && len(*st.extras) == 0, st.subs != nil && s.Subscriptions() == 0:
		return errors.New("something empty that should be nil")
	case st.db < 0 || st.db >= s.e.Keyspace.Len():
		return fmt.Errorf("database %d", st.db)
	}
	return errors.Join(st.multi.check(), st.watched.check())
}

// checkRights looks for what does not fit the user of a client.
func (s *Session) checkRights() error {
	switch {
	case s.e.Users.Get([]byte(s.user.Name)) != s.user:
		return fmt.Errorf("its user %q is gone", s.user.Name)
	case s.in.Limits.Unauthenticated != s.mustLogIn() || s.in.Limits.MaxBulk != s.e.Config.ProtoMaxBulkLen || s.out.Limit != s.maxOutput():
		return errors.New("its limits are those of another one")
	}
	return nil
}

// begin puts a state in place of one that nothing refers to any more.
func (s *Session) begin(with state) {
	s.state = with
	s.out.Proto = with.proto
	s.applyLimits()
}

// Reset brings the session back to how it began, as RESET does. The library
// behind the connection stays the same, and RESET is itself a command that
// CLIENT REPLY SKIP may be about.
func (s *Session) Reset() {
	s.forget()
	next := s.fresh()
	next.LibName, next.LibVer = s.LibName, s.LibVer
	if s.ReplyMode == ReplySkip {
		next.ReplyMode = ReplySkip
	}
	s.begin(next)
}

// isFresh reports whether the session is like a new one.
func (s *Session) isFresh() bool {
	return s.state == s.fresh() && s.replica == nil && s.wait == nil && !s.closing && !s.killed
}

// forget takes the session out of everything that its state refers to.
func (s *Session) forget() {
	if s.wait != nil {
		s.e.cancel(s.wait)
	}
	s.Unwatch()
	s.Untrack()
	s.unmonitor()
	s.multi = nil
	if s.subs != nil {
		for k, names := range *s.subs {
			for name := range names {
				s.Unsubscribe(pubsub.Kind(k), name)
			}
		}
	}
}

// Proto returns the protocol version, 2 or 3.
func (s *Session) Proto() int { return s.proto }

// SetProto changes the protocol version.
func (s *Session) SetProto(v int) { s.proto, s.out.Proto = v, v }

// DB returns the number of the selected database.
func (s *Session) DB() int { return s.db }

// Select changes the database.
func (s *Session) Select(db int) { s.db = db }

// Authenticated reports whether the client has logged in, or did not need to
// when it came.
func (s *Session) Authenticated() bool { return s.authenticated || s.e.lockOut && !s.mustLogIn() }

// Extra is what a group of commands keeps with a client, or with a script while
// one runs.
type Extra interface {
	// MemoryUse returns about how many bytes it takes.
	MemoryUse() int
}

// extras are the Extras of a session by their names, at least one.
type extras map[string]Extra

func (x *extras) memoryUse() (n int) {
	if x != nil {
		for _, extra := range *x {
			n += extra.MemoryUse()
		}
	}
	return n
}

// Extra returns what was kept with this client, or with the script that runs,
// under a name; nil if nothing was.
func (c *Ctx) Extra(name string) Extra {
	if c.Session.extras == nil {
		return nil
	}
	return (*c.Session.extras)[name]
}

// SetExtra keeps something with this client, or with the script that runs, under
// a name that the commands which use it share; nil forgets it. It is also
// forgotten with the client, by RESET, and at the end of the script.
func (c *Ctx) SetExtra(name string, x Extra) {
	s := c.Session
	switch {
	case x != nil && s.extras == nil:
		s.extras = &extras{name: x}
	case x != nil:
		(*s.extras)[name] = x
	case s.extras != nil:
		delete(*s.extras, name)
		if len(*s.extras) == 0 {
			s.extras = nil
		}
	}
}

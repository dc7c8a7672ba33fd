package engine

import (
	"errors"
	"fmt"

	"github.com/resp-server/resp-server/internal/acl"
	"github.com/resp-server/resp-server/internal/pubsub"
)

// state is everything that a client can change about its connection. Two states are
// equal if and only if no client could tell them apart: an optional part is a pointer,
// nil if it is absent. So RESET is one assignment, and one comparison shows whether a
// session is as good as new. A new field takes part in both.
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

// fresh returns the state of a new session.
func (s *Session) fresh() state {
	f := state{proto: 2, user: s.e.Users.Default(), authenticated: s.internal || !s.e.Users.PasswordNeeded() && !s.e.lockOut}
	if s.internal {
		f.proto = 3 // whose replies say most
	}
	return f
}

// check looks for contradictions in the state of s.
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

// checkRights looks for contradictions between a client and its user.
func (s *Session) checkRights() error {
	switch {
	case s.e.Users.Get([]byte(s.user.Name)) != s.user:
		return fmt.Errorf("its user %q is gone", s.user.Name)
	case s.in.Limits.Unauthenticated != s.mustLogIn() || s.in.Limits.MaxBulk != s.e.Config.ProtoMaxBulkLen || s.out.Limit != s.maxOutput():
		return errors.New("its limits are those of another one")
	}
	return nil
}

// begin sets a new state. Nothing may refer to the old one any more.
func (s *Session) begin(with state) {
	s.state = with
	s.out.Proto = with.proto
	s.applyLimits()
}

// Reset brings the session back to its first state, as RESET does. The client library
// behind the connection stays the same. CLIENT REPLY SKIP applies to RESET as to any
// command.
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

// forget removes the session from everything that its state refers to.
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

// Authenticated reports whether the client has logged in, or did not need to when it
// connected.
func (s *Session) Authenticated() bool { return s.authenticated || s.e.lockOut && !s.mustLogIn() }

// Extra is state that a group of commands keeps with a client, or with a script while
// one runs.
type Extra interface {
	// MemoryUse estimates its size in bytes.
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

// Extra returns the Extra of this client, or of the script that runs, with a name; nil
// if there is none.
func (c *Ctx) Extra(name string) Extra {
	if c.Session.extras == nil {
		return nil
	}
	return (*c.Session.extras)[name]
}

// SetExtra sets the Extra of this client, or of the script that runs, with a name that
// its group of commands shares; nil removes it. RESET, the end of the client and the
// end of the script remove it, too.
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

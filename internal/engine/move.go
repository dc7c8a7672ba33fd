package engine

// A client can move to another engine: the private server of a space. The
// session's commands end with the one that asks for it; whoever stands between
// the transport and the engine sees that (Moving), and goes on with a session of
// the other engine, which gets what is left of the input (Leave, Settle).

// MoveTo has the client served by another engine from the next command on.
func (s *Session) MoveTo(e *Engine) { s.moving = e }

// Moving returns the engine that the client moves to, nil if it stays. It is for
// the goroutine that feeds the session.
func (s *Session) Moving() *Engine {
	s.e.engine.interpose()
	defer s.e.engine.leave()
	return s.moving
}

// Luggage is what a client takes along when it moves.
type Luggage struct {
	input          []byte
	name, lib, ver string
	proto          int
	replies        ReplyMode
}

// Leave takes the client out of the server, but for output that is still to be
// written. What it had there (a transaction, subscriptions) is gone.
func (s *Session) Leave() Luggage {
	s.e.engine.interpose()
	defer s.e.engine.leave()
	l := Luggage{
		input: append([]byte(nil), s.in.Unconsumed()...),
		name:  s.Name, lib: s.LibName, ver: s.LibVer, proto: s.proto, replies: s.ReplyMode,
	}
	l.input = append(l.input, s.late...)
	s.depart()
	for _, f := range s.closers {
		go f()
	}
	s.closers = nil
	s.e.clientMemory -= int64(s.counted)
	s.counted = 0
	delete(s.e.slow, s)
	return l
}

// Settle makes the session one of a client that has come from another engine,
// and runs the input that it has brought. It needs no password.
func (s *Session) Settle(l Luggage) {
	s.e.engine.interpose()
	defer s.e.engine.leave()
	if s.closing || s.killed {
		return // turned away
	}
	s.Name, s.LibName, s.LibVer, s.ReplyMode = l.name, l.lib, l.ver, l.replies
	s.authenticated = true
	s.SetProto(l.proto)
	s.applyLimits()
	s.e.current = s
	s.in.Feed(l.input)
	s.run()
}

// Drained reports whether all output is written.
func (s *Session) Drained() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.writing && s.pending.size == 0
}

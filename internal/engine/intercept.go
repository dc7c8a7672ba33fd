package engine

// Interceptor may answer commands of clients in place of the server, before any
// gate is asked. Commands that run in scripts or come from the program itself are
// not among them.
type Interceptor struct {
	// Takes decides, under the engine's lock, whether Answer gets a command. The
	// first word is its name, as the client sent it.
	Takes func(args [][]byte) bool
	// Answer is called in a goroutine of its own, without the lock. The client
	// waits until it returns, and everybody else goes on.
	Answer func(*Taken)
}

// Taken is a command that an Interceptor has taken.
type Taken struct {
	Session *Session
	Args    [][]byte
	Proto   int // of the session
	wait    *wait
}

// Intercept has an interceptor take commands from now on, in place of another
// one; nil ends it.
func (e *Core) Intercept(i *Interceptor) { e.interceptor = i }

// InterceptScripts has f answer commands that scripts call: it returns the reply in
// a protocol, or false for what is the server's. It runs under the engine's lock. A
// nil f ends it.
func (e *Core) InterceptScripts(f func(args [][]byte, proto int) (reply []byte, ok bool)) {
	e.inScripts = f
}

// takes hands a command to the interceptor if that wants it.
func (e *Core) takes(s *Session, args [][]byte) bool {
	i := e.interceptor
	if s.internal || !i.Takes(args) {
		return false
	}
	t := &Taken{Session: s, Args: copyArgs(args), Proto: s.proto}
	t.wait = &wait{s: s, args: t.Args, taken: true}
	e.hold(t.wait)
	go func() {
		i.Answer(t)
		t.done()
	}()
	return true
}

// Run has the server execute a command as if the client had sent it. It returns
// when that is answered, or blocks: then the client waits for it alone. It reports
// whether the client is still there.
func (t *Taken) Run(args [][]byte) bool {
	s := t.Session
	e := s.e.engine
	e.interpose()
	defer e.leave()
	if s.wait != t.wait {
		return !s.ended
	}
	e.core.cancel(t.wait)
	e.core.proceed(s, args)
	t.Proto = s.proto
	if s.wait == nil && !s.closing && !s.killed && s.moving == nil {
		e.core.hold(t.wait) // its turn is not over
	}
	return !s.ended
}

// done lets the client go on.
func (t *Taken) done() {
	s := t.Session
	e := s.e.engine
	e.interpose()
	defer e.leave()
	if s.wait == t.wait {
		e.core.cancel(t.wait)
		e.core.resume = append(e.core.resume, s)
	}
}

// Send sends bytes to the client, now or as soon as it reads. It reports whether
// the client is still there.
func (s *Session) Send(p []byte) bool {
	s.e.engine.interpose()
	defer s.e.engine.leave()
	if s.ended || s.killed || s.closing {
		return false
	}
	s.e.markDirty(s)
	s.out.Raw(p)
	return true
}

// HangUp closes the connection when what was sent is written.
func (s *Session) HangUp() {
	s.e.engine.interpose()
	defer s.e.engine.leave()
	if !s.ended {
		s.CloseAfterReply()
	}
}

// WhenClosed has f called in a goroutine of its own when the session is gone: at
// once if it is.
func (s *Session) WhenClosed(f func()) {
	s.e.engine.interpose()
	defer s.e.engine.leave()
	if s.ended {
		go f()
		return
	}
	s.OnClose(f)
}

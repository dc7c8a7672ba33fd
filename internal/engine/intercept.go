package engine

// Interceptor may reply to commands of clients in place of the server, before any
// gate. It does not see commands of scripts and of the program itself.
type Interceptor struct {
	// Takes decides whether Answer gets a command. It is called under the engine's
	// lock. The first word is the command's name as the client sent it.
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

// Intercept sets the interceptor, in place of another one; nil removes it.
func (e *Core) Intercept(i *Interceptor) { e.interceptor = i }

// InterceptScripts lets f reply to commands that scripts call. f returns the reply in
// the given version of the protocol, or false if the server is to run the command. It
// is called under the engine's lock. A nil f removes it.
func (e *Core) InterceptScripts(f func(args [][]byte, proto int) (reply []byte, ok bool)) {
	e.inScripts = f
}

// takes hands a command to the interceptor if that wants it, and reports whether it did.
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

// Run executes a command as if the client had sent it. It returns when the command has
// its reply, or when it blocks: then the client goes on waiting without the
// Interceptor. It reports whether the client is still there.
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

// HangUp closes the connection when all output is written.
func (s *Session) HangUp() {
	s.e.engine.interpose()
	defer s.e.engine.leave()
	if !s.ended {
		s.CloseAfterReply()
	}
}

// WhenClosed calls f in a goroutine of its own when the session is gone: at once if it
// is gone already.
func (s *Session) WhenClosed(f func()) {
	s.e.engine.interpose()
	defer s.e.engine.leave()
	if s.ended {
		go f()
		return
	}
	s.OnClose(f)
}

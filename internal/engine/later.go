package engine

// Later has f do what can't be done under the engine's lock, in a goroutine of
// its own; the client waits, and everybody else goes on. f returns how to reply.
// It is the last thing that a handler does: `return c.Later(...)`. The command
// must have the flags that keep it out of transactions and scripts.
func (c *Ctx) Later(f func() (reply func(*Ctx) error)) error {
	s := c.Session
	w := &wait{s: s, cmd: c.Cmd, args: copyArgs(c.Args), seq: c.waitSeq + 1, began: c.now}
	c.waitSeq++
	s.wait = w
	c.countBlocked(1)
	e := c.engine
	go func() {
		reply := f()
		e.interpose()
		defer e.leave()
		if s.wait != w {
			return // the client is gone
		}
		w.TimeOut = reply
		e.core.timeOut(w)
	}()
	return errBlocked
}

// OnClose has f called in a goroutine of its own when the session is gone.
func (s *Session) OnClose(f func()) { s.closers = append(s.closers, f) }

// AwaitWritten waits until nothing that was answered waits to be written, or until
// done is closed.
func (e *Engine) AwaitWritten(done <-chan struct{}) {
	for {
		written := make(chan struct{})
		e.core.written.Store(&written)
		if !e.hasOutput() {
			return
		}
		select {
		case <-written:
		case <-done:
			return
		}
	}
}

func (e *Engine) hasOutput() bool {
	e.interpose()
	defer e.leave()
	for _, s := range e.core.sessions {
		if !s.internal && s.OutputSize() > 0 {
			return true
		}
	}
	return false
}

// wrote wakes AwaitWritten.
func (e *Core) wrote() {
	if written := e.written.Swap(nil); written != nil {
		close(*written)
	}
}

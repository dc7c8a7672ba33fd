package engine

import (
	"runtime/debug"
	"strings"
	"time"

	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/spec"
)

// process runs one command that a session has received, and then the blocked commands
// that can go on.
func (e *Core) process(s *Session, args [][]byte) {
	if e.observers&observeOutside != 0 {
		e.received(s, args)
	}
	if e.interceptor == nil || !e.takes(s, args) {
		e.proceed(s, args)
	}
}

// proceed is process for a command that was held back.
func (e *Core) proceed(s *Session, args [][]byte) {
	e.markDirty(s)
	mark := len(s.out.Buf)
	e.executing = s
	e.dispatch(s, args)
	s.answered(mark)
	if len(e.ready) > 0 {
		e.serveBlocked()
	}
}

// dispatch runs one command, or queues it, or refuses it.
func (e *Core) dispatch(s *Session, args [][]byte) {
	if e.Config.MaxMemoryClients != 0 && e.tooLarge(s, args) {
		return
	}
	cmd, err := e.table.lookup(args)
	s.LastCmd = cmd
	if err == nil {
		err = e.gate(s, cmd, args)
	} else if cmd == nil && speaksHTTP(args[0]) && !s.internal {
		e.Log.Warn("client closed: it speaks HTTP, which may be an attack by way of a browser", "client", s.ID, "addr", s.conn.Addr())
		s.Kill()
		return
	}
	if err != nil {
		if err != errHandled {
			e.reject(s, cmd, args, err)
		}
		return
	}
	if e.pause.until != 0 && e.holdsBack(s, cmd, args) {
		e.park(s, cmd, args)
		return
	}
	if s.multi != nil && cmd.traits&spec.RunsInMulti == 0 {
		s.multi.add(cmd, args, s.flags(cmd, args))
		if e.slotStats.net {
			e.queuedInSlot(args)
		}
		s.out.Simple("QUEUED")
		return
	}
	c := &s.ctx
	c.Args, c.Cmd, c.again, c.nested = args, cmd, nil, false
	e.call(c)
	// SCAN may find any number of keys expired, which have nothing to do with each
	// other. Within a script or a transaction they are part of its unit.
	e.unit.apart = cmd.Flags&spec.TouchesArbitraryKeys != 0
	e.finishUnit()
	e.unit.apart = false
}

// tooLarge reports whether the server evicts the client because of its command's size.
func (e *Core) tooLarge(s *Session, args [][]byte) bool {
	s.ctx.Args = args
	s.countClient()
	e.evictClients()
	return s.killed
}

// speaksHTTP reports whether a command is the first line of a POST request or
// one of its headers.
func speaksHTTP(name []byte) bool { return EqualFold(name, "post") || EqualFold(name, "host:") }

// reject replies an error to a command that does not run.
func (e *Core) reject(s *Session, cmd *Command, args [][]byte, err error) {
	if s.multi != nil {
		s.multi.aborted = true
	}
	r := errorReply(err)
	if cmd != nil && cmd.traits&spec.RunsQueued != 0 {
		s.Discard()
		if len(e.monitors) > 0 {
			c := &s.ctx
			c.Args, c.Cmd = args, cmd
			e.show(c)
		}
		r = "EXECABORT Transaction discarded because of: " + resp.Error(strings.TrimPrefix(string(r), "ERR "))
	}
	e.countError(r)
	if cmd != nil {
		e.Stats.command(cmd).Rejected++
	}
	s.out.Error(r)
}

// call runs a handler and everything around it: the error reply, the statistics, the
// effects. It reports whether the command blocks.
func (e *Core) call(c *Ctx) (blocked bool) {
	outer := e.unit
	e.unit.changes, e.unit.explicit = 0, false
	mark := len(c.w.Buf)
	c.shown = nil
	observing := e.observersOf(c.Session)
	if on := observing & observesBefore; on != 0 {
		e.observeBefore(on, c)
	}
	var began time.Duration
	if e.unit.depth > 0 {
		began = e.clock.Monotonic()
	}
	e.unit.depth++
	err := c.invoke()
	e.unit.depth--
	if e.debug.asleep != 0 && err == nil && e.unit.depth == 0 && e.isAsleep() && !c.Session.internal {
		err = c.holdReply(mark)
	}
	blocked = err == errBlocked
	st := e.Stats.command(c.Cmd)
	if !blocked {
		e.Stats.Commands++
		c.Session.traffic.Commands++
		st.Calls++
	}
	var took time.Duration
	if e.unit.depth == 0 {
		took = e.lap()
		e.Stats.CommandTime += took
	} else {
		took = e.clock.Monotonic() - began + e.debug.nap // the unit's time stands still
		e.debug.nap = 0
	}
	if blocked {
		c.Session.wait.took += took
	} else {
		if c.again != nil {
			took += c.again.took
		}
		e.measure(st, took)
	}
	if err != nil && !blocked {
		r := errorReply(err)
		c.w.Buf = c.w.Buf[:mark]
		c.w.Error(r)
		st.Failed++
		e.countError(r)
	}
	if e.unit.changes > 0 && !e.unit.explicit {
		e.propagate(c.Session.db, c.Cmd.own(c.Args))
	}
	c.Outcome = Outcome{Took: took, Err: err, Blocked: blocked, mark: mark}
	e.observeAfter(observing, c)
	c.shown = nil
	e.unit.changes, e.unit.explicit = outer.changes, outer.explicit
	return blocked
}

// invoke calls the handler. A panic in it is a bug of ours, which must not end the
// program around the server: invoke logs it and returns an error.
func (c *Ctx) invoke() (err error) {
	defer func() {
		if r := recover(); r != nil {
			c.Log.Error("panic in a command handler", "command", c.Cmd.FullName, "panic", r, "stack", string(debug.Stack()))
			err = resp.Errorf("ERR internal error in '%s'", c.Cmd.FullName)
		}
	}()
	return c.handler()(c)
}

func (c *Ctx) handler() Handler {
	if c.Cmd.handler == nil {
		// A container called without a subcommand has the wrong arity, so this
		// is one that has subcommands only.
		return func(c *Ctx) error { return wrongArity(c.Cmd) }
	}
	return c.Cmd.handler
}

// Call runs another command as a part of this one, for EXEC and scripts. Its reply goes
// to the writer of the Ctx.
func (c *Ctx) Call(cmd *Command, args [][]byte) {
	outer, outerArgs, wasNested, wasScripted, shown := c.Cmd, c.Args, c.nested, c.scripted, c.shown
	c.Cmd, c.Args, c.nested, c.scripted = cmd, args, true, outer.Script != spec.RunsNoScript
	c.Core.call(c)
	c.Cmd, c.Args, c.nested, c.scripted, c.shown = outer, outerArgs, wasNested, wasScripted, shown
}

package engine

import (
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/spec"
)

// process runs one command of a session and what becomes possible by it.
func (e *Core) process(s *Session, args [][]byte) {
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
	} else if cmd == nil && speaksHTTP(args[0]) {
		e.Log.Warn("client closed: it speaks HTTP, which may be an attack by way of a browser", "client", s.ID, "addr", s.conn.Addr())
		s.Kill()
		return
	}
	if err != nil {
		e.reject(s, cmd, args, err)
		return
	}
	if e.pause.until != 0 && e.holdsBack(s, cmd, args) {
		e.park(s, cmd, args)
		return
	}
	if s.multi != nil && cmd.traits&spec.RunsInMulti == 0 {
		s.multi.add(cmd, args, s.flags(cmd, args))
		s.out.Simple("QUEUED")
		return
	}
	c := &s.ctx
	c.Args, c.Cmd, c.again, c.nested = args, cmd, nil, false
	e.call(c)
	e.finishUnit(0)
}

// tooLarge tells whether the client is evicted because of the command that it
// sent.
func (e *Core) tooLarge(s *Session, args [][]byte) bool {
	s.ctx.Args = args
	s.countClient()
	e.evictClients()
	return s.killed
}

// speaksHTTP tells whether a command is the first line of a POST request or
// one of its headers.
func speaksHTTP(name []byte) bool { return EqualFold(name, "post") || EqualFold(name, "host:") }

// gate decides whether a session may run a command now.
func (e *Core) gate(s *Session, cmd *Command, args [][]byte) error {
	switch {
	case cmd.Flags&spec.Protected != 0 && !s.Allows(e.protection(cmd)):
		return errProtectedCommand(cmd)
	case s.mustLogIn() && cmd.Flags&spec.NoAuth == 0:
		return resp.ErrNoAuth
	case s.multi != nil && cmd.Flags&spec.NoMulti != 0:
		return resp.Error("ERR Command not allowed inside a transaction")
	}
	if !s.user.Unrestricted {
		if err := s.permit(cmd, args); err != nil {
			return err
		}
	}
	switch {
	case e.Config.MaxMemory != 0 && e.outOfMemory(s, cmd, args):
		return resp.ErrOOM
	case e.refuseWrites && (cmd.FullName == "ping" || s.flags(cmd, args)&spec.Write != 0):
		return errDisk
	case s.out.Proto == 2 && s.Subscriptions() > 0 && cmd.traits&spec.RunsSubscribed == 0:
		return resp.Errorf("ERR Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context", cmd.FullName)
	case e.busy != nil && cmd.Flags&spec.AllowBusy == 0 && !e.mayRunBusy():
		return e.errBusy()
	case s.monitor && cmd.Flags&(spec.Write|spec.ReadOnly|spec.MayReplicate) != 0:
		return errMonitor
	}
	return nil
}

// outOfMemory makes room for a command, and tells whether it needs more than
// there is.
func (e *Core) outOfMemory(s *Session, cmd *Command, args [][]byte) bool {
	e.evict.failed = !e.makeRoom()
	if !e.evict.failed {
		return false
	}
	return s.flags(cmd, args)&spec.DenyOOM != 0
}

// protection returns the setting that allows a protected command.
func (e *Core) protection(cmd *Command) string {
	if cmd.Container != nil {
		return e.Config.EnableModuleCommand
	}
	return e.Config.EnableDebugCommand
}

func errProtectedCommand(cmd *Command) resp.Error {
	name, _, _ := strings.Cut(cmd.FullName, "|")
	return resp.Errorf("ERR %s command not allowed. If the enable-%s-command option is set to \"local\", you can run it from a local connection, "+
		"otherwise you need to set this option in the configuration file, and then restart the server.", strings.ToUpper(name), name)
}

// flags returns the flags of a command line: EXEC has those of what it runs
// too, and scripts and functions that declare flags know best what they do.
func (s *Session) flags(cmd *Command, args [][]byte) spec.Flag {
	switch {
	case cmd.Flags&spec.SkipMonitor != 0:
		return s.e.scriptFlags(cmd, args)
	case s.multi != nil && cmd.FullName == "exec":
		return cmd.Flags | s.multi.flags
	}
	return cmd.Flags
}

// Allows tells whether a setting with the values no, yes and local allows
// something to this session. The program around the server may do everything.
func (s *Session) Allows(setting string) bool {
	if s.internal || setting != "local" {
		return s.internal || setting == "yes"
	}
	from, err := netip.ParseAddrPort(s.conn.Addr())
	return err != nil || from.Addr().IsLoopback() // else it is no TCP
}

// reject answers an error to a command that was not run.
func (e *Core) reject(s *Session, cmd *Command, args [][]byte, err error) {
	if s.multi != nil {
		s.multi.aborted = true
	}
	r := errorReply(err)
	if cmd != nil && cmd.Name == "exec" {
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

// call runs a handler and everything that belongs to it: the error reply,
// the statistics, the effects. It tells whether the command blocked.
func (e *Core) call(c *Ctx) (blocked bool) {
	outer := e.unit
	e.unit.changes, e.unit.explicit = 0, false
	mark := len(c.w.Buf)
	c.shown = nil
	if len(e.monitors) > 0 && c.Cmd.Flags&spec.SkipMonitor != 0 && c.again == nil {
		e.show(c) // a script: before its commands
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
		st.Calls++
	}
	var took time.Duration
	if e.unit.depth == 0 {
		took = e.lap()
		e.Stats.CommandTime += took
	} else {
		took = e.clock.Monotonic() - began // the unit's time stands still
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
		e.propagate(c.Session.db, c.Args)
	}
	if took >= e.slowness && !blocked {
		e.tookLong(c, took)
	}
	if !blocked && c.w == &c.Session.out {
		if n := len(c.w.Buf) - mark; n >= e.largeReply {
			e.log(&e.Replies, c, int64(n), e.Config.LargeReplyMaxLen)
		}
		if n := wireSize(c.Args, e.largeRequest); n >= e.largeRequest {
			e.log(&e.Requests, c, int64(n), e.Config.LargeRequestMaxLen)
		}
	}
	if len(e.monitors) > 0 && monitored(c.Cmd) && c.again == nil {
		e.show(c)
	}
	c.shown = nil
	if c.Session.tracking != nil && readsKeys(c.Cmd) {
		e.remember(c)
	}
	e.unit.changes, e.unit.explicit = outer.changes, outer.explicit
	return blocked
}

// invoke calls the handler. A panic in it is a bug of ours, which must not take
// down the program around the server: it is logged and answered as an error.
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

// Call runs another command as a part of this one: EXEC and scripts do. Its
// reply goes to the writer of the Ctx.
func (c *Ctx) Call(cmd *Command, args [][]byte) {
	outer, outerArgs, wasNested, wasScripted, shown := c.Cmd, c.Args, c.nested, c.scripted, c.shown
	c.Cmd, c.Args, c.nested, c.scripted = cmd, args, true, outer.Flags&spec.SkipMonitor != 0
	c.Core.call(c)
	c.Cmd, c.Args, c.nested, c.scripted, c.shown = outer, outerArgs, wasNested, wasScripted, shown
}

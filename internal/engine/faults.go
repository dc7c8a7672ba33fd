package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync/atomic"
	"syscall"

	"github.com/resp-server/resp-server/internal/fault"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/spec"
	"github.com/resp-server/resp-server/internal/vfs"
)

// errHandled means that a command does not run and gets no reply now.
var errHandled = errors.New("handled")

// faulting holds the rules for faults.
type faulting struct {
	faults *fault.Set // nil: there are none
	// shared is faults, for code without the lock: writers of files, and spaces.
	shared atomic.Pointer[fault.Set]
	outer  *faulting // of the server that the space is of; nil: it is of none
}

func (f *faulting) check() error {
	if f.shared.Load() != f.faults {
		return errors.New("files and spaces see other faults than commands")
	}
	return nil
}

// Faults returns the rules for faults. Call FaultsChanged after changing them.
func (e *Core) Faults() *fault.Set {
	if e.faults == nil {
		e.faults = fault.New(e.Rand.Uint64())
	}
	return e.faults
}

// AddFault adds a rule, or replaces the one of the same name. A rule that could never
// hit is an error.
func (e *Core) AddFault(r fault.Rule) error {
	if r.Command != "" && !slices.ContainsFunc(e.table.All(), func(c *Command) bool { return c.FullName == r.Command }) {
		return fmt.Errorf("Unknown command '%s'", r.Command)
	}
	if r.Category != "" && spec.CategoryNamed(r.Category) == 0 {
		return fmt.Errorf("Unknown category '%s'", r.Category)
	}
	if err := r.Check(); err != nil {
		return err
	}
	e.Faults().Add(r)
	e.FaultsChanged()
	return nil
}

// FaultsChanged takes over the rules of Faults. Writes of files that a fault has made
// fail are tried again at once.
func (e *Core) FaultsChanged() {
	if e.faults != nil && e.faults.Len() == 0 {
		e.faults = nil // so that it costs nothing
	}
	e.shared.Store(e.faults)
	e.setGates()
	if e.append.log != nil {
		e.append.log.Retry()
		e.checkAppending()
	}
}

// mayFault reports whether the server, or the one around its space, has rules.
func (f *faulting) mayFault() bool {
	return f.faults != nil || f.outer != nil && f.outer.shared.Load() != nil
}

// fault returns the action for a command, and whether a rule hits it.
func (f *faulting) fault(c *fault.Call) (a fault.Action, hit bool) {
	f.ask(c, func(s *fault.Set) bool {
		a, hit = s.Command(c)
		return hit
	})
	return a, hit
}

// refuses reports whether a connection is refused.
func (f *faulting) refuses(c *fault.Call) (refused bool) {
	f.ask(c, func(s *fault.Set) bool {
		refused = s.Connection(c)
		return refused
	})
	return refused
}

// ask tries the rules of the server, and then those of the server around a space,
// until one hits.
func (f *faulting) ask(c *fault.Call, hits func(*fault.Set) bool) {
	if f.faults != nil && hits(f.faults) || f.outer == nil {
		return
	}
	if s := f.outer.shared.Load(); s != nil {
		c.Guest = true
		hits(s)
	}
}

// gateFault does the part of a fault that comes before a command, and notes the part
// about the reply.
func (e *Core) gateFault(s *Session, cmd *Command, args [][]byte) error {
	if s.delayed {
		s.delayed = false // it waits no second time
		return nil
	}
	if !e.mayFault() {
		return nil
	}
	if cmd.traits&spec.BeyondFaults != 0 {
		return nil // else there was no way back
	}
	a, hit := e.fault(e.faultCall(s, cmd, args))
	if !hit {
		return nil
	}
	switch a.Do {
	case fault.Error:
		return resp.Error(a.Text)
	case fault.Delay:
		s.delayed = true
		e.parkUntil(&wait{s: s, cmd: cmd, args: copyArgs(args)}, e.NowMilli()+a.Milli)
		return errHandled
	case fault.CloseBefore:
		s.CloseAfterReply() // the replies before it arrive
		return errHandled
	case fault.Blackhole:
		return errHandled
	case fault.Expire, fault.Evict:
		e.loseKeys(s, cmd, args, a.Do)
		return nil
	}
	s.fault = a
	return nil
}

// masterName is the name of the link to the master in rules.
const masterName = "master"

func (e *Core) faultCall(s *Session, cmd *Command, args [][]byte) *fault.Call {
	name := s.Name
	if s.master != nil {
		name = masterName
	}
	c := &fault.Call{
		Command: cmd.FullName, ClientName: name, ClientAddr: s.conn.Addr(), User: s.user.Name, Space: e.space, Now: e.NowMilli(),
		InCategory: func(name string) bool { return cmd.Categories&spec.CategoryNamed(name) != 0 },
		Keys: func(yield func([]byte) bool) {
			keys, _ := cmd.KeyPositions(nil, args)
			for _, k := range keys {
				if !yield(args[k.Index]) {
					return
				}
			}
		},
	}
	if cmd.Container != nil {
		c.Container = cmd.Container.Name
	}
	return c
}

// loseKeys expires or evicts the keys of a command before it runs.
func (e *Core) loseKeys(s *Session, cmd *Command, args [][]byte, how fault.Do) {
	db := e.Keyspace.DB(s.db)
	keys, _ := cmd.KeyPositions(nil, args)
	for _, p := range keys {
		k, ok := db.Get(args[p.Index])
		switch {
		case !ok:
		case how == fault.Expire:
			e.expire(db, k)
		default:
			e.evictKey(db, k)
		}
	}
	e.finishUnit()
}

// faultReply does the part of a fault about the reply, which begins at mark.
func (s *Session) faultReply(mark int) {
	a := s.fault
	s.fault = fault.Action{}
	if s.out.Full {
		return
	}
	switch reply := s.out.Buf[mark:]; a.Do {
	case fault.Error: // from strict mode: others come before the command
		s.e.countError(resp.Error(a.Text))
		s.out.Buf = s.out.Buf[:mark]
		s.out.Error(resp.Error(a.Text))
	case fault.CloseAfter:
		s.out.Buf = s.out.Buf[:mark]
		s.CloseAfterReply()
	case fault.Cut:
		s.out.Buf = s.out.Buf[:mark+min(a.Bytes, len(reply))]
		s.CloseAfterReply()
	case fault.Trickle:
		if a.Milli > 0 && len(reply) > 0 && s.wait == nil {
			s.trickle(append([]byte(nil), reply...), a.Milli)
			s.out.Buf = s.out.Buf[:mark]
		}
	}
}

// parkUntil makes a session wait until a time in milliseconds since 1970.
func (e *Core) parkUntil(w *wait, at int64) {
	w.parked, w.Deadline = true, at
	e.hold(w)
	e.blocking.timeouts.Insert(w)
}

// trickle sends a reply byte by byte, on the server's clock. The session waits until
// everything is sent.
func (s *Session) trickle(reply []byte, milli int64) {
	s.e.parkUntil(&wait{s: s, drip: reply, each: milli}, s.e.NowMilli()+milli)
}

// unpark goes on with a wait of parkUntil that is over.
func (e *Core) unpark(w *wait) {
	s := w.s
	if w.drip == nil {
		e.blocking.timeouts.Delete(w)
		w.Deadline = 0
		e.resume = append(e.resume, s) // with its command
		return
	}
	e.cancel(w)
	s.out.Raw(w.drip[:1])
	e.markDirty(s)
	if len(w.drip) > 1 {
		s.trickle(w.drip[1:], w.each)
		return
	}
	e.resume = append(e.resume, s)
}

// failFile returns the error that a fault has for an operation on a file, or nil. It
// is safe for concurrent use.
func (e *Core) failFile(op vfs.Op, path string) error {
	faults := e.shared.Load()
	if faults == nil {
		return nil
	}
	switch op {
	case vfs.OpCreate, vfs.OpWrite, vfs.OpSync, vfs.OpRename, vfs.OpSyncDir: // these need room on the disk
	default:
		return nil
	}
	var why error
	switch faults.File(e.clock.Now().UnixMilli()) {
	case fault.NoSpace:
		why = syscall.ENOSPC
	case fault.IOError:
		why = syscall.EIO
	default:
		return nil
	}
	return &fs.PathError{Op: string(op), Path: path, Err: why}
}

package engine

import (
	"github.com/resp-server/resp-server/internal/fault"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/spec"
	"github.com/resp-server/resp-server/internal/strict"
	"github.com/resp-server/resp-server/internal/value"
)

// Strict returns the rules of strict mode and their findings. Call StrictChanged after
// changing rules.
func (e *Core) Strict() *strict.Set {
	if e.strict == nil {
		e.useStrict(strict.Rules{})
	}
	return e.strict
}

// useStrict sets rules, without findings.
func (e *Core) useStrict(r strict.Rules) {
	e.strict = strict.New(r)
	e.strict.Log = func(f *strict.Finding) { e.Log.Warn("strict: "+f.String(), "client", f.Client) }
}

// StrictChanged takes over the rules of Strict.
func (e *Core) StrictChanged() {
	e.engine.strict.Store(e.isStrict())
	e.setGates()
	e.setObservers()
}

func (e *Core) isStrict() bool { return e.strict != nil && e.strict.On() }

// IsStrict reports whether a rule of strict mode is on. It is safe for concurrent
// use.
func (e *Engine) IsStrict() bool { return e.strict.Load() }

// Unjudge exempts the commands of a session from strict mode: they do not come from the
// program under test.
func (s *Session) Unjudge() { s.unjudged = true }

// NeverWait makes commands of a session that would block do what they do in MULTI:
// nobody could wake them.
func (s *Session) NeverWait() { s.unwaiting = true }

// gateStrict refuses commands that break a rule. It looks at a command that a pause
// holds back when that comes again.
func (e *Core) gateStrict(s *Session, cmd *Command, args [][]byte) error {
	if s.judged || s.unjudged || cmd.traits&spec.BeyondFaults != 0 || e.pause.until != 0 && e.holdsBack(s, cmd, args) {
		return nil
	}
	c := e.strictCall(s, cmd, args)
	if s.multi != nil {
		c.Queued = true
		if cmd.traits&spec.RunsQueued != 0 {
			for _, q := range s.multi.queue {
				c.Keys = appendRoutes(c.Keys, q.cmd, q.args)
			}
		}
	}
	if s.oneByOne == nil {
		s.oneByOne = new(strict.Run)
	}
	if text := e.strict.Before(&c, s.oneByOne, s.in.Buffered() > 0); text != "" {
		return resp.Error(text)
	}
	return nil
}

// gateStrict does the same for a command that a script calls.
func (r *scriptRun) gateStrict(cmd *Command, args [][]byte) error {
	e := r.c.Core
	if !e.isStrict() || r.c.Session.unjudged {
		return nil
	}
	outer, given := r.c.Cmd, r.c.Args
	c := e.strictCall(r.c.Session, cmd, args)
	c.Declared = func(key []byte) bool {
		keys, _ := outer.KeyPositions(nil, given)
		for _, k := range keys {
			if string(given[k.Index]) == string(key) {
				return true
			}
		}
		return false
	}
	if text := e.strict.Before(&c, nil, false); text != "" {
		return resp.Error(text)
	}
	return nil
}

func (e *Core) strictCall(s *Session, cmd *Command, args [][]byte) strict.Call {
	return strict.Call{
		Command: cmd.Command, Name: cmd.FullName, Args: args, Keys: appendRoutes(nil, cmd, args),
		KeyCount: e.Keyspace.DB(s.db).Len(), Now: e.NowMilli(),
		Client: func() string {
			if s.Name != "" {
				return s.Name
			}
			return s.conn.Addr()
		},
		Origin: func() string {
			if o, ok := s.conn.(interface{ Origin() string }); ok {
				return o.Origin()
			}
			return ""
		},
	}
}

// appendRoutes appends the keys and channels that decide about a command's hash slot.
func appendRoutes(keys [][]byte, cmd *Command, args [][]byte) [][]byte {
	positions, _ := cmd.RoutingPositions(nil, args)
	for _, p := range positions {
		keys = append(keys, args[p.Index])
	}
	return keys
}

// strictAfter looks at a command that has run, and after the outermost one at all keys
// that were written. If a rule at level error is broken, an error replaces the reply.
func (e *Core) strictAfter(c *Ctx) {
	s := c.Session
	if s.unjudged {
		return
	}
	refuse := func(text string) {
		if text != "" && s.fault.Do == 0 {
			s.fault = fault.Action{Do: fault.Error, Text: text}
		}
	}
	if !c.Outcome.Blocked && c.Outcome.Err == nil && c.Cmd.traits&spec.BeyondFaults == 0 {
		call := e.strictCall(s, c.Cmd, c.Args)
		refuse(e.strict.After(&call, c.Reply(), c.w.Proto))
		if c.Cmd.Flags&spec.Write != 0 && e.unit.changes > 0 {
			e.strict.Wrote(&call, s.db, call.Keys)
		}
	}
	if e.unit.depth == 0 {
		refuse(e.strict.End(e.keptKey))
	}
}

// keptKey returns the present state of a key, for rules.
func (e *Core) keptKey(db int, key []byte) (k strict.Kept) {
	entry, ok := e.Keyspace.DB(db).Get(key)
	if !ok {
		return k
	}
	k.Exists, k.Expires = true, entry.ExpireAt() != 0
	if entry.Type() == value.TypeString {
		var scratch [32]byte
		k.Length = len(entry.Bytes(scratch[:0]))
	}
	return k
}

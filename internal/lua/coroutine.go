package lua

import "iter"

// coroutine runs a thread in turns with the one that resumes it.
type coroutine struct {
	th       *Thread
	fn       Value
	next     func() ([]Value, bool)
	stop     func()
	yield    func([]Value) bool
	in       []Value // what resume passes
	err      *Error
	dead     bool
	ended    bool // its state was given up: what runs in it unwinds
	resumer  *Thread
	bug      any
	started  bool
	finished bool
}

func (s *State) openCoroutine() {
	t := NewTable(0, 0)
	Register(t, []string{"create", "resume", "running", "status", "wrap", "yield"},
		[]Native{coCreate, coResume, coRunning, coStatus, coWrap, coYield})
	s.Globals.SetField("coroutine", t.Value())
}

func (th *Thread) newCoroutine(fn Value) *Thread {
	t := th.newThread()
	t.co = &coroutine{th: t, fn: fn}
	return t
}

func (c *coroutine) start(s *State) {
	c.started = true
	if s.coroutines == nil {
		s.coroutines = map[*coroutine]struct{}{}
	}
	s.coroutines[c] = struct{}{}
	c.next, c.stop = iter.Pull(func(yield func([]Value) bool) {
		c.yield = yield
		defer func() {
			// Nothing but errors of scripts gets here; anything else is for the
			// one who resumed.
			if r := recover(); r != nil && !c.ended {
				c.bug = r
			}
		}()
		var r []Value
		c.err = c.th.Protect(func() { r = c.th.Call(c.fn, c.in...) }, nil)
		c.finished = true
		if c.err == nil {
			yield(append([]Value(nil), r...))
		}
	})
}

// CloseCoroutines ends the coroutines that wait: a script must not leave any
// behind.
func (s *State) CloseCoroutines() {
	for c := range s.coroutines {
		c.ended, c.dead = true, true
		c.stop()
	}
	clear(s.coroutines)
	s.current = s.main
}

// resume lets a coroutine run until it yields, ends or fails.
func (th *Thread) resume(t *Thread, args []Value) ([]Value, *Error) {
	c := t.co
	switch {
	case c == nil, t == th.current, c.resumer != nil:
		return nil, &Error{Value: Str("cannot resume " + th.status(t) + " coroutine")}
	case c.dead:
		return nil, &Error{Value: Str("cannot resume dead coroutine")}
	}
	if th.natives >= maxNative {
		return nil, &Error{Value: Str("C stack overflow")}
	}
	c.in = append([]Value(nil), args...)
	if !c.started {
		c.start(th.State)
	}
	c.resumer = th.current
	th.current = t
	natives := th.natives
	th.natives++
	r, ok := c.next()
	th.natives = natives
	th.current = c.resumer
	c.resumer = nil
	if c.finished || !ok {
		c.dead = true
		delete(th.coroutines, c)
		c.stop()
	}
	if c.bug != nil {
		panic(c.bug)
	}
	if c.err != nil {
		return nil, c.err
	}
	return r, nil
}

func (th *Thread) checkCoroutine(args []Value) *Thread {
	v := Arg(args, 0)
	if v.Kind() != ThreadKind {
		th.ArgFail(0, "coroutine expected")
	}
	return v.thread()
}

func coCreate(th *Thread, args []Value) []Value {
	fn := Arg(args, 0)
	if fn.Kind() != FunctionKind || fn.function().native != nil {
		th.ArgFail(0, "Lua function expected")
	}
	return th.One(th.newCoroutine(fn).value())
}

func coResume(th *Thread, args []Value) []Value {
	t := th.checkCoroutine(args)
	r, err := th.resume(t, args[1:])
	if err != nil {
		if err.final {
			panic(err)
		}
		out := th.Results(2)
		out[0], out[1] = False, err.Value
		return out
	}
	out := th.alloc(len(r) + 1)
	out[0] = True
	copy(out[1:], r)
	return out
}

func coWrap(th *Thread, args []Value) []Value {
	fn := Arg(args, 0)
	if fn.Kind() != FunctionKind || fn.function().native != nil {
		th.ArgFail(0, "Lua function expected")
	}
	t := th.newCoroutine(fn)
	return th.One(NewFunction(func(th *Thread, args []Value) []Value {
		r, err := th.resume(t, args)
		if err != nil {
			if s, ok := err.Value.ToString(); ok && !err.final {
				th.Throw(Str(th.Where(1) + s))
			}
			panic(err)
		}
		return r
	}))
}

func coYield(th *Thread, args []Value) []Value {
	c := th.co
	if c == nil {
		th.runError("attempt to yield across metamethod/C-call boundary")
	}
	for i := range th.depth - 1 {
		if th.frames[i].fn.native != nil {
			th.runError("attempt to yield across metamethod/C-call boundary")
		}
	}
	if !c.yield(append([]Value(nil), args...)) {
		panic(c) // the state was given up
	}
	return c.in
}

func coRunning(th *Thread, _ []Value) []Value {
	if th.co == nil {
		return th.One(Value{})
	}
	return th.One(th.value())
}

func coStatus(th *Thread, args []Value) []Value {
	return th.One(Str(th.status(th.checkCoroutine(args))))
}

func (s *State) status(t *Thread) string {
	switch {
	case t == s.current:
		return "running"
	case t.co == nil || t.co.resumer != nil:
		return "normal"
	case t.co.dead:
		return "dead"
	}
	return "suspended"
}

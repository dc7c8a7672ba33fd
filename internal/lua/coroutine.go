package lua

// coroutine is the additional state of a thread that is a coroutine.
type coroutine struct {
	machine
	fn      Value // the function to start; nil once it has started
	stack   int   // Go stack in use where it was resumed
	dead    bool
	resumer *Thread
}

func (s *State) openCoroutine() {
	t := NewTable(0, 0)
	Register(t, []string{"create", "resume", "running", "status", "wrap", "yield"},
		[]Native{coCreate, coResume, coRunning, coStatus, coWrap, coYield})
	t.Field("yield").function().yield = true
	s.Globals.SetField("coroutine", t.Value())
}

func (th *Thread) newCoroutine(fn Value) *Thread {
	t := th.newThread()
	t.co = &coroutine{fn: fn}
	return t
}

// resume runs a coroutine until it yields, ends or fails. The results are
// valid until the next evaluation.
func (th *Thread) resume(t *Thread, args []Value) (r []Value, err *Error) {
	c := t.co
	switch {
	case c == nil, t == th.current, c.resumer != nil, c.dead:
		return nil, &Error{Value: Str("cannot resume " + th.status(t) + " coroutine")}
	case th.natives > maxNative:
		return nil, &Error{Value: Str("C stack overflow")}
	}
	c.resumer, th.current = th.current, t
	th.natives++
	c.stack = th.stack + nativeStack
	yielded := false
	err = t.Protect(func() {
		if fn := c.fn; !fn.IsNil() {
			c.fn = Value{}
			c.enter(t, fn.function(), args, 0)
		} else {
			a := &c.calls[len(c.calls)-1]
			t.takeStack(a.f.fn)
			c.deliver(a.want, len(c.vals), args)
		}
		r, yielded = c.run(t)
	}, nil)
	th.natives--
	th.current, c.resumer = c.resumer, nil
	if !yielded {
		c.dead = true
		c.machine = machine{}
		t.frames, t.arena = nil, nil
	}
	return r, err
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
		return th.caught(err)
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

// coYield is called where a coroutine can't yield; elsewhere the machine
// handles yield.
func coYield(th *Thread, args []Value) []Value {
	th.runError("attempt to yield across metamethod/C-call boundary")
	return nil
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

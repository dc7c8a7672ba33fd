package lua

// stmt is a statement.
type stmt interface{ exec(f *frame) signal }

// signal is the way in which a statement ended.
type signal uint8

const (
	normal signal = iota
	breaks
	returns // frame.ret has the values
	tail    // frame.tail is the function to call instead
)

type (
	arm struct {
		cond expr
		body []stmt
	}
	ifStmt struct {
		arms      []arm
		otherwise []stmt
	}
	whileStmt struct {
		cond expr
		body []stmt
	}
	repeatStmt struct {
		cond expr
		body []stmt
	}
	doStmt     struct{ body []stmt }
	numericFor struct {
		from, to, step expr
		v              *local
		body           []stmt
		line           int
	}
	genericFor struct {
		list  []expr
		state int
		vars  []*local
		body  []stmt
		line  int
	}
	localOne struct {
		v *local
		e expr
	}
	localStmt struct {
		vars []*local
		list []expr
	}
	localFunctionStmt struct {
		v    *local
		slot int
		fn   expr
	}
	assignStmt struct {
		to   expr
		e    expr
		line int
	}
	multiAssign struct {
		to   []expr
		list []expr
		line int
	}
	callStmt  struct{ e *callExpr }
	breakStmt struct{}
	return0   struct{}
	return1   struct{ e expr }
	returnN   struct{ list []expr }
	tailCall  struct{ e *callExpr }
)

func newReturn(list []expr) stmt {
	switch len(list) {
	case 0:
		return return0{}
	case 1:
		switch e := list[0].(type) {
		case *callExpr:
			return &tailCall{e}
		case multi:
		default:
			return &return1{e}
		}
	}
	return &returnN{list}
}

func run(f *frame, body []stmt) signal {
	for _, s := range body {
		if sig := s.exec(f); sig != normal {
			return sig
		}
	}
	return normal
}

func (s *ifStmt) exec(f *frame) signal {
	for i := range s.arms {
		if s.arms[i].cond.eval(f).Truth() {
			return run(f, s.arms[i].body)
		}
	}
	return run(f, s.otherwise)
}

func (s *whileStmt) exec(f *frame) signal {
	for s.cond.eval(f).Truth() {
		f.th.step()
		if sig := run(f, s.body); sig == breaks {
			break
		} else if sig != normal {
			return sig
		}
	}
	return normal
}

func (s *repeatStmt) exec(f *frame) signal {
	for {
		f.th.step()
		if sig := run(f, s.body); sig == breaks {
			return normal
		} else if sig != normal {
			return sig
		}
		if s.cond.eval(f).Truth() {
			return normal
		}
	}
}

func (s *doStmt) exec(f *frame) signal { return run(f, s.body) }

func (f *frame) setLocal(v *local, x Value) {
	if v.captured {
		x = newCell(x)
	}
	f.slots[v.slot] = x
}

func (s *numericFor) exec(f *frame) signal {
	from, to, step := s.from.eval(f), s.to.eval(f), Num(1)
	if s.step != nil {
		step = s.step.eval(f)
	}
	i, end, by := s.numbers(f, from, to, step)
	for ; by > 0 && i <= end || by <= 0 && end <= i; i += by {
		f.th.step()
		f.setLocal(s.v, Num(i))
		if sig := run(f, s.body); sig == breaks {
			break
		} else if sig != normal {
			return sig
		}
	}
	return normal
}

func (s *numericFor) numbers(f *frame, from, to, step Value) (i, end, by float64) {
	f.line = s.line
	i, ok := from.ToNumber()
	if !ok {
		f.th.runError("'for' initial value must be a number")
	}
	if end, ok = to.ToNumber(); !ok {
		f.th.runError("'for' limit must be a number")
	}
	if by, ok = step.ToNumber(); !ok {
		f.th.runError("'for' step must be a number")
	}
	return i, end, by
}

func (s *genericFor) exec(f *frame) signal {
	th := f.th
	var state [3]Value
	f.values(s.list, state[:])
	fn, obj, key := state[0], state[1], state[2]
	if fn.Kind() == FunctionKind && fn.function().next && obj.Kind() == TableKind {
		return s.overTable(f, obj.table(), key)
	}
	for {
		th.step()
		if key = s.next(f, fn, obj, key); key.IsNil() {
			return normal
		}
		if sig := run(f, s.body); sig == breaks {
			return normal
		} else if sig != normal {
			return sig
		}
	}
}

// next calls the iterator, sets the variables, and returns the first one; nil
// ends the loop.
func (s *genericFor) next(f *frame, fn, obj, key Value) Value {
	th := f.th
	mark := th.mark
	args := th.alloc(2)
	args[0], args[1] = obj, key
	f.line, f.call = s.line, nil
	callee := fn
	if callee.Kind() != FunctionKind {
		callee = th.metaOf(fn, "__call")
		if callee.Kind() != FunctionKind {
			th.runError("attempt to call a %s value", fn.Kind().Name())
		}
		args = th.alloc(3)
		args[0], args[1], args[2] = fn, obj, key
	}
	th.enterNative()
	r := th.call(callee, args)
	th.leaveNative()
	th.mark = mark
	if len(r) == 0 {
		return Value{}
	}
	key = r[0]
	if !key.IsNil() {
		for i, v := range s.vars {
			if i < len(r) {
				f.setLocal(v, r[i])
			} else {
				f.setLocal(v, Value{})
			}
		}
	}
	return key
}

// overTable runs a loop over pairs(t) without a call for each element.
func (s *genericFor) overTable(f *frame, t *Table, key Value) signal {
	for {
		if key = s.nextOf(f, t, key); key.IsNil() {
			return normal
		}
		if sig := run(f, s.body); sig == breaks {
			return normal
		} else if sig != normal {
			return sig
		}
	}
}

// nextOf is next for an iterator that is the function next.
func (s *genericFor) nextOf(f *frame, t *Table, key Value) Value {
	k, v, passed, ok := t.next(key)
	f.th.Work(1 + passed>>3)
	if !ok {
		f.line = s.line
		f.th.throw("invalid key to 'next'")
	}
	if k.IsNil() {
		return k
	}
	for i, x := range s.vars {
		switch i {
		case 0:
			f.setLocal(x, k)
		case 1:
			f.setLocal(x, v)
		default:
			f.setLocal(x, Value{})
		}
	}
	return k
}

// values evaluates expressions and adjusts their values to the length of into.
func (f *frame) values(list []expr, into []Value) {
	for i, e := range list {
		if i == len(list)-1 && len(into) > i+1 {
			if m, ok := e.(multi); ok {
				clear(into[i+copy(into[i:], m.values(f)):])
				return
			}
		}
		v := e.eval(f)
		if i < len(into) {
			into[i] = v
		}
	}
	if len(list) < len(into) {
		clear(into[len(list):])
	}
}

func (s *localOne) exec(f *frame) signal {
	f.setLocal(s.v, s.e.eval(f))
	return normal
}

func (s *localStmt) exec(f *frame) signal {
	mark := f.th.mark
	vals := f.th.alloc(len(s.vars))
	f.values(s.list, vals)
	for i, v := range s.vars {
		f.setLocal(v, vals[i])
	}
	f.th.mark = mark
	return normal
}

func (s *localFunctionStmt) exec(f *frame) signal {
	f.setLocal(s.v, Value{})
	fn := s.fn.eval(f)
	if s.v.captured {
		f.slots[s.slot].cell().v = fn
	} else {
		f.slots[s.slot] = fn
	}
	return normal
}

func (s *assignStmt) exec(f *frame) signal {
	switch to := s.to.(type) {
	case *indexExpr:
		obj := to.obj.eval(f)
		key := to.key.eval(f)
		v := s.e.eval(f)
		if obj.Kind() == TableKind {
			if t := obj.table(); t.meta == nil && !t.ReadOnly {
				if key.Kind() == String {
					t.setNode(key, v)
					return normal
				}
				if key.p == numberObject && key.n == key.n {
					t.Set(key, v)
					return normal
				}
			}
		}
		s.set(f, to, obj, key, v)
	case target:
		to.assign(f, s.e.eval(f))
	}
	return normal
}

func (s *assignStmt) set(f *frame, to *indexExpr, obj, key, v Value) {
	f.line = s.line
	f.th.setIndex(obj, key, v, to.obj)
}

func (s *multiAssign) exec(f *frame) signal {
	th := f.th
	mark := th.mark
	places := th.alloc(2 * len(s.to))
	clear(places)
	for i, t := range s.to {
		if x, ok := t.(*indexExpr); ok {
			places[2*i] = x.obj.eval(f)
			places[2*i+1] = x.key.eval(f)
		}
	}
	vals := th.alloc(len(s.to))
	f.values(s.list, vals)
	s.store(f, places, vals)
	th.mark = mark
	return normal
}

// store assigns from the right to the left; places has the table and the key
// of each target.
func (s *multiAssign) store(f *frame, places, vals []Value) {
	for i := len(s.to) - 1; i >= 0; i-- {
		switch t := s.to[i].(type) {
		case *indexExpr:
			f.line = s.line
			f.th.setIndex(places[2*i], places[2*i+1], vals[i], t.obj)
		case target:
			t.assign(f, vals[i])
		}
	}
}

func (s *callStmt) exec(f *frame) signal {
	s.e.values(f)
	return normal
}

func (breakStmt) exec(*frame) signal { return breaks }

func (return0) exec(f *frame) signal {
	f.ret = nil
	return returns
}

func (s *return1) exec(f *frame) signal {
	f.one[0] = s.e.eval(f)
	f.ret = f.one[:]
	return returns
}

func (s *returnN) exec(f *frame) signal {
	th := f.th
	n := len(s.list)
	last, many := s.list[n-1].(multi)
	if many {
		n--
	}
	r := th.alloc(n)
	for i := range n {
		r[i] = s.list[i].eval(f)
	}
	if many {
		r = th.extend(r, last.values(f))
	}
	f.ret = r
	return returns
}

func (s *tailCall) exec(f *frame) signal {
	fn, args := s.e.prepare(f)
	if fn.function().native != nil {
		f.ret = f.th.call(fn, args)
		return returns
	}
	f.tail, f.tailArgs = fn.function(), args
	return tail
}

package lua

import "slices"

// machine runs the functions of a coroutine. Its calls use no Go stack, so it
// can stop at any of them. Go functions and the functions that they call run
// on Go's stack, as trees. A coroutine can't yield across these.
type machine struct {
	calls []activation
	vals  []Value
	marks []int // heights of vals
}

// activation is the state of a call.
type activation struct {
	f     *frame
	code  []instr
	pc    int
	start mark // of the arena
	base  int  // position of the results in vals
	marks int  // number of marks of the callers
	want  int  // results wanted from the current call
}

// enter begins a call of a function with a copy of its arguments. Two more
// calls may nest than on the main thread: in C, that thread has functions
// below the script.
func (m *machine) enter(t *Thread, fn *Function, args []Value, base int) {
	if t.depth >= maxDepth+2 || len(m.vals) > maxValues {
		t.runError("stack overflow")
	}
	t.step()
	t.takeStack(fn)
	start := t.mark
	own := t.alloc(len(args))
	copy(own, args)
	f := t.push(fn)
	t.begin(f, fn.proto, own)
	m.calls = append(m.calls, activation{f: f, code: fn.proto.flatten(), start: start, base: base, marks: len(m.marks)})
}

// takeStack counts the Go stack that the trees of a function may use.
func (t *Thread) takeStack(fn *Function) {
	stack := t.co.stack + fn.proto.need()
	if stack > t.MaxStack {
		t.runError("stack overflow")
	}
	t.stack = stack
}

// leave ends the innermost call.
func (m *machine) leave(t *Thread) {
	a := &m.calls[len(m.calls)-1]
	t.mark = a.start
	t.depth--
	m.marks = m.marks[:a.marks]
	m.calls = m.calls[:len(m.calls)-1]
	if n := len(m.calls); n > 0 {
		t.stack = t.co.stack + m.calls[n-1].f.fn.proto.need()
	}
}

// deliver stores the wanted number of results at base.
func (m *machine) deliver(want, base int, r []Value) {
	switch {
	case want == all:
		m.vals = append(m.vals[:base], r...)
	case want == 0:
		m.vals = m.vals[:base]
	case len(r) == 0:
		m.vals = append(m.vals[:base], Value{})
	default:
		m.vals = append(m.vals[:base], r[0])
	}
}

func (m *machine) push(v Value) { m.vals = append(m.vals, v) }

func (m *machine) pop() Value {
	n := len(m.vals) - 1
	v := m.vals[n]
	m.vals = m.vals[:n]
	return v
}

// unmark pops the newest mark.
func (m *machine) unmark() int {
	n := len(m.marks) - 1
	at := m.marks[n]
	m.marks = m.marks[:n]
	return at
}

// adjust turns the values above a height into n values, and pops them.
func (m *machine) adjust(at, n int) []Value {
	for len(m.vals) < at+n {
		m.vals = append(m.vals, Value{})
	}
	r := m.vals[at : at+n]
	m.vals = m.vals[:at]
	return r
}

// call calls the function at a height of the stack with the values above it.
// It returns false if that function is yield.
func (m *machine) call(t *Thread, a *activation, e *callExpr, at int) bool {
	f := a.f
	f.line, f.call = e.line, e
	if v := m.vals[at]; v.Kind() != FunctionKind {
		m.vals = slices.Insert(m.vals, at, e.metamethod(f, v))
	}
	fn := m.vals[at].function()
	switch {
	case fn.yield:
		return false
	case fn.native != nil:
		mark := t.mark
		r := t.call(fn.Value(), m.vals[at+1:])
		m.deliver(a.want, at, r)
		t.mark = mark
	default:
		m.enter(t, fn, m.vals[at+1:], at)
		m.vals = m.vals[:at]
	}
	return true
}

// run runs until the coroutine yields or its function returns, and returns the
// values of that. They are valid until the next evaluation.
func (m *machine) run(t *Thread) (r []Value, yielded bool) {
next:
	for {
		a := &m.calls[len(m.calls)-1]
		f := a.f
		for {
			in := &a.code[a.pc]
			a.pc++
			switch in.op {
			case opExec:
				switch in.x.(stmt).exec(f) {
				case breaks:
					a.pc = int(in.n)
				case returns:
					if r, done := m.finish(t, f.ret); done {
						return r, false
					}
					continue next
				}
			case opEval:
				m.push(in.x.(expr).eval(f))
			case opEvalAll:
				m.vals = append(m.vals, in.x.(multi).values(f)...)
			case opMark:
				m.marks = append(m.marks, len(m.vals))
			case opCall, opTailCall:
				at := m.unmark()
				a.want = int(in.n)
				if in.op == opTailCall && m.vals[at].Kind() == FunctionKind && m.vals[at].function().proto != nil {
					base := a.base
					fn := m.vals[at].function()
					f.line, f.call = in.x.(*callExpr).line, in.x.(*callExpr)
					m.leave(t)
					m.enter(t, fn, m.vals[at+1:], base)
					m.vals = m.vals[:base]
					continue next
				}
				if !m.call(t, a, in.x.(*callExpr), at) {
					r = m.vals[at+1:]
					m.vals = m.vals[:at]
					return r, true
				}
				continue next
			case opReturn:
				if r, done := m.finish(t, m.vals[m.unmark():]); done {
					return r, false
				}
				continue next
			case opMethod:
				e := in.x.(*callExpr)
				self := m.pop()
				f.line = e.line
				m.push(t.index(self, e.method, e.fn))
				m.push(self)
			case opJump:
				a.pc = int(in.n)
			case opFalse:
				if !m.pop().Truth() {
					a.pc = int(in.n)
				}
			case opAnd, opOr:
				if m.vals[len(m.vals)-1].Truth() == (in.op == opOr) {
					a.pc = int(in.n)
				} else {
					m.pop()
				}
			case opStep:
				t.step()
			default:
				m.operate(t, f, a, in)
			}
		}
	}
}

// finish ends a call with its results. done reports that it was the
// coroutine's function.
func (m *machine) finish(t *Thread, r []Value) (results []Value, done bool) {
	base := m.calls[len(m.calls)-1].base
	m.leave(t)
	if len(m.calls) == 0 {
		return r, true
	}
	m.deliver(m.calls[len(m.calls)-1].want, base, r)
	return nil, false
}

// operate runs the instructions other than calls and jumps.
func (m *machine) operate(t *Thread, f *frame, a *activation, in *instr) {
	switch in.op {
	case opNot:
		m.push(Boolean(!m.pop().Truth()))
	case opNegate:
		v := m.pop()
		m.push(in.x.(*negExpr).of(f, v))
	case opLen:
		v := m.pop()
		m.push(in.x.(*lenExpr).of(f, v))
	case opIndex:
		e := in.x.(*indexExpr)
		key, obj := m.pop(), m.pop()
		f.line = e.line
		m.push(t.index(obj, key, e.obj))
	case opArith:
		b, x := m.pop(), m.pop()
		m.push(in.x.(*arithExpr).of(f, x, b))
	case opEqual:
		b, x := m.pop(), m.pop()
		m.push(in.x.(*eqExpr).of(f, x, b))
	case opLess:
		b, x := m.pop(), m.pop()
		m.push(in.x.(*lessExpr).of(f, x, b))
	case opConcat:
		at := len(m.vals) - int(in.n)
		v := in.x.(*concatExpr).of(f, m.vals[at:])
		m.vals = append(m.vals[:at], v)
	case opTable:
		e := in.x.(*tableExpr)
		m.push(NewTable(e.elements, e.keys).Value())
	case opElement:
		v := m.pop()
		m.vals[len(m.vals)-1].table().SetInt(int(in.n), v)
	case opField:
		v, key := m.pop(), m.pop()
		f.line = in.x.(*tableExpr).line
		t.rawSet(m.vals[len(m.vals)-1].table(), key, v)
	case opElements:
		at := m.unmark()
		m.vals[at-1].table().extend(int(in.n), m.vals[at:])
		m.vals = m.vals[:at]
	case opSetLocal:
		f.setLocal(in.x.(*local), m.pop())
	case opSetLocals:
		vars := in.x.(*localStmt).vars
		for i, v := range m.adjust(m.unmark(), len(vars)) {
			f.setLocal(vars[i], v)
		}
	case opAssign:
		v := m.pop()
		in.x.(target).assign(f, v)
	case opSetIndex:
		s := in.x.(*assignStmt)
		v, key, obj := m.pop(), m.pop(), m.pop()
		s.set(f, s.to.(*indexExpr), obj, key, v)
	case opStore:
		s := in.x.(*multiAssign)
		n := len(s.to)
		vals := m.adjust(m.unmark(), 3*n)
		s.store(f, vals[:2*n], vals[2*n:])
	case opForBegin:
		s := in.x.(*numericFor)
		step, to, from := m.pop(), m.pop(), m.pop()
		i, end, by := s.numbers(f, from, to, step)
		hidden := f.slots[s.v.slot-3:]
		hidden[0], hidden[1], hidden[2] = Num(i), Num(end), Num(by)
	case opForNext:
		s := in.x.(*numericFor)
		hidden := f.slots[s.v.slot-3:]
		i, end, by := hidden[0].n, hidden[1].n, hidden[2].n
		if by > 0 && i <= end || by <= 0 && end <= i {
			t.step()
			hidden[0].n = i + by
			f.setLocal(s.v, Num(i))
		} else {
			a.pc = int(in.n)
		}
	case opEachBegin:
		s := in.x.(*genericFor)
		copy(f.slots[s.state:s.state+3], m.adjust(m.unmark(), 3))
	case opEachNext:
		s := in.x.(*genericFor)
		hidden := f.slots[s.state : s.state+3]
		fn, obj := hidden[0], hidden[1]
		if fn.Kind() == FunctionKind && fn.function().next && obj.Kind() == TableKind {
			hidden[2] = s.nextOf(f, obj.table(), hidden[2])
		} else {
			t.step()
			hidden[2] = s.next(f, fn, obj, hidden[2])
		}
		if hidden[2].IsNil() {
			a.pc = int(in.n)
		}
	}
}

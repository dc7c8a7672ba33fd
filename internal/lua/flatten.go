package lua

// A coroutine that yields leaves its functions in the middle, which is
// impossible with a tree. So a function in a coroutine is flattened into a
// list of instructions for a machine with a stack of values (machine.go).
// Expressions and statements without calls can't yield. They stay trees, each
// as a single instruction.

type opcode uint8

const (
	opExec     opcode = iota // run a statement; n is the target of a break in it
	opEval                   // push an expression
	opEvalAll                // push all values of an expression
	opMark                   // remember the height of the stack
	opCall                   // call the function at the mark with the values above it; n: number of results, or all
	opTailCall               // the same, replacing this function
	opReturn                 // return the values above the mark
	opMethod                 // push a method of an object, and the object
	opJump                   // to n
	opFalse                  // pop, jump to n if it is false
	opAnd                    // jump to n if the top is false, else pop
	opOr                     // jump to n if the top is true, else pop
	opNot
	opNegate
	opLen
	opIndex
	opArith
	opEqual
	opLess
	opConcat // n values
	opTable
	opElement // set element n of the table below
	opField   // table, key, value
	opElements
	opSetLocal
	opSetLocals // to the values above the mark
	opAssign
	opSetIndex // table, key, value
	opStore    // a multiple assignment; its targets are above the mark, and its values above these
	opDrop     // n values
	opStep     // count an iteration of a loop
	opForBegin // from, to, step
	opForNext  // n is the end of the loop
	opEachBegin
	opEachNext
)

const all = -1

type instr struct {
	op opcode
	n  int32
	x  any // the node
}

type flattener struct {
	code   []instr
	calls  int
	breaks []int // jumps to patch with the end of the loop
}

// flatten returns the instructions of a function, which it caches.
func (p *Proto) flatten() []instr {
	if code := p.flat.Load(); code != nil {
		return *code
	}
	var c flattener
	c.block(p.body)
	c.emit(opMark, 0, nil)
	c.emit(opReturn, 0, nil)
	p.flat.Store(&c.code)
	return c.code
}

func (c *flattener) emit(op opcode, n int, x any) int {
	c.code = append(c.code, instr{op, int32(n), x})
	return len(c.code) - 1
}

func (c *flattener) here() int { return len(c.code) }

// land sets the target of a jump to the current position.
func (c *flattener) land(jump int) { c.code[jump].n = int32(c.here()) }

func (c *flattener) block(body []stmt) {
	for _, s := range body {
		start, calls, breaks := c.here(), c.calls, len(c.breaks)
		c.stmt(s)
		if c.calls > calls {
			continue
		}
		leaves := len(c.breaks) > breaks
		c.code, c.breaks = c.code[:start], c.breaks[:breaks]
		i := c.emit(opExec, 0, s)
		if leaves {
			c.breaks = append(c.breaks, i)
		}
	}
}

// loop flattens the body of a loop and then calls after. Breaks go behind
// that.
func (c *flattener) loop(body []stmt, after func()) {
	outer := c.breaks
	c.breaks = nil
	c.block(body)
	after()
	for _, b := range c.breaks {
		c.land(b)
	}
	c.breaks = outer
}

func (c *flattener) stmt(s stmt) {
	switch s := s.(type) {
	case *ifStmt:
		var ends []int
		for _, a := range s.arms {
			c.push(a.cond)
			next := c.emit(opFalse, 0, nil)
			c.block(a.body)
			ends = append(ends, c.emit(opJump, 0, nil))
			c.land(next)
		}
		c.block(s.otherwise)
		for _, e := range ends {
			c.land(e)
		}
	case *whileStmt:
		top := c.here()
		c.push(s.cond)
		end := c.emit(opFalse, 0, nil)
		c.emit(opStep, 0, nil)
		c.loop(s.body, func() {
			c.emit(opJump, top, nil)
			c.land(end)
		})
	case *repeatStmt:
		top := c.here()
		c.emit(opStep, 0, nil)
		c.loop(s.body, func() {
			c.push(s.cond)
			c.emit(opFalse, top, nil)
		})
	case *doStmt:
		c.block(s.body)
	case *numericFor:
		c.push(s.from)
		c.push(s.to)
		if s.step != nil {
			c.push(s.step)
		} else {
			c.push(&constExpr{Num(1)})
		}
		c.emit(opForBegin, 0, s)
		top := c.emit(opForNext, 0, s)
		c.loop(s.body, func() {
			c.emit(opJump, top, nil)
			c.land(top)
		})
	case *genericFor:
		c.emit(opMark, 0, nil)
		c.list(s.list)
		c.emit(opEachBegin, 0, s)
		c.calls++ // of the iterator
		top := c.emit(opEachNext, 0, s)
		c.loop(s.body, func() {
			c.emit(opJump, top, nil)
			c.land(top)
		})
	case *localOne:
		c.push(s.e)
		c.emit(opSetLocal, 0, s.v)
	case *localStmt:
		c.emit(opMark, 0, nil)
		c.list(s.list)
		c.emit(opSetLocals, 0, s)
	case *localFunctionStmt:
	case *assignStmt:
		if to, ok := s.to.(*indexExpr); ok {
			c.push(to.obj)
			c.push(to.key)
			c.push(s.e)
			c.emit(opSetIndex, 0, s)
			return
		}
		c.push(s.e)
		c.emit(opAssign, 0, s.to)
	case *multiAssign:
		c.emit(opMark, 0, nil)
		for _, t := range s.to {
			if x, ok := t.(*indexExpr); ok {
				c.push(x.obj)
				c.push(x.key)
			} else {
				c.push(&constExpr{})
				c.push(&constExpr{})
			}
		}
		c.list(s.list)
		c.emit(opStore, 0, s)
	case *callStmt:
		c.call(s.e, opCall, 0)
	case breakStmt:
		c.breaks = append(c.breaks, c.emit(opJump, 0, nil))
	case return0:
		c.emit(opMark, 0, nil)
		c.emit(opReturn, 0, nil)
	case *return1:
		c.emit(opMark, 0, nil)
		c.push(s.e)
		c.emit(opReturn, 0, nil)
	case *returnN:
		c.emit(opMark, 0, nil)
		c.list(s.list)
		c.emit(opReturn, 0, nil)
	case *tailCall:
		c.emit(opMark, 0, nil)
		c.call(s.e, opTailCall, all)
		c.emit(opReturn, 0, nil) // behaves like the return of a Go function
	}
}

// list pushes the values of expressions, including all values of the last one.
func (c *flattener) list(list []expr) {
	for i, e := range list {
		if m, ok := e.(multi); ok && i == len(list)-1 {
			c.pushAll(m)
		} else {
			c.push(e)
		}
	}
}

func (c *flattener) pushAll(e multi) {
	if call, ok := e.(*callExpr); ok {
		c.call(call, opCall, all)
	} else {
		c.emit(opEvalAll, 0, e)
	}
}

func (c *flattener) call(e *callExpr, op opcode, want int) {
	c.calls++
	c.emit(opMark, 0, nil)
	c.push(e.fn)
	if e.method.p != nil {
		c.emit(opMethod, 0, e)
	}
	for _, a := range e.args {
		c.push(a)
	}
	if e.rest != nil {
		c.pushAll(e.rest)
	}
	c.emit(op, want, e)
}

// push pushes the value of an expression.
func (c *flattener) push(e expr) {
	start, calls := c.here(), c.calls
	c.parts(e)
	if c.calls == calls {
		c.code = c.code[:start]
		c.emit(opEval, 0, e)
	}
}

func (c *flattener) parts(e expr) {
	switch e := e.(type) {
	case *callExpr:
		c.call(e, opCall, 1)
	case *parenExpr:
		c.push(e.e)
	case *indexExpr:
		c.push(e.obj)
		c.push(e.key)
		c.emit(opIndex, 0, e)
	case *tableExpr:
		c.emit(opTable, 0, e)
		n := 0
		for i := range e.fields {
			if f := &e.fields[i]; f.key == nil {
				n++
				c.push(f.value)
				c.emit(opElement, n, nil)
			} else {
				c.push(f.key)
				c.push(f.value)
				c.emit(opField, 0, e)
			}
		}
		if e.rest != nil {
			c.emit(opMark, 0, nil)
			c.pushAll(e.rest)
			c.emit(opElements, n, nil)
		}
	case *notExpr:
		c.push(e.e)
		c.emit(opNot, 0, nil)
	case *negExpr:
		c.push(e.e)
		c.emit(opNegate, 0, e)
	case *lenExpr:
		c.push(e.e)
		c.emit(opLen, 0, e)
	case *arithExpr:
		c.push(e.a)
		c.push(e.b)
		c.emit(opArith, 0, e)
	case *eqExpr:
		c.push(e.a)
		c.push(e.b)
		c.emit(opEqual, 0, e)
	case *lessExpr:
		c.push(e.a)
		c.push(e.b)
		c.emit(opLess, 0, e)
	case *concatExpr:
		for _, x := range e.list {
			c.push(x)
		}
		c.emit(opConcat, len(e.list), e)
	case *andExpr:
		c.push(e.a)
		end := c.emit(opAnd, 0, nil)
		c.push(e.b)
		c.land(end)
	case *orExpr:
		c.push(e.a)
		end := c.emit(opOr, 0, nil)
		c.push(e.b)
		c.land(end)
	}
}

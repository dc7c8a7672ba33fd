package lua

import (
	"fmt"
	"math"
)

// Native is a Go function. Its arguments and results are valid only during the
// call; use Thread.One and Thread.Results to return values.
type Native func(th *Thread, args []Value) []Value

// Function is a closure or a Go function.
type Function struct {
	object
	next   bool // it is the function next
	yield  bool // it is the function yield
	proto  *Proto
	up     []*cell
	env    *Table
	native Native
}

// NewFunction returns a Go function as a value.
func NewFunction(n Native) Value {
	return (&Function{object: object{FunctionKind}, native: n}).Value()
}

// Value returns the function as a value.
func (fn *Function) Value() Value { return Value{p: &fn.object} }

// frame is the state of a call.
type frame struct {
	th       *Thread
	fn       *Function
	slots    []Value
	varargs  []Value
	ret      []Value
	one      [1]Value
	line     int
	call     *callExpr // the current call, to name its function in errors
	tail     *Function
	tailArgs []Value
}

// mark is a position in the arena.
type mark struct{ segment, used int }

// Thread is a coroutine or the main thread. Its arena holds local variables
// and arguments. Released values stay unchanged until their place is used
// again.
type Thread struct {
	object
	*State
	frames []*frame // the first depth ones are in use
	depth  int
	arena  [][]Value
	mark   mark
	high   int // maximum use of a segment
	stack  int // bytes of Go's stack that calls may take
	co     *coroutine
}

// State is the shared state of a program's threads.
type State struct {
	// Globals is the environment of new chunks.
	Globals *Table
	// Strings is the metatable of strings.
	Strings *Table
	// MaxString is the maximum length of a new string in bytes; 0 means no limit.
	MaxString int
	// Hook is called every HookSteps steps. Steps are calls, iterations of loops,
	// and the work that Go functions report with Work. It may raise an error with
	// Throw.
	Hook      func(*Thread)
	HookSteps int
	// MaxStack limits the Go stack for calls, in bytes. A program can't survive
	// the overflow of Go's stack, whose limit is set by debug.SetMaxStack, so
	// MaxStack must stay below a quarter of that. The default is 256 MB, or 64 MB
	// with 32-bit pointers.
	MaxStack int

	steps   int
	current *Thread
	main    *Thread
	seed    random
	natives int // calls of Lua from Go under way
}

// Error is a raised value.
type Error struct {
	Value Value
	final bool
}

func (e *Error) Error() string {
	if s, ok := e.Value.ToString(); ok {
		return s
	}
	return "(error object is a " + e.Value.Kind().Name() + " value)"
}

const (
	// maxValues limits the variables and arguments of a thread's calls, for deep
	// calls with many of them.
	maxValues = 1 << 22
	// Initial numbers of values.
	firstSegment     = 128
	firstOfCoroutine = 16
	// maxDepth limits nested calls, and maxNative nested Go functions that call
	// back, which use much stack.
	maxDepth  = 16380
	maxNative = 198
	// callStack, levelStack and nativeStack are upper bounds in bytes for the Go
	// stack used by a call, a level of its tree, and a Go function that calls
	// back.
	callStack   = 2048
	levelStack  = 512
	nativeStack = 8192
	maxStack    = 64 << 20 << (^uint(0) >> 63 << 1)
)

// NewState returns a state without libraries.
func NewState() *State {
	s := &State{Globals: NewTable(0, 0), MaxStack: maxStack, HookSteps: math.MaxInt}
	s.main = s.newThread()
	s.current = s.main
	s.seed = 0x1234abcd330e
	return s
}

// Main returns the main thread.
func (s *State) Main() *Thread { return s.main }

// Abandon drops everything that runs, after a panic that is not an error of a
// program. Globals and functions remain.
func (s *State) Abandon() {
	s.main = s.newThread()
	s.current = s.main
	s.steps, s.natives = 0, 0
}

// Release drops the values in the variables of the last program, when nothing
// runs. Their memory remains for the next program.
func (s *State) Release() {
	th := s.main
	if len(th.arena) > 0 {
		clear(th.arena[0][:min(th.high, len(th.arena[0]))])
		clear(th.arena[1:])
		th.arena = th.arena[:1]
		th.high = 0
	}
	const keep = 8
	for i, f := range th.frames {
		if i < keep {
			*f = frame{th: th}
		} else {
			th.frames[i] = nil
		}
	}
	th.frames = th.frames[:min(len(th.frames), keep)]
}

func (s *State) newThread() *Thread {
	return &Thread{object: object{ThreadKind}, State: s}
}

func (th *Thread) value() Value { return Value{p: &th.object} }

// alloc takes n values with undefined contents from the arena.
func (th *Thread) alloc(n int) []Value {
	for th.mark.segment < len(th.arena) {
		seg := th.arena[th.mark.segment]
		if end := th.mark.used + n; end <= len(seg) {
			r := seg[th.mark.used:end:end]
			th.mark.used = end
			th.high = max(th.high, end)
			return r
		}
		th.mark = mark{th.mark.segment + 1, 0}
	}
	size := firstSegment
	if th.co != nil {
		size = firstOfCoroutine
	}
	if n := len(th.arena); n > 0 {
		size = 2 * len(th.arena[n-1])
	}
	if size > maxValues {
		th.runError("stack overflow")
	}
	th.arena = append(th.arena, make([]Value, max(size, n)))
	return th.alloc(n)
}

// extend returns a followed by b. a must be the newest part of the arena; b
// may be in the released part behind it.
func (th *Thread) extend(a, b []Value) []Value {
	if len(b) == 0 {
		return a
	}
	if m := th.mark; len(a) > 0 && m.segment < len(th.arena) {
		seg := th.arena[m.segment]
		if end := m.used + len(b); end <= len(seg) && m.used >= len(a) && &seg[m.used-1] == &a[len(a)-1] {
			copy(seg[m.used:end], b)
			th.mark.used = end
			th.high = max(th.high, end)
			return seg[m.used-len(a) : end : end]
		}
	}
	r := th.alloc(len(a) + len(b))
	copy(r[len(a):], b) // first, since r may overlap b
	copy(r, a)
	return r
}

// One returns a single result.
func (th *Thread) One(v Value) []Value {
	f := th.frames[th.depth-1]
	f.one[0] = v
	return f.one[:]
}

// Results returns memory for n results.
func (th *Thread) Results(n int) []Value {
	r := th.alloc(n)
	clear(r)
	return r
}

func (th *Thread) push(fn *Function) *frame {
	if th.depth == len(th.frames) {
		th.frames = append(th.frames, &frame{th: th})
	}
	f := th.frames[th.depth]
	th.depth++
	f.fn, f.call, f.line = fn, nil, 0
	return f
}

func (th *Thread) step() {
	if s := th.State; s.steps < s.HookSteps {
		s.steps++
	} else {
		th.hook()
	}
}

//go:noinline
func (th *Thread) hook() {
	th.steps = 0
	if th.Hook != nil {
		th.Hook(th)
	}
}

// Work counts n steps of a Go function, each about as expensive as a call. A
// function must count if its time depends on its arguments.
func (th *Thread) Work(n int) {
	if s := th.State; s.steps < s.HookSteps {
		s.steps += n
	} else {
		th.hook()
	}
}

// workBytes counts the copying or reading of n bytes.
func (th *Thread) workBytes(n int) {
	if n >= 128 {
		th.Work(n >> 7)
	}
}

// call calls a function. The results are valid until the next evaluation.
func (th *Thread) call(v Value, args []Value) []Value {
	fn := v.function()
	if th.depth >= maxDepth {
		th.runError("stack overflow")
	}
	outer := th.stack
	if fn.native != nil {
		f := th.push(fn)
		r := fn.native(th, args)
		th.depth--
		f.fn = nil
		return r
	}
	th.step()
	start := th.mark
	f := th.push(fn)
	for {
		p := fn.proto
		f.fn = fn
		if th.stack = outer + p.need(); th.stack > th.MaxStack {
			th.depth--
			th.stack = outer
			th.runError("stack overflow")
		}
		th.begin(f, p, args)
		if run(f, p.body) != tail {
			break
		}
		th.step()
		fn = f.tail
		// The arguments replace the variables.
		th.mark = start
		args = th.extend(nil, f.tailArgs)
		f.tail, f.tailArgs, f.call = nil, nil, nil
	}
	th.mark = start
	th.depth--
	th.stack = outer
	return f.ret
}

// begin sets the variables of a call.
func (th *Thread) begin(f *frame, p *Proto, args []Value) {
	f.slots = th.alloc(p.slots)
	n := copy(f.slots[:p.params], args)
	clear(f.slots[n:])
	f.varargs = nil
	if p.vararg && len(args) > p.params {
		f.varargs = args[p.params:]
	}
	if p.needsArg {
		t := NewTable(len(f.varargs), 1)
		for i, v := range f.varargs {
			t.SetInt(i+1, v)
		}
		t.SetField("n", Int(len(f.varargs)))
		f.slots[p.params] = t.Value()
	}
	for _, slot := range p.captured {
		f.slots[slot] = newCell(f.slots[slot])
	}
	f.ret = nil
}

// need returns the maximum Go stack of a call of the function, in bytes.
func (p *Proto) need() int { return callStack + levelStack*p.deep }

// Call calls a function without protection; its results are valid until the
// next call.
func (th *Thread) Call(fn Value, args ...Value) []Value {
	if fn.Kind() != FunctionKind {
		m := th.metaOf(fn, "__call")
		if m.Kind() != FunctionKind {
			th.runError("attempt to call a %s value", fn.Kind().Name())
		}
		args = append([]Value{fn}, args...)
		fn = m
	}
	start := th.mark
	th.enterNative()
	own := th.alloc(len(args))
	copy(own, args)
	r := th.call(fn, own)
	th.leaveNative()
	th.mark = start
	return r
}

// enterNative counts a Go function that calls back. Protect restores the count
// after an error.
func (th *Thread) enterNative() {
	if th.natives++; th.natives > maxNative {
		th.natives--
		th.runError("C stack overflow")
	}
	th.stack += nativeStack
}

func (th *Thread) leaveNative() {
	th.natives--
	th.stack -= nativeStack
}

// Protect calls f and returns the error raised in it. The handler, if not nil,
// is called where the error was raised and may replace it.
func (th *Thread) Protect(f func(), handler func(*Thread, Value) Value) (err *Error) {
	depth, start, natives, stack := th.depth, th.mark, th.natives, th.stack
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		e, ok := r.(*Error)
		if !ok {
			panic(r)
		}
		if handler != nil && !e.final {
			e = th.handle(e, handler)
		}
		th.depth, th.mark, th.natives, th.stack = depth, start, natives, stack
		err = e
	}()
	f()
	return nil
}

// handle calls the handler of an error. An error in the handler replaces the
// first one.
func (th *Thread) handle(e *Error, handler func(*Thread, Value) Value) (result *Error) {
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*Error)
			if !ok {
				panic(r)
			}
			result = e
		}
	}()
	return &Error{Value: handler(th, e.Value)}
}

// Throw raises a value.
func (th *Thread) Throw(v Value) { panic(&Error{Value: v}) }

// ThrowFinal raises a value that a script can't catch.
func (th *Thread) ThrowFinal(v Value) { panic(&Error{Value: v, final: true}) }

func (th *Thread) throw(format string, args ...any) { th.Throw(Str(fmt.Sprintf(format, args...))) }

// Errorf raises a message with the position of the caller of the running Go
// function.
func (th *Thread) Errorf(format string, args ...any) {
	th.throw("%s%s", th.Where(1), fmt.Sprintf(format, args...))
}

// runError raises a message with the current position, if that is in Lua.
func (th *Thread) runError(format string, args ...any) {
	th.throw("%s%s", th.Where(0), fmt.Sprintf(format, args...))
}

// Level returns the position of a level: 0 is the running function, 1 its
// caller. ok is false for a Go function, which has no source.
func (th *Thread) Level(n int) (source string, line int, ok bool) {
	i := th.depth - 1 - n
	if i < 0 {
		return "", 0, false
	}
	if f := th.frames[i]; f.fn != nil && f.fn.proto != nil {
		return f.fn.proto.source, f.line, true
	}
	return "", -1, true
}

// Where returns "chunk:line: " for a level, or "".
func (th *Thread) Where(n int) string {
	if source, line, _ := th.Level(n); source != "" {
		return fmt.Sprintf("%s:%d: ", ChunkID(source), line)
	}
	return ""
}

const noMemory = "not enough memory"

// CheckSize raises an error if a string of n bytes is too long.
func (th *Thread) CheckSize(n int) {
	if th.MaxString > 0 && n > th.MaxString {
		th.throw(noMemory)
	}
}

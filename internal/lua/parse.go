package lua

import (
	"fmt"
	"sync/atomic"
)

const (
	maxLevels    = 200 // of nested syntax
	maxLocals    = 200
	maxUpvalues  = 60
	maxRegisters = 250
)

// Proto is a compiled function. It is immutable for its users.
type Proto struct {
	source   string // the name given to Compile
	chunk    string // the name in messages
	line     int    // line of its definition; 0 for a chunk
	params   int
	vararg   bool
	needsArg bool // uses the table arg of Lua 5.0
	slots    int
	deep     int   // levels of the tree, which use Go's stack when it runs
	captured []int // parameters that closures share
	upvalues []upvalue
	body     []stmt
	size     int
	flat     atomic.Pointer[[]instr] // for coroutines, made at first use
}

// functionSize is the size of a function in bytes, and operandSize the
// approximate size of the tree per name and constant.
const (
	functionSize = 224
	operandSize  = 64
)

// Size returns the approximate size of the compiled function in bytes,
// including the functions inside it.
func (p *Proto) Size() int { return p.size }

// Proto returns the compiled form of a function, nil for a Go function.
func (fn *Function) Proto() *Proto { return fn.proto }

// upvalue is the place where a new closure finds a variable.
type upvalue struct {
	name  string
	local bool // a local variable of the enclosing function, else an upvalue of it
	index int
}

// local is a local variable.
type local struct {
	name     string
	slot     int
	captured bool
}

// scope is the state of the parser for one function.
type scope struct {
	outer  *scope
	proto  *Proto
	active []*local
	taken  int          // values in registers of Lua's machine
	refs   []*localExpr // to mark the captured ones
	loops  int
}

type parser struct {
	lexer
	*scope
	chunkName string
	levels    int
	// height is the maximum number of nested calls for the nodes made since the
	// enclosing node began.
	height int
}

// ChunkID returns the name of a chunk in messages. "@file" and "=name" stand
// for the rest of the name; anything else is shown as source.
func ChunkID(name string) string {
	const size = 60
	if name == "" {
		return `[string ""]`
	}
	switch name[0] {
	case '=':
		return name[1:min(len(name), size)]
	case '@':
		if name = name[1:]; len(name) > size-len(" '...' ")-1 {
			name = "..." + name[len(name)-(size-len(" '...' ")-1):]
		}
		return name
	}
	room := size - len(` [string "..."] `) - 1
	line := name
	for i := range len(line) {
		if line[i] == '\n' || line[i] == '\r' {
			line = line[:i]
			break
		}
	}
	if len(line) < len(name) || len(line) > room {
		return `[string "` + line[:min(len(line), room)] + `..."]`
	}
	return `[string "` + line + `"]`
}

// Compile translates the source of a chunk; name is as for ChunkID. The error
// is a SyntaxError.
func Compile(source, name string) (proto *Proto, err error) {
	return compile(source, name, 0, func(int) {})
}

// compile is Compile for a running program: it counts its work. natives is the
// number of Go functions under way, which reduces the permitted nesting.
func compile(source, name string, natives int, work func(int)) (proto *Proto, err error) {
	p := &parser{lexer: lexer{src: source, chunk: ChunkID(name), line: 1, last: 1, work: work}, chunkName: name, levels: natives}
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(SyntaxError)
			if !ok {
				panic(r)
			}
			proto, err = nil, e
		}
	}()
	if source != "" && source[0] == '\x1b' {
		p.failAtStart("bad header in precompiled chunk")
	}
	p.open(&Proto{vararg: true})
	p.next()
	body := p.block()
	if p.tok != tEOF {
		p.expected(tEOF)
	}
	p.proto.deep = p.height
	return p.close(body), nil
}

func (p *parser) failAtStart(msg string) { panic(SyntaxError(p.chunk + ": " + msg)) }

func (p *parser) open(proto *Proto) {
	proto.source, proto.chunk = p.chunkName, p.chunk
	proto.size = -p.size // completed by close
	p.size += functionSize
	p.scope = &scope{outer: p.scope, proto: proto}
}

func (p *parser) close(body []stmt) *Proto {
	s := p.scope
	s.proto.body = body
	s.proto.size += p.size - operandSize*s.proto.params
	for _, r := range s.refs {
		r.cell = r.v.captured
	}
	p.scope = s.outer
	return s.proto
}

func (p *parser) expected(t token) { p.fail(fmt.Sprintf("'%s' expected", t)) }

func (p *parser) accept(t token) bool {
	if p.tok == t {
		p.next()
		return true
	}
	return false
}

func (p *parser) expect(t token) {
	if !p.accept(t) {
		p.expected(t)
	}
}

// match expects the token that closes begin, which was at a line.
func (p *parser) match(end, begin token, line int) {
	switch {
	case p.accept(end):
	case line == p.line:
		p.expected(end)
	default:
		p.fail(fmt.Sprintf("'%s' expected (to close '%s' at line %d)", end, begin, line))
	}
}

func (p *parser) name() string {
	if p.tok != tName {
		p.expected(tName)
	}
	s := p.text
	p.next()
	return s
}

// enter begins a nested block or expression. It returns the height of the
// enclosing one, for leave.
func (p *parser) enter() (outer int) {
	if p.levels++; p.levels > maxLevels {
		p.failAt(p.line, "chunk has too many syntax levels")
	}
	return p.begin()
}

func (p *parser) leave(outer int) {
	p.levels--
	p.end(outer)
}

// begin and end enclose the parsing of a node.
func (p *parser) begin() (outer int) {
	outer, p.height = p.height, 0
	return outer
}

func (p *parser) end(outer int) { p.height = max(outer, p.height+1) }

// limit reports that a function exceeds a limit.
func (p *parser) limit(most int, what string) {
	function := "main function"
	if p.proto.line > 0 {
		function = fmt.Sprintf("function at line %d", p.proto.line)
	}
	p.failAt(p.line, fmt.Sprintf("%s has more than %d %s", function, most, what))
}

func (p *parser) declare(name string) *local {
	if len(p.active) >= maxLocals {
		p.limit(maxLocals, "local variables")
	}
	v := &local{name: name, slot: len(p.active)}
	p.active = append(p.active, v)
	p.proto.slots = max(p.proto.slots, len(p.active))
	return v
}

func (s *scope) find(name string) *local {
	for i := len(s.active) - 1; i >= 0; i-- {
		if s.active[i].name == name {
			return s.active[i]
		}
	}
	return nil
}

// upvalue returns the index of a variable of an enclosing function, or -1.
func (p *parser) upvalue(s *scope, name string) int {
	for i, u := range s.proto.upvalues {
		if u.name == name {
			return i
		}
	}
	if s.outer == nil {
		return -1
	}
	u := upvalue{name: name}
	if v := s.outer.find(name); v != nil {
		v.captured = true
		u.local, u.index = true, v.slot
	} else if u.index = p.upvalue(s.outer, name); u.index < 0 {
		return -1
	}
	if len(s.proto.upvalues) >= maxUpvalues {
		p.limit(maxUpvalues, "upvalues")
	}
	s.proto.upvalues = append(s.proto.upvalues, u)
	return len(s.proto.upvalues) - 1
}

func (p *parser) variable(name string) expr {
	if v := p.find(name); v != nil {
		e := &localExpr{v: v, slot: v.slot}
		p.refs = append(p.refs, e)
		return e
	}
	if i := p.upvalue(p.scope, name); i >= 0 {
		return &upvalueExpr{i, name}
	}
	return &globalExpr{constant(name), p.last}
}

func constant(s string) Value {
	v := Str(s)
	v.str().sum()
	return v
}

func endsBlock(t token) bool {
	return t == tEOF || t == tEnd || t == tElse || t == tElseif || t == tUntil
}

// block parses statements in a scope of their own.
func (p *parser) block() []stmt {
	outer := len(p.active)
	list := p.statements()
	p.active = p.active[:outer]
	return list
}

func (p *parser) statements() (list []stmt) {
	outer := p.enter()
	for !endsBlock(p.tok) {
		before := p.begin()
		s, last := p.statement()
		p.end(before)
		if s != nil {
			list = append(list, s)
		}
		p.accept(';')
		if last {
			break
		}
	}
	p.leave(outer)
	return list
}

func (p *parser) statement() (s stmt, last bool) {
	line := p.line
	switch p.tok {
	case tIf:
		return p.ifStmt(line), false
	case tWhile:
		p.next()
		cond := p.expr()
		p.expect(tDo)
		body := p.loop()
		p.match(tEnd, tWhile, line)
		return &whileStmt{cond, body}, false
	case tDo:
		p.next()
		body := p.block()
		p.match(tEnd, tDo, line)
		return &doStmt{body}, false
	case tFor:
		return p.forStmt(line), false
	case tRepeat:
		p.next()
		outer := len(p.active)
		p.loops++
		body := p.statements()
		p.loops--
		p.match(tUntil, tRepeat, line)
		cond := p.expr() // it sees the local variables of the body
		p.active = p.active[:outer]
		return &repeatStmt{cond, body}, false
	case tFunction:
		return p.functionStmt(line), false
	case tLocal:
		p.next()
		if p.accept(tFunction) {
			v := p.declare(p.name())
			s := &localFunctionStmt{v: v, slot: v.slot}
			s.fn = p.function(false, p.line)
			return s, false
		}
		return p.localStmt(), false
	case tReturn:
		p.next()
		var list []expr
		if !endsBlock(p.tok) && p.tok != ';' {
			list = p.exprs()
		}
		return newReturn(list), true
	case tBreak:
		p.next()
		if p.loops == 0 {
			p.fail("no loop to break")
		}
		return breakStmt{}, true
	}
	return p.exprStmt(), false
}

func (p *parser) loop() []stmt {
	p.loops++
	body := p.block()
	p.loops--
	return body
}

func (p *parser) ifStmt(line int) stmt {
	s := &ifStmt{}
	for {
		p.next()
		cond := p.expr()
		p.expect(tThen)
		s.arms = append(s.arms, arm{cond, p.block()})
		if p.tok != tElseif {
			break
		}
	}
	if p.accept(tElse) {
		s.otherwise = p.block()
	}
	p.match(tEnd, tIf, line)
	return s
}

func (p *parser) forStmt(line int) stmt {
	p.next()
	name := p.name()
	outer := len(p.active)
	s := p.loopOver(name, line)
	p.active = p.active[:outer]
	return s
}

// loopOver parses a loop from behind its first variable.
func (p *parser) loopOver(name string, line int) stmt {
	switch p.tok {
	case '=':
		p.next()
		s := &numericFor{line: line}
		s.from = p.expr()
		p.expect(',')
		s.to = p.expr()
		if p.accept(',') {
			s.step = p.expr()
		}
		p.hide(3)
		p.expect(tDo)
		s.v = p.declare(name)
		s.body = p.loop()
		p.match(tEnd, tFor, line)
		return s
	case ',', tIn:
		s := &genericFor{line: line}
		names := []string{name}
		for p.accept(',') {
			names = append(names, p.name())
		}
		p.expect(tIn)
		s.line = p.line
		s.list = p.exprs()
		s.state = len(p.active)
		p.hide(3)
		p.expect(tDo)
		for _, n := range names {
			s.vars = append(s.vars, p.declare(n))
		}
		s.body = p.loop()
		p.match(tEnd, tFor, line)
		return s
	}
	p.fail("'=' or 'in' expected")
	return nil
}

// hide declares n variables without a name that a program can use.
func (p *parser) hide(n int) {
	for range n {
		p.declare("(for state)")
	}
}

func (p *parser) functionStmt(line int) stmt {
	p.next()
	target := p.variable(p.name())
	method := false
	for p.tok == '.' || p.tok == ':' {
		p.height++
		method = p.tok == ':'
		p.next()
		target = &indexExpr{target, &constExpr{constant(p.name())}, p.last}
		if method {
			break
		}
	}
	fn := p.function(method, line)
	return &assignStmt{target, fn, line}
}

func (p *parser) localStmt() stmt {
	names := []string{p.name()}
	for p.accept(',') {
		names = append(names, p.name())
	}
	var list []expr
	if p.accept('=') {
		list = p.exprs()
	}
	vars := make([]*local, len(names))
	for i, n := range names {
		vars[i] = p.declare(n)
	}
	if len(vars) == 1 && len(list) == 1 {
		return &localOne{v: vars[0], e: list[0]}
	}
	return &localStmt{vars, list}
}

func (p *parser) exprStmt() stmt {
	e := p.primary()
	if c, ok := e.(*callExpr); ok {
		return &callStmt{c}
	}
	if !p.assignable(e) {
		p.fail("syntax error")
	}
	targets := []expr{e}
	for p.accept(',') {
		e := p.primary()
		if !p.assignable(e) {
			p.fail("syntax error")
		}
		targets = append(targets, e)
		if p.levels+len(targets) > maxLevels {
			p.limit(maxLevels-p.levels, "variables in assignment")
		}
	}
	p.expect('=')
	list := p.exprs()
	if len(targets) == 1 && len(list) == 1 {
		return &assignStmt{e, list[0], p.last}
	}
	return &multiAssign{targets, list, p.last}
}

func (p *parser) assignable(e expr) bool {
	switch e.(type) {
	case *localExpr, *upvalueExpr, *globalExpr, *indexExpr:
		return true
	}
	return false
}

func (p *parser) exprs() []expr {
	list := []expr{p.expr()}
	outer := p.taken
	for p.accept(',') {
		p.take(1)
		list = append(list, p.expr())
	}
	p.take(1)
	p.taken = outer
	return list
}

// take counts n more values in registers of Lua's machine. Their number is
// limited, and so is the number of arguments of a call.
func (p *parser) take(n int) {
	if p.taken += n; len(p.active)+p.taken >= maxRegisters {
		p.fail("function or expression too complex")
	}
}

// function parses from the parameters to the end.
func (p *parser) function(method bool, line int) expr {
	outer := p.begin()
	p.open(&Proto{line: line})
	if method {
		p.declare("self")
	}
	p.expect('(')
	if p.tok != ')' {
		for {
			if p.tok == tDots {
				p.next()
				p.proto.vararg = true
				break
			}
			if p.tok != tName {
				p.fail("<name> or '...' expected")
			}
			p.declare(p.name())
			if !p.accept(',') {
				break
			}
		}
	}
	params := append([]*local(nil), p.active...)
	p.proto.params = len(params)
	if p.proto.vararg {
		p.declare("arg") // holds the varargs, as in Lua 5.0
		p.proto.needsArg = true
	}
	p.expect(')')
	body := p.statements()
	p.match(tEnd, tFunction, line)
	for _, v := range params {
		if v.captured {
			p.proto.captured = append(p.proto.captured, v.slot)
		}
	}
	if p.proto.needsArg && p.active[p.proto.params].captured {
		p.proto.captured = append(p.proto.captured, p.proto.params)
	}
	p.proto.deep, p.height = p.height, 0 // its call has its own height
	p.end(outer)
	return &functionExpr{p.close(body)}
}

// Priorities of binary operators, left and right.
var priorities = map[token][2]int{
	'+': {6, 6}, '-': {6, 6}, '*': {7, 7}, '/': {7, 7}, '%': {7, 7}, '^': {10, 9}, tConcat: {5, 4},
	tNe: {3, 3}, tEq: {3, 3}, '<': {3, 3}, tLe: {3, 3}, '>': {3, 3}, tGe: {3, 3}, tAnd: {2, 2}, tOr: {1, 1},
}

const unaryPriority = 8

func (p *parser) expr() expr { return p.binary(0) }

func (p *parser) binary(above int) expr {
	outer := p.enter()
	var e expr
	switch op := p.tok; op {
	case tNot:
		p.next()
		e = &notExpr{p.binary(unaryPriority)}
	case '-':
		p.next()
		e = negate(p.binary(unaryPriority), p.last)
	case '#':
		p.next()
		e = &lenExpr{p.binary(unaryPriority), p.last}
	default:
		e = p.simple()
	}
	for {
		prio, ok := priorities[p.tok]
		if !ok || prio[0] <= above {
			break
		}
		op := p.tok
		p.next()
		right := p.binary(prio[1])
		e = newBinary(op, e, right, p.last)
		p.height++
	}
	p.leave(outer)
	return e
}

func (p *parser) simple() (e expr) {
	switch p.tok {
	case tNumber:
		e = &constExpr{Num(p.num)}
	case tString:
		e = &constExpr{constant(p.text)}
	case tNil:
		e = &constExpr{}
	case tTrue:
		e = &constExpr{True}
	case tFalse:
		e = &constExpr{False}
	case tDots:
		if !p.proto.vararg {
			p.fail("cannot use '...' outside a vararg function")
		}
		if p.proto.needsArg {
			p.proto.needsArg = false
		}
		e = &varargExpr{}
	case '{':
		return p.constructor()
	case tFunction:
		p.next()
		return p.function(false, p.last)
	default:
		return p.primary()
	}
	p.next()
	return e
}

func (p *parser) primary() (e expr) {
	switch p.tok {
	case tName:
		name := p.text
		p.next()
		e = p.variable(name)
	case '(':
		line := p.line
		p.next()
		e = p.expr()
		p.match(')', '(', line)
		e = &parenExpr{e}
		p.height++
	default:
		p.fail("unexpected symbol")
	}
	for ; ; p.height++ {
		switch p.tok {
		case '.':
			p.next()
			e = &indexExpr{e, &constExpr{constant(p.name())}, p.last}
		case '[':
			p.next()
			key := p.expr()
			p.expect(']')
			e = &indexExpr{e, key, p.last}
		case ':':
			p.next()
			e = p.call(e, p.name())
		case '(', tString, '{':
			e = p.call(e, "")
		default:
			return e
		}
	}
}

func (p *parser) call(fn expr, method string) expr {
	c := &callExpr{fn: fn, line: p.line}
	outer := p.taken
	p.take(1)
	if method != "" {
		c.method = constant(method)
		p.take(1)
	}
	switch p.tok {
	case tString:
		c.args = []expr{&constExpr{constant(p.text)}}
		p.next()
	case '{':
		c.args = []expr{p.constructor()}
	case '(':
		line := p.line
		if line != p.last {
			p.fail("ambiguous syntax (function call x new statement)")
		}
		p.next()
		if p.tok != ')' {
			c.args = p.exprs()
		}
		p.match(')', '(', line)
	default:
		p.fail("function arguments expected")
	}
	p.taken = outer
	c.finish()
	return c
}

func (p *parser) constructor() expr {
	line := p.line
	t := &tableExpr{line: line}
	outer := p.begin()
	p.expect('{')
	for p.tok != '}' {
		switch {
		case p.tok == tName && p.peek() == '=':
			key := &constExpr{constant(p.name())}
			p.next()
			t.fields = append(t.fields, field{key, p.expr()})
			t.keys++
		case p.tok == '[':
			p.next()
			key := p.expr()
			p.expect(']')
			p.expect('=')
			t.fields = append(t.fields, field{key, p.expr()})
			t.keys++
		default:
			t.fields = append(t.fields, field{nil, p.expr()})
			t.elements++
		}
		if !p.accept(',') && !p.accept(';') {
			break
		}
	}
	p.match('}', '{', line)
	p.end(outer)
	if n := len(t.fields); n > 0 && t.fields[n-1].key == nil {
		if m, ok := t.fields[n-1].value.(multi); ok {
			t.rest = m
			t.elements--
			t.fields = t.fields[:n-1]
		}
	}
	return t
}

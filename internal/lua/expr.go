package lua

import (
	"math"
	"strings"
)

// expr is an expression.
type expr interface{ eval(f *frame) Value }

// multi is an expression with any number of values, which are valid until the
// next evaluation.
type multi interface {
	expr
	values(f *frame) []Value
}

// target is an expression that can be assigned to.
type target interface {
	expr
	assign(f *frame, v Value)
}

type (
	constExpr struct{ v Value }
	localExpr struct {
		v    *local
		slot int
		cell bool
	}
	upvalueExpr struct {
		index int
		name  string
	}
	globalExpr struct {
		name Value
		line int
	}
	indexExpr struct {
		obj, key expr
		line     int
	}
	parenExpr    struct{ e expr }
	varargExpr   struct{}
	functionExpr struct{ proto *Proto }
	field        struct{ key, value expr }
	tableExpr    struct {
		fields         []field
		rest           multi
		elements, keys int
		line           int
	}
	callExpr struct {
		fn     expr
		method Value
		args   []expr
		rest   multi
		line   int
	}
	notExpr struct{ e expr }
	lenExpr struct {
		e    expr
		line int
	}
	negExpr struct {
		e    expr
		line int
	}
	arithExpr struct {
		op   token
		a, b expr
		line int
	}
	concatExpr struct {
		list []expr
		line int
	}
	eqExpr struct {
		a, b expr
		not  bool
		line int
	}
	lessExpr struct {
		a, b   expr
		orElse bool // <=
		swap   bool // > and >=
		line   int
	}
	andExpr struct{ a, b expr }
	orExpr  struct{ a, b expr }
)

func newBinary(op token, a, b expr, line int) expr {
	switch op {
	case tAnd:
		return &andExpr{a, b}
	case tOr:
		return &orExpr{a, b}
	case tEq, tNe:
		return &eqExpr{a, b, op == tNe, line}
	case '<', tLe, '>', tGe:
		return &lessExpr{a, b, op == tLe || op == tGe, op == '>' || op == tGe, line}
	case tConcat:
		if c, ok := b.(*concatExpr); ok {
			return &concatExpr{append([]expr{a}, c.list...), line}
		}
		return &concatExpr{[]expr{a, b}, line}
	}
	return &arithExpr{op, a, b, line}
}

func negate(e expr, line int) expr {
	if c, ok := e.(*constExpr); ok && c.v.Kind() == Number {
		return &constExpr{Num(-c.v.n)}
	}
	return &negExpr{e, line}
}

// finish moves a last argument with any number of values to rest.
func (e *callExpr) finish() {
	if n := len(e.args); n > 0 {
		if m, ok := e.args[n-1].(multi); ok {
			e.args, e.rest = e.args[:n-1], m
		}
	}
}

// describe names the variable that an expression reads, if the interpreter in
// C can find its name in the code.
func describe(e expr) (kind, name string) {
	switch e := e.(type) {
	case *localExpr:
		return "local", e.v.name
	case *upvalueExpr:
		return "upvalue", e.name
	case *globalExpr:
		return "global", e.name.String()
	case *parenExpr:
		return describe(e.e)
	case *indexExpr:
		if c, ok := e.key.(*constExpr); ok && c.v.Kind() == String {
			return "field", c.v.String()
		}
		return "field", "?"
	}
	return "", ""
}

// typeFail raises the error for an operation on a value of the wrong type.
func (f *frame) typeFail(e expr, v Value, op string) {
	if kind, name := describe(e); kind != "" {
		f.th.runError("attempt to %s %s '%s' (a %s value)", op, kind, name, v.Kind().Name())
	}
	f.th.runError("attempt to %s a %s value", op, v.Kind().Name())
}

func (e *constExpr) eval(*frame) Value { return e.v }

func (e *localExpr) eval(f *frame) Value {
	v := f.slots[e.slot]
	if e.cell {
		return v.cell().v
	}
	return v
}

func (e *localExpr) assign(f *frame, v Value) {
	if e.cell {
		f.slots[e.slot].cell().v = v
	} else {
		f.slots[e.slot] = v
	}
}

func (e *upvalueExpr) eval(f *frame) Value      { return f.fn.up[e.index].v }
func (e *upvalueExpr) assign(f *frame, v Value) { f.fn.up[e.index].v = v }

func (e *globalExpr) eval(f *frame) Value {
	env := f.fn.env
	if v := env.getStr(e.name.str()); v.p != nil || env.meta == nil {
		return v
	}
	f.line = e.line
	return f.th.index(env.Value(), e.name, nil)
}

func (e *globalExpr) assign(f *frame, v Value) {
	f.line = e.line
	f.th.setIndex(f.fn.env.Value(), e.name, v, nil)
}

func (e *indexExpr) eval(f *frame) Value {
	obj := e.obj.eval(f)
	key := e.key.eval(f)
	if obj.Kind() == TableKind {
		t := obj.table()
		if v := t.Get(key); v.p != nil || t.meta == nil {
			return v
		}
	}
	f.line = e.line
	return f.th.index(obj, key, e.obj)
}

func (e *indexExpr) assign(f *frame, v Value) {
	f.line = e.line
	f.th.setIndex(e.obj.eval(f), e.key.eval(f), v, e.obj)
}

func (e *parenExpr) eval(f *frame) Value { return e.e.eval(f) }

func (e *varargExpr) eval(f *frame) Value {
	if len(f.varargs) == 0 {
		return Value{}
	}
	return f.varargs[0]
}

func (e *varargExpr) values(f *frame) []Value { return f.varargs }

func (e *functionExpr) eval(f *frame) Value {
	fn := &Function{object: object{FunctionKind}, proto: e.proto, env: f.fn.env}
	if n := len(e.proto.upvalues); n > 0 {
		fn.up = make([]*cell, n)
		for i, u := range e.proto.upvalues {
			if u.local {
				fn.up[i] = f.slots[u.index].cell()
			} else {
				fn.up[i] = f.fn.up[u.index]
			}
		}
	}
	return fn.Value()
}

func (e *tableExpr) eval(f *frame) Value {
	t := NewTable(e.elements, e.keys)
	n := 0
	for i := range e.fields {
		fl := &e.fields[i]
		if fl.key == nil {
			n++
			t.SetInt(n, fl.value.eval(f))
			continue
		}
		key := fl.key.eval(f)
		v := fl.value.eval(f)
		f.line = e.line
		f.th.rawSet(t, key, v)
	}
	if e.rest != nil {
		t.extend(n, e.rest.values(f))
	}
	return t.Value()
}

// extend sets the elements behind the first n.
func (t *Table) extend(n int, rest []Value) {
	if n+len(rest) > len(t.array) && len(rest) > 0 {
		t.resize(n+len(rest), len(t.nodes))
	}
	for i, v := range rest {
		t.SetInt(n+i+1, v)
	}
}

func (e *callExpr) eval(f *frame) Value {
	if r := e.values(f); len(r) > 0 {
		return r[0]
	}
	return Value{}
}

func (e *callExpr) values(f *frame) []Value {
	th := f.th
	mark := th.mark
	fn, args := e.prepare(f)
	r := th.call(fn, args)
	th.mark = mark
	return r
}

// prepare evaluates the function and its arguments.
func (e *callExpr) prepare(f *frame) (fn Value, args []Value) {
	th := f.th
	fn = e.fn.eval(f)
	if e.method.p == nil {
		args = th.alloc(len(e.args))
		for i, a := range e.args {
			args[i] = a.eval(f)
		}
	} else {
		self := fn
		f.line = e.line
		fn = th.index(self, e.method, e.fn)
		args = th.alloc(len(e.args) + 1)
		args[0] = self
		for i, a := range e.args {
			args[i+1] = a.eval(f)
		}
	}
	if e.rest != nil {
		args = th.extend(args, e.rest.values(f))
	}
	f.line, f.call = e.line, e
	if fn.Kind() != FunctionKind {
		m := e.metamethod(f, fn)
		self := fn
		all := th.alloc(len(args) + 1)
		copy(all[1:], args)
		all[0] = self
		fn, args = m, all
	}
	return fn, args
}

// metamethod returns the function to call for a value that is not a function.
func (e *callExpr) metamethod(f *frame, fn Value) Value {
	m := f.th.metaOf(fn, "__call")
	if m.Kind() != FunctionKind {
		if e.method.p != nil {
			f.th.runError("attempt to call method '%s' (a %s value)", e.method.String(), fn.Kind().Name())
		}
		f.typeFail(e.fn, fn, "call")
	}
	return m
}

func (e *notExpr) eval(f *frame) Value { return Boolean(!e.e.eval(f).Truth()) }

func (e *lenExpr) eval(f *frame) Value {
	return e.of(f, e.e.eval(f))
}

func (e *lenExpr) of(f *frame, v Value) Value {
	switch v.Kind() {
	case TableKind:
		return Int(v.table().Len())
	case String:
		return Int(len(v.str().s))
	}
	f.line = e.line
	if m := f.th.metaOf(v, "__len"); !m.IsNil() {
		return f.th.callMeta(m, v, Value{})
	}
	f.typeFail(e.e, v, "get length of")
	return Value{}
}

func (e *negExpr) eval(f *frame) Value {
	v := e.e.eval(f)
	if v.p == numberObject {
		return Num(-v.n)
	}
	return e.of(f, v)
}

// of negates a value that is not a number.
func (e *negExpr) of(f *frame, v Value) Value {
	if n, ok := v.ToNumber(); ok {
		return Num(-n)
	}
	f.line = e.line
	if m := f.th.metaOf(v, "__unm"); !m.IsNil() {
		return f.th.callMeta(m, v, v)
	}
	f.typeFail(e.e, v, "perform arithmetic on")
	return Value{}
}

func (e *arithExpr) eval(f *frame) Value {
	a := e.a.eval(f)
	b := e.b.eval(f)
	if a.p == numberObject && b.p == numberObject {
		return Num(arith(e.op, a.n, b.n))
	}
	return e.of(f, a, b)
}

func (e *arithExpr) of(f *frame, a, b Value) Value {
	f.line = e.line
	f.th.workBytes(len(a.String()) + len(b.String()))
	x, ok1 := a.ToNumber()
	y, ok2 := b.ToNumber()
	if ok1 && ok2 {
		return Num(arith(e.op, x, y))
	}
	if m := f.th.metaOf2(a, b, arithEvents[e.op]); !m.IsNil() {
		return f.th.callMeta(m, a, b)
	}
	if ok1 {
		f.typeFail(e.b, b, "perform arithmetic on")
	}
	f.typeFail(e.a, a, "perform arithmetic on")
	return Value{}
}

var arithEvents = map[token]string{'+': "__add", '-': "__sub", '*': "__mul", '/': "__div", '%': "__mod", '^': "__pow"}

func arith(op token, a, b float64) float64 {
	switch op {
	case '+':
		return a + b
	case '-':
		return a - b
	case '*':
		return a * b
	case '/':
		return a / b
	case '%':
		return a - math.Floor(a/b)*b
	}
	return math.Pow(a, b)
}

func (e *andExpr) eval(f *frame) Value {
	if v := e.a.eval(f); !v.Truth() {
		return v
	}
	return e.b.eval(f)
}

func (e *orExpr) eval(f *frame) Value {
	if v := e.a.eval(f); v.Truth() {
		return v
	}
	return e.b.eval(f)
}

func (e *eqExpr) eval(f *frame) Value {
	a := e.a.eval(f)
	b := e.b.eval(f)
	if a.p == numberObject {
		return Boolean((a == b) != e.not)
	}
	return e.of(f, a, b)
}

func (e *eqExpr) of(f *frame, a, b Value) Value {
	if a.Kind() != TableKind && a.Kind() != Userdata || a.p == b.p || a.Kind() != b.Kind() {
		if a.Kind() == String && len(a.str().s) > longString {
			f.th.workBytes(len(a.str().s))
		}
		return Boolean(equals(a, b) != e.not)
	}
	f.line = e.line
	return Boolean(f.th.equal(a, b) != e.not)
}

func (e *lessExpr) eval(f *frame) Value {
	a := e.a.eval(f)
	b := e.b.eval(f)
	if a.p == numberObject && b.p == numberObject {
		if e.swap {
			a, b = b, a
		}
		if e.orElse {
			return Boolean(a.n <= b.n)
		}
		return Boolean(a.n < b.n)
	}
	return e.of(f, a, b)
}

func (e *lessExpr) of(f *frame, a, b Value) Value {
	if e.swap {
		a, b = b, a
	}
	f.line = e.line
	if e.orElse {
		return Boolean(f.th.lessEqual(a, b))
	}
	return Boolean(f.th.less(a, b))
}

func (e *concatExpr) eval(f *frame) Value {
	th := f.th
	mark := th.mark
	list := th.alloc(len(e.list))
	clear(list)
	for i, x := range e.list {
		list[i] = x.eval(f)
	}
	acc := e.of(f, list)
	th.mark = mark
	return acc
}

// of concatenates from the right to the left.
func (e *concatExpr) of(f *frame, list []Value) Value {
	th := f.th
	f.line = e.line
	acc := list[len(list)-1]
	for i := len(list) - 2; i >= 0; {
		a := list[i]
		if !isText(a) || !isText(acc) {
			m := th.metaOf2(a, acc, "__concat")
			if m.IsNil() {
				bad, at := a, i
				if isText(a) {
					bad, at = acc, i+1
				}
				f.typeFail(e.list[at], bad, "concatenate")
			}
			acc = th.callMeta(m, a, acc)
			i--
			continue
		}
		// Join as many strings and numbers at once as possible.
		first := i
		for first > 0 && isText(list[first-1]) {
			first--
		}
		acc = th.join(list[first:i+1], acc)
		i = first - 1
	}
	return acc
}

func isText(v Value) bool { return v.p == numberObject || v.Kind() == String }

// join concatenates strings and numbers.
func (th *Thread) join(list []Value, last Value) Value {
	if len(list) == 1 && list[0].Kind() == String && last.Kind() == String {
		n := len(list[0].str().s) + len(last.str().s)
		th.CheckSize(n)
		th.workBytes(n)
		return Str(list[0].str().s + last.str().s)
	}
	var small [128]byte
	b := small[:0]
	for _, v := range list {
		b = appendText(b, v)
		th.CheckSize(len(b))
	}
	b = appendText(b, last)
	th.CheckSize(len(b))
	th.workBytes(len(b))
	return Str(string(b))
}

func appendText(b []byte, v Value) []byte {
	if v.p == numberObject {
		return appendNumber(b, v.n)
	}
	return append(b, v.str().s...)
}

// longString is the length in bytes above which a comparison counts as work.
const longString = 1 << 10

// compareStrings orders as strcoll does in the C locale.
func compareStrings(a, b Value) int { return strings.Compare(a.str().s, b.str().s) }

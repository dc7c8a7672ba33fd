package lua

import "math"

// Arg returns argument i, from 0, nil if it is missing.
func Arg(args []Value, i int) Value {
	if i < len(args) {
		return args[i]
	}
	return Value{}
}

// ArgFail raises an error about argument i, from 0.
func (th *Thread) ArgFail(i int, why string) {
	i++
	name := "?"
	if th.depth >= 2 {
		if f := th.frames[th.depth-2]; f.fn != nil && f.fn.proto != nil && f.call != nil {
			if m := f.call.method; !m.IsNil() {
				if name = m.String(); i == 1 {
					th.Errorf("calling '%s' on bad self (%s)", name, why)
				}
				i--
			} else if _, n := describe(f.call.fn); n != "" {
				name = n
			}
		}
	}
	th.Errorf("bad argument #%d to '%s' (%s)", i, name, why)
}

func (th *Thread) typeError(args []Value, i int, want string) {
	got := "no value"
	if i < len(args) {
		got = args[i].Kind().Name()
	}
	th.ArgFail(i, want+" expected, got "+got)
}

// CheckAny returns argument i, which may be nil but not missing.
func (th *Thread) CheckAny(args []Value, i int) Value {
	if i >= len(args) {
		th.ArgFail(i, "value expected")
	}
	return args[i]
}

// CheckNumber returns argument i as a number.
func (th *Thread) CheckNumber(args []Value, i int) float64 {
	v := Arg(args, i)
	if v.Kind() == String {
		th.workBytes(len(v.str().s))
	}
	n, ok := v.ToNumber()
	if !ok {
		th.typeError(args, i, "number")
	}
	return n
}

// CheckInt returns argument i as an integer, cutting off its fraction.
func (th *Thread) CheckInt(args []Value, i int) int { return ToInt(th.CheckNumber(args, i)) }

// ToInt converts as C does on the usual machines: out of range gives the
// smallest integer.
func ToInt(f float64) int {
	if f >= math.MinInt64 && f < math.MaxInt64 {
		return int(f)
	}
	return math.MinInt64
}

// CheckInt32 is CheckInt for an int of C.
func (th *Thread) CheckInt32(args []Value, i int) int { return int(int32(th.CheckInt(args, i))) }

// OptInt32 is CheckInt32 with a default for nil.
func (th *Thread) OptInt32(args []Value, i, otherwise int) int {
	if Arg(args, i).IsNil() {
		return otherwise
	}
	return th.CheckInt32(args, i)
}

// OptInt is CheckInt with a default for nil.
func (th *Thread) OptInt(args []Value, i, otherwise int) int {
	if Arg(args, i).IsNil() {
		return otherwise
	}
	return th.CheckInt(args, i)
}

// CheckString returns argument i as a string.
func (th *Thread) CheckString(args []Value, i int) string {
	s, ok := Arg(args, i).ToString()
	if !ok {
		th.typeError(args, i, "string")
	}
	return s
}

// OptString is CheckString with a default for nil.
func (th *Thread) OptString(args []Value, i int, otherwise string) string {
	if Arg(args, i).IsNil() {
		return otherwise
	}
	return th.CheckString(args, i)
}

// CheckTable returns argument i, a table.
func (th *Thread) CheckTable(args []Value, i int) *Table {
	t := Arg(args, i).Table()
	if t == nil {
		th.typeError(args, i, "table")
	}
	return t
}

func (th *Thread) checkFunction(args []Value, i int) Value {
	v := Arg(args, i)
	if v.Kind() != FunctionKind {
		th.typeError(args, i, "function")
	}
	return v
}

// Register sets the functions of a library in a table.
func Register(t *Table, names []string, functions []Native) {
	for i, name := range names {
		t.SetField(name, NewFunction(functions[i]))
	}
}

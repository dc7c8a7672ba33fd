package lua

// metatable returns the metatable of a value, or nil.
func (th *Thread) metatable(v Value) *Table {
	switch v.Kind() {
	case TableKind:
		return v.table().meta
	case Userdata:
		return v.userdata().meta
	case String:
		return th.Strings
	}
	return nil
}

func (th *Thread) metaOf(v Value, event string) Value {
	if m := th.metatable(v); m != nil {
		return m.Field(event)
	}
	return Value{}
}

func (th *Thread) metaOf2(a, b Value, event string) Value {
	if m := th.metaOf(a, event); !m.IsNil() {
		return m
	}
	return th.metaOf(b, event)
}

// callMeta calls a metamethod with two operands and returns one result.
func (th *Thread) callMeta(m, a, b Value) Value {
	if r := th.Call(m, a, b); len(r) > 0 {
		return r[0]
	}
	return Value{}
}

const maxMeta = 100

// index reads obj[key]; e is the expression of obj, for errors.
func (th *Thread) index(obj, key Value, e expr) Value {
	for range maxMeta {
		var m Value
		if obj.Kind() == TableKind {
			t := obj.table()
			v := t.Get(key)
			if !v.IsNil() || t.meta == nil {
				return v
			}
			if m = t.meta.Field("__index"); m.IsNil() {
				return v
			}
		} else if m = th.metaOf(obj, "__index"); m.IsNil() {
			th.indexFail(obj, e)
		}
		if m.Kind() == FunctionKind {
			return th.callMeta(m, obj, key)
		}
		obj, e = m, nil
	}
	th.runError("loop in gettable")
	return Value{}
}

func (th *Thread) indexFail(obj Value, e expr) {
	if th.depth > 0 {
		th.frames[th.depth-1].typeFail(e, obj, "index")
	}
	th.throw("attempt to index a %s value", obj.Kind().Name())
}

// setIndex writes obj[key].
func (th *Thread) setIndex(obj, key, v Value, e expr) {
	for range maxMeta {
		var m Value
		if obj.Kind() == TableKind {
			t := obj.table()
			if t.ReadOnly {
				th.readOnly()
			}
			if t.meta == nil || !t.Get(key).IsNil() {
				th.rawSet(t, key, v)
				return
			}
			if m = t.meta.Field("__newindex"); m.IsNil() {
				th.rawSet(t, key, v)
				return
			}
		} else if m = th.metaOf(obj, "__newindex"); m.IsNil() {
			th.indexFail(obj, e)
		}
		if m.Kind() == FunctionKind {
			th.Call(m, obj, key, v)
			return
		}
		obj, e = m, nil
	}
	th.runError("loop in settable")
}

func (th *Thread) readOnly() { th.runError("Attempt to modify a readonly table") }

// rawSet sets a key of a table. A read-only table and an invalid key are
// errors.
func (th *Thread) rawSet(t *Table, key, v Value) {
	switch {
	case t.ReadOnly:
		th.readOnly()
	case key.IsNil():
		th.runError("table index is nil")
	case key.p == numberObject && key.n != key.n:
		th.runError("table index is NaN")
	}
	t.Set(key, v)
}

// equal is == for two different tables or userdata.
func (th *Thread) equal(a, b Value) bool {
	ma, mb := th.metatable(a), th.metatable(b)
	if ma == nil || mb == nil {
		return false
	}
	m := ma.Field("__eq")
	if m.IsNil() || ma != mb && !equals(m, mb.Field("__eq")) {
		return false
	}
	return th.callMeta(m, a, b).Truth()
}

func (th *Thread) less(a, b Value) bool {
	switch ka, kb := a.Kind(), b.Kind(); {
	case ka != kb:
	case ka == Number:
		return a.n < b.n
	case ka == String:
		th.workBytes(len(a.str().s))
		return compareStrings(a, b) < 0
	default:
		if r, ok := th.order(a, b, "__lt"); ok {
			return r
		}
	}
	th.orderFail(a, b)
	return false
}

func (th *Thread) lessEqual(a, b Value) bool {
	switch ka, kb := a.Kind(), b.Kind(); {
	case ka != kb:
	case ka == Number:
		return a.n <= b.n
	case ka == String:
		th.workBytes(len(a.str().s))
		return compareStrings(a, b) <= 0
	default:
		if r, ok := th.order(a, b, "__le"); ok {
			return r
		}
		if r, ok := th.order(b, a, "__lt"); ok {
			return !r
		}
	}
	th.orderFail(a, b)
	return false
}

func (th *Thread) order(a, b Value, event string) (result, ok bool) {
	m := th.metaOf(a, event)
	if m.IsNil() || !equals(m, th.metaOf(b, event)) {
		return false, false
	}
	return th.callMeta(m, a, b).Truth(), true
}

func (th *Thread) orderFail(a, b Value) {
	ka, kb := a.Kind().Name(), b.Kind().Name()
	if ka == kb {
		th.runError("attempt to compare two %s values", ka)
	}
	th.runError("attempt to compare %s with %s", ka, kb)
}

// RawSet sets a key without metamethods. An invalid key is an error.
func (th *Thread) RawSet(t *Table, key, v Value) { th.rawSet(t, key, v) }

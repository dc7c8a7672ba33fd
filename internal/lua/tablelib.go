package lua

// OpenTable sets the library table.
func (s *State) OpenTable() {
	t := NewTable(0, 0)
	Register(t, []string{"concat", "foreach", "foreachi", "getn", "insert", "maxn", "remove", "setn", "sort"},
		[]Native{tableConcat, tableForeach, tableForeachi, tableGetn, tableInsert, tableMaxn, tableRemove, tableSetn, tableSort})
	s.Globals.SetField("table", t.Value())
}

func tableConcat(th *Thread, args []Value) []Value {
	t := th.CheckTable(args, 0)
	sep := th.OptString(args, 1, "")
	i := th.OptInt32(args, 2, 1)
	last := th.OptInt32(args, 3, t.Len())
	var b []byte
	for ; i <= last; i++ {
		v := t.GetInt(i)
		if !isText(v) {
			th.Errorf("invalid value (%s) at index %d in table for 'concat'", v.Kind().Name(), i)
		}
		b = appendText(b, v)
		if i != last {
			b = append(b, sep...)
		}
		th.CheckSize(len(b))
		th.Work(1)
	}
	th.workBytes(len(b))
	return th.One(Str(string(b)))
}

func tableForeach(th *Thread, args []Value) []Value {
	t := th.CheckTable(args, 0)
	fn := th.checkFunction(args, 1)
	for k, v, _ := t.Next(Value{}); !k.IsNil(); k, v, _ = t.Next(k) {
		if r := th.Call(fn, k, v); len(r) > 0 && !r[0].IsNil() {
			return th.One(r[0])
		}
	}
	return nil
}

func tableForeachi(th *Thread, args []Value) []Value {
	t := th.CheckTable(args, 0)
	fn := th.checkFunction(args, 1)
	for i, n := 1, t.Len(); i <= n; i++ {
		if r := th.Call(fn, Int(i), t.GetInt(i)); len(r) > 0 && !r[0].IsNil() {
			return th.One(r[0])
		}
	}
	return nil
}

func tableGetn(th *Thread, args []Value) []Value { return th.One(Int(th.CheckTable(args, 0).Len())) }

func tableSetn(th *Thread, args []Value) []Value {
	th.CheckTable(args, 0)
	th.Errorf("'setn' is obsolete")
	return nil
}

func tableMaxn(th *Thread, args []Value) []Value {
	t := th.CheckTable(args, 0)
	most := 0.0
	for k, _, _ := t.Next(Value{}); !k.IsNil(); k, _, _ = t.Next(k) {
		th.Work(1)
		if n, ok := k.Number(); ok {
			most = max(most, n)
		}
	}
	return th.One(Num(most))
}

func tableInsert(th *Thread, args []Value) []Value {
	t := th.CheckTable(args, 0)
	end := t.Len() + 1
	pos := end
	switch len(args) {
	case 2:
	case 3:
		pos = th.CheckInt32(args, 1)
		end = max(end, pos)
	default:
		th.Errorf("wrong number of arguments to 'insert'")
	}
	if t.ReadOnly {
		th.readOnly()
	}
	for i := end; i > pos; i-- {
		th.Work(1)
		t.SetInt(i, t.GetInt(i-1))
	}
	t.SetInt(pos, args[len(args)-1])
	return nil
}

func tableRemove(th *Thread, args []Value) []Value {
	t := th.CheckTable(args, 0)
	end := t.Len()
	pos := th.OptInt32(args, 1, end)
	if pos < 1 || pos > end {
		return nil
	}
	if t.ReadOnly {
		th.readOnly()
	}
	v := t.GetInt(pos)
	for ; pos < end; pos++ {
		th.Work(1)
		t.SetInt(pos, t.GetInt(pos+1))
	}
	t.SetInt(end, Value{})
	return th.One(v)
}

func tableSort(th *Thread, args []Value) []Value {
	t := th.CheckTable(args, 0)
	n := t.Len()
	s := sorter{th: th, t: t}
	if !Arg(args, 1).IsNil() {
		s.less = th.checkFunction(args, 1)
	}
	if t.ReadOnly && n > 1 {
		th.readOnly()
	}
	s.sort(1, n)
	return nil
}

// sorter sorts by quicksort with the median of three. It follows the steps of
// the library in C, since comparison functions that are no order reveal them.
type sorter struct {
	th   *Thread
	t    *Table
	less Value
}

func (s *sorter) before(a, b Value) bool {
	if s.less.IsNil() {
		s.th.Work(1)
		return s.th.less(a, b)
	}
	return s.th.callMeta(s.less, a, b).Truth()
}

// order sorts two elements.
func (s *sorter) order(i, j int) {
	if a, b := s.t.GetInt(i), s.t.GetInt(j); s.before(b, a) {
		s.t.SetInt(i, b)
		s.t.SetInt(j, a)
	}
}

func (s *sorter) swap(i, j int) {
	a, b := s.t.GetInt(i), s.t.GetInt(j)
	s.t.SetInt(i, b)
	s.t.SetInt(j, a)
}

func (s *sorter) sort(lo, hi int) {
	for lo < hi {
		s.order(lo, hi)
		if hi-lo == 1 {
			return
		}
		mid := (lo + hi) / 2
		if a := s.t.GetInt(mid); s.before(a, s.t.GetInt(lo)) {
			s.swap(mid, lo)
		} else if s.before(s.t.GetInt(hi), a) {
			s.swap(mid, hi)
		}
		if hi-lo == 2 {
			return
		}
		pivot := s.t.GetInt(mid)
		s.swap(mid, hi-1)
		i, j := lo, hi-1
		for {
			for i++; s.before(s.t.GetInt(i), pivot); i++ {
				if i > hi {
					s.th.Errorf("invalid order function for sorting")
				}
			}
			for j--; s.before(pivot, s.t.GetInt(j)); j-- {
				if j < lo {
					s.th.Errorf("invalid order function for sorting")
				}
			}
			if j < i {
				break
			}
			s.swap(i, j)
		}
		s.swap(hi-1, i)
		// Recurse for the shorter part, continue with the longer one.
		if i-lo < hi-i {
			s.sort(lo, i-1)
			lo = i + 1
		} else {
			s.sort(i+1, hi)
			hi = i - 1
		}
	}
}

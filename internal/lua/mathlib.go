package lua

import "math"

// OpenMath sets the library math. Its random numbers are those of lrand48
// without a seed.
func (s *State) OpenMath() {
	t := NewTable(0, 0)
	for _, f := range []struct {
		name string
		f    func(float64) float64
	}{
		{"abs", math.Abs}, {"acos", math.Acos}, {"asin", math.Asin}, {"atan", math.Atan}, {"ceil", math.Ceil}, {"cos", math.Cos},
		{"cosh", math.Cosh}, {"deg", func(x float64) float64 { return x / (math.Pi / 180) }}, {"exp", math.Exp},
		{"floor", math.Floor}, {"log", math.Log}, {"log10", math.Log10}, {"rad", func(x float64) float64 { return x * (math.Pi / 180) }},
		{"sin", math.Sin}, {"sinh", math.Sinh}, {"sqrt", math.Sqrt}, {"tan", math.Tan}, {"tanh", math.Tanh},
	} {
		t.SetField(f.name, NewFunction(func(th *Thread, args []Value) []Value { return th.One(Num(f.f(th.CheckNumber(args, 0)))) }))
	}
	for _, f := range []struct {
		name string
		f    func(a, b float64) float64
	}{{"atan2", math.Atan2}, {"fmod", math.Mod}, {"mod", math.Mod}, {"pow", math.Pow}} {
		t.SetField(f.name, NewFunction(func(th *Thread, args []Value) []Value {
			return th.One(Num(f.f(th.CheckNumber(args, 0), th.CheckNumber(args, 1))))
		}))
	}
	Register(t, []string{"frexp", "ldexp", "max", "min", "modf", "random", "randomseed"},
		[]Native{mathFrexp, mathLdexp, mathMax, mathMin, mathModf, mathRandom, mathRandomseed})
	t.SetField("pi", Num(math.Pi))
	t.SetField("huge", Num(math.Inf(1)))
	s.Globals.SetField("math", t.Value())
}

func mathFrexp(th *Thread, args []Value) []Value {
	f, e := math.Frexp(th.CheckNumber(args, 0))
	r := th.Results(2)
	r[0], r[1] = Num(f), Int(e)
	return r
}

func mathLdexp(th *Thread, args []Value) []Value {
	return th.One(Num(math.Ldexp(th.CheckNumber(args, 0), th.CheckInt32(args, 1))))
}

func mathMax(th *Thread, args []Value) []Value {
	most := th.CheckNumber(args, 0)
	for i := 1; i < len(args); i++ {
		if n := th.CheckNumber(args, i); n > most {
			most = n
		}
	}
	return th.One(Num(most))
}

func mathMin(th *Thread, args []Value) []Value {
	least := th.CheckNumber(args, 0)
	for i := 1; i < len(args); i++ {
		if n := th.CheckNumber(args, i); n < least {
			least = n
		}
	}
	return th.One(Num(least))
}

func mathModf(th *Thread, args []Value) []Value {
	x := th.CheckNumber(args, 0)
	whole := math.Trunc(x)
	frac := x - whole
	if math.IsInf(x, 0) {
		frac = 0
	}
	r := th.Results(2)
	r[0], r[1] = Num(whole), Num(math.Copysign(frac, x))
	return r
}

func mathRandom(th *Thread, args []Value) []Value {
	r := float64(th.seed.next()%math.MaxInt32) / math.MaxInt32
	switch len(args) {
	case 0:
	case 1:
		n := th.CheckInt32(args, 0)
		if n < 1 {
			th.ArgFail(0, "interval is empty")
		}
		r = math.Floor(r*float64(n)) + 1
	case 2:
		lo, hi := th.CheckInt32(args, 0), th.CheckInt32(args, 1)
		if lo > hi {
			th.ArgFail(1, "interval is empty")
		}
		r = math.Floor(r*float64(int32(hi-lo+1))) + float64(lo)
	default:
		th.Errorf("wrong number of arguments")
	}
	return th.One(Num(r))
}

func mathRandomseed(th *Thread, args []Value) []Value {
	th.seed.seed(uint32(th.CheckInt32(args, 0)))
	return nil
}

// random is the linear congruential generator of the drand48 family.
type random uint64

func (r *random) seed(n uint32) { *r = random(uint64(n)<<16 | 0x330e) }

func (r *random) next() uint32 {
	*r = (*r*0x5deece66d + 0xb) & (1<<48 - 1)
	return uint32(*r >> 17)
}

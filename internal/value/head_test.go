package value

import "testing"

// TestHeadOf checks for each type that Of finds the value of a head. An
// unknown type must give nothing instead of reinterpreted memory.
func TestHeadOf(t *testing.T) {
	registered := Register(Kind{Name: "for TestHeadOf", Number: 99})
	defer func() { kinds = kinds[:len(kinds)-1] }()
	values := []Value{&String{}, &List{}, &Set{}, &ZSet{}, &Hash{}, &Stream{}, NewForeign(registered, nil)}
	if len(values) != len(kinds) {
		t.Errorf("%d of %d types are tried", len(values), len(kinds))
	}
	for i, v := range values {
		if v.Type() != Type(i) {
			t.Errorf("%T has the type %d, not %d", v, v.Type(), i)
		}
		if got := HeadOf(v).Of(Type(i)); got != v {
			t.Errorf("%T: got %T", v, got)
		}
	}
	for name, f := range map[string]func(){
		"Of":                func() { HeadOf(&String{}).Of(Type(len(kinds))) },
		"NewForeign":        func() { NewForeign(Type(len(kinds)), nil) },
		"NewForeign string": func() { NewForeign(TypeString, nil) },
	} {
		if !panics(f) {
			t.Errorf("%s accepts a type that is not registered", name)
		}
	}
}

func panics(f func()) (yes bool) {
	defer func() { yes = recover() != nil }()
	f()
	return false
}

package snapshot

import (
	"github.com/resp-server/resp-server/internal/rdb"
	"github.com/resp-server/resp-server/internal/value"
)

func loadSet(v rdb.Value, env *Env) value.Value {
	switch from := v.(*rdb.Set); {
	case from.Intset != nil:
		return value.SetOfInts(&env.Limits, from.Intset)
	case from.Pack != nil:
		return value.SetOfPack(&env.Limits, from.Pack)
	default:
		return value.SetOf(&env.Limits, from.Len, from.Members)
	}
}

func saveSet(v value.Value) rdb.Value {
	s := v.(*value.Set)
	if ints, ok := s.Ints(); ok {
		return &rdb.Set{Intset: ints}
	}
	if p, ok := s.Pack(); ok {
		return &rdb.Set{Pack: p}
	}
	return &rdb.Set{Len: s.Len(), Members: s.Texts}
}

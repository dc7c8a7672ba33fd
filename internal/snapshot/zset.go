package snapshot

import (
	"slices"

	"github.com/resp-server/resp-server/internal/rdb"
	"github.com/resp-server/resp-server/internal/value"
)

func loadZSet(v rdb.Value, env *Env) value.Value {
	from := v.(*rdb.SortedSet)
	if from.Pack != nil {
		return value.ZSetFromPack(&env.Limits, from.Pack)
	}
	var list []value.Scored // without reserving from.Len, since a damaged file may have a false one
	for name, score := range from.Members {
		list = append(list, value.Scored{Member: slices.Clone(name), Score: score})
	}
	return value.ZSetFrom(&env.Limits, list)
}

func saveZSet(v value.Value) rdb.Value {
	z := v.(*value.ZSet)
	if pack := z.Packed(); pack != nil {
		return &rdb.SortedSet{Pack: pack}
	}
	return &rdb.SortedSet{Len: z.Len(), Members: func(yield func([]byte, float64) bool) {
		it := z.Seek(z.Len()-1, true)
		for {
			name, score, ok := it.Next()
			if !ok || !yield(name, score) {
				return
			}
		}
	}}
}

package snapshot

import (
	"github.com/resp-server/resp-server/internal/rdb"
	"github.com/resp-server/resp-server/internal/value"
)

func loadHash(v rdb.Value, env *Env) value.Value {
	from := v.(*rdb.Hash)
	var h *value.Hash
	switch {
	case from.Pack != nil:
		h = value.HashFromPack(&env.Limits, from.Pack, false)
	case from.PackTTL != nil:
		h = value.HashFromPack(&env.Limits, from.PackTTL, true)
	default:
		h = value.NewHash(&env.Limits)
		h.Reserve(&env.Limits, from.Len)
		for f := range from.Fields {
			h.Set(&env.Limits, f.Name, f.Value, f.ExpireAt)
		}
	}
	return h // expired fields are loaded too, and expire from the database as usual
}

func saveHash(v value.Value) rdb.Value {
	h := v.(*value.Hash)
	if pack, timed := h.Pack(); timed {
		return &rdb.Hash{PackTTL: pack}
	} else if pack != nil {
		return &rdb.Hash{Pack: pack}
	}
	return &rdb.Hash{Len: h.Len(), Fields: func(yield func(rdb.Field) bool) {
		for name, v := range h.All {
			at, _ := h.Time(name)
			if !yield(rdb.Field{Name: name, Value: v, ExpireAt: at}) {
				return
			}
		}
	}}
}

package array

import (
	"math"
	"strconv"

	"github.com/resp-server/resp-server/internal/rdb"
	"github.com/resp-server/resp-server/internal/snapshot"
	"github.com/resp-server/resp-server/internal/value"
)

func load(v rdb.Value, env *snapshot.Env) value.Value {
	from := v.(*rdb.Array)
	l := settings.Of(env.Config)
	a := newSparse(l)
	var room [32]byte
	for s := range from.Slots {
		text := s.Text
		switch s.Kind {
		case rdb.SlotInt:
			text = strconv.AppendInt(room[:0], int64(s.Number), 10)
		case rdb.SlotFloat:
			text = appendFloat(room[:0], math.Float64frombits(s.Number))
		}
		a.Set(l, s.Index, text)
	}
	if from.HasLast {
		a.Seek(from.Last + 1)
	}
	return value.NewForeign(kind, a)
}

func save(v value.Value) rdb.Value {
	a := v.(*value.Foreign).Content().(*sparse)
	to := &rdb.Array{Len: int(a.Count())}
	to.Last, to.HasLast = a.Last()
	to.Slots = func(yield func(rdb.Slot) bool) {
		var room [8]byte
		for it := a.Range(0, maxIndex); it.Next(); {
			s := rdb.Slot{Index: it.Index, Kind: rdb.SlotKind(it.Value.Kind())}
			switch it.Value.Kind() {
			case slotInt:
				s.Number = uint64(it.Value.Int())
			case slotFloat:
				s.Number = math.Float64bits(it.Value.Float())
			default:
				s.Text = it.Value.Bytes(room[:0])
			}
			if !yield(s) {
				return
			}
		}
	}
	return to
}

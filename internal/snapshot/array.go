package snapshot

import (
	"math"
	"strconv"

	"github.com/resp-server/resp-server/internal/rdb"
	"github.com/resp-server/resp-server/internal/value"
)

func loadArray(v rdb.Value, env *Env) value.Value {
	from := v.(*rdb.Array)
	a := value.NewArray(&env.Limits)
	var room [32]byte
	for s := range from.Slots {
		text := s.Text
		switch s.Kind {
		case rdb.SlotInt:
			text = strconv.AppendInt(room[:0], int64(s.Number), 10)
		case rdb.SlotFloat:
			text = value.AppendArrayFloat(room[:0], math.Float64frombits(s.Number))
		}
		a.Set(&env.Limits, s.Index, text)
	}
	if from.HasLast {
		a.Seek(from.Last + 1)
	}
	return a
}

func saveArray(v value.Value) rdb.Value {
	a := v.(*value.Array)
	to := &rdb.Array{Len: int(a.Count())}
	to.Last, to.HasLast = a.Last()
	to.Slots = func(yield func(rdb.Slot) bool) {
		var room [8]byte
		for it := a.Range(0, value.MaxArrayIndex); it.Next(); {
			s := rdb.Slot{Index: it.Index, Kind: rdb.SlotKind(it.Value.Kind())}
			switch it.Value.Kind() {
			case value.ArrayInt:
				s.Number = uint64(it.Value.Int())
			case value.ArrayFloat:
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

package keyspace

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/resp-server/resp-server/internal/value"
)

// TestCount compares the count after each write with a new count.
func TestCount(t *testing.T) {
	ks := New(2, 1)
	limits := &value.Limits{SetMaxListpackEntries: 8, SetMaxListpackValue: 64}
	r := rand.New(rand.NewPCG(1, 1))
	ks.Count()
	clones := []*Keyspace{}
	for i := range 5000 {
		db := ks.DB(r.IntN(2))
		key := fmt.Appendf(nil, "key:%d", r.IntN(100))
		switch r.IntN(11) {
		case 0:
			db.SetBytes(key, make([]byte, r.IntN(100)), int64(r.IntN(2)))
		case 1:
			db.SetInt(key, 1, 0)
		case 2, 3, 4:
			if e, ok := db.Get(key); !ok || e.Type() != value.TypeSet {
				db.Set(key, value.NewSet(limits), 0)
			}
			db.Writable(key).(*value.Set).Add(limits, fmt.Append(nil, "m", i))
			e, _ := db.Get(key)
			db.Recount(e)
		case 5:
			db.Delete(key)
		case 6:
			if e, ok := db.Get(key); ok {
				ks.DB(r.IntN(2)).Share(db, e, fmt.Appendf(nil, "key:%d", r.IntN(100)), 0)
			}
		case 7:
			if e, ok := db.Get(key); ok {
				ks.DB(r.IntN(2)).Move(db, e, fmt.Appendf(nil, "key:%d", r.IntN(100)))
			}
		case 8:
			db.SetExpire(key, int64(r.IntN(3)))
		case 9:
			if e, ok := db.Get(key); ok && e.Type() == value.TypeString {
				db.Writable(key).(*value.String).Grow(r.IntN(1000))
				e, _ := db.Get(key)
				db.Recount(e)
			}
		case 10:
			switch r.IntN(100) {
			case 0:
				ks.Swap(0, 1)
			case 1:
				db.Clear()
			case 2:
				clones = append(clones, ks.Clone())
			}
		}
		if i%100 == 0 {
			got := ks.MemoryUse()
			ks.StopCounting()
			ks.Count()
			if want := ks.MemoryUse(); got != want {
				t.Fatalf("after %d steps %d bytes are counted, want %d", i, got, want)
			}
		}
	}
	runtime.KeepAlive(clones) // keeps the clones, so that data stay shared
}

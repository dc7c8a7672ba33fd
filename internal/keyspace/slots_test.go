package keyspace

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/resp-server/resp-server/internal/slot"
)

// TestSlots checks that the index of slots contains exactly the present keys,
// for each owner of the data.
func TestSlots(t *testing.T) {
	rand := rand.New(rand.NewPCG(3, 4))
	ks := New(2, 1)
	ks.DB(0).SetInt([]byte("before{t}"), 1, 0)
	ks.IndexSlots()
	clones := []*Keyspace{ks}
	key := func() []byte { return fmt.Appendf(nil, "k%d{%d}", rand.IntN(50), rand.IntN(10)) }
	for range 5000 {
		db := clones[rand.IntN(len(clones))].DB(0)
		switch rand.IntN(10) {
		case 0:
			db.Delete(key())
		case 1:
			db.SetInt(key(), 5, int64(rand.IntN(3)))
		case 2:
			db.SetExpire(key(), int64(rand.IntN(100)))
		case 3:
			if e, ok := db.Get(key()); ok {
				db.Move(db, e, key())
			}
		case 4:
			if rand.IntN(50) == 0 {
				db.Clear()
			}
		case 5:
			if len(clones) < 4 {
				clones = append(clones, db.ks.Clone())
			}
		default:
			db.SetBytes(key(), []byte("value"), 0)
		}
	}
	for i, ks := range clones {
		db, want := ks.DB(0), map[int]int{}
		for e := range db.All {
			want[slot.Of(e.Key())]++
		}
		total := 0
		for n, count := range want {
			if got := db.InSlot(n); got != count {
				t.Errorf("clone %d: slot %d has %d keys, want %d", i, n, got, count)
			}
			for e := range db.SlotKeys(n) {
				if found, ok := db.Get(e.Key()); !ok || found != e || slot.Of(e.Key()) != n {
					t.Errorf("clone %d: the index has an old entry of %q", i, e.Key())
				}
			}
			total += count
		}
		if db.slots.Len() != total {
			t.Errorf("clone %d: the index has %d entries, want %d", i, db.slots.Len(), total)
		}
	}
}

package dict

import (
	"math/rand/v2"
	"testing"
)

// TestKeepSize checks that a table with KeepSize has as many slots after
// elements are removed, and shrinks when KeepSize ends.
func TestKeepSize(t *testing.T) {
	for _, top := range []struct {
		name  string
		setUp func(*testing.T)
	}{{"one directory", func(*testing.T) {}}, {"divided", divideEarly}} {
		t.Run(top.name, func(t *testing.T) {
			top.setUp(t)
			rng := rand.New(rand.NewPCG(1, 2))
			for _, n := range []int{0, 1, 10, 100, 1000, 50_000} {
				d := filled(n)
				slots := d.Stats().Slots
				d.KeepSize(true)
				left := n
				for i := range n {
					if rng.IntN(20) != 0 {
						d.Delete(newItem(i).key)
						left--
					}
				}
				s := d.Stats()
				if s.Slots != slots || s.Elements != left {
					t.Fatalf("%d elements: %+v, want %d slots and %d elements", n, s, slots, left)
				}
				sum := 0
				for _, k := range s.Steps {
					sum += k
				}
				if sum != left {
					t.Fatalf("%d elements: %v are %d", n, s.Steps, sum)
				}
				d.KeepSize(false)
				if err := d.Check(); err != nil {
					t.Fatal(err)
				}
				if s := d.Stats(); s.Elements != left || n >= 1000 && s.Slots > 16*left {
					t.Errorf("%d elements: %+v for %d", n, s, left)
				}
			}
		})
	}
}

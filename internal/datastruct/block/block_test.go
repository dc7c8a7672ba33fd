package block

import (
	"sync"
	"testing"
)

func TestSizesAreThoseOfTheAllocator(t *testing.T) {
	for n := 1; n <= 3*largest; n += 1 + n/100 {
		if n < 8 {
			continue // New never returns less
		}
		if got, want := Size(n), cap(append([]byte(nil), make([]byte, n)...)); got != want {
			t.Errorf("Size(%d) = %d, the allocator takes %d", n, got, want)
		}
	}
	for _, n := range sizes {
		if Size(n) != n || Size(n+1) == n {
			t.Errorf("Size(%d) = %d, Size(%d) = %d", n, Size(n), n+1, Size(n+1))
		}
	}
}

func TestNew(t *testing.T) {
	for n := 0; n < 2*largest; n += 1 + n/200 {
		b := New(n)
		if len(b) != n || cap(b) != Size(n) {
			t.Fatalf("New(%d) has length %d and capacity %d", n, len(b), cap(b))
		}
		Free(b)
	}
}

// TestFree has goroutines fill blocks that they take and give back all the time. None may see the block of another.
func TestFree(t *testing.T) {
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			var mine [][]byte
			for i := range 3000 {
				b := New(i*7%10_000 + 1)
				for k := range b {
					b[k] = byte(g)
				}
				if mine = append(mine, b); len(mine) > 50 {
					b := mine[i%len(mine)]
					mine[i%len(mine)] = mine[len(mine)-1]
					mine = mine[:len(mine)-1]
					for _, c := range b {
						if c != byte(g) {
							t.Errorf("a block of goroutine %d has a byte of %d", g, c)
							return
						}
					}
					Free(b)
				}
			}
		})
	}
	all.Wait()
}

func TestFreeTakesAnything(t *testing.T) {
	Free(nil)
	Free(make([]byte, 0, 3))
	Free(make([]byte, 100)[:7])
	Free(make([]byte, 1<<20))
	if b := New(100); len(b) != 100 || cap(b) != 112 {
		t.Errorf("length %d, capacity %d", len(b), cap(b))
	}
}

func TestGrowingLeavesNoGarbage(t *testing.T) {
	if Poisons {
		t.Skip("under the race detector a sync.Pool drops values at random")
	}
	grow := func() {
		b := New(8)
		for len(b) < kept {
			c := New(len(b) + 8)
			copy(c, b)
			Free(b)
			b = c
		}
		Free(b)
	}
	grow()
	if n := testing.AllocsPerRun(100, grow); n > 1 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkNewFree(b *testing.B) {
	for b.Loop() {
		Free(New(200))
	}
}

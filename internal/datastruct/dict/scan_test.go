package dict

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestScanUnchanged checks that a scan yields every element exactly once,
// about count a call, with cursors no larger than the table.
func TestScanUnchanged(t *testing.T) {
	for _, n := range []int{0, 1, 7, 8, 100, 112, 113, 1000, 6000} {
		d := filled(n)
		for _, count := range []int{-1, 1, 3, 10, 100, 1000, math.MaxInt} {
			seen := make([]int, n)
			cursor, calls := uint64(0), 0
			for {
				got := 0
				cursor = d.Scan(cursor, count, func(e *item) { seen[e.value]++; got++ })
				calls++
				if got-10 > max(count, 1) {
					t.Fatalf("%d elements, count %d: %d in one call", n, count, got)
				}
				if cursor == 0 {
					break
				}
				if cursor >= uint64(max(4, 2*n)) || got < min(count, 1) {
					t.Fatalf("%d elements, count %d: %d in one call, cursor %#x", n, count, got, cursor)
				}
			}
			for i, times := range seen {
				if times != 1 {
					t.Fatalf("%d elements, count %d: element %d comes %d times", n, count, i, times)
				}
			}
			if calls > n/max(count, 1)+1 {
				t.Fatalf("%d elements, count %d: %d calls", n, count, calls)
			}
		}
	}
}

// TestScanGuarantee changes the table between the calls of an iteration, and
// continues on clones. Each element that is present all the time must be
// yielded.
func TestScanGuarantee(t *testing.T) {
	divideEarly(t)
	for round := range 25 {
		seed := rand.Uint64()
		rng := rand.New(rand.NewPCG(seed, 0))
		stay := 1 + rng.IntN(1+round*12)
		others := rng.IntN(20_000)
		d := New(seed, itemKey)
		for i := range stay {
			d.Put(newItem(i))
		}
		for i := range others * rng.IntN(2) {
			d.Put(newItem(stay + i))
		}
		seen := map[int]int{}
		growing := rng.IntN(2) == 0
		for cursor, calls := uint64(0), 0; ; calls++ {
			largest := uint64(1) << max(d.scanBits(), int(d.deepest))
			if cursor = d.Scan(cursor, 1+rng.IntN(20), func(e *item) { seen[e.value]++ }); cursor >= largest {
				t.Fatalf("seed %d: cursor %d in a table of %d elements", seed, cursor, d.Len())
			}
			if cursor == 0 {
				break
			}
			for range rng.IntN(200) {
				if e := newItem(stay + rng.IntN(others+1)); growing {
					d.Put(e)
				} else {
					d.Delete(e.key)
				}
			}
			switch rng.IntN(50) {
			case 0:
				growing = !growing
			case 1:
				d = d.Clone()
			case 2:
				d = d.Thaw()
			}
			if calls > 100_000 {
				t.Fatalf("seed %d: the scan does not end", seed)
			}
		}
		if err := d.Check(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for i := range stay {
			if seen[i] != 1 {
				t.Fatalf("seed %d: element %d of %d was present all the time and came %d times", seed, i, stay, seen[i])
			}
		}
	}
}

// TestScanOrder compares the cursors of a small table with those of a Redis
// table with as many buckets: 0 and the numbers below its size, in the order
// of a counter with reversed bits.
func TestScanOrder(t *testing.T) {
	for n := 1; n <= 4; n++ {
		d := filled(n)
		order := []uint64{0, 2, 1, 3, 0}
		for cursor := uint64(0); ; {
			next := d.Scan(cursor, 1, func(*item) {})
			if slices.Index(order[1:], next)+1 <= slices.Index(order, cursor) {
				t.Fatalf("%d elements: from %d to %d", n, cursor, next)
			}
			if cursor = next; cursor == 0 {
				break
			}
		}
	}
}

// TestScanSparse scans a table of many nearly empty segments.
func TestScanSparse(t *testing.T) {
	d := New(5, itemKey)
	d.Reserve(20_000)
	for i := range 10 {
		d.Put(newItem(i))
	}
	seen, calls := 0, 0
	for cursor := uint64(0); ; {
		cursor = d.Scan(cursor, 5, func(*item) { seen++ })
		if calls++; cursor == 0 {
			break
		}
	}
	if seen != 10 || calls > 256/50+1+2 {
		t.Errorf("%d elements in %d calls", seen, calls)
	}
}

func TestScanAnyCursor(t *testing.T) {
	d := filled(1000)
	for range 10_000 {
		cursor := rand.Uint64() >> rand.IntN(64)
		next := d.Scan(cursor, 10, func(*item) {})
		if next != 0 && reversed(next) <= reversed(cursor) {
			t.Fatalf("from %#x to %#x", cursor, next)
		}
		if next != d.Scan(cursor|1<<prefixBits, 10, func(*item) {}) {
			t.Fatalf("bits beyond the largest cursor matter in %#x", cursor)
		}
	}
	if next := d.Scan(1<<64-1, 10, func(e *item) { t.Errorf("%q after the end", e.key) }); next != 0 {
		t.Errorf("from the end to %#x", next)
	}
	if next := New(1, itemKey).Scan(99, 10, func(*item) { t.Error("an element of an empty table") }); next != 0 {
		t.Errorf("an empty table goes on at %d", next)
	}
}

func TestSmallest(t *testing.T) {
	for n := 1; n < 60; n++ {
		for k := 1; k <= n; k++ {
			list := make([]uint64, n)
			for i := range list {
				list[i] = uint64(rand.IntN(n))
			}
			got := smallest(append([]uint64(nil), list...), k)
			less, upTo := 0, 0
			for _, v := range list {
				if v < got {
					less++
				}
				if v <= got {
					upTo++
				}
			}
			if less >= k || upTo < k {
				t.Fatalf("number %d of %v is not %d", k, list, got)
			}
		}
	}
}

// TestRandomIsUniform draws from tables of several shapes and compares the
// counts with a uniform distribution.
func TestRandomIsUniform(t *testing.T) {
	divideEarly(t)
	shapes := map[string]func() *Dict[*item]{
		"one":           func() *Dict[*item] { return filled(1) },
		"small":         func() *Dict[*item] { return filled(20) },
		"one segment":   func() *Dict[*item] { return filled(112) },
		"many segments": func() *Dict[*item] { return filled(1000) },
		"drained": func() *Dict[*item] {
			d := filled(30_000)
			for i := 500; i < 30_000; i++ {
				d.Delete(newItem(i).key)
			}
			return d
		},
		"divided": func() *Dict[*item] { return filled(25_000) },
		"nearly empty": func() *Dict[*item] {
			d := New(1, itemKey)
			d.Reserve(10_000)
			for i := range 4 {
				d.Put(newItem(i))
			}
			return d
		},
	}
	for name, build := range shapes {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(42, 0))
			d := build()
			counts := make([]int, d.Len())
			draws := 100 * len(counts)
			for range draws {
				e, ok := d.Random(rng.Uint64)
				if !ok {
					t.Fatal("nothing drawn")
				}
				counts[e.value]++
			}
			chi := 0.0
			for _, c := range counts {
				chi += float64(c-100) * float64(c-100) / 100
			}
			// With f degrees of freedom chi-square is f on average, with a variance of 2f.
			if f := float64(len(counts) - 1); (chi-f)*(chi-f) > 16*2*f {
				t.Errorf("chi-square %.0f for %.0f degrees of freedom", chi, f)
			}
		})
	}
	if _, ok := New(1, itemKey).Random(rand.Uint64); ok {
		t.Error("an element of an empty table")
	}
}

func ExampleDict_Scan() {
	d := filled(25)
	total, cursor := 0, uint64(0)
	for {
		cursor = d.Scan(cursor, 10, func(*item) { total++ })
		if cursor == 0 {
			break
		}
	}
	fmt.Println(total)
	// Output: 25
}

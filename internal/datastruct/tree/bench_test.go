package tree

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
)

// scored is an item of a sorted set: 16 bytes, 8 of them a pointer.
type scored struct {
	score  float64
	member *byte
}

func compareScored(a, b scored) int { return cmp.Compare(a.score, b.score) }

var sizes = []int{1_000, 1_000_000}

func each(b *testing.B, f func(b *testing.B, n int, shuffled []scored)) {
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			items := make([]scored, n)
			for i := range items {
				items[i] = scored{score: float64(i), member: new(byte)}
			}
			rand.New(rand.NewPCG(1, 2)).Shuffle(n, func(i, j int) { items[i], items[j] = items[j], items[i] })
			b.ReportAllocs()
			f(b, n, items)
		})
	}
}

func build(items []scored) *Tree[scored] {
	t := New(compareScored)
	for _, v := range items {
		t.Insert(v)
	}
	return t
}

// insertAll reports the time of inserting one of n items, and the heap per
// item.
func insertAll(b *testing.B, n int, item func(i int) scored) {
	var t *Tree[scored]
	for i := 0; i < b.N; i++ {
		if i%n == 0 {
			t = New(compareScored)
		}
		t.Insert(item(i % n))
	}
	b.StopTimer()
	t = nil
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	t = New(compareScored)
	for i := range n {
		t.Insert(item(i))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "bytes/item")
	b.ReportMetric(float64(t.MemoryUse())/float64(n), "MemoryUse/item")
	runtime.KeepAlive(t)
	runtime.KeepAlive(item) // keeps the members alive, which would otherwise count as freed
}

func BenchmarkInsertRandom(b *testing.B) {
	each(b, func(b *testing.B, n int, items []scored) {
		insertAll(b, n, func(i int) scored { return items[i] })
	})
}

func BenchmarkInsertAscending(b *testing.B) {
	each(b, func(b *testing.B, n int, items []scored) {
		insertAll(b, n, func(i int) scored { return scored{score: float64(i)} })
	})
}

func BenchmarkInsertDescending(b *testing.B) {
	each(b, func(b *testing.B, n int, items []scored) {
		insertAll(b, n, func(i int) scored { return scored{score: float64(-i)} })
	})
}

// BenchmarkMove deletes an item and inserts it elsewhere, as ZADD does for a
// new score.
func BenchmarkMove(b *testing.B) {
	each(b, func(b *testing.B, n int, items []scored) {
		t := build(items)
		for i := 0; b.Loop(); i++ {
			v := &items[i%n]
			t.Delete(*v)
			v.score = rand.Float64() * float64(n)
			t.Insert(*v)
		}
	})
}

func BenchmarkDelete(b *testing.B) {
	each(b, func(b *testing.B, n int, items []scored) {
		var t *Tree[scored]
		for i := 0; i < b.N; i++ {
			if i%n == 0 {
				b.StopTimer()
				t = build(items)
				b.StartTimer()
			}
			t.Delete(items[i%n])
		}
	})
}

func BenchmarkPopMin(b *testing.B) {
	each(b, func(b *testing.B, n int, items []scored) {
		whole := build(items)
		var t *Tree[scored]
		for b.Loop() {
			if t.Len() == 0 {
				t = whole.Clone()
			}
			t.DeleteAt(0)
		}
	})
}

func BenchmarkGet(b *testing.B) {
	each(b, func(b *testing.B, n int, items []scored) {
		t := build(items)
		for i := 0; b.Loop(); i++ {
			t.Get(items[i%n])
		}
	})
}

func BenchmarkRank(b *testing.B) {
	each(b, func(b *testing.B, n int, items []scored) {
		t := build(items)
		for i := 0; b.Loop(); i++ {
			t.Rank(items[i%n])
		}
	})
}

func BenchmarkAt(b *testing.B) {
	each(b, func(b *testing.B, n int, items []scored) {
		t := build(items)
		for i := 0; b.Loop(); i++ {
			t.At(int(items[i%n].score))
		}
	})
}

func BenchmarkSearch(b *testing.B) {
	each(b, func(b *testing.B, n int, items []scored) {
		t := build(items)
		for i := 0; b.Loop(); i++ {
			want := items[i%n].score
			t.Search(func(v scored) bool { return v.score >= want })
		}
	})
}

// BenchmarkWalk100 seeks and walks 100 items.
func BenchmarkWalk100(b *testing.B) {
	each(b, func(b *testing.B, n int, items []scored) {
		t := build(items)
		sum := 0.0
		for i := 0; b.Loop(); i++ {
			it := t.Seek(int(items[i%n].score) % (n - 100))
			for range 100 {
				v, _ := it.Next()
				sum += v.score
			}
		}
	})
}

// BenchmarkCloneWrite clones and then writes once, which copies one path.
func BenchmarkCloneWrite(b *testing.B) {
	each(b, func(b *testing.B, n int, items []scored) {
		t := build(items)
		for i := 0; b.Loop(); i++ {
			t.Clone()
			t.Insert(items[i%n])
		}
	})
}

func BenchmarkFromSorted(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			items := make([]scored, n)
			for i := range items {
				items[i].score = float64(i)
			}
			b.ReportAllocs()
			for b.Loop() {
				FromSorted(compareScored, items)
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(n), "ns/item")
		})
	}
}

package list

import (
	"fmt"
	"runtime"
	"testing"
)

var tenBytes = []byte("element-10")

func filled(n int) *List {
	l := New(Limits{})
	for range n {
		l.PushBack(tenBytes)
	}
	return l
}

func BenchmarkPush(b *testing.B) {
	for name, push := range map[string]func(*List, []byte){"front": (*List).PushFront, "back": (*List).PushBack} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			l := New(Limits{})
			for b.Loop() {
				push(l, tenBytes)
			}
		})
	}
}

func BenchmarkPop(b *testing.B) {
	for name, pop := range map[string]func(*List, []byte) ([]byte, bool){"front": (*List).PopFront, "back": (*List).PopBack} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			l := filled(b.N)
			buf := make([]byte, 0, 16)
			b.ResetTimer()
			for range b.N {
				pop(l, buf)
			}
		})
	}
}

func BenchmarkQueue(b *testing.B) {
	b.ReportAllocs()
	l := filled(1000)
	buf := make([]byte, 0, 16)
	for b.Loop() {
		l.PushBack(tenBytes)
		l.PopFront(buf)
	}
}

func BenchmarkMiddle(b *testing.B) {
	for _, n := range []int{1000, 1000000} {
		l := filled(n)
		b.Run(fmt.Sprintf("Index/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l.Index(n / 2)
			}
		})
		b.Run(fmt.Sprintf("Range100/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				it := l.Seek(n/2, false)
				for range 100 {
					it.Next()
				}
			}
		})
		b.Run(fmt.Sprintf("InsertRemove/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				it := l.Seek(n/2, false)
				it.Next()
				it.InsertBefore(tenBytes)
				it = l.Seek(n/2, false)
				it.Next()
				it.Remove()
			}
		})
		b.Run(fmt.Sprintf("CloneWrite/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l.Clone().PushBack(tenBytes)
			}
		})
	}
}

func BenchmarkMemory(b *testing.B) {
	const n = 1000000
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		l := filled(n)
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "heapB/element")
		b.ReportMetric(float64(l.MemoryUse())/n, "B/element")
	}
}

package value

import (
	"runtime"
	"strconv"
	"testing"
)

var benchLimits = &Limits{StreamNodeMaxBytes: 4096, StreamNodeMaxEntries: 100}

func filledStream(n int) *Stream {
	s := NewStream()
	pairs := [][]byte{[]byte("user"), nil, []byte("action"), []byte("login")}
	for i := range n {
		pairs[1] = strconv.AppendInt(pairs[1][:0], int64(i), 10)
		s.Add(benchLimits, StreamID{Ms: 1700000000000 + uint64(i)}, pairs)
	}
	return s
}

func BenchmarkStreamAdd(b *testing.B) {
	for _, size := range []int{1000, 1000000} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			s := filledStream(size)
			pairs := [][]byte{[]byte("user"), []byte("123456"), []byte("action"), []byte("login")}
			id := s.LastID
			b.ReportAllocs()
			for b.Loop() {
				id.Ms++
				s.Add(benchLimits, id, pairs)
			}
		})
	}
}

func BenchmarkStreamRange100(b *testing.B) {
	s := filledStream(100000)
	b.ReportAllocs()
	for b.Loop() {
		it := s.Range(StreamID{Ms: 1700000050000}, MaxStreamID)
		for range 100 {
			it.Next()
			for range it.Fields {
				it.Field()
			}
		}
	}
}

func BenchmarkStreamDeliverAck(b *testing.B) {
	s := filledStream(100000)
	g := s.AddGroup([]byte("g"), StreamID{}, 0)
	c := g.AddConsumer([]byte("c"), 0)
	b.ReportAllocs()
	for b.Loop() {
		next, _ := g.LastID.Next()
		it := s.Range(next, MaxStreamID)
		if !it.Next() {
			g.LastID, g.EntriesRead = StreamID{}, 0
			continue
		}
		s.Advance(g, it.ID)
		g.SetPending(Pending{ID: it.ID, Deliveries: 1}, c)
		g.Ack(it.ID)
	}
}

// BenchmarkStreamMemory reports the heap of a stream with a million entries.
func BenchmarkStreamMemory(b *testing.B) {
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		s := filledStream(1000000)
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "B/entry")
		b.ReportMetric(float64(s.MemoryUse())/1e6, "told-B/entry")
	}
}

package keyspace

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"
	"time"
)

func TestLargeStrings(t *testing.T) {
	for _, n := range []int{4000, 4096, 5000, 100_000, maxFlatValue} {
		for _, at := range []int64{0, 77} {
			v := bytes.Repeat([]byte("v"), n)
			e := newBytes([]byte("key"), v, at, false)
			if string(e.Key()) != "key" || !bytes.Equal(e.Bytes(nil), v) || e.ExpireAt() != at || e.Access() != 0 || e.Encoding() != "raw" {
				t.Errorf("%d bytes, %d: key %q, %d bytes, expires at %d, access %d", n, at, e.Key(), e.StringLen(), e.ExpireAt(), e.Access())
			}
		}
	}
}

func BenchmarkLargeString(b *testing.B) {
	v := make([]byte, 64<<10)
	b.ReportAllocs()
	for b.Loop() {
		newBytes([]byte("key"), v, 0, false)
	}
}

// BenchmarkWritesAfterClone makes the first thousand writes after a clone of a
// database with 10 million keys. It reports the longest one, which is the
// delay of a client while a snapshot is written.
func BenchmarkWritesAfterClone(b *testing.B) {
	const keys, writes = 10_000_000, 1000
	ks := New(1, 1)
	db := ks.DB(0)
	key := func(i int) []byte { return fmt.Appendf(nil, "key:%d", i) }
	for i := range keys {
		db.SetBytes(key(i), []byte("value"), 0)
	}
	longest := time.Duration(0)
	for b.Loop() {
		clone := ks.Clone()
		for i := range writes {
			k := key(i * (keys / writes))
			start := time.Now()
			db.SetBytes(k, []byte("other"), 0)
			longest = max(longest, time.Since(start))
		}
		runtime.KeepAlive(clone)
	}
	b.ReportMetric(float64(longest.Nanoseconds()), "ns-longest")
}

package keyspace

import (
	"bytes"
	"testing"
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

package crc64

import (
	"math/rand/v2"
	"testing"
)

func TestKnownValue(t *testing.T) {
	if got := Update(0, []byte("123456789")); got != 0xe9c6d914c4b8d9ca {
		t.Errorf("got %016x", got)
	}
}

// bitwise computes the checksum by its definition, one bit at a time.
func bitwise(crc uint64, p []byte) uint64 {
	for _, b := range p {
		crc ^= uint64(b)
		for range 8 {
			crc = crc>>1 ^ -(crc&1)&reflected
		}
	}
	return crc
}

func TestAgainstDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	p := make([]byte, 300)
	for i := range p {
		p[i] = byte(rng.Uint32())
	}
	for n := range p {
		want := bitwise(0, p[:n])
		if got := Update(0, p[:n]); got != want {
			t.Fatalf("%d bytes: got %016x, want %016x", n, got, want)
		}
		cut := rng.IntN(n + 1)
		if got := Update(Update(0, p[:cut]), p[cut:n]); got != want {
			t.Fatalf("%d bytes cut at %d: got %016x, want %016x", n, cut, got, want)
		}
	}
}

func BenchmarkUpdate(b *testing.B) {
	p := make([]byte, 64<<10)
	b.SetBytes(int64(len(p)))
	b.ReportAllocs()
	for b.Loop() {
		Update(0, p)
	}
}

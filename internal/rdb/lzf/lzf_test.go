package lzf

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/resp-server/resp-server/internal/effort"
)

func TestRoundTrip(t *testing.T) {
	var c Compressor
	check := func(src []byte) {
		t.Helper()
		packed, ok := c.Compress([]byte("before"), src, len(src)-4)
		if !ok {
			if string(packed) != "before" {
				t.Fatalf("failed compression left %q", packed)
			}
			return
		}
		packed = packed[len("before"):]
		if len(packed) > len(src)-4 {
			t.Fatalf("%d bytes became %d", len(src), len(packed))
		}
		got, err := Decompress([]byte("x"), packed, len(src))
		if err != nil || string(got) != "x"+string(src) {
			t.Fatalf("%q came back as %q, %v", src, got, err)
		}
		for _, n := range []int{len(src) - 1, len(src) + 1} {
			if _, err := Decompress(nil, packed, n); err == nil {
				t.Fatalf("%d bytes accepted as %d", len(src), n)
			}
		}
	}
	for n := range 700 {
		check(bytes.Repeat([]byte("a"), n))
		check(bytes.Repeat([]byte("abcdefghij"), n))
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for range effort.Of(3000) {
		src := make([]byte, rng.IntN(600))
		alphabet := 1 + rng.IntN(20)
		for i := range src {
			src[i] = byte(rng.IntN(alphabet))
		}
		check(src)
	}
	big := make([]byte, 40000)
	for i := range big {
		big[i] = byte(rng.IntN(3))
	}
	check(big)
}

func TestIncompressible(t *testing.T) {
	var c Compressor
	src := make([]byte, 300)
	rng := rand.New(rand.NewPCG(5, 6))
	for i := range src {
		src[i] = byte(rng.Uint32())
	}
	if _, ok := c.Compress(nil, src, len(src)-4); ok {
		t.Error("random bytes were compressed")
	}
}

func TestDamage(t *testing.T) {
	for _, src := range []string{"\x00", "\x20\x00", "\x00a\x20", "\x00a\xe0", "\x00a\xe0\x00", "\x00a\x20\x01", "\x05abc"} {
		if got, err := Decompress(nil, []byte(src), 3); err == nil {
			t.Errorf("%q became %q", src, got)
		}
	}
}

func FuzzDecompress(f *testing.F) {
	f.Add([]byte("\x00a\xe0\x05\x00"), 15)
	f.Fuzz(func(t *testing.T, src []byte, n int) {
		if n < 0 || n > MaxRatio*len(src) {
			return
		}
		out, err := Decompress(nil, src, n)
		if err == nil && len(out) != n {
			t.Errorf("%d bytes instead of %d", len(out), n)
		}
	})
}

func BenchmarkCompress(b *testing.B) {
	src := bytes.Repeat([]byte(`{"id":12345,"name":"someone","tags":["a","b"]},`), 20)
	var c Compressor
	var dst []byte
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = c.Compress(dst[:0], src, len(src)-4)
	}
}

package hashing

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"testing"
)

// TestEveryByteCounts flips one bit in keys of all lengths up to 200. Each
// output bit must flip about half of the time.
func TestEveryByteCounts(t *testing.T) {
	const seed = 7
	rng := rand.New(rand.NewPCG(seed, seed))
	var flips [64]int
	trials := 0
	for n := 1; n <= 200; n++ {
		for round := 0; round < 4; round++ {
			key := make([]byte, n)
			for i := range key {
				key[i] = byte(rng.Uint32())
			}
			s := rng.Uint64()
			h := Sum64(key, s)
			for bit := range n * 8 {
				key[bit/8] ^= 1 << (bit % 8)
				diff := h ^ Sum64(key, s)
				key[bit/8] ^= 1 << (bit % 8)
				if bits.OnesCount64(diff) < 8 {
					t.Fatalf("length %d, bit %d: only %d output bits change", n, bit, bits.OnesCount64(diff))
				}
				for i := range flips {
					flips[i] += int(diff >> i & 1)
				}
				trials++
			}
		}
	}
	for i, f := range flips {
		if p := float64(f) / float64(trials); p < 0.49 || p > 0.51 {
			t.Errorf("output bit %d flips with probability %.3f", i, p)
		}
	}
}

// TestNoCollisions hashes families of similar keys: short ones, numbers,
// sparse ones, and zeros of every length.
func TestNoCollisions(t *testing.T) {
	families := map[string]func(yield func([]byte)){
		"short": func(yield func([]byte)) {
			yield(nil)
			for i := range 1 << 16 {
				yield([]byte{byte(i), byte(i >> 8)})
			}
			for i := range 1 << 8 {
				yield([]byte{byte(i)})
			}
		},
		"counted": func(yield func([]byte)) {
			for i := range 100_000 {
				yield(fmt.Appendf(nil, "key:%012d", i))
			}
		},
		"integers": func(yield func([]byte)) {
			for i := range 100_000 {
				yield(binary.LittleEndian.AppendUint64(nil, uint64(i)<<20))
			}
		},
		"zeros": func(yield func([]byte)) {
			for n := range 3000 {
				yield(make([]byte, n))
			}
		},
		"sparse": func(yield func([]byte)) {
			key := make([]byte, 24)
			for i := range 24 * 8 {
				for j := range i {
					key[i/8] ^= 1 << (i % 8)
					key[j/8] ^= 1 << (j % 8)
					yield(key)
					key[i/8] ^= 1 << (i % 8)
					key[j/8] ^= 1 << (j % 8)
				}
			}
		},
	}
	for name, family := range families {
		for _, seed := range []uint64{0, 1, 1 << 63, 0x123456789ABCDEF} {
			seen := make(map[uint64]bool)
			var high, low [256]int
			family(func(key []byte) {
				h := Sum64(key, seed)
				if seen[h] {
					t.Fatalf("%s, seed %d: collision at %q", name, seed, key)
				}
				seen[h] = true
				high[h>>56]++
				low[h&255]++
			})
			// The mean of chi-square with 255 degrees of freedom is 255, its deviation 22.6.
			for part, counts := range map[string]*[256]int{"high": &high, "low": &low} {
				want, chi := float64(len(seen))/256, 0.0
				for _, c := range counts {
					chi += (float64(c) - want) * (float64(c) - want) / want
				}
				if chi > 255+5*22.6 {
					t.Errorf("%s, seed %d: %s byte: chi-square %.0f", name, seed, part, chi)
				}
			}
		}
	}
}

func BenchmarkSum64(b *testing.B) {
	for _, n := range []int{3, 8, 16, 32, 64, 256} {
		key := make([]byte, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(n))
			h := uint64(1)
			for b.Loop() {
				h = Sum64(key, h) // makes each hash wait for the one before
			}
			sink = h
		})
	}
}

var sink uint64

package bitmap

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/resp-server/resp-server/internal/effort"
)

func bit(b []byte, i int) bool { return i>>3 < len(b) && b[i>>3]&(0x80>>(i&7)) != 0 }

func random(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	fill := r.IntN(4)
	for i := range b {
		switch fill {
		case 0:
		case 1:
			b[i] = 0xff
		default:
			b[i] = byte(r.Uint32())
		}
	}
	if n > 0 { // a lonely bit among equal ones
		b[r.IntN(n)] ^= 1 << r.IntN(8)
	}
	return b
}

func TestRangesModel(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for range effort.Of(3000) {
		b := random(r, 1+r.IntN(100))
		lo := r.IntN(len(b)*8 + 1)
		hi := lo + r.IntN(len(b)*8+1-lo)
		count, first := 0, [2]int{-1, -1}
		for i := lo; i < hi; i++ {
			v := 0
			if bit(b, i) {
				v = 1
				count++
			}
			if first[v] < 0 {
				first[v] = i
			}
		}
		if got := CountRange(b, lo, hi); got != count {
			t.Fatalf("seed %d: CountRange(%x, %d, %d) = %d, want %d", seed, b, lo, hi, got, count)
		}
		if got := [2]int{First(b, false, lo, hi), First(b, true, lo, hi)}; got != first {
			t.Fatalf("seed %d: First(%x, %d, %d) = %v, want %v", seed, b, lo, hi, got, first)
		}
	}
}

func TestCombineModel(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for round := range effort.Of(200) {
		size := 100
		if round%20 == 0 {
			size = 3 * blockSize
		}
		src := make([][]byte, 2+r.IntN(3))
		longest := 0
		for i := range src {
			src[i] = random(r, r.IntN(size))
			longest = max(longest, len(src[i]))
		}
		for op := And; op <= One; op++ {
			src := src
			if op == Not {
				src, longest = src[:1], len(src[0])
			}
			dst := make([]byte, longest)
			Combine(op, dst, src)
			for i := range longest * 8 {
				x, n := bit(src[0], i), 0
				for _, s := range src {
					if bit(s, i) {
						n++
					}
				}
				y := n > 1 || n == 1 && !x
				want := map[Op]bool{And: n == len(src), Or: n > 0, Xor: n%2 == 1, Not: !x,
					Diff: x && !y, Diff1: !x && y, AndOr: x && y, One: n == 1}[op]
				if bit(dst, i) != want {
					t.Fatalf("seed %d: op %d: bit %d is %v", seed, op, i, !want)
				}
			}
			longest = 0
			for _, s := range src {
				longest = max(longest, len(s))
			}
			if op == Not {
				break
			}
		}
	}
}

func TestFieldModel(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for range effort.Of(5000) {
		f := Field{Signed: r.IntN(2) == 0, Width: uint8(1 + r.IntN(63))}
		if f.Signed && r.IntN(8) == 0 {
			f.Width = 64
		}
		b := random(r, 20)
		at := r.IntN(160 - int(f.Width) + 1)
		v := int64(r.Uint64())
		before := bytes.Clone(b)
		f.Set(b, at, v)
		for i := range 160 {
			want := bit(before, i)
			if i >= at && i < at+int(f.Width) {
				want = v>>(at+int(f.Width)-1-i)&1 == 1
			}
			if bit(b, i) != want {
				t.Fatalf("seed %d: %+v at %d: bit %d is wrong", seed, f, at, i)
			}
		}
		fit, _ := f.Fit(v, Wrap)
		if got := f.Get(b, at); got != fit {
			t.Fatalf("seed %d: %+v at %d: %d, want %d", seed, f, at, got, fit)
		}
	}
	u8 := Field{Width: 8}
	if got := u8.Get([]byte{0xff, 0x81}, 12); got != 0x10 {
		t.Errorf("past the end: %#x", got)
	}
	if got := u8.Get(nil, math.MaxInt32); got != 0 {
		t.Errorf("far past the end: %#x", got)
	}
}

func TestAddModel(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for range effort.Of(20000) {
		f := Field{Signed: r.IntN(2) == 0, Width: uint8(1 + r.IntN(63))}
		if f.Signed && r.IntN(8) == 0 {
			f.Width = 64
		}
		lo, hi := big.NewInt(0), new(big.Int).Lsh(big.NewInt(1), uint(f.Width))
		if f.Signed {
			hi.Rsh(hi, 1)
			lo.Neg(hi)
		}
		hi.Sub(hi, big.NewInt(1))
		old, _ := f.Fit(int64(r.Uint64()), Wrap)
		incr := int64(r.Uint64()) >> r.IntN(64)
		exact := new(big.Int).Add(big.NewInt(old), big.NewInt(incr))
		limit, over := exact, true
		switch {
		case exact.Cmp(lo) < 0:
			limit = lo
		case exact.Cmp(hi) > 0:
			limit = hi
		default:
			over = false
		}
		got, gotOver := f.Add(old, incr, Saturate)
		// Redis takes an increment far below the range for one above it.
		far := f.Signed && f.Width < 64 && incr < 0 && new(big.Int).Sub(hi, big.NewInt(old)).IsInt64() && hi.Int64()-old < 0
		if !far && (gotOver != over || got != limit.Int64()) {
			t.Fatalf("seed %d: %+v: %d + %d = %d, %v, want %v, %v", seed, f, old, incr, got, gotOver, limit, over)
		}
	}
}

func BenchmarkCount(b *testing.B) {
	for _, size := range []int{100, 1 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s := bytes.Repeat([]byte{0xa5}, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				Count(s)
			}
		})
	}
}

func BenchmarkCombine(b *testing.B) {
	x, y := bytes.Repeat([]byte{0xa5}, 1<<20), bytes.Repeat([]byte{0x1a}, 1<<20)
	dst := make([]byte, 1<<20)
	for op, name := range map[Op]string{And: "and", Xor: "xor", One: "one"} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(2 << 20)
			b.ReportAllocs()
			for b.Loop() {
				Combine(op, dst, [][]byte{x, y})
			}
		})
	}
}

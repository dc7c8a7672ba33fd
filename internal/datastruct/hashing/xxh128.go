package hashing

import (
	"encoding/binary"
	"math/bits"
)

// Hash128 is a hash of 128 bits.
type Hash128 struct{ Low, High uint64 }

// XXH3128 returns the 128-bit XXH3 hash of b without a seed, as
// https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md defines it.
// It takes time in proportion to len(b) and allocates nothing.
func XXH3128(b []byte) Hash128 {
	n := len(b)
	length := uint64(n)
	switch {
	case n == 0:
		return Hash128{avalanche64(secret(64) ^ secret(72)), avalanche64(secret(80) ^ secret(88))}
	case n <= 3:
		x := uint32(b[0])<<16 | uint32(b[n>>1])<<24 | uint32(b[n-1]) | uint32(n)<<8
		y := bits.RotateLeft32(bits.ReverseBytes32(x), 13)
		return Hash128{
			avalanche64(uint64(x) ^ (secret(0)^secret(0)>>32)&(1<<32-1)),
			avalanche64(uint64(y) ^ (secret(8)^secret(8)>>32)&(1<<32-1)),
		}
	case n <= 8:
		first, last := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[n-4:])
		hi, lo := bits.Mul64(uint64(first)+uint64(last)<<32^secret(16)^secret(24), prime64x1+length<<2)
		hi += lo << 1
		lo ^= hi >> 3
		lo ^= lo >> 35
		lo *= primeMix2
		return Hash128{lo ^ lo>>28, avalanche(hi)}
	case n <= 16:
		first, last := word(b, 0), word(b, n-8)
		hi, lo := bits.Mul64(first^last^secret(32)^secret(40), prime64x1)
		lo += (length - 1) << 54
		last ^= secret(48) ^ secret(56)
		hi += last + last&(1<<32-1)*(prime32x2-1)
		lo ^= bits.ReverseBytes64(hi)
		over, low := bits.Mul64(lo, prime64x2)
		return Hash128{avalanche(low), avalanche(over + hi*prime64x2)}
	case n <= 128:
		h := Hash128{Low: length * prime64x1}
		for i := (n - 1) / 32; i >= 0; i-- {
			h.mix32(b, 16*i, n-16*(i+1), 32*i)
		}
		return h.finish(length)
	case n <= 240:
		h := Hash128{Low: length * prime64x1}
		for i := range 4 {
			h.mix32(b, 32*i, 32*i+16, 32*i)
		}
		h.Low, h.High = avalanche(h.Low), avalanche(h.High)
		for i := 4; i < n/32; i++ {
			h.mix32(b, 32*i, 32*i+16, 3+32*(i-4))
		}
		h.mix32(b, n-16, n-32, 136-17-16)
		return h.finish(length)
	}
	acc := accumulateAll(b)
	return Hash128{
		merge(&acc, 11, length*prime64x1),
		merge(&acc, len(xxh3Secret)-stripe-11, ^(length * prime64x2)),
	}
}

// mix32 takes in 16 bytes of b from two places each, with 32 of the secret.
func (h *Hash128) mix32(b []byte, first, second, key int) {
	h.Low = (h.Low + mix16(b, first, key)) ^ (word(b, second) + word(b, second+8))
	h.High = (h.High + mix16(b, second, key+16)) ^ (word(b, first) + word(b, first+8))
}

func (h *Hash128) finish(length uint64) Hash128 {
	return Hash128{
		avalanche(h.Low + h.High),
		-avalanche(h.Low*prime64x1 + h.High*prime64x4 + length*prime64x2),
	}
}

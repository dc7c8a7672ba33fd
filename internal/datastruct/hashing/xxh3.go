package hashing

import (
	"encoding/binary"
	"math/bits"
)

// Primes of XXH3 and its relatives.
const (
	prime32x1 = 0x9E3779B1
	prime32x2 = 0x85EBCA77
	prime32x3 = 0xC2B2AE3D
	prime64x1 = 0x9E3779B185EBCA87
	prime64x2 = 0xC2B2AE3D27D4EB4F
	prime64x3 = 0x165667B19E3779F9
	prime64x4 = 0x85EBCA77C2B2AE63
	prime64x5 = 0x27D4EB2F165667C5
	primeMix1 = 0x165667919E3779F9
	primeMix2 = 0x9FB21C651E98DF25
)

// xxh3Secret is the default secret of XXH3.
const xxh3Secret = "" +
	"\xb8\xfe\x6c\x39\x23\xa4\x4b\xbe\x7c\x01\x81\x2c\xf7\x21\xad\x1c\xde\xd4\x6d\xe9\x83\x90\x97\xdb\x72\x40\xa4\xa4\xb7\xb3\x67\x1f" +
	"\xcb\x79\xe6\x4e\xcc\xc0\xe5\x78\x82\x5a\xd0\x7d\xcc\xff\x72\x21\xb8\x08\x46\x74\xf7\x43\x24\x8e\xe0\x35\x90\xe6\x81\x3a\x26\x4c" +
	"\x3c\x28\x52\xbb\x91\xc3\x00\xcb\x88\xd0\x65\x8b\x1b\x53\x2e\xa3\x71\x64\x48\x97\xa2\x0d\xf9\x4e\x38\x19\xef\x46\xa9\xde\xac\xd8" +
	"\xa8\xfa\x76\x3f\xe3\x9c\x34\x3f\xf9\xdc\xbb\xc7\xc7\x0b\x4f\x1d\x8a\x51\xe0\x4b\xcd\xb4\x59\x31\xc8\x9f\x7e\xc9\xd9\x78\x73\x64" +
	"\xea\xc5\xac\x83\x34\xd3\xeb\xc3\xc5\x81\xa0\xff\xfa\x13\x63\xeb\x17\x0d\xdd\x51\xb7\xf0\xda\x49\xd3\x16\x55\x26\x29\xd4\x68\x9e" +
	"\x2b\x16\xbe\x58\x7d\x47\xa1\xfc\x8f\xf8\xb8\xd1\x7a\xd0\x31\xce\x45\xcb\x3a\x8f\x95\x16\x04\x28\xaf\xd7\xfb\xca\xbb\x4b\x40\x7e"

// secret returns the word of the secret at an offset.
func secret(at int) uint64 {
	s := xxh3Secret[at : at+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// XXH3 returns the 64-bit XXH3 hash of b without a seed, as defined in
// https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md. Unlike Sum64
// it is the same everywhere, so others can compare it. It takes time
// proportional to len(b) and allocates nothing.
func XXH3(b []byte) uint64 {
	n := len(b)
	switch {
	case n == 0:
		return avalanche64(secret(56) ^ secret(64))
	case n <= 3:
		x := uint64(b[0])<<16 | uint64(b[n>>1])<<24 | uint64(b[n-1]) | uint64(n)<<8
		return avalanche64(x ^ (secret(0)^secret(0)>>32)&(1<<32-1))
	case n <= 8:
		first, last := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[n-4:])
		x := uint64(last) + uint64(first)<<32 ^ secret(8) ^ secret(16)
		x ^= bits.RotateLeft64(x, 49) ^ bits.RotateLeft64(x, 24)
		x *= primeMix2
		x ^= x>>35 + uint64(n)
		x *= primeMix2
		return x ^ x>>28
	case n <= 16:
		lo := word(b, 0) ^ secret(24) ^ secret(32)
		hi := word(b, n-8) ^ secret(40) ^ secret(48)
		return avalanche(uint64(n) + bits.ReverseBytes64(lo) + hi + fold(lo, hi))
	case n <= 128:
		sum := uint64(n) * prime64x1
		for i := (n - 1) / 32; i >= 0; i-- {
			sum += mix16(b, 16*i, 32*i) + mix16(b, n-16*(i+1), 32*i+16)
		}
		return avalanche(sum)
	case n <= 240:
		sum := uint64(n) * prime64x1
		for i := range 8 {
			sum += mix16(b, 16*i, 16*i)
		}
		sum = avalanche(sum)
		for i := 8; i < n/16; i++ {
			sum += mix16(b, 16*i, 16*(i-8)+3)
		}
		return avalanche(sum + mix16(b, n-16, 136-17))
	}
	return xxh3Long(b)
}

const (
	stripe = 64
	// blockStripes is the number of stripes in a block: each uses the secret 8
	// bytes further on.
	blockStripes = (len(xxh3Secret) - stripe) / 8
	block        = stripe * blockStripes
)

func xxh3Long(b []byte) uint64 {
	acc := accumulateAll(b)
	return merge(&acc, 11, uint64(len(b))*prime64x1)
}

// accumulateAll takes in b, which is longer than 240 bytes.
func accumulateAll(b []byte) [8]uint64 {
	acc := [8]uint64{prime32x3, prime64x1, prime64x2, prime64x3, prime64x4, prime32x2, prime64x5, prime32x1}
	rest := b
	for len(rest) > block {
		for i := range blockStripes {
			accumulate(&acc, rest[stripe*i:], 8*i)
		}
		for i := range acc {
			acc[i] = (acc[i] ^ acc[i]>>47 ^ secret(len(xxh3Secret)-stripe+8*i)) * prime32x1
		}
		rest = rest[block:]
	}
	for i := range (len(rest) - 1) / stripe {
		accumulate(&acc, rest[stripe*i:], 8*i)
	}
	accumulate(&acc, b[len(b)-stripe:], len(xxh3Secret)-stripe-7)
	return acc
}

// merge makes one word of what was accumulated, with the secret from key on.
func merge(acc *[8]uint64, key int, sum uint64) uint64 {
	for i := 0; i < 8; i += 2 {
		sum += fold(acc[i]^secret(key+8*i), acc[i+1]^secret(key+8*i+8))
	}
	return avalanche(sum)
}

// accumulate absorbs the first stripe of b.
func accumulate(acc *[8]uint64, b []byte, at int) {
	b = b[:stripe]
	for i := range acc {
		x := binary.LittleEndian.Uint64(b[8*i:])
		key := x ^ secret(at+8*i)
		acc[i^1] += x
		acc[i] += key & (1<<32 - 1) * (key >> 32)
	}
}

// mix16 hashes 16 bytes of b with 16 bytes of the secret.
func mix16(b []byte, at, key int) uint64 {
	return fold(word(b, at)^secret(key), word(b, at+8)^secret(key+8))
}

func avalanche(x uint64) uint64 {
	x = (x ^ x>>37) * primeMix1
	return x ^ x>>32
}

func avalanche64(x uint64) uint64 {
	x = (x ^ x>>33) * prime64x2
	x = (x ^ x>>29) * prime64x3
	return x ^ x>>32
}

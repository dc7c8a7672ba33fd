// Package hashing is a keyed 64-bit hash over bytes for hash tables.
//
// It is a multiply-and-fold hash, like wyhash and its relatives: it multiplies
// words of the input pairwise to 128 bits and folds the halves. Every factor
// is masked with a value that depends on the seed. So nobody can choose an
// input that makes a factor zero without knowing the seed. It is not a
// cryptographic hash.
//
// A key of 16 bytes costs two multiplications. For long keys the latency is
// about a third of a multiplication per 8 bytes. Nothing is allocated. The
// hash of a key for a seed is the same on every platform, but it is not a
// stored format.
package hashing

import (
	"encoding/binary"
	"math/bits"
)

// The masks are digits of pi's fraction.
const (
	mask0 = 0x243F6A8885A308D3
	mask1 = 0x13198A2E03707344
	mask2 = 0xA4093822299F31D0
	mask3 = 0x082EFA98EC4E6C89
)

// Sum64 returns the hash of key under seed. All 64 bits are of equal quality.
func Sum64(key []byte, seed uint64) uint64 {
	var a, b uint64
	n := len(key)
	turned := bits.RotateLeft64(seed, 29)
	state := seed
	switch {
	case n > 16:
		state = long(key, seed)
		fallthrough
	case n >= 8:
		// In a long key these are its last 16 bytes. They overlap the words from the
		// loop unless the length is a multiple of 16.
		if n > 16 {
			a = binary.LittleEndian.Uint64(key[n-16:])
		} else {
			a = binary.LittleEndian.Uint64(key)
		}
		b = binary.LittleEndian.Uint64(key[n-8:])
	case n >= 4:
		a = uint64(binary.LittleEndian.Uint32(key))
		b = uint64(binary.LittleEndian.Uint32(key[n-4:]))
	case n > 0:
		a = uint64(key[0])<<16 | uint64(key[n>>1])<<8 | uint64(key[n-1])
	}
	hi, lo := bits.Mul64(a^mask0^turned, b^mask1^state)
	return fold(hi^mask2^turned, lo^mask3^seed^uint64(n)*0x9E3779B97F4A7C15)
}

// long absorbs the blocks of a key of more than 16 bytes, except the last one,
// which Sum64 absorbs.
func long(key []byte, seed uint64) uint64 {
	turned := bits.RotateLeft64(seed, 17)
	state := seed ^ mask0 // a word of zeros must not meet a state of zero
	if len(key) > 48 {
		// Three independent lanes keep the multiplier busy.
		second, third := seed^mask2, seed^mask3
		for len(key) > 48 {
			state = fold(word(key, 0)^mask1^turned, word(key, 8)^state)
			second = fold(word(key, 16)^mask2^turned, word(key, 24)^second)
			third = fold(word(key, 32)^mask3^turned, word(key, 40)^third)
			key = key[48:]
		}
		state ^= bits.RotateLeft64(second, 21) ^ bits.RotateLeft64(third, 42)
	}
	for len(key) > 16 {
		state = fold(word(key, 0)^mask1^turned, word(key, 8)^state)
		key = key[16:]
	}
	return state
}

func word(key []byte, at int) uint64 { return binary.LittleEndian.Uint64(key[at:]) }

func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

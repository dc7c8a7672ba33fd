package bitmap

import "encoding/binary"

// The operations below change dst up to the length of src, which must not
// exceed that of dst. Each has its own loop, since a function value would cost
// a call for every word.

func and(dst, src []byte) {
	for len(src) >= 16 && len(dst) >= 16 {
		word.PutUint64(dst, word.Uint64(dst)&word.Uint64(src))
		word.PutUint64(dst[8:], word.Uint64(dst[8:])&word.Uint64(src[8:]))
		dst, src = dst[16:], src[16:]
	}
	for i, c := range src {
		dst[i] &= c
	}
}

func or(dst, src []byte) {
	for len(src) >= 16 && len(dst) >= 16 {
		word.PutUint64(dst, word.Uint64(dst)|word.Uint64(src))
		word.PutUint64(dst[8:], word.Uint64(dst[8:])|word.Uint64(src[8:]))
		dst, src = dst[16:], src[16:]
	}
	for i, c := range src {
		dst[i] |= c
	}
}

func xor(dst, src []byte) {
	for len(src) >= 16 && len(dst) >= 16 {
		word.PutUint64(dst, word.Uint64(dst)^word.Uint64(src))
		word.PutUint64(dst[8:], word.Uint64(dst[8:])^word.Uint64(src[8:]))
		dst, src = dst[16:], src[16:]
	}
	for i, c := range src {
		dst[i] ^= c
	}
}

func andNot(dst, src []byte) {
	for len(src) >= 16 && len(dst) >= 16 {
		word.PutUint64(dst, word.Uint64(dst)&^word.Uint64(src))
		word.PutUint64(dst[8:], word.Uint64(dst[8:])&^word.Uint64(src[8:]))
		dst, src = dst[16:], src[16:]
	}
	for i, c := range src {
		dst[i] &^= c
	}
}

func invert(b []byte) {
	for len(b) >= 8 {
		word.PutUint64(b, ^word.Uint64(b))
		b = b[8:]
	}
	for i := range b {
		b[i] = ^b[i]
	}
}

// word is the byte order for reading words; any order gives the same result.
var word = binary.NativeEndian

package bitmap

import "encoding/binary"

// The operations below change dst as far as src goes, which must not be
// longer. They are written out one by one because a function value would be
// called for every word.

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

// word is how words are read; the order of bytes makes no difference here.
var word = binary.NativeEndian

// Package lzf is the LZF compression of strings in RDB files and DUMP
// payloads. It is made for speed: a string of text shrinks to about half.
//
// A compressed string is a sequence of runs:
//
//	000LLLLL <L+1 bytes>              the bytes themselves
//	LLLooooo oooooooo                 L+2 bytes (L is 1 to 6) from o+1 back
//	111ooooo LLLLLLLL oooooooo        L+9 bytes from o+1 back
//
// A copy may overlap the bytes that it produces. Lengths are not part of the
// format: whoever stores a compressed string stores both of them.
//
// The compressor finds matches with the same hash function and the same
// search as the C servers, so what it writes is what they write, as a rule
// byte for byte. Format and algorithm: LibLZF by Marc Lehmann.
package lzf

import "errors"

// ErrCorrupt says that a compressed string is damaged or does not have the
// announced length.
var ErrCorrupt = errors.New("lzf: corrupt input")

const (
	hashBits     = 16
	maxLiteral   = 1 << 5
	maxOffset    = 1 << 13
	maxReference = 1<<8 + 1<<3
)

// MaxRatio bounds how much longer than its compressed form a string can be:
// three bytes copy at most 264.
const MaxRatio = maxReference / 3

// Decompress appends to dst the n bytes that src holds in compressed form.
// On error it returns dst as it was. It reserves n bytes at once: callers
// that got n from a file compare it with MaxRatio times the length of src
// first.
func Decompress(dst, src []byte, n int) ([]byte, error) {
	full := append(dst, make([]byte, n)...)
	out := full[len(dst):]
	o := 0
	for i := 0; i < len(src); {
		c := int(src[i])
		i++
		if c < maxLiteral {
			c++
			if len(src)-i < c || n-o < c {
				return dst, ErrCorrupt
			}
			copy(out[o:], src[i:i+c])
			i, o = i+c, o+c
			continue
		}
		length := c >> 5
		if length == 7 {
			if i == len(src) {
				return dst, ErrCorrupt
			}
			length += int(src[i])
			i++
		}
		length += 2
		if i == len(src) {
			return dst, ErrCorrupt
		}
		back := (c&31)<<8 + int(src[i]) + 1
		i++
		if back > o || n-o < length {
			return dst, ErrCorrupt
		}
		if back >= length {
			copy(out[o:o+length], out[o-back:])
		} else {
			for k := o; k < o+length; k++ {
				out[k] = out[k-back]
			}
		}
		o += length
	}
	if o != n {
		return dst, ErrCorrupt
	}
	return full, nil
}

// Compressor holds the hash table of the search, 256 KB that come with the
// first use and are kept. The zero value is ready. It is not safe for
// concurrent use.
type Compressor struct {
	// seen maps a hash of three bytes to where they were seen last, counted
	// from the beginning of the first string ever compressed, so that what
	// earlier strings left behind is recognised by its age, not wiped.
	seen []uint32
	base uint32
}

// Compress appends src in compressed form to dst and says whether that took
// at most limit bytes; if it did not, dst comes back as it was.
func (c *Compressor) Compress(dst, src []byte, limit int) ([]byte, bool) {
	if len(src) == 0 || limit <= 0 || len(src) >= 1<<31 {
		return dst, false
	}
	if c.seen == nil || c.base > 1<<31 {
		c.seen, c.base = make([]uint32, 1<<hashBits), 0
	}
	seen, base := (*[1 << hashBits]uint32)(c.seen), c.base
	c.base += uint32(len(src))

	start := len(dst)
	end := start + limit
	out := append(dst, 0) // the length of the run of literals that grows at the end
	literals := 0
	i := 0
	for i < len(src)-2 {
		h := hash(src[i:])
		ref := int(int64(seen[h]) - int64(base))
		seen[h] = base + uint32(i)
		if ref <= 0 || i-ref > maxOffset ||
			src[ref] != src[i] || src[ref+1] != src[i+1] || src[ref+2] != src[i+2] {
			if len(out) >= end {
				return dst, false
			}
			out = append(out, src[i])
			i++
			if literals++; literals == maxLiteral {
				out = append(finish(out, literals), 0)
				literals = 0
			}
			continue
		}
		spare := 0
		if literals == 0 {
			spare = 1 // the byte kept for a run that did not come
		}
		if len(out)-spare+4 >= end {
			return dst, false
		}
		out = finish(out, literals)
		literals = 0

		longest := min(len(src)-i-2, maxReference)
		if longest > 16 {
			longest = max(longest, 19) // the C code compares the first 19 bytes without looking at the limit
		}
		length := 3
		for length < longest && src[ref+length] == src[i+length] {
			length++
		}
		back, l := i-ref-1, length-2
		if l < 7 {
			out = append(out, byte(back>>8+l<<5))
		} else {
			out = append(out, byte(back>>8+7<<5), byte(l-7))
		}
		out = append(out, byte(back), 0)
		i += length
		if i >= len(src)-2 {
			break
		}
		// Only the last two positions of a match are remembered.
		seen[hash(src[i-2:])] = base + uint32(i-2)
		seen[hash(src[i-1:])] = base + uint32(i-1)
	}
	if len(out)+3 > end {
		return dst, false
	}
	for ; i < len(src); i++ {
		out = append(out, src[i])
		if literals++; literals == maxLiteral {
			out = append(finish(out, literals), 0)
			literals = 0
		}
	}
	return finish(out, literals), true
}

// finish writes the length of the run of literals at the end of out before
// it; an empty run loses its length byte.
func finish(out []byte, literals int) []byte {
	if literals == 0 {
		return out[:len(out)-1]
	}
	out[len(out)-literals-1] = byte(literals - 1)
	return out
}

// hash maps the first three bytes of p to a slot.
func hash(p []byte) uint32 {
	h := uint32(p[0])<<16 | uint32(p[1])<<8 | uint32(p[2])
	return (h>>(24-hashBits) - h*5) & (1<<hashBits - 1)
}

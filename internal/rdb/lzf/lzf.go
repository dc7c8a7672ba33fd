// Package lzf is the LZF compression of strings in RDB files and DUMP
// payloads. It is fast and shrinks text to about half.
//
// A compressed string is a sequence of runs:
//
//	000LLLLL <L+1 bytes>              the bytes themselves
//	LLLooooo oooooooo                 L+2 bytes (L is 1 to 6) from o+1 back
//	111ooooo LLLLLLLL oooooooo        L+9 bytes from o+1 back
//
// A reference may overlap the bytes that it produces. The format does not
// contain lengths, so they must be stored beside a compressed string.
//
// The compressor finds matches with the same hash function and search as the C
// servers. So its output equals theirs, usually byte for byte. Format and
// algorithm: LibLZF by Marc Lehmann.
package lzf

import "errors"

// ErrCorrupt means that a compressed string is damaged or does not have the
// announced length.
var ErrCorrupt = errors.New("lzf: corrupt input")

const (
	hashBits     = 16
	maxLiteral   = 1 << 5
	maxOffset    = 1 << 13
	maxReference = 1<<8 + 1<<3
)

// MaxRatio is the maximum expansion of a compressed string: three bytes copy
// at most 264.
const MaxRatio = maxReference / 3

// Decompress appends the n bytes that src holds in compressed form to dst.
// After an error it returns dst unchanged. It allocates n bytes at once, so
// callers with an n from a file must first check that it is at most MaxRatio
// times the length of src.
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

// Compressor holds the hash table of the search, 256 KB allocated at first use
// and then kept. The zero value is ready for use. It is not safe for
// concurrent use.
type Compressor struct {
	// seen maps a hash of three bytes to their last position, counted from the
	// beginning of the first string ever compressed. So entries of earlier
	// strings are recognised by their position and need not be cleared.
	seen []uint32
	base uint32
}

// Compress appends src in compressed form to dst. If that takes more than
// limit bytes it returns dst unchanged and false.
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
	out := append(dst, 0) // length of the run of literals that is growing
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
			spare = 1 // the byte reserved for a run that did not come
		}
		if len(out)-spare+4 >= end {
			return dst, false
		}
		out = finish(out, literals)
		literals = 0

		longest := min(len(src)-i-2, maxReference)
		if longest > 16 {
			longest = max(longest, 19) // the C code compares the first 19 bytes without checking the limit
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
		// Record only the last two positions of a match.
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

// finish stores the length of the run of literals at the end of out in front
// of it. It drops the length byte of an empty run.
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

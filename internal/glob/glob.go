// Package glob matches the patterns of KEYS, SCAN, PSUBSCRIBE, CONFIG GET and
// ACL rules, with all the peculiarities of Redis's matcher.
package glob

import "bytes"

// maxStars is the maximum number of open runs of stars in a match. A pattern
// that needs more does not match. It is Redis's guard against deep recursion,
// kept because it is visible.
const maxStars = 1000

// Match reports whether all of s matches pattern. With nocase it ignores the
// case of ASCII letters.
//
//	?      one byte
//	*      any bytes
//	[a-c]  one byte of a class of bytes and ranges; a range may be reversed
//	[^a]   one byte outside the class
//	\*     the byte itself, in a class too
//
// Some corner cases: an unclosed class ends with the pattern. In a range, and
// only there, bytes from 0x80 on are negative. A range may end in ] and can't
// end in an escape. An escaped byte in a class is case-sensitive even with
// nocase. A backslash at the very end is itself. An empty s matches only the
// empty pattern, not *; commands for which * means everything check for it
// themselves, as in Redis.
//
// Match does not allocate. The worst case is O(len(pattern) * len(s)).
func Match(pattern, s []byte, nocase bool) bool {
	p, i := 0, 0
	// retryP is the position behind the latest run of stars. retryI is the byte
	// of s at which the rest of the pattern was last tried. Earlier stars need no
	// retry, since they could only move the later ones to the right.
	retryP, retryI, stars := -1, 0, 0
	for p < len(pattern) && i < len(s) {
		if pattern[p] == '*' {
			p += run(pattern[p:])
			if p == len(pattern) {
				return true
			}
			if stars++; stars > maxStars {
				return false
			}
			retryP, retryI = p, i
		} else if n, ok := matchByte(pattern[p:], s[i], nocase); ok {
			p += n
			i++
			if i == len(s) {
				// Only stars may be left. Anything else takes at least a byte, and a retry
				// further right would have even fewer.
				return p+run(pattern[p:]) == len(pattern)
			}
			if p < len(pattern) {
				continue
			}
			retryI++
		} else {
			retryI++
		}
		if retryP < 0 {
			return false
		}
		if c := pattern[retryP]; !nocase && !special(c) {
			n := bytes.IndexByte(s[retryI:], c)
			if n < 0 {
				return false
			}
			retryI += n
		}
		p, i = retryP, retryI
	}
	return p == len(pattern) && i == len(s)
}

// Prefix returns the part of pattern before its first special byte. All
// matches begin with it. If it is the whole pattern, only the pattern itself
// matches.
func Prefix(pattern []byte) []byte {
	for i, c := range pattern {
		if special(c) {
			return pattern[:i]
		}
	}
	return pattern
}

func special(c byte) bool { return c == '*' || c == '?' || c == '[' || c == '\\' }

// run returns the number of stars at the beginning of pattern.
func run(pattern []byte) int {
	n := 0
	for n < len(pattern) && pattern[n] == '*' {
		n++
	}
	return n
}

// matchByte matches c with the first element of pattern, which must not be
// empty or begin with a star. n is the length of the element.
func matchByte(pattern []byte, c byte, nocase bool) (n int, ok bool) {
	switch {
	case pattern[0] == '?':
		return 1, true
	case pattern[0] == '[':
		return matchClass(pattern, c, nocase)
	case pattern[0] == '\\' && len(pattern) > 1:
		return 2, equal(pattern[1], c, nocase)
	}
	return 1, equal(pattern[0], c, nocase)
}

// matchClass is matchByte for a pattern that begins with a class.
func matchClass(pattern []byte, c byte, nocase bool) (n int, ok bool) {
	p := 1
	not := len(pattern) > 1 && pattern[1] == '^'
	if not {
		p++
	}
	in := false
	for ; p < len(pattern); p++ {
		switch left := len(pattern) - p; {
		case pattern[p] == '\\' && left >= 2:
			p++
			in = in || pattern[p] == c
		case pattern[p] == ']':
			return p + 1, in != not
		case left >= 3 && pattern[p+1] == '-':
			in = in || inRange(pattern[p], pattern[p+2], c, nocase)
			p += 2
		default:
			in = in || equal(pattern[p], c, nocase)
		}
	}
	return len(pattern), in != not
}

func inRange(from, to, c byte, nocase bool) bool {
	if int8(from) > int8(to) {
		from, to = to, from
	}
	if nocase {
		from, to, c = lower(from), lower(to), lower(c)
	}
	return int8(from) <= int8(c) && int8(c) <= int8(to)
}

func equal(a, b byte, nocase bool) bool {
	return a == b || (nocase && lower(a) == lower(b))
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

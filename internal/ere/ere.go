// Package ere matches byte strings with extended regular expressions in the
// dialect of the library TRE, which Redis 8.8 uses for ARGREP.
//
// The dialect is that of POSIX with the classes \w \W \s \S \d \D, the
// assertions \b \B \< \>, the escapes \t \n \r \f \a \e \xHH \x{HH}, \Q...\E,
// (?i) (?n) (?:...) and (?#...). Case is that of ASCII, and a byte is a
// character. Minimal repetitions are equivalent to others, since the result is
// only whether there is a match. Back references are parsed so that the caller
// can reject them. The bounds of approximate matching ({~1}) are not parsed.
//
// A compiled expression has at most maxProgram states. Matching N bytes costs
// O(N) if the same state sets occur again, which they nearly always do, and at
// worst O(N*S) for S states, whatever the pattern. Memory is O(S), and limited
// by maxSets and maxStates. A Regexp must be used by one goroutine at a time.
package ere

import "math/bits"

// Error is the reason why a text is not a regular expression, in the words of
// TRE.
type Error string

func (e Error) Error() string { return string(e) }

// The errors of Compile.
const (
	errSyntax     Error = "Invalid regexp"
	errCollating  Error = "Unknown collating element"
	errClass      Error = "Unknown character class name"
	errBackslash  Error = "Trailing backslash"
	errReference  Error = "Invalid back reference"
	errBracket    Error = "Missing ']'"
	errParen      Error = "Missing ')'"
	errBrace      Error = "Missing '}'"
	errBound      Error = "Invalid contents of {}"
	errRange      Error = "Invalid character range"
	errMemory     Error = "Out of memory"
	errRepetition Error = "Invalid use of repetition operators"
	errBoundMax   Error = "Maximum repetition in {} larger than 255"
)

// Regexp is a compiled regular expression.
type Regexp struct {
	prog []inst
	sets []byteSet
	refs bool

	anchored bool // a match is possible only at 0
	dfa      dfa
}

// References reports whether the expression has back references. Match does
// not support them.
func (r *Regexp) References() bool { return r.refs }

// byteSet is a set of bytes.
type byteSet [4]uint64

func (s *byteSet) add(b byte)      { s[b>>6] |= 1 << (b & 63) }
func (s *byteSet) has(b byte) bool { return s[b>>6]>>(b&63)&1 != 0 }

func (s *byteSet) addRange(low, high int) {
	for c := low; c <= high; c++ {
		s.add(byte(c))
	}
}

func (s *byteSet) union(o *byteSet) {
	for i := range s {
		s[i] |= o[i]
	}
}

func (s *byteSet) negate() {
	for i := range s {
		s[i] = ^s[i]
	}
}

func (s *byteSet) len() (n int) {
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// Assertions.
type assertion uint8

const (
	atStart assertion = iota
	atEnd
	atWordStart
	atWordEnd
	atBoundary
	notAtBoundary
)

// The operations of a program.
type op uint8

const (
	opMatch  op = iota
	opByte      // consume a byte of sets[x]
	opAssert    // check assertion x
	opJump      // to x
	opSplit     // continue at x and at y
)

type inst struct {
	op   op
	x, y int32
}

func isWord(b byte) bool {
	return b == '_' || b-'0' <= 9 || b|0x20 >= 'a' && b|0x20 <= 'z'
}

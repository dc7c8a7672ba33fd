// Package ere matches byte strings with extended regular expressions as the
// library TRE reads them, which Redis 8.8 uses for ARGREP.
//
// These are those of POSIX, with the classes \w \W \s \S \d \D, the
// assertions \b \B \< \>, the escapes \t \n \r \f \a \e \xHH \x{HH}, \Q...\E,
// (?i) (?n) (?:...) and (?#...). Case is that of ASCII, and a byte is a
// character. Minimal repetitions are read, but whether there is a match is all
// that is told, so they are as good as others. Back references are read, to be
// refused; the bounds of approximate matching ({~1}) are not.
//
// Compiling costs no more than maxProgram states. Matching costs O(N*S) of N
// bytes and S states, whatever the pattern is, and memory O(S). A Regexp is for
// one goroutine at a time.
package ere

import "math/bits"

// Error says why a text is no regular expression, in the words of TRE.
type Error string

func (e Error) Error() string { return string(e) }

// What can be wrong.
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

	// first are the bytes that a match can begin with, if it can't be empty
	// and begins with no assertion; anchored: it can begin only at 0.
	first    byteSet
	hasFirst bool
	anchored bool

	now, next threads
	stack     []int32
}

// References tells whether the expression has back references. It does not
// match what it should then.
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
	opByte      // a byte of sets[x], then on
	opAssert    // assertion x, then on
	opJump      // to x
	opSplit     // to x and to y
)

type inst struct {
	op   op
	x, y int32
}

// threads are the states that the matcher is in.
type threads struct {
	list []int32
	mark []uint32 // the round in which a state was entered last
	at   uint32
}

func (t *threads) reset(n int) {
	if len(t.mark) != n {
		t.mark = make([]uint32, n)
		t.at = 0
	}
	t.list = t.list[:0]
	t.at++
	if t.at == 0 {
		clear(t.mark)
		t.at = 1
	}
}

// Match tells whether some part of b matches.
func (r *Regexp) Match(b []byte) bool {
	n := len(r.prog)
	r.now.reset(n)
	for i := 0; ; i++ {
		if !r.anchored || i == 0 {
			if r.hasFirst && len(r.now.list) == 0 {
				for i < len(b) && !r.first.has(b[i]) {
					i++
				}
				if i == len(b) {
					return false
				}
			}
			if r.enter(&r.now, 0, b, i) {
				return true
			}
		}
		if i == len(b) || r.anchored && len(r.now.list) == 0 {
			return false
		}
		r.next.reset(n)
		for _, pc := range r.now.list {
			if in := &r.prog[pc]; r.sets[in.x].has(b[i]) && r.enter(&r.next, pc+1, b, i+1) {
				return true
			}
		}
		r.now, r.next = r.next, r.now
	}
}

// enter adds a state at position i of b with all that follow from it; true if
// that is a match.
func (r *Regexp) enter(t *threads, pc int32, b []byte, i int) bool {
	r.stack = append(r.stack[:0], pc)
	for len(r.stack) > 0 {
		pc := r.stack[len(r.stack)-1]
		r.stack = r.stack[:len(r.stack)-1]
		if t.mark[pc] == t.at {
			continue
		}
		t.mark[pc] = t.at
		switch in := &r.prog[pc]; in.op {
		case opMatch:
			return true
		case opByte:
			t.list = append(t.list, pc)
		case opAssert:
			if holds(assertion(in.x), b, i) {
				r.stack = append(r.stack, pc+1)
			}
		case opJump:
			r.stack = append(r.stack, in.x)
		case opSplit:
			r.stack = append(r.stack, in.x, in.y)
		}
	}
	return false
}

// holds tells whether an assertion holds at position i. As in TRE, a zero byte
// is as good as the end, and both ends are boundaries of words.
func holds(a assertion, b []byte, i int) bool {
	var before, after byte
	if i > 0 {
		before = b[i-1]
	}
	if i < len(b) {
		after = b[i]
	}
	switch a {
	case atStart:
		return i == 0
	case atEnd:
		return after == 0
	case atWordStart:
		return !isWord(before) && isWord(after)
	case atWordEnd:
		return isWord(before) && !isWord(after)
	case atBoundary:
		return i == 0 || after == 0 || isWord(before) != isWord(after)
	}
	return i > 0 && after != 0 && isWord(before) == isWord(after)
}

func isWord(b byte) bool {
	return b == '_' || b-'0' <= 9 || b|0x20 >= 'a' && b|0x20 <= 'z'
}

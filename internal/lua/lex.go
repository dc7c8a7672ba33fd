package lua

import (
	"fmt"
	"strings"
)

// SyntaxError is the error of Compile; its text begins with chunk and line.
type SyntaxError string

func (e SyntaxError) Error() string { return string(e) }

// token is a character, or one of the constants below.
type token int

const (
	tEOF token = iota + 256
	tConcat
	tDots
	tEq
	tGe
	tLe
	tNe
	tNumber
	tName
	tString
	tAnd
	tBreak
	tDo
	tElse
	tElseif
	tEnd
	tFalse
	tFor
	tFunction
	tIf
	tIn
	tLocal
	tNil
	tNot
	tOr
	tRepeat
	tReturn
	tThen
	tTrue
	tUntil
	tWhile
)

var tokenNames = [...]string{"<eof>", "..", "...", "==", ">=", "<=", "~=", "<number>", "<name>", "<string>",
	"and", "break", "do", "else", "elseif", "end", "false", "for", "function", "if", "in", "local", "nil", "not", "or",
	"repeat", "return", "then", "true", "until", "while"}

func (t token) String() string {
	switch {
	case t >= 256:
		return tokenNames[t-256]
	case t < 32 || t == 127:
		return fmt.Sprintf("char(%d)", int(t))
	}
	return string([]byte{byte(t)})
}

func keyword(name string) token {
	for t := tAnd; t <= tWhile; t++ {
		if tokenNames[t-256] == name {
			return t
		}
	}
	return tName
}

// lexer splits a source into tokens.
type lexer struct {
	src   string
	pos   int
	start int // of the token
	chunk string
	line  int
	last  int // line of the previous token
	size  int // size in bytes of what the parser makes of the tokens
	work  func(steps int)
	tok   token
	text  string // of a name or a string
	num   float64
	// ahead is the next token after tok, if it was read.
	ahead     token
	aheadText string
	aheadNum  float64
}

// failNear reports an error at a token whose text is given.
func (x *lexer) failNear(msg, near string) {
	x.failAt(x.line, fmt.Sprintf("%s near '%s'", msg, near))
}

func (x *lexer) failAt(line int, msg string) {
	panic(SyntaxError(fmt.Sprintf("%s:%d: %s", x.chunk, line, msg)))
}

// fail reports an error at the current token.
func (x *lexer) fail(msg string) {
	near := x.tok.String()
	if x.tok == tName || x.tok == tString || x.tok == tNumber {
		near = x.src[x.start:x.pos]
	}
	x.failNear(msg, near)
}

func (x *lexer) next() {
	x.last = x.line
	x.work(1 + (x.pos-x.start)>>5)
	if x.ahead != 0 {
		x.tok, x.text, x.num = x.ahead, x.aheadText, x.aheadNum
		x.ahead = 0
	} else {
		x.tok = x.scan()
	}
	if x.tok == tName || x.tok == tString || x.tok == tNumber {
		x.size += operandSize
	}
}

// peek returns the token after the current one.
func (x *lexer) peek() token {
	tok, text, num := x.tok, x.text, x.num
	x.ahead = x.scan()
	x.aheadText, x.aheadNum = x.text, x.num
	x.tok, x.text, x.num = tok, text, num
	return x.ahead
}

func (x *lexer) at(i int) byte {
	if i < len(x.src) {
		return x.src[i]
	}
	return 0
}

func (x *lexer) newline() {
	c := x.src[x.pos]
	x.pos++
	if d := x.at(x.pos); x.pos < len(x.src) && (d == '\n' || d == '\r') && d != c {
		x.pos++
	}
	x.line++
}

func isLetter(c byte) bool { return c|0x20-'a' < 26 || c == '_' }
func isDigit(c byte) bool  { return c-'0' < 10 }

func (x *lexer) scan() token {
	for x.pos < len(x.src) {
		x.start = x.pos
		c := x.src[x.pos]
		switch {
		case c == '\n' || c == '\r':
			x.newline()
			continue
		case isSpace(c):
			x.pos++
			continue
		case c == '-' && x.at(x.pos+1) == '-':
			x.comment()
			continue
		case isLetter(c):
			for x.pos < len(x.src) && (isLetter(x.src[x.pos]) || isDigit(x.src[x.pos])) {
				x.pos++
			}
			x.text = x.src[x.start:x.pos]
			return keyword(x.text)
		case isDigit(c) || c == '.' && isDigit(x.at(x.pos+1)):
			return x.number()
		case c == '"' || c == '\'':
			return x.quoted(c)
		case c == '[':
			if n := x.brackets(); n >= 0 {
				x.text = x.long(n, "string")
				return tString
			} else if n == -2 {
				x.pos++
				for x.at(x.pos) == '=' {
					x.pos++
				}
				x.failNear("invalid long string delimiter", x.src[x.start:x.pos])
			}
		}
		x.pos++
		d := x.at(x.pos)
		switch {
		case c == '.' && d == '.' && x.at(x.pos+1) == '.':
			x.pos += 2
			return tDots
		case c == '.' && d == '.':
			x.pos++
			return tConcat
		case d == '=' && c == '=':
			x.pos++
			return tEq
		case d == '=' && c == '>':
			x.pos++
			return tGe
		case d == '=' && c == '<':
			x.pos++
			return tLe
		case d == '=' && c == '~':
			x.pos++
			return tNe
		}
		return token(c)
	}
	x.start = x.pos
	return tEOF
}

func (x *lexer) comment() {
	x.pos += 2
	if x.at(x.pos) == '[' {
		if n := x.brackets(); n >= 0 {
			x.long(n, "comment")
			return
		}
	}
	for x.pos < len(x.src) && x.src[x.pos] != '\n' && x.src[x.pos] != '\r' {
		x.pos++
	}
}

// brackets returns the number of equal signs between the two brackets that
// open a long string. It returns -1 for a single bracket, and -2 if the second
// one is missing after equal signs.
func (x *lexer) brackets() int {
	i := x.pos + 1
	for x.at(i) == '=' {
		i++
	}
	switch {
	case x.at(i) == '[':
		return i - x.pos - 1
	case i == x.pos+1:
		return -1
	}
	return -2
}

func (x *lexer) long(level int, what string) string {
	x.pos += level + 2
	if x.pos < len(x.src) && (x.src[x.pos] == '\n' || x.src[x.pos] == '\r') {
		x.newline()
	}
	end := "]" + strings.Repeat("=", level) + "]"
	var b strings.Builder
	for {
		if x.pos >= len(x.src) {
			x.failNear("unfinished long "+what, "<eof>")
		}
		switch c := x.src[x.pos]; {
		case c == '\n' || c == '\r':
			x.newline()
			b.WriteByte('\n')
		case c == ']' && strings.HasPrefix(x.src[x.pos:], end):
			x.pos += len(end)
			return b.String()
		case c == '[' && level == 0 && x.at(x.pos+1) == '[':
			x.failNear("nesting of [[...]] is deprecated", "[")
		default:
			b.WriteByte(c)
			x.pos++
		}
	}
}

func (x *lexer) number() token {
	for isDigit(x.at(x.pos)) || x.at(x.pos) == '.' {
		x.pos++
	}
	if x.at(x.pos)|0x20 == 'e' {
		x.pos++
		if c := x.at(x.pos); c == '+' || c == '-' {
			x.pos++
		}
	}
	for c := x.at(x.pos); isLetter(c) || isDigit(c); c = x.at(x.pos) {
		x.pos++
	}
	var ok bool
	if x.num, ok = parseNumber(x.src[x.start:x.pos]); !ok {
		x.failNear("malformed number", x.src[x.start:x.pos])
	}
	return tNumber
}

func (x *lexer) quoted(quote byte) token {
	x.pos++
	var b []byte
	for {
		if x.pos >= len(x.src) {
			x.failNear("unfinished string", "<eof>")
		}
		c := x.src[x.pos]
		switch c {
		case quote:
			x.pos++
			x.text = string(b)
			return tString
		case '\n', '\r':
			x.failNear("unfinished string", string(quote)+string(b))
		case '\\':
			x.pos++
			b = x.escape(b, quote)
		default:
			b = append(b, c)
			x.pos++
		}
	}
}

func (x *lexer) escape(b []byte, quote byte) []byte {
	if x.pos >= len(x.src) {
		return b // the caller reports the end
	}
	c := x.src[x.pos]
	switch {
	case c == '\n' || c == '\r':
		x.newline()
		return append(b, '\n')
	case isDigit(c):
		n := 0
		for i := 0; i < 3 && isDigit(x.at(x.pos)); i++ {
			n = n*10 + int(x.src[x.pos]-'0')
			x.pos++
		}
		if n > 255 {
			x.failNear("escape sequence too large", string(quote)+string(b))
		}
		return append(b, byte(n))
	}
	x.pos++
	if i := strings.IndexByte("abfnrtv", c); i >= 0 {
		c = "\a\b\f\n\r\t\v"[i]
	}
	return append(b, c)
}

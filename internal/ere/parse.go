package ere

// node is a part of a parsed expression.
type node struct {
	kind        kind
	set         byteSet
	assertion   assertion
	min, max    int // of a repeat; max is -1 for no limit
	left, right *node
}

type kind uint8

const (
	empty kind = iota
	set
	assert
	concat
	either
	repeat
)

// newEither returns an alternative of two nodes. If both match only the empty
// string, TRE uses only the assertions of the first.
func newEither(a, b *node) *node {
	if a.blank() && b.blank() {
		return a
	}
	return &node{kind: either, left: a, right: b}
}

// newRepeat repeats a node. A node that may match the empty string repeats at
// least once: TRE evaluates its assertions even then.
func newRepeat(n *node, low, high int) *node {
	if low == 0 && high != 0 && n.nullable() {
		low = 1
	}
	return &node{kind: repeat, min: low, max: high, left: n}
}

// nullable reports whether the node may match the empty string.
func (n *node) nullable() bool {
	switch n.kind {
	case set:
		return false
	case concat:
		return n.left.nullable() && n.right.nullable()
	case either:
		return n.left.nullable() || n.right.nullable()
	case repeat:
		return n.min == 0 || n.left.nullable()
	}
	return true
}

// blank reports whether the node matches only the empty string.
func (n *node) blank() bool {
	switch n.kind {
	case set:
		return false
	case concat, either:
		return n.left.blank() && n.right.blank()
	case repeat:
		return n.max == 0 || n.left.blank()
	}
	return true
}

// parser parses an expression as TRE does, including its oddities: (?i) holds
// to the end of the group, whose parenthesis then ends two groups at once.
type parser struct {
	re      []byte
	i       int
	depth   int // number of open groups
	fold    bool
	newline bool // (?n): . matches no newline
	quoted  bool // between \Q and \E

	groups, reference int // number of groups, and the largest reference to one
	refs              bool
}

// parse reads a whole expression.
func (p *parser) parse() (*node, error) {
	n, err := p.expression()
	switch {
	case err != nil:
		return nil, err
	case p.depth > 0:
		return nil, errParen
	case p.reference > p.groups:
		return nil, errReference
	}
	return n, nil
}

// peek returns the byte n bytes ahead, 0 beyond the end.
func (p *parser) peek(n int) byte {
	if p.i+n < len(p.re) {
		return p.re[p.i+n]
	}
	return 0
}

func (p *parser) done() bool { return p.i >= len(p.re) }

// expression parses alternatives up to the end or the closing parenthesis.
func (p *parser) expression() (*node, error) {
	quoted := p.quoted
	n, err := p.branch()
	if err != nil || quoted {
		return n, err
	}
	for !p.done() && !p.quoted {
		switch p.peek(0) {
		case '|':
			p.i++
			right, err := p.branch()
			if err != nil {
				return nil, err
			}
			n = newEither(n, right)
		case ')':
			p.i++
			return n, nil
		default:
			return n, nil
		}
	}
	return n, nil
}

func (p *parser) branch() (*node, error) {
	n, err := p.piece()
	for err == nil && !p.done() {
		if c := p.peek(0); !p.quoted {
			if c == '|' {
				return n, nil
			}
			if c == ')' && p.depth > 0 {
				p.depth--
				return n, nil
			}
		}
		var right *node
		right, err = p.piece()
		n = &node{kind: concat, left: n, right: right}
	}
	return n, err
}

// piece parses an atom with its repetition.
func (p *parser) piece() (*node, error) {
	quoted := p.quoted
	n, err := p.atom()
	if quoted {
		return n, err
	}
	for err == nil && !p.done() && !p.quoted {
		low, high := 0, -1
		switch p.peek(0) {
		case '*':
		case '+':
			low = 1
		case '?':
			high = 1
		case '{':
			p.i++
			n, err = p.bound(n)
			continue
		default:
			return n, nil
		}
		n, err = p.repeated(n, low, high)
	}
	return n, err
}

// maxBound is the maximum number in braces.
const maxBound = 255

// number parses digits. It returns -1 if there are none.
func (p *parser) number() int {
	n, from := 0, p.i
	for ; p.peek(0) >= '0' && p.peek(0) <= '9'; p.i++ {
		n = min(n*10+int(p.peek(0)-'0'), maxBound+1)
	}
	if p.i == from {
		return -1
	}
	return n
}

// bound parses a repetition of n behind its opening brace.
func (p *parser) bound(n *node) (*node, error) {
	from := p.i
	low := p.number()
	high := low
	if p.peek(0) == ',' {
		low = max(low, 0)
		p.i++
		high = p.number()
	}
	switch {
	case high >= 0 && low > high:
		return nil, errBound
	case low > maxBound || high > maxBound:
		return nil, errBoundMax
	case p.done():
		return nil, errBrace
	case p.i == from || p.peek(0) != '}':
		return nil, errBound
	}
	return p.repeated(n, low, high)
}

// repeated parses the end of a repetition. The current byte is its last one.
func (p *parser) repeated(n *node, low, high int) (*node, error) {
	switch p.i++; p.peek(0) {
	case '?':
		p.i++
	case '*', '+':
		return nil, errRepetition
	}
	return newRepeat(n, low, high), nil
}

func (p *parser) atom() (*node, error) {
	if p.done() || p.quoted {
		return p.literal()
	}
	switch p.peek(0) {
	case '(':
		return p.group()
	case ')':
		if p.depth > 0 {
			return &node{}, nil
		}
	case '[':
		p.i++
		return p.bracket()
	case '\\':
		return p.escape()
	case '.':
		p.i++
		n := &node{kind: set}
		n.set.negate()
		if p.newline {
			n.set['\n'>>6] &^= 1 << '\n'
		}
		return n, nil
	case '^':
		return p.assertion(1, atStart), nil
	case '$':
		return p.assertion(1, atEnd), nil
	}
	return p.literal()
}

func (p *parser) assertion(length int, a assertion) *node {
	p.i += length
	return &node{kind: assert, assertion: a}
}

// byteNode matches a literal byte.
func byteNode(b byte) *node {
	n := &node{kind: set}
	n.set.add(b)
	return n
}

// literal parses a literal byte, or nothing where one is missing.
func (p *parser) literal() (*node, error) {
	if p.quoted && p.peek(0) == '\\' && p.peek(1) == 'E' {
		p.quoted = false
		p.i += 2
		return p.piece()
	}
	if p.done() && !p.quoted {
		return &node{}, nil
	}
	b := p.peek(0) // an unclosed \Q has a zero byte at the end
	if !p.quoted {
		switch b {
		case '*', '|', '{', '+', '?':
			return &node{}, nil
		}
	}
	p.i++
	n := byteNode(b)
	if p.fold {
		n.set.add(lower(b))
		n.set.add(upper(b))
	}
	return n, nil
}

// group parses a construct that begins with a parenthesis.
func (p *parser) group() (*node, error) {
	p.i++
	if p.peek(0) != '?' {
		p.depth++
		p.groups++
		return p.expression()
	}
	fold, newline := p.fold, p.newline
	defer func() { p.fold, p.newline = fold, newline }()
	on := true
	setFold, setNewline := fold, newline
	for p.i++; ; p.i++ {
		switch p.peek(0) {
		case 'i':
			setFold = on
			continue
		case 'n':
			setNewline = on
			continue
		case 'r', 'U': // these affect only which match is found
			continue
		case '-':
			on = false
			continue
		case ':':
			p.depth++
		case ')':
		case '#':
			for !p.done() && p.peek(0) != ')' {
				p.i++
			}
			if p.done() {
				return nil, errSyntax
			}
		default:
			return nil, errSyntax
		}
		p.i++
		p.fold, p.newline = setFold, setNewline
		return p.expression()
	}
}

// escapes are the bytes for letters behind a backslash.
var escapes = map[byte]byte{'t': '\t', 'n': '\n', 'r': '\r', 'f': '\f', 'a': '\a', 'e': 0x1b}

// escape parses a construct that begins with a backslash.
func (p *parser) escape() (*node, error) {
	c := p.peek(1)
	if b, ok := escapes[c]; ok {
		p.i += 2
		return byteNode(b), nil
	}
	n := &node{kind: set}
	switch c {
	case 'w', 'W':
		n.set.addClass("alnum")
		n.set.add('_')
	case 's', 'S':
		n.set.addClass("space")
	case 'd', 'D':
		n.set.addClass("digit")
	}
	if n.set.len() > 0 {
		p.i += 2
		if c < 'a' {
			n.set.negate()
		}
		return n, nil
	}
	if p.i+1 >= len(p.re) {
		return nil, errBackslash
	}
	switch {
	case c == 'Q':
		p.quoted = true
		p.i += 2
		return p.atom()
	case c == 'b':
		return p.assertion(2, atBoundary), nil
	case c == 'B':
		return p.assertion(2, notAtBoundary), nil
	case c == '<':
		return p.assertion(2, atWordStart), nil
	case c == '>':
		return p.assertion(2, atWordEnd), nil
	case c == 'x':
		p.i += 2
		return p.hex()
	case c >= '0' && c <= '9':
		p.reference, p.refs = max(p.reference, int(c-'0')), true
		p.i += 2
		return &node{}, nil
	}
	p.i += 2
	return byteNode(c), nil
}

// hex parses the digits of a byte, in braces if there are more than two.
func (p *parser) hex() (*node, error) {
	v, n, most, braces := 0, 0, 2, p.peek(0) == '{'
	if braces {
		p.i++
		most = 8
	}
	for ; n < most; n++ {
		d := hexDigit(p.peek(0))
		if d < 0 {
			break
		}
		v = v<<4 | d
		p.i++
	}
	if braces {
		if p.peek(0) != '}' {
			return nil, errBrace
		}
		p.i++
	}
	if v > 255 {
		return &node{kind: set}, nil // matches no byte
	}
	return byteNode(byte(v)), nil
}

func hexDigit(b byte) int {
	switch {
	case b-'0' <= 9:
		return int(b - '0')
	case b|0x20 >= 'a' && b|0x20 <= 'f':
		return int(b|0x20-'a') + 10
	}
	return -1
}

// bracket parses a set behind its opening bracket.
func (p *parser) bracket() (*node, error) {
	n := &node{kind: set}
	negated := p.peek(0) == '^'
	if negated {
		p.i++
	}
	for from := p.i; ; {
		c, next := p.peek(0), p.peek(1)
		switch {
		case p.done():
			return nil, errBracket
		case c == ']' && p.i > from:
			p.i++
			if negated {
				n.set.negate()
			}
			return n, nil
		case p.i+2 < len(p.re) && next == '-' && p.peek(2) != ']':
			high := p.peek(2)
			if c > high {
				return nil, errRange
			}
			n.set.addRange(int(c), int(high))
			if p.fold {
				for b := int(c); b <= int(high); b++ {
					n.set.add(lower(byte(b)))
					n.set.add(upper(byte(b)))
				}
			}
			p.i += 3
		case c == '[' && (next == '.' || next == '='):
			return nil, errCollating
		case c == '[' && next == ':':
			end := p.i + 2
			for end < len(p.re) && p.re[end] != ':' {
				end++
			}
			if end == len(p.re) {
				return nil, errClass
			}
			var class byteSet
			if !class.addClass(string(p.re[p.i+2 : end])) {
				return nil, errClass
			}
			if p.fold {
				for b := byte('A'); b <= 'Z'; b++ {
					if class.has(b) || class.has(lower(b)) {
						class.add(b)
						class.add(lower(b))
					}
				}
			}
			n.set.union(&class)
			p.i = end + 2
		case c == '-' && next != ']' && p.i > from:
			return nil, errRange // the end of one range can't begin another
		default:
			n.set.add(c)
			if p.fold {
				n.set.add(lower(c))
				n.set.add(upper(c))
			}
			p.i++
		}
	}
}

func lower(b byte) byte {
	if b >= 'A' && b <= 'Z' {
		return b | 0x20
	}
	return b
}

func upper(b byte) byte {
	if b >= 'a' && b <= 'z' {
		return b &^ 0x20
	}
	return b
}

// addClass adds a character class of the C locale. It returns false if the
// name is unknown.
func (s *byteSet) addClass(name string) bool {
	switch name {
	case "alnum":
		s.addClass("alpha")
		s.addClass("digit")
	case "alpha":
		s.addClass("lower")
		s.addClass("upper")
	case "ascii":
		s.addRange(0, 0x7f)
	case "blank":
		s.add(' ')
		s.add('\t')
	case "cntrl":
		s.addRange(0, 0x1f)
		s.add(0x7f)
	case "digit":
		s.addRange('0', '9')
	case "graph":
		s.addRange('!', '~')
	case "lower":
		s.addRange('a', 'z')
	case "print":
		s.addRange(' ', '~')
	case "punct":
		s.addRange('!', '/')
		s.addRange(':', '@')
		s.addRange('[', '`')
		s.addRange('{', '~')
	case "space":
		s.addRange('\t', '\r')
		s.add(' ')
	case "upper":
		s.addRange('A', 'Z')
	case "xdigit":
		s.addRange('0', '9')
		s.addRange('a', 'f')
		s.addRange('A', 'F')
	default:
		return false
	}
	return true
}

package lua

import "strings"

const (
	maxCaptures = 32
	maxMatch    = 200 * 100 // nested calls of the matcher
)

// matcher matches a pattern by backtracking.
type matcher struct {
	th       *Thread
	s, p     string
	anchored bool
	depth    int
	steps    uint
	level    int
	capt     [maxCaptures]struct{ start, len int }
}

const (
	captureOpen     = -1
	capturePosition = -2
)

// match returns the end of a match at s of the pattern from p on, or -1.
func (m *matcher) match(s, p int) int {
	if m.depth++; m.depth > maxMatch {
		m.th.Errorf("pattern too complex")
	}
	defer func() { m.depth-- }()
	for {
		if m.steps++; m.steps%64 == 0 {
			m.th.Work(64)
		}
		if p == len(m.p) {
			return s
		}
		switch m.p[p] {
		case '(':
			if p+1 < len(m.p) && m.p[p+1] == ')' {
				return m.open(s, p+2, capturePosition)
			}
			return m.open(s, p+1, captureOpen)
		case ')':
			return m.close(s, p+1)
		case '$':
			if p+1 == len(m.p) {
				if s == len(m.s) {
					return s
				}
				return -1
			}
		case '%':
			if p+1 < len(m.p) {
				switch c := m.p[p+1]; {
				case c == 'b':
					if s = m.balance(s, p+2); s < 0 {
						return -1
					}
					p += 4
					continue
				case c == 'f':
					p += 2
					if p >= len(m.p) || m.p[p] != '[' {
						m.th.Errorf("missing '[' after '%%f' in pattern")
					}
					end := m.classEnd(p)
					var before, here byte
					if s > 0 {
						before = m.s[s-1]
					}
					if s < len(m.s) {
						here = m.s[s]
					}
					if m.inSet(before, p, end-1) || !m.inSet(here, p, end-1) {
						return -1
					}
					p = end
					continue
				case isDigit(c):
					if s = m.back(s, c); s < 0 {
						return -1
					}
					p += 2
					continue
				}
			}
		}
		end := m.classEnd(p)
		var after byte
		if end < len(m.p) {
			after = m.p[end]
		}
		switch after {
		case '?':
			if s < len(m.s) && m.single(m.s[s], p, end) {
				if r := m.match(s+1, end+1); r >= 0 {
					return r
				}
			}
			p = end + 1
			continue
		case '*', '+':
			i := 0
			for s+i < len(m.s) && m.single(m.s[s+i], p, end) {
				i++
			}
			m.th.Work(i >> 3)
			least := 0
			if after == '+' {
				least = 1
			}
			for ; i >= least; i-- {
				if r := m.match(s+i, end+1); r >= 0 {
					return r
				}
			}
			return -1
		case '-':
			for {
				if r := m.match(s, end+1); r >= 0 {
					return r
				}
				if s >= len(m.s) || !m.single(m.s[s], p, end) {
					return -1
				}
				s++
			}
		}
		if s >= len(m.s) || !m.single(m.s[s], p, end) {
			return -1
		}
		s, p = s+1, end
	}
}

func (m *matcher) open(s, p, what int) int {
	if m.level >= maxCaptures {
		m.th.Errorf("too many captures")
	}
	m.capt[m.level].start, m.capt[m.level].len = s, what
	m.level++
	r := m.match(s, p)
	if r < 0 {
		m.level--
	}
	return r
}

func (m *matcher) close(s, p int) int {
	i := m.level - 1
	for ; i >= 0 && m.capt[i].len != captureOpen; i-- {
	}
	if i < 0 {
		m.th.Errorf("invalid pattern capture")
	}
	m.capt[i].len = s - m.capt[i].start
	r := m.match(s, p)
	if r < 0 {
		m.capt[i].len = captureOpen
	}
	return r
}

func (m *matcher) balance(s, p int) int {
	if p+1 >= len(m.p) {
		m.th.Errorf("unbalanced pattern")
	}
	if s >= len(m.s) || m.s[s] != m.p[p] {
		return -1
	}
	open, shut, depth := m.p[p], m.p[p+1], 1
	m.th.workBytes(len(m.s) - s)
	for s++; s < len(m.s); s++ {
		switch m.s[s] {
		case shut:
			if depth--; depth == 0 {
				return s + 1
			}
		case open:
			depth++
		}
	}
	return -1
}

// back matches the text of a capture.
func (m *matcher) back(s int, digit byte) int {
	i := int(digit) - '1'
	if i < 0 || i >= m.level || m.capt[i].len == captureOpen {
		m.th.Errorf("invalid capture index")
	}
	text := m.s[m.capt[i].start : m.capt[i].start+max(m.capt[i].len, 0)]
	m.th.workBytes(len(text))
	if strings.HasPrefix(m.s[s:], text) {
		return s + len(text)
	}
	return -1
}

// classEnd returns the end of the class that begins at p.
func (m *matcher) classEnd(p int) int {
	c, start := m.p[p], p
	p++
	switch c {
	case '%':
		if p >= len(m.p) {
			m.th.Errorf("malformed pattern (ends with '%%')")
		}
		return p + 1
	case '[':
		if p < len(m.p) && m.p[p] == '^' {
			p++
		}
		for first := true; first || p >= len(m.p) || m.p[p] != ']'; first = false {
			if p >= len(m.p) {
				m.th.Errorf("malformed pattern (missing ']')")
			}
			p++
			if m.p[p-1] == '%' && p < len(m.p) {
				p++
			}
		}
		m.th.workBytes(p - start)
		return p + 1
	}
	return p
}

func (m *matcher) single(c byte, p, end int) bool {
	switch m.p[p] {
	case '.':
		return true
	case '%':
		return inClass(c, m.p[p+1])
	case '[':
		return m.inSet(c, p, end-1)
	}
	return m.p[p] == c
}

// inSet reports whether c is in the set [...]; end is the position of its ']'.
func (m *matcher) inSet(c byte, p, end int) bool {
	m.th.workBytes(end - p)
	p++
	yes := true
	if m.p[p] == '^' {
		yes = false
		p++
	}
	for ; p < end; p++ {
		switch {
		case m.p[p] == '%':
			p++
			if inClass(c, m.p[p]) {
				return yes
			}
		case p+2 < end && m.p[p+1] == '-':
			if m.p[p] <= c && c <= m.p[p+2] {
				return yes
			}
			p += 2
		case m.p[p] == c:
			return yes
		}
	}
	return !yes
}

func inClass(c, class byte) bool {
	var in bool
	switch class | 0x20 {
	case 'a':
		in = c|0x20-'a' < 26
	case 'c':
		in = c < 32 || c == 127
	case 'd':
		in = isDigit(c)
	case 'l':
		in = c-'a' < 26
	case 'p':
		in = c > 32 && c < 127 && !isDigit(c) && c|0x20-'a' >= 26
	case 's':
		in = isSpace(c)
	case 'u':
		in = c-'A' < 26
	case 'w':
		in = isDigit(c) || c|0x20-'a' < 26
	case 'x':
		in = hexDigit(c) >= 0
	case 'z':
		in = c == 0
	default:
		return class == c
	}
	if class&0x20 == 0 {
		return !in
	}
	return in
}

// capture returns capture i, or the whole match if there are none.
func (m *matcher) capture(i, start, end int) Value {
	if i >= m.level {
		if i != 0 {
			m.th.Errorf("invalid capture index")
		}
		return Str(m.s[start:end])
	}
	switch c := m.capt[i]; c.len {
	case captureOpen:
		m.th.Errorf("unfinished capture")
		return Value{}
	case capturePosition:
		return Int(c.start + 1)
	default:
		return Str(m.s[c.start : c.start+c.len])
	}
}

// captures appends all captures to r. If there are none and whole is set, it
// appends the whole match.
func (m *matcher) captures(start, end int, r []Value, whole bool) []Value {
	n := m.level
	if n == 0 && whole {
		n = 1
	}
	for i := range n {
		r = append(r, m.capture(i, start, end))
	}
	return r
}

package transcript

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// node is a reply in the notation of the files: a leaf with its text or a
// list of nodes. Replies from the wire and expected replies have the same
// form; only expected ones have the matcher fields set.
type node struct {
	kind byte   // leaf, or the character behind an index: list ')', mapping '#', set '~'
	text string // of a leaf: `"bulk"`, `(integer) 1`, `OK`, `<any>`, `(empty array)`; empty: not recorded yet
	kids []*node
	push bool
	attr *node // the attribute in front of the reply

	unordered bool
	approx    string
}

const (
	leaf    = 0
	list    = ')'
	mapping = '#' // kids are key, value, key, value
	set     = '~'
)

func text(s string) *node { return &node{text: s} }

const (
	blockedReply = "(blocked)" // the command waits in the server
	closedReply  = "(closed)"  // the server closed the connection
	noReply      = "(no reply)"
)

func (n *node) is(s string) bool { return n != nil && n.kind == leaf && n.text == s }

// String is the node in redis-cli's layout, without a newline at the end.
func (n *node) String() string { return string(n.append(nil, "")) }

// append writes the node; prefix indents all lines but the first.
func (n *node) append(b []byte, prefix string) []byte {
	modifier := func(s string) {
		b = append(b, s...)
		if n.kind != leaf || n.text != "" {
			b = append(append(b, '\n'), prefix...)
		}
	}
	if n.attr != nil {
		b = append(append(b, "(attr)\n"...), prefix...)
		b = append(append(n.attr.append(b, prefix), '\n'), prefix...)
	}
	if n.push {
		modifier("(push)")
	}
	if n.unordered {
		modifier("(unordered)")
	}
	if n.approx != "" {
		if n.kind == leaf {
			return append(b, strings.TrimSpace("(approx "+n.approx+") "+n.text)...)
		}
		modifier("(approx " + n.approx + ")")
	}
	if n.kind == leaf {
		return append(b, n.text...)
	}
	each := 1
	if n.kind == mapping {
		each = 2
	}
	width := len(strconv.Itoa(len(n.kids) / each))
	inner := prefix + strings.Repeat(" ", width+2)
	for i := 0; i < len(n.kids); i += each {
		if i > 0 {
			b = append(append(b, '\n'), prefix...)
		}
		b = fmt.Appendf(b, "%*d%c ", width, i/each+1, n.kind)
		b = n.kids[i].append(b, inner)
		if n.kind == mapping {
			b = append(b, " => "...)
			b = n.kids[i+1].append(b, inner)
		}
	}
	return b
}

// parseReply reads the lines of one expected reply.
func parseReply(lines []string) (*node, error) {
	p := &replyParser{lines: lines}
	n, err := p.value(0, 0, false)
	if err == nil && p.i < len(lines) {
		err = fmt.Errorf("%q does not continue the reply above it", lines[p.i])
	}
	return n, err
}

// replyParser stands at column col of line i; at the end of a value i is the
// first line behind it.
type replyParser struct {
	lines  []string
	i, col int
	depth  int
}

var (
	itemRE     = regexp.MustCompile(`^( *([1-9][0-9]*))([)#~]) `)
	modifierRE = regexp.MustCompile(`^\((push|attr|unordered|approx ([0-9.e-]+))\)( |$)`)
)

const maxDepth = 128

// value reads a node. Its further lines start with prefix blanks; as the key
// of a mapping it ends before " => ".
func (p *replyParser) value(col, prefix int, key bool) (n *node, err error) {
	if p.depth++; p.depth > maxDepth {
		return nil, fmt.Errorf("reply is nested more than %d deep", maxDepth)
	}
	defer func() { p.depth-- }()
	p.col = col
	n = &node{}
	for {
		m := modifierRE.FindStringSubmatch(p.rest())
		if m == nil {
			break
		}
		if p.col += len(m[0]); p.rest() == "" {
			p.i, p.col = p.i+1, prefix
		}
		switch m[1] {
		case "push":
			n.push = true
		case "unordered":
			n.unordered = true
		case "attr":
			if n.attr, err = p.value(p.col, prefix, false); err != nil {
				return nil, err
			}
			p.col = prefix
		default:
			n.approx = m[2]
		}
	}
	if p.i == len(p.lines) || p.rest() == "" {
		return n, nil // modifiers alone: to be recorded
	}
	m := itemRE.FindStringSubmatch(p.rest())
	if m == nil {
		return n, p.leaf(n, key)
	}
	if key {
		return nil, fmt.Errorf("%q: a list is no key", p.rest())
	}
	n.kind = m[3][0]
	width, at := len(m[1]), p.col
	for want := 1; p.i < len(p.lines); want++ {
		if want > 1 {
			if at = prefix; !strings.HasPrefix(p.lines[p.i], strings.Repeat(" ", prefix)) {
				break
			}
		}
		m := itemRE.FindStringSubmatch(p.lines[p.i][at:])
		if m == nil || m[3][0] != n.kind || len(m[1]) != width || m[2] != strconv.Itoa(want) {
			if want == 1 {
				return nil, fmt.Errorf("a list starts with 1, not with %q", p.lines[p.i][at:])
			}
			break
		}
		for _, key := range []bool{true, false} {
			if key && n.kind != mapping {
				continue
			}
			if key || n.kind != mapping {
				p.col = at + len(m[0])
			}
			kid, err := p.value(p.col, prefix+width+2, key)
			if err != nil {
				return nil, err
			}
			n.kids = append(n.kids, kid)
		}
	}
	return n, nil
}

func (p *replyParser) rest() string {
	if p.i < len(p.lines) && p.col <= len(p.lines[p.i]) {
		return p.lines[p.i][p.col:]
	}
	return ""
}

func (p *replyParser) leaf(n *node, key bool) error {
	s := p.rest()
	if !key {
		p.i++
	} else {
		end := 0
		if s[0] == '"' {
			if _, end = unquote(s); end == 0 {
				return errQuotes
			}
		}
		arrow := strings.Index(s[end:], " => ")
		if arrow < 0 {
			return fmt.Errorf("%q is a key without a value", s)
		}
		s = s[:end+arrow]
		p.col += len(s) + len(" => ")
	}
	n.text = s
	if n.push {
		return fmt.Errorf("(push) stands before a list, not before %q", s)
	}
	if n.unordered && s != "<any>" {
		return fmt.Errorf("(unordered) stands before a list, not before %q", s)
	}
	_, err := compile(s)
	return err
}

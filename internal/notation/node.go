package notation

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Node is a reply in the notation of the files: a leaf with its text, or a list of
// nodes. Replies from the wire and expected replies have the same form; only
// expected ones have the matcher fields.
type Node struct {
	Kind byte   // Leaf, or the character after an index: list ')', mapping '#', set '~'
	Text string // of a leaf: `"bulk"`, `(integer) 1`, `OK`, `<any>`, `(empty array)`; empty: not recorded yet
	Kids []*Node
	Push bool
	Attr *Node // the attribute in front of the reply

	Unordered bool
	Approx    string
}

// The kinds of nodes.
const (
	Leaf    = 0
	List    = ')'
	Mapping = '#' // kids are alternating keys and values
	Set     = '~'
)

// Text returns a leaf.
func Text(s string) *Node { return &Node{Text: s} }

// These replace a reply that does not come.
const (
	Blocked = "(blocked)" // the command waits in the server
	Closed  = "(closed)"  // the server closed the connection
	NoReply = "(no reply)"
)

// Is reports whether the node is a leaf with this text.
func (n *Node) Is(s string) bool { return n != nil && n.Kind == Leaf && n.Text == s }

// String returns the node in redis-cli's layout, without a final newline.
func (n *Node) String() string { return string(n.append(nil, "")) }

// append writes the node; prefix indents all lines but the first.
func (n *Node) append(b []byte, prefix string) []byte {
	modifier := func(s string) {
		b = append(b, s...)
		if n.Kind != Leaf || n.Text != "" {
			b = append(append(b, '\n'), prefix...)
		}
	}
	if n.Attr != nil {
		b = append(append(b, "(attr)\n"...), prefix...)
		b = append(append(n.Attr.append(b, prefix), '\n'), prefix...)
	}
	if n.Push {
		modifier("(push)")
	}
	if n.Unordered {
		modifier("(unordered)")
	}
	if n.Approx != "" {
		if n.Kind == Leaf {
			return append(b, strings.TrimSpace("(approx "+n.Approx+") "+n.Text)...)
		}
		modifier("(approx " + n.Approx + ")")
	}
	if n.Kind == Leaf {
		return append(b, n.Text...)
	}
	each := 1
	if n.Kind == Mapping {
		each = 2
	}
	width := len(strconv.Itoa(len(n.Kids) / each))
	inner := prefix + strings.Repeat(" ", width+2)
	for i := 0; i < len(n.Kids); i += each {
		if i > 0 {
			b = append(append(b, '\n'), prefix...)
		}
		b = fmt.Appendf(b, "%*d%c ", width, i/each+1, n.Kind)
		b = n.Kids[i].append(b, inner)
		if n.Kind == Mapping {
			b = append(b, " => "...)
			b = n.Kids[i+1].append(b, inner)
		}
	}
	return b
}

// ParseReply parses the lines of one expected reply.
func ParseReply(lines []string) (*Node, error) {
	p := &replyParser{lines: lines}
	n, err := p.value(0, 0, false)
	if err == nil && p.i < len(lines) {
		err = fmt.Errorf("%q does not continue the reply above it", lines[p.i])
	}
	return n, err
}

// replyParser is at column col of line i. After a value, i is the first line behind
// it.
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

// value parses a node. Its further lines start with prefix blanks. As the key of a
// mapping it ends before " => ".
func (p *replyParser) value(col, prefix int, key bool) (n *Node, err error) {
	if p.depth++; p.depth > maxDepth {
		return nil, fmt.Errorf("reply is nested more than %d deep", maxDepth)
	}
	defer func() { p.depth-- }()
	p.col = col
	n = &Node{}
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
			n.Push = true
		case "unordered":
			n.Unordered = true
		case "attr":
			if n.Attr, err = p.value(p.col, prefix, false); err != nil {
				return nil, err
			}
			p.col = prefix
		default:
			n.Approx = m[2]
		}
	}
	if p.i == len(p.lines) || p.rest() == "" {
		return n, nil // only modifiers: the reply is still to be recorded
	}
	m := itemRE.FindStringSubmatch(p.rest())
	if m == nil {
		return n, p.leaf(n, key)
	}
	if key {
		return nil, fmt.Errorf("%q: a list is no key", p.rest())
	}
	n.Kind = m[3][0]
	width, at := len(m[1]), p.col
	for want := 1; p.i < len(p.lines); want++ {
		if want > 1 {
			if at = prefix; !strings.HasPrefix(p.lines[p.i], strings.Repeat(" ", prefix)) {
				break
			}
		}
		m := itemRE.FindStringSubmatch(p.lines[p.i][at:])
		if m == nil || m[3][0] != n.Kind || len(m[1]) != width || m[2] != strconv.Itoa(want) {
			if want == 1 {
				return nil, fmt.Errorf("a list starts with 1, not with %q", p.lines[p.i][at:])
			}
			break
		}
		for _, key := range []bool{true, false} {
			if key && n.Kind != Mapping {
				continue
			}
			if key || n.Kind != Mapping {
				p.col = at + len(m[0])
			}
			kid, err := p.value(p.col, prefix+width+2, key)
			if err != nil {
				return nil, err
			}
			n.Kids = append(n.Kids, kid)
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

func (p *replyParser) leaf(n *Node, key bool) error {
	s := p.rest()
	if !key {
		p.i++
	} else {
		end := 0
		if s[0] == '"' {
			if _, end = Unquote(s); end == 0 {
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
	n.Text = s
	if n.Push {
		return fmt.Errorf("(push) stands before a list, not before %q", s)
	}
	if n.Unordered && s != "<any>" {
		return fmt.Errorf("(unordered) stands before a list, not before %q", s)
	}
	_, err := compile(s)
	return err
}

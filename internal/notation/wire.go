package notation

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// Decoder decodes replies into the notation. It distinguishes what redis-cli shows
// alike: "$-1" is (nil), "*-1" is (nil array), "_" is (null).
type Decoder struct {
	r *bufio.Reader
	// Wire has the bytes of the last reply, even if they are none.
	Wire []byte
}

// NewDecoder returns a Decoder that reads from r.
func NewDecoder(r io.Reader) *Decoder { return &Decoder{r: bufio.NewReader(r)} }

// ErrProtocol is the error for bytes that are not a reply.
var ErrProtocol = errors.New("not a RESP reply")

// Reply reads the next reply.
func (d *Decoder) Reply() (*Node, error) {
	d.Wire = nil
	return d.value(0)
}

func (d *Decoder) line() (string, error) {
	b, err := d.r.ReadBytes('\n')
	d.Wire = append(d.Wire, b...)
	if err != nil {
		return "", err
	}
	if len(b) < 3 || b[len(b)-2] != '\r' {
		return "", ErrProtocol
	}
	return string(b[:len(b)-2]), nil
}

func (d *Decoder) value(depth int) (*Node, error) {
	if depth > maxDepth {
		return nil, ErrProtocol
	}
	s, err := d.line()
	if err != nil {
		return nil, err
	}
	kind, s := s[0], s[1:]
	switch kind {
	case '+':
		return Text(status(s)), nil
	case '-':
		return Text("(error) " + plain(s)), nil
	case ':':
		return Text("(integer) " + plain(s)), nil
	case ',':
		return Text("(double) " + plain(s)), nil
	case '(':
		return Text("(bignum) " + plain(s)), nil
	case '_':
		return Text("(null)"), nil
	case '#':
		switch s {
		case "t":
			return Text("(true)"), nil
		case "f":
			return Text("(false)"), nil
		}
		return nil, ErrProtocol
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < -1 {
		return nil, ErrProtocol
	}
	switch kind {
	case '$':
		if n == -1 {
			return Text("(nil)"), nil
		}
		b, err := d.bulk(n)
		return Text(Quote(b)), err
	case '!':
		b, err := d.bulk(n)
		return Text("(bulk error) " + Quote(b)), err
	case '=':
		b, err := d.bulk(n)
		if err != nil {
			return nil, err
		}
		if len(b) < 4 || b[3] != ':' {
			return nil, ErrProtocol
		}
		return Text(fmt.Sprintf("(verbatim %s) %s", b[:3], Quote(b[4:]))), nil
	case '*':
		if n == -1 {
			return Text("(nil array)"), nil
		}
		return d.list(&Node{Kind: List}, n, depth, "(empty array)")
	case '%':
		return d.list(&Node{Kind: Mapping}, 2*n, depth, "(empty hash)")
	case '~':
		return d.list(&Node{Kind: Set}, n, depth, "(empty set)")
	case '>':
		return d.list(&Node{Kind: List, Push: true}, n, depth, "(empty push)")
	case '|':
		attr, err := d.list(&Node{Kind: Mapping}, 2*n, depth, "(empty hash)")
		if err != nil {
			return nil, err
		}
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		v.Attr = attr
		return v, nil
	}
	return nil, ErrProtocol
}

func (d *Decoder) bulk(n int) ([]byte, error) {
	if n < 0 {
		return nil, ErrProtocol
	}
	var b bytes.Buffer // grows with the received bytes, whatever length is announced
	_, err := io.CopyN(&b, d.r, int64(n)+2)
	d.Wire = append(d.Wire, b.Bytes()...)
	if err != nil {
		return nil, err
	}
	s := b.Bytes()
	if s[n] != '\r' || s[n+1] != '\n' {
		return nil, ErrProtocol
	}
	return s[:n], nil
}

func (d *Decoder) list(n *Node, count, depth int, empty string) (*Node, error) {
	if count < 0 {
		return nil, ErrProtocol
	}
	if count == 0 {
		return Text(empty), nil
	}
	for range count {
		kid, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.Kids = append(n.Kids, kid)
	}
	return n, nil
}

var bareStatusRE = regexp.MustCompile(`^[A-Za-z][!-;=?-~]*( [!-;?-~]+)*$`)

// status formats a status reply. It is quoted only if a parser of the file would
// mistake it for something else.
func status(s string) string {
	if bareStatusRE.MatchString(s) && Classify(s) == ReplyLine && plain(s) == s {
		return s
	}
	return "(status) " + Quote(s)
}

// plain quotes a line that would not survive unquoted in a text file.
func plain(s string) string {
	if q := Quote(s); len(q) != len(s)+2 || s == "" || s[len(s)-1] == ' ' || s[0] == ' ' || strings.Contains(s, " => ") {
		return q
	}
	return s
}

// Reply returns a reply from the wire in the notation of the files.
func Reply(wire []byte) string {
	d := NewDecoder(bytes.NewReader(wire))
	n, err := d.Reply()
	if err != nil {
		return "(invalid) " + Quote(wire)
	}
	return n.String()
}

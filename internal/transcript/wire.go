package transcript

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

// decoder reads replies into the notation. It keeps apart what redis-cli shows
// alike: "$-1" is (nil), "*-1" is (nil array), "_" is (null).
type decoder struct {
	r    *bufio.Reader
	wire []byte // the bytes of the reply read last
}

var errProtocol = errors.New("not a RESP reply")

func (d *decoder) reply() (*node, error) {
	d.wire = nil
	return d.value(0)
}

func (d *decoder) line() (string, error) {
	b, err := d.r.ReadBytes('\n')
	d.wire = append(d.wire, b...)
	if err != nil {
		return "", err
	}
	if len(b) < 3 || b[len(b)-2] != '\r' {
		return "", errProtocol
	}
	return string(b[:len(b)-2]), nil
}

func (d *decoder) value(depth int) (*node, error) {
	if depth > maxDepth {
		return nil, errProtocol
	}
	s, err := d.line()
	if err != nil {
		return nil, err
	}
	kind, s := s[0], s[1:]
	switch kind {
	case '+':
		return text(status(s)), nil
	case '-':
		return text("(error) " + plain(s)), nil
	case ':':
		return text("(integer) " + plain(s)), nil
	case ',':
		return text("(double) " + plain(s)), nil
	case '(':
		return text("(bignum) " + plain(s)), nil
	case '_':
		return text("(null)"), nil
	case '#':
		switch s {
		case "t":
			return text("(true)"), nil
		case "f":
			return text("(false)"), nil
		}
		return nil, errProtocol
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < -1 {
		return nil, errProtocol
	}
	switch kind {
	case '$':
		if n == -1 {
			return text("(nil)"), nil
		}
		b, err := d.bulk(n)
		return text(quote(b)), err
	case '!':
		b, err := d.bulk(n)
		return text("(bulk error) " + quote(b)), err
	case '=':
		b, err := d.bulk(n)
		if err != nil {
			return nil, err
		}
		if len(b) < 4 || b[3] != ':' {
			return nil, errProtocol
		}
		return text(fmt.Sprintf("(verbatim %s) %s", b[:3], quote(b[4:]))), nil
	case '*':
		if n == -1 {
			return text("(nil array)"), nil
		}
		return d.list(&node{kind: list}, n, depth, "(empty array)")
	case '%':
		return d.list(&node{kind: mapping}, 2*n, depth, "(empty hash)")
	case '~':
		return d.list(&node{kind: set}, n, depth, "(empty set)")
	case '>':
		return d.list(&node{kind: list, push: true}, n, depth, "(empty push)")
	case '|':
		attr, err := d.list(&node{kind: mapping}, 2*n, depth, "(empty hash)")
		if err != nil {
			return nil, err
		}
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		v.attr = attr
		return v, nil
	}
	return nil, errProtocol
}

func (d *decoder) bulk(n int) ([]byte, error) {
	if n < 0 {
		return nil, errProtocol
	}
	var b bytes.Buffer // grows with what arrives, whatever length is announced
	_, err := io.CopyN(&b, d.r, int64(n)+2)
	d.wire = append(d.wire, b.Bytes()...)
	if err != nil {
		return nil, err
	}
	s := b.Bytes()
	if s[n] != '\r' || s[n+1] != '\n' {
		return nil, errProtocol
	}
	return s[:n], nil
}

func (d *decoder) list(n *node, count, depth int, empty string) (*node, error) {
	if count < 0 {
		return nil, errProtocol
	}
	if count == 0 {
		return text(empty), nil
	}
	for range count {
		kid, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.kids = append(n.kids, kid)
	}
	return n, nil
}

var bareStatusRE = regexp.MustCompile(`^[A-Za-z][!-;=?-~]*( [!-;?-~]+)*$`)

// status is a status reply: bare, unless a reader of the file would take it
// for something else.
func status(s string) string {
	if bareStatusRE.MatchString(s) && classify(s) == replyLine && plain(s) == s {
		return s
	}
	return "(status) " + quote(s)
}

// plain quotes a line that would not survive in a text file as it is.
func plain(s string) string {
	if q := quote(s); len(q) != len(s)+2 || s == "" || s[len(s)-1] == ' ' || s[0] == ' ' || strings.Contains(s, " => ") {
		return q
	}
	return s
}

// Notation is one reply as it comes over the wire, as the files show it.
func Notation(wire []byte) string {
	d := decoder{r: bufio.NewReader(bytes.NewReader(wire))}
	n, err := d.reply()
	if err != nil {
		return "(invalid) " + quote(wire)
	}
	return n.String()
}

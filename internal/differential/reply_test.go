package differential

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// reply is a reply with all type information of the wire. It loses only alternative
// spellings in RESP, which no server uses.
type reply struct {
	kind byte // the first byte on the wire; aggregates have kids
	null bool
	text string
	kids []reply
}

func (r *reply) isError() bool { return r.kind == '-' || r.kind == '!' }

// readReply reads a reply and appends its bytes to wire.
func readReply(in *bufio.Reader, wire []byte) (reply, []byte, error) {
	line, err := in.ReadString('\n')
	wire = append(wire, line...)
	if err != nil {
		return reply{}, wire, err
	}
	if len(line) < 3 || line[len(line)-2] != '\r' {
		return reply{}, wire, fmt.Errorf("not a reply: %q", line)
	}
	r := reply{kind: line[0], text: line[1 : len(line)-2]}
	switch r.kind {
	case '+', '-', ':', ',', '(', '_', '#':
		return r, wire, nil
	}
	n, err := strconv.Atoi(r.text)
	if err != nil || n < -1 {
		return reply{}, wire, fmt.Errorf("not a reply: %q", line)
	}
	r.text = ""
	switch r.kind {
	case '$', '=', '!':
		if n < 0 {
			r.null = true
			return r, wire, nil
		}
		b := make([]byte, n+2)
		if _, err := io.ReadFull(in, b); err != nil {
			return reply{}, wire, err
		}
		r.text = string(b[:n])
		return r, append(wire, b...), nil
	case '*', '~', '>':
	case '%', '|':
		n *= 2
	default:
		return reply{}, wire, errors.New("not a reply: " + line)
	}
	r.null = n < 0
	for range max(n, 0) {
		var kid reply
		if kid, wire, err = readReply(in, wire); err != nil {
			return reply{}, wire, err
		}
		r.kids = append(r.kids, kid)
	}
	if r.kind == '|' {
		var of reply
		of, wire, err = readReply(in, wire)
		return reply{kind: '|', kids: []reply{{kind: '%', kids: r.kids}, of}}, wire, err
	}
	return r, wire, nil
}

func equal(a, b *reply) bool {
	return sameShape(a, b, func(a, b *reply) bool { return a.text == b.text })
}

// sameShape compares the structure of two replies, and compares the leaves with
// leaf.
func sameShape(a, b *reply, leaf func(a, b *reply) bool) bool {
	if a.kind != b.kind || a.null != b.null || len(a.kids) != len(b.kids) {
		return false
	}
	for i := range a.kids {
		if !sameShape(&a.kids[i], &b.kids[i], leaf) {
			return false
		}
	}
	return len(a.kids) > 0 || leaf(a, b)
}

package resp

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

const (
	maxDepth   = 128       // arrays within arrays
	maxLine    = 64 << 20  // bytes of a status or an error
	maxString  = 512 << 20 // bytes of a bulk string
	maxElems   = 1 << 30
	firstElems = 64       // elements to make room for on the word of a length alone
	firstBytes = 64 << 10 // bytes to make room for, likewise
)

var (
	errDepth    = errors.New("resp: reply nested too deeply")
	errLineSize = errors.New("resp: reply line too long")
	errEnd      = errors.New("resp: reply does not end with CRLF")
)

// ReadReply reads one reply, with the attributes before it. The error is io.EOF if there is none, and
// io.ErrUnexpectedEOF if it breaks off. After another error than these what follows in r has no meaning.
//
// Memory stays within a small multiple of the bytes received, whatever lengths they announce.
func ReadReply(r *bufio.Reader) (Reply, error) {
	d := decoder{r: r}
	reply, err := d.reply(0)
	if err == io.EOF && d.begun {
		err = io.ErrUnexpectedEOF
	}
	return reply, err
}

// ParseReply reads one reply from b and returns what follows it. The error is io.EOF if b is empty,
// io.ErrUnexpectedEOF if it ends too early. The reply shares no memory with b.
func ParseReply(b []byte) (reply Reply, rest []byte, err error) {
	d := decoder{b: b}
	reply, err = d.reply(0)
	if err == io.EOF && d.begun {
		err = io.ErrUnexpectedEOF
	}
	return reply, d.b, err
}

// decoder reads from r, or from b if r is nil.
type decoder struct {
	r     *bufio.Reader
	b     []byte
	begun bool // some bytes were read: the end is unexpected now
}

func (d *decoder) reply(depth int) (Reply, error) {
	if depth > maxDepth {
		return Reply{}, errDepth
	}
	line, err := d.line()
	if err != nil {
		return Reply{}, err
	}
	if len(line) == 0 {
		return Reply{}, errors.New("resp: empty line instead of a reply")
	}
	kind, line := line[0], line[1:]
	switch kind {
	case '+':
		return Reply{Kind: SimpleString, Str: string(line)}, nil
	case '-':
		return Reply{Kind: ErrorReply, Str: string(line)}, nil
	case '(':
		return Reply{Kind: BigNumber, Str: string(line)}, nil
	case ':':
		n, err := parseInt(line)
		return Reply{Kind: Integer, Int: n}, err
	case ',':
		text := string(line)
		f, err := strconv.ParseFloat(text, 64)
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			return Reply{}, fmt.Errorf("resp: bad double %q", text)
		}
		return Reply{Kind: Double, Float: f, Str: text}, nil
	case '#':
		switch string(line) {
		case "t":
			return Reply{Kind: Bool, Int: 1}, nil
		case "f":
			return Reply{Kind: Bool}, nil
		}
		return Reply{}, fmt.Errorf("resp: bad boolean %q", line)
	case '_':
		return Reply{}, nil
	case '$', '=', '!':
		return d.bulk(kind, line)
	case '*', '%', '~', '>', '|':
		return d.aggregate(kind, line, depth)
	}
	return Reply{}, fmt.Errorf("resp: unknown type %q", kind)
}

func (d *decoder) bulk(kind byte, line []byte) (Reply, error) {
	n, err := parseInt(line)
	if err != nil {
		return Reply{}, err
	}
	if n == -1 && kind == '$' {
		return Reply{Kind: Null}, nil
	}
	if n < 0 || n > maxString {
		return Reply{}, fmt.Errorf("resp: bad length %d", n)
	}
	text, err := d.text(int(n))
	if err != nil {
		return Reply{}, err
	}
	switch {
	case kind == '!':
		return Reply{Kind: BulkError, Str: text}, nil
	case kind == '$':
		return Reply{Kind: Bulk, Str: text}, nil
	case n < 4 || text[3] != ':':
		return Reply{}, errors.New("resp: verbatim string without its format")
	}
	return Reply{Kind: Verbatim, Ext: [3]byte([]byte(text[:3])), Str: text[4:]}, nil
}

func (d *decoder) aggregate(kind byte, line []byte, depth int) (Reply, error) {
	n, err := parseInt(line)
	if err != nil {
		return Reply{}, err
	}
	if n == -1 && kind == '*' {
		return Reply{Kind: NullArray}, nil
	}
	if n < 0 || n > maxElems {
		return Reply{}, fmt.Errorf("resp: bad length %d", n)
	}
	var reply Reply
	switch kind {
	case '*':
		reply.Kind = Array
	case '~':
		reply.Kind = Set
	case '>':
		reply.Kind = Push
	case '%', '|':
		reply.Kind = Map
		n *= 2
	}
	reply.Elems = make([]Reply, 0, min(n, firstElems))
	for range n {
		elem, err := d.reply(depth + 1)
		if err != nil {
			return Reply{}, err
		}
		reply.Elems = append(reply.Elems, elem)
	}
	if kind != '|' {
		return reply, nil
	}
	attrs := reply.Elems
	reply, err = d.reply(depth + 1)
	reply.Attrs = append(attrs, reply.Attrs...)
	return reply, err
}

// line returns the next line without CRLF, valid until the next read. LF alone is part of a line, as for the servers
// and clients that look for CR.
func (d *decoder) line() ([]byte, error) {
	if d.r == nil {
		if len(d.b) == 0 {
			return nil, io.EOF
		}
		d.begun = true
		n := bytes.Index(d.b, []byte("\r\n"))
		if n < 0 {
			return nil, io.EOF
		}
		line := d.b[:n]
		d.b = d.b[n+2:]
		return line, nil
	}
	var long []byte // used only if the line is longer than the buffer of r, or has an LF in it
	for {
		part, err := d.r.ReadSlice('\n')
		d.begun = d.begun || len(part) > 0
		if err == nil && long == nil && endsLine(part) {
			return part[:len(part)-2], nil
		}
		if long = append(long, part...); len(long) > maxLine {
			return nil, errLineSize
		}
		switch {
		case err == nil && endsLine(long):
			return long[:len(long)-2], nil
		case err != nil && err != bufio.ErrBufferFull:
			return nil, err
		}
	}
}

// text reads n bytes and CRLF.
func (d *decoder) text(n int) (string, error) {
	if d.r == nil {
		if len(d.b) < n+2 {
			return "", io.EOF
		}
		text, end := d.b[:n], d.b[n:n+2]
		if !endsLine(end) {
			return "", errEnd
		}
		s := string(text)
		d.b = d.b[n+2:]
		return s, nil
	}
	buf := make([]byte, 0, min(n+2, firstBytes))
	for len(buf) < n+2 {
		if len(buf) == cap(buf) {
			buf = append(make([]byte, 0, min(n+2, 2*cap(buf))), buf...)
		}
		got, err := io.ReadFull(d.r, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+got]
		if err == io.ErrUnexpectedEOF {
			err = io.EOF
		}
		if err != nil {
			return "", err
		}
	}
	if !endsLine(buf[n:]) {
		return "", errEnd
	}
	return string(buf[:n]), nil
}

func endsLine(b []byte) bool { return bytes.HasSuffix(b, []byte("\r\n")) }

func parseInt(s []byte) (int64, error) {
	if n, ok := parseLen(s); ok {
		return n, nil
	}
	// Other servers may write a plus sign or leading zeros.
	n, err := strconv.ParseInt(string(s), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("resp: bad number %q", s)
	}
	return n, nil
}

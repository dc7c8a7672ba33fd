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
	firstElems = 64       // elements to allocate for an announced length
	firstBytes = 64 << 10 // bytes to allocate for an announced length
)

var (
	errDepth    = errors.New("resp: reply nested too deeply")
	errLineSize = errors.New("resp: reply line too long")
	errEnd      = errors.New("resp: reply does not end with CRLF")
)

// ReadReply reads one reply, with the attributes before it. The error is io.EOF if there is none, and
// io.ErrUnexpectedEOF if the reply is cut off. After any other error the rest of r is meaningless.
//
// It uses memory for a small multiple of the bytes received, whatever lengths they announce.
func ReadReply(r *bufio.Reader) (Reply, error) {
	d := decoder[Reply, Kind]{source{r: r}}
	return d.first()
}

// ParseReply parses one reply from b and returns the rest of b. The error is io.EOF if b is empty, and
// io.ErrUnexpectedEOF if b ends too early. The reply shares no memory with b.
func ParseReply(b []byte) (reply Reply, rest []byte, err error) { return ParseReplyAs[Reply](b) }

// ParseReplyAs is ParseReply for a type with the fields of Reply.
func ParseReplyAs[R formed[R, K], K ~byte](b []byte) (reply R, rest []byte, err error) {
	d := decoder[R, K]{source{b: b}}
	reply, err = d.first()
	return reply, d.b, err
}

// decoder decodes replies from a source.
type decoder[R formed[R, K], K ~byte] struct{ source }

// source reads from r, or from b if r is nil.
type source struct {
	r     *bufio.Reader
	b     []byte
	begun bool // some bytes were read, so the end is unexpected
}

// first reads a top-level reply.
func (d *decoder[R, K]) first() (R, error) {
	r, err := d.reply(0)
	if err == io.EOF && d.begun {
		err = io.ErrUnexpectedEOF
	}
	return R(r), err
}

func (d *decoder[R, K]) reply(depth int) (r Form[K, R], err error) {
	if depth > maxDepth {
		return r, errDepth
	}
	line, err := d.line()
	if err != nil {
		return r, err
	}
	if len(line) == 0 {
		return r, errors.New("resp: empty line instead of a reply")
	}
	kind, line := line[0], line[1:]
	switch kind {
	case '+':
		r.Kind, r.Str = K(SimpleString), string(line)
	case '-':
		r.Kind, r.Str = K(ErrorReply), string(line)
	case '(':
		r.Kind, r.Str = K(BigNumber), string(line)
	case ':':
		r.Kind = K(Integer)
		r.Integer, err = parseInt(line)
	case ',':
		r.Kind, r.Str = K(Double), string(line)
		r.Double, err = strconv.ParseFloat(r.Str, 64)
		if errors.Is(err, strconv.ErrRange) {
			err = nil // an infinity
		} else if err != nil {
			err = fmt.Errorf("resp: bad double %q", line)
		}
	case '#':
		r.Kind = K(Bool)
		switch string(line) {
		case "t":
			r.Integer = 1
		case "f":
		default:
			err = fmt.Errorf("resp: bad boolean %q", line)
		}
	case '_':
		r.Kind = K(Null)
	case '$', '=', '!':
		return d.bulk(kind, line)
	case '*', '%', '~', '>', '|':
		return d.aggregate(kind, line, depth)
	default:
		err = fmt.Errorf("resp: unknown type %q", kind)
	}
	if err != nil {
		return Form[K, R]{}, err
	}
	return r, nil
}

func (d *decoder[R, K]) bulk(kind byte, line []byte) (r Form[K, R], err error) {
	n, err := parseInt(line)
	if err != nil {
		return r, err
	}
	if n == -1 && kind == '$' {
		r.Kind = K(Null)
		return r, nil
	}
	if n < 0 || n > maxString {
		return r, fmt.Errorf("resp: bad length %d", n)
	}
	text, err := d.text(int(n))
	if err != nil {
		return r, err
	}
	switch {
	case kind == '!':
		r.Kind = K(BulkError)
	case kind == '$':
		r.Kind = K(Bulk)
	case n < 4 || text[3] != ':':
		return r, errors.New("resp: verbatim string without its format")
	default:
		r.Kind, r.Format = K(Verbatim), [3]byte([]byte(text[:3]))
		text = text[4:]
	}
	r.Str = text
	return r, nil
}

func (d *decoder[R, K]) aggregate(kind byte, line []byte, depth int) (r Form[K, R], err error) {
	n, err := parseInt(line)
	if err != nil {
		return r, err
	}
	if n == -1 && kind == '*' {
		r.Kind = K(NullArray)
		return r, nil
	}
	if n < 0 || n > maxElems {
		return r, fmt.Errorf("resp: bad length %d", n)
	}
	switch kind {
	case '*':
		r.Kind = K(Array)
	case '~':
		r.Kind = K(Set)
	case '>':
		r.Kind = K(Push)
	case '%', '|':
		r.Kind = K(Map)
		n *= 2
	}
	r.Elems = make([]R, 0, min(n, firstElems))
	for range n {
		elem, err := d.reply(depth + 1)
		if err != nil {
			return Form[K, R]{}, err
		}
		r.Elems = append(r.Elems, R(elem))
	}
	if kind != '|' {
		return r, nil
	}
	attrs := r.Elems
	r, err = d.reply(depth + 1)
	r.Attrs = append(attrs, r.Attrs...)
	return r, err
}

// line returns the next line without CRLF, valid until the next read. A single LF is part of the line, as for servers
// and clients that look for CR.
func (d *source) line() ([]byte, error) {
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
	var long []byte // only for a line that is longer than the buffer of r, or contains LF
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
func (d *source) text(n int) (string, error) {
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

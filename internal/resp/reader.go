package resp

import (
	"bytes"
	"math"
)

// Limits limit what a Reader accepts. A zero field means its default. They may change between two calls of Next.
type Limits struct {
	MaxBulk         int64 // 512 MB; bytes of one argument (proto-max-bulk-len). At least 16384
	MaxInline       int   // 64 KB; bytes of an inline request or a length line that may wait for their line end
	MaxMultibulk    int   // 2^31-1; arguments of one request. At least 10
	Unauthenticated bool  // false; true allows only 10 arguments of 16384 bytes, so that clients before their login cost no memory
}

const (
	defaultMaxBulk   = 512 << 20
	defaultMaxInline = 64 << 10
	strangersArgs    = 10
	strangersBulk    = 16384
)

// Reader parses requests, RESP arrays and inline lines, from bytes fed to it as they arrive. An incomplete request is
// resumed where it stopped: the cost is linear in the bytes received, however they are split. Arguments are not
// copied: they alias the buffer.
//
// The zero Reader is ready to use. It gets a buffer with the first bytes.
type Reader struct {
	Limits Limits
	Pool   *Pool // nil: allocate buffers

	// buf[start:] is unconsumed, buf[pos:] is not parsed yet, and between start and pos are the arguments of the
	// incomplete request. Free space is buf[len(buf):cap(buf)].
	buf        []byte
	start, pos int
	args       [][]byte

	missing int   // number of missing arguments of the incomplete request; 0 between requests
	bulk    int   // bytes of the argument at pos, plus one; 0 while its length is unknown
	scanned int   // bytes after pos that hold no line end
	err     error // sticky: nothing after a protocol error can be trusted

	// parsed counts the requests between start and pos that Parse has taken apart, and taken those of them that Next
	// has returned. While they differ missing is 0.
	parsed, taken int

	page  *page // the ordinary buffer, kept while buf is a bigger one
	small int   // number of uses in a row that nearly wasted a big buffer
}

// Unconsumed returns what was fed and not yet returned by Next. It is valid as long
// as the arguments.
func (r *Reader) Unconsumed() []byte { return r.buf[r.start:] }

// Next returns the next request, nil without an error if it is incomplete, or a ProtocolError. It skips requests
// without arguments (an empty line, an array of length 0 or less).
//
// The arguments are valid, and may be overwritten, until the next call of Space, Fed, Feed or Release; the slice that
// holds them until the next call of Next.
func (r *Reader) Next() ([][]byte, error) {
	if r.taken < r.parsed {
		return r.take(), nil
	}
	return r.parse()
}

// parse is Next for what Parse has left.
func (r *Reader) parse() ([][]byte, error) {
	b, pos, args := r.buf, r.pos, r.args
	bulk, missing := r.bulk, r.missing
	if missing == 0 {
		// Nearly all requests are arrays of a few arguments.
		if h := b[pos:]; len(h) >= 4 && h[0] == '*' && h[1]-'1' <= 8 && h[2] == '\r' && r.err == nil && cap(args) <= maxArgs {
			missing = int(h[1] - '0')
			pos += 4
			args = args[:0]
			r.scanned = 0
		} else if ready, err := r.begin(); ready {
			return r.args, nil
		} else if err != nil || r.missing == 0 {
			return nil, err
		} else {
			pos, args, missing = r.pos, r.args, r.missing
		}
	}
	for ; missing > 0; missing-- {
		if bulk == 0 {
			// Nearly all lengths have one or two digits.
			if h := b[pos:]; len(h) >= 5 && h[0] == '$' && h[1]-'0' <= 9 && h[2] == '\r' {
				bulk = int(h[1]-'0') + 1
				pos += 4
			} else if len(h) >= 6 && h[0] == '$' && h[1]-'1' <= 8 && h[2]-'0' <= 9 && h[3] == '\r' {
				bulk = int(h[1]-'0')*10 + int(h[2]-'0') + 1
				pos += 5
			} else {
				r.pos, r.args, r.bulk, r.missing = pos, args, 0, missing
				if ok, err := r.bulkLen(); !ok {
					return nil, err
				}
				pos, bulk = r.pos, r.bulk
			}
			r.scanned = 0
		}
		end := pos + bulk - 1
		if len(b)-2 < end {
			r.pos, r.args, r.bulk, r.missing = pos, args, bulk, missing
			return nil, nil
		}
		args = append(args, b[pos:end:end])
		pos = end + 2 // Redis does not look at the two bytes after an argument
		bulk = 0
	}
	r.pos, r.start, r.args, r.bulk, r.missing = pos, pos, args, 0, 0
	return args, nil
}

// begin reads the start of a request: the length of an array into missing, or a whole inline request (ready). If
// neither is the result, it needs more bytes.
func (r *Reader) begin() (ready bool, err error) {
	if r.err != nil {
		return false, r.err
	}
	r.args = r.args[:0]
	for r.pos < len(r.buf) {
		if r.buf[r.pos] != '*' {
			ok, err := r.inline()
			if !ok {
				return false, err
			}
			if len(r.args) > 0 {
				return true, nil
			}
		} else if ok, err := r.arrayLen(); !ok {
			return false, err
		}
		if r.missing > 0 {
			r.needArgs()
			return false, nil
		}
		r.start = r.pos
	}
	return false, nil
}

// arrayLen reads the line "*n" at pos into missing. It returns false if the line is
// incomplete, or with an error.
func (r *Reader) arrayLen() (bool, error) {
	end := r.lineEnd('\r')
	if end < 0 {
		return false, r.tooLong(errArrayLine)
	}
	if end+2 > len(r.buf) {
		return false, nil
	}
	n, ok := parseLen(r.buf[r.pos+1 : end])
	switch limit := orDefault(r.Limits.MaxMultibulk, math.MaxInt32); {
	case !ok || n > int64(limit):
		return false, r.fail(errArrayLen)
	case n > strangersArgs && r.Limits.Unauthenticated:
		return false, r.fail(errArrayLenNoAuth)
	}
	r.missing = int(max(n, 0))
	r.pos, r.scanned = end+2, 0
	return true, nil
}

// bulkLen reads the line "$n" at pos into bulk. It returns false if the line is
// incomplete, or with an error.
func (r *Reader) bulkLen() (bool, error) {
	end := r.lineEnd('\r')
	if end < 0 {
		return false, r.tooLong(errBulkLine)
	}
	if end+2 > len(r.buf) {
		return false, nil
	}
	if r.buf[r.pos] != '$' {
		return false, r.fail(ProtocolError("expected '$', got '" + string(r.buf[r.pos:r.pos+1]) + "'"))
	}
	n, ok := parseLen(r.buf[r.pos+1 : end])
	switch limit := orDefault(r.Limits.MaxBulk, defaultMaxBulk); {
	case !ok || n < 0 || n > min(limit, math.MaxInt-2):
		return false, r.fail(errBulkLen)
	case n > strangersBulk && r.Limits.Unauthenticated:
		return false, r.fail(errBulkLenNoAuth)
	}
	r.bulk = int(n) + 1
	r.pos = end + 2
	return true, nil
}

// lineEnd returns the index of c in the line at pos, or -1. Redis searches with strchr, for which a NUL byte hides
// the rest: such a line never ends.
func (r *Reader) lineEnd(c byte) int {
	rest := r.buf[r.pos+r.scanned:]
	if len(rest) > 0 && rest[0] == 0 {
		return -1
	}
	n := bytes.IndexByte(rest, c)
	line := rest
	if n >= 0 {
		line = rest[:n]
	}
	if nul := bytes.IndexByte(line, 0); nul >= 0 {
		r.scanned += nul
		return -1
	}
	r.scanned += len(line)
	if n < 0 {
		return -1
	}
	return r.pos + r.scanned
}

func (r *Reader) tooLong(err ProtocolError) error {
	if len(r.buf)-r.pos > orDefault(r.Limits.MaxInline, defaultMaxInline) {
		return r.fail(err)
	}
	return nil
}

func (r *Reader) fail(err ProtocolError) error {
	r.err, r.missing = err, 0
	return err
}

// parseLen parses a decimal number as Redis does: a minus sign, no plus, no leading zeros, at most 20 characters.
func parseLen(s []byte) (n int64, ok bool) {
	if len(s) == 1 && s[0] == '0' {
		return 0, true
	}
	if len(s) > 20 {
		return 0, false
	}
	negative := len(s) > 0 && s[0] == '-'
	if negative {
		s = s[1:]
	}
	if len(s) == 0 || s[0] == '0' {
		return 0, false
	}
	var u uint64
	for _, c := range s {
		d := uint64(c - '0')
		if d > 9 || u > (math.MaxUint64-d)/10 {
			return 0, false
		}
		u = u*10 + d
	}
	if negative {
		return -int64(u), u <= 1<<63
	}
	return int64(u), u <= math.MaxInt64
}

func orDefault[T int | int64](n, def T) T {
	if n == 0 {
		return def
	}
	return n
}

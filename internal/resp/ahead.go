package resp

// ParseBatch is the number of requests that Parse takes apart at most.
const ParseBatch = 32

// request is where a request that Parse has taken apart is: its arguments in the
// page, and its end in the buffer.
type request struct {
	first, args uint16
	end         int32
}

// Parse takes requests apart that Next will return, and returns how many Next can
// return without looking at the buffer: at most ParseBatch. It stops at a request
// that is incomplete, not small, or not well-formed, which it leaves to Next. It
// does not look at Limits, which somebody else may change meanwhile: what it takes
// is within all of them.
func (r *Reader) Parse() (n int) {
	if r.taken < r.parsed || r.missing != 0 || r.err != nil || r.page == nil {
		return r.parsed - r.taken
	}
	r.parsed, r.taken = 0, 0
	b, pos := r.buf, r.pos
	stored := r.page.args[:0]
	if len(b) > maxParse {
		b = b[:maxParse]
	}
	for n < ParseBatch {
		h := b[min(pos, len(b)):]
		if len(h) < 4 || h[0] != '*' || h[1]-'1' > 8 || h[2] != '\r' {
			break
		}
		words := int(h[1] - '0')
		if len(stored)+words > pageArgs {
			break
		}
		at := pos + 4
		first := len(stored)
		for range words {
			h := b[min(at, len(b)):]
			size, head := 0, 0
			// Nearly all lengths have one or two digits.
			switch {
			case len(h) >= 5 && h[0] == '$' && h[1]-'0' <= 9 && h[2] == '\r':
				size, head = int(h[1]-'0'), 4
			case len(h) >= 6 && h[0] == '$' && h[1]-'1' <= 8 && h[2]-'0' <= 9 && h[3] == '\r':
				size, head = int(h[1]-'0')*10+int(h[2]-'0'), 5
			default:
				size, head = smallLen(h)
			}
			from := at + head
			end := from + size
			if head == 0 || end+2 > len(b) {
				return r.keep(n, pos)
			}
			stored = append(stored, b[from:end:end])
			at = end + 2
		}
		pos = at
		r.page.requests[n] = request{uint16(first), uint16(words), int32(pos)}
		n++
	}
	return r.keep(n, pos)
}

// maxParse is how far in the buffer Parse looks.
const maxParse = 1 << 30

func (r *Reader) keep(n, pos int) int {
	if n > 0 {
		r.parsed, r.pos, r.scanned = n, pos, 0
	}
	return n
}

// smallLen reads a line "$n" of three to five digits. It returns how long it is, 0
// if it is not one, or if n is more than anybody may send.
func smallLen(h []byte) (size, line int) {
	if len(h) < 4 || h[0] != '$' || h[1]-'1' > 8 {
		return 0, 0
	}
	for i, c := range h[1:min(len(h)-1, 7)] {
		if d := c - '0'; d <= 9 {
			size = size*10 + int(d)
		} else if c == '\r' && size <= strangersBulk {
			return size, i + 3
		} else {
			break
		}
	}
	return 0, 0
}

// take returns the next request that Parse has taken apart.
func (r *Reader) take() [][]byte {
	q := &r.page.requests[r.taken]
	r.taken++
	r.start = int(q.end)
	from, to := int(q.first), int(q.first+q.args)
	return r.page.args[from:to:to]
}

// unparse has Next look at the buffer again, which is about to move.
func (r *Reader) unparse() {
	if r.taken < r.parsed {
		r.pos, r.scanned = r.start, 0
	}
	r.parsed, r.taken = 0, 0
}

// Ahead returns the first three arguments of the requests that Parse has taken
// apart and Next has not returned, and their number; a missing argument is nil. It
// skips requests without arguments. The arguments are valid as long as those of
// Next.
func (r *Reader) Ahead(args *[3][ParseBatch][]byte) (n int) {
	for i := r.taken; i < r.parsed; i++ {
		q := &r.page.requests[i]
		if q.args < 2 {
			continue
		}
		words := r.page.args[q.first+1 : q.first+q.args]
		args[0][n] = words[0]
		args[1][n], args[2][n] = nil, nil
		if len(words) > 1 {
			args[1][n] = words[1]
			if len(words) > 2 {
				args[2][n] = words[2]
			}
		}
		n++
	}
	return n
}

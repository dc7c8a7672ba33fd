package resp

import (
	"slices"
	"strconv"
	"strings"

	"github.com/resp-server/resp-server/internal/numfmt"
)

// Writer builds replies by appending to Buf. The zero Writer speaks RESP2. With Proto 3 it writes RESP3 types, with
// RESP2 the form that Redis downgrades them to.
//
// Nothing allocates unless Buf grows. Every reply calls room, which is the one place that stops a reply that is too
// long.
type Writer struct {
	Buf   []byte
	Proto int // 2 or 3; 0 means 2
	// LongDoubles prints doubles with 17 digits, as before Redis 7.2.
	LongDoubles bool
	// Limit limits Buf, roughly: it is checked when Buf has to grow. 0 means no
	// limit.
	Limit int
	// Full is set when a reply exceeds Limit. Buf then holds no valid reply, and
	// further writes are lost. Code that writes much may check Full and stop.
	Full bool
	// Buffers provides what Buf grows into; nil: memory of its own.
	Buffers Buffers
}

// Buffers provides memory. Grow returns a buffer with the content of buf and room for
// n more bytes, and takes buf, which is not used any more.
type Buffers interface {
	Grow(buf []byte, n int) []byte
}

// slack is for writes that do not ask for room, such as the head of a reply.
const slack = 64

// room makes room for n bytes and slack, and reports whether it could.
func (w *Writer) room(n int) bool {
	return cap(w.Buf)-len(w.Buf) >= n+slack || w.grow(n)
}

// grow at least doubles the buffer: append would add a quarter to a large one, and
// copy it more often. Beyond the limit it makes room by dropping the last output.
// The capacity stays, so marks in Buf stay valid.
func (w *Writer) grow(n int) bool {
	if w.Limit > 0 && len(w.Buf)+n > w.Limit {
		w.Full = true
		if cap(w.Buf) < slack {
			w.Buf = slices.Grow(w.Buf, slack)
		}
		w.Buf = w.Buf[:min(len(w.Buf), cap(w.Buf)-slack)]
		return false
	}
	n = max(n+slack, cap(w.Buf))
	if w.Buffers != nil {
		w.Buf = w.Buffers.Grow(w.Buf, n)
	} else {
		w.Buf = slices.Grow(w.Buf, n)
	}
	return true
}

// OK writes +OK.
func (w *Writer) OK() {
	w.room(0)
	w.Buf = append(w.Buf, "+OK\r\n"...)
}

// Raw writes bytes that already form a reply.
func (w *Writer) Raw(b []byte) {
	if w.room(len(b)) {
		w.Buf = append(w.Buf, b...)
	}
}

// Simple writes a status line, which must not contain CR or LF.
func (w *Writer) Simple(s string) {
	if !w.room(len(s)) {
		return
	}
	w.Buf = append(w.Buf, '+')
	w.Buf = append(w.Buf, s...)
	w.Buf = append(w.Buf, '\r', '\n')
}

// Error writes an error line. CR and LF at the end of the text are dropped, others become blanks.
func (w *Writer) Error(e Error) {
	if !w.room(len(e)) {
		return
	}
	w.Buf = append(w.Buf, '-')
	start := len(w.Buf)
	w.Buf = append(w.Buf, strings.TrimRight(string(e), "\r\n")...)
	for i, c := range w.Buf[start:] {
		if c == '\r' || c == '\n' {
			w.Buf[start+i] = ' '
		}
	}
	w.Buf = append(w.Buf, '\r', '\n')
}

// Integer writes an integer.
func (w *Writer) Integer(n int64) { w.head(':', n) }

// Bulk writes a bulk string; nil is the empty string.
func (w *Writer) Bulk(b []byte) {
	if !w.room(len(b)) {
		return
	}
	at, n := len(w.Buf), len(b)
	if n >= 100 {
		w.put('$', int64(n))
		w.Buf = append(w.Buf, b...)
		w.Buf = append(w.Buf, '\r', '\n')
		return
	}
	// Nearly all are short: the slice is checked and stored once.
	p := w.Buf[at : at+n+slack]
	p[0] = '$'
	i := 1
	if n >= 10 {
		p[1] = '0' + byte(n/10)
		i = 2
	}
	p[i], p[i+1], p[i+2] = '0'+byte(n%10), '\r', '\n'
	i += 3
	i += copy(p[i:], b)
	p[i], p[i+1] = '\r', '\n'
	w.Buf = w.Buf[:at+i+2]
}

// BulkString is Bulk for a string.
func (w *Writer) BulkString(s string) {
	if !w.room(len(s)) {
		return
	}
	w.put('$', int64(len(s)))
	w.Buf = append(w.Buf, s...)
	w.Buf = append(w.Buf, '\r', '\n')
}

// BulkInt writes a number as a bulk string.
func (w *Writer) BulkInt(n int64) {
	var digits [20]byte
	w.Bulk(strconv.AppendInt(digits[:0], n, 10))
}

// Null writes the reply for a missing value: RESP2 $-1, RESP3 _.
func (w *Writer) Null() {
	w.room(0)
	if w.Proto == 3 {
		w.Buf = append(w.Buf, "_\r\n"...)
	} else {
		w.Buf = append(w.Buf, "$-1\r\n"...)
	}
}

// NullArray writes the reply for a missing array: RESP2 *-1, RESP3 _.
func (w *Writer) NullArray() {
	w.room(0)
	if w.Proto == 3 {
		w.Buf = append(w.Buf, "_\r\n"...)
	} else {
		w.Buf = append(w.Buf, "*-1\r\n"...)
	}
}

// Array begins an array of n replies, which must follow.
func (w *Writer) Array(n int) { w.head('*', int64(n)) }

// Map begins a map of n pairs of replies, which must follow. RESP2 has an array of
// 2n.
func (w *Writer) Map(n int) { w.aggregate('%', n) }

// Set begins a set of n replies, which must follow. RESP2 has an array.
func (w *Writer) Set(n int) { w.aggregate('~', n) }

// Push begins an out-of-band message of n replies, which must follow. RESP2 has an
// array.
func (w *Writer) Push(n int) { w.aggregate('>', n) }

// Attribute begins the attributes of the next reply: n pairs of replies, which must follow. RESP2 has no attributes:
// do not write them there.
func (w *Writer) Attribute(n int) { w.head('|', int64(n)) }

// Bool writes a boolean: RESP3 #t or #f, RESP2 the integer 1 or 0.
func (w *Writer) Bool(b bool) {
	w.room(0)
	switch {
	case w.Proto == 3 && b:
		w.Buf = append(w.Buf, "#t\r\n"...)
	case w.Proto == 3:
		w.Buf = append(w.Buf, "#f\r\n"...)
	case b:
		w.Buf = append(w.Buf, ":1\r\n"...)
	default:
		w.Buf = append(w.Buf, ":0\r\n"...)
	}
}

// Double writes a floating point number; in RESP2 as a bulk string.
func (w *Writer) Double(f float64) {
	var text [32]byte
	if w.LongDoubles {
		w.number(',', numfmt.AppendLong(text[:0], f))
		return
	}
	w.number(',', numfmt.AppendFloat(text[:0], f))
}

// DoubleText writes a formatted floating point number.
func (w *Writer) DoubleText(text []byte) { w.number(',', text) }

// BigNumber writes an integer of any size from its decimal digits; in RESP2 as a bulk string.
func (w *Writer) BigNumber(digits string) {
	if w.Proto != 3 {
		w.BulkString(digits)
		return
	}
	if !w.room(len(digits)) {
		return
	}
	w.Buf = append(w.Buf, '(')
	w.Buf = append(w.Buf, digits...)
	w.Buf = append(w.Buf, '\r', '\n')
}

// Verbatim writes a text with a three-letter format such as "txt"; in RESP2 as a bulk string.
func (w *Writer) Verbatim(ext, text string) {
	if w.Proto != 3 {
		w.BulkString(text)
		return
	}
	if !w.room(len(text)) {
		return
	}
	w.put('=', int64(len(text)+4))
	w.Buf = append(w.Buf, (ext + "   ")[:3]...)
	w.Buf = append(w.Buf, ':')
	w.Buf = append(w.Buf, text...)
	w.Buf = append(w.Buf, '\r', '\n')
}

// Mark is the place of a length that is not known yet.
type Mark struct {
	at   int
	kind byte
}

// ArrayLater begins an array whose length SetLen sets.
func (w *Writer) ArrayLater() Mark { return w.later('*') }

// MapLater begins a map whose length SetLen sets.
func (w *Writer) MapLater() Mark { return w.later('%') }

// SetLater begins a set whose length SetLen sets.
func (w *Writer) SetLater() Mark { return w.later('~') }

// SetLen sets the length of the aggregate that began at m: the bytes equal those after Array, Map or Set. Inner
// lengths must be set before outer ones. Up to 9 elements it costs nothing; above, it moves the elements once.
func (w *Writer) SetLen(m Mark, n int) {
	if w.Full {
		return
	}
	end := len(w.Buf)
	w.aggregate(m.kind, n) // written at the end first, to see its length
	head := len(w.Buf) - end
	if head > reserved {
		var copied [24]byte
		copy(copied[:], w.Buf[end:])
		copy(w.Buf[m.at+head:], w.Buf[m.at+reserved:end])
		copy(w.Buf[m.at:], copied[:head])
		w.Buf = w.Buf[:end+head-reserved]
		return
	}
	copy(w.Buf[m.at:], w.Buf[end:])
	w.Buf = w.Buf[:end]
}

// Truncate removes everything from m on.
func (w *Writer) Truncate(m Mark) {
	if !w.Full {
		w.Buf = w.Buf[:m.at]
	}
}

const reserved = len("*0\r\n")

func (w *Writer) later(kind byte) Mark {
	w.room(0)
	w.Buf = append(w.Buf, kind, '0', '\r', '\n')
	return Mark{len(w.Buf) - reserved, kind}
}

// aggregate writes the head of a RESP3 type, or of the array that replaces it in
// RESP2.
func (w *Writer) aggregate(kind byte, n int) {
	if w.Proto != 3 {
		if kind == '%' {
			n *= 2
		}
		kind = '*'
	}
	w.head(kind, int64(n))
}

// head writes a type and a number, which is a whole integer reply and the first line of most others.
func (w *Writer) head(kind byte, n int64) {
	w.room(0)
	w.put(kind, n)
}

// put is head without asking for room.
func (w *Writer) put(kind byte, n int64) {
	switch {
	case uint64(n) < 10:
		w.Buf = append(w.Buf, kind, '0'+byte(n), '\r', '\n')
	case uint64(n) < 100:
		w.Buf = append(w.Buf, kind, '0'+byte(n/10), '0'+byte(n%10), '\r', '\n')
	default:
		w.Buf = append(w.Buf, kind)
		w.Buf = strconv.AppendInt(w.Buf, n, 10)
		w.Buf = append(w.Buf, '\r', '\n')
	}
}

// number writes a text as a RESP3 type, or as the bulk string that replaces it in
// RESP2.
func (w *Writer) number(kind byte, text []byte) {
	if w.Proto != 3 {
		w.Bulk(text)
		return
	}
	if !w.room(len(text)) {
		return
	}
	w.Buf = append(w.Buf, kind)
	w.Buf = append(w.Buf, text...)
	w.Buf = append(w.Buf, '\r', '\n')
}

package value

import (
	"bytes"
	"math"
	"strconv"

	"github.com/resp-server/resp-server/internal/numfmt"
)

// StreamID identifies an entry of a stream: a time in milliseconds since 1970,
// and a sequence number within that millisecond.
type StreamID struct{ Ms, Seq uint64 }

// MaxStreamID is the largest id.
var MaxStreamID = StreamID{math.MaxUint64, math.MaxUint64}

// Compare orders ids.
func (id StreamID) Compare(other StreamID) int {
	switch {
	case id == other:
		return 0
	case id.Less(other):
		return -1
	}
	return 1
}

// Less reports whether id comes before other.
func (id StreamID) Less(other StreamID) bool {
	return id.Ms < other.Ms || id.Ms == other.Ms && id.Seq < other.Seq
}

// IsZero reports whether id is 0-0, which no entry has.
func (id StreamID) IsZero() bool { return id == StreamID{} }

// Next returns the next id. After the largest it returns 0-0 and false.
func (id StreamID) Next() (StreamID, bool) {
	if id.Seq++; id.Seq == 0 {
		id.Ms++
	}
	return id, !id.IsZero()
}

// Prev returns the previous id. Before 0-0 it returns the largest and false.
func (id StreamID) Prev() (StreamID, bool) {
	ok := !id.IsZero()
	if id.Seq--; id.Seq == math.MaxUint64 {
		id.Ms--
	}
	return id, ok
}

// AppendTo appends the text of the id, "<ms>-<seq>", to dst.
func (id StreamID) AppendTo(dst []byte) []byte {
	dst = strconv.AppendUint(dst, id.Ms, 10)
	dst = append(dst, '-')
	return strconv.AppendUint(dst, id.Seq, 10)
}

// Text returns the text of the id as new bytes.
func (id StreamID) Text() []byte { return id.AppendTo(make([]byte, 0, 24)) }

// ParseStreamID parses an id as Redis does with C's functions: up to a zero
// byte, and with blanks, a sign and leading zeros before each number. seq
// replaces a missing sequence number.
func ParseStreamID(b []byte, seq uint64) (StreamID, bool) {
	ms, rest, ok := cutStreamID(b)
	if !ok {
		return StreamID{}, false
	}
	id := StreamID{Seq: seq}
	if id.Ms, ok = numfmt.ParseUintLax(ms); ok && rest != nil {
		id.Seq, ok = numfmt.ParseUintLax(rest)
	}
	return id, ok
}

// ParseStreamIDAuto is ParseStreamID for new entries. auto reports that the id
// was "<ms>-*", so that the server chooses the sequence number.
func ParseStreamIDAuto(b []byte) (id StreamID, auto, ok bool) {
	if ms, rest, ok := cutStreamID(b); ok && string(rest) == "*" {
		id.Ms, ok = numfmt.ParseUintLax(ms)
		return id, true, ok
	}
	id, ok = ParseStreamID(b, 0)
	return id, false, ok
}

// cutStreamID splits the text of an id; seq is nil if there is no second part.
func cutStreamID(b []byte) (ms, seq []byte, ok bool) {
	if len(b) > 127 {
		return nil, nil, false
	}
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	if i := bytes.IndexByte(b, '-'); i >= 0 {
		return b[:i], b[i+1 : len(b) : len(b)], true
	}
	return b, nil, true
}

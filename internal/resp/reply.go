package resp

import (
	"fmt"
	"strconv"
)

// Kind is the type of a Reply.
type Kind byte

// The kinds of replies. Null and NullArray are the two nulls of RESP2, $-1 and *-1; the null of RESP3 is Null.
const (
	Null Kind = iota
	NullArray
	SimpleString
	ErrorReply
	Integer
	Bulk
	Array
	Map
	Set
	Push
	Double
	Bool
	BigNumber
	Verbatim
	BulkError
)

var kindNames = [...]string{"null", "null array", "simple string", "error", "integer", "bulk string", "array", "map", "set",
	"push", "double", "boolean", "big number", "verbatim string", "bulk error"}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind " + strconv.Itoa(int(k))
}

// Reply is a decoded reply. Its zero value is Null.
type Reply Form[Kind, Reply]

// Form is the struct of a Reply. Another package can declare its own type with these fields, and decode replies into
// it.
type Form[K ~byte, R any] = struct {
	Kind    K
	Format  [3]byte // Verbatim: such as "txt"
	Str     string  // the text of SimpleString, ErrorReply, BulkError, Bulk, Verbatim and BigNumber, and of Double as received
	Integer int64   // Integer; Bool: 1 or 0
	Double  float64 // Double
	Elems   []R     // Array, Set, Push; Map: alternating keys and values
	Attrs   []R     // attributes sent before it: alternating keys and values
}

// formed is a type with the fields of a Reply.
type formed[R any, K ~byte] interface{ ~Form[K, R] }

// IsNull reports whether r is a null of either kind.
func (r Reply) IsNull() bool { return r.Kind == Null || r.Kind == NullArray }

// Err returns r as an Error, or nil if r is none.
func (r Reply) Err() error {
	if r.Kind == ErrorReply || r.Kind == BulkError {
		return Error(r.Str)
	}
	return nil
}

// String returns r on one line, for debugging.
func (r Reply) String() string { return Show(r) }

// Show returns a reply of any type on one line, for debugging.
func Show[R formed[R, K], K ~byte](reply R) string {
	r := Form[K, R](reply)
	kind := Kind(r.Kind)
	switch kind {
	case SimpleString, Double, BigNumber:
		return r.Str
	case ErrorReply, BulkError:
		return "(error) " + r.Str
	case Integer:
		return strconv.FormatInt(r.Integer, 10)
	case Bulk, Verbatim:
		return strconv.Quote(r.Str)
	case Bool:
		return strconv.FormatBool(r.Integer != 0)
	case Null, NullArray:
		return "(" + kind.String() + ")"
	}
	return kind.String() + fmt.Sprint(r.Elems)
}

// Reply writes a decoded reply, with its attributes only in RESP3. In RESP3 the bytes equal the decoded ones, if
// those had the form that servers write.
func (w *Writer) Reply(r Reply) {
	if len(r.Attrs) > 0 && w.Proto == 3 {
		w.Attribute(len(r.Attrs) / 2)
		w.replies(r.Attrs)
	}
	switch r.Kind {
	case Null:
		w.Null()
	case NullArray:
		w.NullArray()
	case SimpleString:
		w.Simple(r.Str)
	case ErrorReply:
		w.Error(Error(r.Str))
	case Integer:
		w.Integer(r.Integer)
	case Bulk:
		w.BulkString(r.Str)
	case Array:
		w.Array(len(r.Elems))
	case Map:
		w.Map(len(r.Elems) / 2)
	case Set:
		w.Set(len(r.Elems))
	case Push:
		w.Push(len(r.Elems))
	case Double:
		w.Double(r.Double)
	case Bool:
		w.Bool(r.Integer != 0)
	case BigNumber:
		w.BigNumber(r.Str)
	case Verbatim:
		w.Verbatim(string(r.Format[:]), r.Str)
	case BulkError:
		if w.Proto != 3 {
			w.Error(Error(r.Str))
			break
		}
		w.head('!', int64(len(r.Str)))
		w.Buf = append(w.Buf, r.Str...)
		w.Buf = append(w.Buf, '\r', '\n')
	}
	w.replies(r.Elems)
}

func (w *Writer) replies(rs []Reply) {
	for _, r := range rs {
		w.Reply(r)
	}
}

// CommandLen returns the length of a request as written by AppendCommand.
func CommandLen[T ~string | ~[]byte](args []T) int {
	n := len("*\r\n") + decimals(len(args))
	for _, a := range args {
		n += len("$\r\n\r\n") + decimals(len(a)) + len(a)
	}
	return n
}

// decimals returns the number of digits of a number that is not negative.
func decimals(n int) int {
	digits := 1
	for ; n > 9; n /= 10 {
		digits++
	}
	return digits
}

// AppendCommand appends a request: an array of bulk strings.
func AppendCommand[T ~string | ~[]byte](dst []byte, args ...T) []byte {
	w := Writer{Buf: dst}
	w.Array(len(args))
	for _, arg := range args {
		w.head('$', int64(len(arg)))
		w.Buf = append(w.Buf, arg...)
		w.Buf = append(w.Buf, '\r', '\n')
	}
	return w.Buf
}

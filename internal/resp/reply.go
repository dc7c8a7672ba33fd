package resp

import (
	"fmt"
	"strconv"
)

// Kind is the type of a Reply.
type Kind byte

// The kinds of replies. Null and NullArray are what RESP2 keeps apart, $-1 and *-1; RESP3's null is Null.
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
type Reply struct {
	Kind  Kind
	Ext   [3]byte // Verbatim: the format, such as "txt"
	Str   string  // the text of SimpleString, ErrorReply, BulkError, Bulk, Verbatim, BigNumber, and of Double as it came
	Int   int64   // Integer; Bool: 1 or 0
	Float float64 // Double
	Elems []Reply // Array, Set, Push; Map: keys and values in turn
	Attrs []Reply // attributes sent before it: keys and values in turn
}

// IsNull reports whether r is a null of either kind.
func (r Reply) IsNull() bool { return r.Kind == Null || r.Kind == NullArray }

// Err returns the Error that r is, or nil.
func (r Reply) Err() error {
	if r.Kind == ErrorReply || r.Kind == BulkError {
		return Error(r.Str)
	}
	return nil
}

// String shows r for debugging, on one line.
func (r Reply) String() string {
	switch r.Kind {
	case SimpleString, Double, BigNumber:
		return r.Str
	case ErrorReply, BulkError:
		return "(error) " + r.Str
	case Integer:
		return strconv.FormatInt(r.Int, 10)
	case Bulk, Verbatim:
		return strconv.Quote(r.Str)
	case Bool:
		return strconv.FormatBool(r.Int != 0)
	case Null, NullArray:
		return "(" + r.Kind.String() + ")"
	}
	return r.Kind.String() + fmt.Sprint(r.Elems)
}

// Reply writes r again, attributes only in RESP3. In RESP3 it gives the bytes that were decoded, if those were in the
// form in which servers write them.
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
		w.Integer(r.Int)
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
		w.Double(r.Float)
	case Bool:
		w.Bool(r.Int != 0)
	case BigNumber:
		w.BigNumber(r.Str)
	case Verbatim:
		w.Verbatim(string(r.Ext[:]), r.Str)
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

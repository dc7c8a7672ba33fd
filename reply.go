package respserver

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/resp-server/resp-server/internal/resp"
)

// Reply is the reply to a command. Its zero value is a null.
//
// A command always replies with the same kinds, so a caller knows which conversion
// fits. A conversion that does not fit (Int of "abc", Text of an array, any
// conversion of an error) panics, as the methods of reflect.Value do, and the panic
// shows the reply. A null converts to the zero value: a missing counter is 0, a
// missing list has no Strings. Check IsNull and Err first where that matters.
type Reply struct {
	Kind Kind
	// Format is the format of a KindVerbatim, "txt" or "mkd".
	Format [3]byte
	// Str is the text of a KindSimpleString, KindError, KindBulkString,
	// KindBigNumber, KindVerbatim or KindBulkError, and the text of a KindDouble as
	// it was sent.
	Str string
	// Integer is the number of a KindInteger, and 1 or 0 for a KindBool.
	Integer int64
	// Double is the number of a KindDouble.
	Double float64
	// Elems are the elements of a KindArray, KindSet or KindPush, and the
	// alternating keys and values of a KindMap.
	Elems []Reply
	// Attrs are the attributes sent before the reply, as alternating keys and
	// values.
	Attrs []Reply
}

// Kind is the RESP3 type of a Reply.
type Kind uint8

// The kinds of replies. KindNull and KindNullArray are the two nulls of RESP2, $-1
// and *-1; the null of RESP3 is KindNull.
const (
	KindNull Kind = iota
	KindNullArray
	KindSimpleString
	KindError
	KindInteger
	KindBulkString
	KindArray
	KindMap
	KindSet
	KindPush
	KindDouble
	KindBool
	KindBigNumber
	KindVerbatim
	KindBulkError
)

// String returns the name of a kind, such as "bulk string".
func (k Kind) String() string { return resp.Kind(k).String() }

// Error is an error reply, such as "WRONGTYPE Operation against a key ...".
type Error string

// Error returns the text as the server sent it.
func (e Error) Error() string { return string(e) }

// Code returns the first word, such as "WRONGTYPE".
func (e Error) Code() string {
	code, _, _ := strings.Cut(string(e), " ")
	return code
}

// Err returns r as an Error, or nil if r is none.
func (r Reply) Err() error {
	if r.Kind == KindError || r.Kind == KindBulkError {
		return Error(r.Str)
	}
	return nil
}

// IsNull reports whether r is a null, the reply for a missing key, element or
// result.
func (r Reply) IsNull() bool { return r.Kind == KindNull || r.Kind == KindNullArray }

// String returns r on one line for debugging, with quoted strings and all elements.
func (r Reply) String() string { return resp.Show(r) }

// Text returns the text of a string, the digits of a number, and 1 or 0 for a
// boolean.
func (r Reply) Text() string {
	switch r.Kind {
	case KindSimpleString, KindBulkString, KindVerbatim, KindBigNumber, KindDouble:
		return r.Str
	case KindInteger, KindBool:
		return strconv.FormatInt(r.Integer, 10)
	case KindNull, KindNullArray:
		return ""
	}
	panic(r.misfit("Text"))
}

// Bytes returns a copy of Text, nil for a null.
func (r Reply) Bytes() []byte {
	if r.IsNull() {
		return nil
	}
	return []byte(r.Text())
}

// Int returns an integer, 1 or 0 for a boolean, and the number in a string or a
// double.
func (r Reply) Int() int64 {
	switch r.Kind {
	case KindInteger, KindBool:
		return r.Integer
	case KindNull, KindNullArray:
		return 0
	}
	n, err := strconv.ParseInt(r.Text(), 10, 64)
	if err != nil {
		panic(r.misfit("Int"))
	}
	return n
}

// Float returns a double, an integer as a double, and the number in a string.
func (r Reply) Float() float64 {
	switch r.Kind {
	case KindDouble:
		return r.Double
	case KindInteger, KindBool:
		return float64(r.Integer)
	case KindNull, KindNullArray:
		return 0
	}
	f, err := strconv.ParseFloat(r.Text(), 64)
	if err != nil {
		panic(r.misfit("Float"))
	}
	return f
}

// Bool returns a boolean, true for an integer other than 0 and for the status OK,
// and the result of strconv.ParseBool for other strings. So after SET with NX,
// whose reply is OK or null, it reports whether the key was set.
func (r Reply) Bool() bool {
	switch {
	case r.Kind == KindInteger || r.Kind == KindBool:
		return r.Integer != 0
	case r.Kind == KindSimpleString && r.Str == "OK":
		return true
	case r.IsNull():
		return false
	}
	b, err := strconv.ParseBool(r.Text())
	if err != nil {
		panic(r.misfit("Bool"))
	}
	return b
}

// Array returns Elems: the elements of an array, a set or a push, or the
// alternating keys and values of a map.
func (r Reply) Array() []Reply {
	switch r.Kind {
	case KindArray, KindSet, KindPush, KindMap:
		return r.Elems
	case KindNull, KindNullArray:
		return nil
	}
	panic(r.misfit("Array"))
}

// Strings returns the Text of each element of Array.
func (r Reply) Strings() []string {
	elems := r.Array()
	if elems == nil {
		return nil
	}
	texts := make([]string, len(elems))
	for i, e := range elems {
		texts[i] = e.Text()
	}
	return texts
}

// Map returns the values of a map by the Text of their keys. It also converts an
// array of alternating keys and values, or of pairs, as ZRANGE WITHSCORES returns
// them.
func (r Reply) Map() map[string]Reply {
	elems := r.Array()
	if elems == nil {
		return nil
	}
	values := make(map[string]Reply, len(elems)/2)
	if len(elems) > 0 && elems[0].Kind == KindArray {
		for _, e := range elems {
			pair := e.Array()
			if len(pair) != 2 {
				panic(r.misfit("Map"))
			}
			values[pair[0].Text()] = pair[1]
		}
		return values
	}
	if len(elems)%2 != 0 {
		panic(r.misfit("Map"))
	}
	for i := 0; i < len(elems); i += 2 {
		values[elems[i].Text()] = elems[i+1]
	}
	return values
}

// StringMap is Map with the Text of each value.
func (r Reply) StringMap() map[string]string {
	values := r.Map()
	if values == nil {
		return nil
	}
	texts := make(map[string]string, len(values))
	for key, v := range values {
		texts[key] = v.Text()
	}
	return texts
}

// misfit is the panic of a conversion that r does not fit.
func (r Reply) misfit(method string) string {
	return fmt.Sprintf("respserver: Reply.%s: the reply is %s: %.200s", method, r.Kind, r)
}

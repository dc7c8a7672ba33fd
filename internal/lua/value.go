package lua

import (
	"math"
	"strconv"
	"strings"
	"unsafe"

	"github.com/resp-server/resp-server/internal/numfmt"
)

// Kind is the type of a value.
type Kind uint8

// The types of Lua, and the type of a variable shared by closures.
const (
	Nil Kind = iota
	Bool
	LightUserdata
	Number
	String
	TableKind
	FunctionKind
	Userdata
	ThreadKind
	cellKind
)

var kindNames = [...]string{"nil", "boolean", "userdata", "number", "string", "table", "function", "userdata", "thread", "upval"}

// Name returns the name of the type as in the function type.
func (k Kind) Name() string { return kindNames[k] }

// Value is a value of Lua; the zero Value is nil. It is a number or the object
// at p, which begins with its kind. Numbers, booleans and light userdata point
// to an object that contains only the kind.
type Value struct {
	p *object
	n float64
}

type object struct{ kind Kind }

var (
	numberObject = &object{Number}
	boolObject   = &object{Bool}
	lightObject  = &object{LightUserdata}
)

// Some values.
var (
	True  = Value{boolObject, 1}
	False = Value{boolObject, 0}
	// Null is the light userdata of the null pointer.
	Null = Value{lightObject, 0}
)

// Num returns a number.
func Num(f float64) Value { return Value{numberObject, f} }

// Int returns a number.
func Int(n int) Value { return Value{numberObject, float64(n)} }

// Boolean returns a boolean.
func Boolean(b bool) Value {
	if b {
		return True
	}
	return False
}

// str is a string with its hash.
type str struct {
	object
	hashed bool
	hash   uint32
	s      string
}

// Str returns a string.
func Str(s string) Value { return Value{p: &(&str{object: object{String}, s: s}).object} }

// Bytes returns a copy of b as a string.
func Bytes(b []byte) Value { return Str(string(b)) }

// Conversions of objects: the kind determines the struct that begins with the
// object.
func (v Value) str() *str           { return (*str)(unsafe.Pointer(v.p)) }
func (v Value) table() *Table       { return (*Table)(unsafe.Pointer(v.p)) }
func (v Value) function() *Function { return (*Function)(unsafe.Pointer(v.p)) }
func (v Value) userdata() *userdata { return (*userdata)(unsafe.Pointer(v.p)) }
func (v Value) thread() *Thread     { return (*Thread)(unsafe.Pointer(v.p)) }
func (v Value) cell() *cell         { return (*cell)(unsafe.Pointer(v.p)) }

// cell is a local variable that closures share.
type cell struct {
	object
	v Value
}

func newCell(v Value) Value { return Value{p: &(&cell{object{cellKind}, v}).object} }

// userdata is the result of newproxy.
type userdata struct {
	object
	meta *Table
}

// Kind returns the type of v.
func (v Value) Kind() Kind {
	if v.p == nil {
		return Nil
	}
	return v.p.kind
}

// Truth reports whether v counts as true: everything except nil and false
// does.
func (v Value) Truth() bool { return v.p != nil && (v.p != boolObject || v.n != 0) }

// IsNil reports whether v is nil.
func (v Value) IsNil() bool { return v.p == nil }

// Number returns v as a number, and whether it is one.
func (v Value) Number() (float64, bool) { return v.n, v.p == numberObject }

// String returns v if it is a string, else "".
func (v Value) String() string {
	if v.Kind() == String {
		return v.str().s
	}
	return ""
}

// Table returns v if it is a table, else nil.
func (v Value) Table() *Table {
	if v.Kind() == TableKind {
		return v.table()
	}
	return nil
}

// Function returns v if it is a function, else nil.
func (v Value) Function() *Function {
	if v.Kind() == FunctionKind {
		return v.function()
	}
	return nil
}

// ToNumber returns v as a number. It converts strings that look like one.
func (v Value) ToNumber() (float64, bool) {
	switch v.Kind() {
	case Number:
		return v.n, true
	case String:
		return parseNumber(v.str().s)
	}
	return 0, false
}

// ToString returns v as a string if it is a string or a number.
func (v Value) ToString() (string, bool) {
	switch v.Kind() {
	case Number:
		return FormatNumber(v.n), true
	case String:
		return v.str().s, true
	}
	return "", false
}

// equals is equality without metamethods.
func equals(a, b Value) bool {
	if a.p == b.p {
		return a.n == b.n
	}
	return a.Kind() == String && b.Kind() == String && a.str().s == b.str().s
}

// Equal reports whether two values are equal without metamethods.
func Equal(a, b Value) bool { return equals(a, b) }

// FormatNumber formats a number as tostring does: "%.14g".
func FormatNumber(f float64) string {
	var buf [32]byte
	return string(appendNumber(buf[:0], f))
}

func appendNumber(dst []byte, f float64) []byte {
	if f == math.Trunc(f) && math.Abs(f) < 1e14 && (f != 0 || !math.Signbit(f)) {
		return strconv.AppendInt(dst, int64(f), 10)
	}
	return AppendG(dst, f, 14)
}

// AppendG formats like "%.*g" in C.
func AppendG(dst []byte, f float64, precision int) []byte {
	switch {
	case math.IsNaN(f) && math.Signbit(f):
		return append(dst, "-nan"...)
	case math.IsNaN(f):
		return append(dst, "nan"...)
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	}
	precision = max(precision, 1)
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'e', precision-1, 64)
	e := strings.LastIndexByte(string(dst[start:]), 'e') + start
	exp, _ := strconv.Atoi(string(dst[e+1:]))
	if exp < -4 || exp >= precision {
		exponent := string(dst[e:])
		return append(trimZeros(dst[:e], start), exponent...)
	}
	dst = strconv.AppendFloat(dst[:start], f, 'f', precision-1-exp, 64)
	return trimZeros(dst, start)
}

// trimZeros removes trailing zeros of a fraction that begins after start.
func trimZeros(b []byte, start int) []byte {
	if strings.IndexByte(string(b[start:]), '.') < 0 {
		return b
	}
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	if b[len(b)-1] == '.' {
		b = b[:len(b)-1]
	}
	return b
}

func isSpace(c byte) bool { return c == ' ' || c-'\t' < 5 }

// parseNumber parses a number as strtod does, with surrounding blanks.
func parseNumber(s string) (float64, bool) {
	for s != "" && isSpace(s[0]) {
		s = s[1:]
	}
	for s != "" && isSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	if s == "" {
		return 0, false
	}
	f, n := ScanNumber(s)
	return f, n == len(s)
}

// ScanNumber parses a number at the beginning of s as strtod does. It returns
// the number of bytes parsed, 0 if there is no number.
func ScanNumber(s string) (f float64, n int) {
	i := 0
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	neg := i > 0 && s[0] == '-'
	word := func(w string) bool { return len(s)-i >= len(w) && strings.EqualFold(s[i:i+len(w)], w) }
	switch {
	case word("infinity"):
		f, n = math.Inf(1), i+8
	case word("inf"):
		f, n = math.Inf(1), i+3
	case word("nan"):
		f, n = math.NaN(), i+3
	case word("0x"):
		f, n = scanHex(s, i+2)
		if n == 0 {
			n = i + 1 // the zero
		}
	default:
		return scanDecimal(s, i)
	}
	if neg {
		f = math.Copysign(f, -1)
	}
	return f, n
}

func digits(s string, i int) int {
	for i < len(s) && s[i]-'0' < 10 {
		i++
	}
	return i
}

func scanDecimal(s string, i int) (float64, int) {
	start := i
	i = digits(s, i)
	count := i - start
	if i < len(s) && s[i] == '.' {
		end := digits(s, i+1)
		count += end - i - 1
		if count > 0 {
			i = end
		}
	}
	if count == 0 {
		return 0, 0
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		e := i + 1
		if e < len(s) && (s[e] == '-' || s[e] == '+') {
			e++
		}
		if end := digits(s, e); end > e {
			i = end
		}
	}
	if f, ok := numfmt.ParseInt([]byte(s[:i])); ok && f != 0 {
		return float64(f), i
	}
	f, _ := strconv.ParseFloat(s[:i], 64) // out of range gives infinity or zero, as in C
	return f, i
}

// scanHex parses hexadecimal digits with an optional fraction and exponent.
func scanHex(s string, i int) (f float64, n int) {
	count, exp := 0, 0
	for ; i < len(s) && hexDigit(s[i]) >= 0; i++ {
		f = f*16 + float64(hexDigit(s[i]))
		count++
	}
	if i < len(s) && s[i] == '.' {
		j := i + 1
		for ; j < len(s) && hexDigit(s[j]) >= 0; j++ {
			f = f*16 + float64(hexDigit(s[j]))
			exp -= 4
			count++
		}
		if count > 0 {
			i = j
		}
	}
	if count == 0 {
		return 0, 0
	}
	if i < len(s) && s[i]|0x20 == 'p' {
		e := i + 1
		if e < len(s) && (s[e] == '-' || s[e] == '+') {
			e++
		}
		if end := digits(s, e); end > e {
			x, _ := strconv.Atoi(s[i+1 : end])
			exp += x
			i = end
		}
	}
	return math.Ldexp(f, exp), i
}

func hexDigit(c byte) int {
	switch {
	case c-'0' < 10:
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

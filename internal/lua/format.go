package lua

import (
	"bytes"
	"math"
	"strconv"
	"strings"
)

func strFormat(th *Thread, args []Value) []Value {
	format := th.CheckString(args, 0)
	var b []byte
	arg := 0
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			b = append(b, format[i])
			continue
		}
		if i++; i < len(format) && format[i] == '%' {
			b = append(b, '%')
			continue
		}
		var d directive
		i = d.read(th, format, i)
		conv := byte(0)
		if i < len(format) {
			conv = format[i]
		}
		if arg++; arg >= len(args) {
			th.ArgFail(arg, "no value")
		}
		before := len(b)
		b = d.append(th, b, conv, args, arg)
		th.CheckSize(len(b))
		th.Work(1 + (len(b)-before)>>6)
	}
	return th.One(Str(string(b)))
}

// directive is the part between % and the letter.
type directive struct {
	minus, plus, blank, sharp, zero bool
	width, precision                int // precision -1: none
}

func (d *directive) read(th *Thread, format string, i int) int {
	start := i
	for i < len(format) && strings.IndexByte("-+ #0", format[i]) >= 0 {
		switch format[i] {
		case '-':
			d.minus = true
		case '+':
			d.plus = true
		case ' ':
			d.blank = true
		case '#':
			d.sharp = true
		case '0':
			d.zero = true
		}
		i++
	}
	if i-start >= len("-+ #0")+1 {
		th.Errorf("invalid format (repeated flags)")
	}
	number := func() (n int) {
		for k := 0; k < 2 && i < len(format) && isDigit(format[i]); k++ {
			n = n*10 + int(format[i]-'0')
			i++
		}
		return n
	}
	d.width, d.precision = number(), -1
	if i < len(format) && format[i] == '.' {
		i++
		d.precision = number()
	}
	if i < len(format) && isDigit(format[i]) {
		th.Errorf("invalid format (width or precision too long)")
	}
	return i
}

func (d *directive) append(th *Thread, b []byte, conv byte, args []Value, arg int) []byte {
	switch conv {
	case 'c':
		c := 0
		if f := th.CheckNumber(args, arg); f > math.MinInt32-1 && f < math.MaxInt32+1 {
			c = int(f)
		}
		before := len(b)
		b = d.pad(b, "", string([]byte{byte(c)}), false)
		if i := bytes.IndexByte(b[before:], 0); i >= 0 {
			b = b[:before+i] // in C it passes through a string
		}
		return b
	case 'd', 'i':
		n := int64(ToInt(th.CheckNumber(args, arg)))
		sign := d.sign(n < 0)
		text := strconv.FormatInt(n, 10)
		return d.integer(b, sign, strings.TrimPrefix(text, "-"))
	case 'o', 'u', 'x', 'X':
		f := th.CheckNumber(args, arg)
		n := uint64(ToInt(f))
		if f >= math.MaxInt64 && f < math.MaxUint64 {
			n = uint64(f)
		}
		base := map[byte]int{'o': 8, 'u': 10, 'x': 16, 'X': 16}[conv]
		text, prefix := strconv.FormatUint(n, base), ""
		switch {
		case d.sharp && n != 0 && base == 16:
			prefix = "0x"
		case d.sharp && base == 8 && text[0] != '0':
			text = "0" + text
		}
		if conv == 'X' {
			text, prefix = strings.ToUpper(text), strings.ToUpper(prefix)
		}
		return d.integer(b, prefix, text)
	case 'e', 'E', 'f', 'g', 'G':
		return d.float(b, conv, th.CheckNumber(args, arg))
	case 'q':
		return quote(b, th.CheckString(args, arg))
	case 's':
		s := th.CheckString(args, arg)
		if d.precision < 0 && len(s) >= 100 {
			return append(b, s...) // unchanged, as in C
		}
		if i := strings.IndexByte(s, 0); i >= 0 {
			s = s[:i] // in C it passes through a string
		}
		if d.precision >= 0 && len(s) > d.precision {
			s = s[:d.precision]
		}
		return d.pad(b, "", s, false)
	}
	shown := ""
	if conv != 0 {
		shown = string([]byte{conv})
	}
	th.Errorf("invalid option '%%%s' to 'format'", shown)
	return nil
}

func (d *directive) sign(neg bool) string {
	switch {
	case neg:
		return "-"
	case d.plus:
		return "+"
	case d.blank:
		return " "
	}
	return ""
}

func (d *directive) integer(b []byte, prefix, digits string) []byte {
	if d.precision >= 0 {
		if d.precision == 0 && digits == "0" {
			digits = ""
		}
		if n := d.precision - len(digits); n > 0 {
			digits = strings.Repeat("0", n) + digits
		}
	}
	return d.pad(b, prefix, digits, d.zero && d.precision < 0)
}

func (d *directive) float(b []byte, conv byte, f float64) []byte {
	sign := d.sign(math.Signbit(f))
	f = math.Abs(f)
	if math.IsInf(f, 0) || math.IsNaN(f) {
		text := "inf"
		if math.IsNaN(f) {
			text = "nan"
		}
		if conv < 'a' {
			text = strings.ToUpper(text)
		}
		return d.pad(b, sign, text, false)
	}
	precision := d.precision
	if precision < 0 {
		precision = 6
	}
	var text string
	switch conv | 0x20 {
	case 'g':
		text = d.general(f, max(precision, 1))
	default:
		text = strconv.FormatFloat(f, conv|0x20, precision, 64)
		if d.sharp && precision == 0 {
			if i := strings.IndexByte(text, 'e'); i >= 0 {
				text = text[:i] + "." + text[i:]
			} else {
				text += "."
			}
		}
	}
	if conv < 'a' {
		text = strings.ToUpper(text)
	}
	return d.pad(b, sign, text, d.zero)
}

func (d *directive) general(f float64, precision int) string {
	if !d.sharp {
		return string(AppendG(nil, f, precision))
	}
	text := strconv.FormatFloat(f, 'e', precision-1, 64)
	e := strings.IndexByte(text, 'e')
	if exp, _ := strconv.Atoi(text[e+1:]); exp >= -4 && exp < precision {
		if text = strconv.FormatFloat(f, 'f', precision-1-exp, 64); !strings.Contains(text, ".") {
			text += "."
		}
	} else if !strings.Contains(text, ".") {
		text = text[:e] + "." + text[e:]
	}
	return text
}

// pad appends prefix and text, padded to the width.
func (d *directive) pad(b []byte, prefix, text string, zeros bool) []byte {
	n := d.width - len(prefix) - len(text)
	switch {
	case n <= 0:
		b = append(b, prefix...)
		return append(b, text...)
	case d.minus:
		b = append(b, prefix...)
		b = append(b, text...)
		return append(b, strings.Repeat(" ", n)...)
	case zeros:
		b = append(b, prefix...)
		b = append(b, strings.Repeat("0", n)...)
		return append(b, text...)
	}
	b = append(b, strings.Repeat(" ", n)...)
	b = append(b, prefix...)
	return append(b, text...)
}

// quote writes a string as a literal.
func quote(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\', '\n':
			b = append(b, '\\', c)
		case '\r':
			b = append(b, `\r`...)
		case 0:
			b = append(b, `\000`...)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

package script

import (
	"strings"
	"unicode/utf8"

	"github.com/resp-server/resp-server/internal/lua"
)

// jsonToken is a kind of token, by its name in errors.
type jsonToken string

const (
	jsonObjBegin jsonToken = "T_OBJ_BEGIN"
	jsonObjEnd   jsonToken = "T_OBJ_END"
	jsonArrBegin jsonToken = "T_ARR_BEGIN"
	jsonArrEnd   jsonToken = "T_ARR_END"
	jsonString   jsonToken = "T_STRING"
	jsonNumber   jsonToken = "T_NUMBER"
	jsonBoolean  jsonToken = "T_BOOLEAN"
	jsonNull     jsonToken = "T_NULL"
	jsonColon    jsonToken = "T_COLON"
	jsonComma    jsonToken = "T_COMMA"
	jsonEnd      jsonToken = "T_END"
)

// jsonParser parses JSON as cjson does. It accepts more than the standard:
// numbers may be hexadecimal, infinite or NaN.
type jsonParser struct {
	th    *lua.Thread
	c     *cjson
	s     string
	pos   int
	depth int
	// The current token: its kind, or an error if bad is set.
	tok   jsonToken
	bad   string
	at    int
	value lua.Value
}

func (c *cjson) decode(th *lua.Thread, args []lua.Value) []lua.Value {
	if len(args) != 1 {
		th.ArgFail(0, "expected 1 argument")
	}
	p := jsonParser{th: th, c: c, s: th.CheckString(args, 0)}
	if len(p.s) >= 2 && (p.s[0] == 0 || p.s[1] == 0) {
		th.Errorf("JSON parser does not support UTF-16 or UTF-32")
	}
	p.next()
	v := p.parse()
	if p.next(); p.tok != jsonEnd {
		p.fail("the end")
	}
	return th.One(v)
}

func (p *jsonParser) fail(expected string) {
	found := string(p.tok)
	if p.bad != "" {
		found = p.bad
	}
	p.th.Errorf("Expected %s but found %s at character %d", expected, found, p.at+1)
}

func (p *jsonParser) peek(i int) byte {
	if i < len(p.s) {
		return p.s[i]
	}
	return 0
}

func (p *jsonParser) error(why string) { p.tok, p.bad, p.at = "", why, p.pos }

func (p *jsonParser) next() {
	p.th.Work(1 + (p.pos-p.at)>>5)
	for c := p.peek(p.pos); c == ' ' || c == '\t' || c == '\n' || c == '\r'; c = p.peek(p.pos) {
		p.pos++
	}
	p.at, p.bad = p.pos, ""
	c := p.peek(p.pos)
	switch c {
	case '{':
		p.tok = jsonObjBegin
	case '}':
		p.tok = jsonObjEnd
	case '[':
		p.tok = jsonArrBegin
	case ']':
		p.tok = jsonArrEnd
	case ',':
		p.tok = jsonComma
	case ':':
		p.tok = jsonColon
	case 0:
		p.tok = jsonEnd
		return
	case '"':
		p.quoted()
		return
	default:
		p.word(c)
		return
	}
	p.pos++
}

func (p *jsonParser) word(c byte) {
	rest := p.s[p.pos:]
	switch {
	case c == '-' || c-'0' < 10:
		if !p.c.decodeInvalid && p.unusual() {
			p.error("invalid number")
			return
		}
		p.number()
	case strings.HasPrefix(rest, "true"):
		p.tok, p.value = jsonBoolean, lua.True
		p.pos += 4
	case strings.HasPrefix(rest, "false"):
		p.tok, p.value = jsonBoolean, lua.False
		p.pos += 5
	case strings.HasPrefix(rest, "null"):
		p.tok = jsonNull
		p.pos += 4
	case strings.IndexByte("fiInNt+", c) >= 0 && p.c.decodeInvalid && p.unusual():
		p.number()
	default:
		p.error("invalid token")
	}
}

// unusual reports whether the next number is one only for strtod.
func (p *jsonParser) unusual() bool {
	i := p.pos
	if p.peek(i) == '+' {
		return true
	}
	if p.peek(i) == '-' {
		i++
	}
	switch c := p.peek(i); {
	case c == '0':
		d := p.peek(i + 1)
		return d|0x20 == 'x' || d-'0' < 10
	case c <= '9':
		return false
	}
	word := strings.ToLower(p.s[i:min(i+3, len(p.s))])
	return word == "inf" || word == "nan"
}

func (p *jsonParser) number() {
	f, n := lua.ScanNumber(p.s[p.pos:])
	if n == 0 {
		p.error("invalid number")
		return
	}
	p.tok, p.value = jsonNumber, lua.Num(f)
	p.pos += n
}

func (p *jsonParser) quoted() {
	p.pos++
	start := p.pos
	for p.pos < len(p.s) {
		switch p.s[p.pos] {
		case '"':
			p.tok, p.value = jsonString, lua.Str(p.s[start:p.pos])
			p.pos++
			return
		case '\\', 0:
			p.escaped([]byte(p.s[start:p.pos]))
			return
		}
		p.pos++
	}
	p.error("unexpected end of string")
}

// escaped parses the rest of a string from its first escape on.
func (p *jsonParser) escaped(b []byte) {
	for {
		c := p.peek(p.pos)
		switch c {
		case 0:
			p.error("unexpected end of string")
			return
		case '"':
			p.pos++
			p.tok, p.value = jsonString, lua.Str(string(b))
			return
		case '\\':
			e := p.peek(p.pos + 1)
			if e == 'u' {
				r, n := p.unicode(p.pos)
				if n == 0 {
					p.error("invalid unicode escape code")
					return
				}
				if r >= 0xd800 && r < 0xe000 {
					p.error("invalid unicode escape code")
					return
				}
				b = utf8.AppendRune(b, r)
				p.pos += n
				continue
			}
			i := strings.IndexByte(`"\/btnfr`, e)
			if e == 0 || i < 0 {
				p.error("invalid escape code")
				return
			}
			c = "\"\\/\b\t\n\f\r"[i]
			p.pos++
		}
		b = append(b, c)
		p.pos++
	}
}

func (p *jsonParser) hex4(i int) rune {
	r := rune(0)
	for k := range 4 {
		c := p.peek(i + k)
		switch {
		case c-'0' < 10:
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return -1
		}
	}
	return r
}

// unicode parses \uXXXX, or two of them for a surrogate pair. n is the number
// of bytes parsed, 0 if there is no valid code.
func (p *jsonParser) unicode(i int) (r rune, n int) {
	r = p.hex4(i + 2)
	if r < 0 {
		return 0, 0
	}
	if r&0xf800 != 0xd800 {
		return r, 6
	}
	if r&0x400 != 0 || p.peek(i+6) != '\\' || p.peek(i+7) != 'u' {
		return 0, 0
	}
	low := p.hex4(i + 8)
	if low < 0 || low&0xfc00 != 0xdc00 {
		return 0, 0
	}
	return (r&0x3ff)<<10 | low&0x3ff + 0x10000, 12
}

func (p *jsonParser) descend() {
	if p.depth++; p.depth > p.c.decodeDepth || p.depth > maxNesting {
		p.th.Errorf("Found too many nested data structures (%d) at character %d", p.depth, p.pos)
	}
}

// parse returns the value that begins with the current token.
func (p *jsonParser) parse() lua.Value {
	switch p.tok {
	case jsonString, jsonNumber, jsonBoolean:
		return p.value
	case jsonNull:
		return lua.Null
	case jsonObjBegin:
		return p.object()
	case jsonArrBegin:
		return p.array()
	}
	p.fail("value")
	return lua.Value{}
}

func (p *jsonParser) object() lua.Value {
	p.descend()
	t := lua.NewTable(0, 0)
	if p.next(); p.tok == jsonObjEnd {
		p.depth--
		return t.Value()
	}
	for {
		if p.tok != jsonString {
			p.fail("object key string")
		}
		key := p.value
		if p.next(); p.tok != jsonColon {
			p.fail("colon")
		}
		p.next()
		t.Set(key, p.parse())
		if p.next(); p.tok == jsonObjEnd {
			break
		}
		if p.tok != jsonComma {
			p.fail("comma or object end")
		}
		p.next()
	}
	p.depth--
	return t.Value()
}

func (p *jsonParser) array() lua.Value {
	p.descend()
	t := lua.NewTable(0, 0)
	if p.next(); p.tok == jsonArrEnd {
		p.depth--
		return t.Value()
	}
	for i := 1; ; i++ {
		t.SetInt(i, p.parse())
		if p.next(); p.tok == jsonArrEnd {
			break
		}
		if p.tok != jsonComma {
			p.fail("comma or array end")
		}
		p.next()
	}
	p.depth--
	return t.Value()
}

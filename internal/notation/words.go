package notation

import (
	"errors"
	"strconv"
	"strings"
)

var errQuotes = errors.New("unbalanced quotes")

// SplitWords splits a command line like redis-cli: words are separated by blanks,
// "..." may contain \n \r \t \a \b \xHH and any other escaped byte, '...' only \',
// and a closing quote ends its word.
func SplitWords(line string) ([]string, error) {
	var words []string
	for i := 0; ; {
		for i < len(line) && isBlank(line[i]) {
			i++
		}
		if i == len(line) {
			return words, nil
		}
		var word []byte
		for i < len(line) && !isBlank(line[i]) {
			q := line[i]
			if q != '"' && q != '\'' {
				word = append(word, q)
				i++
				continue
			}
			s, n := Unquote(line[i:])
			if n == 0 || i+n < len(line) && !isBlank(line[i+n]) {
				return nil, errQuotes
			}
			word = append(word, s...)
			i += n
			break
		}
		words = append(words, string(word))
	}
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// Unquote parses the quoted string at the start of s. It returns its bytes, and its
// length in s, which is 0 if the string is not closed.
func Unquote(s string) (b []byte, n int) {
	q := s[0]
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == q:
			return b, i + 1
		case c != '\\' || i+1 == len(s):
			b = append(b, c)
		case q == '\'':
			if s[i+1] == '\'' {
				i++
			}
			b = append(b, s[i])
		default:
			i++
			switch s[i] {
			case 'n':
				b = append(b, '\n')
			case 'r':
				b = append(b, '\r')
			case 't':
				b = append(b, '\t')
			case 'a':
				b = append(b, '\a')
			case 'b':
				b = append(b, '\b')
			case 'x':
				if i+2 < len(s) {
					if v, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
						b = append(b, byte(v))
						i += 2
						continue
					}
				}
				b = append(b, 'x')
			default:
				b = append(b, s[i])
			}
		}
	}
	return nil, 0
}

// Quote quotes bytes as redis-cli prints a bulk string. A '<' that would look like
// a matcher becomes \x3c.
func Quote[B string | []byte](s B) string {
	const hex = "0123456789abcdef"
	b := append(make([]byte, 0, len(s)+2), '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '\\', '"':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		case '\t':
			b = append(b, `\t`...)
		case '\a':
			b = append(b, `\a`...)
		case '\b':
			b = append(b, `\b`...)
		default:
			if c < ' ' || c > '~' || c == '<' && matcherRE.MatchString(string(s[i:min(len(s), i+200)])) {
				b = append(b, '\\', 'x', hex[c>>4], hex[c&15])
			} else {
				b = append(b, c)
			}
		}
	}
	return string(append(b, '"'))
}

// Join returns a command line that SplitWords splits into words, quoted where
// necessary.
func Join(words []string) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		if q := Quote(w); len(q) > len(w)+2 || w == "" || strings.ContainsAny(w, " '\"") {
			b.WriteString(q)
		} else {
			b.WriteString(w)
		}
	}
	return b.String()
}

package resp

// inline parses the line at pos into args. It returns false if the line is
// incomplete, or with an error.
func (r *Reader) inline() (bool, error) {
	end := r.lineEnd('\n')
	if end < 0 {
		return false, r.tooLong(errInlineSize)
	}
	line := r.buf[r.pos:end]
	r.pos, r.scanned = end+1, 0
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	r.needArgs()
	var ok bool
	if r.args, ok = splitLine(r.args, line); !ok {
		return false, r.fail(errQuotes)
	}
	r.start = r.pos
	return true, nil
}

// splitLine appends the words of a line in the syntax of redis-cli and configuration files: words are separated by
// blanks, and may have parts in "double quotes" with \n \r \t \b \a \xHH and \any, or in 'single quotes' with only
// \'. A closing quote ends its word and must be followed by a blank. Words are unquoted in place, which overwrites
// line. It returns false if a quote is not closed, or something follows a closing quote.
func splitLine(words [][]byte, line []byte) ([][]byte, bool) {
	for i := 0; ; {
		for i < len(line) && isSpace(line[i]) {
			i++
		}
		if i == len(line) {
			return words, true
		}
		begin, end := i, i // the word so far is line[begin:end], and end <= i
		var quote byte
	word:
		for ; ; i++ {
			if i == len(line) {
				if quote != 0 {
					return words, false
				}
				break
			}
			c := line[i]
			switch {
			case quote == 0:
				switch c {
				case ' ', '\n', '\r', '\t': // other blanks separate words, but do not end one
					break word
				case '"', '\'':
					quote = c
					continue
				}
			case c == quote:
				if i++; i < len(line) && !isSpace(line[i]) {
					return words, false
				}
				break word
			case c != '\\' || i+1 == len(line):
			case quote == '\'':
				if line[i+1] == '\'' {
					i++
					c = '\''
				}
			case line[i+1] == 'x' && i+3 < len(line) && unhex(line[i+2]) < 16 && unhex(line[i+3]) < 16:
				c = unhex(line[i+2])<<4 | unhex(line[i+3])
				i += 3
			default:
				i++
				c = unescape(line[i])
			}
			line[end] = c
			end++
		}
		words = append(words, line[begin:end:end])
	}
}

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

func unescape(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'a':
		return '\a'
	}
	return c
}

// unhex returns the value of a hex digit, or 255.
func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}

// SplitWords splits a line like an inline request. It returns false if a quote is
// not closed.
func SplitWords(line string) ([]string, bool) {
	words, ok := splitLine(nil, []byte(line))
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return out, ok
}

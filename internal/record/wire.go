package record

import "bytes"

// deepest bounds the nesting of replies; our own are not deeper.
const deepest = 1024

// replyLen returns the length in bytes of the first reply in b, 0 if the reply does not
// end in b, and -1 if b does not begin with a reply.
func replyLen(b []byte, depth int) int {
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		return 0
	}
	if end < 2 || b[end-1] != '\r' || depth > deepest {
		return -1
	}
	size := end + 1
	var each int
	switch b[0] {
	case '+', '-', ':', ',', '(', '_', '#':
		return size
	case '$', '!', '=':
		n, ok := parseLen(b[1 : end-1])
		if !ok {
			return -1
		}
		if n >= 0 {
			size += n + 2
		}
		if size > len(b) {
			return 0
		}
		return size
	case '*', '~', '>':
		each = 1
	case '%', '|':
		each = 2
	default:
		return -1
	}
	n, ok := parseLen(b[1 : end-1])
	if !ok {
		return -1
	}
	n *= each
	if b[0] == '|' {
		n++ // the reply behind the attribute
	}
	for range n {
		k := replyLen(b[size:], depth+1)
		if k <= 0 {
			return k
		}
		size += k
	}
	return size
}

func parseLen(s []byte) (n int, ok bool) {
	if string(s) == "-1" {
		return -1, true
	}
	for _, c := range s {
		if c < '0' || c > '9' || n > 1<<40 {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, len(s) > 0
}

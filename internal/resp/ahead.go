package resp

// Ahead appends to keys the first arguments of the requests that wait in the
// buffer, as far as it is full of small and complete ones, until keys has no
// more room. It is a guess at the keys of what Next will return, made in
// passing: it changes nothing and reports no errors. What it returns is valid
// as long as arguments are.
func (r *Reader) Ahead(keys [][]byte) [][]byte {
	if r.missing != 0 {
		return keys
	}
	for b := r.buf[r.pos:]; len(keys) < cap(keys); {
		if len(b) < 4 || b[0] != '*' || b[1]-'1' > 8 || b[2] != '\r' {
			break
		}
		args := int(b[1] - '0')
		b = b[4:]
		var key []byte
		for i := range args {
			n, head := 0, 4
			switch {
			case len(b) >= 5 && b[0] == '$' && b[1]-'0' <= 9 && b[2] == '\r':
				n = int(b[1] - '0')
			case len(b) >= 6 && b[0] == '$' && b[1]-'1' <= 8 && b[2]-'0' <= 9 && b[3] == '\r':
				n, head = int(b[1]-'0')*10+int(b[2]-'0'), 5
			default:
				return keys
			}
			if len(b) < head+n+2 {
				return keys
			}
			if i == 1 {
				key = b[head : head+n]
			}
			b = b[head+n+2:]
		}
		if args > 1 {
			keys = append(keys, key)
		}
	}
	return keys
}

package resp

// Ahead appends to list the first three arguments, nil where there is none, of
// each request that waits in the buffer, as long as these are complete and
// small, until list has no more room. It is a guess at what Next will return,
// made in passing: it changes nothing, reports no errors, and passes over
// requests without arguments. What it returns is valid as long as arguments
// are.
func (r *Reader) Ahead(list [][3][]byte) [][3][]byte {
	if r.missing != 0 {
		return list
	}
	for b := r.buf[r.pos:]; len(list) < cap(list); {
		if len(b) < 4 || b[0] != '*' || b[1]-'1' > 8 || b[2] != '\r' {
			break
		}
		args := int(b[1] - '0')
		b = b[4:]
		var seen [3][]byte
		for i := range args {
			n, head := 0, 4
			switch {
			case len(b) >= 5 && b[0] == '$' && b[1]-'0' <= 9 && b[2] == '\r':
				n = int(b[1] - '0')
			case len(b) >= 6 && b[0] == '$' && b[1]-'1' <= 8 && b[2]-'0' <= 9 && b[3] == '\r':
				n, head = int(b[1]-'0')*10+int(b[2]-'0'), 5
			default:
				return list
			}
			if len(b) < head+n+2 {
				return list
			}
			if uint(i-1) < uint(len(seen)) {
				seen[i-1] = b[head : head+n]
			}
			b = b[head+n+2:]
		}
		if args > 1 {
			list = append(list, seen)
		}
	}
	return list
}

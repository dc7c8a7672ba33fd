package resp

// AheadBatch is the number of requests that Ahead returns at most.
const AheadBatch = 32

// Ahead returns the first three arguments of the next requests in the buffer, and
// their number. A missing argument is nil. It stops at a request that is incomplete
// or not small. It is a cheap guess at what Next will return: it changes nothing,
// reports no errors, and skips requests without arguments. The arguments are valid
// as long as those of Next.
func (r *Reader) Ahead(args *[3][AheadBatch][]byte) (n int) {
	if r.missing != 0 {
		return 0
	}
	for b := r.buf[r.pos:]; n < AheadBatch; {
		if len(b) < 4 || b[0] != '*' || b[1]-'1' > 8 || b[2] != '\r' {
			break
		}
		words := int(b[1] - '0')
		b = b[4:]
		for i := range words {
			size, head := 0, 4
			switch {
			case len(b) >= 5 && b[0] == '$' && b[1]-'0' <= 9 && b[2] == '\r':
				size = int(b[1] - '0')
			case len(b) >= 6 && b[0] == '$' && b[1]-'1' <= 8 && b[2]-'0' <= 9 && b[3] == '\r':
				size, head = int(b[1]-'0')*10+int(b[2]-'0'), 5
			default:
				return n
			}
			if len(b) < head+size+2 {
				return n
			}
			if uint(i-1) < uint(len(args)) {
				args[i-1][n] = b[head : head+size]
			}
			b = b[head+size+2:]
		}
		for i := words - 1; i < len(args); i++ {
			args[i][n] = nil // may be left from an incomplete request
		}
		if words > 1 {
			n++
		}
	}
	return n
}

package value

import "unsafe"

// String is a string that was written in place (APPEND, SETRANGE, SETBIT) or
// is too large to be stored beside its key. The keyspace stores all others in
// its entries, without a value.
type String struct {
	inKeyspace Head
	b          []byte
	// shared means that a frozen String uses b too.
	shared bool
}

// NewString returns a String with the bytes b, which it takes over.
func NewString(b []byte) *String { return &String{b: b} }

// Type returns TypeString.
func (s *String) Type() Type { return TypeString }

// Encoding returns "raw".
func (s *String) Encoding() string { return "raw" }

// Empty is false: an empty string is a value.
func (s *String) Empty() bool { return false }

// Thaw returns a String with the same bytes; its first write copies them.
func (s *String) Thaw() Value { return &String{b: s.b, shared: true} }

// MemoryUse returns the capacity of the string and its header.
func (s *String) MemoryUse() int { return cap(s.b) + int(unsafe.Sizeof(*s)) }

// Bytes returns the content, which must not be modified.
func (s *String) Bytes() []byte {
	if s == nil {
		return nil
	}
	return s.b
}

// Grow extends the string to at least n bytes with zero bytes. It returns the
// bytes for writing in place until the next call. Growing in small steps costs
// amortised O(1) a byte.
func (s *String) Grow(n int) []byte {
	if s.shared {
		s.b = append(make([]byte, 0, max(n, len(s.b))), s.b...)
		s.shared = false
	}
	if n > len(s.b) {
		if n <= cap(s.b) {
			old := len(s.b)
			s.b = s.b[:n]
			clear(s.b[old:])
		} else {
			s.b = append(s.b, make([]byte, n-len(s.b))...)
		}
	}
	return s.b
}

// Append adds bytes to the end.
func (s *String) Append(p []byte) {
	if s.shared {
		s.b = append(make([]byte, 0, len(s.b)+len(p)), s.b...)
		s.shared = false
	}
	s.b = append(s.b, p...)
}

// Replace makes b the content and takes it over.
func (s *String) Replace(b []byte) { s.b, s.shared = b, false }

package value

import "unsafe"

// String is a string that is written in place (APPEND, SETRANGE, SETBIT) or
// is too large to be kept beside its key. All others live in the keyspace's
// entries, where they take no value of their own.
type String struct {
	inKeyspace Head
	b          []byte
	// shared tells that b belongs to a frozen String too.
	shared bool
}

// NewString returns a String that takes b over.
func NewString(b []byte) *String { return &String{b: b} }

// Type returns TypeString.
func (s *String) Type() Type { return TypeString }

// Encoding returns "raw".
func (s *String) Encoding() string { return "raw" }

// Empty is false: an empty string is a value.
func (s *String) Empty() bool { return false }

// Thaw returns a String with the same bytes; they are copied by its first write.
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

// Grow makes the string at least n bytes long, filling up with zero bytes,
// and returns its bytes to be written in place until the next call. Growing
// step by step is O(1) a byte.
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

// Replace makes b, which s takes over, the content.
func (s *String) Replace(b []byte) { s.b, s.shared = b, false }

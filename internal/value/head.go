package value

import (
	"sync/atomic"
	"unsafe"
)

// Head is the part of a value that belongs to the keyspace. With it a key and
// its value are one object, since the keyspace points to the head. Only the
// keyspace uses its fields. A value is under one key at most; a value under
// none has the zero Head.
type Head struct {
	HeadWord
	Owner *Owner
	Label *byte // memory with the key
}

// HeadWord is the beginning of a Head and of every other entry of the
// keyspace.
type HeadWord struct {
	Access atomic.Uint32
	Kind   uint8
	Flags  uint8
	KeyLen uint16
}

// Owner is the identity of the database that may write a value in place. A
// pointer to it is a token, so servers need no common counter.
type Owner struct{ _ byte }

// HeadOf returns the address of a value's head.
func HeadOf(v Value) *Head { return v.head() }

// Of returns the value with the head h; t must be its type.
func (h *Head) Of(t Type) Value {
	p := unsafe.Pointer(h) // the head is the first field of all these structs
	switch t {
	case TypeString:
		return (*String)(p)
	case TypeList:
		return (*List)(p)
	case TypeSet:
		return (*Set)(p)
	case TypeZSet:
		return (*ZSet)(p)
	case TypeHash:
		return (*Hash)(p)
	case TypeStream:
		return (*Stream)(p)
	}
	t.mustBeForeign()
	return (*Foreign)(p)
}

func (s *String) head() *Head  { return &s.inKeyspace }
func (l *List) head() *Head    { return &l.inKeyspace }
func (s *Set) head() *Head     { return &s.inKeyspace }
func (z *ZSet) head() *Head    { return &z.inKeyspace }
func (h *Hash) head() *Head    { return &h.inKeyspace }
func (s *Stream) head() *Head  { return &s.inKeyspace }
func (f *Foreign) head() *Head { return &f.inKeyspace }

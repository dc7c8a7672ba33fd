package value

import (
	"sync/atomic"
	"unsafe"
)

// Head is the part of a value that belongs to the keyspace, which so keeps a
// key and its value as one object: it points to the head. Nobody else reads or
// writes what is in it. A value is under one key at most; one that is under
// none has the zero Head.
type Head struct {
	HeadWord
	Owner *Owner
	Label *byte // the memory of the key
}

// HeadWord is how a Head begins, and every other entry of the keyspace.
type HeadWord struct {
	Access atomic.Uint32
	Kind   uint8
	Flags  uint8
	KeyLen uint16
}

// Owner is the identity of the one database that may write a value in place.
// A pointer to it is a token: it needs no counter shared by all servers.
type Owner struct{ _ byte }

// HeadOf returns where the head of a value is.
func HeadOf(v Value) *Head { return v.head() }

// Of returns the value of a type that h is the head of.
func (h *Head) Of(t Type) Value {
	p := unsafe.Pointer(h) // the head is the first field of each of these
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

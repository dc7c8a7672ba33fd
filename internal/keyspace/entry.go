package keyspace

import (
	"encoding/binary"
	"strconv"
	"strings"
	"sync/atomic"
	"unsafe"

	"github.com/resp-server/resp-server/internal/value"
)

// Entry is a key with its value, its expiry time and its access time: one
// pointer, so that a slot of the dict is one word.
//
// It points to one of two layouts, told apart by the kind byte that both have
// in the same place. Most keys of most databases are small strings, so these
// are a single allocation without pointers, which the garbage collector
// neither scans nor follows:
//
//	 0        4      5       6        8          16
//	+--------+------+-------+--------+----------+---------------------------+
//	| access | kind | flags | keylen | expireAt | int64 | key               | kind int
//	|  u32   |  u8  |  u8   |  u16   |   i64    | len u8  | key | value     | kind embstr
//	|        |      |       |        | if flag  | len u32 | key | value     | kind raw
//	+--------+------+-------+--------+----------+---------------------------+
//
// Everything else is an object: a struct with a value.Value. A flat entry is
// immutable but for its access time; a write replaces it. An object's value
// may be written in place only by the database that owns it (see DB.Writable).
//
// Entries are shared by the clones of a database, so the access time, the one
// field that a read changes, is atomic.
type Entry struct{ p unsafe.Pointer }

type kind uint8

const (
	kindObject kind = iota
	kindInt
	kindEmbstr
	kindRaw
)

const flagExpires = 1

const (
	headerSize = 8
	// maxFlatKey and maxFlatValue bound what is kept flat; beyond them the copy
	// of the key that every overwrite of the value costs would be noticed.
	maxFlatKey   = 1<<16 - 1
	maxFlatValue = 1 << 20
	maxEmbstr    = 44 // OBJECT ENCODING says raw from 45 bytes on
)

type header struct {
	access atomic.Uint32
	kind   kind
	flags  uint8
	keyLen uint16
}

// owner is the identity of the one database that may write an object in place.
// A pointer to it is a token: it needs no counter shared by all servers.
type owner struct{ _ byte }

type object struct {
	header
	expireAt int64
	// elementAt is the time under which DB.elements has the key, 0 if it has not.
	elementAt int64
	owner     *owner
	key       string
	value     value.Value
}

func (e Entry) header() *header { return (*header)(e.p) }
func (e Entry) object() *object { return (*object)(e.p) }

// IsZero tells whether e is the zero Entry, that is, no entry at all.
func (e Entry) IsZero() bool { return e.p == nil }

// body returns the memory of a flat entry from the end of its header and
// expiry time on, with room for n bytes.
func (e Entry) body(n int) []byte {
	off := uintptr(headerSize)
	if e.header().flags&flagExpires != 0 {
		off += 8
	}
	return unsafe.Slice((*byte)(unsafe.Add(e.p, off)), n)
}

// Key returns the key. It must not be modified.
func (e Entry) Key() []byte {
	h := e.header()
	n := int(h.keyLen)
	switch h.kind {
	case kindInt:
		return e.body(8 + n)[8:]
	case kindEmbstr:
		return e.body(1 + n)[1:]
	case kindRaw:
		return e.body(4 + n)[4:]
	}
	key := e.object().key
	return unsafe.Slice(unsafe.StringData(key), len(key))
}

// ExpireAt returns the time at which the key is gone, in milliseconds since
// 1970, or 0 if it has none.
func (e Entry) ExpireAt() int64 {
	h := e.header()
	switch {
	case h.flags&flagExpires == 0:
		return 0
	case h.kind == kindObject:
		return e.object().expireAt
	}
	return int64(binary.NativeEndian.Uint64(unsafe.Slice((*byte)(unsafe.Add(e.p, headerSize)), 8)))
}

// Access returns what was last given to SetAccess: a time in seconds, or the
// counter of the LFU policies.
func (e Entry) Access() uint32 { return e.header().access.Load() }

// SetAccess stores the access time of the key.
func (e Entry) SetAccess(v uint32) {
	// A store costs more than a load, and most reads fall into the same second.
	if a := &e.header().access; a.Load() != v {
		a.Store(v)
	}
}

// Type returns the type of the value.
func (e Entry) Type() value.Type {
	if e.header().kind == kindObject {
		return e.object().value.Type()
	}
	return value.TypeString
}

// Encoding returns what OBJECT ENCODING answers.
func (e Entry) Encoding() string {
	switch e.header().kind {
	case kindInt:
		return "int"
	case kindEmbstr:
		return "embstr"
	case kindRaw:
		return "raw"
	}
	return e.object().value.Encoding()
}

// Value returns the value of an object, or nil if e is a flat string. It may
// be read, and written only after DB.Writable.
func (e Entry) Value() value.Value {
	if e.header().kind == kindObject {
		return e.object().value
	}
	return nil
}

// Int returns the value of a string that is kept as an integer.
func (e Entry) Int() (int64, bool) {
	if e.header().kind != kindInt {
		return 0, false
	}
	return int64(binary.NativeEndian.Uint64(e.body(8))), true
}

// Bytes returns the value of a string; an integer is formatted into scratch,
// whose old content is overwritten. The result must not be modified. It is
// nil if the value is not a string.
func (e Entry) Bytes(scratch []byte) []byte {
	h := e.header()
	n := int(h.keyLen)
	switch h.kind {
	case kindInt:
		return strconv.AppendInt(scratch[:0], int64(binary.NativeEndian.Uint64(e.body(8))), 10)
	case kindEmbstr:
		size := int(e.body(1)[0])
		return e.body(1 + n + size)[1+n:]
	case kindRaw:
		size := int(binary.NativeEndian.Uint32(e.body(4)))
		return e.body(4 + n + size)[4+n:]
	}
	if s, ok := e.object().value.(*value.String); ok {
		return s.Bytes()
	}
	return nil
}

// StringLen returns the length of a string value.
func (e Entry) StringLen() int {
	var digits [20]byte
	return len(e.Bytes(digits[:]))
}

// MemoryUse returns about how many bytes the entry takes, its value included.
func (e Entry) MemoryUse() int {
	h := e.header()
	n := headerSize + int(h.keyLen)
	switch h.kind {
	case kindInt:
		n += 8
	case kindEmbstr:
		n += 1 + e.StringLen()
	case kindRaw:
		n += 4 + e.StringLen()
	default:
		o := e.object()
		n = int(unsafe.Sizeof(object{})) + len(o.key) + o.value.MemoryUse()
	}
	if h.flags&flagExpires != 0 {
		n += 8
	}
	return (n + 7) &^ 7
}

// flat allocates a flat entry and returns it with its body. The access time
// is zero.
func flat(k kind, keyLen, bodySize int, expireAt int64) (Entry, []byte) {
	off := headerSize
	if expireAt != 0 {
		off += 8
	}
	// Whole words, so that the allocator aligns the header's atomic.
	mem := allocate((off + bodySize + 7) &^ 7)
	e := Entry{unsafe.Pointer(unsafe.SliceData(mem))}
	h := e.header()
	h.kind = k
	h.keyLen = uint16(keyLen)
	if expireAt != 0 {
		h.flags = flagExpires
		binary.NativeEndian.PutUint64(mem[headerSize:], uint64(expireAt))
	}
	return e, mem[off : off+bodySize]
}

// allocate returns memory of n bytes, of which only the first headerSize are
// zero if there are many: clearing a large value costs as much as copying it.
func allocate(n int) []byte {
	const large = 4 << 10
	if n < large {
		return make([]byte, n)
	}
	var b strings.Builder // which gets its memory as it is
	b.Grow(n)
	b.Write(make([]byte, headerSize))
	return unsafe.Slice(unsafe.StringData(b.String()), n)
}

func newInt(key []byte, n int64, expireAt int64) Entry {
	if len(key) > maxFlatKey {
		return newObject(key, value.NewString(strconv.AppendInt(nil, n, 10)), expireAt, nil)
	}
	e, b := flat(kindInt, len(key), 8+len(key), expireAt)
	binary.NativeEndian.PutUint64(b, uint64(n))
	copy(b[8:], key)
	return e
}

func newBytes(key, v []byte, expireAt int64, raw bool) Entry {
	switch {
	case len(key) > maxFlatKey || len(v) > maxFlatValue:
		return newObject(key, value.NewString(append([]byte(nil), v...)), expireAt, nil)
	case len(v) <= maxEmbstr && !raw:
		e, b := flat(kindEmbstr, len(key), 1+len(key)+len(v), expireAt)
		b[0] = byte(len(v))
		copy(b[1+copy(b[1:], key):], v)
		return e
	default:
		e, b := flat(kindRaw, len(key), 4+len(key)+len(v), expireAt)
		binary.NativeEndian.PutUint32(b, uint32(len(v)))
		copy(b[4+copy(b[4:], key):], v)
		return e
	}
}

func newObject(key []byte, v value.Value, expireAt int64, o *owner) Entry {
	obj := &object{expireAt: expireAt, owner: o, key: string(key), value: v}
	if expireAt != 0 {
		obj.flags = flagExpires
	}
	return Entry{unsafe.Pointer(obj)}
}

// with returns a copy of e under another key or with another expiry time; an
// object's value is shared by both, and owned by neither.
func (e Entry) with(key []byte, expireAt int64) Entry {
	var c Entry
	switch h := e.header(); h.kind {
	case kindInt:
		n, _ := e.Int()
		c = newInt(key, n, expireAt)
	case kindEmbstr, kindRaw:
		c = newBytes(key, e.Bytes(nil), expireAt, h.kind == kindRaw)
	default:
		c = newObject(key, e.object().value, expireAt, nil)
	}
	c.header().access.Store(e.Access())
	return c
}

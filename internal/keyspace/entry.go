package keyspace

import (
	"encoding/binary"
	"strconv"
	"strings"
	"unsafe"

	"github.com/resp-server/resp-server/internal/datastruct/block"
	"github.com/resp-server/resp-server/internal/value"
)

// Entry is a key with its value, expiry time and access time. It is a single
// pointer, so that a slot of the dict is one word.
//
// It points to one of two layouts, whose common first word distinguishes them.
// Most keys of most databases are small strings, so these are a single
// allocation without pointers, which the garbage collector neither scans nor
// follows:
//
//	 0        4      5       6        8          16
//	+--------+------+-------+--------+----------+---------------------------+
//	| access | kind | flags | keylen | expireAt | int64 | key               | kind int
//	|  u32   |  u8  |  u8   |  u16   |   i64    | len u8  | key | value     | kind embstr
//	|        |      |       |        | if flag  | len u32 | key | value     | kind raw
//	+--------+------+-------+--------+----------+---------------------------+
//
// Everything else is an object, that is, a value with its head: see object.go.
// A write replaces a flat entry. It writes in place if no other database has
// the entry and the block has the right size (see Place.fits). Only the
// database that owns an object may write it in place (see DB.Writable).
//
// Entries are shared by the clones of a database, so the access time, the one
// field that a read changes, is atomic.
type Entry struct{ p unsafe.Pointer }

const (
	kindInt uint8 = 1 + iota
	kindEmbstr
	kindRaw
	kindObject // plus the type of the value
)

const (
	flagExpires  = 1 << iota // has an expiry time
	flagElements             // of an object: has a time for DB.elements
	flagLongKey              // of an object: the label has the key's length
	flagSize                 // of an object: the label has the counted size
)

const (
	headerSize = 8
	// maxFlatKey and maxFlatValue limit flat entries. Each overwrite copies the
	// key, and beyond these limits that copy would be noticeable.
	maxFlatKey   = 1<<16 - 1
	maxFlatValue = 1 << 20
	maxEmbstr    = 44 // OBJECT ENCODING says raw from 45 bytes on
)

func (e Entry) header() *value.HeadWord { return (*value.HeadWord)(e.p) }

// isObject reports whether e is a value with its head.
func (e Entry) isObject() bool { return e.header().Kind >= kindObject }

// IsZero reports whether e is the zero Entry, which is no entry.
func (e Entry) IsZero() bool { return e.p == nil }

// body returns n bytes of a flat entry, behind its header and expiry time.
func (e Entry) body(n int) []byte {
	off := uintptr(headerSize)
	if e.header().Flags&flagExpires != 0 {
		off += 8
	}
	return unsafe.Slice((*byte)(unsafe.Add(e.p, off)), n)
}

// Key returns the key. It must not be modified.
func (e Entry) Key() []byte {
	h := e.header()
	n := int(h.KeyLen)
	switch h.Kind {
	case kindInt:
		return e.body(8 + n)[8:]
	case kindEmbstr:
		return e.body(1 + n)[1:]
	case kindRaw:
		return e.body(4 + n)[4:]
	}
	return e.labelKey()
}

// ExpireAt returns the expiry time in milliseconds since 1970, 0 if there is
// none.
func (e Entry) ExpireAt() int64 {
	h := e.header()
	switch {
	case h.Flags&flagExpires == 0:
		return 0
	case h.Kind >= kindObject:
		return e.labelTime(flagExpires)
	}
	return int64(binary.NativeEndian.Uint64(unsafe.Slice((*byte)(unsafe.Add(e.p, headerSize)), 8)))
}

// Access returns the last value given to SetAccess: a time in seconds, or the
// LFU counter.
func (e Entry) Access() uint32 { return e.header().Access.Load() }

// SetAccess stores the access time of the key.
func (e Entry) SetAccess(v uint32) {
	// A store costs more than a load, and most reads fall into the same second.
	if a := &e.header().Access; a.Load() != v {
		a.Store(v)
	}
}

// Type returns the type of the value.
func (e Entry) Type() value.Type {
	if h := e.header(); h.Kind > kindObject {
		return value.Type(h.Kind - kindObject)
	}
	return value.TypeString
}

// Encoding returns what OBJECT ENCODING answers.
func (e Entry) Encoding() string {
	switch e.header().Kind {
	case kindInt:
		return "int"
	case kindEmbstr:
		return "embstr"
	case kindRaw:
		return "raw"
	}
	return e.Value().Encoding()
}

// Value returns the value of an object, nil for a flat string. It may be read;
// it may be written only after DB.Writable.
func (e Entry) Value() value.Value {
	if e.isObject() {
		return e.object().Of(e.Type())
	}
	return nil
}

// Int returns the value of a string in the integer encoding.
func (e Entry) Int() (int64, bool) {
	if e.header().Kind != kindInt {
		return 0, false
	}
	return int64(binary.NativeEndian.Uint64(e.body(8))), true
}

// Bytes returns the value of a string, nil for other types. It formats an
// integer into scratch, overwriting its content. The result must not be
// modified.
func (e Entry) Bytes(scratch []byte) []byte {
	h := e.header()
	n := int(h.KeyLen)
	switch h.Kind {
	case kindInt:
		return strconv.AppendInt(scratch[:0], int64(binary.NativeEndian.Uint64(e.body(8))), 10)
	case kindEmbstr:
		return e.body(1 + n + e.textLen())[1+n:]
	case kindRaw:
		return e.body(4 + n + e.textLen())[4+n:]
	}
	if s, ok := e.Value().(*value.String); ok {
		return s.Bytes()
	}
	return nil
}

// textLen returns the length of a flat string that is not an integer.
func (e Entry) textLen() int {
	if e.header().Kind == kindEmbstr {
		return int(e.body(1)[0])
	}
	return int(binary.NativeEndian.Uint32(e.body(4)))
}

// size returns the size of a flat entry of the same kind with the same key and
// a value of n bytes.
func (e Entry) size(n int) int {
	h := e.header()
	n += headerSize + int(h.KeyLen)
	switch h.Kind {
	case kindEmbstr:
		n++
	case kindRaw:
		n += 4
	}
	if h.Flags&flagExpires != 0 {
		n += 8
	}
	return (n + 7) &^ 7
}

// setInt, setText and setExpireAt write a flat entry in place.
func (e Entry) setInt(n int64) { binary.NativeEndian.PutUint64(e.body(8), uint64(n)) }

func (e Entry) setText(v []byte) {
	n := int(e.header().KeyLen)
	if e.header().Kind == kindEmbstr {
		e.body(1)[0] = byte(len(v))
		copy(e.body(1 + n + len(v))[1+n:], v)
		return
	}
	binary.NativeEndian.PutUint32(e.body(4), uint32(len(v)))
	copy(e.body(4 + n + len(v))[4+n:], v)
}

func (e Entry) setExpireAt(at int64) {
	binary.NativeEndian.PutUint64(unsafe.Slice((*byte)(unsafe.Add(e.p, headerSize)), 8), uint64(at))
}

// poison overwrites the value of a replaced flat entry. It leaves the key,
// which stays valid when a value is written in place.
func (e Entry) poison() {
	if e.header().Kind == kindInt {
		block.Poison(e.body(8))
		return
	}
	block.Poison(e.Bytes(nil))
}

// StringLen returns the length of a string value.
func (e Entry) StringLen() int {
	var digits [20]byte
	return len(e.Bytes(digits[:]))
}

// MemoryUse returns the approximate size of the entry in bytes, with its
// value.
func (e Entry) MemoryUse() int {
	switch e.header().Kind {
	case kindInt:
		return e.size(8)
	case kindEmbstr, kindRaw:
		return e.size(e.textLen())
	}
	return (e.Value().MemoryUse() + len(e.Key()) + 7) &^ 7 // ignores the other fields of the label
}

// flat allocates a flat entry and returns it with its body. The access time is
// zero.
func flat(kind uint8, keyLen, bodySize int, expireAt int64) (Entry, []byte) {
	off := headerSize
	if expireAt != 0 {
		off += 8
	}
	// Round up to whole words, so that the allocator aligns the header's atomic,
	// and use the whole block, so that another text of about this length fits.
	mem := allocate((off + bodySize + 7) &^ 7)
	e := Entry{unsafe.Pointer(unsafe.SliceData(mem))}
	h := e.header()
	h.Kind = kind
	h.KeyLen = uint16(keyLen)
	if expireAt != 0 {
		h.Flags = flagExpires
		binary.NativeEndian.PutUint64(mem[headerSize:], uint64(expireAt))
	}
	return e, mem[off : off+bodySize]
}

// allocate returns n bytes. Of many bytes only the first headerSize are zero,
// since clearing a large value costs as much as copying it.
func allocate(n int) []byte {
	const large = 4 << 10
	if n < large {
		return make([]byte, n, block.Size(n))
	}
	var b strings.Builder // its memory is not cleared and fills a whole block
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

// with returns a copy of e with another key or expiry time, owned by o. The
// value of an object must be frozen.
func (e Entry) with(key []byte, expireAt int64, o *owner) Entry {
	var c Entry
	switch h := e.header(); h.Kind {
	case kindInt:
		n, _ := e.Int()
		c = newInt(key, n, expireAt)
	case kindEmbstr, kindRaw:
		c = newBytes(key, e.Bytes(nil), expireAt, h.Kind == kindRaw)
	default:
		c = newObject(key, e.Value().Thaw(), expireAt, o)
	}
	c.header().Access.Store(e.Access())
	return c
}

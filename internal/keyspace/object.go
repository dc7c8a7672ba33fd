package keyspace

import (
	"encoding/binary"
	"unsafe"

	"github.com/resp-server/resp-server/internal/value"
)

// An object is a value with its head; the entry points to the head. The key is
// in a block of its own, the label, which also holds fields that few keys
// have:
//
//	+----------+-----------+---------+---------+-----+
//	| expireAt | elementAt |  size   | length  | key |
//	|   i64    |    i64    |  i64    |  u32    |     |
//	| if flag  |  if flag  | if flag | if flag |     |
//	+----------+-----------+---------+---------+-----+
//
// elementAt is the time of the key in DB.elements, and size the counted size
// of the object.

// owner is the identity of one of the databases that share objects.
type owner = value.Owner

func (e Entry) object() *value.Head { return (*value.Head)(e.p) }

// newObject makes v, which must not be under a key yet, the value of a key.
func newObject(key []byte, v value.Value, expireAt int64, o *owner) Entry {
	h := value.HeadOf(v)
	if h.Kind != 0 {
		panic("keyspace: a value is to be under two keys")
	}
	h.Kind = kindObject + uint8(v.Type())
	h.Owner = o
	e := Entry{unsafe.Pointer(h)}
	e.label(key, expireAt, 0)
	return e
}

// label sets the key and the times of an owned object.
func (e Entry) label(key []byte, expireAt, elementAt int64) {
	e.labelWith(key, expireAt, elementAt, e.counted())
}

func (e Entry) labelWith(key []byte, expireAt, elementAt, size int64) {
	flags := uint8(0)
	mem := make([]byte, 0, 8+8+8+4+1) // on the stack: nearly all keys have none of the optional fields
	if expireAt != 0 {
		flags |= flagExpires
		mem = binary.NativeEndian.AppendUint64(mem, uint64(expireAt))
	}
	if elementAt != 0 {
		flags |= flagElements
		mem = binary.NativeEndian.AppendUint64(mem, uint64(elementAt))
	}
	if size != 0 {
		flags |= flagSize
		mem = binary.NativeEndian.AppendUint64(mem, uint64(size))
	}
	if len(key) > maxFlatKey {
		flags |= flagLongKey
		mem = binary.NativeEndian.AppendUint32(mem, uint32(len(key)))
	}
	label := make([]byte, max(len(mem)+len(key), 1))
	copy(label[copy(label, mem):], key)
	h := e.object()
	h.Flags, h.KeyLen, h.Label = flags, uint16(len(key)), unsafe.SliceData(label)
}

// labelTime returns the time in the label for a flag, 0 if the flag is not
// set.
func (e Entry) labelTime(flag uint8) int64 {
	h := e.object()
	if h.Flags&flag == 0 {
		return 0
	}
	mem := unsafe.Slice(h.Label, 8)
	if flag == flagElements && h.Flags&flagExpires != 0 {
		mem = unsafe.Slice(h.Label, 16)[8:]
	}
	return int64(binary.NativeEndian.Uint64(mem))
}

func (e Entry) labelKey() []byte {
	h := e.object()
	off, n := 0, int(h.KeyLen)
	if h.Flags != 0 {
		if h.Flags&flagExpires != 0 {
			off += 8
		}
		if h.Flags&flagElements != 0 {
			off += 8
		}
		if h.Flags&flagSize != 0 {
			off += 8
		}
		if h.Flags&flagLongKey != 0 {
			n = int(binary.NativeEndian.Uint32(unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(h.Label), off)), 4)))
			off += 4
		}
	}
	// Slice from the beginning: an empty key has no byte to point to.
	return unsafe.Slice(h.Label, off+n)[off:]
}

// elementAt returns the time of an object in DB.elements, 0 if it is not
// there.
func (e Entry) elementAt() int64 { return e.labelTime(flagElements) }

// sizeField returns the bytes of the label with the counted size.
func (e Entry) sizeField() []byte {
	h, off := e.object(), 0
	if h.Flags&flagExpires != 0 {
		off += 8
	}
	if h.Flags&flagElements != 0 {
		off += 8
	}
	return unsafe.Slice(h.Label, off+8)[off:]
}

// counted returns the counted size of an object, 0 if it was not counted.
func (e Entry) counted() int64 {
	if e.object().Flags&flagSize == 0 {
		return 0
	}
	return int64(binary.NativeEndian.Uint64(e.sizeField()))
}

// setCounted records the counted size of an owned object.
func (e Entry) setCounted(n int64) {
	if e.object().Flags&flagSize == 0 {
		e.labelWith(e.Key(), e.ExpireAt(), e.elementAt(), n)
		return
	}
	binary.NativeEndian.PutUint64(e.sizeField(), uint64(n))
}

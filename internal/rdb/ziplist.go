package rdb

import (
	"encoding/binary"
	"math"

	"github.com/resp-server/resp-server/internal/datastruct/listpack"
)

// manyElements in the header of a ziplist means that the number of elements
// does not fit.
const manyElements = math.MaxUint16

// checkZiplist validates a ziplist, the predecessor of the listpack in Redis
// up to 6.2, and reports whether it is valid and each returns true for all
// elements. Elements share its memory.
//
//	<uint32 bytes> <uint32 offset of last entry> <uint16 entries> <entry>... <0xff>
//	entry: <length of the entry before> <encoding> <data>
func checkZiplist(p []byte, each func(i int, e listpack.Value) bool) bool {
	const header = 10
	if len(p) < header+1 || uint64(binary.LittleEndian.Uint32(p)) != uint64(len(p)) || p[len(p)-1] != 0xff {
		return false
	}
	at, last, previous, count := header, header, 0, 0
	for p[at] != 0xff {
		head := 1
		before := int(p[at])
		if before == 254 {
			if len(p)-at < 6 {
				return false
			}
			head = 5
			before = int(binary.LittleEndian.Uint32(p[at+1:]))
		}
		if before != previous {
			return false
		}
		e, size := zipEntry(p[at+head : len(p)-1])
		if size == 0 || !each(count, e) {
			return false
		}
		last, previous = at, head+size
		at += previous
		count++
	}
	n := int(binary.LittleEndian.Uint16(p[8:]))
	return at == len(p)-1 && (n == manyElements || n == count) &&
		(count == 0 || uint64(binary.LittleEndian.Uint32(p[4:])) == uint64(last))
}

// zipEntry decodes an entry from its encoding on and returns its size, 0 if it
// is damaged.
func zipEntry(p []byte) (e listpack.Value, size int) {
	if len(p) == 0 {
		return e, 0
	}
	head, n := 1, 0
	switch b := p[0]; b >> 6 {
	case 0:
		n = int(b)
	case 1:
		if len(p) < 2 {
			return e, 0
		}
		head, n = 2, int(b&0x3f)<<8|int(p[1])
	case 2:
		if len(p) < 5 {
			return e, 0
		}
		length := binary.BigEndian.Uint32(p[1:])
		if uint64(length) > uint64(len(p)) {
			return e, 0
		}
		head, n = 5, int(length)
	case 3:
		switch {
		case b == 0xc0:
			n = 2
		case b == 0xd0:
			n = 4
		case b == 0xe0:
			n = 8
		case b == 0xf0:
			n = 3
		case b == 0xfe:
			n = 1
		case b >= 0xf1 && b <= 0xfd:
			return listpack.Value{Int: int64(b&0x0f) - 1, IsInt: true}, 1
		default:
			return e, 0
		}
		if len(p) < 1+n {
			return e, 0
		}
		return listpack.Value{Int: littleEndian(p[1 : 1+n]), IsInt: true}, 1 + n
	}
	if len(p)-head < n {
		return e, 0
	}
	return listpack.Value{Str: p[head : head+n : head+n]}, head + n
}

// checkZipmap is checkZiplist for a zipmap, the small hash of Redis up to 2.4.
//
//	<count, 254 or more: unknown> {<length> <field> <length> <byte: free> <value> <free bytes>}... <0xff>
//	length: one byte below 254, or 254 and uint32
func checkZipmap(p []byte, each func(i int, e listpack.Value) bool) bool {
	if len(p) < 2 || p[len(p)-1] != 0xff {
		return false
	}
	count := 0
	rest := p[1:] // always ends with 0xff
	for rest[0] != 0xff {
		free := 0 // a byte of the value that counts the unused bytes behind it
		for i := range 2 {
			length, head := uint64(rest[0]), 1
			if length == 255 {
				return false
			}
			if length == 254 {
				if len(rest) < 6 {
					return false
				}
				length, head = uint64(binary.LittleEndian.Uint32(rest[1:])), 5
			}
			if i == 1 {
				if len(rest) <= head+1 {
					return false
				}
				free = int(rest[head])
				head++
			}
			if uint64(len(rest)) <= uint64(head)+length+uint64(free) {
				return false
			}
			end := head + int(length)
			if !each(2*count+i, listpack.Value{Str: rest[head:end:end]}) {
				return false
			}
			rest = rest[end+free:]
		}
		count++
	}
	return len(rest) == 1 && count > 0 && (p[0] >= 254 || int(p[0]) == count)
}

// littleEndian reads a signed number of 1 to 8 bytes.
func littleEndian(p []byte) int64 {
	var n uint64
	for i, b := range p {
		n |= uint64(b) << (8 * i)
	}
	unused := 64 - 8*len(p)
	return int64(n<<unused) >> unused
}

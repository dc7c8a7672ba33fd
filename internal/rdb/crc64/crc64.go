// Package crc64 is the checksum of RDB files and DUMP payloads: CRC-64 with
// the Jones polynomial 0xad93d23594c935a9, reflected, with initial value and
// final xor zero. A sum can be continued from any earlier one. The standard
// library's CRC-64 (the same algorithm, inverted at both ends) is not used
// because it is fast for its ISO and ECMA tables only.
//
// Each step processes eight bytes, with tables of 16 KB that are built at
// first use. It is safe for concurrent use.
package crc64

import (
	"encoding/binary"
	"sync"
)

// reflected is the Jones polynomial with its bits in reverse order.
const reflected = 0x95ac9329ac4bc9b5

type table [8][256]uint64

// tables are built once and never change. Row k advances a byte followed by k
// others.
var tables = sync.OnceValue(func() *table {
	t := new(table)
	for i := range t[0] {
		c := uint64(i)
		for range 8 {
			if c&1 == 1 {
				c = c>>1 ^ reflected
			} else {
				c >>= 1
			}
		}
		t[0][i] = c
	}
	for i, c := range t[0] {
		for k := 1; k < len(t); k++ {
			c = t[0][byte(c)] ^ c>>8
			t[k][i] = c
		}
	}
	return t
})

// Update returns the checksum crc continued with p. The checksum of no bytes
// is 0.
func Update(crc uint64, p []byte) uint64 {
	t := tables()
	for len(p) >= 8 {
		crc ^= binary.LittleEndian.Uint64(p)
		crc = t[7][byte(crc)] ^ t[6][byte(crc>>8)] ^ t[5][byte(crc>>16)] ^ t[4][byte(crc>>24)] ^
			t[3][byte(crc>>32)] ^ t[2][byte(crc>>40)] ^ t[1][byte(crc>>48)] ^ t[0][crc>>56]
		p = p[8:]
	}
	for _, b := range p {
		crc = t[0][byte(crc)^b] ^ crc>>8
	}
	return crc
}

// Package rdb reads and writes Redis's RDB files and DUMP payloads.
//
// A Reader streams a file and passes each key with its value to a Handler. A
// Writer writes a file as a stream. DecodeDump and Encoder.AppendDump do the
// same for a single value. Values are plain data (see Value). They keep their
// compact encodings, so that a loader can adopt the bytes. The package knows
// neither a server nor a clock.
//
// It reads every value type and encoding of Redis 2.4 to 8.8 and Valkey up to
// 9, except those of modules: RDB versions 1 to 14 and Valkey's 80. It
// validates all input, down to the last byte of each embedded structure. A
// damaged file gives a *FormatError or, where no checksum protects it, a
// consistent value. Reading never takes more memory than a small multiple of
// the input (compressed strings: 88 times). It refuses everything that Redis
// refuses with sanitize-dump-payload on. Unlike Redis it also refuses scores
// that are not numbers, string encodings in place of lengths, a wrong element
// count in a stream's listpack, and payloads that run into their own checksum.
//
// Writers use the encodings and bytes of Redis 7.4, or of another version on
// request. Values that the version lacks are written as Redis 8.8 does. A
// payload with one has the version of Redis 8.8. A file keeps its version; an
// older server that reads such a value reports an unknown type.
//
// Only DecodeDump is safe for concurrent use.
//
// The format is that of rdb.c, ziplist.c, zipmap.c, listpack.c, intset.c and
// t_stream.c in Redis.
package rdb

import (
	"fmt"
	"io"
)

// Versions of the format.
const (
	// Version is the version that Redis 7.4 to 8.4 write.
	Version = 12
	// NewestWritten is the newest version that writers support, that of Redis 8.8.
	NewestWritten = 14
	// OldestWritten is the oldest version that writers support, that of Redis
	// 7.0.
	OldestWritten = 10

	valkeyVersion = 80 // Valkey 9; it left the numbers 12 to 79 to other servers
)

// readable reports whether files and payloads of a version can be read by what reads
// versions up to newest, or all versions if that is 0.
func readable(version, newest int) bool {
	if newest == 0 {
		return version >= 1 && version <= NewestWritten || version == valkeyVersion
	}
	return version >= 1 && version <= newest
}

// lastTypeOf returns the last type of value that what reads versions up to newest
// knows.
func lastTypeOf(newest int) byte {
	switch newest {
	case 10:
		return typeStream2
	case 11:
		return typeStream3
	case 12:
		return typeHashPackTTL
	case 13:
		return typeStream4
	}
	return lastType
}

// Type bytes in front of a value.
const (
	typeString         = 0
	typeList           = 1
	typeSet            = 2
	typeZSet           = 3 // scores in decimal
	typeHash           = 4
	typeZSet2          = 5 // scores in binary
	typeModuleOld      = 6
	typeModule         = 7
	typeHashZipmap     = 9
	typeListZiplist    = 10
	typeSetIntset      = 11
	typeZSetZiplist    = 12
	typeHashZiplist    = 13
	typeListQuicklist  = 14 // nodes are ziplists
	typeStream1        = 15
	typeHashPack       = 16
	typeZSetPack       = 17
	typeListQuicklist2 = 18 // nodes are listpacks or single elements
	typeStream2        = 19 // with first, largest deleted id and counters
	typeSetPack        = 20
	typeStream3        = 21 // with the active time of consumers
	typeHashTTLOld     = 22 // release candidates of 7.4: absolute times
	typeHashPackTTLOld = 23
	typeHashTTL        = 24 // times relative to the earliest one
	typeHashPackTTL    = 25
	typeStream4        = 26 // with the messages of producers
	typeStream5        = 27 // with pending entries without a consumer
	typeArray          = 28
	typeHashTTLValkey  = 22 // in version 80
	lastType           = typeArray
)

const (
	nodePlain = 1 // containers of a quicklist2
	nodePack  = 2

	streamDeleted int64 = 1 // flags of a stream entry
	streamSameAs  int64 = 2

	maxFieldExpire = 1<<48 - 1
)

// Bytes that introduce everything else in a file.
const (
	opSlotImport  = 243 // Valkey 9
	opSlotInfo    = 244
	opFunction2   = 245
	opFunctionOld = 246
	opModuleAux   = 247
	opIdle        = 248
	opFreq        = 249
	opAux         = 250
	opResizeDB    = 251
	opExpireMs    = 252
	opExpire      = 253
	opSelectDB    = 254
	opEOF         = 255
)

// The forms of the first byte of a length, and the string encodings.
const (
	len14       = 0x40
	len32       = 0x80
	len64       = 0x81
	lenEncoded  = 0xc0
	encodedInt8 = 0
	encodedI16  = 1
	encodedI32  = 2
	encodedLZF  = 3
)

// FormatError describes an error in a file or payload, with its position.
type FormatError struct {
	// Offset is the position of the reader, in bytes from the beginning.
	Offset int64
	// Reason is a clause in English.
	Reason string
	// Err is io.ErrUnexpectedEOF if the input is too short, else nil.
	Err error
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("rdb: %s at offset %d", e.Reason, e.Offset)
}

// Unwrap lets errors.Is recognise a truncated input by io.ErrUnexpectedEOF.
func (e *FormatError) Unwrap() error { return e.Err }

var errTruncated = io.ErrUnexpectedEOF

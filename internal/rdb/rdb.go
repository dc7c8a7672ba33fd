// Package rdb reads and writes Redis's RDB files and DUMP payloads.
//
// A Reader streams a file and hands each key with its value to a Handler; a
// Writer streams one out; DecodeDump and Encoder.AppendDump do the same for
// one value. Values are plain data (see Value) that keep the compact
// encodings they came in, so that a loader can adopt the bytes. The package
// knows no server and no clock.
//
// It reads every value type and encoding that Redis 2.4 to 8.8 and Valkey up
// to 9 write, but for those of modules: RDB versions 1 to 14 and Valkey's 80.
// What is read is checked deeply, down to the last byte of each embedded
// structure: a damaged file gives a *FormatError or, where no checksum
// protects it, a consistent value, and it never takes more memory than a
// small multiple of its bytes (compressed strings: 88 times). What Redis
// refuses with sanitize-dump-payload on is refused; so are, unlike there,
// scores that are no numbers, string encodings in place of lengths, a wrong
// element count in a stream's listpack, and payloads that run into their own
// checksum.
//
// Writers choose the encodings and bytes of Redis 7.4, or of an older
// version if asked to. Values that Redis 7.4 has not are written as those of
// Redis 8.8 are: their payloads say that they are of its version, while a file
// is of version 12 all the same, and an older server that comes to such a
// value says that it does not know it.
//
// Nothing here is safe for concurrent use except DecodeDump.
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
	// Version is the one that Redis 7.4 writes.
	Version = 12
	// OldestWritten is the oldest one that can be asked of writers: that of Redis 7.0.
	OldestWritten = 10

	newestVersion = 14 // Redis 8.8
	valkeyVersion = 80 // Valkey 9, which left the numbers 12 to 79 to others
)

// readable says whether files and payloads of a version can be read.
func readable(version int) bool {
	return version >= 1 && version <= newestVersion || version == valkeyVersion
}

// The type byte in front of a value.
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
	typeStream4        = 26 // with what producers have sent
	typeStream5        = 27 // with entries that are pending for nobody
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

// The byte in front of everything else in a file.
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

// The first byte of a length, and the encodings of strings it can announce.
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

// FormatError says what is wrong with a file or payload, and where.
type FormatError struct {
	// Offset is the position, in bytes from the beginning, that the reader had reached.
	Offset int64
	// Reason is a clause in English.
	Reason string
	// Err is io.ErrUnexpectedEOF if the input is merely too short, else nil.
	Err error
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("rdb: %s at offset %d", e.Reason, e.Offset)
}

// Unwrap lets errors.Is find a truncated input by io.ErrUnexpectedEOF.
func (e *FormatError) Unwrap() error { return e.Err }

var errTruncated = io.ErrUnexpectedEOF

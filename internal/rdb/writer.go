package rdb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/resp-server/resp-server/internal/datastruct/listpack"
	"github.com/resp-server/resp-server/internal/rdb/crc64"
	"github.com/resp-server/resp-server/internal/rdb/lzf"
)

// ErrVersion means that a value can't be written in the requested version.
var ErrVersion = errors.New("rdb: the value needs version 12")

// Encoding configures the format of files and payloads. The zero value is
// ready for use.
type Encoding struct {
	// Version is 12 by default, or 14 for Redis 8.8, 13 for 8.6, 11 for 7.2 and
	// Valkey 8, 10 for 7.0. Servers refuse all payloads of newer versions, whatever their content.
	Version int
	// NoCompression writes all strings uncompressed.
	NoCompression bool
}

// encoder appends the primitives of the format to buf, and flushes that to out
// from time to time.
type encoder struct {
	version    int
	raw        bool // no compression
	least      int  // lowest version with all types written so far
	buf        []byte
	out        io.Writer // nil: all output stays in buf
	written    int64
	noSum      bool
	crc        uint64
	err        error
	compressor *lzf.Compressor
	scratch    []byte
}

func newEncoder(e Encoding) encoder {
	if e.Version == 0 {
		e.Version = Version
	}
	if e.Version < OldestWritten || e.Version > NewestWritten {
		panic(fmt.Sprintf("rdb: version %d cannot be written", e.Version))
	}
	return encoder{version: e.Version, raw: e.NoCompression, compressor: new(lzf.Compressor)}
}

// flush writes buf to out once it has reached a size.
func (e *encoder) flush(size int) {
	if e.out == nil || len(e.buf) < size {
		return
	}
	if !e.noSum {
		e.crc = crc64.Update(e.crc, e.buf)
	}
	if e.err == nil {
		_, e.err = e.out.Write(e.buf)
	}
	e.written += int64(len(e.buf))
	e.buf = e.buf[:0]
	if cap(e.buf) > 16*chunk {
		e.buf = nil
	}
}

func (e *encoder) byte(b byte) { e.buf = append(e.buf, b) }

func (e *encoder) uint64(n uint64)  { e.buf = binary.LittleEndian.AppendUint64(e.buf, n) }
func (e *encoder) time(ms int64)    { e.uint64(uint64(ms)) }
func (e *encoder) double(f float64) { e.uint64(math.Float64bits(f)) }

func (e *encoder) uint(n uint64) {
	switch {
	case n < 1<<6:
		e.buf = append(e.buf, byte(n))
	case n < 1<<14:
		e.buf = append(e.buf, len14|byte(n>>8), byte(n))
	case n <= math.MaxUint32:
		e.buf = binary.BigEndian.AppendUint32(append(e.buf, len32), uint32(n))
	default:
		e.buf = binary.BigEndian.AppendUint64(append(e.buf, len64), n)
	}
}

func (e *encoder) id(id StreamID) {
	e.uint(id.Ms)
	e.uint(id.Seq)
}

func appendRawID(dst []byte, id StreamID) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(dst, id.Ms), id.Seq)
}

// string appends a string in the shortest form, as Redis does: as a number of
// up to 32 bits, compressed, or unchanged.
func (e *encoder) string(s []byte) {
	e.flush(chunk)
	if len(s) <= 11 {
		if n, ok := listpack.ParseInt(s); ok && n >= math.MinInt32 && n <= math.MaxInt32 {
			e.integer(int32(n))
			return
		}
	}
	if !e.raw && len(s) > 20 {
		var ok bool
		e.scratch = slices.Grow(e.scratch[:0], min(len(s), chunk))
		if e.scratch, ok = e.compressor.Compress(e.scratch[:0], s, len(s)-4); ok {
			e.byte(lenEncoded | encodedLZF)
			e.uint(uint64(len(e.scratch)))
			e.uint(uint64(len(s)))
			e.buf = append(e.buf, e.scratch...)
			if cap(e.scratch) > 16*chunk {
				e.scratch = nil
			}
			return
		}
	}
	e.uint(uint64(len(s)))
	e.buf = append(e.buf, s...)
}

func (e *encoder) integer(n int32) {
	switch {
	case n >= math.MinInt8 && n <= math.MaxInt8:
		e.buf = append(e.buf, lenEncoded|encodedInt8, byte(n))
	case n >= math.MinInt16 && n <= math.MaxInt16:
		e.buf = append(e.buf, lenEncoded|encodedI16, byte(n), byte(n>>8))
	default:
		e.buf = binary.LittleEndian.AppendUint32(append(e.buf, lenEncoded|encodedI32), uint32(n))
	}
}

// Writer writes an RDB file. Call its methods in the order of the format: Aux
// and Function, then for each database DB, Resize and Entry, and finally
// Close. After the first error they do nothing and return it.
type Writer struct{ e encoder }

// WriterOptions configure a Writer. The zero value is ready for use.
type WriterOptions struct {
	Encoding
	// NoChecksum writes 0 for the checksum, which readers do not compare.
	NoChecksum bool
}

// NewWriter returns a Writer that writes to dst in pieces of about 64 KB. It
// panics if the requested version is not supported.
func NewWriter(dst io.Writer, o WriterOptions) *Writer {
	w := &Writer{e: newEncoder(o.Encoding)}
	w.e.out, w.e.noSum = dst, o.NoChecksum
	w.e.buf = fmt.Appendf(make([]byte, 0, chunk+chunk/4), "REDIS%04d", w.e.version)
	return w
}

// Aux writes a piece of information about the file, such as "redis-ver".
func (w *Writer) Aux(key, value string) error {
	w.e.byte(opAux)
	w.e.string([]byte(key))
	w.e.string([]byte(value))
	return w.e.err
}

// Function writes the source of a function library.
func (w *Writer) Function(code []byte) error {
	w.e.byte(opFunction2)
	w.e.string(code)
	return w.e.err
}

// DB begins a database.
func (w *Writer) DB(n int) error {
	w.e.byte(opSelectDB)
	w.e.uint(uint64(n))
	return w.e.err
}

// Resize writes the number of keys in the database and the number of those
// that expire.
func (w *Writer) Resize(keys, expires int) error {
	w.e.byte(opResizeDB)
	w.e.uint(uint64(keys))
	w.e.uint(uint64(expires))
	return w.e.err
}

// Slot begins the keys of a slot in a file of a cluster node. Only version 12
// has slots; in others it writes nothing.
func (w *Writer) Slot(slot, keys, expires int) error {
	if w.e.version >= 12 {
		w.e.byte(opSlotInfo)
		w.e.uint(uint64(slot))
		w.e.uint(uint64(keys))
		w.e.uint(uint64(expires))
	}
	return w.e.err
}

// Entry writes a key. It ignores the database of the entry.
func (w *Writer) Entry(entry *Entry) error {
	e := &w.e
	if e.err != nil {
		return e.err
	}
	if entry.ExpireAt != 0 {
		e.byte(opExpireMs)
		e.time(entry.ExpireAt)
	}
	if entry.HasIdle {
		e.byte(opIdle)
		e.uint(uint64(entry.Idle))
	}
	if entry.HasFreq {
		e.byte(opFreq)
		e.byte(entry.Freq)
	}
	e.byte(e.kind(entry.Value))
	e.string(entry.Key)
	e.value(entry.Value)
	e.flush(chunk)
	return e.err
}

// Written returns the number of bytes written to the destination so far.
func (w *Writer) Written() int64 { return w.e.written }

// Close writes the end of the file. It does not close the destination.
func (w *Writer) Close() error {
	e := &w.e
	e.byte(opEOF)
	e.flush(0)
	sum := e.crc
	if e.noSum {
		sum = 0
	}
	e.uint64(sum)
	e.flush(0)
	return e.err
}

// Encoder makes DUMP payloads. It keeps the memory for compression, about 256
// KB, between calls.
type Encoder struct{ e encoder }

// NewEncoder returns an Encoder. It panics if the requested version is not
// supported.
func NewEncoder(o Encoding) *Encoder { return &Encoder{newEncoder(o)} }

// AppendDump appends the payload of DUMP for a value: type, value, two bytes
// of version and eight of checksum. The only error is ErrVersion.
func (d *Encoder) AppendDump(dst []byte, v Value) ([]byte, error) {
	return d.payload(dst, func(e *encoder) {
		e.byte(e.kind(v))
		e.value(v)
	})
}

// AppendFunctions appends the payload of FUNCTION DUMP for the sources of
// function libraries.
func (d *Encoder) AppendFunctions(dst []byte, sources [][]byte) []byte {
	dst, _ = d.payload(dst, func(e *encoder) {
		for _, code := range sources {
			e.byte(opFunction2)
			e.string(code)
		}
	})
	return dst
}

// payload appends a body with its version and checksum.
func (d *Encoder) payload(dst []byte, body func(*encoder)) ([]byte, error) {
	e := &d.e
	e.buf, e.err, e.least = dst, nil, e.version
	body(e)
	e.buf = binary.LittleEndian.AppendUint16(e.buf, uint16(e.least))
	e.uint64(crc64.Update(0, e.buf[len(dst):]))
	out := e.buf
	e.buf = nil
	if e.err != nil {
		return dst, e.err
	}
	return out, nil
}

// body returns a payload without its last ten bytes, and its version, if it may be
// read.
func (p Payload) body(payload []byte) (body []byte, version int, ok bool) {
	if len(payload) < 10 {
		return nil, 0, false
	}
	body = payload[:len(payload)-10]
	version = int(binary.LittleEndian.Uint16(payload[len(body):]))
	if version != 0 && !readable(version, p.Newest) { // Redis reads payloads of version 0 too
		return nil, 0, false
	}
	sum := binary.LittleEndian.Uint64(payload[len(payload)-8:])
	return body, version, p.NoChecksum || p.ZeroChecksum && sum == 0 || sum == crc64.Update(0, payload[:len(payload)-8])
}

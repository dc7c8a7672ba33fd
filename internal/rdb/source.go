package rdb

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/resp-server/resp-server/internal/rdb/crc64"
	"github.com/resp-server/resp-server/internal/rdb/lzf"
)

// chunk is the size of the buffer, and the first allocation for a string of
// announced length.
const chunk = 64 << 10

// source reads the primitives of the format from memory or from a stream. The
// first error is kept in err. After it all reads return zero and loops must
// end.
type source struct {
	in     io.Reader // nil: all input is in buf
	buf    []byte
	at     int   // buf[:at] has been consumed
	before int64 // bytes consumed before buf
	end    bool  // in has ended
	err    error

	noSum  bool
	crc    uint64 // of everything consumed before buf[summed]
	summed int

	scratch []byte // for compressed strings
}

func (s *source) offset() int64 { return s.before + int64(s.at) }

func (s *source) fail(format string, args ...any) {
	if s.err == nil {
		s.err = &FormatError{Offset: s.offset(), Reason: fmt.Sprintf(format, args...)}
	}
}

func (s *source) truncated() {
	if s.err == nil {
		s.err = &FormatError{Offset: s.offset() + int64(len(s.buf)-s.at), Reason: "unexpected end", Err: errTruncated}
	}
}

// sum updates the checksum with the consumed bytes.
func (s *source) sum() uint64 {
	if !s.noSum {
		s.crc = crc64.Update(s.crc, s.buf[s.summed:s.at])
	}
	s.summed = s.at
	return s.crc
}

// fill reads until at least n bytes, at most chunk, are available.
func (s *source) fill(n int) bool {
	if s.err != nil {
		return false
	}
	if len(s.buf)-s.at >= n {
		return true
	}
	if s.in == nil {
		s.truncated()
		return false
	}
	s.sum()
	if cap(s.buf) < chunk {
		s.buf = append(make([]byte, 0, chunk), s.buf...)
	}
	rest := copy(s.buf[:cap(s.buf)], s.buf[s.at:])
	s.before += int64(s.at)
	s.buf, s.at, s.summed = s.buf[:rest], 0, 0
	for idle := 0; len(s.buf) < n; {
		if s.end || idle == 100 {
			s.truncated()
			return false
		}
		k, err := s.in.Read(s.buf[len(s.buf):cap(s.buf)])
		s.buf = s.buf[:len(s.buf)+k]
		idle++
		if k > 0 {
			idle = 0
		}
		if err == io.EOF {
			s.end = true
		} else if err != nil {
			s.err = fmt.Errorf("rdb: reading at offset %d: %w", s.before+int64(len(s.buf)), err)
			return false
		}
	}
	return true
}

// next consumes n bytes, at most chunk. They are valid until the next call.
func (s *source) next(n int) []byte {
	if !s.fill(n) {
		return nil
	}
	s.at += n
	return s.buf[s.at-n : s.at]
}

func (s *source) byte() byte {
	if p := s.next(1); p != nil {
		return p[0]
	}
	return 0
}

func (s *source) uint64() uint64 {
	if p := s.next(8); p != nil {
		return binary.LittleEndian.Uint64(p)
	}
	return 0
}

func (s *source) time() int64     { return int64(s.uint64()) }
func (s *source) double() float64 { return math.Float64frombits(s.uint64()) }

// append consumes n bytes and appends them to dst, which grows as the bytes
// arrive.
func (s *source) append(dst []byte, n uint64) []byte {
	if s.in == nil && n > uint64(len(s.buf)-s.at) {
		s.truncated()
	}
	for n > 0 && s.err == nil {
		if len(s.buf) == s.at && !s.fill(1) {
			break
		}
		p := s.next(int(min(n, uint64(len(s.buf)-s.at))))
		if need := len(dst) + len(p); need > cap(dst) {
			// Reserve all of it if that is little, and at most twice what has arrived.
			room := make([]byte, len(dst), need+int(min(n-uint64(len(p)), uint64(max(need, chunk)))))
			copy(room, dst)
			dst = room
		}
		dst = append(dst, p...)
		n -= uint64(len(p))
	}
	return dst
}

// lengthOrEncoding reads a length, or the number of a string encoding.
func (s *source) lengthOrEncoding() (n uint64, encoded bool) {
	b := s.byte()
	switch b & 0xc0 {
	case 0:
		return uint64(b), false
	case len14:
		return uint64(b&0x3f)<<8 | uint64(s.byte()), false
	case lenEncoded:
		return uint64(b & 0x3f), true
	}
	switch b {
	case len32:
		if p := s.next(4); p != nil {
			return uint64(binary.BigEndian.Uint32(p)), false
		}
	case len64:
		if p := s.next(8); p != nil {
			return binary.BigEndian.Uint64(p), false
		}
	default:
		s.fail("unknown length encoding %#02x", b)
	}
	return 0, false
}

// uint reads a number in the encoding of lengths. It returns 0 after an error.
func (s *source) uint() uint64 {
	n, encoded := s.lengthOrEncoding()
	if encoded {
		s.fail("string encoding in place of a length")
	}
	if s.err != nil {
		return 0
	}
	return n
}

func (s *source) id() StreamID { return StreamID{Ms: s.uint(), Seq: s.uint()} }

// string reads a string into memory of its own. It returns nil only after an
// error.
func (s *source) string() []byte {
	n, encoded := s.lengthOrEncoding()
	if s.err != nil {
		return nil
	}
	out := []byte{}
	if !encoded {
		out = s.append(out, n)
	} else {
		out = s.encoded(out, n)
	}
	if s.err != nil {
		return nil
	}
	return out
}

// encoded reads the rest of a string in a special encoding.
func (s *source) encoded(out []byte, encoding uint64) []byte {
	switch encoding {
	case encodedInt8:
		return strconv.AppendInt(out, int64(int8(s.byte())), 10)
	case encodedI16:
		if p := s.next(2); p != nil {
			return strconv.AppendInt(out, int64(int16(binary.LittleEndian.Uint16(p))), 10)
		}
	case encodedI32:
		if p := s.next(4); p != nil {
			return strconv.AppendInt(out, int64(int32(binary.LittleEndian.Uint32(p))), 10)
		}
	case encodedLZF:
		packed, n := s.uint(), s.uint()
		if s.err == nil && (packed == 0 || packed > math.MaxInt/lzf.MaxRatio || n > packed*lzf.MaxRatio) {
			s.fail("compressed string of impossible length")
		}
		s.scratch = s.append(s.scratch[:0], packed)
		if s.err != nil {
			return nil
		}
		out, err := lzf.Decompress(out, s.scratch, int(n))
		if err != nil {
			s.fail("invalid compressed string")
		}
		if cap(s.scratch) > 16*chunk {
			s.scratch = nil
		}
		return out
	default:
		s.fail("unknown string encoding %d", encoding)
	}
	return nil
}

// decimal reads a score in the oldest format of sorted sets.
func (s *source) decimal() float64 {
	n := s.byte()
	switch n {
	case 255:
		return math.Inf(-1)
	case 254:
		return math.Inf(1)
	case 253:
		return math.NaN()
	}
	p := s.next(int(n))
	f, err := strconv.ParseFloat(string(p), 64)
	if err != nil && s.err == nil {
		s.fail("invalid score %q", p)
	}
	return f
}

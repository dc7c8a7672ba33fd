package rdb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
)

// Handler receives the contents of a file in order. Read stops at an error and
// returns it unchanged. The handler owns all byte slices.
type Handler interface {
	// Aux receives a piece of information about the file, such as "redis-ver". A
	// handler must ignore unknown ones.
	Aux(key, value []byte) error
	// DB announces the database of the following entries. The default is 0.
	DB(n int) error
	// Resize announces the number of keys in the database, and how many of them
	// expire. It is a hint from the file that may be wrong or huge.
	Resize(keys, expires uint64) error
	// Entry receives a key. The struct is valid during the call only. The handler
	// must check for duplicate and expired keys.
	Entry(e *Entry) error
	// Function receives the source of a function library.
	Function(code []byte) error
}

// Options configure a Reader. The zero value is ready for use.
type Options struct {
	// Newest is the newest version that is read; 0: all.
	Newest int
	// NoChecksum neither computes nor compares the checksum of the file.
	NoChecksum bool
	// Skipped, unless nil, is called with each key that is left out because its
	// value is empty.
	Skipped func(key []byte)
	// FindsDuplicates means that the handler finds duplicates in a Members or
	// Fields sequence, for example when it adds them to a table. That saves the
	// Reader a table of its own. Listpacks are always checked.
	FindsDuplicates bool
}

// Reader reads an RDB file.
type Reader struct {
	d       decoder
	empty   int
	skipped func(key []byte)
}

// NewReader returns a Reader of src, which it reads in pieces of up to 64 KB.
func NewReader(src io.Reader, o Options) *Reader {
	r := &Reader{skipped: o.Skipped}
	r.d.in, r.d.noSum, r.d.trusting, r.d.newest = src, o.NoChecksum, o.FindsDuplicates, o.Newest
	return r
}

// Version returns the version of the file. It is known once Read has begun.
func (r *Reader) Version() int { return r.d.version }

// Offset returns the number of bytes decoded. A handler may use it to show
// progress.
func (r *Reader) Offset() int64 { return r.d.offset() }

// Empty returns the number of keys left out because their value was an empty
// collection, which old servers wrote by mistake.
func (r *Reader) Empty() int { return r.empty }

// Tail returns the rest of the source behind the file, after Read: the
// commands after the RDB part of an append-only file.
func (r *Reader) Tail() io.Reader {
	return io.MultiReader(bytes.NewReader(r.d.buf[r.d.at:]), r.d.in)
}

// Read reads the file up to its end. The error is a *FormatError, an error of
// the handler, or a wrapped error of the source.
func (r *Reader) Read(h Handler) error {
	d := &r.d
	d.header()
	var e Entry
	db := 0
	for d.err == nil {
		var err error
		switch op := d.byte(); op {
		case opEOF:
			d.footer()
			return d.err
		case opSelectDB:
			n := d.uint()
			if n > math.MaxInt32 {
				d.fail("database number %d", n)
			}
			if db = int(n); d.err == nil {
				err = h.DB(db)
			}
		case opResizeDB:
			keys, expires := d.uint(), d.uint()
			if d.err == nil {
				err = h.Resize(keys, expires)
			}
		case opAux:
			key, value := d.string(), d.string()
			if d.err == nil {
				err = h.Aux(key, value)
			}
		case opFunction2:
			code := d.string()
			if d.err == nil {
				err = h.Function(code)
			}
		case opExpireMs:
			e.setExpire(d.time())
		case opExpire:
			if p := d.next(4); p != nil {
				e.setExpire(int64(int32(binary.LittleEndian.Uint32(p))) * 1000)
			}
		case opIdle:
			e.Idle, e.HasIdle = int64(d.uint()), true
		case opFreq:
			e.Freq, e.HasFreq = d.byte(), true
		case opSlotInfo:
			d.uint()
			d.uint()
			d.uint()
		case opSlotImport:
			d.slotImport()
		case opModuleAux:
			d.moduleAux()
		case opFunctionOld:
			d.fail("function of a release candidate")
		default:
			if d.err != nil {
				break
			}
			if op > lastType || op == 8 {
				d.fail("unknown opcode or value type %d", op)
			}
			e.DB, e.Key = db, d.string()
			if e.Value = d.value(op); e.Value != nil {
				err = h.Entry(&e)
			} else if errors.Is(d.err, errEmpty) {
				d.err = nil
				r.empty++
				if r.skipped != nil {
					r.skipped(e.Key)
				}
			}
			e = Entry{}
		}
		if err != nil {
			d.err = err
		}
	}
	return d.err
}

func (e *Entry) setExpire(at int64) {
	switch at {
	case -1: // means no expiry, as in Redis
		at = 0
	case 0:
		at = 1
	}
	e.ExpireAt = at
}

// header reads the magic and the version.
func (d *decoder) header() {
	p := d.next(9)
	digits := ""
	switch {
	case p == nil:
		return
	case string(p[:5]) == "REDIS":
		digits = string(p[5:])
	case string(p[:6]) == "VALKEY":
		digits = string(p[6:])
	default:
		d.fail("no RDB file")
		return
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			d.fail("invalid version %q", digits)
			return
		}
		d.version = d.version*10 + int(c-'0')
	}
	if !readable(d.version, d.newest) || (d.version == valkeyVersion) != (p[0] == 'V') {
		d.fail("unsupported version %d", d.version)
	}
}

// footer reads the checksum, which exists since version 5.
func (d *decoder) footer() {
	if d.version < 5 {
		return
	}
	want := d.sum()
	got := d.uint64()
	if d.err == nil && !d.noSum && got != 0 && got != want {
		d.fail("CRC error: checksum is %016x and not %016x", want, got)
	}
}

// moduleAux skips module data outside of keys.
func (d *decoder) moduleAux() {
	d.uint() // id
	d.moduleData()
}

// moduleData skips a sequence of tagged values.
func (d *decoder) moduleData() {
	for d.err == nil {
		switch tag := d.uint(); {
		case d.err != nil || tag == 0:
			return
		case tag == 1 || tag == 2:
			d.uint()
		case tag == 3:
			d.next(4)
		case tag == 4:
			d.next(8)
		case tag == 5:
			d.string()
		default:
			d.fail("unknown tag %d in module data", tag)
		}
	}
}

// slotImport skips the record of a slot import from another node.
func (d *decoder) slotImport() {
	d.string()
	for n := d.uint(); n > 0 && d.err == nil; n-- {
		d.uint()
		d.uint()
	}
}

// ErrPayload means that a DUMP payload has an unsupported version or a wrong
// checksum. The reply of Redis is "DUMP payload version or checksum are
// wrong".
var ErrPayload = errors.New("rdb: version or checksum of the payload are wrong")

// Payload says how payloads of DUMP are read. The zero value reads those of all
// versions.
type Payload struct {
	// Newest is the newest version that is read; 0: all.
	Newest int
	// NoChecksum skips the check of the checksum, ZeroChecksum if it is 0.
	NoChecksum, ZeroChecksum bool
}

// DecodeDump decodes a payload of DUMP of any version. The error is ErrPayload or,
// where Redis replies "Bad data format", a *FormatError.
func DecodeDump(payload []byte) (Value, error) { return Payload{}.Decode(payload) }

// Decode is DecodeDump for some payloads only.
func (p Payload) Decode(payload []byte) (Value, error) {
	body, version, ok := p.body(payload)
	if !ok {
		return nil, ErrPayload
	}
	d := decoder{source: source{buf: body, noSum: true}, version: version, newest: p.Newest}
	v := d.value(d.byte())
	if d.err == errEmpty {
		d.err = nil
		d.fail("empty collection")
	}
	if d.err != nil {
		return nil, d.err
	}
	return v, nil
}

// Errors of DecodeFunctions, with the texts of Redis.
var (
	ErrNoFunction  = errors.New("given type is not a function")
	ErrOldFunction = errors.New("Pre-GA function format not supported")
)

// DecodeFunctions calls yield with the source of each function library in a
// payload of FUNCTION DUMP, and returns its error. Other errors are
// ErrPayload, those above, and *FormatError.
func (p Payload) DecodeFunctions(payload []byte, yield func(code []byte) error) error {
	body, version, ok := p.body(payload)
	if !ok {
		return ErrPayload
	}
	d := decoder{source: source{buf: body, noSum: true}, version: version, newest: p.Newest}
	for d.at < len(body) {
		switch d.byte() {
		case opFunction2:
		case opFunctionOld:
			return ErrOldFunction
		default:
			return ErrNoFunction
		}
		code := d.string()
		if d.err != nil {
			return d.err
		}
		if err := yield(code); err != nil {
			return err
		}
	}
	return nil
}

package snapshot

import (
	"io"
	"strconv"

	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/rdb"
	"github.com/resp-server/resp-server/internal/value"
)

// SaveOptions say how a file is written.
type SaveOptions struct {
	rdb.WriterOptions
	// Server is the version of Redis that the file says it is from.
	Server string
	// Now is the time in milliseconds since 1970.
	Now int64
	// Functions are the sources of function libraries.
	Functions [][]byte
	// AccessTimes: true to write when each key was last used.
	AccessTimes bool
	// Frequency returns the counter that Entry.Access holds under an LFU policy,
	// to be written instead; nil under others.
	Frequency func(access uint32) uint8
	// Base: true for the base of an append-only file.
	Base bool
	// Aux is what else the file says of itself, as pairs of name and value.
	Aux [][2]string
	// NoKeys: true to leave the keys out.
	NoKeys bool
	// EachKey is called after each key, if it is not nil.
	EachKey func()
}

// Save writes all keys of a keyspace to dst, those that are past their time
// included, as Redis does.
func Save(dst io.Writer, ks *keyspace.Keyspace, o SaveOptions) error {
	w := rdb.NewWriter(dst, o.WriterOptions)
	base := "0"
	if o.Base {
		base = "1"
	}
	w.Aux("redis-ver", o.Server)
	w.Aux("redis-bits", strconv.Itoa(strconv.IntSize))
	w.Aux("ctime", strconv.FormatInt(o.Now/1000, 10))
	for _, aux := range o.Aux {
		w.Aux(aux[0], aux[1])
	}
	w.Aux("aof-base", base)
	for _, code := range o.Functions {
		w.Function(code)
	}
	var (
		entry   rdb.Entry
		scratch [32]byte
	)
	for db := range ks.Used {
		if o.NoKeys {
			break
		}
		w.DB(db.Index())
		w.Resize(db.Len(), db.Expires())
		for e := range db.All {
			entry = rdb.Entry{Key: e.Key(), ExpireAt: e.ExpireAt()}
			switch {
			case o.Frequency != nil:
				entry.Freq, entry.HasFreq = o.Frequency(e.Access()), true
			case o.AccessTimes:
				entry.Idle, entry.HasIdle = max(o.Now/1000-int64(e.Access()), 0), true
			}
			entry.Value = fromEntry(e, scratch[:])
			if err := w.Entry(&entry); err != nil {
				return err
			}
			if o.EachKey != nil {
				o.EachKey()
			}
		}
	}
	return w.Close()
}

// Dumper makes the payloads of DUMP and FUNCTION DUMP. It keeps the memory that compression
// needs from one call to the next. The zero value is ready and writes for
// Redis 7.4.
type Dumper struct {
	// Encoding must not be changed after the first call.
	rdb.Encoding
	encoder *rdb.Encoder
}

// Dump returns the payload for the value of a key. The error is rdb.ErrVersion.
func (d *Dumper) Dump(e keyspace.Entry) ([]byte, error) {
	var scratch [32]byte
	return d.get().AppendDump(nil, fromEntry(e, scratch[:]))
}

// DumpFunctions returns the payload for the sources of function libraries.
func (d *Dumper) DumpFunctions(sources [][]byte) []byte { return d.get().AppendFunctions(nil, sources) }

func (d *Dumper) get() *rdb.Encoder {
	if d.encoder == nil {
		d.encoder = rdb.NewEncoder(d.Encoding)
	}
	return d.encoder
}

// Undump decodes the payload of a DUMP: text is set for a string, v for a value
// of another type. The error is rdb.ErrPayload, a *rdb.FormatError, or says what
// is wrong with the value.
func Undump(payload []byte, env *Env) (text []byte, v value.Value, err error) {
	decode := rdb.DecodeDump
	if env.NoChecksum {
		decode = rdb.DecodeDumpUnsummed
	}
	decoded, err := decode(payload)
	if err != nil {
		return nil, nil, err
	}
	if s, ok := decoded.(rdb.String); ok {
		return s, nil, nil
	}
	v, err = toValue(decoded, env)
	return nil, v, err
}

package snapshot

import (
	"io"
	"strconv"

	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/rdb"
	"github.com/resp-server/resp-server/internal/value"
)

// SaveOptions configure Save.
type SaveOptions struct {
	rdb.WriterOptions
	// Server is the version of Redis written in the file.
	Server string
	// Now is the time in milliseconds since 1970.
	Now int64
	// Functions are the sources of function libraries.
	Functions [][]byte
	// AccessTimes writes the time of the last use of each key.
	AccessTimes bool
	// Frequency returns the LFU counter in Entry.Access, which is written instead
	// of a time. It is nil under other policies.
	Frequency func(access uint32) uint8
	// Base marks the base of an append-only file.
	Base bool
	// Aux are further pairs of name and value for the header.
	Aux [][2]string
	// NoKeys leaves out the keys.
	NoKeys bool
	// EachKey, unless nil, is called after each key.
	EachKey func()
}

// Save writes all keys of a keyspace to dst. Like Redis it includes expired
// keys.
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

// Dumper makes the payloads of DUMP and FUNCTION DUMP. It keeps the memory for
// compression between calls. The zero value is ready for use and writes for
// Redis 7.4.
type Dumper struct {
	// Encoding must not change after the first call.
	rdb.Encoding
	encoder *rdb.Encoder
}

// Dump returns the payload for the value of a key. The only error is
// rdb.ErrVersion.
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

// Undump decodes a payload of DUMP: text is set for a string, v for a value of
// another type. The error is rdb.ErrPayload, a *rdb.FormatError, or describes
// an invalid value.
func Undump(payload []byte, env *Env) (text []byte, v value.Value, err error) {
	decoded, err := env.Payload.Decode(payload)
	if err != nil {
		return nil, nil, err
	}
	if s, ok := decoded.(rdb.String); ok {
		return s, nil, nil
	}
	v, err = toValue(decoded, env)
	return nil, v, err
}

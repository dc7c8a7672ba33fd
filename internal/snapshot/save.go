package snapshot

import (
	"fmt"
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
	// BeforeKey is called before each key is written; nil means nothing is.
	BeforeKey func()
}

// Save writes all keys of a keyspace to dst, those that are past their time
// included, as Redis does.
func Save(dst io.Writer, ks *keyspace.Keyspace, o SaveOptions) error {
	w := rdb.NewWriter(dst, o.WriterOptions)
	w.Aux("redis-ver", o.Server)
	w.Aux("redis-bits", strconv.Itoa(strconv.IntSize))
	w.Aux("ctime", strconv.FormatInt(o.Now/1000, 10))
	w.Aux("aof-base", "0")
	for _, code := range o.Functions {
		w.Function(code)
	}
	var (
		entry   rdb.Entry
		scratch [32]byte
		err     error
	)
	for db := range ks.Used {
		w.DB(db.Index())
		w.Resize(db.Len(), db.Expires())
		for e := range db.All {
			if o.BeforeKey != nil {
				o.BeforeKey()
			}
			entry = rdb.Entry{Key: e.Key(), ExpireAt: e.ExpireAt()}
			if o.AccessTimes {
				entry.Idle, entry.HasIdle = max(o.Now/1000-int64(e.Access()), 0), true
			}
			if entry.Value, err = fromEntry(e, scratch[:]); err != nil {
				return fmt.Errorf("key %.100q: %w", entry.Key, err)
			}
			if err := w.Entry(&entry); err != nil {
				return err
			}
		}
	}
	return w.Close()
}

// Dumper makes the payloads of DUMP. It keeps the memory that compression
// needs from one call to the next. The zero value is ready and writes for
// Redis 7.4.
type Dumper struct {
	// Encoding must not be changed after the first call.
	rdb.Encoding
	encoder *rdb.Encoder
}

// Dump returns the payload for the value of a key. The error names a type
// that is not supported yet, or is rdb.ErrVersion.
func (d *Dumper) Dump(e keyspace.Entry) ([]byte, error) {
	if d.encoder == nil {
		d.encoder = rdb.NewEncoder(d.Encoding)
	}
	var scratch [32]byte
	v, err := fromEntry(e, scratch[:])
	if err != nil {
		return nil, err
	}
	return d.encoder.AppendDump(nil, v)
}

// Undump decodes the payload of a DUMP: text is set for a string, v for a value
// of another type; neither if the value has run out of time. The error is
// rdb.ErrPayload, a *rdb.FormatError, or names a type that is not supported yet.
func Undump(payload []byte, env *Env) (text []byte, v value.Value, err error) {
	decoded, err := rdb.DecodeDump(payload)
	if err != nil {
		return nil, nil, err
	}
	if s, ok := decoded.(rdb.String); ok {
		return s, nil, nil
	}
	v, err = toValue(decoded, env)
	return nil, v, err
}

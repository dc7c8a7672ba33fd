package snapshot

import (
	"fmt"
	"io"

	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/numfmt"
	"github.com/resp-server/resp-server/internal/rdb"
)

// LoadOptions configure Load.
type LoadOptions struct {
	Env
	// Databases is the number of databases in the keyspace.
	Databases int
	// Seed is the seed of the keyspace.
	Seed uint64
	// Size is the size of the file in bytes, 0 if unknown. It limits the memory
	// reserved for the number of keys in the file's header.
	Size int64
	// NoChecksum skips the comparison of the file's checksum.
	NoChecksum bool
	// Access returns the LFU counter for Entry.Access. It is nil under other
	// policies, where Entry.Access is the time of the last use.
	Access func(*rdb.Entry) uint32
	// Expired, unless nil, is called with each key that is left out because it
	// has expired.
	Expired func(db int, key []byte)
	// EachKey is called after each key, if it is not nil.
	EachKey func()
	// KeepExpired loads expired keys too, since commands may follow that refer to
	// them.
	KeepExpired bool
	// Skipped, unless nil, is called with each key that is left out because its
	// value is empty.
	Skipped func(key []byte)
}

// Loaded is the content of a file.
type Loaded struct {
	Keyspace *keyspace.Keyspace
	// Functions are the sources of function libraries.
	Functions [][]byte
	// Keys is the number of keys loaded. Expired is the number left out because
	// they have expired, Empty because their value was empty (old servers wrote
	// such keys by mistake).
	Keys, Expired, Empty int
	// Size is the size of the file in bytes. Tail is the rest of the source
	// behind it.
	Size int64
	Tail io.Reader
	// ReplID and ReplOffset are the replication id and offset of the data, "" and
	// -1 if the file has none. StreamDB is the selected database of the
	// replication stream that follows.
	ReplID     string
	ReplOffset int64
	StreamDB   int
}

// Load reads a file. It returns the whole content or an error. A damaged file
// gives a *rdb.FormatError with the position.
func Load(src io.Reader, o LoadOptions) (*Loaded, error) {
	l := &loader{
		LoadOptions: o,
		r:           rdb.NewReader(src, rdb.Options{Newest: o.Payload.Newest, NoChecksum: o.NoChecksum, Skipped: o.Skipped}),
		loaded:      Loaded{Keyspace: keyspace.New(o.Databases, o.Seed), ReplOffset: -1},
	}
	if err := l.r.Read(l); err != nil {
		return nil, err
	}
	l.loaded.Empty = l.r.Empty()
	l.loaded.Size, l.loaded.Tail = l.r.Offset(), l.r.Tail()
	return &l.loaded, nil
}

// loader is the rdb.Handler that fills a keyspace.
type loader struct {
	LoadOptions
	r      *rdb.Reader
	db     *keyspace.DB
	loaded Loaded
}

func (l *loader) Aux(key, value []byte) error {
	switch string(key) {
	case "repl-stream-db":
		if n, ok := numfmt.ParseInt(value); ok && n >= 0 && n < int64(l.Databases) {
			l.loaded.StreamDB = int(n)
		}
	case "repl-id":
		l.loaded.ReplID = string(value)
	case "repl-offset":
		if n, ok := numfmt.ParseInt(value); ok {
			l.loaded.ReplOffset = n
		}
	}
	return nil
}

func (l *loader) DB(n int) error {
	if n >= l.Databases {
		return l.fail("database %d, where there are only %d (see the setting 'databases')", n, l.Databases)
	}
	l.db = l.loaded.Keyspace.DB(n)
	return nil
}

const (
	// minEntrySize is the size of the smallest key in a file: a type byte, and
	// the lengths of key and value.
	minEntrySize = 3
	// unknownKeys is the maximum number of keys reserved if the size of the file
	// is unknown.
	unknownKeys = 1 << 16
)

func (l *loader) Resize(keys, expires uint64) error {
	most := uint64(unknownKeys)
	if l.Size > 0 {
		most = uint64(l.Size) / minEntrySize
	}
	if l.db == nil {
		l.db = l.loaded.Keyspace.DB(0)
	}
	l.db.Reserve(int(min(keys, most)))
	return nil
}

func (l *loader) Function(code []byte) error {
	l.loaded.Functions = append(l.loaded.Functions, code)
	return nil
}

func (l *loader) Entry(e *rdb.Entry) error {
	if l.db == nil {
		l.db = l.loaded.Keyspace.DB(0)
	}
	if e.ExpireAt != 0 && e.ExpireAt < l.Now && !l.KeepExpired {
		l.loaded.Expired++
		if l.LoadOptions.Expired != nil {
			l.LoadOptions.Expired(e.DB, e.Key)
		}
		return nil
	}
	if l.Access != nil {
		l.loaded.Keyspace.Access = l.Access(e)
	} else {
		now := l.Now / 1000
		l.loaded.Keyspace.Access = uint32(now - min(e.Idle, now))
	}
	before := l.db.Len()
	if err := put(l.db, e.Key, e.Value, e.ExpireAt, &l.Env); err != nil {
		return l.fail("key %.100q: %v", e.Key, err)
	}
	if l.db.Len() == before {
		return l.fail("key %.100q comes twice in database %d", e.Key, e.DB)
	}
	l.loaded.Keys++
	if l.EachKey != nil {
		l.EachKey()
	}
	return nil
}

func (l *loader) fail(format string, args ...any) error {
	return &rdb.FormatError{Offset: l.r.Offset(), Reason: fmt.Sprintf(format, args...)}
}

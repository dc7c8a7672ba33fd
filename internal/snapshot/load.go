package snapshot

import (
	"fmt"
	"io"

	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/numfmt"
	"github.com/resp-server/resp-server/internal/rdb"
)

// LoadOptions say how a file is loaded.
type LoadOptions struct {
	Env
	// Databases is how many databases the keyspace has.
	Databases int
	// Seed is that of the keyspace.
	Seed uint64
	// Size of the file in bytes bounds the room that is made at once for the
	// keys that the file announces. 0 means that it is not known.
	Size int64
	// NoChecksum: true to not compare the checksum of the file.
	NoChecksum bool
	// Access returns what Entry.Access is to be under an LFU policy; nil under
	// others, where it is the time of the last use.
	Access func(*rdb.Entry) uint32
	// Expired is called with each key that is left out because its time has passed,
	// if it is not nil.
	Expired func(db int, key []byte)
	// KeepExpired: true to load keys whose time has passed: commands about them
	// may follow.
	KeepExpired bool
	// Skipped is told of keys that are left out because there is nothing in
	// them, if it is not nil.
	Skipped func(key []byte)
}

// Loaded is what a file held.
type Loaded struct {
	Keyspace *keyspace.Keyspace
	// Functions are the sources of function libraries.
	Functions [][]byte
	// Keys were loaded; Expired were left out because their time had passed,
	// Empty because there was nothing in them (old servers wrote those by
	// mistake).
	Keys, Expired, Empty int
	// Size is that of the file in bytes. Tail is what follows it in its source.
	Size int64
	Tail io.Reader
	// ReplID and ReplOffset are the history of the data and the replication offset
	// that they are of; "" and -1 if the file does not say. StreamDB is the database
	// that the stream of commands has selected which follows.
	ReplID     string
	ReplOffset int64
	StreamDB   int
}

// Load reads a file. It returns all of what it holds or an error, a
// *rdb.FormatError with the position if the file is to blame.
func Load(src io.Reader, o LoadOptions) (*Loaded, error) {
	l := &loader{
		LoadOptions: o,
		r:           rdb.NewReader(src, rdb.Options{NoChecksum: o.NoChecksum, Skipped: o.Skipped}),
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
	// minEntrySize is the size of the smallest key of a file: its type, and the
	// lengths of key and value.
	minEntrySize = 3
	// unknownKeys is for how many keys room is made if nothing vouches for more.
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
	return nil
}

func (l *loader) fail(format string, args ...any) error {
	return &rdb.FormatError{Offset: l.r.Offset(), Reason: fmt.Sprintf(format, args...)}
}

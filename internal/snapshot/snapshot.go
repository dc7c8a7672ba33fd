// Package snapshot turns a keyspace into an RDB file and back, and a value
// into the payload of DUMP and back.
//
// Package rdb knows the format, package value the types; here is what lies
// between them: one row for each type (see conversions). Nothing here knows a
// server, a file system or a clock.
//
// Save only reads. It may run beside a server that goes on writing, on a
// clone of its keyspace; nothing else here is safe for concurrent use.
package snapshot

import (
	"fmt"

	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/rdb"
	"github.com/resp-server/resp-server/internal/value"
)

// Env is what a value needs to know of the server that it comes into.
type Env struct {
	Limits value.Limits
	// Now is the time in milliseconds since 1970.
	Now int64
	// NoChecksum: true if the checksum of a payload does not count.
	NoChecksum bool
}

// conversion is what a type needs to be loaded and saved. A missing function
// says that there is no such type yet.
type conversion struct {
	// load makes a value of what was read, which is valid, not empty, and the
	// value's from then on.
	load func(v rdb.Value, env *Env) value.Value
	// save shows a value as it is to be written.
	save func(v value.Value) rdb.Value
}

// conversions has a row for each type but strings, which live in the entries
// of the keyspace.
var conversions = [...]conversion{
	value.TypeList:   {loadList, saveList},
	value.TypeSet:    {loadSet, saveSet},
	value.TypeZSet:   {loadZSet, saveZSet},
	value.TypeHash:   {loadHash, saveHash},
	value.TypeStream: {loadStream, saveStream},
	value.TypeArray:  {loadArray, saveArray},
}

// typeOf returns the type of what was read.
func typeOf(v rdb.Value) value.Type {
	switch v.(type) {
	case *rdb.List:
		return value.TypeList
	case *rdb.Set:
		return value.TypeSet
	case *rdb.SortedSet:
		return value.TypeZSet
	case *rdb.Hash:
		return value.TypeHash
	case *rdb.Stream:
		return value.TypeStream
	case *rdb.Array:
		return value.TypeArray
	}
	return value.TypeString
}

// toValue converts a value that is no string.
func toValue(v rdb.Value, env *Env) (value.Value, error) {
	t := typeOf(v)
	load := conversions[t].load
	if load == nil {
		return nil, unsupported(t)
	}
	return load(v, env), nil
}

// fromEntry converts the value of a key. Bytes in it may be those of scratch.
func fromEntry(e keyspace.Entry, scratch []byte) (rdb.Value, error) {
	t := e.Type()
	if t == value.TypeString {
		return rdb.String(e.Bytes(scratch)), nil
	}
	save := conversions[t].save
	if save == nil {
		return nil, unsupported(t)
	}
	return save(e.Value()), nil
}

func unsupported(t value.Type) error { return fmt.Errorf("%s values are not supported yet", t) }

// put stores a value in a database.
func put(db *keyspace.DB, key []byte, v rdb.Value, expireAt int64, env *Env) error {
	if s, ok := v.(rdb.String); ok {
		db.SetBytes(key, s, expireAt)
		return nil
	}
	val, err := toValue(v, env)
	if err == nil {
		db.Set(key, val, expireAt)
	}
	return err
}

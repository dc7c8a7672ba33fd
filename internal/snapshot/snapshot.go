// Package snapshot turns a keyspace into an RDB file and back, and a value
// into the payload of DUMP and back.
//
// Package rdb knows the format, package value the types; here is what lies
// between them: a function each way for each type (see Register). Nothing here knows a
// server, a file system or a clock.
//
// Save only reads. It may run beside a server that goes on writing, on a
// clone of its keyspace; nothing else here is safe for concurrent use.
package snapshot

import (
	"fmt"

	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/rdb"
	"github.com/resp-server/resp-server/internal/value"
)

// Env is what a value needs to know of the server that it comes into.
type Env struct {
	Limits value.Limits
	// Config is for the types of modules; nil means the default settings.
	Config *config.Config
	// Now is the time in milliseconds since 1970.
	Now int64
	// NoChecksum: true if the checksum of a payload does not count.
	NoChecksum bool
}

// LoadFunc makes a value of what was read, which is valid, not empty, and the
// value's from then on.
type LoadFunc func(v rdb.Value, env *Env) value.Value

// SaveFunc shows a value as it is to be written.
type SaveFunc func(v value.Value) rdb.Value

// Strings have neither: they live in the entries of the keyspace.
var (
	loaders [rdb.Kinds]LoadFunc
	savers  = make(map[value.Type]SaveFunc)
)

func init() {
	Register(value.TypeList, rdb.KindList, loadList, saveList)
	Register(value.TypeSet, rdb.KindSet, loadSet, saveSet)
	Register(value.TypeZSet, rdb.KindSortedSet, loadZSet, saveZSet)
	Register(value.TypeHash, rdb.KindHash, loadHash, saveHash)
	Register(value.TypeStream, rdb.KindStream, loadStream, saveStream)
}

// Register says how a type is loaded and saved. It is for the initialization of
// packages. A kind that is there already panics.
func Register(t value.Type, k rdb.Kind, load LoadFunc, save SaveFunc) {
	if loaders[k] != nil {
		panic("snapshot: two types are loaded from one kind: " + t.String())
	}
	loaders[k], savers[t] = load, save
}

// toValue converts a value that is no string.
func toValue(v rdb.Value, env *Env) (value.Value, error) {
	load := loaders[v.Kind()]
	if load == nil {
		return nil, fmt.Errorf("%T values need a module that is not in this program", v)
	}
	return load(v, env), nil
}

// fromEntry converts the value of a key. Bytes in it may be those of scratch.
func fromEntry(e keyspace.Entry, scratch []byte) rdb.Value {
	t := e.Type()
	if t == value.TypeString {
		return rdb.String(e.Bytes(scratch))
	}
	return savers[t](e.Value())
}

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

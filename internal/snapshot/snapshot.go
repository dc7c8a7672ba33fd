// Package snapshot turns a keyspace into an RDB file and back, and a value
// into the payload of DUMP and back.
//
// Package rdb knows the format and package value the types. This package has a
// function in each direction for each type (see Register). It knows neither a
// server nor a file system nor a clock.
//
// Save only reads, so it may run on a clone of the keyspace while the server
// goes on writing. Nothing else is safe for concurrent use.
package snapshot

import (
	"fmt"

	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/rdb"
	"github.com/resp-server/resp-server/internal/value"
)

// Env is what a loaded value needs from its new server.
type Env struct {
	Limits value.Limits
	// Config holds the settings for the types of modules; nil means the defaults.
	Config *config.Config
	// Now is the time in milliseconds since 1970.
	Now int64
	// Payload says which payloads of DUMP and files are read.
	Payload rdb.Payload
}

// LoadFunc makes a value from v, which is valid and not empty. It may keep v.
type LoadFunc func(v rdb.Value, env *Env) value.Value

// SaveFunc converts a value for writing.
type SaveFunc func(v value.Value) rdb.Value

// Strings have neither: they are in the entries of the keyspace.
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

// Register sets the functions that load and save a type. Call it while
// packages initialize. It panics if the kind is registered already.
func Register(t value.Type, k rdb.Kind, load LoadFunc, save SaveFunc) {
	if loaders[k] != nil {
		panic("snapshot: two types are loaded from one kind: " + t.String())
	}
	loaders[k], savers[t] = load, save
}

// toValue converts a value that is not a string.
func toValue(v rdb.Value, env *Env) (value.Value, error) {
	load := loaders[v.Kind()]
	if load == nil {
		return nil, fmt.Errorf("%T values need a module that is not in this program", v)
	}
	return load(v, env), nil
}

// fromEntry converts the value of a key. The result may share memory with
// scratch.
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

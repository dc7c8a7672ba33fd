package engine

import (
	"bytes"
	"fmt"
	"path/filepath"

	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/script"
)

// ReloadOptions say what DEBUG RELOAD does.
type ReloadOptions struct {
	// NoSave: true to load the file that is there.
	NoSave bool
	// NoFlush: true to add to the data, instead of replacing them.
	NoFlush bool
	// Merge: true to let keys and libraries of the file replace those of the
	// same name; else, with NoFlush, they are an error.
	Merge bool
}

// Reload puts what a snapshot keeps of the data in place of the data, or adds
// it. Without a directory the snapshot is made in memory. It fails if the file
// can't be read, and then changes nothing.
func (e *Core) Reload(o ReloadOptions) error {
	err := e.reload(o)
	if _, ok := err.(resp.Error); err == nil || ok {
		return err
	}
	e.Log.Error("reloading failed", "error", err)
	return resp.Error("ERR Error trying to load the RDB dump, check server logs.")
}

func (e *Core) reload(o ReloadOptions) error {
	if e.Config.Dir == "" && !o.NoSave {
		var b bytes.Buffer
		if err := e.writeTo(&b, e.present()); err != nil {
			return err
		}
		return e.load(&b, int64(b.Len()), "", o)
	}
	if !o.NoSave {
		if err := e.Save(); err != nil {
			return err
		}
	}
	if e.Config.Dir == "" {
		return errNoDir
	}
	f, err := e.files.Open(filepath.Join(e.Config.Dir, e.Config.DBFilename))
	if err != nil {
		return err
	}
	defer f.Close()
	return e.loadFile(f, o)
}

// merge adds keys and libraries to what is there, or nothing and tells why.
func (e *Core) merge(ks *keyspace.Keyspace, libraries *script.Libraries, replace bool) error {
	if !replace {
		for from := range ks.Used {
			for k := range from.All {
				if _, ok := e.Keyspace.DB(from.Index()).Get(k.Key()); ok {
					return fmt.Errorf("key %.100q of database %d is there already", k.Key(), from.Index())
				}
			}
		}
	}
	if err := e.Functions.Join(libraries, replace); err != nil {
		return fmt.Errorf("function library: %w", err)
	}
	for from := range ks.Used {
		db := e.Keyspace.DB(from.Index())
		for k := range from.All {
			db.Share(from, k, k.Key(), k.ExpireAt())
			e.touch(nil, db.Index(), k.Key())
		}
	}
	e.Adopt(e.Keyspace)
	return nil
}

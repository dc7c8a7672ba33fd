package engine

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/resp-server/resp-server/internal/compat"
	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/replication"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/script"
	"github.com/resp-server/resp-server/internal/snapshot"
	"github.com/resp-server/resp-server/internal/vfs"
)

// ReloadOptions say what DEBUG RELOAD does.
type ReloadOptions struct {
	// NoSave loads the file that is there, without saving first.
	NoSave bool
	// NoFlush adds to the data, instead of replacing them.
	NoFlush bool
	// Merge lets keys and libraries of the file replace those of the same name. Without
	// it, and with NoFlush, they are an error.
	Merge bool

	expired func(db int, key []byte) // see snapshot.LoadOptions
}

// Reload saves a snapshot and loads it, in place of the data or in addition to them.
// Without a directory the snapshot is in memory. If the file can't be read, Reload
// fails and changes nothing.
func (e *Core) Reload(o ReloadOptions) error {
	err := e.reload(o)
	if err == nil && (o.NoSave || o.NoFlush) {
		e.restartLog()
		e.dataReplaced()
	}
	if _, ok := err.(resp.Error); err == nil || ok {
		return err
	}
	e.Log.Error("reloading failed", "error", err)
	if !e.Since(compat.ReloadLogs) {
		return resp.Error("ERR Error trying to load the RDB dump")
	}
	return resp.Error("ERR Error trying to load the RDB dump, check server logs.")
}

func (e *Core) reload(o ReloadOptions) error {
	if e.Config.Dir == "" && !o.NoSave {
		var b bytes.Buffer
		if err := e.writeTo(&b, e.present()); err != nil {
			return err
		}
		_, err := e.load(&b, int64(b.Len()), "", o)
		return err
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
	_, err = e.loadFile(f, o)
	return err
}

// merge adds keys and libraries to the present ones; if it fails it adds nothing.
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

// sizeToLoad returns the size in bytes of the files that the server begins with, as
// far as it is known before.
func (e *Core) sizeToLoad() int64 {
	switch {
	case e.Config.Dir == "":
		return 0
	case e.Config.AOF.On:
		if e.openLog(e.Config) != nil {
			return 0 // loadLog will say why
		}
		return e.append.log.SizeOnDisk()
	}
	info, err := e.files.Stat(filepath.Join(e.Config.Dir, e.Config.DBFilename))
	if err != nil {
		return 0
	}
	return info.Size()
}

// loadOptions returns the options to load a snapshot of a size. They do not change
// with the settings.
func (e *Core) loadOptions(size int64) snapshot.LoadOptions {
	skipped := 0
	o := snapshot.LoadOptions{
		Env: *e.Env(), Databases: e.Keyspace.Len(), Seed: e.Rand.Uint64(), Size: max(size, 0),
		NoChecksum: !e.Config.RDBChecksum || e.debug.noChecksum,
		Access:     e.loadedAccess(),
		Skipped: func(key []byte) {
			if skipped++; skipped <= maxSkipLog {
				e.Log.Warn("skipping empty key: " + string(key))
			}
		},
	}
	o.Config = e.Config.Clone()
	return o
}

// loadData reads the first data of the server.
func (e *Core) loadData() error {
	if e.Config.AOF.On {
		return e.loadLog()
	}
	return e.loadSnapshot()
}

// loadSnapshot replaces the data with the snapshot that the settings name, if there is
// one.
func (e *Core) loadSnapshot() error {
	if e.Config.Dir == "" {
		return nil
	}
	path := filepath.Join(e.Config.Dir, e.Config.DBFilename)
	f, err := e.files.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		e.Log.Info("no snapshot to load: starting empty", "file", path)
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	start := e.clock.Monotonic()
	var expired []dbKey
	o := ReloadOptions{expired: func(db int, key []byte) { expired = append(expired, dbKey{db, string(key)}) }}
	l, err := e.loadFile(f, o)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	e.resumeHistory(l, expired)
	e.Log.Info(fmt.Sprintf("DB loaded from disk: %.3f seconds", (e.clock.Monotonic() - start).Seconds()))
	return nil
}

// resumeHistory lets replicas, or the master, go on where they were when the server
// wrote the snapshot that it begins with. It tells replicas to delete the keys that
// have expired since.
func (e *Core) resumeHistory(l *snapshot.Loaded, expired []dbKey) {
	if len(l.ReplID) != replication.IDLen || l.ReplOffset < 0 {
		return
	}
	h := &e.repl.history
	e.startBacklog(l.ReplOffset)
	if e.IsReplica() {
		h.Begin(l.ReplID)
		e.cacheMaster(l.StreamDB)
		return
	}
	h.Former, h.FormerEnd = l.ReplID, l.ReplOffset+1
	e.repl.alone = e.NowMilli()
	for _, k := range expired {
		e.propagateDeletion(e.Keyspace.DB(k.db), []byte(k.key), e.Config.LazyExpire)
		e.finishUnit() // each is a unit of its own
	}
}

func (e *Core) loadFile(f vfs.File, o ReloadOptions) (*snapshot.Loaded, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return e.load(f, info.Size(), f.Name(), o)
}

// maxSkipLog bounds how many empty keys of a file are logged.
const maxSkipLog = 10

func (e *Core) load(r io.Reader, size int64, name string, o ReloadOptions) (*snapshot.Loaded, error) {
	options := e.loadOptions(size)
	options.Expired = o.expired
	// Later commands, of the file or of a master, may be about expired keys.
	options.KeepExpired = e.append.loading || e.IsReplica()
	load := snapshot.Load
	if e.loading != nil && e.loading.start {
		load = e.loadAway
	}
	l, err := load(r, options)
	if err != nil {
		return nil, err
	}
	libraries, err := e.loadLibraries(l.Functions)
	if err != nil {
		return nil, fmt.Errorf("function library: %w", err)
	}
	if o.NoFlush {
		err = e.merge(l.Keyspace, libraries, o.Merge)
	} else {
		e.replace(l.Keyspace, libraries)
	}
	if err != nil {
		return nil, err
	}
	e.Saving.Loaded, e.Saving.Expired = l.Keys, l.Expired
	e.Log.Info(fmt.Sprintf("Done loading RDB, keys loaded: %d, keys expired: %d, empty keys skipped: %d.", l.Keys, l.Expired, l.Empty),
		"file", name, "duration", e.lap())
	return l, nil
}

// LoadRDB adds the data of a file of this size. Its keys and libraries replace those of
// the same name. It changes nothing if it fails.
func (e *Core) LoadRDB(r io.Reader, size int64) error {
	_, err := e.load(r, size, "", ReloadOptions{NoFlush: true, Merge: true})
	if err == nil {
		e.restartLog()
		e.dataReplaced()
	}
	return err
}

// replace puts loaded data in place of the present ones.
func (e *Core) replace(ks *keyspace.Keyspace, libraries *script.Libraries) {
	e.invalidateAll()
	for db := range e.Keyspace.Used {
		e.touchAll(db.Index(), db, nil)
	}
	e.Adopt(ks)
	e.Functions.Libraries = *libraries
}

// Adopt replaces all data. Tests use it, too.
func (e *Core) Adopt(ks *keyspace.Keyspace) {
	e.Keyspace = ks
	if e.cluster.node != nil {
		ks.IndexSlots()
	}
	if e.debug.fixedTables {
		ks.KeepSize(true)
	}
	e.Keyspace.Access = e.newAccess()
	e.limitMemory()
	e.timing.nextKey = 0
	for db := range e.Keyspace.Used {
		if k, ok := db.NextExpiry(); ok {
			e.expiresAt(k.ExpireAt())
		}
		if _, at, ok := db.NextElementExpiry(); ok {
			e.expiresAt(at)
		}
	}
}

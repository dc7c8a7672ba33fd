package command

import (
	"bytes"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/resp"
)

var genericCommands = engine.Handlers{
	"copy":      copyKey,
	"del":       del,
	"exists":    exists,
	"move":      move,
	"randomkey": randomKey,
	"rename":    rename,
	"renamenx":  renameNX,
	"touch":     touch,
	"type":      typeOf,
	"unlink":    unlink,
}

// DEL key [key ...]
func del(c *engine.Ctx) error { return remove(c, c.Config.LazyUserDel) }

// UNLINK key [key ...]
func unlink(c *engine.Ctx) error { return remove(c, true) }

func remove(c *engine.Ctx, later bool) error {
	n := 0
	for _, key := range c.Args[1:] {
		if c.DeleteAs(key, later) {
			c.Changed(key, event.Del)
			n++
		}
	}
	return c.Integer(n)
}

// EXISTS key [key ...]
func exists(c *engine.Ctx) error {
	n := 0
	for _, key := range c.Args[1:] {
		if _, ok := c.Inspect(key); ok {
			n++
		}
	}
	return c.Integer(n)
}

// TOUCH key [key ...]
func touch(c *engine.Ctx) error {
	n := 0
	for _, key := range c.Args[1:] {
		if k, ok := c.Inspect(key); ok {
			c.MarkUsed(k)
			n++
		}
	}
	return c.Integer(n)
}

// TYPE key
func typeOf(c *engine.Ctx) error {
	k, ok := c.Inspect(c.Args[1])
	if !ok {
		return c.Simple("none")
	}
	return c.Simple(k.Type().String())
}

// maxRandomTries limits the search of RANDOMKEY for a live key on a server
// that does not delete expired keys.
const maxRandomTries = 100

// RANDOMKEY
func randomKey(c *engine.Ctx) error {
	for try := 1; ; try++ {
		k, ok := c.DB().Random(c.Rand.Uint64)
		if !ok {
			return c.Null()
		}
		// Exists deletes an expired key. Where the server keeps expired keys, all
		// keys may be expired, so the number of tries is limited.
		if key := k.Key(); c.Exists(key) || try >= maxRandomTries && !c.DeletesExpired() {
			return c.Bulk(key)
		}
	}
}

// RENAME key newkey
func rename(c *engine.Ctx) error {
	_, err := renameKey(c, true)
	if err != nil {
		return err
	}
	return c.OK()
}

// RENAMENX key newkey
func renameNX(c *engine.Ctx) error {
	renamed, err := renameKey(c, false)
	if err != nil {
		return err
	}
	return c.Truth(renamed)
}

func renameKey(c *engine.Ctx, replace bool) (renamed bool, err error) {
	from, to := c.Args[1], c.Args[2]
	k, ok := c.Peek(from)
	switch {
	case !ok:
		return false, resp.ErrNoSuchKey
	case bytes.Equal(from, to):
		return false, nil
	case c.Exists(to) && !replace:
		return false, nil
	}
	overwrite := c.Overwriting(c.Session.DB(), to, k.Type())
	c.MoveEntry(k, c.Session.DB(), to)
	c.Touched(from)
	c.Notify(from, event.RenameFrom)
	c.Changed(to, event.RenameTo)
	c.NotifyOverwrite(c.Session.DB(), to, overwrite)
	return true, nil
}

// MOVE key db
func move(c *engine.Ctx) error {
	if c.Cluster() != nil {
		return resp.Error("ERR MOVE is not allowed in cluster mode")
	}
	key := c.Args[1]
	db, err := c.ArgDB(2)
	if err != nil {
		return err
	}
	if db == c.Session.DB() {
		return resp.ErrSameObject
	}
	k, ok := c.Peek(key)
	if !ok {
		return c.Integer(0)
	}
	if _, taken := c.PeekIn(db, key); taken {
		return c.Integer(0)
	}
	c.MoveEntry(k, db, key)
	c.Touched(key)
	c.Notify(key, event.MoveFrom)
	c.ChangedIn(db, key, event.MoveTo)
	return c.Integer(1)
}

// COPY source destination [DB destination-db] [REPLACE]
func copyKey(c *engine.Ctx) error {
	from, to, db := c.Args[1], c.Args[2], c.Session.DB()
	replace := false
	for i := 3; i < len(c.Args); i++ {
		switch {
		case c.ArgIs(i, "replace"):
			replace = true
		case c.ArgIs(i, "db") && i+1 < len(c.Args):
			i++
			var err error
			if db, err = c.ArgDB(i); err != nil {
				return err
			}
		default:
			return resp.ErrSyntax
		}
	}
	if db != 0 && c.Cluster() != nil {
		return resp.Error("ERR Copying to another database is not allowed in cluster mode")
	}
	if db == c.Session.DB() && bytes.Equal(from, to) {
		return resp.ErrSameObject
	}
	k, ok := c.Lookup(from)
	if !ok {
		return c.Integer(0)
	}
	if _, taken := c.PeekIn(db, to); taken && !replace {
		return c.Integer(0)
	}
	overwrite := c.Overwriting(db, to, k.Type())
	c.CopyEntry(k, db, to)
	c.ChangedIn(db, to, event.CopyTo)
	c.NotifyOverwrite(db, to, overwrite)
	return c.Integer(1)
}

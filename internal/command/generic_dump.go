package command

import (
	"errors"
	"strconv"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/rdb"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/snapshot"
	"github.com/resp-server/resp-server/internal/value"
)

var dumpCommands = engine.Handlers{
	"dump":           dump,
	"restore":        restore,
	"restore-asking": restore,
}

// DUMP key
func dump(c *engine.Ctx) error {
	k, ok := c.Lookup(c.Args[1])
	if !ok {
		return c.Null()
	}
	payload, err := c.Dumper().Dump(k)
	if err != nil {
		return err
	}
	return c.Bulk(payload)
}

// RESTORE key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]
// RESTORE-ASKING key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]
func restore(c *engine.Ctx) error {
	o, err := restoreOptions(c)
	if err != nil {
		return err
	}
	key := c.Args[1]
	if !o.replace && c.Exists(key) {
		return resp.ErrBusyKey
	}
	at, err := c.ArgInt(2)
	if err != nil {
		return err
	}
	if at < 0 {
		return resp.Error("ERR Invalid TTL value, must be >= 0")
	}
	text, v, err := snapshot.Undump(c.Args[3], c.Env())
	var damaged *rdb.FormatError
	switch {
	case errors.Is(err, rdb.ErrPayload):
		return resp.ErrPayload
	case errors.As(err, &damaged):
		c.Log.Warn("RESTORE of a damaged payload: "+damaged.Reason, "key", string(key), "offset", damaged.Offset)
		return resp.Error("ERR Bad data format")
	case err != nil:
		return err
	}

	switch {
	case at == 0:
	case o.absolute:
		at = c.ExpiryOfUnix(at)
	default:
		at += c.ExpiryMilli()
	}
	if at != 0 && c.ExpiresAtOnce(at) {
		// The key would expire at once, so only the deletion of the old one happens.
		if o.replace && c.DeleteInstead(key, c.Config.LazyServerDel) {
			c.Changed(key, event.Del)
		}
		return c.OK()
	}
	by := value.TypeString
	if v != nil {
		by = v.Type()
	}
	overwrite := c.Overwriting(c.Session.DB(), key, by)
	if v != nil {
		c.Put(key, v, at)
	} else {
		c.SetBytes(key, text, at)
	}
	c.Changed(key, event.Restore)
	if k, ok := c.Peek(key); ok {
		now := c.NowMilli() / 1000
		switch lfu := c.UsesLFU(); {
		case lfu && o.freq >= 0:
			c.SetFrequency(k, uint8(o.freq))
		case !lfu && o.idle >= 0:
			k.SetAccess(uint32(now - min(o.idle, now)))
		}
	}
	c.NotifyOverwrite(c.Session.DB(), key, overwrite)
	if at != 0 && !o.absolute {
		// A relative time would start again when the command is replayed.
		args := append([][]byte(nil), c.Args...)
		args[2] = strconv.AppendInt(nil, at, 10)
		c.Propagate(append(args, []byte("ABSTTL"))...)
	}
	return c.OK()
}

// restoreArgs are the options of RESTORE.
type restoreArgs struct {
	replace, absolute bool
	idle, freq        int64 // -1: not given
}

// restoreOptions reads the arguments after the payload. It checks each value
// as it reads it, since of two mistakes the first gives the error.
func restoreOptions(c *engine.Ctx) (o restoreArgs, err error) {
	o.idle, o.freq = -1, -1
	for i := 4; i < len(c.Args); i++ {
		hasValue := i+1 < len(c.Args)
		switch {
		case c.ArgIs(i, "replace"):
			o.replace = true
		case c.ArgIs(i, "absttl"):
			o.absolute = true
		case c.ArgIs(i, "idletime") && hasValue && o.freq < 0:
			i++
			if o.idle, err = c.ArgInt(i); err != nil {
				return o, err
			}
			if o.idle < 0 {
				return o, resp.Error("ERR Invalid IDLETIME value, must be >= 0")
			}
		case c.ArgIs(i, "freq") && hasValue && o.idle < 0:
			i++
			if o.freq, err = c.ArgInt(i); err != nil {
				return o, err
			}
			if o.freq < 0 || o.freq > 255 {
				return o, resp.Error("ERR Invalid FREQ value, must be >= 0 and <= 255")
			}
		default:
			return o, resp.ErrSyntax
		}
	}
	return o, nil
}

package command

import (
	"strconv"
	"time"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/resp"
)

var migrateCommands = engine.Handlers{"migrate": migrate}

// MIGRATE host port <key | ""> destination-db timeout [COPY] [REPLACE] [AUTH password | AUTH2 username password] [KEYS key [key ...]]
func migrate(c *engine.Ctx) error {
	keys := c.Args[3:4]
	var o engine.MigrateOptions
options:
	for i := 6; i < len(c.Args); i++ {
		switch left := len(c.Args) - 1 - i; {
		case c.ArgIs(i, "copy"):
			o.Copy = true
		case c.ArgIs(i, "replace"):
			o.Replace = true
		case c.ArgIs(i, "auth") && left >= 1:
			i++
			o.Password = c.Args[i]
			c.Redact(i)
		case c.ArgIs(i, "auth2") && left >= 2:
			c.Redact(i + 1)
			o.User = c.Args[i+1]
			i += 2
			o.Password = c.Args[i]
			c.Redact(i)
		case c.ArgIs(i, "keys"):
			if len(c.Args[3]) > 0 {
				return resp.Error("ERR When using MIGRATE KEYS option, the key argument must be set to the empty string")
			}
			keys = c.Args[i+1:]
			break options
		default:
			return resp.ErrSyntax
		}
	}
	timeout, err := c.ArgInt(5) // its error comes before that of the database
	if err != nil {
		return err
	}
	if o.DB, err = c.ArgInt(4); err != nil {
		return err
	}
	if timeout <= 0 {
		timeout = 1000
	}
	o.Timeout = time.Duration(min(timeout, maxMigrateTimeout)) * time.Millisecond
	found := false
	for _, key := range keys {
		if _, ok := c.Lookup(key); ok {
			found = true
		}
	}
	if !found {
		return c.Simple("NOKEY")
	}
	port, _ := strconv.Atoi(string(c.Args[2]))
	o.Host, o.Port = string(c.Args[1]), port
	return c.Migrate(keys, o)
}

// maxMigrateTimeout is a day, in milliseconds: longer timeouts could overflow.
const maxMigrateTimeout = 24 * 60 * 60 * 1000

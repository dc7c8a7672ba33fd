package command

import (
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/resp"
)

var migrateCommands = engine.Handlers{"migrate": migrate}

// MIGRATE host port <key | ""> destination-db timeout [COPY] [REPLACE] [AUTH password | AUTH2 username password] [KEYS key [key ...]]
func migrate(c *engine.Ctx) error {
	keys := c.Args[3:4]
options:
	for i := 6; i < len(c.Args); i++ {
		switch left := len(c.Args) - 1 - i; {
		case c.ArgIs(i, "copy"), c.ArgIs(i, "replace"):
		case c.ArgIs(i, "auth") && left >= 1:
			i++
			c.Redact(i)
		case c.ArgIs(i, "auth2") && left >= 2:
			c.Redact(i + 1)
			i += 2
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
	for _, i := range []int{5, 4} { // the timeout before the database
		if _, err := c.ArgInt(i); err != nil {
			return err
		}
	}
	found := false
	for _, key := range keys {
		if _, ok := c.Lookup(key); ok {
			found = true
		}
	}
	if !found {
		return c.Simple("NOKEY")
	}
	return resp.Error("ERR MIGRATE of an existing key is not supported")
}

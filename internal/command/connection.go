package command

import "github.com/resp-server/resp-server/internal/engine"

var connection = engine.Handlers{
	"echo":   echo,
	"ping":   ping,
	"quit":   quit,
	"select": selectDB,
}

// PING [message]
func ping(c *engine.Ctx) error {
	if len(c.Args) > 2 {
		return c.WrongArity()
	}
	if c.Proto() == 2 && c.Session.Subscriptions() > 0 {
		// A RESP2 subscriber can only tell messages apart that are arrays.
		c.Array(2)
		c.BulkString("pong")
		if len(c.Args) == 2 {
			return c.Bulk(c.Args[1])
		}
		return c.BulkString("")
	}
	if len(c.Args) == 2 {
		return c.Bulk(c.Args[1])
	}
	return c.Simple("PONG")
}

// ECHO message
func echo(c *engine.Ctx) error { return c.Bulk(c.Args[1]) }

// QUIT
func quit(c *engine.Ctx) error {
	c.Session.CloseAfterReply()
	return c.OK()
}

// SELECT index
func selectDB(c *engine.Ctx) error {
	db, err := c.ArgDB(1)
	if err != nil {
		return err
	}
	c.Session.Select(db)
	return c.OK()
}

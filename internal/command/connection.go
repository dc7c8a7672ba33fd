package command

import (
	"github.com/resp-server/resp-server/internal/compat"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/numfmt"
	"github.com/resp-server/resp-server/internal/resp"
)

var connectionCommands = engine.Handlers{
	"auth":   auth,
	"echo":   echo,
	"hello":  hello,
	"ping":   ping,
	"quit":   quit,
	"reset":  reset,
	"select": selectDB,
}

// AUTH [username] password
func auth(c *engine.Ctx) error {
	if len(c.Args) > 3 {
		return resp.ErrSyntax
	}
	for i := range c.Args[1:] {
		c.Redact(1 + i)
	}
	user, password := []byte("default"), c.Args[1]
	switch {
	case len(c.Args) == 3:
		user, password = c.Args[1], c.Args[2]
	case c.Users.Default().NoPassword:
		return resp.Error("ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?")
	}
	if err := c.Login(user, password); err != nil {
		return err
	}
	return c.OK()
}

// HELLO [protover [AUTH username password] [SETNAME clientname]]
func hello(c *engine.Ctx) error {
	proto := c.Proto()
	if len(c.Args) > 1 {
		n, ok := numfmt.ParseInt(c.Args[1])
		if !ok {
			return resp.Error("ERR Protocol version is not an integer or out of range")
		}
		if n < 2 || n > 3 {
			return resp.Error("NOPROTO unsupported protocol version")
		}
		proto = int(n)
	}
	var user, password, name []byte
	for i := 2; i < len(c.Args); i++ {
		switch more := len(c.Args) - 1 - i; {
		case c.ArgIs(i, "auth") && more >= 2:
			user, password = c.Args[i+1], c.Args[i+2]
			c.Redact(i + 1)
			c.Redact(i + 2)
			i += 2
		case c.ArgIs(i, "setname") && more >= 1:
			name = c.Args[i+1]
			if !printable(name) {
				return errClientName
			}
			if !c.Since(compat.HelloAtOnce) {
				c.Session.Name = string(name)
			}
			i++
		default:
			return resp.Errorf("ERR Syntax error in HELLO option '%s'", c.Args[i])
		}
	}
	if user != nil {
		if err := c.Login(user, password); err != nil {
			return err
		}
	}
	if !c.Session.Authenticated() {
		if !c.Since(compat.HelloProto) {
			return resp.Error("NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time")
		}
		return resp.Error("NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time")
	}
	if name != nil {
		c.Session.Name = string(name)
	}
	c.Session.SetProto(proto)
	fields := 7
	if c.Sentinel() != nil {
		fields-- // a sentinel has no role
	}
	c.Map(fields)
	c.BulkString("server")
	c.BulkString("redis")
	c.BulkString("version")
	c.BulkString(c.Config.Edition.Version.String())
	c.BulkString("proto")
	c.Integer(proto)
	c.BulkString("id")
	c.Integer64(int64(c.Session.ID))
	c.BulkString("mode")
	c.BulkString(mode(c))
	if c.Sentinel() == nil {
		c.BulkString("role")
		c.BulkString("master")
	}
	c.BulkString("modules")
	return c.Array(0)
}

// PING [message]
func ping(c *engine.Ctx) error {
	if len(c.Args) > 2 {
		return c.WrongArity()
	}
	if c.Proto() == 2 && c.Session.Subscriptions() > 0 {
		// A RESP2 subscriber expects an array: all its messages are.
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

// RESET
func reset(c *engine.Ctx) error {
	c.Session.Reset()
	return c.Simple("RESET")
}

// SELECT index
func selectDB(c *engine.Ctx) error {
	if c.Cluster() != nil {
		if n, err := c.ArgInt(1); err == nil && n != 0 {
			return resp.Error("ERR SELECT is not allowed in cluster mode")
		}
	}
	db, err := c.ArgDB(1)
	if err != nil {
		return err
	}
	c.Session.Select(db)
	return c.OK()
}

// mode returns the kind of server that HELLO and INFO report.
func mode(c *engine.Ctx) string {
	switch {
	case c.Cluster() != nil:
		return "cluster"
	case c.Sentinel() != nil:
		return "sentinel"
	}
	return "standalone"
}

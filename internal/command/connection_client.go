package command

import (
	"bytes"
	"strings"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/numfmt"
	"github.com/resp-server/resp-server/internal/resp"
)

var clientCommands = engine.Handlers{
	"client|getname":  clientGetName,
	"client|id":       clientID,
	"client|info":     clientInfo,
	"client|kill":     clientKill,
	"client|list":     clientList,
	"client|no-evict": clientNoEvict,
	"client|no-touch": clientNoTouch,
	"client|pause":    clientPause,
	"client|reply":    clientReply,
	"client|setinfo":  clientSetInfo,
	"client|setname":  clientSetName,
	"client|unblock":  clientUnblock,
	"client|unpause":  clientUnpause,
}

const errClientName resp.Error = "ERR Client names cannot contain spaces, newlines or special characters."

// printable reports whether a text may appear in CLIENT LIST, where blanks
// separate the fields.
func printable(b []byte) bool {
	for _, c := range cString(b) {
		if c < '!' || c > '~' {
			return false
		}
	}
	return true
}

// cString cuts b at its first NUL, as C formats a string in a message.
func cString(b []byte) []byte {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return b[:i]
	}
	return b
}

// subcommandSyntax is the error for a subcommand whose arguments pass the
// arity check but fit none of its forms.
func subcommandSyntax(c *engine.Ctx) error {
	return resp.Errorf("ERR unknown subcommand or wrong number of arguments for '%.128s'. Try %s HELP.",
		c.Args[1], strings.ToUpper(string(c.Args[0])))
}

// argOnOff reads argument i as ON or OFF.
func argOnOff(c *engine.Ctx, i int) (bool, error) {
	switch {
	case c.ArgIs(i, "on"):
		return true, nil
	case c.ArgIs(i, "off"):
		return false, nil
	}
	return false, resp.ErrSyntax
}

// argClass reads argument i as a class of clients.
func argClass(c *engine.Ctx, i int) (engine.Class, error) {
	switch {
	case c.ArgIs(i, "normal"):
		return engine.ClassNormal, nil
	case c.ArgIs(i, "slave"), c.ArgIs(i, "replica"):
		return engine.ClassReplica, nil
	case c.ArgIs(i, "pubsub"):
		return engine.ClassPubSub, nil
	case c.ArgIs(i, "master"):
		return engine.ClassMaster, nil
	}
	return 0, resp.Errorf("ERR Unknown client type '%s'", c.Args[i])
}

// CLIENT ID
func clientID(c *engine.Ctx) error { return c.Integer64(int64(c.Session.ID)) }

// CLIENT GETNAME
func clientGetName(c *engine.Ctx) error {
	if c.Session.Name == "" {
		return c.Null()
	}
	return c.BulkString(c.Session.Name)
}

// CLIENT SETNAME connection-name
func clientSetName(c *engine.Ctx) error {
	if !printable(c.Args[2]) {
		return errClientName
	}
	c.Session.Name = string(c.Args[2])
	return c.OK()
}

// CLIENT SETINFO <LIB-NAME libname | LIB-VER libver>
func clientSetInfo(c *engine.Ctx) error {
	var field *string
	switch {
	case c.ArgIs(2, "lib-name"):
		field = &c.Session.LibName
	case c.ArgIs(2, "lib-ver"):
		field = &c.Session.LibVer
	default:
		return resp.Errorf("ERR Unrecognized option '%s'", c.Args[2])
	}
	if !printable(c.Args[3]) {
		return resp.Errorf("ERR %s cannot contain spaces, newlines or special characters.", c.Args[2])
	}
	*field = string(c.Args[3])
	return c.OK()
}

// CLIENT NO-EVICT <ON | OFF>
func clientNoEvict(c *engine.Ctx) error {
	on, err := argOnOff(c, 2)
	if err != nil {
		return err
	}
	c.Session.NoEvict = on
	return c.OK()
}

// CLIENT NO-TOUCH <ON | OFF>
func clientNoTouch(c *engine.Ctx) error {
	on, err := argOnOff(c, 2)
	if err != nil {
		return err
	}
	c.Session.NoTouch = on
	return c.OK()
}

// CLIENT REPLY <ON | OFF | SKIP>
func clientReply(c *engine.Ctx) error {
	switch {
	case c.ArgIs(2, "on"):
		c.Session.ReplyMode = engine.ReplyOn
		return c.OK()
	case c.ArgIs(2, "off"):
		c.Session.ReplyMode = engine.ReplyOff
	case c.ArgIs(2, "skip"):
		if c.Session.ReplyMode != engine.ReplyOff {
			c.Session.ReplyMode = engine.ReplySkipNext
		}
	default:
		return resp.ErrSyntax
	}
	return nil
}

// CLIENT PAUSE timeout [WRITE | ALL]
func clientPause(c *engine.Ctx) error {
	all := true
	switch {
	case len(c.Args) > 4:
		return subcommandSyntax(c)
	case len(c.Args) < 4:
	case c.ArgIs(3, "write"):
		all = false
	case !c.ArgIs(3, "all"):
		return resp.Error("ERR CLIENT PAUSE mode must be WRITE or ALL")
	}
	until, err := c.ArgTimeoutMilli(2)
	if err != nil {
		return err
	}
	c.Pause(engine.PauseByClient, until, all)
	return c.OK()
}

// CLIENT UNPAUSE
func clientUnpause(c *engine.Ctx) error {
	c.Unpause(engine.PauseByClient)
	return c.OK()
}

// CLIENT UNBLOCK client-id [TIMEOUT | ERROR]
func clientUnblock(c *engine.Ctx) error {
	withError := false
	switch {
	case len(c.Args) > 4:
		return subcommandSyntax(c)
	case len(c.Args) < 4 || c.ArgIs(3, "timeout"):
	case c.ArgIs(3, "error"):
		withError = true
	default:
		return resp.Error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
	}
	id, err := c.ArgInt(2)
	if err != nil {
		return err
	}
	s := c.SessionByID(uint64(id))
	return c.Truth(s != nil && s.Unblock(withError))
}

// CLIENT KILL <ip:port | <[ID client-id] | [TYPE <NORMAL | MASTER | SLAVE | REPLICA | PUBSUB>] | [USER username] | [ADDR ip:port] | [LADDR ip:port] | [SKIPME <YES | NO>] | [MAXAGE maxage] [[ID client-id] | [TYPE <NORMAL | MASTER | SLAVE | REPLICA | PUBSUB>] | [USER username] | [ADDR ip:port] | [LADDR ip:port] | [SKIPME <YES | NO>] | [MAXAGE maxage] ...]>>
func clientKill(c *engine.Ctx) error {
	f := clientFilter{skipMe: true}
	old := len(c.Args) == 3
	if old {
		f = clientFilter{addr: c.Args[2]}
	} else if err := f.parse(c); err != nil {
		return err
	}
	killed, me := 0, false
	for s := range c.Sessions {
		if !f.matches(c, s) {
			continue
		}
		killed++
		if s == c.Session {
			me = true
		} else {
			s.Kill()
		}
	}
	if me {
		c.Session.CloseAfterReply()
	}
	switch {
	case !old:
		return c.Integer(killed)
	case killed == 0:
		return resp.Error("ERR No such client")
	}
	return c.OK()
}

// clientFilter selects the clients for CLIENT KILL.
type clientFilter struct {
	addr, laddr, user []byte
	id                uint64
	maxAge            int64 // s
	class             engine.Class
	hasClass          bool
	skipMe            bool
}

func (f *clientFilter) parse(c *engine.Ctx) (err error) {
	for i := 2; i < len(c.Args); i += 2 {
		v := i + 1
		switch {
		case v == len(c.Args):
			return resp.ErrSyntax
		case c.ArgIs(i, "id"):
			n, ok := numfmt.ParseInt(c.Args[v])
			if !ok || n < 1 {
				return resp.Error("ERR client-id should be greater than 0")
			}
			f.id = uint64(n)
		case c.ArgIs(i, "maxage"):
			n, ok := numfmt.ParseInt(c.Args[v])
			if !ok {
				return resp.Error("ERR maxage is not an integer or out of range")
			}
			if n <= 0 {
				return resp.Error("ERR maxage should be greater than 0")
			}
			f.maxAge = n
		case c.ArgIs(i, "type"):
			if f.class, err = argClass(c, v); err != nil {
				return err
			}
			f.hasClass = true
		case c.ArgIs(i, "addr"):
			f.addr = c.Args[v]
		case c.ArgIs(i, "laddr"):
			f.laddr = c.Args[v]
		case c.ArgIs(i, "user"):
			f.user = c.Args[v]
			if c.Users.Get(f.user) == nil {
				return resp.Errorf("ERR No such user '%s'", f.user)
			}
		case c.ArgIs(i, "skipme") && c.ArgIs(v, "yes"):
			f.skipMe = true
		case c.ArgIs(i, "skipme") && c.ArgIs(v, "no"):
			f.skipMe = false
		default:
			return resp.ErrSyntax
		}
	}
	return nil
}

func (f *clientFilter) matches(c *engine.Ctx, s *engine.Session) bool {
	switch {
	case f.addr != nil && s.Conn().Addr() != string(f.addr),
		f.laddr != nil && s.Conn().LocalAddr() != string(f.laddr),
		f.hasClass && s.Class() != f.class,
		f.id != 0 && s.ID != f.id,
		f.user != nil && s.UserName() != string(f.user),
		f.skipMe && s == c.Session,
		f.maxAge != 0 && s.Age() < f.maxAge:
		return false
	}
	return true
}

// CLIENT INFO
func clientInfo(c *engine.Ctx) error {
	c.Out().Verbatim("txt", string(append(c.Session.AppendInfo(nil), '\n')))
	return nil
}

// CLIENT LIST [TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [ID client-id [client-id ...]]
func clientList(c *engine.Ctx) error {
	var list []byte
	switch {
	case len(c.Args) == 2:
		for s := range c.Sessions {
			list = append(s.AppendInfo(list), '\n')
		}
	case len(c.Args) == 4 && c.ArgIs(2, "type"):
		class, err := argClass(c, 3)
		if err != nil {
			return err
		}
		for s := range c.Sessions {
			if s.Class() == class {
				list = append(s.AppendInfo(list), '\n')
			}
		}
	case len(c.Args) > 3 && c.ArgIs(2, "id"):
		for _, arg := range c.Args[3:] {
			id, ok := numfmt.ParseInt(arg)
			if !ok {
				return resp.Error("ERR Invalid client ID")
			}
			if s := c.SessionByID(uint64(id)); s != nil {
				list = append(s.AppendInfo(list), '\n')
			}
		}
	default:
		return resp.ErrSyntax
	}
	c.Out().Verbatim("txt", string(list))
	return nil
}

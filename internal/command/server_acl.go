package command

import (
	"crypto/rand"
	"encoding/hex"
	"strings"

	"github.com/resp-server/resp-server/internal/acl"
	"github.com/resp-server/resp-server/internal/compat"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/spec"
)

var aclCommands = engine.Handlers{
	"acl|cat":     aclCat,
	"acl|deluser": aclDelUser,
	"acl|dryrun":  aclDryRun,
	"acl|genpass": aclGenPass,
	"acl|getuser": aclGetUser,
	"acl|list":    aclList,
	"acl|load":    aclLoad,
	"acl|log":     aclLog,
	"acl|save":    aclSave,
	"acl|setuser": aclSetUser,
	"acl|users":   aclUsers,
	"acl|whoami":  aclWhoAmI,
}

// redactFrom hides the arguments from i on in MONITOR and SLOWLOG.
func redactFrom(c *engine.Ctx, i int) {
	for ; i < len(c.Args); i++ {
		c.Redact(i)
	}
}

// ACL CAT [category]
func aclCat(c *engine.Ctx) error {
	switch {
	case len(c.Args) > 3:
		return subcommandSyntax(c)
	case len(c.Args) == 2:
		var used spec.Category
		for _, cmd := range c.Table().Original().All() {
			used |= cmd.Categories
		}
		names := used.AppendNames(nil)
		c.Array(len(names))
		for _, name := range names {
			c.BulkString(name)
		}
		return nil
	}
	category := spec.CategoryNamed(strings.ToLower(string(c.Args[2])))
	if category == 0 {
		return resp.Errorf("ERR Unknown category '%.128s'", c.Args[2])
	}
	m, n := c.Out().ArrayLater(), 0
	for _, cmd := range c.Table().Original().All() {
		if cmd.Categories&category != 0 {
			c.BulkString(cmd.FullName)
			n++
		}
	}
	c.Out().SetLen(m, n)
	return nil
}

// redactNames hides the names of users.
func redactNames(c *engine.Ctx) {
	if c.Since(compat.SecretUsers) {
		redactFrom(c, 2)
	}
}

// ACL SETUSER username [rule [rule ...]]
func aclSetUser(c *engine.Ctx) error {
	redactFrom(c, 2)
	name := string(c.Args[2])
	if !acl.ValidName(name) {
		return resp.Error("ERR Usernames can't contain spaces or null characters")
	}
	rules := make([]string, len(c.Args)-3)
	for i, arg := range c.Args[3:] {
		rules[i] = string(arg)
	}
	if err := c.SetUser(name, rules); err != nil {
		return err
	}
	return c.OK()
}

// ACL DELUSER username [username ...]
func aclDelUser(c *engine.Ctx) error {
	redactNames(c)
	for _, name := range c.Args[2:] {
		if string(cString(name)) == acl.DefaultName {
			return resp.Error("ERR The 'default' user cannot be removed")
		}
	}
	n := 0
	for _, name := range c.Args[2:] {
		if c.DeleteUser(name) {
			n++
		}
	}
	return c.Integer(n)
}

// ACL GETUSER username
func aclGetUser(c *engine.Ctx) error {
	redactNames(c)
	u := c.Users.Get(c.Args[2])
	if u == nil {
		return c.Null()
	}
	w := c.Out()
	w.Map(6)
	w.BulkString("flags")
	flags := u.Flags()
	w.Set(len(flags))
	for _, f := range flags {
		w.BulkString(f)
	}
	w.BulkString("passwords")
	w.Array(len(u.Passwords()))
	for _, p := range u.Passwords() {
		w.BulkString(p)
	}
	writeSelector(w, u.Root())
	w.BulkString("selectors")
	w.Array(len(u.Selectors()))
	for _, s := range u.Selectors() {
		w.Map(3)
		writeSelector(w, s)
	}
	return nil
}

// writeSelector writes three pairs of a map: the permissions of a selector.
func writeSelector(w *resp.Writer, s *acl.Selector) {
	textPair(w, "commands", s.Commands())
	textPair(w, "keys", s.Keys())
	textPair(w, "channels", s.Channels())
}

// ACL LIST
func aclList(c *engine.Ctx) error {
	c.Array(c.Users.Len())
	for u := range c.Users.All {
		c.BulkString(u.String())
	}
	return nil
}

// ACL USERS
func aclUsers(c *engine.Ctx) error {
	c.Array(c.Users.Len())
	for u := range c.Users.All {
		c.BulkString(u.Name)
	}
	return nil
}

// ACL WHOAMI
func aclWhoAmI(c *engine.Ctx) error { return c.BulkString(c.Session.UserName()) }

// ACL LOAD
func aclLoad(c *engine.Ctx) error {
	if err := c.LoadUsers(); err != nil {
		return err
	}
	return c.OK()
}

// ACL SAVE
func aclSave(c *engine.Ctx) error {
	if err := c.SaveUsers(); err != nil {
		return err
	}
	return c.OK()
}

// ACL GENPASS [bits]
func aclGenPass(c *engine.Ctx) error {
	const most = 4096
	bits := int64(256)
	switch {
	case len(c.Args) > 3:
		return subcommandSyntax(c)
	case len(c.Args) == 3:
		var err error
		if bits, err = c.ArgInt(2); err != nil {
			return err
		}
	}
	if bits <= 0 || bits > most {
		return resp.Errorf("ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to %d", most)
	}
	// A password must be unpredictable even on a server with a fixed seed.
	digits := int(bits+3) / 4
	b := make([]byte, (digits+1)/2)
	rand.Read(b)
	return c.BulkString(hex.EncodeToString(b)[:digits])
}

// ACL LOG [count | RESET]
func aclLog(c *engine.Ctx) error {
	count := int64(10)
	switch {
	case len(c.Args) > 3:
		return subcommandSyntax(c)
	case len(c.Args) < 3:
	case c.ArgIs(2, "reset"):
		c.Denied.Reset()
		return c.OK()
	default:
		var err error
		if count, err = c.ArgInt(2); err != nil {
			return err
		}
	}
	n := int(min(max(count, 0), int64(c.Denied.Len())))
	w := c.Out()
	w.Array(n)
	for e := range c.Denied.Last(n) {
		w.Map(10)
		w.BulkString("count")
		w.Integer(e.Count)
		textPair(w, "reason", e.Reason.String())
		textPair(w, "context", e.Context.String())
		textPair(w, "object", e.Object)
		textPair(w, "username", e.User)
		w.BulkString("age-seconds")
		w.Double(float64(c.NowMilli()-e.LastSeen) / 1000)
		textPair(w, "client-info", e.Client)
		w.BulkString("entry-id")
		w.Integer(e.ID)
		w.BulkString("timestamp-created")
		w.Integer(e.Created)
		w.BulkString("timestamp-last-updated")
		w.Integer(e.LastSeen)
	}
	return nil
}

// ACL DRYRUN username command [arg [arg ...]]
func aclDryRun(c *engine.Ctx) error {
	args := c.Args[3:]
	u := c.Users.Get(c.Args[2])
	if u == nil {
		return resp.Errorf("ERR User '%s' not found", c.Args[2])
	}
	var cmd *acl.Command
	if own := c.Table().Own(args); own != nil {
		cmd = acl.Lookup(own)
	}
	if cmd == nil {
		return resp.Errorf("ERR Command '%s' not found", args[0])
	}
	if !cmd.Takes(len(args)) {
		return resp.WrongArity(cmd.FullName)
	}
	v := c.CheckUser(u, cmd, args)
	if v.Reason == acl.Granted {
		return c.OK()
	}
	text := "User " + u.Name + " has no permissions to "
	switch v.Reason {
	case acl.DeniedKey:
		text += "access the '" + string(args[v.Arg]) + "' key"
	case acl.DeniedChannel:
		text += "access the '" + string(args[v.Arg]) + "' channel"
	default:
		text += "run the '" + cmd.FullName + "' command"
	}
	return c.BulkString(text)
}

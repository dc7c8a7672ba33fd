package command

import (
	"bytes"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/resp"
)

var scriptingCommands = engine.Handlers{
	"eval":          eval(false, false),
	"eval_ro":       eval(false, true),
	"evalsha":       eval(true, false),
	"evalsha_ro":    eval(true, true),
	"function|kill": scriptKill(false),
	"script|debug":  scriptDebug,
	"script|exists": scriptExists,
	"script|flush":  scriptFlush,
	"script|kill":   scriptKill(true),
	"script|load":   scriptLoad,
	"script|show":   scriptShow,
}

// EVAL script numkeys [key [key ...]] [arg [arg ...]]
// EVAL_RO script numkeys [key [key ...]] [arg [arg ...]]
// EVALSHA sha1 numkeys [key [key ...]] [arg [arg ...]]
// EVALSHA_RO sha1 numkeys [key [key ...]] [arg [arg ...]]
func eval(bySHA, readOnly bool) engine.Handler {
	return func(c *engine.Ctx) error {
		const shaLen = 40
		if bySHA && len(c.Args[1]) != shaLen {
			return resp.ErrNoScript
		}
		n, err := c.ArgInt(2)
		if err == nil {
			err = checkKeyCount(c, n)
		}
		if err != nil {
			return err
		}
		args := c.Args[3:]
		if bySHA {
			s := c.Scripts.Find(string(bytes.ToLower(c.Args[1])))
			if s == nil {
				return resp.ErrNoScript
			}
			return c.RunScript(s, args[:n], args[n:], readOnly)
		}
		s, err := c.LoadScript(c.Args[1], false)
		if err != nil {
			return err
		}
		return c.RunScript(s, args[:n], args[n:], readOnly)
	}
}

// checkKeyCount checks the number of keys against the arguments of a script.
func checkKeyCount(c *engine.Ctx, n int64) error {
	if n > int64(len(c.Args)-3) {
		return errTooManyKeys
	}
	if n < 0 {
		return resp.Error("ERR Number of keys can't be negative")
	}
	return nil
}

// SCRIPT DEBUG <YES | SYNC | NO>
func scriptDebug(c *engine.Ctx) error {
	switch {
	case len(c.Out().Buf) > 0:
		return resp.Error("ERR SCRIPT DEBUG must be called outside a pipeline")
	case c.ArgIs(2, "no"):
		return c.OK() // there is no debugger, so it is off already
	case c.ArgIs(2, "yes"), c.ArgIs(2, "sync"):
		return resp.Error("ERR The script debugger is not supported")
	}
	return resp.Error("ERR Use SCRIPT DEBUG YES/SYNC/NO")
}

// SCRIPT EXISTS sha1 [sha1 ...]
func scriptExists(c *engine.Ctx) error {
	c.Array(len(c.Args) - 2)
	for _, sha := range c.Args[2:] {
		c.Truth(c.Scripts.Find(string(bytes.ToLower(sha))) != nil)
	}
	return nil
}

// SCRIPT FLUSH [ASYNC | SYNC]
func scriptFlush(c *engine.Ctx) error {
	if len(c.Args) > 3 || len(c.Args) == 3 && !c.ArgIs(2, "sync") && !c.ArgIs(2, "async") {
		return resp.Error("ERR SCRIPT FLUSH only support SYNC|ASYNC option")
	}
	c.FlushScripts(len(c.Args) == 2 && c.Config.LazyUserFlush || c.ArgIs(len(c.Args)-1, "async"))
	return c.OK()
}

// FUNCTION KILL
// SCRIPT KILL
func scriptKill(eval bool) engine.Handler {
	return func(c *engine.Ctx) error {
		if err := c.KillScript(eval); err != nil {
			return err
		}
		return c.OK()
	}
}

// SCRIPT LOAD script
func scriptLoad(c *engine.Ctx) error {
	s, err := c.LoadScript(c.Args[2], true)
	if err != nil {
		return err
	}
	return c.BulkString(s.SHA)
}

// SCRIPT SHOW sha1
func scriptShow(c *engine.Ctx) error {
	s := c.Scripts.Find(string(bytes.ToLower(c.Args[2])))
	if s == nil {
		return resp.Error("NOSCRIPT No matching script.")
	}
	return c.BulkString(s.Source)
}

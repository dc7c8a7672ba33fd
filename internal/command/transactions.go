package command

import (
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/resp"
)

var transactionsCommands = engine.Handlers{
	"discard": discard,
	"exec":    exec,
	"multi":   multi,
	"unwatch": unwatch,
	"watch":   watch,
}

// MULTI
func multi(c *engine.Ctx) error {
	if err := c.Session.Begin(); err != nil {
		return err
	}
	return c.OK()
}

// EXEC
func exec(c *engine.Ctx) error {
	if _, ok := c.Session.InMulti(); !ok {
		return resp.Error("ERR EXEC without MULTI")
	}
	return c.Exec()
}

// DISCARD
func discard(c *engine.Ctx) error {
	if _, ok := c.Session.InMulti(); !ok {
		return resp.Error("ERR DISCARD without MULTI")
	}
	c.Session.Discard()
	return c.OK()
}

// WATCH key [key ...]
func watch(c *engine.Ctx) error {
	if _, ok := c.Session.InMulti(); ok {
		return resp.Error("ERR WATCH inside MULTI is not allowed")
	}
	for _, key := range c.Args[1:] {
		c.Watch(key)
	}
	return c.OK()
}

// UNWATCH
func unwatch(c *engine.Ctx) error {
	c.Session.Unwatch()
	return c.OK()
}

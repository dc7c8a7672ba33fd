package command

import (
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/resp"
)

// Modules are written for C and a Go program can't load them. So the list is
// empty, and each file fails to load.
var moduleCommands = engine.Handlers{
	"module|list":   moduleList,
	"module|load":   moduleLoad,
	"module|loadex": moduleLoad,
	"module|unload": moduleUnload,
}

// MODULE LIST
func moduleList(c *engine.Ctx) error { return c.Array(0) }

// MODULE LOAD path [arg [arg ...]]
// MODULE LOADEX path [CONFIG name value [CONFIG name value ...]] [ARGS args [args ...]]
func moduleLoad(c *engine.Ctx) error {
	c.Log.Warn("modules can't be loaded: they are written for C", "path", string(c.Args[2]))
	return resp.Error("ERR Error loading the extension. Please check the server logs.")
}

// MODULE UNLOAD name
func moduleUnload(c *engine.Ctx) error {
	return resp.Error("ERR Error unloading module: no such module with that name")
}

package command

import (
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/spec"
)

var saveCommands = engine.Handlers{
	"bgrewriteaof": bgrewriteaof,
	"bgsave":       bgsave,
	"lastsave":     lastsave,
	"save":         save,
	"shutdown":     shutdown,
}

// SAVE
func save(c *engine.Ctx) error {
	if err := c.Save(); err != nil {
		return err
	}
	return c.OK()
}

// BGSAVE [SCHEDULE]
func bgsave(c *engine.Ctx) error {
	schedule := len(c.Args) == 2 && c.ArgIs(1, "schedule")
	if len(c.Args) > 1 && !schedule {
		return resp.ErrSyntax
	}
	begun, err := c.SaveInBackground(schedule)
	if err != nil {
		return err
	}
	if !begun {
		return c.Simple("Background saving scheduled")
	}
	return c.Simple("Background saving started")
}

// BGREWRITEAOF
func bgrewriteaof(c *engine.Ctx) error {
	begun, err := c.RewriteLog()
	if err != nil {
		return err
	}
	if !begun {
		return c.Simple("Background append only file rewriting scheduled")
	}
	return c.Simple("Background append only file rewriting started")
}

// LASTSAVE
func lastsave(c *engine.Ctx) error { return c.Integer64(c.Saving.Last) }

// SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [ABORT]
func shutdown(c *engine.Ctx) error {
	o, err := c.Options(1)
	if err != nil {
		return err
	}
	if o.Has(spec.WordABORT) {
		if len(c.Args) > 2 {
			return resp.ErrSyntax
		}
		if !c.AbortShutdown() {
			return resp.Error("ERR No shutdown in progress.")
		}
		return c.OK()
	}
	return c.ShutDown(engine.ShutdownOptions{
		Save: o.Has(spec.WordSAVE), NoSave: o.Has(spec.WordNOSAVE), Now: o.Has(spec.WordNOW), Force: o.Has(spec.WordFORCE),
	})
}

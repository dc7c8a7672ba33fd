package command

import (
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/resp"
)

var persistence = engine.Handlers{
	"bgsave":   bgsave,
	"lastsave": lastsave,
	"save":     save,
	"shutdown": shutdown,
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
	// SCHEDULE makes a difference while an append-only file is rewritten.
	if len(c.Args) > 2 || len(c.Args) == 2 && !c.ArgIs(1, "schedule") {
		return resp.ErrSyntax
	}
	begun, err := c.SaveInBackground()
	if err != nil {
		return err
	}
	if !begun {
		return c.Simple("Background saving scheduled")
	}
	return c.Simple("Background saving started")
}

// LASTSAVE
func lastsave(c *engine.Ctx) error { return c.Integer64(c.Saving.Last) }

// SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [ABORT]
func shutdown(c *engine.Ctx) error {
	var save *bool
	yes, no := true, false
	var force, abort, now bool
	for i := 1; i < len(c.Args); i++ {
		switch {
		case c.ArgIs(i, "nosave") && save != &yes:
			save = &no
		case c.ArgIs(i, "save") && save != &no:
			save = &yes
		case c.ArgIs(i, "now"):
			now = true
		case c.ArgIs(i, "force"):
			force = true
		case c.ArgIs(i, "abort"):
			abort = true
		default:
			return resp.ErrSyntax
		}
	}
	if abort {
		if save != nil || now || force {
			return resp.ErrSyntax
		}
		return resp.Error("ERR No shutdown in progress.")
	}
	return c.ShutDown(save, force)
}

package engine

import (
	"errors"
	"fmt"
	"math"

	"github.com/resp-server/resp-server/internal/resp"
)

// ShutdownOptions are those of SHUTDOWN.
type ShutdownOptions struct {
	// Save writes a snapshot even if the server does not save on its own. NoSave writes
	// none even if it does.
	Save, NoSave bool
	// Now does not wait for replicas that lag behind.
	Now bool
	// Force ends the server even if the data can't be written.
	Force bool
}

// shutdown is a SHUTDOWN that waits for replicas. Its clients wait for an error, since
// success has no reply.
type shutdown struct {
	until   int64 // ms; 0: nobody has asked for it, or it does not wait
	options ShutdownOptions
	clients []*wait
}

func (s *shutdown) check(e *Core) error {
	if paused := e.pause.by[PauseByShutdown].until != 0; paused != (s.until != 0) {
		return fmt.Errorf("a shutdown waits until %d, and writes are held back for it: %v", s.until, paused)
	}
	return nil
}

const errShutdown resp.Error = "ERR Errors trying to SHUTDOWN. Check logs."

// ShutDown ends the service, as SHUTDOWN does, and asks the program around the engine
// to stop. Before that replicas get time to catch up, as the settings say. It writes a
// snapshot with Save, or if the server saves on its own, unless with NoSave. If writing
// fails the service goes on, unless with Force. While a script is busy it needs NoSave.
// Only an error is a reply.
func (c *Ctx) ShutDown(o ShutdownOptions) error {
	switch {
	case c.busy != nil && !o.NoSave:
		return c.errBusy()
	case c.stop == nil:
		return errShutdown
	case c.shutdown.until != 0:
		return c.awaitShutdown()
	}
	if c.loading != nil { // the data so far must not replace the file
		o.Save, o.NoSave = false, true
	}
	c.Log.Info("User requested shutdown...")
	timeout := c.Config.Replication.ShutdownTimeout
	if !o.Now && timeout != 0 && c.busy == nil && c.lagging() > 0 {
		if !c.isPaused() {
			c.tellReplicas("REPLCONF", "GETACK", "*")
		}
		c.shutdown = shutdown{until: c.NowMilli() + timeout*1000, options: o}
		c.Pause(PauseByShutdown, math.MaxInt64, false)
		c.Log.Info("Waiting for replicas before shutting down.")
		return c.awaitShutdown()
	}
	if err := c.finishShutdown(o); err != nil {
		return err
	}
	c.Session.CloseAfterReply()
	return nil
}

// awaitShutdown blocks the client until the shutdown succeeds or fails.
func (c *Ctx) awaitShutdown() error {
	err := c.Block(Wait{TimeOut: func(*Ctx) error { return errShutdown }})
	if err == errBlocked {
		c.shutdown.clients = append(c.shutdown.clients, c.Session.wait)
	}
	return err
}

// AbortShutdown cancels a shutdown. It reports whether one waited.
func (e *Core) AbortShutdown() bool {
	if e.shutdown.until == 0 {
		return false
	}
	e.cancelShutdown()
	e.Log.Info("Shutdown manually aborted.")
	return true
}

// ShutdownIn returns the time in milliseconds until a waiting shutdown goes on at the
// latest, and whether one waits.
func (e *Core) ShutdownIn() (ms int64, waits bool) {
	return e.shutdown.until - e.NowMilli(), e.shutdown.until != 0
}

// cancelShutdown lets clients write again, and replies an error to the clients of
// SHUTDOWN.
func (e *Core) cancelShutdown() {
	clients := e.shutdown.clients
	e.shutdown = shutdown{}
	e.Unpause(PauseByShutdown)
	for _, w := range clients {
		if w.s.wait == w { // else it is gone
			mark := len(w.s.out.Buf)
			e.fail(w, errShutdown)
			e.answered(w, mark)
		}
	}
}

// checkShutdown ends the server if it need not wait for replicas any more.
func (e *Core) checkShutdown(now int64) {
	if s := &e.shutdown; s.until != 0 && (now >= s.until || e.lagging() == 0) && !e.closed {
		if e.finishShutdown(s.options) != nil {
			e.cancelShutdown()
		}
	}
}

// lagging returns the number of replicas that have not acknowledged everything.
func (e *Core) lagging() (n int) {
	for _, s := range e.repl.replicas {
		if s.replica.offset != e.ReplOffset() {
			n++
		}
	}
	return n
}

// finishShutdown is the last step. After an error the server goes on.
func (e *Core) finishShutdown(o ShutdownOptions) error {
	e.finishUnit()
	views := e.Replicas()
	for i, s := range e.repl.replicas {
		if behind := e.ReplOffset() - s.replica.offset; behind != 0 {
			e.Log.Info(fmt.Sprintf("Lagging replica %s reported offset %d behind master, lag=%d, state=%s.",
				s.replicaName(), behind, views[i].Lag, views[i].State))
		}
	}
	if n := len(views); n > 0 {
		e.Log.Info(fmt.Sprintf("%d of %d replicas are in sync when shutting down.", n-e.lagging(), n))
	}
	if err := e.saveForShutdown(o); err != nil {
		if err != errFirstBase {
			e.Log.Warn("Error trying to save the DB, can't exit.", "error", err)
		}
		e.Log.Warn("Errors trying to shut down the server. Check the logs for more information.")
		return errShutdown
	}
	e.Saving.final = true
	e.stopping.Store(true)
	e.end()
	go e.stop()
	return nil
}

var errFirstBase = errors.New("the base of the append-only file is not written yet")

// saveForShutdown writes the files before the end. With Force it ignores errors.
func (e *Core) saveForShutdown(o ShutdownOptions) error {
	if e.append.isFirst() {
		if !o.Force {
			e.Log.Warn("Writing initial AOF, can't exit.")
			return errFirstBase
		}
		e.Log.Warn("Writing initial AOF. Exit anyway.")
	}
	if o.NoSave {
		return nil
	}
	err := e.saveFinally(o.Save)
	if err != nil && o.Force {
		e.Log.Warn("Error trying to save the DB. Exit anyway.", "error", err)
		return nil
	}
	return err
}

package command

import (
	"math"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/resp"
)

// There are no replicas yet: waiting for some ends with the timeout, as it
// does on a server whose replicas are gone.
var waitCommands = engine.Handlers{
	"wait":    wait,
	"waitaof": waitAOF,
}

// WAIT numreplicas timeout
func wait(c *engine.Ctx) error {
	replicas, err := c.ArgInt(1)
	if err != nil {
		return err
	}
	return waitForReplicas(c, replicas, 2, func(c *engine.Ctx) error { return c.Integer(0) })
}

// WAITAOF numlocal numreplicas timeout
func waitAOF(c *engine.Ctx) error {
	local, err := c.ArgInt(1)
	if err != nil {
		return err
	}
	if local < 0 || local > 1 {
		return resp.Error("ERR value is out of range, value must between 0 and 1")
	}
	replicas, err := c.ArgIntIn(2, 0, math.MaxInt64, resp.ErrPositive)
	if err != nil {
		return err
	}
	if _, err := c.ArgTimeoutMilli(3); err != nil {
		return err
	}
	if local > 0 && !c.Config.AOF.On {
		return resp.Error("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.")
	}
	reply := func(c *engine.Ctx) error {
		c.Array(2)
		c.Truth(c.Durable())
		return c.Integer(0)
	}
	if local == 0 || c.Durable() {
		return waitForReplicas(c, replicas, 3, reply)
	}
	deadline, err := c.ArgTimeoutMilli(3)
	if err != nil {
		return err
	}
	return c.Block(engine.Wait{Deadline: deadline, TimeOut: reply, Durable: true})
}

// waitForReplicas replies at once if no replica is wanted, and else when the
// time of argument i is up.
func waitForReplicas(c *engine.Ctx, replicas int64, i int, reply func(*engine.Ctx) error) error {
	deadline, err := c.ArgTimeoutMilli(i)
	if err != nil {
		return err
	}
	if replicas <= 0 {
		return reply(c)
	}
	return c.Block(engine.Wait{Deadline: deadline, TimeOut: reply})
}

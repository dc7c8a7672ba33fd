package command

import (
	"math"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/resp"
)

var waitCommands = engine.Handlers{
	"wait":    wait,
	"waitaof": waitAOF,
}

// errNotBit is the error for numbers other than 0 and 1.
const errNotBit resp.Error = "ERR value is out of range, value must between 0 and 1"

const localWrites = " cannot be used with replica instances. Please also note that "

// WAIT numreplicas timeout
func wait(c *engine.Ctx) error {
	if c.IsReplica() {
		return resp.Error("ERR WAIT" + localWrites + "since Redis 4.0 if a replica is configured to be writable (which is not the default) writes to replicas are just local and are not propagated.")
	}
	replicas, err := c.ArgInt(1)
	if err != nil {
		return err
	}
	deadline, err := c.ArgTimeoutMilli(2)
	if err != nil {
		return err
	}
	offset := c.Session.WrittenTo()
	reply := func(c *engine.Ctx) error { return c.Integer(c.CountAcks(offset)) }
	if int64(c.CountAcks(offset)) >= replicas {
		return reply(c)
	}
	return c.BlockForAcks(engine.Wait{Deadline: deadline, TimeOut: reply}, offset, int(replicas), false)
}

// WAITAOF numlocal numreplicas timeout
func waitAOF(c *engine.Ctx) error {
	local, err := c.ArgInt(1)
	if err != nil {
		return err
	}
	if local < 0 || local > 1 {
		return errNotBit
	}
	replicas, err := c.ArgIntIn(2, 0, math.MaxInt64, resp.ErrPositive)
	if err != nil {
		return err
	}
	deadline, err := c.ArgTimeoutMilli(3)
	if err != nil {
		return err
	}
	if c.IsReplica() {
		return resp.Error("ERR WAITAOF" + localWrites + "writes to replicas are just local and are not propagated.")
	}
	if local > 0 && !c.Config.AOF.On {
		return resp.Error("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.")
	}
	offset := c.Session.WrittenTo()
	reply := func(c *engine.Ctx) error {
		c.Array(2)
		c.Truth(c.Durable())
		return c.Integer(c.CountSyncedAcks(offset))
	}
	durable := local == 0 || c.Durable()
	if durable && int64(c.CountSyncedAcks(offset)) >= replicas {
		return reply(c)
	}
	return c.BlockForAcks(engine.Wait{Deadline: deadline, TimeOut: reply, Durable: !durable}, offset, int(replicas), true)
}

package command

import (
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/resp"
)

// What these answer on a master without replicas, which this server always is.
var replicationCommands = engine.Handlers{
	"failover":  failover,
	"replicaof": replicaOf,
	"slaveof":   replicaOf,
}

// REPLICAOF <host port | NO ONE>
// SLAVEOF <host port | NO ONE>
func replicaOf(c *engine.Ctx) error {
	if c.ArgIs(1, "no") && c.ArgIs(2, "one") {
		return c.OK()
	}
	if _, err := c.ArgIntIn(2, 0, 65535, resp.Error("ERR Invalid master port")); err != nil {
		return err
	}
	return errNoReplication
}

const errNoReplication resp.Error = "ERR Replication is not supported"

// FAILOVER [TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds]
func failover(c *engine.Ctx) error {
	if len(c.Args) == 2 && c.ArgIs(1, "abort") {
		return resp.Error("ERR No failover in progress.")
	}
	var timeout, to, force bool
	for i := 1; i < len(c.Args); i++ {
		switch left := len(c.Args) - 1 - i; {
		case c.ArgIs(i, "timeout") && left >= 1 && !timeout:
			i++
			n, err := c.ArgInt(i)
			if err != nil {
				return err
			}
			if n <= 0 {
				return resp.Error("ERR FAILOVER timeout must be greater than 0")
			}
			timeout = true
		case c.ArgIs(i, "to") && left >= 2 && !to:
			i += 2
			if _, err := c.ArgInt(i); err != nil {
				return err
			}
			to = true
		case c.ArgIs(i, "force") && !force:
			force = true
		default:
			return resp.ErrSyntax
		}
	}
	return resp.Error("ERR FAILOVER requires connected replicas.")
}

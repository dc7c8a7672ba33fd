package command

import (
	"fmt"
	"strings"

	"github.com/resp-server/resp-server/internal/compat"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/numfmt"
	"github.com/resp-server/resp-server/internal/resp"
)

var replicationCommands = engine.Handlers{
	"failover":  failover,
	"psync":     psync,
	"replconf":  replConf,
	"replicaof": replicaOf,
	"role":      role,
	"slaveof":   replicaOf,
	"sync":      syncOld,
}

// REPLICAOF <host port | NO ONE>
// SLAVEOF <host port | NO ONE>
func replicaOf(c *engine.Ctx) error {
	if c.Cluster() != nil {
		return resp.Error("ERR REPLICAOF not allowed in cluster mode.")
	}
	if c.FailingOver() {
		return resp.Error("ERR REPLICAOF not allowed while failing over.")
	}
	if c.ArgIs(1, "no") && c.ArgIs(2, "one") {
		if c.IsReplica() {
			c.BecomeMaster()
			c.Log.Info(fmt.Sprintf("MASTER MODE enabled (user request from '%s')", c.Session.AppendInfo(nil)))
		}
		return c.OK()
	}
	if c.Session.Class() == engine.ClassReplica {
		return resp.Error("ERR Command is not valid when client is a replica.")
	}
	port, err := c.ArgIntIn(2, 0, 65535, resp.Error("ERR Invalid master port"))
	if err != nil {
		return err
	}
	host := string(c.Args[1])
	if m := c.Master(); m.Host != "" && strings.EqualFold(m.Host, host) && m.Port == port {
		c.Log.Info("REPLICAOF would result into synchronization with the master we are already connected with. No operation performed.")
		return c.Simple("OK Already connected to specified master")
	}
	c.BecomeReplica(host, int(port))
	c.Log.Info(fmt.Sprintf("REPLICAOF %s:%d enabled (user request from '%s')", host, port, c.Session.AppendInfo(nil)))
	return c.OK()
}

// ROLE
func role(c *engine.Ctx) error {
	if s := c.Sentinel(); s != nil {
		c.Array(2)
		c.BulkString("sentinel")
		c.Array(len(s.Masters()))
		for _, m := range s.Masters() {
			c.BulkString(m.Name)
		}
		return nil
	}
	if c.IsReplica() {
		m := c.Master()
		c.Array(5)
		c.BulkString("slave")
		c.BulkString(m.Host)
		c.Integer64(m.Port)
		c.BulkString(m.State)
		if !m.Up {
			return c.Integer(-1)
		}
		return c.Integer64(m.Offset)
	}
	var online []engine.ReplicaView
	for _, r := range c.Replicas() {
		if r.State == "online" {
			online = append(online, r)
		}
	}
	c.Array(3)
	c.BulkString("master")
	c.Integer64(c.ReplOffset())
	c.Array(len(online))
	for _, r := range online {
		c.Array(3)
		c.BulkString(r.Host)
		c.Out().BulkInt(r.Port)
		c.Out().BulkInt(r.Offset)
	}
	return nil
}

// SYNC
func syncOld(c *engine.Ctx) error { return c.Sync(engine.SyncOptions{Old: true}) }

// PSYNC replicationid offset
func psync(c *engine.Ctx) error {
	return c.Sync(engine.SyncOptions{ID: c.Args[1], Failover: len(c.Args) > 3 && c.ArgIs(3, "failover")})
}

// maxHost is the maximum length of a host name.
const maxHost = 255

// REPLCONF
//
// Its arguments are pairs of an option and a value. ACK and GETACK get no
// reply.
func replConf(c *engine.Ctx) error {
	if len(c.Args)%2 == 0 {
		return resp.ErrSyntax
	}
	for i := 1; i < len(c.Args); i += 2 {
		value := c.Args[i+1]
		switch {
		case c.ArgIs(i, "listening-port"):
			port, err := c.ArgInt(i + 1)
			if err != nil {
				return err
			}
			c.Session.Replica().Port = port
		case c.ArgIs(i, "ip-address"):
			if len(value) > maxHost {
				return resp.Errorf("ERR REPLCONF ip-address provided by replica instance is too long: %d bytes", len(value))
			}
			c.Session.Replica().Addr = string(value)
		case c.ArgIs(i, "capa"):
			switch r := c.Session.Replica(); { // other capabilities are for newer masters
			case c.ArgIs(i+1, "eof"):
				r.EOF = true
			case c.ArgIs(i+1, "psync2"):
				r.PSYNC2 = true
			}
		case c.ArgIs(i, "ack"):
			offset, ok := numfmt.ParseInt(value)
			if !ok {
				return nil
			}
			synced := int64(-1)
			if len(c.Args) > i+3 && c.ArgIs(i+2, "fack") {
				if synced, ok = numfmt.ParseInt(c.Args[i+3]); !ok {
					return nil
				}
			}
			c.Session.Acknowledge(offset, synced)
			return nil
		case c.ArgIs(i, "getack"):
			c.SendAck()
			return nil
		case c.ArgIs(i, "rdb-only"):
			only, err := c.ArgInt(i + 1)
			if err != nil {
				return err
			}
			if only < 0 || only > 1 {
				return errNotBit
			}
			c.Session.Replica().RDBOnly = only == 1
		case c.ArgIs(i, "rdb-filter-only"):
			if err := replFilter(c, string(value)); err != nil {
				return err
			}
		default:
			return resp.Errorf("ERR Unrecognized REPLCONF option: %s", c.Args[i])
		}
	}
	return c.OK()
}

// replFilter reads the parts of a snapshot that a replica asks for.
func replFilter(c *engine.Ctx, parts string) error {
	words, ok := resp.SplitWords(parts)
	if !ok {
		return resp.Error("ERR Missing rdb-filter-only values")
	}
	r := c.Session.Replica()
	r.Filtered, r.FunctionsOnly = true, false
	for _, word := range words {
		if !strings.EqualFold(word, "functions") {
			return resp.Errorf("ERR Unsupported rdb-filter-only option: %s", word)
		}
		r.FunctionsOnly = true
	}
	return nil
}

// FAILOVER [TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds]
func failover(c *engine.Ctx) error {
	if len(c.Args) == 2 && c.ArgIs(1, "abort") {
		if err := c.AbortFailover(); err != nil {
			return err
		}
		return c.OK()
	}
	var (
		timeout, port int64
		host          string
		force         bool
		err           error
	)
	for i := 1; i < len(c.Args); i++ {
		switch left := len(c.Args) - 1 - i; {
		case c.ArgIs(i, "timeout") && left >= 1 && timeout == 0:
			i++
			if timeout, err = c.ArgInt(i); err != nil {
				return err
			}
			if timeout <= 0 {
				return resp.Error("ERR FAILOVER timeout must be greater than 0")
			}
		case c.ArgIs(i, "to") && left >= 2 && host == "":
			if port, err = c.ArgInt(i + 2); err != nil {
				return err
			}
			host = string(c.Args[i+1])
			i += 2
		case c.ArgIs(i, "force") && !force:
			force = true
		default:
			return resp.ErrSyntax
		}
	}
	if err := c.Failover(host, int(port), timeout, force); err != nil {
		return err
	}
	return c.OK()
}

// infoReplication shows the replication role and state of the server.
func infoReplication(t *infoText, c *engine.Ctx) {
	s := &c.Config.Replication
	if c.IsReplica() {
		m := c.Master()
		link := "down"
		if m.Up {
			link = "up"
		}
		t.text("role", "slave")
		t.text("master_host", m.Host)
		t.num("master_port", m.Port)
		t.text("master_link_status", link)
		t.num("master_last_io_seconds_ago", m.LastIO)
		t.flag("master_sync_in_progress", m.Syncing)
		t.num("slave_read_repl_offset", m.Read)
		t.num("slave_repl_offset", m.Offset)
		t.num("replica_full_sync_buffer_size", 0) // what follows a snapshot waits in the master
		t.num("replica_full_sync_buffer_peak", 0)
		t.num("master_current_sync_attempts", m.Attempts)
		t.num("master_total_sync_attempts", m.AllAttempts)
		if m.Syncing {
			t.num("master_sync_total_bytes", m.Size)
			t.num("master_sync_read_bytes", m.Received)
			t.num("master_sync_left_bytes", m.Size-m.Received)
			t.line("master_sync_perc:%.2f", 100*ratio(m.Received, m.Size))
			t.num("master_sync_last_io_seconds_ago", m.SyncIOAgo)
		}
		if !m.Up {
			t.num("master_link_down_since_seconds", m.DownFor)
		}
		t.num("slave_priority", s.Priority)
		t.flag("slave_read_only", s.ReadOnly)
		t.flag("replica_announced", s.Announced)
	} else {
		t.text("role", "master")
	}
	replicas := c.Replicas()
	t.num("connected_slaves", int64(len(replicas)))
	if n, needed := c.GoodReplicas(); needed {
		t.num("min_slaves_good_slaves", n)
	}
	for i, r := range replicas {
		thread := ""
		if c.Since(compat.ReplicaThread) {
			thread = ",io-thread=0"
		}
		t.line("slave%d:ip=%s,port=%d,state=%s,offset=%d,lag=%d%s", i, r.Host, r.Port, r.State, r.Offset, r.Lag, thread)
	}
	h := c.History()
	t.text("master_failover_state", c.FailoverState())
	t.text("master_replid", h.ID)
	t.text("master_replid2", h.Former)
	t.num("master_repl_offset", c.ReplOffset())
	t.num("second_repl_offset", h.FormerEnd)
	b, _ := c.Backlog()
	first, length := int64(0), int64(0)
	if b.On {
		first, length = b.First+1, b.End-b.First
	}
	t.flag("repl_backlog_active", b.On)
	t.num("repl_backlog_size", s.BacklogSize)
	t.num("repl_backlog_first_byte_offset", first)
	t.num("repl_backlog_histlen", length)
}

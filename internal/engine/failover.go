package engine

import (
	"fmt"
	"math"
	"strings"

	"github.com/resp-server/resp-server/internal/resp"
)

// failoverState is how far FAILOVER is.
type failoverState uint8

// The states of a failover.
const (
	noFailover failoverState = iota
	failoverWaits
	failoverInProgress
)

// failover is what FAILOVER asked for: that a replica and this master change
// places.
type failover struct {
	state failoverState
	host  string // "" for any replica
	port  int
	until int64 // ms; 0: there is no end
	force bool  // at the end it is done whether the replica is ready or not
}

// FailoverState returns the state as INFO shows it.
func (e *Core) FailoverState() string {
	return [...]string{"no-failover", "waiting-for-sync", "failover-in-progress"}[e.repl.failover.state]
}

// Failover begins to change places with a replica: with any if host is "". A
// timeout of 0 is none.
func (e *Core) Failover(host string, port int, timeout int64, force bool) error {
	f := &e.repl.failover
	switch {
	case f.state != noFailover:
		return resp.Error("ERR FAILOVER already in progress.")
	case e.IsReplica():
		return resp.Error("ERR FAILOVER is not valid when server is a replica.")
	case len(e.repl.replicas) == 0:
		return resp.Error("ERR FAILOVER requires connected replicas.")
	case force && (timeout == 0 || host == ""):
		return resp.Error("ERR FAILOVER with force option requires both a timeout and target HOST and IP.")
	}
	if host != "" {
		switch s := e.replicaAt(host, port); {
		case s == nil:
			return resp.Error("ERR FAILOVER target HOST and PORT is not a replica.")
		case s.replica.state != replicaOnline:
			return resp.Error("ERR FAILOVER target replica is not online.")
		}
		e.Log.Info(fmt.Sprintf("FAILOVER requested to %s:%d.", host, port))
	} else {
		e.Log.Info("FAILOVER requested to any replica.")
	}
	*f = failover{state: failoverWaits, host: host, port: port, force: force}
	if timeout > 0 {
		f.until = e.NowMilli() + timeout
	}
	e.Pause(PauseByFailover, math.MaxInt64, false)
	e.watchReplication()
	return nil
}

// AbortFailover gives a failover up.
func (e *Core) AbortFailover() error {
	if e.repl.failover.state == noFailover {
		return resp.Error("ERR No failover in progress.")
	}
	e.abortFailover("Failover manually aborted")
	return nil
}

// FailingOver reports whether a failover goes on.
func (e *Core) FailingOver() bool { return e.repl.failover.state != noFailover }

func (e *Core) replicaAt(host string, port int) *Session {
	for _, s := range e.repl.replicas {
		if strings.EqualFold(s.replicaAddr(), host) && s.replica.Port == int64(port) {
			return s
		}
	}
	return nil
}

// checkFailover changes places if the replica has everything, or the time is up.
func (e *Core) checkFailover() {
	f := &e.repl.failover
	if f.state != failoverWaits {
		return
	}
	if f.until != 0 && f.until <= e.NowMilli() {
		if !f.force {
			e.abortFailover("Replica never caught up before timeout")
			return
		}
		e.Log.Info(fmt.Sprintf("FAILOVER to %s:%d time out exceeded, failing over.", f.host, f.port))
		f.state = failoverInProgress
		e.BecomeReplica(f.host, f.port)
		return
	}
	var ready *Session
	if f.host != "" {
		ready = e.replicaAt(f.host, f.port)
	} else {
		for _, s := range e.repl.replicas {
			if s.replica.offset == e.ReplOffset() {
				ready = s
				break
			}
		}
	}
	if ready == nil || ready.replica.offset != e.ReplOffset() {
		return
	}
	f.host, f.port = ready.replicaAddr(), int(ready.replica.Port)
	f.state = failoverInProgress
	e.Log.Info(fmt.Sprintf("Failover target %s:%d is synced, failing over.", f.host, f.port))
	e.BecomeReplica(f.host, f.port)
}

// abortFailover ends a failover without success.
func (e *Core) abortFailover(why string) {
	f := &e.repl.failover
	if f.host != "" {
		e.Log.Info(fmt.Sprintf("FAILOVER to %s:%d aborted: %s", f.host, f.port, why))
	} else {
		e.Log.Info("FAILOVER to any replica aborted: " + why)
	}
	if f.state == failoverInProgress {
		e.BecomeMaster()
	}
	e.endFailover()
}

// endFailover lets clients write again.
func (e *Core) endFailover() {
	e.repl.failover = failover{}
	e.Unpause(PauseByFailover)
}

package engine

import (
	"fmt"
	"math/bits"
	"net/netip"
	"strings"

	"github.com/resp-server/resp-server/internal/compat"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/spec"
)

// Gates decide whether a session may run a command now. Each is a bit in a set; they
// are asked in the order of the bits, and the first error is the reply. Server, session
// and command each have a set of gates that could refuse something: the others are not
// asked, and cost nothing.
type gateSet uint32

// The gates, in the order of the real server.
const (
	gateProtected gateSet = 1 << iota
	gateLogin
	gateTransaction
	gateACL
	gateCluster
	gateMemory
	gateDisk
	gateReplicas
	gateReadOnly
	gateSubscriber
	gateStale
	gateLoading
	gateBusy
	gateMonitor
	gateFault
	gateSchedule
	gateStrict
)

// gate returns why the session may not run the command, or nil. errHandled means that
// there is nothing to reply.
type gate func(e *Core, s *Session, cmd *Command, args [][]byte) error

var gates = [...]struct {
	name string
	gate
}{
	{"a command that a setting has to allow", (*Core).gateProtected},
	{"a client that has to log in", (*Core).gateLogin},
	{"a command that no transaction may have", (*Core).gateTransaction},
	{"what the user may do", (*Core).gateACL},
	{"keys that another node of the cluster serves", (*Core).gateCluster},
	{"maxmemory", (*Core).gateMemory},
	{"a disk that can't be written", (*Core).gateDisk},
	{"a master with too few replicas", (*Core).gateReplicas},
	{"a replica that only its master writes", (*Core).gateReadOnly},
	{"a RESP2 client with subscriptions", (*Core).gateSubscriber},
	{"a replica whose link is down", (*Core).gateStale},
	{"data that are being loaded", (*Core).gateLoading},
	{"a script that is busy", (*Core).gateBusy},
	{"a client in MONITOR mode, or a replica", (*Core).gateMonitor},
	{"faults that a test asked for", (*Core).gateFault},
	{"a test that chooses which command is next", (*Core).gateSchedule},
	{"strict mode", (*Core).gateStrict}, // the last one, so that it sees a command once
}

// gate asks the gates.
func (e *Core) gate(s *Session, cmd *Command, args [][]byte) error {
	for on := e.gates | s.gates() | cmd.gates; on != 0; on &= on - 1 {
		if err := gates[bits.TrailingZeros32(uint32(on))].gate(e, s, cmd, args); err != nil {
			return err
		}
	}
	return nil
}

// gating has the gates for the commands of all sessions: those that gatesNow returns.
// Whatever changes its result calls setGates.
type gating struct {
	gates        gateSet
	refuseWrites bool // because they could not be saved
}

func (e *Core) setGates() { e.gates = e.gatesNow() }

// gatesNow returns the gates that the server needs, by its settings and its state.
func (e *Core) gatesNow() (on gateSet) {
	for _, g := range [...]struct {
		gateSet
		on bool
	}{
		{gateCluster, e.cluster.node != nil},
		{gateMemory, e.Config.MaxMemory != 0 && !(e.IsReplica() && e.Config.Replication.IgnoreMaxMemory)},
		{gateDisk, e.refuseWrites || e.append.err != nil},
		{gateReplicas, e.Config.Replication.MinReplicas > 0 && e.Config.Replication.MinMaxLag > 0 && !e.IsReplica()},
		{gateReadOnly, e.IsReplica() && e.Config.Replication.ReadOnly},
		{gateStale, e.isStale()},
		{gateLoading, e.loading != nil},
		{gateBusy, e.busy != nil},
		{gateFault, e.faults != nil || e.outer != nil}, // rules for a space can come at any time,
		{gateSchedule, e.schedule != nil},
		{gateStrict, e.isStrict()},
	} {
		if g.on {
			on |= g.gateSet
		}
	}
	return on
}

func (g *gating) check(e *Core) error {
	switch {
	case g.gates != e.gatesNow():
		return fmt.Errorf("%b are on, %b have to be", g.gates, e.gatesNow())
	case g.refuseWrites != e.cannotSave():
		return fmt.Errorf("writes are refused: %v", g.refuseWrites)
	}
	return nil
}

// gates returns the gates that are on for a session.
func (s *Session) gates() (on gateSet) {
	if !s.authenticated && s.mustLogIn() {
		on |= gateLogin
	}
	if s.multi != nil {
		on |= gateTransaction
	}
	if !s.user.Unrestricted {
		on |= gateACL
	}
	if s.out.Proto == 2 && s.Subscriptions() > 0 {
		on |= gateSubscriber
	}
	if s.monitor || s.isReplica() {
		on |= gateMonitor
	}
	return on
}

// gatesOf returns the gates that are on for a command.
func gatesOf(row *spec.Command) gateSet {
	if row.EnabledBy != "" {
		return gateProtected
	}
	return 0
}

func (e *Core) gateProtected(s *Session, cmd *Command, _ [][]byte) error {
	if !s.Allows(e.Config.Get(cmd.enabledBy)) {
		return errProtectedCommand(cmd)
	}
	return nil
}

func errProtectedCommand(cmd *Command) resp.Error {
	name, _, _ := strings.Cut(cmd.FullName, "|")
	return resp.Errorf("ERR %s command not allowed. If the %s option is set to \"local\", you can run it from a local connection, "+
		"otherwise you need to set this option in the configuration file, and then restart the server.", strings.ToUpper(name), cmd.EnabledBy)
}

// Allows reports whether a setting with the values no, yes and local allows this session
// something. The program around the server may do everything.
func (s *Session) Allows(setting string) bool {
	if s.internal || setting != "local" {
		return s.internal || setting == "yes"
	}
	from, err := netip.ParseAddrPort(s.conn.Addr())
	return err != nil || from.Addr().IsLoopback() // else it is no TCP
}

func (e *Core) gateLogin(_ *Session, cmd *Command, _ [][]byte) error {
	if cmd.Flags&spec.NoAuth == 0 {
		return resp.ErrNoAuth
	}
	return nil
}

func (e *Core) gateTransaction(_ *Session, cmd *Command, _ [][]byte) error {
	if cmd.Flags&spec.NoMulti != 0 {
		return resp.Error("ERR Command not allowed inside a transaction")
	}
	return nil
}

func (e *Core) gateACL(s *Session, cmd *Command, args [][]byte) error { return s.permit(cmd, args) }

// gateMemory makes room for a command, and refuses one that needs memory if there is
// none.
func (e *Core) gateMemory(s *Session, cmd *Command, args [][]byte) error {
	e.evict.failed = !e.makeRoom()
	if e.evict.failed && (s.flags(cmd, args)&spec.DenyOOM != 0 || s.multi != nil && !e.Since(compat.QueueAnything) && cmd.traits&(spec.RunsInMulti|spec.RunsQueued) == 0) {
		return resp.ErrOOM
	}
	return nil
}

// gateDisk refuses writes while the disk can't store them, and PING, so that health
// checks notice.
func (e *Core) gateDisk(s *Session, cmd *Command, args [][]byte) error {
	if cmd.traits&spec.ChecksHealth != 0 || s.flags(cmd, args)&spec.Write != 0 {
		return e.diskError()
	}
	return nil
}

// gateReplicas refuses writes that too few replicas would get soon.
func (e *Core) gateReplicas(s *Session, cmd *Command, args [][]byte) error {
	if s.flags(cmd, args)&spec.Write != 0 && e.tooFewReplicas() {
		return resp.ErrNoReplicas
	}
	return nil
}

// gateReadOnly refuses writes on a replica.
func (e *Core) gateReadOnly(s *Session, cmd *Command, args [][]byte) error {
	if s.flags(cmd, args)&spec.Write != 0 {
		return resp.ErrReadOnly
	}
	return nil
}

// gateStale refuses commands on old data, unless the setting replica-serve-stale-data
// allows them.
func (e *Core) gateStale(s *Session, cmd *Command, args [][]byte) error {
	if _, lacks := s.flagsOfAll(cmd, args); lacks&spec.Stale != 0 {
		return resp.ErrMasterDown
	}
	return nil
}

// flagsOfAll returns the flags that a command has and those that it lacks. For EXEC a
// flag is in both if some of its commands have it and others don't.
func (s *Session) flagsOfAll(cmd *Command, args [][]byte) (has, lacks spec.Flag) {
	has = s.flags(cmd, args)
	lacks = ^has
	if s.multi != nil && cmd.traits&spec.RunsQueued != 0 {
		has, lacks = has|s.multi.flags, lacks|s.multi.lacks
	}
	return has, lacks
}

func (e *Core) gateSubscriber(_ *Session, cmd *Command, _ [][]byte) error {
	if cmd.traits&spec.RunsSubscribed == 0 {
		return resp.Errorf("ERR Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context", cmd.FullName)
	}
	return nil
}

func (e *Core) gateBusy(_ *Session, cmd *Command, _ [][]byte) error {
	if cmd.Flags&spec.AllowBusy == 0 && !e.mayRunBusy() {
		return e.errBusy()
	}
	return nil
}

func (e *Core) gateMonitor(_ *Session, cmd *Command, _ [][]byte) error {
	if cmd.Flags&(spec.Write|spec.ReadOnly|spec.MayReplicate) != 0 {
		return errMonitor
	}
	return nil
}

// flags returns the flags of a command line. EXEC has those of its commands, too; for
// scripts and functions that declare flags these count.
func (s *Session) flags(cmd *Command, args [][]byte) spec.Flag {
	switch {
	case cmd.Script != spec.RunsNoScript:
		return s.e.scriptFlags(cmd, args)
	case s.multi != nil && cmd.traits&spec.RunsQueued != 0:
		return cmd.Flags | s.multi.flags
	}
	return cmd.Flags
}

package command

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/numfmt"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/sentinel"
	"github.com/resp-server/resp-server/internal/spec"
)

// SentinelModules returns the commands of a sentinel: a few of those of a server, and
// SENTINEL.
func SentinelModules() []engine.Module {
	handlers := maps.Clone(sentinelCommands)
	for _, group := range groups() {
		for name, h := range group {
			if inSentinel(name) {
				handlers[name] = h
			}
		}
	}
	return []engine.Module{{Rows: append(slices.Clone(spec.Core()), spec.Sentinel()), Handlers: handlers}}
}

// inSentinel reports whether a sentinel has a command of a server.
func inSentinel(name string) bool {
	container, sub, _ := strings.Cut(name, "|")
	switch container {
	case "acl", "auth", "command", "hello", "info", "ping", "psubscribe", "publish", "punsubscribe", "role", "shutdown", "subscribe", "unsubscribe":
		return true
	case "client":
		return sub != "no-touch" && !strings.HasPrefix(spec.Find(name).Since, "8.")
	}
	return false
}

var sentinelCommands = engine.Handlers{
	"sentinel|ckquorum":                sentinelCheckQuorum,
	"sentinel|config":                  sentinelConfig,
	"sentinel|debug":                   sentinelDebug,
	"sentinel|failover":                sentinelFailover,
	"sentinel|flushconfig":             sentinelFlushConfig,
	"sentinel|get-master-addr-by-name": sentinelMasterAddr,
	"sentinel|help":                    engine.ContainerHelp,
	"sentinel|info-cache":              sentinelInfoCache,
	"sentinel|is-master-down-by-addr":  sentinelMasterDown,
	"sentinel|master":                  sentinelMaster,
	"sentinel|masters":                 sentinelMasters,
	"sentinel|monitor":                 sentinelMonitor,
	"sentinel|myid":                    sentinelMyID,
	"sentinel|pending-scripts":         sentinelPendingScripts,
	"sentinel|remove":                  sentinelRemove,
	"sentinel|replicas":                sentinelReplicas,
	"sentinel|reset":                   sentinelReset,
	"sentinel|sentinels":               sentinelSentinels,
	"sentinel|set":                     sentinelSet,
	"sentinel|simulate-failure":        sentinelSimulateFailure,
	"sentinel|slaves":                  sentinelReplicas,
}

// namedMaster returns the master that the first argument names.
func namedMaster(c *engine.Ctx) (*sentinel.Instance, error) {
	m := c.Sentinel().Master(string(c.Args[2]))
	if m == nil {
		return nil, resp.Error("ERR No such master with that name")
	}
	return m, nil
}

func replyFields(c *engine.Ctx, fields []sentinel.Field) error {
	c.Map(len(fields))
	for _, f := range fields {
		c.BulkString(f.Name)
		c.BulkString(f.Value)
	}
	return nil
}

func replyInstances(c *engine.Ctx, list []*sentinel.Instance) error {
	c.Array(len(list))
	for _, i := range list {
		replyFields(c, c.Sentinel().Describe(i))
	}
	return nil
}

// done replies OK, or what went wrong.
func done(c *engine.Ctx, err error) error {
	if err != nil {
		return err
	}
	return c.OK()
}

// SENTINEL MASTERS
func sentinelMasters(c *engine.Ctx) error { return replyInstances(c, c.Sentinel().Masters()) }

// SENTINEL MASTER master-name
func sentinelMaster(c *engine.Ctx) error {
	m, err := namedMaster(c)
	if err != nil {
		return err
	}
	return replyFields(c, c.Sentinel().Describe(m))
}

// SENTINEL REPLICAS master-name
// SENTINEL SLAVES master-name
func sentinelReplicas(c *engine.Ctx) error {
	m, err := namedMaster(c)
	if err != nil {
		return err
	}
	var shown []*sentinel.Instance
	for _, r := range m.Replicas() {
		if r.Announced() {
			shown = append(shown, r)
		}
	}
	return replyInstances(c, shown)
}

// SENTINEL SENTINELS master-name
func sentinelSentinels(c *engine.Ctx) error {
	m, err := namedMaster(c)
	if err != nil {
		return err
	}
	return replyInstances(c, m.Sentinels())
}

// SENTINEL MYID
func sentinelMyID(c *engine.Ctx) error { return c.BulkString(c.Sentinel().ID()) }

// SENTINEL GET-MASTER-ADDR-BY-NAME master-name
func sentinelMasterAddr(c *engine.Ctx) error {
	m := c.Sentinel().Master(string(c.Args[2]))
	if m == nil {
		return c.NullArray()
	}
	host, port := c.Sentinel().MasterAddr(m)
	c.Array(2)
	c.BulkString(host)
	return c.BulkString(strconv.Itoa(port))
}

// SENTINEL IS-MASTER-DOWN-BY-ADDR ip port current-epoch runid
func sentinelMasterDown(c *engine.Ctx) error {
	port, err := c.ArgInt(3)
	if err != nil {
		return err
	}
	epoch, err := c.ArgInt(4)
	if err != nil {
		return err
	}
	v := c.Sentinel().MasterDown(string(c.Args[2]), int(port), uint64(epoch), string(c.Args[5]))
	c.Array(3)
	c.Truth(v.Down)
	if v.Leader == "" {
		v.Leader = "*"
	}
	c.BulkString(v.Leader)
	return c.Integer64(int64(v.Epoch))
}

// SENTINEL RESET pattern
func sentinelReset(c *engine.Ctx) error { return c.Integer(c.Sentinel().Reset(c.Args[2])) }

// SENTINEL FAILOVER master-name
func sentinelFailover(c *engine.Ctx) error {
	m, err := namedMaster(c)
	switch {
	case err != nil:
		return err
	case m.FailingOver():
		return resp.Error("INPROG Failover already in progress")
	case !c.Sentinel().Failover(m):
		return resp.Error("NOGOODSLAVE No suitable replica to promote")
	}
	return c.OK()
}

// SENTINEL PENDING-SCRIPTS
func sentinelPendingScripts(c *engine.Ctx) error {
	scripts := c.Sentinel().Scripts()
	c.Array(len(scripts))
	for _, s := range scripts {
		flags, since, ms := "scheduled", "run-delay", max(s.At-c.NowMilli(), 0)
		if s.Running {
			flags, since, ms = "running", "run-time", c.NowMilli()-s.At
		}
		c.Map(5)
		c.BulkString("argv")
		c.Array(len(s.Args))
		for _, a := range s.Args {
			c.BulkString(a)
		}
		for _, f := range []sentinel.Field{{Name: "flags", Value: flags}, {Name: "pid", Value: strconv.Itoa(s.PID)},
			{Name: since, Value: strconv.FormatInt(ms, 10)}, {Name: "retry-num", Value: strconv.Itoa(s.Tries)}} {
			c.BulkString(f.Name)
			c.BulkString(f.Value)
		}
	}
	return nil
}

// SENTINEL MONITOR name ip port quorum
func sentinelMonitor(c *engine.Ctx) error {
	quorum, ok := numfmt.ParseInt(c.Args[5])
	if !ok {
		return resp.Error("ERR Invalid quorum")
	}
	port, ok := numfmt.ParseInt(c.Args[4])
	if !ok {
		return resp.Error("ERR Invalid port")
	}
	switch host := string(c.Args[3]); {
	case quorum <= 0:
		return sentinel.ErrQuorum
	case !c.Sentinel().Resolvable(host):
		return resp.Error("ERR Invalid IP address or hostname specified")
	default:
		return done(c, c.Sentinel().Monitor(string(c.Args[2]), host, int(port), int(quorum)))
	}
}

// SENTINEL FLUSHCONFIG
func sentinelFlushConfig(c *engine.Ctx) error { return done(c, c.Sentinel().Flush()) }

// SENTINEL REMOVE master-name
func sentinelRemove(c *engine.Ctx) error {
	m, err := namedMaster(c)
	if err != nil {
		return err
	}
	return done(c, c.Sentinel().Remove(m))
}

// SENTINEL CKQUORUM master-name
func sentinelCheckQuorum(c *engine.Ctx) error {
	m, err := namedMaster(c)
	if err != nil {
		return err
	}
	q := c.Sentinel().CheckQuorum(m)
	if q.Reached && q.Majority {
		return c.Simple("OK " + strconv.Itoa(q.Usable) + " usable Sentinels. Quorum and failover authorization can be reached")
	}
	var why []string
	if !q.Reached {
		why = append(why, "Not enough available Sentinels to reach the specified quorum for this master")
	}
	if !q.Majority {
		why = append(why, "Not enough available Sentinels to reach the majority and authorize a failover")
	}
	return resp.Errorf("NOQUORUM %d usable Sentinels. %s", q.Usable, strings.Join(why, ". "))
}

// SENTINEL SET master-name option value [option value ...]
func sentinelSet(c *engine.Ctx) error {
	m, err := namedMaster(c)
	if err != nil {
		return err
	}
	return done(c, c.Sentinel().Set(m, texts(c.Args[3:])))
}

// SENTINEL CONFIG <SET parameter value [parameter value ...] | GET parameter [parameter ...]>
func sentinelConfig(c *engine.Ctx) error {
	level, _ := config.Find("loglevel")
	access := sentinel.LogLevel{
		Valid: func(v string) bool { return c.Config.Clone().Set(level, v) == nil },
		Get:   func() string { return c.Config.Get(level) },
		Set:   func(v string) { c.Config.Set(level, v); c.ConfigChanged() },
	}
	switch {
	case c.ArgIs(2, "set") && len(c.Args) >= 5:
		return done(c, c.Sentinel().SetConfig(texts(c.Args[3:]), access))
	case c.ArgIs(2, "get"):
		return replyFields(c, c.Sentinel().Config(c.Args[3:], access))
	}
	return resp.Error("ERR Only SENTINEL CONFIG GET <param> [<param> <param> ...] / SET <param> <value> [<param> <value> ...] are supported.")
}

// SENTINEL INFO-CACHE nodename [nodename ...]
func sentinelInfoCache(c *engine.Ctx) error {
	var masters []*sentinel.Instance
	for i := range c.Args[2:] {
		if m := c.Sentinel().Master(string(c.Args[2+i])); m != nil && !slices.Contains(masters, m) {
			masters = append(masters, m)
		}
	}
	c.Array(2 * len(masters))
	for _, m := range masters {
		c.BulkString(m.Name)
		c.Array(1 + len(m.Replicas()))
		for _, i := range append([]*sentinel.Instance{m}, m.Replicas()...) {
			text, at := i.Info()
			c.Array(2)
			if at == 0 {
				c.Integer(0)
				c.Null()
				continue
			}
			c.Integer64(c.NowMilli() - at)
			c.BulkString(text)
		}
	}
	return nil
}

// SENTINEL SIMULATE-FAILURE [crash-after-election | crash-after-promotion | help [crash-after-election | crash-after-promotion | help ...]]
func sentinelSimulateFailure(c *engine.Ctx) error {
	var f sentinel.Failure
	for i := range c.Args[2:] {
		switch {
		case c.ArgIs(2+i, "crash-after-election"):
			f |= sentinel.CrashAfterElection
		case c.ArgIs(2+i, "crash-after-promotion"):
			f |= sentinel.CrashAfterPromotion
		case c.ArgIs(2+i, "help"):
			c.Sentinel().SimulateFailure(f)
			c.Array(2)
			c.BulkString("crash-after-election")
			return c.BulkString("crash-after-promotion")
		default:
			c.Sentinel().SimulateFailure(f)
			return resp.Error("ERR Unknown failure simulation specified")
		}
	}
	c.Sentinel().SimulateFailure(f)
	return c.OK()
}

// SENTINEL DEBUG [parameter value [parameter value ...]]
func sentinelDebug(c *engine.Ctx) error {
	if len(c.Args) == 2 {
		return replyFields(c, c.Sentinel().Times())
	}
	return done(c, c.Sentinel().SetTimes(texts(c.Args[2:])))
}

func texts(args [][]byte) (words []string) {
	for _, a := range args {
		words = append(words, string(a))
	}
	return words
}

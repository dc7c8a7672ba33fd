package command

import (
	"encoding/hex"
	"math"
	"strconv"
	"time"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/numfmt"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

var debugCommands = engine.Handlers{"debug": debug}

// DEBUG
//
// DEBUG has the subcommands that test suites of clients and servers use and
// that are meaningful here. It leaves out those that crash or restart the
// server, which would end the embedding program, and those that show C
// structures.
func debug(c *engine.Ctx) error {
	n := len(c.Args)
	is := func(name string, args int) bool { return n == args+2 && c.ArgIs(1, name) }
	switch {
	case is("help", 0):
		return debugHelp(c)
	case is("aof-flush-sleep", 1):
		µs, _ := c.ArgInt(2)
		c.SetAppendDelay(time.Duration(µs) * time.Microsecond)
		return c.OK()
	case is("change-repl-id", 0):
		c.ChangeReplID()
		return c.OK()
	case is("client-eviction", 0):
		return debugClientEviction(c)
	case is("config-rewrite-force-all", 0):
		if err := c.RewriteConfig(true); err != nil {
			return err
		}
		return c.OK()
	case is("dict-resizing", 1):
		c.ResizeTables(debugSwitch(c))
		return c.OK()
	case is("digest", 0):
		return replyDigest(c, c.Keyspace.Digest())
	case c.ArgIs(1, "digest-value"):
		return debugDigestValue(c)
	case is("error", 1):
		return resp.Error(c.Args[2])
	case c.ArgIs(1, "htstats") && n >= 3:
		return debugTables(c)
	case c.ArgIs(1, "htstats-key") && n >= 3:
		return debugTableOf(c)
	case is("listpack", 1):
		return debugListpack(c)
	case is("log", 1):
		c.Log.Warn("DEBUG LOG: " + string(c.Args[2]))
		return c.OK()
	case is("object", 1):
		return debugObject(c)
	case c.ArgIs(1, "populate") && n >= 3 && n <= 5:
		return debugPopulate(c)
	case is("pause-cron", 1):
		on, _ := c.ArgInt(2)
		c.PauseCron(on != 0)
		return c.OK()
	case is("protocol", 1):
		return debugProtocol(c)
	case c.ArgIs(1, "quicklist") && (n == 3 || n == 4):
		return debugQuicklist(c)
	case is("quicklist-packed-threshold", 1):
		return debugPackedThreshold(c)
	case is("loadaof", 0):
		if err := c.ReloadLog(); err != nil {
			return err
		}
		c.PropagateNothing() // the commands of the file are in it already
		return c.OK()
	case c.ArgIs(1, "reload"):
		return debugReload(c)
	case c.ArgIs(1, "replicate") && n >= 3:
		c.TellReplicas(c.Args[2:])
		return c.OK()
	case is("replybuffer", 2):
		return debugReplyBuffer(c)
	case is("script", 1):
		return debugScript(c)
	case is("sdslen", 1):
		return debugStringLength(c)
	case is("set-active-expire", 1):
		c.SetActiveExpire(debugSwitch(c))
		return c.OK()
	case is("set-disable-deny-scripts", 1):
		c.LetScriptsCallAll(debugSwitch(c))
		return c.OK()
	case is("set-skip-checksum-validation", 1):
		c.SkipChecksums(debugSwitch(c))
		return c.OK()
	case is("sleep", 1):
		return debugSleep(c)
	case is("stringmatch-test", 0):
		return debugPatterns(c)
	}
	return errDebugUsage(c)
}

func errDebugUsage(c *engine.Ctx) error {
	return resp.Errorf("ERR unknown subcommand or wrong number of arguments for '%.128s'. Try DEBUG HELP.", c.Args[1])
}

// debugSwitch reads a switch: 0 is off, any other text is on.
func debugSwitch(c *engine.Ctx) bool {
	n, _ := c.ArgInt(2)
	return n != 0
}

func debugHelp(c *engine.Ctx) error {
	return c.Help(
		"AOF-FLUSH-SLEEP <microseconds>",
		"    Let each write to the append-only file wait.",
		"CHANGE-REPL-ID",
		"    Take another replication id.",
		"CLIENT-EVICTION",
		"    Show the clients that maxmemory-clients may evict, by their size.",
		"CONFIG-REWRITE-FORCE-ALL",
		"    CONFIG REWRITE with the settings too that have their default.",
		"DICT-RESIZING <0|1>",
		"    With 0, the tables of keys keep their size when keys are removed.",
		"DIGEST",
		"    Show a fingerprint of all data.",
		"DIGEST-VALUE [<key> ...]",
		"    Show the fingerprints of values.",
		"ERROR <text>",
		"    Answer an error.",
		"HTSTATS <database> [FULL]",
		"    Show how the tables of a database are filled.",
		"HTSTATS-KEY <key> [FULL]",
		"    Show how the table of a value is filled.",
		"LISTPACK <key>",
		"    Write the elements of a listpack to the log.",
		"LOADAOF",
		"    Write what there is to the append-only file, and load that in place of the data.",
		"LOG <message>",
		"    Write to the log of the server.",
		"OBJECT <key>",
		"    Show how a value is kept.",
		"PAUSE-CRON <0|1>",
		"    With 1, nothing is done at its time: no keys expire, no idle clients are closed, nothing is saved.",
		"POPULATE <count> [<prefix>] [<size>]",
		"    Create strings <prefix>:0, <prefix>:1 and so on; the prefix is key by default.",
		"PROTOCOL <type>",
		"    Answer a value of a type: string, integer, double, bignum, null, array, set,",
		"    map, attrib, push, verbatim, true or false.",
		"QUICKLIST <key> [<0|1>]",
		"    Write the nodes of a quicklist to the log, with 1 their elements too.",
		"QUICKLIST-PACKED-THRESHOLD <size>",
		"    Make longer elements nodes of their own; 0 leaves it to the settings.",
		"RELOAD [NOSAVE] [NOFLUSH] [MERGE]",
		"    Save the data, and load what was saved; with NOSAVE only load, with NOFLUSH",
		"    add to the data, with MERGE even where a key is there already.",
		"REPLICATE <word> ...",
		"    Send a command to the replicas only, so that their data differ.",
		"REPLYBUFFER PEAK-RESET-TIME <NEVER|RESET|milliseconds>",
		"    With NEVER, clients keep the buffers for their replies.",
		"REPLYBUFFER RESIZING <0|1>",
		"    With 0, clients keep the buffers for their replies.",
		"SCRIPT <LIST|sha1>",
		"    Write the scripts of EVAL to the log, or one of them.",
		"SDSLEN <key>",
		"    Show how long a key and its string are.",
		"SET-ACTIVE-EXPIRE <0|1>",
		"    With 0, expired keys stay until they are looked at.",
		"SET-DISABLE-DENY-SCRIPTS <0|1>",
		"    With 1, scripts may call what is not for them.",
		"SET-SKIP-CHECKSUM-VALIDATION <0|1>",
		"    With 1, the checksums of payloads and files do not count.",
		"SLEEP <seconds>",
		"    Answer nobody for a time, which may have a fraction.",
		"STRINGMATCH-TEST",
		"    Try random patterns.",
	)
}

func debugReload(c *engine.Ctx) error {
	var o engine.ReloadOptions
	for i := 2; i < len(c.Args); i++ {
		switch {
		case c.ArgIs(i, "merge"):
			o.Merge = true
		case c.ArgIs(i, "noflush"):
			o.NoFlush = true
		case c.ArgIs(i, "nosave"):
			o.NoSave = true
		default:
			return resp.Error("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.")
		}
	}
	if err := c.Reload(o); err != nil {
		return err
	}
	return c.OK()
}

// debugSleep delays all commands, and its own reply, by a time on the server's
// clock.
func debugSleep(c *engine.Ctx) error {
	seconds, _ := numfmt.ParseFloat(c.Args[2])
	if !(seconds > 0 && seconds < 1e9) {
		return c.OK()
	}
	until := int64(math.Ceil((float64(c.NowMicro()) + seconds*1e6) / 1000))
	return c.Sleep(until)
}

func replyDigest(c *engine.Ctx, d value.Digest) error { return c.Simple(hex.EncodeToString(d[:])) }

func debugDigestValue(c *engine.Ctx) error {
	c.Array(len(c.Args) - 2)
	for _, key := range c.Args[2:] {
		var d value.Digest
		if k, ok := c.DB().Get(key); ok {
			d = k.Digest()
		}
		replyDigest(c, d)
	}
	return nil
}

// debugObject describes an entry in Redis's format. The address is 0.
func debugObject(c *engine.Ctx) error {
	k, ok := c.DB().Get(c.Args[2])
	if !ok {
		return resp.ErrNoSuchKey
	}
	payload, err := c.Dumper().Dump(k)
	if err != nil {
		return err
	}
	const around = 1 + 2 + 8 // version and checksum around a payload, and its type
	s := "Value at:0x0 refcount:" + strconv.Itoa(refCount(c, k)) +
		" encoding:" + k.Encoding() +
		" serializedlength:" + strconv.Itoa(len(payload)-around) +
		" lru:" + strconv.Itoa(int(k.Access())&(1<<24-1)) +
		" lru_seconds_idle:" + strconv.Itoa(idleSeconds(c, k))
	if l, ok := k.Value().(*value.List); ok && l.Encoding() == "quicklist" {
		s += describeQuicklist(c, l)
	}
	return c.Simple(s)
}

// debugPopulate creates many small keys. It keeps existing ones.
func debugPopulate(c *engine.Ctx) error {
	count, err := c.ArgIntIn(2, 0, 1<<40, resp.ErrPositive)
	if err != nil {
		return err
	}
	prefix := []byte("key")
	if len(c.Args) > 3 {
		prefix = c.Args[3]
	}
	size := int64(0)
	if len(c.Args) > 4 {
		if size, err = c.ArgIntIn(4, 0, c.Config.ProtoMaxBulkLen, resp.ErrPositive); err != nil {
			return err
		}
	}
	prefix = append(prefix[:len(prefix):len(prefix)], ':')
	var key, v []byte
	for i := range count {
		key = strconv.AppendInt(append(key[:0], prefix...), i, 10)
		v = strconv.AppendInt(append(v[:0], "value:"...), i, 10)
		if c.Exists(key) {
			continue
		}
		if size > 0 {
			fit := make([]byte, size)
			copy(fit, v)
			v = fit
		}
		c.SetBytes(key, v, engine.NoExpiry)
		c.Changed(key, event.None)
	}
	c.PropagateNothing() // as in Redis: tests have each server populated by itself
	return c.OK()
}

// debugProtocol replies a sample value of a type, to test decoders.
func debugProtocol(c *engine.Ctx) error {
	w := c.Out()
	three := func() {
		for i := range 3 {
			c.Integer(i)
		}
	}
	switch {
	case c.ArgIs(2, "string"):
		return c.BulkString("Hello World")
	case c.ArgIs(2, "integer"):
		return c.Integer(12345)
	case c.ArgIs(2, "double"):
		return c.Double(3.141)
	case c.ArgIs(2, "bignum"):
		w.BigNumber("1234567999999999999999999999999999999")
	case c.ArgIs(2, "null"):
		return c.Null()
	case c.ArgIs(2, "array"):
		c.Array(3)
		three()
	case c.ArgIs(2, "set"):
		c.Set(3)
		three()
	case c.ArgIs(2, "map"):
		c.Map(3)
		for i := range 3 {
			c.Integer(i)
			w.Bool(i == 1)
		}
	case c.ArgIs(2, "attrib"):
		if c.Proto() == 3 {
			w.Attribute(1)
			c.BulkString("key-popularity")
			c.Array(2)
			c.BulkString("key:123")
			c.Integer(90)
		}
		return c.BulkString("Some real reply following the attribute")
	case c.ArgIs(2, "push"):
		if c.Proto() < 3 {
			return resp.Error("ERR RESP2 is not supported by this command")
		}
		c.BulkString("Some real reply following the push reply")
		w.Push(2) // pushes follow the reply that is under way
		c.BulkString("server-cpu-usage")
		return c.Integer(42)
	case c.ArgIs(2, "true"):
		w.Bool(true)
	case c.ArgIs(2, "false"):
		w.Bool(false)
	case c.ArgIs(2, "verbatim"):
		w.Verbatim("txt", "This is a verbatim\nstring")
	default:
		return resp.Error("ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false")
	}
	return nil
}

package script

import (
	"math"
	"strconv"
	"strings"

	"github.com/resp-server/resp-server/internal/compat"
	"github.com/resp-server/resp-server/internal/lua"
	"github.com/resp-server/resp-server/internal/numfmt"
)

// open sets the globals and locks them. Scripts have some globals that
// functions lack.
func (in *Interp) open(scripts bool) {
	s := in.state
	s.OpenBase()
	s.OpenTable()
	s.OpenString()
	s.OpenMath()
	s.Globals.SetField("pcall", lua.NewFunction(pcall))
	if in.edition.Has(compat.LuaClock) {
		os := lua.NewTable(0, 1)
		os.SetField("clock", lua.NewFunction(func(th *lua.Thread, _ []lua.Value) []lua.Value {
			return th.One(lua.Num(in.host.Seconds()))
		}))
		s.Globals.SetField("os", os.Value())
	}
	if !in.edition.Has(compat.LuaEnvironments) {
		s.Globals.SetField("getfenv", lua.Value{})
		s.Globals.SetField("setfenv", lua.Value{})
	}
	s.Globals.SetField("cjson", newCJSON().Value())
	s.Globals.SetField("struct", openStruct().Value())
	s.Globals.SetField("cmsgpack", openMsgpack().Value())
	s.Globals.SetField("bit", openBit().Value())
	redis := in.openRedis()
	if scripts {
		openDebugger(redis)
	}
	s.Globals.SetField("redis", redis.Value())
	s.Globals.SetMetatable(undefined())
	protect(s.Globals)
	protect(s.Strings)
}

// undefined returns a metatable that makes missing fields an error.
func undefined() *lua.Table {
	t := lua.NewTable(0, 1)
	t.SetField("__index", lua.NewFunction(func(th *lua.Thread, args []lua.Value) []lua.Value {
		name, ok := lua.Arg(args, 1).ToString()
		if !ok {
			th.Errorf("Second argument to luaProtectedTableError must be a string or number")
		}
		th.Errorf("Script attempted to access nonexistent global variable '%s'", name)
		return nil
	}))
	return t
}

// protect makes a table and everything reachable from it read-only.
func protect(t *lua.Table) {
	if t == nil || t.ReadOnly {
		return
	}
	t.ReadOnly = true
	for k, v, _ := t.Next(lua.Value{}); !k.IsNil(); k, v, _ = t.Next(k) {
		protect(v.Table())
	}
	protect(t.Metatable())
}

// pcall is Lua's pcall, but returns the text of an error that is a table.
func pcall(th *lua.Thread, args []lua.Value) []lua.Value {
	if len(args) == 0 {
		return nil
	}
	r := th.Pcall(args)
	if len(r) == 2 && !r[0].Truth() {
		if t := r[1].Table(); t != nil {
			if e := t.Field("err"); e.Kind() == lua.String || e.Kind() == lua.Number {
				r[1] = e
			}
		}
	}
	return r
}

// Levels of redis.log.
var levels = []string{"LOG_DEBUG", "LOG_VERBOSE", "LOG_NOTICE", "LOG_WARNING"}

func (in *Interp) openRedis() *lua.Table {
	t := lua.NewTable(0, 0)
	lua.Register(t, []string{"call", "pcall", "log"}, []lua.Native{in.call, in.pcall, in.log})
	setLogLevels(t)
	in.setVersion(t)
	lua.Register(t, []string{"setresp", "sha1hex", "error_reply", "status_reply", "set_repl"},
		[]lua.Native{in.setresp, sha1hex, errorReply, statusReply, in.setRepl})
	for i, name := range []string{"REPL_NONE", "REPL_AOF", "REPL_SLAVE", "REPL_ALL"} {
		t.SetField(name, lua.Int(i))
	}
	t.SetField("REPL_REPLICA", lua.Int(2))
	t.SetField("acl_check_cmd", lua.NewFunction(in.aclCheck))
	return t
}

func setLogLevels(t *lua.Table) {
	for i, name := range levels {
		t.SetField(name, lua.Int(i))
	}
}

func (in *Interp) setVersion(t *lua.Table) {
	t.SetField("REDIS_VERSION_NUM", lua.Int(in.edition.Version.Number()))
	t.SetField("REDIS_VERSION", lua.Str(in.edition.Version.String()))
}

// openDebugger sets the functions for the debugger, which does not exist here,
// and the obsolete redis.replicate_commands.
func openDebugger(t *lua.Table) {
	t.SetField("breakpoint", lua.NewFunction(func(th *lua.Thread, _ []lua.Value) []lua.Value { return th.One(lua.False) }))
	t.SetField("debug", lua.NewFunction(func(*lua.Thread, []lua.Value) []lua.Value { return nil }))
	t.SetField("replicate_commands", lua.NewFunction(func(th *lua.Thread, _ []lua.Value) []lua.Value { return th.One(lua.True) }))
}

func (in *Interp) call(th *lua.Thread, args []lua.Value) []lua.Value {
	return in.command(th, args, true)
}
func (in *Interp) pcall(th *lua.Thread, args []lua.Value) []lua.Value {
	return in.command(th, args, false)
}

func (in *Interp) command(th *lua.Thread, args []lua.Value, raise bool) []lua.Value {
	v, failed := in.runCommand(th, args)
	if failed && raise {
		th.Throw(v)
	}
	return th.One(v)
}

// commandSteps is the number of steps for a command, whose real cost is
// unknown.
const commandSteps = hookSteps / 20

// runCommand runs a command and returns its reply.
func (in *Interp) runCommand(th *lua.Thread, args []lua.Value) (v lua.Value, failed bool) {
	th.Work(commandSteps)
	words, why := in.words(th, args)
	if why != "" {
		return errorValue(why), true
	}
	in.reply.Buf = in.reply.Buf[:0]
	if err := in.host.Call(words, &in.reply); err != nil {
		v := errorValue("-" + err.Error())
		v.Table().SetField("ignore_error_stats_update", lua.True)
		return v, true
	}
	r := reader{th, in.reply.Buf}
	failed = len(r.b) > 0 && r.b[0] == '-'
	v = r.value()
	const keep = 64 << 10
	if cap(in.reply.Buf) > keep {
		in.reply.Buf = nil
	}
	return v, failed
}

// words converts the arguments of redis.call to the words of a command. They
// are valid until the next call.
func (in *Interp) words(th *lua.Thread, args []lua.Value) (words [][]byte, why string) {
	if len(args) == 0 {
		return nil, "Please specify at least one argument for this redis lib call"
	}
	const keep = 64 << 10
	if cap(in.text) > keep {
		in.text = nil
	}
	text, ends := in.text[:0], make([]int, 0, 16)
	for _, a := range args {
		if n, ok := a.Number(); ok {
			if !in.edition.Has(compat.ShortestDoubles) {
				text = numfmt.AppendLong(text, n)
			} else if i := int64(n); float64(i) == n && n > -(1<<52) && n < 1<<52 {
				text = strconv.AppendInt(text, i, 10)
			} else {
				if math.IsNaN(n) && math.Signbit(n) {
					text = append(text, '-')
				}
				text = numfmt.AppendFloat(text, n)
			}
		} else if a.Kind() == lua.String {
			text = append(text, a.String()...)
			th.CheckSize(len(text))
			th.Work(len(a.String()) >> 7)
		} else {
			return nil, "Lua redis lib command arguments must be strings or integers"
		}
		ends = append(ends, len(text))
	}
	in.text = text
	words = in.args[:0]
	start := 0
	for _, end := range ends {
		words = append(words, text[start:end:end])
		start = end
	}
	in.args = words
	return words, ""
}

func (in *Interp) aclCheck(th *lua.Thread, args []lua.Value) []lua.Value {
	words, why := in.words(th, args)
	if why != "" {
		th.Throw(errorValue(why))
	}
	may, known := in.host.MayCall(words)
	if !known {
		th.Throw(errorValue("Invalid command passed to redis.acl_check_cmd()"))
	}
	return th.One(lua.Boolean(may))
}

func sha1hex(th *lua.Thread, args []lua.Value) []lua.Value {
	if len(args) != 1 {
		th.Throw(errorValue("wrong number of arguments"))
	}
	s, _ := args[0].ToString()
	th.Work(len(s) >> 4)
	return th.One(lua.Str(SHA([]byte(s))))
}

func errorReply(th *lua.Thread, args []lua.Value) []lua.Value {
	if len(args) != 1 || args[0].Kind() != lua.String {
		return th.One(errorValue("wrong number or type of arguments"))
	}
	return th.One(errorValue("-" + strings.TrimPrefix(args[0].String(), "-")))
}

func statusReply(th *lua.Thread, args []lua.Value) []lua.Value {
	if len(args) != 1 || args[0].Kind() != lua.String {
		return th.One(errorValue("wrong number or type of arguments"))
	}
	return th.One(single("ok", args[0]))
}

func (in *Interp) setRepl(th *lua.Thread, args []lua.Value) []lua.Value {
	if len(args) != 1 {
		if !in.edition.Has(compat.LuaSetRepl) {
			th.Throw(errorValue("redis.set_repl() requires two arguments."))
		}
		th.Throw(errorValue("redis.set_repl() requires one argument."))
	}
	n, _ := args[0].ToNumber()
	to := lua.ToInt(n)
	if to&^3 != 0 {
		th.Throw(errorValue("Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE."))
	}
	in.host.Propagate(to)
	return nil
}

func (in *Interp) setresp(th *lua.Thread, args []lua.Value) []lua.Value {
	if len(args) != 1 {
		th.Throw(errorValue("redis.setresp() requires one argument."))
	}
	n, _ := args[0].ToNumber()
	v := lua.ToInt(n)
	if v != 2 && v != 3 {
		th.Throw(errorValue("RESP version must be 2 or 3."))
	}
	in.reply.Proto = v
	return nil
}

func (in *Interp) log(th *lua.Thread, args []lua.Value) []lua.Value {
	if len(args) < 2 {
		th.Throw(errorValue("redis.log() requires two arguments or more."))
	}
	n, ok := args[0].ToNumber()
	if !ok {
		th.Throw(errorValue("First argument must be a number (log level)."))
	}
	level := lua.ToInt(n)
	if level < 0 || level >= len(levels) {
		if !in.edition.Has(compat.LuaLogLevel) {
			th.Throw(errorValue("Invalid debug level."))
		}
		th.Throw(errorValue("Invalid log level."))
	}
	var b strings.Builder
	for i, a := range args[1:] {
		if s, ok := a.ToString(); ok {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(s)
			th.CheckSize(b.Len())
			th.Work(len(s) >> 7)
		}
	}
	in.supervisor.Log(level, b.String())
	return nil
}

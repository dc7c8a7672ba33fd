package script

import (
	"strings"

	"github.com/resp-server/resp-server/internal/lua"
	"github.com/resp-server/resp-server/internal/resp"
)

// libraryChunk is the chunk name of libraries.
const libraryChunk = "@user_function"

// registry is the additional state of an Interp for libraries. The globals of
// its chunks are an empty table with a metatable. While a library is loading,
// that leads to only its own table redis.
type registry struct {
	globals, api, lookup *lua.Table
	loading              *Library        // nil if none is loading
	taken                map[string]bool // names of its functions
}

func (in *Interp) openRegistry() {
	redis := lua.NewTable(0, 0)
	lua.Register(redis, []string{"register_function", "log"}, []lua.Native{in.registerFunction, in.log})
	setLogLevels(redis)
	in.setVersion(redis)
	redis.SetMetatable(undefined())
	api := lua.NewTable(0, 1)
	api.SetField("redis", redis.Value())
	api.SetMetatable(undefined())
	protect(api)

	r := &registry{globals: in.state.Globals, api: api, lookup: lua.NewTable(0, 1)}
	r.lookup.SetField("__index", r.globals.Value())
	r.lookup.ReadOnly = true
	in.state.Globals = lua.NewTable(0, 0)
	in.state.Globals.SetMetatable(r.lookup)
	in.state.Globals.ReadOnly = true
	in.registry = r
}

// Register runs the source of a library, which registers its functions. The
// error is the reply to the client.
func (in *Interp) Register(l *Library, s Supervisor) error {
	// Keep the line feed, so that lines keep their numbers.
	body := l.Code[strings.IndexByte(l.Code, '\n'):]
	proto, err := lua.Compile(body, libraryChunk)
	if err != nil {
		return resp.Error("ERR Error compiling function: " + err.Error())
	}
	r := in.registry
	r.loading, r.taken = l, make(map[string]bool)
	r.lookup.SetField("__index", r.api.Value())
	defer func() {
		r.lookup.SetField("__index", r.globals.Value())
		r.loading, r.taken = nil, nil
	}()
	failed := in.protect(s, func(th *lua.Thread) { th.Call(in.state.Load(proto)) }, nil)
	if failed != nil {
		return resp.Error("ERR Error registering functions: " + errorText(failed))
	}
	if len(l.Functions) == 0 {
		return resp.Error("ERR No functions registered")
	}
	return nil
}

func (in *Interp) registerFunction(th *lua.Thread, args []lua.Value) []lua.Value {
	r := in.registry
	l := r.loading
	f, why := &Function{Flags: Declared}, ""
	switch {
	case l == nil:
		why = "redis.register_function can only be called on FUNCTION LOAD command"
	case len(args) == 1:
		why = f.readNamed(args[0])
	case len(args) == 2:
		why = f.readPositional(args[0], args[1])
	default:
		why = "wrong number of arguments to redis.register_function"
	}
	switch {
	case why != "":
	case !isName(f.Name):
		why = badName
	case r.taken[f.Name]:
		why = "Function already exists in the library"
	}
	if why != "" {
		th.Throw(errorValue(why))
	}
	f.library = l
	l.Functions = append(l.Functions, f)
	r.taken[f.Name] = true
	return nil
}

func (f *Function) readPositional(name, callback lua.Value) (why string) {
	var ok bool
	if f.Name, ok = name.ToString(); !ok {
		return "first argument to redis.register_function must be a string"
	}
	if callback.Kind() != lua.FunctionKind {
		return "second argument to redis.register_function must be a function"
	}
	f.fn = callback
	return ""
}

// readNamed reads the fields of a table in the order of pairs, which
// determines the error that is reported.
func (f *Function) readNamed(arg lua.Value) (why string) {
	t := arg.Table()
	if t == nil {
		return "calling redis.register_function with a single argument is only applicable to Lua table (representing named arguments)."
	}
	named := false
	for k, v, _ := t.Next(lua.Value{}); !k.IsNil(); k, v, _ = t.Next(k) {
		key, ok := k.ToString()
		if !ok {
			return "named argument key given to redis.register_function is not a string"
		}
		switch strings.ToLower(key) {
		case "function_name":
			if f.Name, named = v.ToString(); !named {
				return "function_name argument given to redis.register_function must be a string"
			}
		case "description":
			if f.Description, f.Described = v.ToString(); !f.Described {
				return "description argument given to redis.register_function must be a string"
			}
		case "callback":
			if v.Kind() != lua.FunctionKind {
				return "callback argument given to redis.register_function must be a function"
			}
			f.fn = v
		case "flags":
			if why := f.readFlags(v.Table()); why != "" {
				return why
			}
		default:
			return "unknown argument given to redis.register_function"
		}
	}
	switch {
	case !named:
		return "redis.register_function must get a function name argument"
	case f.fn.IsNil():
		return "redis.register_function must get a callback argument"
	}
	return ""
}

func (f *Function) readFlags(t *lua.Table) (why string) {
	if t == nil {
		return "flags argument to redis.register_function must be a table representing function flags"
	}
	f.Flags = Declared
	for i := 1; ; i++ {
		v := t.GetInt(i)
		if v.IsNil() {
			return ""
		}
		name, _ := v.ToString()
		flag := flagNamed(strings.ToLower(name))
		if flag == 0 {
			return "unknown flag given"
		}
		f.Flags |= flag
	}
}

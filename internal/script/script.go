package script

import (
	"bytes"
	"cmp"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/resp-server/resp-server/internal/compat"
	"github.com/resp-server/resp-server/internal/lua"
	"github.com/resp-server/resp-server/internal/resp"
)

// chunk is the chunk name of scripts.
const chunk = "@user_script"

// Flags are declared by a script in its first line, "#!lua flags=no-writes",
// or by a function when it is registered.
type Flags uint8

// Flags of scripts. Declared is set if a script has such a line, and for every
// function.
const (
	Declared Flags = 1 << iota
	NoWrites
	AllowOOM
	AllowStale
	NoCluster
	AllowCrossSlot
)

// flagTable has the flags by name, in the order of listings.
var flagTable = []struct {
	name string
	flag Flags
}{
	{"no-writes", NoWrites},
	{"allow-oom", AllowOOM},
	{"allow-stale", AllowStale},
	{"no-cluster", NoCluster},
	{"allow-cross-slot-keys", AllowCrossSlot},
}

// flagNamed returns the flag with a name, 0 if there is none.
func flagNamed(name string) Flags {
	for _, f := range flagTable {
		if f.name == name {
			return f.flag
		}
	}
	return 0
}

// Names returns the names of the flags, without Declared.
func (f Flags) Names() (names []string) {
	for _, flag := range flagTable {
		if f&flag.flag != 0 {
			names = append(names, flag.name)
		}
	}
	return names
}

// Script is a compiled script. It is immutable, and any Interp can run it.
type Script struct {
	SHA    string // SHA-1 of the source in lower-case hexadecimal digits
	Flags  Flags
	Source string // as received
	proto  *lua.Proto
}

// Size returns the approximate sizes of the script with its source, and of the
// compiled form, in bytes.
func (s *Script) Size() (script, compiled int) { return len(s.Source) + objectSize, s.proto.Size() }

// objectSize is the approximate size of a script, a library or a function
// without its code and its name.
const objectSize = 200

// SHA returns the key of a source in the script cache: its SHA-1.
func SHA(source []byte) string {
	sum := sha1.Sum(source)
	return hex.EncodeToString(sum[:])
}

// Compile compiles a source. The error is the reply to the client.
func Compile(source []byte) (*Script, error) {
	s := &Script{SHA: SHA(source), Source: string(source)}
	flags, end, err := declaration(source)
	if err != nil {
		return nil, err
	}
	s.Flags = flags
	body := source[end:]
	proto, err := lua.Compile(string(body), chunk)
	if err != nil {
		return nil, resp.Error("ERR Error compiling script (new function): " + err.Error())
	}
	s.proto = proto
	return s, nil
}

// FlagsOf returns the flags that a source declares, 0 if it declares none or
// does not compile.
func FlagsOf(source []byte) Flags {
	flags, _, _ := declaration(source)
	return flags
}

// declaration parses the first line of a script with a shebang. end is the
// beginning of the code, at the line feed, so that lines keep their numbers.
func declaration(source []byte) (flags Flags, end int, err error) {
	if !bytes.HasPrefix(source, []byte("#!")) {
		return 0, 0, nil
	}
	end = bytes.IndexByte(source, '\n')
	if end < 0 {
		return 0, 0, resp.Error("ERR Invalid script shebang")
	}
	flags, err = shebang(string(source[:end]))
	return flags, end, err
}

func shebang(line string) (Flags, error) {
	words, ok := resp.SplitWords(line)
	if !ok || len(words) == 0 {
		return 0, resp.Error("ERR Invalid engine in script shebang")
	}
	if words[0] != "#!lua" {
		return 0, resp.Errorf("ERR Unexpected engine in script shebang: %s", words[0])
	}
	flags := Declared
	for _, w := range words[1:] {
		names, ok := strings.CutPrefix(w, "flags=")
		if !ok {
			return 0, resp.Errorf("ERR Unknown lua shebang option: %s", w)
		}
		if names == "" {
			continue
		}
		for _, name := range strings.Split(names, ",") {
			f := flagNamed(name)
			if f == 0 {
				return 0, resp.Errorf("ERR Unexpected flag in script shebang: %s", name)
			}
			flags |= f
		}
	}
	return flags, nil
}

// Supervisor is the part of the server that all running Lua code needs.
type Supervisor interface {
	// Log writes to the server's log; levels are 0 (debug) to 3 (warning).
	Log(level int, text string)
	// Interrupt is called at regular numbers of instructions. An error from it
	// ends the running code with that text.
	Interrupt() error
}

// Host is the part of the server that scripts and functions need.
type Host interface {
	Supervisor
	// Call runs a command and appends its reply to w in the protocol that the
	// script chose. An error means that the command may not run in a script; it
	// is the reply and already counted.
	Call(args [][]byte, w *resp.Writer) error
	// MayCall reports whether the user may run a command, and whether the command
	// exists.
	MayCall(args [][]byte) (may, known bool)
	// Propagate sets whether later commands are propagated to the append-only
	// file (bit 0) and to replicas (bit 1).
	Propagate(to int)
	// Seconds returns the time of a clock for measuring.
	Seconds() float64
	// CountError counts an error reply that the script created.
	CountError(resp.Error)
}

// Failure is the error that ends a script.
type Failure struct {
	Reply resp.Error
	// Counted means that the error came from a command, which has counted it.
	Counted bool
}

func (f *Failure) Error() string { return string(f.Reply) }

// Interp runs scripts or functions. It keeps nothing between runs except the
// settings of cjson, the state of math.random, and the variables of libraries.
type Interp struct {
	edition    *compat.Edition
	state      *lua.State
	supervisor Supervisor
	host       Host        // nil while a library is loaded
	registry   *registry   // nil for scripts
	reply      resp.Writer // of the last command
	args       [][]byte
	text       []byte // of args
}

// Options configure an Interp.
type Options struct {
	// Edition is the version that scripts see; nil is the latest.
	Edition *compat.Edition
	// MaxString is the maximum length of a string that a script can make, in
	// bytes; 0 means 512 MB.
	MaxString int
	// Libraries is true for functions of libraries, false for scripts.
	Libraries bool
}

// hookSteps is the number of calls and loop iterations between two calls of
// Supervisor.Interrupt.
const hookSteps = 10000

// InterpSize is the approximate size of an interpreter in bytes.
const InterpSize = 29 << 10

// New returns an interpreter.
func New(o Options) *Interp {
	in := &Interp{state: lua.NewState(), edition: cmp.Or(o.Edition, compat.Latest)}
	in.reply.LongDoubles = !in.edition.Has(compat.ShortestDoubles)
	in.state.MaxString = o.MaxString
	if o.MaxString == 0 {
		in.state.MaxString = 512 << 20
	}
	in.state.HookSteps = hookSteps
	in.state.Hook = func(th *lua.Thread) {
		if in.supervisor == nil {
			return
		}
		if err := in.supervisor.Interrupt(); err != nil {
			th.ThrowFinal(locate(th, errorValue(err.Error())))
		}
	}
	in.open(!o.Libraries)
	if o.Libraries {
		in.openRegistry()
	}
	return in
}

// Run runs a script and appends its reply to out. The error is a *Failure;
// after it nothing was appended.
func (in *Interp) Run(s *Script, host Host, keys, argv [][]byte, out *resp.Writer) error {
	g := in.state.Globals
	g.ReadOnly = false
	g.SetField("KEYS", array(keys))
	g.SetField("ARGV", array(argv))
	g.ReadOnly = true
	return in.run(s.SHA, host, out, in.state.Load(s.proto))
}

// Call is Run for a function of a library that was registered in this Interp.
func (in *Interp) Call(f *Function, host Host, keys, argv [][]byte, out *resp.Writer) error {
	return in.run(f.Name, host, out, f.fn, array(keys), array(argv))
}

// run calls a Lua function; name is its name in errors.
func (in *Interp) run(name string, host Host, out *resp.Writer, fn lua.Value, args ...lua.Value) error {
	in.host = host
	in.reply.Proto = 2
	var failed *Failure
	mark := len(out.Buf)
	err := in.protect(host, func(th *lua.Thread) {
		var result lua.Value
		if r := th.Call(fn, args...); len(r) > 0 {
			result = r[0]
		}
		failed = in.result(out, result)
	}, locate)
	in.host = nil
	switch {
	case err != nil:
		failed = failure(name, err)
	case failed == nil:
		return nil
	}
	out.Buf = out.Buf[:mark]
	return failed
}

// protect runs f in the main thread and returns the error that ended it.
func (in *Interp) protect(s Supervisor, f func(*lua.Thread), handler func(*lua.Thread, lua.Value) lua.Value) *lua.Error {
	defer func() {
		if in.supervisor != nil { // after a panic, which is a bug in the server
			in.supervisor, in.host = nil, nil
			in.state.Abandon()
		}
	}()
	th := in.state.Main()
	in.supervisor = s
	err := th.Protect(func() { f(th) }, handler)
	in.state.Release()
	in.supervisor = nil
	return err
}

func array(words [][]byte) lua.Value {
	t := lua.NewTable(len(words), 0)
	for i, w := range words {
		t.SetInt(i+1, lua.Bytes(w))
	}
	return t.Value()
}

// locate converts an error to a table with its position, where it is raised.
// The position is in the running function if that is Lua code of the script,
// else in its caller.
func locate(th *lua.Thread, v lua.Value) lua.Value {
	t := v.Table()
	if t == nil {
		text, _ := th.ToString(v).ToString()
		t = lua.NewTable(0, 1)
		t.SetField("err", lua.Str("ERR "+text))
	}
	source, line, ok := th.Level(0)
	if source == "" {
		source, line, ok = th.Level(1)
	}
	if !ok {
		return t.Value()
	}
	if source == "" {
		source = "=[C]"
	}
	if t.ReadOnly {
		return t.Value()
	}
	t.SetField("source", lua.Str(source))
	t.SetField("line", lua.Int(line))
	return t.Value()
}

// failure formats the error that ended a script or a function.
func failure(name string, err *lua.Error) *Failure {
	t := err.Value.Table()
	if t == nil {
		return &Failure{Reply: resp.Errorf("ERR Error running script %s, %.100s", name, []byte(err.Error()))}
	}
	text := errorText(err)
	source, ok1 := t.Field("source").ToString()
	line, ok2 := t.Field("line").ToString()
	if ok1 && ok2 {
		text += fmt.Sprintf(" script: %s, on %s:%s.", name, source, line)
	}
	return &Failure{resp.Error(text), wasCounted(t)}
}

// errorText returns the error reply without the position.
func errorText(err *lua.Error) string {
	t := err.Value.Table()
	if t == nil {
		return "ERR " + err.Error()
	}
	if text, ok := t.Field("err").ToString(); ok {
		return text
	}
	return "(null)"
}

func wasCounted(t *lua.Table) bool { return t.Field("ignore_error_stats_update").Truth() }

package script

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/resp-server/resp-server/internal/lua"
	"github.com/resp-server/resp-server/internal/resp"
)

// chunk is the name of the source.
const chunk = "@user_script"

// Flags are what a script declares in its first line, "#!lua flags=no-writes",
// or a function when it is registered.
type Flags uint8

// The flags of scripts. Declared is set if there is such a line at all, and for
// every function.
const (
	Declared Flags = 1 << iota
	NoWrites
	AllowOOM
	AllowStale
	NoCluster
	AllowCrossSlot
)

// flagTable has the flags by name, in the order in which they are listed.
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

// flagNamed returns a flag, or 0 if there is none of that name.
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

// Script is a compiled script. It is immutable and can be run by any Interp.
type Script struct {
	SHA    string // SHA-1 of the source in lower-case hexadecimal digits
	Flags  Flags
	Source string // as it was given
	proto  *lua.Proto
}

// Size returns about how many bytes the script takes with its source, and how
// many what it is compiled to.
func (s *Script) Size() (script, compiled int) { return len(s.Source) + objectSize, s.proto.Size() }

// objectSize is about what a script, a library or a function takes beside its
// code and its name.
const objectSize = 200

// SHA returns the name of a source in the cache.
func SHA(source []byte) string {
	sum := sha1.Sum(source)
	return hex.EncodeToString(sum[:])
}

// Compile translates a source. The error is the reply to the client.
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
// can't be compiled.
func FlagsOf(source []byte) Flags {
	flags, _, _ := declaration(source)
	return flags
}

// declaration reads the first line of a script that begins with a shebang. The
// code begins at end: at the line feed, so that lines keep their numbers.
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

// Supervisor is the server around every piece of Lua that runs.
type Supervisor interface {
	// Log writes to the log of the server; levels are 0 (debug) to 3 (warning).
	Log(level int, text string)
	// Interrupt is called every so many instructions; an error ends what runs,
	// and is its text.
	Interrupt() error
}

// Host is the server around a script or a function.
type Host interface {
	Supervisor
	// Call runs a command and appends its reply to w, whose protocol is the one
	// that the script chose. The error tells why the command may not run in a
	// script, as a reply; it was counted.
	Call(args [][]byte, w *resp.Writer) error
	// MayCall reports whether the user may run a command, and whether there is
	// such a command at all.
	MayCall(args [][]byte) (may, known bool)
	// Propagate sets whether commands from here on are sent on to the file of
	// commands and to replicas: bit 0 and bit 1.
	Propagate(to int)
	// Seconds is a clock for measuring.
	Seconds() float64
	// CountError counts an error reply that the script made up.
	CountError(resp.Error)
}

// Failure is the error that ends a script.
type Failure struct {
	Reply resp.Error
	// Counted tells that the error came from a command and was counted there.
	Counted bool
}

func (f *Failure) Error() string { return string(f.Reply) }

// Interp runs scripts, or functions. It keeps nothing from one to the next but
// the settings of cjson, the state of math.random, and what libraries have in
// their variables.
type Interp struct {
	state      *lua.State
	supervisor Supervisor
	host       Host        // nil while a library is loaded
	registry   *registry   // nil: it is for scripts
	reply      resp.Writer // of the command that was called
	args       [][]byte
	text       []byte // of args
}

// Options are what scripts are told about the server.
type Options struct {
	Version string // "7.4.1"
	// MaxString is the longest string that a script can make, in bytes; 0 means
	// 512 MB.
	MaxString int
	// Libraries: true for functions of libraries, false for scripts.
	Libraries bool
}

// hookSteps is how many calls and turns of loops there are between two calls
// of Supervisor.Interrupt.
const hookSteps = 10000

// InterpSize is about how many bytes an interpreter takes.
const InterpSize = 29 << 10

// New returns an interpreter.
func New(o Options) *Interp {
	in := &Interp{state: lua.NewState()}
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
	in.open(o.Version, !o.Libraries)
	if o.Libraries {
		in.openRegistry(o.Version)
	}
	return in
}

// Run runs a script and appends its reply to out. The error is a *Failure;
// nothing was written then.
func (in *Interp) Run(s *Script, host Host, keys, argv [][]byte, out *resp.Writer) error {
	g := in.state.Globals
	g.ReadOnly = false
	g.SetField("KEYS", array(keys))
	g.SetField("ARGV", array(argv))
	g.ReadOnly = true
	return in.run(s.SHA, host, out, in.state.Load(s.proto))
}

// Call calls a function of a library that was registered here, as Run runs a
// script.
func (in *Interp) Call(f *Function, host Host, keys, argv [][]byte, out *resp.Writer) error {
	return in.run(f.Name, host, out, f.fn, array(keys), array(argv))
}

// run calls a function that is called name in errors.
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
		if in.supervisor != nil { // a panic, which is a bug in the server
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

// locate is called where an error is raised and makes a table of it that tells
// where that is: in the function itself if it is one of the script, else in
// its caller.
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

// failure words the error that ended a script or a function of that name.
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

// errorText returns the reply for an error, without its place.
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

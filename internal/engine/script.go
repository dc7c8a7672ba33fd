package engine

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/resp-server/resp-server/internal/acl"
	"github.com/resp-server/resp-server/internal/compat"
	"github.com/resp-server/resp-server/internal/journal"
	"github.com/resp-server/resp-server/internal/rdb"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/script"
	"github.com/resp-server/resp-server/internal/spec"
	"github.com/resp-server/resp-server/internal/vfs"
)

// Scripts are the scripts that clients can call by their SHA-1. If there are too many
// that came with EVAL, the least recently used ones are forgotten. Loaded ones stay.
type Scripts struct {
	cache    map[string]*cachedScript
	last     *cachedScript // that came last with EVAL or SCRIPT LOAD, if it is in cache
	evals    list.List     // of *cachedScript, the least recently used first
	interp   *script.Interp
	size     int // of the scripts, in bytes
	compiled int // size of their compiled form
}

func (s *Scripts) check() error {
	size, compiled, evals := 0, 0, 0
	if s.last != nil && s.cache[s.last.SHA] != s.last {
		return fmt.Errorf("script %s came last and is gone", s.last.SHA)
	}
	for sha, c := range s.cache {
		n, code := c.Size()
		size, compiled = size+n, compiled+code
		if c.SHA != sha {
			return fmt.Errorf("script %s is found as %s", c.SHA, sha)
		}
		if c.place != nil {
			evals++
			if c.place.Value != c {
				return fmt.Errorf("script %s has the place of another one", sha)
			}
		}
	}
	switch {
	case size != s.size || compiled != s.compiled:
		return fmt.Errorf("%d and %d bytes, counted as %d and %d", size, compiled, s.size, s.compiled)
	case evals != s.evals.Len() || evals > maxEvals:
		return fmt.Errorf("%d came with EVAL, %d have a place", evals, s.evals.Len())
	}
	return nil
}

// maxEvals bounds the scripts that are kept because of EVAL.
const maxEvals = 500

type cachedScript struct {
	*script.Script
	place *list.Element // in evals; nil if it was loaded
}

// Len returns the number of scripts.
func (s *Scripts) Len() int { return len(s.cache) }

// Size estimates the bytes of the scripts, and those of the interpreter with their
// compiled forms.
func (s *Scripts) Size() (scripts, machine int) { return s.size, machineSize(s.interp, s.compiled) }

func machineSize(interp *script.Interp, compiled int) int {
	if interp != nil {
		compiled += script.InterpSize
	}
	return compiled
}

// Find returns a script by its SHA-1 in lower case, or nil.
func (s *Scripts) Find(sha string) *script.Script {
	c := s.cache[sha]
	if c == nil {
		return nil
	}
	if c.place != nil {
		s.evals.MoveToBack(c.place)
	}
	return c.Script
}

// scriptFlags returns the flags of a command that calls a script or a function. Flags
// that the script declares replace those assumed of any script.
func (e *Core) scriptFlags(cmd *Command, args [][]byte) spec.Flag {
	var declared script.Flags
	switch cmd.Script {
	case spec.ScriptSource:
		declared = script.FlagsOf(args[1])
	case spec.ScriptSHA:
		if s := e.Scripts.Find(string(toLower(args[1]))); s != nil {
			declared = s.Flags
		}
	default:
		if f := e.Functions.Function(args[1]); f != nil {
			declared = f.Flags
		}
	}
	flags := cmd.Flags
	if declared&script.Declared == 0 {
		return flags
	}
	flags &^= spec.Stale | spec.DenyOOM | spec.Write | spec.MayReplicate
	if declared&script.AllowStale != 0 {
		flags |= spec.Stale
	}
	if declared&script.NoWrites == 0 {
		flags |= spec.Write
		if declared&script.AllowOOM == 0 {
			flags |= spec.DenyOOM
		}
	}
	return flags
}

// LoadScript compiles a source unless it is compiled already. If loaded is true the
// script stays until SCRIPT FLUSH.
func (e *Core) LoadScript(source []byte, loaded bool) (*script.Script, error) {
	s := &e.Scripts
	if l := s.last; l != nil && l.Source == string(source) { // to compare is faster than to hash
		if l.place != nil {
			s.evals.MoveToBack(l.place)
		}
		return l.Script, nil
	}
	sha := script.SHA(source)
	if known := s.Find(sha); known != nil {
		s.last = s.cache[sha]
		return known, nil
	}
	compiled, err := script.Compile(source)
	if err != nil {
		return nil, err
	}
	e.keepScript(compiled, loaded)
	return compiled, nil
}

// keepScript adds a script to those that clients can call.
func (e *Core) keepScript(compiled *script.Script, loaded bool) {
	s := &e.Scripts
	c := &cachedScript{Script: compiled}
	if !loaded {
		for s.evals.Len() >= maxEvals {
			oldest := s.evals.Remove(s.evals.Front()).(*cachedScript)
			delete(s.cache, oldest.SHA)
			if s.last == oldest {
				s.last = nil
			}
			size, code := oldest.Size()
			s.size -= size
			s.compiled -= code
			e.Stats.EvictedScripts++
		}
		c.place = s.evals.PushBack(c)
	}
	if s.cache == nil {
		s.cache = make(map[string]*cachedScript)
	}
	s.cache[c.SHA], s.last = c, c
	size, code := c.Size()
	s.size += size
	s.compiled += code
}

// FlushScripts forgets all scripts. With later their memory counts as freed in the
// background.
func (e *Core) FlushScripts(later bool) {
	if later {
		e.freedLater(e.Scripts.Len())
	}
	e.Scripts = Scripts{}
}

// RunScript runs a script as the command of this Ctx, as one unit. With readOnly it may
// not call commands that write.
func (c *Ctx) RunScript(s *script.Script, keys, argv [][]byte, readOnly bool) error {
	run := c.newRun(s.SHA)
	run.eval = true
	return run.start(&c.Scripts.interp, s.Flags, readOnly, func(in *script.Interp) error {
		return in.Run(s, run, keys, argv, c.w)
	})
}

// newRun returns the run of a script or function that begins. There is one at a time.
func (c *Ctx) newRun(name string) *scriptRun {
	c.oneRun = scriptRun{c: c, name: name}
	return &c.oneRun
}

const errDiskScript resp.Error = "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. " +
	"Writable scripts are blocked. Use 'no-writes' flag for read only scripts."

const errAppendScript resp.Error = "MISCONF Redis is configured to persist data to AOF, but it's currently unable to persist to disk. " +
	"Writable scripts are blocked. Use 'no-writes' flag for read only scripts. AOF error: "

const errStaleScript resp.Error = "MASTERDOWN Link with MASTER is down, replica-serve-stale-data is set to 'no' and 'allow-stale' flag is not set on the script."

const errOOMScript resp.Error = "OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'"

// scriptRun is the host of a script or a function while it runs.
type scriptRun struct {
	c        *Ctx
	name     string
	eval     bool // it is a script
	readOnly bool
	allowOOM bool
	wrote    bool
	killed   bool
	// In a cluster: the slot of the keys so far, or -1, whether others may follow,
	// and whether the client was sent by ASK.
	slot      int
	crossSlot bool
	asked     bool

	began time.Duration // of the monotonic clock
	time  int64         // µs since 1970, when it last let others in
	aside turn          // while others are in
}

// start runs a script or a function, unless its flags or the state of the server forbid
// it.
func (r *scriptRun) start(interp **script.Interp, flags script.Flags, readOnly bool, run func(*script.Interp) error) error {
	c := r.c
	if err := r.allowed(flags, readOnly); err != nil {
		return err
	}
	r.slot, r.asked, r.crossSlot = c.cluster.slot, c.cluster.asked, flags&script.Declared == 0 || flags&script.AllowCrossSlot != 0
	if r.crossSlot {
		c.cluster.slot = -1 // the script is counted with none
	}
	if *interp == nil {
		*interp = c.newInterp(!r.eval)
	}
	r.readOnly = readOnly || flags&script.NoWrites != 0
	r.allowOOM = flags&script.AllowOOM != 0
	r.began = c.clock.Monotonic()
	db, extras := c.Session.db, c.Session.extras
	c.Session.extras = nil
	c.script = r
	defer func() {
		c.script = nil
		r.endBusy()
		c.Session.db, c.Session.extras = db, extras
		c.unit.withheld = 0
		c.PropagateNothing() // its commands have done so
	}()
	err := run(*interp)
	if f, ok := err.(*script.Failure); ok {
		if f.Counted { // once, but two commands failed
			c.Stats.command(c.Cmd).Failed++
			c.w.Error(f.Reply)
			return nil
		}
		return f.Reply
	}
	return err
}

// allowed returns why a script or function with these flags may not run, or nil. A
// gate has refused most of them already: not those of a transaction that changes
// what the gates look at, nor a script that was not known yet.
func (r *scriptRun) allowed(flags script.Flags, readOnly bool) error {
	c := r.c
	obeys := c.Session.obeyed
	stale := c.isStale() && !obeys
	if flags&script.Declared == 0 {
		if stale {
			return resp.ErrMasterDown
		}
		return nil
	}
	switch {
	case c.cluster.node != nil && flags&script.NoCluster != 0:
		return resp.Error("ERR Can not run script on cluster, 'no-cluster' flag is set.")
	case stale && flags&script.AllowStale == 0:
		return errStaleScript
	case flags&script.NoWrites != 0:
		return nil // and it takes no memory
	case c.IsReplica() && c.Config.Replication.ReadOnly && !obeys:
		return resp.Error("READONLY Can not run script with write flag on readonly replica")
	case c.refuseWrites && !obeys:
		return errDiskScript
	case c.append.err != nil && !obeys:
		return errAppendScript + resp.Error(vfs.Reason(c.append.err))
	case readOnly:
		return resp.Error("ERR Can not execute a script with write flag using *_ro command.")
	case c.tooFewReplicas():
		return resp.ErrNoReplicas
	case flags&script.AllowOOM == 0 && c.evict.failed:
		return errOOMScript
	}
	return nil
}

func (e *Core) newInterp(libraries bool) *script.Interp {
	return script.New(script.Options{Edition: e.Config.Edition, MaxString: int(e.Config.ProtoMaxBulkLen), Libraries: libraries})
}

// Call runs a command for the script.
func (r *scriptRun) Call(args [][]byte, w *resp.Writer) error {
	c := r.c
	if c.inScripts != nil {
		if reply, ok := c.inScripts(args, w.Proto); ok {
			w.Raw(reply)
			return nil
		}
	}
	cmd, err := c.table.lookup(args)
	if err == nil {
		err = r.gate(cmd, args)
	} else if cmd == nil {
		err = resp.Error("ERR Unknown Redis command called from script")
	} else {
		err = resp.Error("ERR Wrong number of args calling Redis command from script")
	}
	if err != nil {
		c.countError(err.(resp.Error))
		if cmd != nil {
			c.Stats.command(cmd).Rejected++
		}
		return err
	}
	r.wrote = r.wrote || cmd.Flags&spec.Write != 0
	out := c.w
	c.w = w
	c.Call(cmd, args)
	c.w = out
	return nil
}

// gate decides whether the script may run a command.
func (r *scriptRun) gate(cmd *Command, args [][]byte) error {
	if cmd.Flags&spec.NoScript != 0 && !r.c.debug.scriptsCallAll {
		return resp.Error("ERR This Redis command is not allowed from script")
	}
	if cmd.Flags&spec.Stale == 0 && r.c.isStale() && !r.c.Session.obeyed {
		return resp.Error("ERR Can not execute the command on a stale replica")
	}
	if !r.c.Session.user.Unrestricted {
		if why := r.c.Session.deny(cmd, args, acl.InScript); why != "" {
			return resp.Error("ERR ACL failure in script: " + why)
		}
	}
	if err := r.gateWrite(cmd); err != nil {
		return err
	}
	if err := r.gateCluster(cmd, args); err != nil {
		return err
	}
	return r.gateStrict(cmd, args)
}

// gateWrite decides whether the script may run a command that writes. What was
// begun with a write goes on.
func (r *scriptRun) gateWrite(cmd *Command) error {
	c, writes := r.c, cmd.Flags&spec.Write != 0
	switch {
	case r.readOnly && cmd.Flags&(spec.Write|spec.MayReplicate) != 0:
		return resp.Error("ERR Write commands are not allowed from read-only scripts.")
	case r.wrote:
		return nil
	case writes && c.gates&gateReadOnly != 0 && !c.Session.obeyed:
		return resp.ErrReadOnly
	case writes && (c.refuseWrites || c.append.err != nil):
		return c.diskError()
	case writes && c.gates&gateReplicas != 0 && c.tooFewReplicas():
		return resp.ErrNoReplicas
	case cmd.Flags&spec.DenyOOM != 0 && c.evict.failed && !r.allowOOM && !c.Session.obeyed:
		return resp.ErrOOM
	}
	return nil
}

// MayCall reports whether the user may call a command, and whether the server knows it.
func (r *scriptRun) MayCall(args [][]byte) (may, known bool) {
	cmd, _ := r.c.table.lookup(args)
	return cmd != nil && r.c.Session.check(cmd, args).Reason == acl.Granted, cmd != nil
}

// Propagate sets the targets of the script's effects from now on: 1 is the append-only
// file, 2 are the replicas.
func (r *scriptRun) Propagate(to int) { r.c.unit.withheld = journal.Both &^ journal.Target(to) }

// Seconds returns the clock.
func (r *scriptRun) Seconds() float64 { return r.c.clock.Monotonic().Seconds() }

// CountError counts an error that a script made up.
func (r *scriptRun) CountError(e resp.Error) { r.c.countError(e) }

// Log writes what a script says to the log.
func (r *scriptRun) Log(level int, text string) { r.c.logScript(level, text) }

func (e *Core) logScript(level int, text string) {
	e.Log.Log(context.Background(), [...]slog.Level{slog.LevelDebug, slog.LevelDebug, slog.LevelInfo, slog.LevelWarn}[level], text)
}

// Functions are the libraries of functions that FCALL calls.
type Functions struct {
	script.Libraries
	interp *script.Interp // all of them are registered in it
}

func (f *Functions) check() error {
	if n, _ := f.Len(); n > 0 && f.interp == nil {
		return errors.New("there are libraries, but nothing that runs them")
	}
	return f.Libraries.Check()
}

// Size estimates the bytes of the libraries, and those of the interpreter with their
// compiled forms.
func (f *Functions) Size() (libraries, machine int) {
	libraries, machine = f.Libraries.Size()
	return libraries, machineSize(f.interp, machine)
}

// loadTimeout is how long a library may take to register its functions.
const loadTimeout = 500 * time.Millisecond

// LoadLibrary adds the library of a source and returns its name. It replaces one of the
// same name only if replace is true.
func (c *Ctx) LoadLibrary(code []byte, replace bool) (name string, err error) {
	l, err := c.loadLibrary(&c.Functions.Libraries, code, replace, loadTimeout)
	if err != nil {
		return "", err
	}
	c.changedFunctions()
	return l.Name, nil
}

// loadLibrary adds a library to a set. With a timeout of 0 it may take any time.
func (e *Core) loadLibrary(to *script.Libraries, code []byte, replace bool, timeout time.Duration) (*script.Library, error) {
	l, err := script.ReadLibrary(string(code))
	if err != nil {
		return nil, err
	}
	if to.Find(l.Name) != nil && !replace {
		return nil, resp.Errorf("ERR Library '%s' already exists", l.Name)
	}
	if e.Functions.interp == nil {
		e.Functions.interp = e.newInterp(true)
	}
	s := loading{e: e}
	if timeout > 0 {
		s.until = e.clock.Monotonic() + timeout
	}
	if err := e.Functions.interp.Register(l, &s); err != nil {
		return nil, err
	}
	return l, to.Add(l)
}

// loading is the host of a library while it is loaded.
type loading struct {
	e     *Core
	until time.Duration // of the monotonic clock; 0: for ever
}

// Log writes what a library says to the log.
func (l *loading) Log(level int, text string) { l.e.logScript(level, text) }

var errLoadTimeout = errors.New("FUNCTION LOAD timeout")

// Interrupt ends a library that takes too long.
func (l *loading) Interrupt() error {
	if l.e.stopping.Load() || l.until != 0 && l.e.clock.Monotonic() > l.until {
		return errLoadTimeout
	}
	return nil
}

// loadLibraries makes a set of libraries from the sources in a file.
func (e *Core) loadLibraries(sources [][]byte) (*script.Libraries, error) {
	set := &script.Libraries{}
	for _, code := range sources {
		if _, err := e.loadLibrary(set, code, false, 0); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// Sources returns the sources of the libraries.
func (f *Functions) Sources() [][]byte {
	var list [][]byte
	for _, l := range f.All() {
		list = append(list, []byte(l.Code))
	}
	return list
}

// DumpLibraries returns all libraries in the form that RestoreLibraries reads.
func (e *Core) DumpLibraries() []byte { return e.Dumper().DumpFunctions(e.Functions.Sources()) }

// RestorePolicy decides about the present libraries.
type RestorePolicy uint8

// What RestoreLibraries does with the present libraries.
const (
	RestoreAppend  RestorePolicy = iota // keeps them; one that is there is an error
	RestoreReplace                      // replaces those of the same name
	RestoreFlush                        // removes all
)

// RestoreLibraries adds what DumpLibraries returned, or nothing if it fails.
func (c *Ctx) RestoreLibraries(payload []byte, policy RestorePolicy) error {
	set := script.Libraries{}
	err := c.payload().DecodeFunctions(payload, func(code []byte) error {
		_, err := c.loadLibrary(&set, code, false, 0)
		return err
	})
	switch {
	case err == rdb.ErrOldFunction && !c.Since(compat.FunctionFormat):
		return errors.New("Failed loading library name")
	case err != nil:
		return err
	case policy == RestoreFlush:
		c.Functions.Libraries = set
	default:
		if err := c.Functions.Join(&set, policy == RestoreReplace); err != nil {
			return err
		}
	}
	c.changedFunctions()
	return nil
}

// changedFunctions reports that the command has changed the libraries.
func (c *Ctx) changedFunctions() {
	c.unit.changes++
	c.Stats.Changes++
}

// DeleteLibrary removes a library and reports whether it was there.
func (c *Ctx) DeleteLibrary(name []byte) bool {
	if !c.Functions.Remove(string(name)) {
		return false
	}
	c.changedFunctions()
	return true
}

// FlushLibraries removes all libraries. With later their memory counts as freed in
// the background.
func (c *Ctx) FlushLibraries(later bool) {
	if _, n := c.Functions.Len(); later {
		c.freedLater(n + 1) // and their interpreter
	}
	c.Functions = Functions{}
	c.changedFunctions()
}

// CallFunction calls a function as RunScript runs a script.
func (c *Ctx) CallFunction(f *script.Function, keys, argv [][]byte, readOnly bool) error {
	run := c.newRun(f.Name)
	return run.start(&c.Functions.interp, f.Flags, readOnly, func(in *script.Interp) error {
		return in.Call(f, run, keys, argv, c.w)
	})
}

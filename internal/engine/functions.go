package engine

import (
	"errors"
	"time"

	"github.com/resp-server/resp-server/internal/rdb"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/script"
)

// Functions are the libraries of functions that FCALL calls.
type Functions struct {
	script.Libraries
	interp *script.Interp // that all of them were registered in
}

// Size returns about how many bytes the libraries take, and how many the
// interpreter does with what they are compiled to.
func (f *Functions) Size() (libraries, machine int) {
	libraries, machine = f.Libraries.Size()
	return libraries, machineSize(f.interp, machine)
}

// loadTimeout is how long a library may take to register its functions.
const loadTimeout = 500 * time.Millisecond

// LoadLibrary adds the library that a source makes, in place of one of the same
// name only if replace is true, and returns its name.
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

// loading is the supervisor of a library that is loaded.
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

// loadLibraries makes a set of libraries from sources that a file has.
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

// RestorePolicy tells what becomes of the libraries that are there.
type RestorePolicy uint8

// What RestoreLibraries does with the libraries that are there.
const (
	RestoreAppend  RestorePolicy = iota // keeps them; one that is there is an error
	RestoreReplace                      // puts others in the place of those that are there
	RestoreFlush                        // removes all
)

// RestoreLibraries adds what DumpLibraries returned, or nothing if it fails.
func (c *Ctx) RestoreLibraries(payload []byte, policy RestorePolicy) error {
	set := script.Libraries{}
	err := rdb.DecodeFunctions(payload, func(code []byte) error {
		_, err := c.loadLibrary(&set, code, false, 0)
		return err
	})
	switch {
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

// changedFunctions says that the command changed the libraries.
func (c *Ctx) changedFunctions() {
	c.unit.changes++
	c.Stats.Changes++
}

// DeleteLibrary removes a library and tells whether it was there.
func (c *Ctx) DeleteLibrary(name []byte) bool {
	if !c.Functions.Remove(string(name)) {
		return false
	}
	c.changedFunctions()
	return true
}

// FlushLibraries removes all libraries; later tells that nobody waits for their
// memory.
func (c *Ctx) FlushLibraries(later bool) {
	if _, n := c.Functions.Len(); later {
		c.freedLater(n + 1) // and their interpreter
	}
	c.Functions = Functions{}
	c.changedFunctions()
}

// CallFunction calls a function as the command of this Ctx, as RunScript runs a
// script.
func (c *Ctx) CallFunction(f *script.Function, keys, argv [][]byte, readOnly bool) error {
	run := scriptRun{c: c, name: f.Name}
	return run.start(&c.Functions.interp, f.Flags, readOnly, func(in *script.Interp) error {
		return in.Call(f, &run, keys, argv, c.w)
	})
}

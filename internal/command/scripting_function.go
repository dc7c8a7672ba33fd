package command

import (
	"errors"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/glob"
	"github.com/resp-server/resp-server/internal/rdb"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/script"
)

var functionCommands = engine.Handlers{
	"fcall":            fcall(false),
	"fcall_ro":         fcall(true),
	"function|delete":  functionDelete,
	"function|dump":    functionDump,
	"function|flush":   functionFlush,
	"function|list":    functionList,
	"function|load":    functionLoad,
	"function|restore": functionRestore,
	"function|stats":   functionStats,
}

// FCALL function numkeys [key [key ...]] [arg [arg ...]]
// FCALL_RO function numkeys [key [key ...]] [arg [arg ...]]
func fcall(readOnly bool) engine.Handler {
	return func(c *engine.Ctx) error {
		f := c.Functions.Function(c.Args[1])
		if f == nil {
			return resp.Error("ERR Function not found")
		}
		n, err := c.ArgInt(2)
		if err != nil {
			return resp.Error("ERR Bad number of keys provided")
		}
		if err := checkKeyCount(c, n); err != nil {
			return err
		}
		args := c.Args[3:]
		return c.CallFunction(f, args[:n], args[n:], readOnly)
	}
}

// FUNCTION DELETE library-name
func functionDelete(c *engine.Ctx) error {
	if !c.DeleteLibrary(c.Args[2]) {
		return resp.Error("ERR Library not found")
	}
	return c.OK()
}

// FUNCTION DUMP
func functionDump(c *engine.Ctx) error { return c.Bulk(c.DumpLibraries()) }

// FUNCTION FLUSH [ASYNC | SYNC]
func functionFlush(c *engine.Ctx) error {
	switch {
	case len(c.Args) > 3:
		return subcommandSyntax(c)
	case len(c.Args) == 3 && !c.ArgIs(2, "sync") && !c.ArgIs(2, "async"):
		return resp.Error("ERR FUNCTION FLUSH only supports SYNC|ASYNC option")
	}
	c.FlushLibraries(len(c.Args) == 2 && c.Config.LazyUserFlush || c.ArgIs(len(c.Args)-1, "async"))
	return c.OK()
}

// FUNCTION LIST [LIBRARYNAME library-name-pattern] [WITHCODE]
func functionList(c *engine.Ctx) error {
	var pattern []byte
	withCode := false
	for i := 2; i < len(c.Args); i++ {
		switch {
		case !withCode && c.ArgIs(i, "withcode"):
			withCode = true
		case pattern == nil && c.ArgIs(i, "libraryname"):
			if i++; i == len(c.Args) {
				return resp.Error("ERR library name argument was not given")
			}
			pattern = c.Args[i]
		default:
			return resp.Errorf("ERR Unknown argument %s", c.Args[i])
		}
	}
	w := c.Out()
	head, n := w.ArrayLater(), 0
	for _, l := range c.Functions.All() {
		if pattern == nil || glob.Match(pattern, []byte(l.Name), true) {
			showLibrary(w, l, withCode)
			n++
		}
	}
	w.SetLen(head, n)
	return nil
}

func showLibrary(w *resp.Writer, l *script.Library, withCode bool) {
	fields := 3
	if withCode {
		fields++
	}
	w.Map(fields)
	w.BulkString("library_name")
	w.BulkString(l.Name)
	w.BulkString("engine")
	w.BulkString(script.Language)
	w.BulkString("functions")
	w.Array(len(l.Functions))
	for _, f := range l.Functions {
		w.Map(3)
		w.BulkString("name")
		w.BulkString(f.Name)
		w.BulkString("description")
		if f.Described {
			w.BulkString(f.Description)
		} else {
			w.Null()
		}
		w.BulkString("flags")
		flags := f.Flags.Names()
		w.Set(len(flags))
		for _, name := range flags {
			w.Simple(name)
		}
	}
	if withCode {
		w.BulkString("library_code")
		w.BulkString(l.Code)
	}
}

// FUNCTION LOAD [REPLACE] function-code
func functionLoad(c *engine.Ctx) error {
	last := len(c.Args) - 1
	replace := false
	for i := 2; i < last; i++ {
		if !c.ArgIs(i, "replace") {
			return resp.Errorf("ERR Unknown option given: %s", c.Args[i])
		}
		replace = true
	}
	name, err := c.LoadLibrary(c.Args[last], replace)
	if err != nil {
		return err
	}
	return c.BulkString(name)
}

// FUNCTION RESTORE serialized-value [FLUSH | APPEND | REPLACE]
func functionRestore(c *engine.Ctx) error {
	policy := engine.RestoreAppend
	switch {
	case len(c.Args) > 4:
		return subcommandSyntax(c)
	case len(c.Args) == 3 || c.ArgIs(3, "append"):
	case c.ArgIs(3, "replace"):
		policy = engine.RestoreReplace
	case c.ArgIs(3, "flush"):
		policy = engine.RestoreFlush
	default:
		return resp.Error("ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.")
	}
	err := c.RestoreLibraries(c.Args[2], policy)
	var damaged *rdb.FormatError
	switch {
	case errors.Is(err, rdb.ErrPayload):
		return resp.ErrPayload
	case errors.As(err, &damaged):
		return resp.Error("ERR Failed loading library payload")
	case err != nil:
		return err
	}
	return c.OK()
}

// FUNCTION STATS
func functionStats(c *engine.Ctx) error {
	running, err := c.RunningFunction()
	if err != nil {
		return err
	}
	w := c.Out()
	w.Map(2)
	w.BulkString("running_script")
	if running == nil {
		w.Null()
	} else {
		w.Map(3)
		w.BulkString("name")
		w.BulkString(running.Name)
		w.BulkString("command")
		w.Array(len(running.Command))
		for _, word := range running.Command {
			w.Bulk(word)
		}
		w.BulkString("duration_ms")
		w.Integer(running.Duration.Milliseconds())
	}
	libraries, functions := c.Functions.Len()
	w.BulkString("engines")
	w.Map(1)
	w.BulkString(script.Language)
	w.Map(2)
	w.BulkString("libraries_count")
	w.Integer(int64(libraries))
	w.BulkString("functions_count")
	w.Integer(int64(functions))
	return nil
}

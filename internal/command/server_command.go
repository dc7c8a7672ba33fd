package command

import (
	"bytes"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/glob"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/spec"
)

var commandCommands = engine.Handlers{
	"command":                 commandAll,
	"command|count":           commandCount,
	"command|docs":            commandDocs,
	"command|getkeys":         commandGetKeys(false),
	"command|getkeysandflags": commandGetKeys(true),
	"command|info":            commandInfo,
	"command|list":            commandList,
}

// COMMAND
func commandAll(c *engine.Ctx) error {
	top := c.Table().Top()
	c.Out().Raw(c.Table().Described(c.Proto(), func(w *resp.Writer) {
		w.Array(len(top))
		for _, cmd := range top {
			writeInfo(w, cmd)
		}
	}))
	return nil
}

// COMMAND COUNT
func commandCount(c *engine.Ctx) error { return c.Integer(len(c.Table().Top())) }

// COMMAND INFO [command-name [command-name ...]]
func commandInfo(c *engine.Ctx) error {
	if len(c.Args) == 2 {
		return commandAll(c)
	}
	c.Array(len(c.Args) - 2)
	for _, name := range c.Args[2:] {
		if cmd := findFull(c, name); cmd != nil {
			writeInfo(c.Out(), cmd)
		} else {
			c.Null()
		}
	}
	return nil
}

// findFull finds a command by its full name: "get" or "config|get".
func findFull(c *engine.Ctx, name []byte) *engine.Command {
	name, sub, isSub := bytes.Cut(name, []byte("|"))
	cmd := c.Table().Find(name)
	if cmd != nil && isSub {
		return cmd.Sub(sub)
	}
	return cmd
}

// writeInfo writes the reply of COMMAND INFO for one command.
func writeInfo(w *resp.Writer, cmd *engine.Command) {
	first, last, step := cmd.LegacyKeys()
	w.Array(10)
	w.BulkString(cmd.FullName)
	w.Integer(int64(cmd.Arity))
	statusSet(w, "", cmd.Flags.AppendNames(nil))
	w.Integer(int64(first))
	w.Integer(int64(last))
	w.Integer(int64(step))
	statusSet(w, "@", cmd.Categories.AppendNames(nil))
	w.Set(len(cmd.Tips))
	for _, tip := range cmd.Tips {
		w.BulkString(tip)
	}
	w.Set(len(cmd.Keys))
	for i := range cmd.Keys {
		writeKeySpec(w, &cmd.Keys[i])
	}
	subs := cmd.Subs()
	if len(subs) == 0 {
		w.Set(0)
		return
	}
	w.Array(len(subs))
	for _, sub := range subs {
		writeInfo(w, sub)
	}
}

func statusSet(w *resp.Writer, prefix string, names []string) {
	w.Set(len(names))
	for _, name := range names {
		w.Simple(prefix + name)
	}
}

func writeKeySpec(w *resp.Writer, k *spec.KeySpec) {
	n := 3
	if k.Notes != "" {
		n++
	}
	w.Map(n)
	if k.Notes != "" {
		textPair(w, "notes", k.Notes)
	}
	w.BulkString("flags")
	statusSet(w, "", k.Flags.AppendNames(nil))

	w.BulkString("begin_search")
	switch {
	case k.Unknown:
		searchMethod(w, "unknown", 0)
	case k.Keyword != "":
		searchMethod(w, "keyword", 2)
		textPair(w, "keyword", k.Keyword)
		numberPair(w, "startfrom", k.StartFrom)
	default:
		searchMethod(w, "index", 1)
		numberPair(w, "index", k.Index)
	}

	w.BulkString("find_keys")
	switch {
	case k.UnknownKeys:
		searchMethod(w, "unknown", 0)
	case k.KeyNum:
		searchMethod(w, "keynum", 3)
		numberPair(w, "keynumidx", k.KeyNumIdx)
		numberPair(w, "firstkey", k.FirstKey)
		numberPair(w, "keystep", k.Step)
	default:
		searchMethod(w, "range", 3)
		numberPair(w, "lastkey", k.LastKey)
		numberPair(w, "keystep", k.Step)
		numberPair(w, "limit", k.Limit)
	}
}

// searchMethod begins a search method of a key spec with n fields.
func searchMethod(w *resp.Writer, method string, n int) {
	w.Map(2)
	textPair(w, "type", method)
	w.BulkString("spec")
	w.Map(n)
}

func textPair(w *resp.Writer, name, value string) {
	w.BulkString(name)
	w.BulkString(value)
}

func intPair(w *resp.Writer, name string, value int64) {
	w.BulkString(name)
	w.Integer(value)
}

func numberPair(w *resp.Writer, name string, n int) {
	w.BulkString(name)
	w.Integer(int64(n))
}

// COMMAND DOCS [command-name [command-name ...]]
func commandDocs(c *engine.Ctx) error {
	w := c.Out()
	if len(c.Args) == 2 {
		writeDocsMap(w, c.Table().Top())
		return nil
	}
	var found []*engine.Command
	for _, name := range c.Args[2:] {
		if cmd := findFull(c, name); cmd != nil {
			found = append(found, cmd)
		}
	}
	writeDocsMap(w, found)
	return nil
}

func writeDocsMap(w *resp.Writer, cmds []*engine.Command) {
	w.Map(len(cmds))
	for _, cmd := range cmds {
		w.BulkString(cmd.FullName)
		writeDocs(w, cmd)
	}
}

func writeDocs(w *resp.Writer, cmd *engine.Command) {
	m, n := w.MapLater(), 0
	text := func(name, value string) {
		if value != "" {
			textPair(w, name, value)
			n++
		}
	}
	text("summary", cmd.Summary)
	text("since", cmd.Since)
	text("group", cmd.Group)
	text("complexity", cmd.Complexity)
	if cmd.Doc != 0 {
		w.BulkString("doc_flags")
		statusSet(w, "", cmd.Doc.AppendNames(nil))
		n++
	}
	text("deprecated_since", cmd.DeprecatedSince)
	text("replaced_by", cmd.ReplacedBy)
	if len(cmd.History) > 0 {
		w.BulkString("history")
		w.Set(len(cmd.History))
		for _, h := range cmd.History {
			w.Array(2)
			textPair(w, h.Version, h.What)
		}
		n++
	}
	if len(cmd.Args) > 0 {
		w.BulkString("arguments")
		writeArgs(w, cmd.Args)
		n++
	}
	if subs := cmd.Subs(); len(subs) > 0 {
		w.BulkString("subcommands")
		writeDocsMap(w, subs)
		n++
	}
	w.SetLen(m, n)
}

func writeArgs(w *resp.Writer, args []spec.Arg) {
	w.Array(len(args))
	for i := range args {
		writeArg(w, &args[i])
	}
}

func writeArg(w *resp.Writer, a *spec.Arg) {
	m, n := w.MapLater(), 2
	textPair(w, "name", a.Name)
	textPair(w, "type", a.Type.String())
	text := func(name, value string, given bool) {
		if given {
			textPair(w, name, value)
			n++
		}
	}
	nested := a.Type == spec.OneOf || a.Type == spec.Block
	if !nested {
		display := a.Display
		if display == "" {
			display = a.Name
		}
		text("display_text", display, true)
	}
	if a.KeySpec > 0 {
		numberPair(w, "key_spec_index", a.KeySpec-1)
		n++
	}
	text("token", a.Token, a.Token != "" || a.EmptyToken)
	text("since", a.Since, a.Since != "" && !a.Undocumented)
	text("deprecated_since", a.DeprecatedSince, a.DeprecatedSince != "")
	var flags []string
	if a.Optional {
		flags = append(flags, "optional")
	}
	if a.Multiple {
		flags = append(flags, "multiple")
	}
	if a.MultipleToken {
		flags = append(flags, "multiple_token")
	}
	if len(flags) > 0 {
		w.BulkString("flags")
		statusSet(w, "", flags)
		n++
	}
	if nested {
		w.BulkString("arguments")
		writeArgs(w, a.Args)
		n++
	}
	w.SetLen(m, n)
}

// COMMAND LIST [FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]
func commandList(c *engine.Ctx) error {
	wanted := func(*engine.Command) bool { return true }
	if len(c.Args) > 2 {
		if len(c.Args) != 5 || !c.ArgIs(2, "filterby") {
			return resp.ErrSyntax
		}
		arg := c.Args[4]
		switch {
		case c.ArgIs(3, "module"): // there are no loadable modules
			wanted = func(*engine.Command) bool { return false }
		case c.ArgIs(3, "aclcat"):
			category := spec.CategoryNamed(string(bytes.ToLower(arg)))
			wanted = func(cmd *engine.Command) bool { return cmd.Categories&category != 0 }
		case c.ArgIs(3, "pattern"):
			wanted = func(cmd *engine.Command) bool { return glob.Match(arg, []byte(cmd.FullName), true) }
		default:
			return resp.ErrSyntax
		}
	}
	w := c.Out()
	m, n := w.ArrayLater(), 0
	for _, cmd := range c.Table().All() {
		if wanted(cmd) {
			w.BulkString(cmd.FullName)
			n++
		}
	}
	w.SetLen(m, n)
	return nil
}

// COMMAND GETKEYS command [arg [arg ...]]
// COMMAND GETKEYSANDFLAGS command [arg [arg ...]]
func commandGetKeys(withFlags bool) engine.Handler {
	return func(c *engine.Ctx) error {
		args := c.Args[2:]
		cmd := c.Table().Find(args[0])
		if cmd != nil && len(args) > 1 && len(cmd.Subs()) > 0 {
			cmd = cmd.Sub(args[1])
		}
		switch {
		case cmd == nil:
			return resp.Error("ERR Invalid command specified")
		case !cmd.HasKeys():
			return resp.Error("ERR The command has no key arguments")
		case !cmd.Takes(len(args)):
			return resp.Error("ERR Invalid number of arguments specified for command")
		}
		keys, _ := cmd.KeyPositions(nil, args)
		if len(keys) == 0 && cmd.Flags&spec.NoMandatoryKeys == 0 {
			return resp.Error("ERR Invalid arguments specified for command")
		}
		w := c.Out()
		w.Array(len(keys))
		for _, k := range keys {
			if withFlags {
				w.Array(2)
			}
			w.Bulk(args[k.Index])
			if withFlags {
				statusSet(w, "", k.Flags.AppendNames(nil))
			}
		}
		return nil
	}
}

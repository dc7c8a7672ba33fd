package engine

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/resp-server/resp-server/internal/acl"
	"github.com/resp-server/resp-server/internal/compat"
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/spec"
)

// Handler runs one command. It reads its arguments in the order in which the real
// server reads them, because that order is visible. It returns an error before its
// first change, or none. It writes exactly one reply.
type Handler func(*Ctx) error

// Handlers maps names to handlers: "get", and "config|get" for subcommands.
type Handlers map[string]Handler

// Command is a row of the command table with its handler.
type Command struct {
	*spec.Command
	// FullName is the name as errors and statistics show it: "config|get".
	FullName string
	// Container is the command that this is a subcommand of.
	Container *Command
	// Options are the flat options in lower case, for Ctx.Options.
	Options []spec.Option

	called  string // its name for clients: Name, unless it was renamed
	id      int    // index into the statistics
	acl     *acl.Command
	handler Handler
	traits  spec.Trait
	order   order // of the reply, as far as it is open
	gates   gateSet
	// enabledBy is the setting that allows the command, or nil.
	enabledBy *config.Param
	sub       map[string]*Command
}

// Table is the set of commands that a server has. It is immutable.
type Table struct {
	all   []*Command
	top   []*Command
	index []*Command // open addressing by the folded name
	// Missing lists the full names of the rows of package spec that have no
	// handler. They answer as unknown commands.
	Missing []string
	// original is the table before commands were renamed; nil means this one.
	original *Table
	edition  *compat.Edition
	// described are the replies to COMMAND in RESP2 and RESP3, made when first needed.
	described [2]struct {
		once  sync.Once
		reply []byte
	}
}

// Module is a part of the server: commands with their handlers. It registers its types,
// settings and events in the packages of these.
type Module struct {
	// Rows are tables of package spec.
	Rows     [][]spec.Command
	Handlers Handlers
}

// NewTable joins the rows of modules with their handlers. It panics if a handler has no
// row, or a row names an unknown setting: these are mistakes in the program.
func NewTable(modules ...Module) *Table { return NewTableOf(compat.Latest, modules...) }

// NewTableOf is NewTable for the commands and options of an edition.
func NewTableOf(edition *compat.Edition, modules ...Module) *Table {
	t := &Table{edition: edition}
	for _, m := range modules {
		handlers := maps.Clone(m.Handlers)
		for _, group := range m.Rows {
			for i := range group {
				if c := t.add(&group[i], nil, handlers); c != nil {
					t.top = append(t.top, c)
				}
			}
		}
		for name := range handlers {
			panic("engine: no row in the command table for " + name)
		}
	}
	t.makeIndex()
	return t
}

func (t *Table) makeIndex() {
	size := 16
	for size < 3*len(t.top) {
		size *= 2
	}
	t.index = make([]*Command, size)
	for _, c := range t.top {
		i := foldHash([]byte(c.called)) & (size - 1)
		for t.index[i] != nil {
			i = (i + 1) & (size - 1)
		}
		t.index[i] = c
	}
}

// The errors of Rename.
var (
	ErrNoSuchCommand = errors.New("No such command in rename-command")
	ErrNameExists    = errors.New("Target command name already exists")
)

// Rename returns a table in which clients call a command by another name, or can't call
// it if that is empty. ACL rules, statistics, the journal and everything else use the
// command's own name.
func (t *Table) Rename(from, to string) (*Table, error) {
	from, to = strings.ToLower(from), strings.ToLower(to)
	missing := slices.Contains(t.Missing, from) // one that is known but can't be run is gone in any case
	c := t.Find([]byte(from))
	switch {
	case c == nil && !missing:
		return nil, ErrNoSuchCommand
	case to != from && (t.Find([]byte(to)) != nil || slices.Contains(t.Missing, to)):
		return nil, ErrNameExists
	}
	next := &Table{Missing: t.Missing, original: t.Original(), edition: t.edition}
	if missing {
		next.Missing = slices.DeleteFunc(slices.Clone(t.Missing), func(m string) bool { return m == from })
		if to != "" {
			next.Missing = append(next.Missing, to)
		}
	}
	var renamed *Command
	if c != nil && to != "" {
		copied := *c
		renamed = &copied
		renamed.called = to
		renamed.sub = maps.Clone(c.sub)
		for name, s := range renamed.sub {
			sub := *s
			sub.Container = renamed
			renamed.sub[name] = &sub
		}
	}
	for _, o := range t.all {
		top := o
		if o.Container != nil {
			top = o.Container
		}
		switch {
		case top != c:
		case renamed == nil:
			continue
		case o == c:
			o = renamed
		default:
			o = renamed.sub[o.Name]
		}
		next.all = append(next.all, o)
		if o.Container == nil {
			next.top = append(next.top, o)
		}
	}
	next.makeIndex()
	return next, nil
}

// Original returns the table with all commands under their own names.
func (t *Table) Original() *Table {
	if t.original != nil {
		return t.original
	}
	return t
}

// Own returns the words of a client's command with the command's own name, or nil if
// clients can't call it.
func (t *Table) Own(args [][]byte) [][]byte {
	switch c := t.Find(args[0]); {
	case c != nil:
		return c.own(args)
	case t.original == nil || slices.Contains(t.Missing, string(toLower(args[0]))):
		return args
	}
	return nil
}

// own returns the words of a command with its own name.
func (c *Command) own(args [][]byte) [][]byte {
	top := c
	if c.Container != nil {
		top = c.Container
	}
	if top.called == top.Name {
		return args
	}
	args = slices.Clone(args)
	args[0] = []byte(strings.ToUpper(top.Name))
	return args
}

func (t *Table) add(row *spec.Command, container *Command, handlers Handlers) *Command {
	name, traits := row.Name, row.Traits
	if container != nil {
		name = container.Name + "|" + row.Name
		traits |= container.traits
	}
	older := row.Until(name, t.edition.Knows)
	c := &Command{Command: older, FullName: name, called: row.Name, Container: container, Options: older.Options(), traits: traits, acl: acl.Of(row), gates: gatesOf(older)}
	if row.EnabledBy != "" {
		p, ok := config.Find(row.EnabledBy)
		if !ok {
			panic("engine: no setting " + row.EnabledBy + " for " + c.FullName)
		}
		c.enabledBy = p
	}
	for i := range c.Options {
		c.Options[i].Text = strings.ToLower(c.Options[i].Text)
	}
	c.order = orderOf(c)
	c.handler = handlers[c.FullName]
	delete(handlers, c.FullName)
	known := t.edition.Knows(row.Since) || row.Since == "" && row.ValkeySince == "" // our own are in all editions
	for i := range row.Subcommands {
		if s := t.add(&row.Subcommands[i], c, handlers); s != nil {
			if c.sub == nil {
				c.sub = make(map[string]*Command)
			}
			c.sub[s.Name] = s
		}
	}
	if !known {
		return nil
	}
	if c.handler == nil && c.sub == nil {
		t.Missing = append(t.Missing, c.FullName)
		return nil
	}
	c.id = len(t.all)
	t.all = append(t.all, c)
	return c
}

// All returns the commands that have a handler and the containers of
// subcommands that do.
func (t *Table) All() []*Command { return t.all }

// Top returns the commands that are not subcommands.
func (t *Table) Top() []*Command { return t.top }

// Described returns the reply to COMMAND in a version of the protocol. It has a hundred
// kilobytes, and clients for clusters ask for it whenever they connect, so describe
// writes it only once.
func (t *Table) Described(proto int, describe func(*resp.Writer)) []byte {
	d := &t.described[max(proto, 2)-2]
	d.once.Do(func() {
		w := resp.Writer{Proto: proto}
		describe(&w)
		d.reply = w.Buf
	})
	return d.reply
}

// Find returns a command by the name that clients call it, in any case, or nil.
func (t *Table) Find(name []byte) *Command {
	mask := len(t.index) - 1
	for i := foldHash(name) & mask; t.index[i] != nil; i = (i + 1) & mask {
		if c := t.index[i]; EqualFold(name, c.called) {
			return c
		}
	}
	return nil
}

// Sub returns a subcommand by its name in any case, or nil.
func (c *Command) Sub(name []byte) *Command {
	if s := c.sub[string(name)]; s != nil || len(name) > 64 {
		return s
	}
	return c.sub[string(toLower(name))]
}

// Subs returns the subcommands that have a handler, by name.
func (c *Command) Subs() []*Command {
	subs := make([]*Command, 0, len(c.sub))
	for i := range c.Subcommands {
		if s := c.sub[c.Subcommands[i].Name]; s != nil {
			subs = append(subs, s)
		}
	}
	return subs
}

// lookup finds the command or subcommand that args call, and checks the number of
// arguments.
func (t *Table) lookup(args [][]byte) (*Command, error) {
	c := t.Find(args[0])
	if c == nil {
		return nil, unknownCommand(args)
	}
	if c.sub != nil && len(args) > 1 {
		s := c.Sub(args[1])
		if s == nil {
			return nil, resp.Errorf("ERR unknown subcommand '%.128s'. Try %s HELP.", args[1], strings.ToUpper(c.called))
		}
		c = s
	}
	if !c.Takes(len(args)) {
		return c, wrongArity(c)
	}
	return c, nil
}

// Runs reports whether the command has a handler of its own; a container of
// subcommands mostly has none.
func (c *Command) Runs() bool { return c.handler != nil }

func wrongArity(c *Command) error {
	return resp.WrongArity(c.FullName)
}

// unknownCommand shows the beginning of what was sent, as much as Redis does.
func unknownCommand(args [][]byte) error {
	const most = 128
	var shown resp.Error
	for _, a := range args[1:] {
		if len(shown) >= most {
			break
		}
		shown += resp.Errorf("'%.*s' ", most-len(shown), a)
	}
	return resp.Errorf("ERR unknown command '%.*s', with args beginning with: %s", most, args[0], shown)
}

// EqualFold reports whether b equals the lower-case ASCII word s in any case.
func EqualFold(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i, c := range b {
		if c != s[i] && lower(c) != s[i] {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c |= 0x20
	}
	return c
}

func toLower(b []byte) []byte {
	b = slices.Clone(b)
	for i, c := range b {
		b[i] = lower(c)
	}
	return b
}

// foldHash hashes a name regardless of case.
func foldHash(name []byte) int {
	h := uint32(2166136261)
	for _, c := range name {
		h = (h ^ uint32(c|0x20)) * 16777619
	}
	return int(h ^ h>>15)
}

// ContainerHelp is the handler of CONFIG HELP and the like: it replies the texts of the
// command table about the subcommands.
func ContainerHelp(c *Ctx) error {
	container := c.Cmd.Container
	var lines []string
	if container.Runs() {
		lines = append(lines, "(no subcommand)", "    "+container.Summary)
	}
	for _, sub := range container.Subs() {
		if sub != c.Cmd {
			syntax := strings.ToUpper(sub.Name) + " " + sub.Syntax()
			lines = append(lines, strings.TrimSpace(syntax), "    "+sub.Summary)
		}
	}
	return c.Help(lines...)
}

// Help is the reply of a container's HELP: a head, the given lines and, at the end, HELP
// itself.
func (c *Ctx) Help(lines ...string) error {
	name := c.Cmd.Name
	if c.Cmd.Container != nil {
		name = c.Cmd.Container.Name
	}
	c.Array(len(lines) + 3)
	c.Simple(strings.ToUpper(name) + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
	for _, line := range lines {
		c.Simple(line)
	}
	c.Simple("HELP")
	return c.Simple("    Print this help.")
}

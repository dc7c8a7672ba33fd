package acl

import (
	"strings"
	"sync"

	"github.com/resp-server/resp-server/internal/spec"
)

// Command is a row of the command table with its index in sets of commands.
type Command struct {
	*spec.Command
	// FullName is "get", and "config|get" for a subcommand.
	FullName string

	id    int
	isSub bool
	subs  []*Command
}

// table has all rows.
type table struct {
	all    []*Command // index: id
	byName map[string]*Command
	byRow  map[*spec.Command]*Command
}

var commands = sync.OnceValue(func() *table {
	t := &table{byName: make(map[string]*Command), byRow: make(map[*spec.Command]*Command)}
	for _, group := range append(spec.Groups(), spec.Sentinel()) {
		for i := range group {
			c := t.add(&group[i], group[i].Name)
			for j := range group[i].Subcommands {
				sub := &group[i].Subcommands[j]
				s := t.add(sub, c.Name+"|"+sub.Name)
				s.isSub = true
				c.subs = append(c.subs, s)
			}
		}
	}
	return t
})

func (t *table) add(row *spec.Command, name string) *Command {
	c := &Command{Command: row, FullName: name, id: len(t.all)}
	t.all = append(t.all, c)
	t.byName[name] = c
	t.byRow[row] = c
	return c
}

// Of returns the command of a row of package spec.
func Of(row *spec.Command) *Command { return commands().byRow[row] }

// Find returns a command by its full name, in any case, or nil.
func Find(name string) *Command { return commands().byName[lower(name)] }

// Lookup returns the command of a command line, or nil. It ignores the number of
// arguments.
func Lookup(args [][]byte) *Command {
	c := Find(string(args[0]))
	if c == nil || c.isSub {
		return nil
	}
	if len(c.subs) > 0 && len(args) > 1 {
		return Find(c.FullName + "|" + string(args[1]))
	}
	return c
}

// set is a set of commands, with a bit for each id. The empty set is nil.
type set []uint64

func (s set) has(c *Command) bool { return s != nil && s[c.id/64]>>(c.id%64)&1 != 0 }

// with returns the set after adding or removing a command and all its subcommands.
func (s set) with(c *Command, allowed bool) set {
	if s == nil {
		s = make(set, (len(commands().all)+63)/64)
	}
	s.put(c, allowed)
	for _, sub := range c.subs {
		s.put(sub, allowed)
	}
	return s
}

func (s set) put(c *Command, allowed bool) {
	if allowed {
		s[c.id/64] |= 1 << (c.id % 64)
	} else {
		s[c.id/64] &^= 1 << (c.id % 64)
	}
}

// allCommands returns the set of all commands.
func allCommands() set {
	var s set
	for _, c := range commands().all {
		s = s.with(c, true)
	}
	return s
}

// lower converts the ASCII letters of a text to lower case.
func lower(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if 'A' <= b[i] && b[i] <= 'Z' {
					b[i] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}

// cString cuts a text at the first zero byte. Redis reads no more of a rule, except
// in passwords and patterns.
func cString(s string) string {
	s, _, _ = strings.Cut(s, "\x00")
	return s
}

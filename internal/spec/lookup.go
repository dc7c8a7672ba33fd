package spec

import (
	"math"
	"slices"
	"strings"
)

// Core returns the tables of the groups that belong to every server. Together
// they hold every command once; within a table the commands are sorted by name.
func Core() [][]Command { return core }

// Groups returns Core and the tables of the modules in the program.
func Groups() [][]Command { return slices.Concat(core, modules) }

// Find returns the command of that name, in any case: "get", or for a
// subcommand "config|get" or "config get". It is nil if there is none. The
// cost is a walk over the table: for tools and tests.
func Find(name string) *Command {
	parent, sub, _ := strings.Cut(name, "|")
	if sub == "" {
		parent, sub, _ = strings.Cut(name, " ")
	}
	for _, group := range Groups() {
		if c := find(group, parent); c != nil {
			if sub == "" {
				return c
			}
			return c.Subcommand(sub)
		}
	}
	return nil
}

// Takes reports whether the command can have n words, its name included.
func (c *Command) Takes(n int) bool { return n == c.Arity || c.Arity < 0 && n >= -c.Arity }

// Subcommand returns the subcommand of that name, in any case, nil if there is none.
func (c *Command) Subcommand(name string) *Command { return find(c.Subcommands, name) }

func find(rows []Command, name string) *Command {
	for i := range rows {
		if strings.EqualFold(rows[i].Name, name) {
			return &rows[i]
		}
	}
	return nil
}

// LegacyKeys returns the first key, the last key (negative: from the end) and
// the step between keys, as the old fields of COMMAND's reply give them; all
// are 0 if no such range describes some of the keys.
//
// A single range from a fixed position is given as it is. Of several key
// specs only those that are ranges of step 1 and follow each other count.
func (c *Command) LegacyKeys() (first, last, step int) {
	if len(c.Keys) == 1 && c.Keys[0].isFixedRange() {
		k := &c.Keys[0]
		return k.Index, k.last(), k.Step
	}
	first = math.MaxInt
	for i := range c.Keys {
		k := &c.Keys[i]
		if !k.isFixedRange() || k.Step != 1 || last != 0 && last != k.Index-1 {
			continue
		}
		first = min(first, k.Index)
		// A position from the end is behind every position from the start.
		if l := k.last(); uint(l) > uint(last) {
			last = l
		}
	}
	if first == math.MaxInt {
		return 0, 0, 0
	}
	return first, last, 1
}

func (k *KeySpec) isFixedRange() bool {
	return k.Keyword == "" && !k.Unknown && !k.KeyNum && !k.UnknownKeys
}

// last returns the position of the last key of a fixed range, negative if it counts from the end.
func (k *KeySpec) last() int {
	if k.LastKey < 0 {
		return k.LastKey
	}
	return k.Index + k.LastKey
}

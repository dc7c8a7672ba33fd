package spec

import (
	"math"
	"slices"
	"strings"
)

// Core returns the tables of the groups that every server has. Together they
// contain every command once. Each table is sorted by name.
func Core() [][]Command { return core }

// Groups returns Core and the tables of the program's modules.
func Groups() [][]Command { return slices.Concat(core, modules) }

// Find returns the command with a name, ignoring case: "get", or for a
// subcommand "config|get" or "config get". It returns nil if there is none. It
// walks the whole table, so it is for tools and tests.
func Find(name string) *Command {
	parent, sub, _ := strings.Cut(name, "|")
	if sub == "" {
		parent, sub, _ = strings.Cut(name, " ")
	}
	for _, group := range append(Groups(), sentinelCommands) {
		if c := find(group, parent); c != nil {
			if sub == "" {
				return c
			}
			return c.Subcommand(sub)
		}
	}
	return nil
}

// Takes reports whether the command accepts n words, including its name.
func (c *Command) Takes(n int) bool { return n == c.Arity || c.Arity < 0 && n >= -c.Arity }

// Subcommand returns the subcommand with a name, ignoring case, nil if there
// is none.
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
// the step between keys, the old fields in the reply of COMMAND. All are 0 if
// no such range covers any keys.
//
// A single range from a fixed position is returned unchanged. Of several key
// specs only adjacent ranges of step 1 count.
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
		// As unsigned numbers, positions from the end come after all others.
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

package spec

import "slices"

// earlier are the facts of commands that were others before a version, by the full
// names of the commands.
var earlier = []struct {
	until    string
	commands []string
	set      func(*Command)
}{
	{"7.2.0", []string{"blmove", "blpop", "brpop", "brpoplpush", "bzpopmax", "bzpopmin", "wait"}, func(c *Command) { c.Flags |= NoScript }},
	{"7.2.0", []string{"cluster|shards", "cluster|slots"}, func(c *Command) { c.Flags &^= Loading }},
	{"7.2.0", []string{"command|getkeys", "command|getkeysandflags"}, func(c *Command) { c.Arity = -4 }},
	{"7.2.0", []string{"zrank", "zrevrank"}, func(c *Command) { c.Arity = 3 }},
	{"7.2.0", []string{"acl|deluser", "acl|save", "acl|setuser", "client|setname", "config|resetstat", "config|rewrite", "randomkey", "scan"}, noTips},
	{"7.2.0", []string{"latency|reset"}, tips("request_policy:all_nodes", "response_policy:all_succeeded")},
	{"7.2.0", []string{"msetnx"}, tips("request_policy:multi_shard", "response_policy:agg_min")},
	{"7.4.0", []string{"wait", "waitaof"}, func(c *Command) { c.Flags &^= Blocking; c.Categories &^= BlockingCategory }},
	{"7.4.0", []string{"waitaof"}, func(c *Command) { c.Flags |= NoScript }},
	{"7.4.0", []string{"sinterstore"}, func(c *Command) {
		c.Keys = slices.Clone(c.Keys)
		c.Keys[0].Flags = c.Keys[0].Flags&^OW | RW
	}},
}

func noTips(c *Command) { c.Tips = nil }

func tips(words ...string) func(*Command) { return func(c *Command) { c.Tips = words } }

// Until returns the command, whose full name is name, as it is in a version that has
// what known accepts: the options, subcommands and lines of history that came later
// are not there. A command of which all is known is returned itself.
func (c *Command) Until(name string, known func(since string) bool) *Command {
	args, same := argsUntil(c.Args, known)
	var history []Change
	for _, h := range c.History {
		if known(h.Version) {
			history = append(history, h)
		}
	}
	var subs []Command
	for i := range c.Subcommands {
		s := &c.Subcommands[i]
		if !known(s.Since) {
			same = false
			continue
		}
		older := s.Until(name+"|"+s.Name, known)
		same = same && older == s
		subs = append(subs, *older)
	}
	var sets []func(*Command)
	for i := range earlier {
		if e := &earlier[i]; slices.Contains(e.commands, name) && !known(e.until) {
			sets = append(sets, e.set)
		}
	}
	deprecated := c.DeprecatedSince == "" || known(c.DeprecatedSince)
	if same && len(history) == len(c.History) && deprecated && len(sets) == 0 {
		return c
	}
	older := *c
	older.Args, older.History, older.Subcommands = args, history, subs
	if !deprecated {
		older.DeprecatedSince, older.ReplacedBy = "", ""
		older.Doc &^= Deprecated
	}
	for _, set := range sets {
		set(&older)
	}
	return &older
}

func argsUntil(args []Arg, known func(string) bool) (older []Arg, same bool) {
	same = true
	for _, a := range args {
		if a.Since != "" && !known(a.Since) {
			same = false
			continue
		}
		inner, sameInner := argsUntil(a.Args, known)
		if !sameInner {
			a.Args, same = inner, false
		}
		older = append(older, a)
	}
	return older, same
}

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
	{"7.2.0", []string{"acl|deluser", "acl|save", "acl|setuser", "client|setname", "config|resetstat", "config|rewrite"}, noTips},
	{"7.2.0", []string{"randomkey"}, tips("request_policy:all_shards", "nondeterministic_output")},
	{"7.2.0", []string{"scan"}, tips("nondeterministic_output", "request_policy:special")},
	{"7.2.0", []string{"latency|reset"}, tips("request_policy:all_nodes", "response_policy:all_succeeded")},
	{"7.2.0", []string{"msetnx"}, tips("request_policy:multi_shard", "response_policy:agg_min")},
	{"7.4.0", []string{"wait", "waitaof"}, func(c *Command) { c.Flags &^= Blocking; c.Categories &^= BlockingCategory }},
	{"7.4.0", []string{"waitaof"}, func(c *Command) { c.Flags |= NoScript }},
	{"7.4.0", []string{"sinterstore"}, func(c *Command) {
		c.Keys = slices.Clone(c.Keys)
		c.Keys[0].Flags = c.Keys[0].Flags&^OW | RW
	}},
	{"8.0.0", []string{"hexpire", "hexpireat", "hpexpire", "hpexpireat"}, func(c *Command) { c.Flags |= DenyOOM }},
	{"8.0.0", []string{"hpttl", "httl"}, noTips},
	{"8.0.0", []string{"client|list"}, func(c *Command) {
		c.History = slices.DeleteFunc(slices.Clone(c.History), func(h Change) bool { return h.Version >= "7.2" })
	}},
	{"8.2.0", []string{"psubscribe", "ssubscribe", "subscribe"}, func(c *Command) { c.Flags &^= DenyOOM }},
	{"8.8.0", []string{"xcfgset"}, func(c *Command) {
		c.Args = []Arg{
			c.Args[0],
			{Name: "idmp-duration-block", Type: Block, Optional: true, Args: []Arg{{Name: "idmp-duration-token", Type: PureToken, Token: "IDMP-DURATION"}, {Name: "duration", Type: Integer}}},
			{Name: "idmp-maxsize-block", Type: Block, Optional: true, Args: []Arg{{Name: "idmp-maxsize-token", Type: PureToken, Token: "IDMP-MAXSIZE"}, {Name: "maxsize", Type: Integer}}},
		}
	}},
	{"8.8.0", []string{"xadd"}, func(c *Command) {
		c.Args = slices.Clone(c.Args)
		for i := range c.Args {
			if c.Args[i].Name == "idmp" {
				c.Args[i] = Arg{Name: "idmp", Type: OneOf, Optional: true, Args: []Arg{
					{Name: "idmpauto-with-pid", Type: Block, Args: []Arg{{Name: "idmpauto-token", Type: PureToken, Token: "IDMPAUTO"}, {Name: "pid"}}},
					{Name: "idmp-with-pid-iid", Type: Block, Args: []Arg{{Name: "idmp-token", Type: PureToken, Token: "IDMP"}, {Name: "pid"}, {Name: "iid"}}},
				}}
			}
		}
	}},
	{"8.8.0", []string{"cluster|count-failure-reports", "cluster|info", "cluster|keyslot", "cluster|links", "cluster|myid", "cluster|myshardid", "cluster|nodes", "cluster|replicas", "cluster|slaves"}, func(c *Command) { c.Flags &^= Loading }},
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

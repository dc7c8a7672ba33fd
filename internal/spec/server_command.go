package spec

var commandSubcommands = []Command{
	{
		Name: "count", Group: "server", Since: "2.8.13",
		Summary:    "Count the commands of the server.",
		Complexity: "O(1)",
		Arity:      2, Flags: Loading | Stale,
		Categories: Slow | Connection,
	},
	{
		Name: "docs", Group: "server", Since: "7.0.0",
		Summary:    "Show the documentation of commands as data.",
		Complexity: "O(N) where N is the number of commands to look up",
		Arity:      -2, Flags: Loading | Stale,
		Categories: Slow | Connection,
		Tips:       []string{"nondeterministic_output_order"},
		Args:       []Arg{{Name: "command-name", Optional: true, Multiple: true}},
	},
	{
		Name: "getkeys", Group: "server", Since: "2.8.13",
		Summary:    "Pick the keys out of a full command line.",
		Complexity: "O(N) where N is the number of arguments to the command",
		Arity:      -3, Flags: Loading | Stale,
		Categories: Slow | Connection,
		Args: []Arg{
			{Name: "command"},
			{Name: "arg", Optional: true, Multiple: true},
		},
	},
	{
		Name: "getkeysandflags", Group: "server", Since: "7.0.0",
		Summary:    "Pick the keys out of a full command line and tell how each is used.",
		Complexity: "O(N) where N is the number of arguments to the command",
		Arity:      -3, Flags: Loading | Stale,
		Categories: Slow | Connection,
		Args: []Arg{
			{Name: "command"},
			{Name: "arg", Optional: true, Multiple: true},
		},
	},
	{
		Name: "help", Group: "server", Since: "5.0.0",
		Summary:    "Print help on the COMMAND subcommands.",
		Complexity: "O(1)",
		Arity:      2, Flags: Loading | Stale,
		Categories: Slow | Connection,
	},
	{
		Name: "info", Group: "server", Since: "2.8.13",
		Summary:    "Describe some commands, or all of them.",
		Complexity: "O(N) where N is the number of commands to look up",
		Arity:      -2, Flags: Loading | Stale,
		Categories: Slow | Connection,
		Tips:       []string{"nondeterministic_output_order"},
		History:    []Change{{"7.0.0", "Without arguments it describes all commands."}},
		Args:       []Arg{{Name: "command-name", Optional: true, Multiple: true}},
	},
	{
		Name: "list", Group: "server", Since: "7.0.0",
		Summary:    "List the names of commands, filtered if wanted.",
		Complexity: "O(N) where N is the total number of Redis commands",
		Arity:      -2, Flags: Loading | Stale,
		Categories: Slow | Connection,
		Tips:       []string{"nondeterministic_output_order"},
		Args: []Arg{
			{Name: "filterby", Type: OneOf, Token: "FILTERBY", Optional: true, Args: []Arg{
				{Name: "module-name", Token: "MODULE"},
				{Name: "category", Token: "ACLCAT"},
				{Name: "pattern", Type: Pattern, Token: "PATTERN"},
			}},
		},
	},
}

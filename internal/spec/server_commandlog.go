package spec

var commandlogSubcommands = []Command{
	{
		Name: "get", Group: "server", Since: "", ValkeySince: "8.1.0",
		Summary:    "List entries of a log.",
		Complexity: "O(N) where N is the number of entries returned.",
		Arity:      4, Flags: Admin | Loading | Stale,
		Categories: AdminCategory | Slow | Dangerous,
		Tips: []string{
			"request_policy:all_nodes",
			"nondeterministic_output",
		},
		Args: []Arg{
			{Name: "count", Type: Integer},
			logType,
		},
	},
	{
		Name: "help", Group: "server", Since: "", ValkeySince: "8.1.0",
		Summary:    "Print help on the COMMANDLOG subcommands.",
		Complexity: "O(1)",
		Arity:      2, Flags: Loading | Stale,
		Categories: Slow,
	},
	{
		Name: "len", Group: "server", Since: "", ValkeySince: "8.1.0",
		Summary:    "Count the entries of a log.",
		Complexity: "O(1)",
		Arity:      3, Flags: Admin | Loading | Stale,
		Categories: AdminCategory | Slow | Dangerous,
		Tips: []string{
			"request_policy:all_nodes",
			"response_policy:agg_sum",
			"nondeterministic_output",
		},
		Args: []Arg{
			logType,
		},
	},
	{
		Name: "reset", Group: "server", Since: "", ValkeySince: "8.1.0",
		Summary:    "Empty a log.",
		Complexity: "O(N) where N is the number of entries.",
		Arity:      3, Flags: Admin | Loading | Stale,
		Categories: AdminCategory | Slow | Dangerous,
		Tips: []string{
			"request_policy:all_nodes",
			"response_policy:all_succeeded",
		},
		Args: []Arg{
			logType,
		},
	},
}

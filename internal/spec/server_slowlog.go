package spec

var slowlogSubcommands = []Command{
	{
		Name: "get", Group: "server", Since: "2.2.12",
		Summary:    "List entries of the slow log.",
		Complexity: "O(N) where N is the number of entries returned",
		Arity:      -2, Flags: Admin | Loading | Stale,
		Categories: AdminCategory | Slow | Dangerous,
		Tips: []string{
			"request_policy:all_nodes",
			"nondeterministic_output",
		},
		History: []Change{{"4.0.0", "Shows the address and the name of the client."}},
		Args:    []Arg{{Name: "count", Type: Integer, Optional: true}},
	},
	{
		Name: "help", Group: "server", Since: "6.2.0",
		Summary:    "Print help on the SLOWLOG subcommands.",
		Complexity: "O(1)",
		Arity:      2, Flags: Loading | Stale,
		Categories: Slow,
	},
	{
		Name: "len", Group: "server", Since: "2.2.12",
		Summary:    "Count the entries of the slow log.",
		Complexity: "O(1)",
		Arity:      2, Flags: Admin | Loading | Stale,
		Categories: AdminCategory | Slow | Dangerous,
		Tips: []string{
			"request_policy:all_nodes",
			"response_policy:agg_sum",
			"nondeterministic_output",
		},
	},
	{
		Name: "reset", Group: "server", Since: "2.2.12",
		Summary:    "Empty the slow log.",
		Complexity: "O(N) where N is the number of entries in the slowlog",
		Arity:      2, Flags: Admin | Loading | Stale,
		Categories: AdminCategory | Slow | Dangerous,
		Tips: []string{
			"request_policy:all_nodes",
			"response_policy:all_succeeded",
		},
	},
}

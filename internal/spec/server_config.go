package spec

var configSubcommands = []Command{
	{
		Name: "get", Group: "server", Since: "2.0.0",
		Summary:    "Read the settings that match patterns.",
		Complexity: "O(N) when N is the number of configuration parameters provided",
		Arity:      -3, Flags: Admin | NoScript | Loading | Stale,
		Categories: AdminCategory | Slow | Dangerous,
		History:    []Change{{"7.0.0", "Takes several patterns."}},
		Args:       []Arg{{Name: "parameter", Multiple: true}},
	},
	{
		Name: "help", Group: "server", Since: "5.0.0",
		Summary:    "Print help on the CONFIG subcommands.",
		Complexity: "O(1)",
		Arity:      2, Flags: Loading | Stale,
		Categories: Slow,
	},
	{
		Name: "resetstat", Group: "server", Since: "2.0.0",
		Summary:    "Set the statistics of INFO and the like back to zero.",
		Complexity: "O(1)",
		Arity:      2, Flags: Admin | NoScript | Loading | Stale,
		Categories: AdminCategory | Slow | Dangerous,
		Tips: []string{
			"request_policy:all_nodes",
			"response_policy:all_succeeded",
		},
	},
	{
		Name: "rewrite", Group: "server", Since: "2.8.0",
		Summary:    "Write the current settings to the configuration file.",
		Complexity: "O(1)",
		Arity:      2, Flags: Admin | NoScript | Loading | Stale,
		Categories: AdminCategory | Slow | Dangerous,
		Tips: []string{
			"request_policy:all_nodes",
			"response_policy:all_succeeded",
		},
	},
	{
		Name: "set", Group: "server", Since: "2.0.0",
		Summary:    "Change settings while the server runs.",
		Complexity: "O(N) when N is the number of configuration parameters provided",
		Arity:      -4, Flags: Admin | NoScript | Loading | Stale,
		Categories: AdminCategory | Slow | Dangerous,
		Tips: []string{
			"request_policy:all_nodes",
			"response_policy:all_succeeded",
		},
		History: []Change{{"7.0.0", "Takes several settings."}},
		Args: []Arg{
			{Name: "data", Type: Block, Multiple: true, Args: []Arg{{Name: "parameter"}, {Name: "value"}}},
		},
	},
}

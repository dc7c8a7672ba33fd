package spec

var memorySubcommands = []Command{
	{
		Name: "doctor", Group: "server", Since: "4.0.0",
		Summary:    "Report problems with memory, in prose.",
		Complexity: "O(1)",
		Arity:      2,
		Categories: Slow,
		Tips: []string{
			"nondeterministic_output",
			"request_policy:all_shards",
			"response_policy:special",
		},
	},
	{
		Name: "help", Group: "server", Since: "4.0.0",
		Summary:    "Print help on the MEMORY subcommands.",
		Complexity: "O(1)",
		Arity:      2, Flags: Loading | Stale,
		Categories: Slow,
	},
	{
		Name: "malloc-stats", Group: "server", Since: "4.0.0",
		Summary:    "Show the statistics of the allocator.",
		Complexity: "Depends on how much memory is allocated, could be slow",
		Arity:      2,
		Categories: Slow,
		Tips: []string{
			"nondeterministic_output",
			"request_policy:all_shards",
			"response_policy:special",
		},
	},
	{
		Name: "purge", Group: "server", Since: "4.0.0",
		Summary:    "Ask the allocator to give memory back.",
		Complexity: "Depends on how much memory is allocated, could be slow",
		Arity:      2,
		Categories: Slow,
		Tips: []string{
			"request_policy:all_shards",
			"response_policy:all_succeeded",
		},
	},
	{
		Name: "stats", Group: "server", Since: "4.0.0",
		Summary:    "Show where the memory goes.",
		Complexity: "O(1)",
		Arity:      2,
		Categories: Slow,
		Tips: []string{
			"nondeterministic_output",
			"request_policy:all_shards",
			"response_policy:special",
		},
	},
	{
		Name: "usage", Group: "server", Since: "4.0.0",
		Summary:    "Estimate the memory of a key and its value.",
		Complexity: "O(N) where N is the number of samples.",
		Arity:      -3, Flags: ReadOnly,
		Categories: Read | Slow,
		Keys:       []KeySpec{{Flags: RO, Index: 2, Step: 1}},
		Args: []Arg{
			{Name: "key", Type: Key, KeySpec: 1},
			{Name: "count", Type: Integer, Token: "SAMPLES", Optional: true},
		},
	},
}

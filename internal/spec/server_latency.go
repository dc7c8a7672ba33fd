package spec

var latencySubcommands = []Command{
	{
		Name: "doctor", Group: "server", Since: "2.8.13",
		Summary:    "Explain the latency that was seen, in prose.",
		Complexity: "O(1)",
		Arity:      2, Flags: Admin | NoScript | Loading | Stale,
		Categories: AdminCategory | Slow | Dangerous,
		Tips: []string{
			"nondeterministic_output",
			"request_policy:all_nodes",
			"response_policy:special",
		},
	},
	{
		Name: "graph", Group: "server", Since: "2.8.13",
		Summary:    "Draw the latency of an event over time.",
		Complexity: "O(1)",
		Arity:      3, Flags: Admin | NoScript | Loading | Stale,
		Categories: AdminCategory | Slow | Dangerous,
		Tips: []string{
			"nondeterministic_output",
			"request_policy:all_nodes",
			"response_policy:special",
		},
		Args: []Arg{{Name: "event"}},
	},
	{
		Name: "help", Group: "server", Since: "2.8.13",
		Summary:    "Print help on the LATENCY subcommands.",
		Complexity: "O(1)",
		Arity:      2, Flags: Loading | Stale,
		Categories: Slow,
	},
	{
		Name: "histogram", Group: "server", Since: "7.0.0",
		Summary:    "Show how long commands took, as histograms.",
		Complexity: "O(N) where N is the number of commands with latency information being retrieved.",
		Arity:      -2, Flags: Admin | NoScript | Loading | Stale,
		Categories: AdminCategory | Slow | Dangerous,
		Tips: []string{
			"nondeterministic_output",
			"request_policy:all_nodes",
			"response_policy:special",
		},
		Args: []Arg{{Name: "command", Optional: true, Multiple: true}},
	},
	{
		Name: "history", Group: "server", Since: "2.8.13",
		Summary:    "List the latency samples of an event.",
		Complexity: "O(1)",
		Arity:      3, Flags: Admin | NoScript | Loading | Stale,
		Categories: AdminCategory | Slow | Dangerous,
		Tips: []string{
			"nondeterministic_output",
			"request_policy:all_nodes",
			"response_policy:special",
		},
		Args: []Arg{{Name: "event"}},
	},
	{
		Name: "latest", Group: "server", Since: "2.8.13",
		Summary:    "Show the latest latency sample of each event.",
		Complexity: "O(1)",
		Arity:      2, Flags: Admin | NoScript | Loading | Stale,
		Categories: AdminCategory | Slow | Dangerous,
		Tips: []string{
			"nondeterministic_output",
			"request_policy:all_nodes",
			"response_policy:special",
		},
	},
	{
		Name: "reset", Group: "server", Since: "2.8.13",
		Summary:    "Drop the latency samples of some or all events.",
		Complexity: "O(1)",
		Arity:      -2, Flags: Admin | NoScript | Loading | Stale,
		Categories: AdminCategory | Slow | Dangerous,
		Tips: []string{
			"request_policy:all_nodes",
			"response_policy:agg_sum",
		},
		Args: []Arg{{Name: "event", Optional: true, Multiple: true}},
	},
}

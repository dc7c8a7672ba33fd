package spec

var hotkeysSubcommands = []Command{
	{
		Name: "get", Group: "server", Since: "8.6.0", ValkeySince: "9.2.0",
		Summary:    "Show the keys found.",
		Complexity: "O(K) where K is the number of keys returned.",
		Arity:      2, Flags: Admin | NoScript,
		Categories: AdminCategory | Slow | Dangerous,
		Tips:       []string{"nondeterministic_output", "request_policy:special", "response_policy:special"},
	},
	{
		Name: "help", Group: "server", Since: "8.6.1",
		Summary:    "Print help on the HOTKEYS subcommands.",
		Complexity: "O(1)",
		Arity:      2, Flags: Loading | Stale,
		Categories: Slow,
	},
	{
		Name: "reset", Group: "server", Since: "8.6.0",
		Summary:    "Drop what was found.",
		Complexity: "O(1)",
		Arity:      2, Flags: Admin | NoScript,
		Categories: AdminCategory | Slow | Dangerous,
		Tips:       []string{"request_policy:special"},
	},
	{
		Name: "start", Group: "server", Since: "8.6.0",
		Summary:    "Start to look for them.",
		Complexity: "O(1)",
		Arity:      -2, Flags: Admin | NoScript,
		Categories: AdminCategory | Slow | Dangerous,
		Tips:       []string{"request_policy:special"},
		Args: []Arg{
			{Name: "metrics", Type: Block, Token: "METRICS", Args: []Arg{
				{Name: "count", Type: Integer},
				{Name: "cpu", Type: PureToken, Token: "CPU", Optional: true},
				{Name: "net", Type: PureToken, Token: "NET", Optional: true},
			}},
			{Name: "k", Type: Integer, Token: "COUNT", Optional: true},
			{Name: "seconds", Type: Integer, Token: "DURATION", Optional: true},
			{Name: "ratio", Type: Integer, Token: "SAMPLE", Optional: true},
			{Name: "slots", Type: Block, Token: "SLOTS", Optional: true, Args: []Arg{
				{Name: "count", Type: Integer},
				{Name: "slot", Type: Integer, Multiple: true},
			}},
		},
	},
	{
		Name: "stop", Group: "server", Since: "8.6.0",
		Summary:    "Stop to look for them.",
		Complexity: "O(1)",
		Arity:      2, Flags: Admin | NoScript,
		Categories: AdminCategory | Slow | Dangerous,
		Tips:       []string{"request_policy:special"},
	},
}

package spec

var moduleSubcommands = []Command{
	{
		Name: "help", Group: "server", Since: "5.0.0",
		Summary:    "Print help on the MODULE subcommands.",
		Complexity: "O(1)",
		Arity:      2, Flags: Loading | Stale,
		Categories: Slow,
	},
	{
		Name: "list", Group: "server", Since: "4.0.0",
		Summary:    "List the loaded modules.",
		Complexity: "O(N) where N is the number of loaded modules.",
		Arity:      2, Flags: Admin | NoScript,
		Categories: AdminCategory | Slow | Dangerous,
		Tips:       []string{"nondeterministic_output_order"},
	},
	{
		Name: "load", Group: "server", Since: "4.0.0",
		Summary:    "Load a module.",
		Complexity: "O(1)",
		Arity:      -3, Flags: Admin | NoScript | NoAsyncLoading,
		Categories: AdminCategory | Slow | Dangerous,
		EnabledBy:  "enable-module-command",
		Args: []Arg{
			{Name: "path"},
			{Name: "arg", Optional: true, Multiple: true},
		},
	},
	{
		Name: "loadex", Group: "server", Since: "7.0.0",
		Summary:    "Load a module and give it settings.",
		Complexity: "O(1)",
		Arity:      -3, Flags: Admin | NoScript | NoAsyncLoading,
		Categories: AdminCategory | Slow | Dangerous,
		EnabledBy:  "enable-module-command",
		Args: []Arg{
			{Name: "path"},
			{Name: "configs", Type: Block, Token: "CONFIG", Optional: true, Multiple: true, MultipleToken: true, Args: []Arg{
				{Name: "name"},
				{Name: "value"},
			}},
			{Name: "args", Token: "ARGS", Optional: true, Multiple: true},
		},
	},
	{
		Name: "unload", Group: "server", Since: "4.0.0",
		Summary:    "Unload a module.",
		Complexity: "O(1)",
		Arity:      3, Flags: Admin | NoScript | NoAsyncLoading,
		Categories: AdminCategory | Slow | Dangerous,
		EnabledBy:  "enable-module-command",
		Args:       []Arg{{Name: "name"}},
	},
}

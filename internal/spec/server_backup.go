package spec

var backupSubcommands = []Command{
	{
		Name: "abort", Group: "server", Since: "8.10.0",
		Summary:    "Stop a backup that is being made.",
		Complexity: "O(1)",
		Arity:      2, Flags: Admin | NoScript,
		Categories: AdminCategory | Slow | Dangerous,
	},
	{
		Name: "cleanup", Group: "server", Since: "8.10.0",
		Summary:    "Remove the files of a backup.",
		Complexity: "O(1)",
		Arity:      2, Flags: Admin | NoScript,
		Categories: AdminCategory | Slow | Dangerous,
	},
	{
		Name: "help", Group: "server", Since: "8.10.0",
		Summary:    "Print help on the BACKUP subcommands.",
		Complexity: "O(1)",
		Arity:      2, Flags: Loading | Stale,
		Categories: Slow,
	},
	{
		Name: "list", Group: "server", Since: "8.10.0",
		Summary:    "List the backups.",
		Complexity: "O(1)",
		Arity:      2, Flags: Admin | Stale,
		Categories: AdminCategory | Slow | Dangerous,
	},
	{
		Name: "seal", Group: "server", Since: "8.10.0",
		Summary:    "Finish a backup, so that it changes no more.",
		Complexity: "O(1)",
		Arity:      2, Flags: Admin | NoScript,
		Categories: AdminCategory | Slow | Dangerous,
	},
	{
		Name: "start", Group: "server", Since: "8.10.0",
		Summary:    "Start to make a backup.",
		Complexity: "O(1)",
		Arity:      2, Flags: Admin | NoScript,
		Categories: AdminCategory | Slow | Dangerous,
	},
	{
		Name: "status", Group: "server", Since: "8.10.0",
		Summary:    "Show how far a backup is.",
		Complexity: "O(1)",
		Arity:      2, Flags: Admin | Stale,
		Categories: AdminCategory | Slow | Dangerous,
	},
}

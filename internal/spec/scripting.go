package spec

var scriptingCommands = []Command{
	{
		Name: "eval", Group: "scripting", Since: "2.6.0",
		Summary:    "Run a Lua script.",
		Complexity: "Depends on the script that is executed.",
		Arity:      -3, Flags: NoScript | Stale | SkipMonitor | MayReplicate | NoMandatoryKeys | MovableKeys,
		Categories: Slow | Scripting,
		Script:     ScriptSource,
		Keys: []KeySpec{
			{Notes: "We cannot tell how the keys will be used so we assume the worst, RW and UPDATE", Flags: RW | Access | Update, Index: 2, KeyNum: true, FirstKey: 1, Step: 1},
		},
		Args: []Arg{
			{Name: "script"},
			{Name: "numkeys", Type: Integer},
			{Name: "key", Type: Key, Optional: true, Multiple: true, KeySpec: 1},
			{Name: "arg", Optional: true, Multiple: true},
		},
	},
	{
		Name: "eval_ro", Group: "scripting", Since: "7.0.0",
		Summary:    "Run a Lua script that may only read.",
		Complexity: "Depends on the script that is executed.",
		Arity:      -3, Flags: ReadOnly | NoScript | Stale | SkipMonitor | NoMandatoryKeys | MovableKeys,
		Categories: Slow | Scripting,
		Script:     ScriptSource,
		Keys: []KeySpec{
			{Notes: "We cannot tell how the keys will be used so we assume the worst, RO and ACCESS", Flags: RO | Access, Index: 2, KeyNum: true, FirstKey: 1, Step: 1},
		},
		Args: []Arg{
			{Name: "script"},
			{Name: "numkeys", Type: Integer},
			{Name: "key", Type: Key, Optional: true, Multiple: true, KeySpec: 1},
			{Name: "arg", Optional: true, Multiple: true},
		},
	},
	{
		Name: "evalsha", Group: "scripting", Since: "2.6.0",
		Summary:    "Run a cached Lua script by its SHA-1.",
		Complexity: "Depends on the script that is executed.",
		Arity:      -3, Flags: NoScript | Stale | SkipMonitor | MayReplicate | NoMandatoryKeys | MovableKeys,
		Categories: Slow | Scripting,
		Script:     ScriptSHA,
		Keys:       []KeySpec{{Flags: RW | Access | Update, Index: 2, KeyNum: true, FirstKey: 1, Step: 1}},
		Args: []Arg{
			{Name: "sha1"},
			{Name: "numkeys", Type: Integer},
			{Name: "key", Type: Key, Optional: true, Multiple: true, KeySpec: 1},
			{Name: "arg", Optional: true, Multiple: true},
		},
	},
	{
		Name: "evalsha_ro", Group: "scripting", Since: "7.0.0",
		Summary:    "Run a cached Lua script by its SHA-1; it may only read.",
		Complexity: "Depends on the script that is executed.",
		Arity:      -3, Flags: ReadOnly | NoScript | Stale | SkipMonitor | NoMandatoryKeys | MovableKeys,
		Categories: Slow | Scripting,
		Script:     ScriptSHA,
		Keys:       []KeySpec{{Flags: RO | Access, Index: 2, KeyNum: true, FirstKey: 1, Step: 1}},
		Args: []Arg{
			{Name: "sha1"},
			{Name: "numkeys", Type: Integer},
			{Name: "key", Type: Key, Optional: true, Multiple: true, KeySpec: 1},
			{Name: "arg", Optional: true, Multiple: true},
		},
	},
	{
		Name: "fcall", Group: "scripting", Since: "7.0.0",
		Summary:    "Call a function of a loaded library.",
		Complexity: "Depends on the function that is executed.",
		Arity:      -3, Flags: NoScript | Stale | SkipMonitor | MayReplicate | NoMandatoryKeys | MovableKeys,
		Categories: Slow | Scripting,
		Script:     FunctionName,
		Keys: []KeySpec{
			{Notes: "We cannot tell how the keys will be used so we assume the worst, RW and UPDATE", Flags: RW | Access | Update, Index: 2, KeyNum: true, FirstKey: 1, Step: 1},
		},
		Args: []Arg{
			{Name: "function"},
			{Name: "numkeys", Type: Integer},
			{Name: "key", Type: Key, Optional: true, Multiple: true, KeySpec: 1},
			{Name: "arg", Optional: true, Multiple: true},
		},
	},
	{
		Name: "fcall_ro", Group: "scripting", Since: "7.0.0",
		Summary:    "Call a function of a loaded library that may only read.",
		Complexity: "Depends on the function that is executed.",
		Arity:      -3, Flags: ReadOnly | NoScript | Stale | SkipMonitor | NoMandatoryKeys | MovableKeys,
		Categories: Slow | Scripting,
		Script:     FunctionName,
		Keys: []KeySpec{
			{Notes: "We cannot tell how the keys will be used so we assume the worst, RO and ACCESS", Flags: RO | Access, Index: 2, KeyNum: true, FirstKey: 1, Step: 1},
		},
		Args: []Arg{
			{Name: "function"},
			{Name: "numkeys", Type: Integer},
			{Name: "key", Type: Key, Optional: true, Multiple: true, KeySpec: 1},
			{Name: "arg", Optional: true, Multiple: true},
		},
	},
	{
		Name: "function", Group: "scripting", Since: "7.0.0",
		Summary:     "Manage libraries of functions.",
		Complexity:  "Depends on subcommand.",
		Arity:       -2,
		Categories:  Slow,
		Subcommands: functionSubcommands,
	},
	{
		Name: "script", Group: "scripting", Since: "2.6.0",
		Summary:     "Manage the cache of Lua scripts.",
		Complexity:  "Depends on subcommand.",
		Arity:       -2,
		Categories:  Slow,
		Subcommands: scriptSubcommands,
	},
}

var functionSubcommands = []Command{
	{
		Name: "delete", Group: "scripting", Since: "7.0.0",
		Summary:    "Remove a library with its functions.",
		Complexity: "O(1)",
		Arity:      3, Flags: Write | NoScript,
		Categories: WriteCategory | Slow | Scripting,
		Tips: []string{
			"request_policy:all_shards",
			"response_policy:all_succeeded",
		},
		Args: []Arg{{Name: "library-name"}},
	},
	{
		Name: "dump", Group: "scripting", Since: "7.0.0",
		Summary:    "Serialize all libraries.",
		Complexity: "O(N) where N is the number of functions",
		Arity:      2, Flags: NoScript,
		Categories: Slow | Scripting,
	},
	{
		Name: "flush", Group: "scripting", Since: "7.0.0",
		Summary:    "Remove all libraries.",
		Complexity: "O(N) where N is the number of functions deleted",
		Arity:      -2, Flags: Write | NoScript,
		Categories: WriteCategory | Slow | Scripting,
		Tips: []string{
			"request_policy:all_shards",
			"response_policy:all_succeeded",
		},
		Args: []Arg{
			flushType,
		},
	},
	{
		Name: "help", Group: "scripting", Since: "7.0.0",
		Summary:    "Print help on the FUNCTION subcommands.",
		Complexity: "O(1)",
		Arity:      2, Flags: Loading | Stale,
		Categories: Slow | Scripting,
	},
	{
		Name: "kill", Group: "scripting", Since: "7.0.0",
		Summary:    "Stop the function that is running.",
		Complexity: "O(1)",
		Arity:      2, Flags: NoScript | AllowBusy,
		Categories: Slow | Scripting,
		Tips: []string{
			"request_policy:all_shards",
			"response_policy:one_succeeded",
		},
	},
	{
		Name: "list", Group: "scripting", Since: "7.0.0",
		Summary:    "Describe the libraries and their functions.",
		Complexity: "O(N) where N is the number of functions",
		Arity:      -2, Flags: NoScript,
		Categories: Slow | Scripting,
		Tips:       []string{"nondeterministic_output_order"},
		Args: []Arg{
			{Name: "library-name-pattern", Token: "LIBRARYNAME", Optional: true},
			{Name: "withcode", Type: PureToken, Token: "WITHCODE", Optional: true},
		},
	},
	{
		Name: "load", Group: "scripting", Since: "7.0.0",
		Summary:    "Create a library from source code.",
		Complexity: "O(1) (considering compilation time is redundant)",
		Arity:      -3, Flags: Write | DenyOOM | NoScript,
		Categories: WriteCategory | Slow | Scripting,
		Tips: []string{
			"request_policy:all_shards",
			"response_policy:all_succeeded",
		},
		Args: []Arg{
			{Name: "replace", Type: PureToken, Token: "REPLACE", Optional: true},
			{Name: "function-code"},
		},
	},
	{
		Name: "restore", Group: "scripting", Since: "7.0.0",
		Summary:    "Load libraries from a serialized payload.",
		Complexity: "O(N) where N is the number of functions on the payload",
		Arity:      -3, Flags: Write | DenyOOM | NoScript,
		Categories: WriteCategory | Slow | Scripting,
		Tips: []string{
			"request_policy:all_shards",
			"response_policy:all_succeeded",
		},
		Args: []Arg{
			{Name: "serialized-value"},
			{Name: "policy", Type: OneOf, Optional: true, Args: []Arg{
				{Name: "flush", Type: PureToken, Token: "FLUSH"},
				{Name: "append", Type: PureToken, Token: "APPEND"},
				{Name: "replace", Type: PureToken, Token: "REPLACE"},
			}},
		},
	},
	{
		Name: "stats", Group: "scripting", Since: "7.0.0",
		Summary:    "Show which function is running and what engines there are.",
		Complexity: "O(1)",
		Arity:      2, Flags: NoScript | AllowBusy,
		Categories: Slow | Scripting,
		Tips: []string{
			"nondeterministic_output",
			"request_policy:all_shards",
			"response_policy:special",
		},
	},
}

var scriptSubcommands = []Command{
	{
		Name: "debug", Group: "scripting", Since: "3.2.0",
		Summary:    "Choose how the next scripts are debugged.",
		Complexity: "O(1)",
		Arity:      3, Flags: NoScript,
		Categories: Slow | Scripting,
		Args: []Arg{
			{Name: "mode", Type: OneOf, Args: []Arg{
				{Name: "yes", Type: PureToken, Token: "YES"},
				{Name: "sync", Type: PureToken, Token: "SYNC"},
				{Name: "no", Type: PureToken, Token: "NO"},
			}},
		},
	},
	{
		Name: "exists", Group: "scripting", Since: "2.6.0",
		Summary:    "Tell which scripts are cached.",
		Complexity: "O(N) with N being the number of scripts to check (so checking a single script is an O(1) operation).",
		Arity:      -3, Flags: NoScript,
		Categories: Slow | Scripting,
		Tips: []string{
			"request_policy:all_shards",
			"response_policy:agg_logical_and",
		},
		Args: []Arg{{Name: "sha1", Multiple: true}},
	},
	{
		Name: "flush", Group: "scripting", Since: "2.6.0",
		Summary:    "Empty the script cache.",
		Complexity: "O(N) with N being the number of scripts in cache",
		Arity:      -2, Flags: NoScript,
		Categories: Slow | Scripting,
		Tips: []string{
			"request_policy:all_nodes",
			"response_policy:all_succeeded",
		},
		History: []Change{{"6.2.0", "New options: `ASYNC`, `SYNC`."}},
		Args: []Arg{
			{Name: "flush-type", Type: OneOf, Since: "6.2.0", Optional: true, Args: []Arg{
				{Name: "async", Type: PureToken, Token: "ASYNC"},
				{Name: "sync", Type: PureToken, Token: "SYNC"},
			}},
		},
	},
	{
		Name: "help", Group: "scripting", Since: "5.0.0",
		Summary:    "Print help on the SCRIPT subcommands.",
		Complexity: "O(1)",
		Arity:      2, Flags: Loading | Stale,
		Categories: Slow | Scripting,
	},
	{
		Name: "kill", Group: "scripting", Since: "2.6.0",
		Summary:    "Stop the script that is running.",
		Complexity: "O(1)",
		Arity:      2, Flags: NoScript | AllowBusy,
		Categories: Slow | Scripting,
		Tips: []string{
			"request_policy:all_shards",
			"response_policy:one_succeeded",
		},
	},
	{
		Name: "load", Group: "scripting", Since: "2.6.0",
		Summary:    "Put a script into the cache.",
		Complexity: "O(N) with N being the length in bytes of the script body.",
		Arity:      3, Flags: NoScript | Stale,
		Categories: Slow | Scripting,
		Tips: []string{
			"request_policy:all_nodes",
			"response_policy:all_succeeded",
		},
		Args: []Arg{{Name: "script"}},
	},
	{
		Name: "show", Group: "scripting", Since: "", ValkeySince: "8.0.0",
		Summary:    "Show the source of a cached script.",
		Complexity: "O(1)",
		Arity:      3, Flags: NoScript,
		Categories: Slow | Scripting,
		Args:       []Arg{{Name: "sha1"}},
	},
}

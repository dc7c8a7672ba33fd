package spec

// connectionCommands are the connection commands.
var connectionCommands = []Command{
	{
		Name: "auth", Group: "connection", Since: "1.0.0",
		Summary:    "",
		Complexity: "O(N) where N is the number of passwords defined for the user",
		Arity:      -2, Flags: NoScript | Loading | Stale | Fast | NoAuth | AllowBusy,
		Categories: FastCategory | Connection,
		History:    []Change{{"6.0.0", "Added ACL style (username and password)."}},
		Args: []Arg{
			{Name: "username", Since: "6.0.0", Optional: true},
			{Name: "password"},
		},
	},
	{
		Name: "client", Group: "connection", Since: "2.4.0",
		Summary:     "",
		Complexity:  "Depends on subcommand.",
		Arity:       -2,
		Categories:  Slow,
		Subcommands: clientSubcommands,
	},
	{
		Name: "echo", Group: "connection", Since: "1.0.0",
		Summary:    "",
		Complexity: "O(1)",
		Arity:      2, Flags: Loading | Stale | Fast,
		Categories: FastCategory | Connection,
		Args:       []Arg{{Name: "message"}},
	},
	{
		Name: "hello", Group: "connection", Since: "6.0.0",
		Summary:    "",
		Complexity: "O(1)",
		Arity:      -1, Flags: NoScript | Loading | Stale | Fast | NoAuth | AllowBusy,
		Categories: FastCategory | Connection,
		History: []Change{
			{"6.2.0", "`protover` made optional; when called without arguments the command reports the current connection's context."},
		},
		Args: []Arg{
			{Name: "arguments", Type: Block, Optional: true, Args: []Arg{
				{Name: "protover", Type: Integer},
				{Name: "auth", Type: Block, Token: "AUTH", Optional: true, Args: []Arg{
					{Name: "username"},
					{Name: "password"},
				}},
				{Name: "clientname", Token: "SETNAME", Optional: true},
			}},
		},
	},
	{
		Name: "ping", Group: "connection", Since: "1.0.0",
		Summary:    "",
		Complexity: "O(1)",
		Arity:      -1, Flags: Fast,
		Categories: FastCategory | Connection,
		Tips: []string{
			"request_policy:all_shards",
			"response_policy:all_succeeded",
		},
		Args: []Arg{{Name: "message", Optional: true}},
	},
	{
		Name: "quit", Group: "connection", Since: "1.0.0",
		Summary:    "",
		Complexity: "O(1)",
		Arity:      -1, Flags: NoScript | Loading | Stale | Fast | NoAuth | AllowBusy,
		Categories:      FastCategory | Connection,
		Doc:             Deprecated,
		DeprecatedSince: "7.2.0",
		ReplacedBy:      "just closing the connection",
	},
	{
		Name: "reset", Group: "connection", Since: "6.2.0",
		Summary:    "",
		Complexity: "O(1)",
		Arity:      1, Flags: NoScript | Loading | Stale | Fast | NoAuth | AllowBusy,
		Categories: FastCategory | Connection,
	},
	{
		Name: "select", Group: "connection", Since: "1.0.0",
		Summary:    "",
		Complexity: "O(1)",
		Arity:      2, Flags: Loading | Stale | Fast,
		Categories: FastCategory | Connection,
		Args:       []Arg{{Name: "index", Type: Integer}},
	},
}

// clientSubcommands are the subcommands of CLIENT.
var clientSubcommands = []Command{
	{
		Name: "caching", Group: "connection", Since: "6.0.0",
		Summary:    "",
		Complexity: "O(1)",
		Arity:      3, Flags: NoScript | Loading | Stale,
		Categories: Slow | Connection,
		Args: []Arg{
			{Name: "mode", Type: OneOf, Args: []Arg{
				{Name: "yes", Type: PureToken, Token: "YES"},
				{Name: "no", Type: PureToken, Token: "NO"},
			}},
		},
	},
	{
		Name: "getname", Group: "connection", Since: "2.6.9",
		Summary:    "",
		Complexity: "O(1)",
		Arity:      2, Flags: NoScript | Loading | Stale,
		Categories: Slow | Connection,
	},
	{
		Name: "getredir", Group: "connection", Since: "6.0.0",
		Summary:    "",
		Complexity: "O(1)",
		Arity:      2, Flags: NoScript | Loading | Stale,
		Categories: Slow | Connection,
	},
	{
		Name: "help", Group: "connection", Since: "5.0.0",
		Summary:    "",
		Complexity: "O(1)",
		Arity:      2, Flags: Loading | Stale,
		Categories: Slow | Connection,
	},
	{
		Name: "id", Group: "connection", Since: "5.0.0",
		Summary:    "",
		Complexity: "O(1)",
		Arity:      2, Flags: NoScript | Loading | Stale,
		Categories: Slow | Connection,
	},
	{
		Name: "info", Group: "connection", Since: "6.2.0",
		Summary:    "",
		Complexity: "O(1)",
		Arity:      2, Flags: NoScript | Loading | Stale,
		Categories: Slow | Connection,
		Tips:       []string{"nondeterministic_output"},
	},
	{
		Name: "kill", Group: "connection", Since: "2.4.0",
		Summary:    "",
		Complexity: "O(N) where N is the number of client connections",
		Arity:      -3, Flags: Admin | NoScript | Loading | Stale,
		Categories: AdminCategory | Slow | Dangerous | Connection,
		History: []Change{
			{"2.8.12", "Added new filter format."},
			{"2.8.12", "`ID` option."},
			{"3.2.0", "Added `master` type in for `TYPE` option."},
			{"5.0.0", "Replaced `slave` `TYPE` with `replica`. `slave` still supported for backward compatibility."},
			{"6.2.0", "`LADDR` option."},
			{"7.4.0", "`MAXAGE` option."},
		},
		Args: []Arg{
			{Name: "filter", Type: OneOf, Args: []Arg{
				{Name: "old-format", Display: "ip:port", DeprecatedSince: "2.8.12"},
				{Name: "new-format", Type: OneOf, Multiple: true, Args: []Arg{
					{Name: "client-id", Type: Integer, Token: "ID", Since: "2.8.12", Optional: true},
					{Name: "client-type", Type: OneOf, Token: "TYPE", Since: "2.8.12", Optional: true, Args: []Arg{
						{Name: "normal", Type: PureToken, Token: "NORMAL"},
						{Name: "master", Type: PureToken, Token: "MASTER", Since: "3.2.0"},
						{Name: "slave", Type: PureToken, Token: "SLAVE"},
						{Name: "replica", Type: PureToken, Token: "REPLICA", Since: "5.0.0"},
						{Name: "pubsub", Type: PureToken, Token: "PUBSUB"},
					}},
					{Name: "username", Token: "USER", Optional: true},
					{Name: "addr", Display: "ip:port", Token: "ADDR", Optional: true},
					{Name: "laddr", Display: "ip:port", Token: "LADDR", Since: "6.2.0", Optional: true},
					{Name: "skipme", Type: OneOf, Token: "SKIPME", Optional: true, Args: []Arg{
						{Name: "yes", Type: PureToken, Token: "YES"},
						{Name: "no", Type: PureToken, Token: "NO"},
					}},
					{Name: "maxage", Type: Integer, Token: "MAXAGE", Since: "7.4.0", Optional: true},
				}},
			}},
		},
	},
	{
		Name: "list", Group: "connection", Since: "2.4.0",
		Summary:    "",
		Complexity: "O(N) where N is the number of client connections",
		Arity:      -2, Flags: Admin | NoScript | Loading | Stale,
		Categories: AdminCategory | Slow | Dangerous | Connection,
		Tips:       []string{"nondeterministic_output"},
		History: []Change{
			{"2.8.12", "Added unique client `id` field."},
			{"5.0.0", "Added optional `TYPE` filter."},
			{"6.0.0", "Added `user` field."},
			{"6.2.0", "Added `argv-mem`, `tot-mem`, `laddr` and `redir` fields and the optional `ID` filter."},
			{"7.0.0", "Added `resp`, `multi-mem`, `rbs` and `rbp` fields."},
			{"7.0.3", "Added `ssub` field."},
		},
		Args: []Arg{
			{Name: "client-type", Type: OneOf, Token: "TYPE", Since: "5.0.0", Optional: true, Args: []Arg{
				{Name: "normal", Type: PureToken, Token: "NORMAL"},
				{Name: "master", Type: PureToken, Token: "MASTER"},
				{Name: "replica", Type: PureToken, Token: "REPLICA"},
				{Name: "pubsub", Type: PureToken, Token: "PUBSUB"},
			}},
			{Name: "client-id", Type: Integer, Token: "ID", Since: "6.2.0", Optional: true, Multiple: true},
		},
	},
	{
		Name: "no-evict", Group: "connection", Since: "7.0.0",
		Summary:    "",
		Complexity: "O(1)",
		Arity:      3, Flags: Admin | NoScript | Loading | Stale,
		Categories: AdminCategory | Slow | Dangerous | Connection,
		Args: []Arg{
			{Name: "enabled", Type: OneOf, Args: []Arg{
				{Name: "on", Type: PureToken, Token: "ON"},
				{Name: "off", Type: PureToken, Token: "OFF"},
			}},
		},
	},
	{
		Name: "no-touch", Group: "connection", Since: "7.2.0",
		Summary:    "",
		Complexity: "O(1)",
		Arity:      3, Flags: NoScript | Loading | Stale,
		Categories: Slow | Connection,
		Args: []Arg{
			{Name: "enabled", Type: OneOf, Args: []Arg{
				{Name: "on", Type: PureToken, Token: "ON"},
				{Name: "off", Type: PureToken, Token: "OFF"},
			}},
		},
	},
	{
		Name: "pause", Group: "connection", Since: "3.0.0",
		Summary:    "",
		Complexity: "O(1)",
		Arity:      -3, Flags: Admin | NoScript | Loading | Stale,
		Categories: AdminCategory | Slow | Dangerous | Connection,
		History:    []Change{{"6.2.0", "`CLIENT PAUSE WRITE` mode added along with the `mode` option."}},
		Args: []Arg{
			{Name: "timeout", Type: Integer},
			{Name: "mode", Type: OneOf, Since: "6.2.0", Optional: true, Args: []Arg{
				{Name: "write", Type: PureToken, Token: "WRITE"},
				{Name: "all", Type: PureToken, Token: "ALL"},
			}},
		},
	},
	{
		Name: "reply", Group: "connection", Since: "3.2.0",
		Summary:    "",
		Complexity: "O(1)",
		Arity:      3, Flags: NoScript | Loading | Stale,
		Categories: Slow | Connection,
		Args: []Arg{
			{Name: "action", Type: OneOf, Args: []Arg{
				{Name: "on", Type: PureToken, Token: "ON"},
				{Name: "off", Type: PureToken, Token: "OFF"},
				{Name: "skip", Type: PureToken, Token: "SKIP"},
			}},
		},
	},
	{
		Name: "setinfo", Group: "connection", Since: "7.2.0",
		Summary:    "",
		Complexity: "O(1)",
		Arity:      4, Flags: NoScript | Loading | Stale,
		Categories: Slow | Connection,
		Tips: []string{
			"request_policy:all_nodes",
			"response_policy:all_succeeded",
		},
		Args: []Arg{
			{Name: "attr", Type: OneOf, Args: []Arg{
				{Name: "libname", Token: "LIB-NAME"},
				{Name: "libver", Token: "LIB-VER"},
			}},
		},
	},
	{
		Name: "setname", Group: "connection", Since: "2.6.9",
		Summary:    "",
		Complexity: "O(1)",
		Arity:      3, Flags: NoScript | Loading | Stale,
		Categories: Slow | Connection,
		Tips: []string{
			"request_policy:all_nodes",
			"response_policy:all_succeeded",
		},
		Args: []Arg{{Name: "connection-name"}},
	},
	{
		Name: "tracking", Group: "connection", Since: "6.0.0",
		Summary:    "",
		Complexity: "O(1). Some options may introduce additional complexity.",
		Arity:      -3, Flags: NoScript | Loading | Stale,
		Categories: Slow | Connection,
		Args: []Arg{
			{Name: "status", Type: OneOf, Args: []Arg{
				{Name: "on", Type: PureToken, Token: "ON"},
				{Name: "off", Type: PureToken, Token: "OFF"},
			}},
			{Name: "client-id", Type: Integer, Token: "REDIRECT", Optional: true},
			{Name: "prefix", Token: "PREFIX", Optional: true, Multiple: true, MultipleToken: true},
			{Name: "bcast", Type: PureToken, Token: "BCAST", Optional: true},
			{Name: "optin", Type: PureToken, Token: "OPTIN", Optional: true},
			{Name: "optout", Type: PureToken, Token: "OPTOUT", Optional: true},
			{Name: "noloop", Type: PureToken, Token: "NOLOOP", Optional: true},
		},
	},
	{
		Name: "trackinginfo", Group: "connection", Since: "6.2.0",
		Summary:    "",
		Complexity: "O(1)",
		Arity:      2, Flags: NoScript | Loading | Stale,
		Categories: Slow | Connection,
	},
	{
		Name: "unblock", Group: "connection", Since: "5.0.0",
		Summary:    "",
		Complexity: "O(log N) where N is the number of client connections",
		Arity:      -3, Flags: Admin | NoScript | Loading | Stale,
		Categories: AdminCategory | Slow | Dangerous | Connection,
		Args: []Arg{
			{Name: "client-id", Type: Integer},
			{Name: "unblock-type", Type: OneOf, Optional: true, Args: []Arg{
				{Name: "timeout", Type: PureToken, Token: "TIMEOUT"},
				{Name: "error", Type: PureToken, Token: "ERROR"},
			}},
		},
	},
	{
		Name: "unpause", Group: "connection", Since: "6.2.0",
		Summary:    "",
		Complexity: "O(N) Where N is the number of paused clients",
		Arity:      2, Flags: Admin | NoScript | Loading | Stale,
		Categories: AdminCategory | Slow | Dangerous | Connection,
	},
}

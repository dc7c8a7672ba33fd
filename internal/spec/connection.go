package spec

// connectionCommands are the connection commands.
var connectionCommands = []Command{
	{
		Name: "auth", Group: "connection", Since: "1.0.0",
		Summary:    "Log in with a password, or with a user name and its password.",
		Complexity: "O(N) where N is the number of passwords defined for the user",
		Arity:      -2, Flags: NoScript | Loading | Stale | Fast | NoAuth | AllowBusy,
		Categories: FastCategory | Connection,
		History:    []Change{{"6.0.0", "A user name may precede the password."}},
		Args: []Arg{
			{Name: "username", Since: "6.0.0", Optional: true},
			{Name: "password"},
		},
	},
	{
		Name: "client", Group: "connection", Since: "2.4.0",
		Summary:     "Look at client connections and control them.",
		Complexity:  "Depends on subcommand.",
		Arity:       -2,
		Categories:  Slow,
		Subcommands: clientSubcommands,
	},
	{
		Name: "echo", Group: "connection", Since: "1.0.0",
		Summary:    "Send a message back.",
		Complexity: "O(1)",
		Arity:      2, Flags: Loading | Stale | Fast,
		Categories: FastCategory | Connection,
		Args:       []Arg{{Name: "message"}},
	},
	{
		Name: "hello", Group: "connection", Since: "6.0.0",
		Summary:    "Greet the server: choose the protocol, log in, name the connection.",
		Complexity: "O(1)",
		Arity:      -1, Flags: NoScript | Loading | Stale | Fast | NoAuth | AllowBusy,
		Categories: FastCategory | Connection,
		History:    []Change{{"6.2.0", "The version may be left out: then it only describes the connection."}},
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
		Summary:    "Check that the server is there.",
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
		Summary:    "Close the connection.",
		Complexity: "O(1)",
		Arity:      -1, Flags: NoScript | Loading | Stale | Fast | NoAuth | AllowBusy,
		Categories:      FastCategory | Connection,
		Doc:             Deprecated,
		DeprecatedSince: "7.2.0",
		ReplacedBy:      "just closing the connection",
	},
	{
		Name: "reset", Group: "connection", Since: "6.2.0",
		Summary:    "Put the connection back into its first state.",
		Complexity: "O(1)",
		Arity:      1, Flags: NoScript | Loading | Stale | Fast | NoAuth | AllowBusy,
		Categories: FastCategory | Connection,
	},
	{
		Name: "select", Group: "connection", Since: "1.0.0",
		Summary:    "Choose the database of this connection.",
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
		Summary:    "Choose whether the keys of the next command are tracked.",
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
		Name: "capa", Group: "connection", Since: "", ValkeySince: "8.0.0",
		Summary:    "Tell the server what this client can handle.",
		Complexity: "O(1)",
		Arity:      -3, Flags: NoScript | Loading | Stale,
		Categories: Slow | Connection,
		Args:       []Arg{{Name: "capability", Multiple: true}},
	},
	{
		Name: "getname", Group: "connection", Since: "2.6.9",
		Summary:    "Show the name of this connection.",
		Complexity: "O(1)",
		Arity:      2, Flags: NoScript | Loading | Stale,
		Categories: Slow | Connection,
	},
	{
		Name: "getredir", Group: "connection", Since: "6.0.0",
		Summary:    "Show which client gets this connection's invalidation messages.",
		Complexity: "O(1)",
		Arity:      2, Flags: NoScript | Loading | Stale,
		Categories: Slow | Connection,
	},
	{
		Name: "help", Group: "connection", Since: "5.0.0",
		Summary:    "Print help on the CLIENT subcommands.",
		Complexity: "O(1)",
		Arity:      2, Flags: Loading | Stale,
		Categories: Slow | Connection,
	},
	{
		Name: "id", Group: "connection", Since: "5.0.0",
		Summary:    "Show the number of this connection.",
		Complexity: "O(1)",
		Arity:      2, Flags: NoScript | Loading | Stale,
		Categories: Slow | Connection,
	},
	{
		Name: "import-source", Group: "connection", Since: "", ValkeySince: "8.1.0",
		Summary:    "Mark this connection as one that imports data, or no longer.",
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
		Name: "info", Group: "connection", Since: "6.2.0",
		Summary:    "Describe this connection.",
		Complexity: "O(1)",
		Arity:      2, Flags: NoScript | Loading | Stale,
		Categories: Slow | Connection,
		Tips:       []string{"nondeterministic_output"},
	},
	{
		Name: "kill", Group: "connection", Since: "2.4.0",
		Summary:    "Close the connections that match an address or filters.",
		Complexity: "O(N) where N is the number of client connections",
		Arity:      -3, Flags: Admin | NoScript | Loading | Stale,
		Categories: AdminCategory | Slow | Dangerous | Connection,
		History: []Change{
			{"2.8.12", "Takes filters."},
			{"2.8.12", "New option: `ID`."},
			{"3.2.0", "TYPE knows `master`."},
			{"5.0.0", "TYPE `replica` takes the place of `slave`, which still works."},
			{"6.2.0", "New option: `LADDR`."},
			{"7.4.0", "New option: `MAXAGE`."},
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
		Summary:    "Describe all connections.",
		Complexity: "O(N) where N is the number of client connections",
		Arity:      -2, Flags: Admin | NoScript | Loading | Stale,
		Categories: AdminCategory | Slow | Dangerous | Connection,
		Tips:       []string{"nondeterministic_output"},
		History: []Change{
			{"2.8.12", "New field: `id`."},
			{"5.0.0", "New filter: `TYPE`."},
			{"6.0.0", "New field: `user`."},
			{"6.2.0", "New fields: `argv-mem`, `tot-mem`, `laddr`, `redir`; new filter: `ID`."},
			{"7.0.0", "New fields: `resp`, `multi-mem`, `rbs`, `rbp`."},
			{"7.0.3", "New field: `ssub`."},
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
		Summary:    "Protect this connection from eviction, or no longer.",
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
		Summary:    "Keep this connection's commands from counting as use of keys, or no longer.",
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
		Summary:    "Hold back the commands of all clients for a while.",
		Complexity: "O(1)",
		Arity:      -3, Flags: Admin | NoScript | Loading | Stale,
		Categories: AdminCategory | Slow | Dangerous | Connection,
		History:    []Change{{"6.2.0", "Can hold back writes only."}},
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
		Summary:    "Switch the replies to this connection on or off.",
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
		Summary:    "Note the name or version of this connection's client library.",
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
		Summary:    "Name this connection.",
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
		Summary:    "Switch invalidation messages for client-side caches on or off.",
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
		Summary:    "Show how this connection's keys are tracked.",
		Complexity: "O(1)",
		Arity:      2, Flags: NoScript | Loading | Stale,
		Categories: Slow | Connection,
	},
	{
		Name: "unblock", Group: "connection", Since: "5.0.0",
		Summary:    "Wake a client that waits in a blocking command.",
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
		Summary:    "Let paused clients go on.",
		Complexity: "O(N) Where N is the number of paused clients",
		Arity:      2, Flags: Admin | NoScript | Loading | Stale,
		Categories: AdminCategory | Slow | Dangerous | Connection,
	},
}

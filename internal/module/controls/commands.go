package controls

import "github.com/resp-server/resp-server/internal/spec"

// flags are common to all subcommands. They act outside of transactions and
// scripts, and are possible while a script is busy.
const flags = spec.Admin | spec.NoScript | spec.NoMulti | spec.Loading | spec.Stale | spec.SkipSlowlog

const categories = spec.AdminCategory | spec.Slow | spec.Dangerous

func subcommand(name string, arity int, summary string, args ...spec.Arg) spec.Command {
	return spec.Command{
		Name: name, Group: "testing", Summary: summary, Complexity: "O(1)",
		Arity: arity, Flags: flags, Categories: categories, EnabledBy: "enable-testing-command", Args: args,
	}
}

// commands are the row of TESTING, which Redis does not have.
var commands = spec.Register([]spec.Command{{
	Name: "testing", Group: "testing",
	Summary:    "A container for what a test can do with this server and with no other.",
	Complexity: "Depends on subcommand.",
	Arity:      -2,
	Categories: spec.Slow,
	Traits:     spec.BeyondFaults,
	Subcommands: []spec.Command{
		subcommand("clock", -3, "Move, stop or read the clock of the server.",
			spec.Arg{Name: "action", Type: spec.OneOf, Args: []spec.Arg{
				{Name: "milliseconds", Type: spec.Integer, Token: "ADVANCE"},
				{Name: "unix-time-milliseconds", Type: spec.UnixTime, Token: "SET"},
				{Name: "freeze", Type: spec.PureToken, Token: "FREEZE"},
				{Name: "resume", Type: spec.PureToken, Token: "RESUME"},
				{Name: "now", Type: spec.PureToken, Token: "NOW"},
			}}),
		subcommand("close", -2, "End a fork, the one that is asked or that at an address; or a space.",
			spec.Arg{Name: "host:port|space:name", Optional: true}),
		subcommand("dump", -2, "Show all data, sorted, as commands that make them or as JSON.",
			spec.Arg{Name: "format", Type: spec.OneOf, Optional: true, Args: []spec.Arg{
				{Name: "text", Type: spec.PureToken, Token: "TEXT"},
				{Name: "json", Type: spec.PureToken, Token: "JSON"},
			}}),
		subcommand("fault", -3, "Have something go wrong, list what does, or end it.",
			spec.Arg{Name: "action", Type: spec.OneOf, Args: []spec.Arg{
				{Name: "rule", Type: spec.Block, Token: "ADD", Args: []spec.Arg{
					{Name: "name"},
					{Name: "word", Multiple: true},
				}},
				{Name: "list", Type: spec.PureToken, Token: "LIST"},
				{Name: "name|all", Token: "DEL"},
			}}),
		subcommand("fork", 2, "Start an independent server with the same data, and answer its address."),
		spec.Command{
			Name: "help", Group: "testing", Summary: "Print help on the TESTING subcommands.", Complexity: "O(1)",
			Arity: 2, Flags: spec.Loading | spec.Stale, Categories: spec.Slow,
		},
		subcommand("load", 3, "Add data: an RDB file, commands as redis-cli reads them, or JSON.", spec.Arg{Name: "data"}),
		subcommand("record", -3, "Keep what clients send and are answered, show it, or count commands.",
			spec.Arg{Name: "action", Type: spec.OneOf, Args: []spec.Arg{
				{Name: "start", Type: spec.Block, Args: []spec.Arg{
					{Name: "start", Type: spec.PureToken, Token: "START"},
					{Name: "scripts", Type: spec.PureToken, Token: "SCRIPTS", Optional: true},
					{Name: "spaces", Type: spec.PureToken, Token: "SPACES", Optional: true},
				}},
				{Name: "stop", Type: spec.PureToken, Token: "STOP"},
				{Name: "get", Type: spec.Block, Args: []spec.Arg{
					{Name: "get", Type: spec.PureToken, Token: "GET"},
					{Name: "last", Type: spec.Integer, Optional: true},
				}},
				{Name: "count", Type: spec.Block, Args: []spec.Arg{
					{Name: "count", Type: spec.PureToken, Token: "COUNT"},
					{Name: "pattern", Type: spec.Pattern, Optional: true},
				}},
			}}),
		subcommand("reset", 2, "Make the server as it was after its start."),
		subcommand("restore", 3, "Go back to a snapshot.", spec.Arg{Name: "name"}),
		subcommand("seed", 2, "Return what everything that is left to chance depends on."),
		subcommand("shuffle", 3, "Put replies in another order, where Redis leaves that open, or end that.",
			spec.Arg{Name: "shuffle", Type: spec.OneOf, Args: []spec.Arg{
				{Name: "on", Type: spec.PureToken, Token: "ON"},
				{Name: "off", Type: spec.PureToken, Token: "OFF"},
			}}),
		subcommand("snapshot", 3, "Remember what the server is now: data, users, scripts, functions, settings and time.", spec.Arg{Name: "name"}),
		subcommand("space", 3, "Go on with the private server of a name, which is made if it is not there.", spec.Arg{Name: "name"}),
		subcommand("spaces", 2, "List the spaces that there are."),
		subcommand("strict", -3, "Find commands that work in a test and bite in production.",
			spec.Arg{Name: "action", Type: spec.OneOf, Args: []spec.Arg{
				{Name: "set", Type: spec.Block, Args: []spec.Arg{
					{Name: "set", Type: spec.PureToken, Token: "SET"},
					{Name: "rule|all"},
					{Name: "level", Type: spec.OneOf, Args: []spec.Arg{
						{Name: "off", Type: spec.PureToken, Token: "OFF"},
						{Name: "warn", Type: spec.PureToken, Token: "WARN"},
						{Name: "error", Type: spec.PureToken, Token: "ERROR"},
					}},
					{Name: "limit", Optional: true, Multiple: true},
				}},
				{Name: "list", Type: spec.PureToken, Token: "LIST"},
				{Name: "report", Type: spec.PureToken, Token: "REPORT"},
				{Name: "reset", Type: spec.PureToken, Token: "RESET"},
			}}),
	},
}})

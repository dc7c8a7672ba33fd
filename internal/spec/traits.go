package spec

// Trait is a fact about a command that the executor needs but the public
// tables lack. Subcommands also have the traits of their container.
type Trait uint16

const (
	// RunsInMulti commands run at once inside MULTI instead of being queued.
	RunsInMulti Trait = 1 << iota
	// RunsQueued marks EXEC, which runs the queued commands. So it has their
	// effects, and an error before it ends the transaction.
	RunsQueued
	// RunsSubscribed commands are allowed to a subscribed RESP2 client.
	RunsSubscribed
	// ChecksHealth commands fail when writes would fail, so that health checks
	// notice.
	ChecksHealth
	// KeepsCaching commands leave CLIENT CACHING in force for the next command.
	KeepsCaching
	// BeyondFaults commands ignore the faults injected by a test, since they end
	// them.
	BeyondFaults
	// KeepsAsking commands leave ASKING in force for the next command.
	KeepsAsking
	// MovesKeys marks the command that moves keys to another node. It may access
	// keys that are being migrated.
	MovesKeys
)

// ChannelUse describes which arguments of a command are channels, and for what
// use. Commands that end a subscription need no permission, so they have none.
type ChannelUse uint8

const (
	NoChannels    ChannelUse = iota
	PublishesTo              // the first argument
	SubscribesTo             // all arguments
	SubscribesAll            // all arguments, which are patterns
)

// ScriptArg describes how the first argument of a command names a script.
type ScriptArg uint8

const (
	RunsNoScript ScriptArg = iota
	ScriptSource           // source of the script
	ScriptSHA              // SHA-1 of the source
	FunctionName           // name of a library function
)

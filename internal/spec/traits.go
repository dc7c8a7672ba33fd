package spec

// Trait is a fact about a command that the executor must know and that the
// public tables do not state. Subcommands have those of their container too.
type Trait uint16

const (
	// RunsInMulti commands run at once inside MULTI instead of being queued.
	RunsInMulti Trait = 1 << iota
	// RunsQueued is the command that runs what MULTI has queued: it does what
	// these do, and an error before it ends the transaction.
	RunsQueued
	// RunsSubscribed commands are allowed to a RESP2 client that subscribes.
	RunsSubscribed
	// ChecksHealth commands fail while writes would, so that probes notice.
	ChecksHealth
	// KeepsCaching commands do not use up what CLIENT CACHING says about the next
	// command.
	KeepsCaching
	// BeyondFaults commands run whatever faults a test has asked for: they end them.
	BeyondFaults
	// KeepsAsking commands do not use up what ASKING allows to the next command.
	KeepsAsking
	// MovesKeys is the command that moves keys to another node, so it has them
	// while they move.
	MovesKeys
)

// ChannelUse says which arguments of a command are channels, and what for.
// Those that end a subscription need no permission and are none here.
type ChannelUse uint8

const (
	NoChannels    ChannelUse = iota
	PublishesTo              // the first argument
	SubscribesTo             // all arguments
	SubscribesAll            // all arguments, which are patterns of channels
)

// ScriptArg says how the first argument of a command names the script that it
// runs.
type ScriptArg uint8

const (
	RunsNoScript ScriptArg = iota
	ScriptSource           // the text of the script
	ScriptSHA              // the SHA-1 of its text
	FunctionName           // a function of a library
)

package spec

// Trait is a fact about a command that the executor must know and that the
// public tables do not state.
type Trait uint8

const (
	// RunsInMulti commands run at once inside MULTI instead of being queued.
	RunsInMulti Trait = 1 << iota
	// RunsSubscribed commands are allowed to a RESP2 client that subscribes.
	RunsSubscribed
)

// Traits returns the traits of a command by its lower-case name.
func Traits(name string) Trait {
	switch name {
	case "exec", "discard", "multi", "watch":
		return RunsInMulti
	case "quit", "reset":
		return RunsInMulti | RunsSubscribed
	case "ping", "subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe":
		return RunsSubscribed
	}
	return 0
}

// ChannelUse says which arguments of a command are channels, and what for.
// Those that end a subscription need no permission and are none here.
type ChannelUse uint8

const (
	NoChannels    ChannelUse = iota
	PublishesTo              // the first argument
	SubscribesTo             // all arguments
	SubscribesAll            // all arguments, which are patterns of channels
)

// Channels returns how a command uses channels, by its lower-case name.
func Channels(name string) ChannelUse {
	switch name {
	case "publish", "spublish":
		return PublishesTo
	case "subscribe", "ssubscribe":
		return SubscribesTo
	case "psubscribe":
		return SubscribesAll
	}
	return NoChannels
}

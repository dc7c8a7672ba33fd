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

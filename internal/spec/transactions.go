package spec

var transactionsCommands = []Command{
	{
		Name: "discard", Group: "transactions", Since: "2.0.0",
		Summary:    "Leave a transaction without running it.",
		Complexity: "O(N), when N is the number of queued commands",
		Arity:      1, Flags: NoScript | Loading | Stale | Fast | AllowBusy,
		Categories: FastCategory | Transaction,
		Traits:     RunsInMulti,
	},
	{
		Name: "exec", Group: "transactions", Since: "1.2.0",
		Summary:    "Run all commands of the transaction.",
		Complexity: "Depends on commands in the transaction",
		Arity:      1, Flags: NoScript | Loading | Stale | SkipSlowlog,
		Categories: Slow | Transaction,
		Traits:     RunsInMulti | RunsQueued,
	},
	{
		Name: "multi", Group: "transactions", Since: "1.2.0",
		Summary:    "Begin a transaction: queue what follows until EXEC.",
		Complexity: "O(1)",
		Arity:      1, Flags: NoScript | Loading | Stale | Fast | AllowBusy,
		Categories: FastCategory | Transaction,
		Traits:     RunsInMulti | KeepsAsking,
	},
	{
		Name: "unwatch", Group: "transactions", Since: "2.2.0",
		Summary:    "Forget all watched keys.",
		Complexity: "O(1)",
		Arity:      1, Flags: NoScript | Loading | Stale | Fast | AllowBusy,
		Categories: FastCategory | Transaction,
	},
	{
		Name: "watch", Group: "transactions", Since: "2.2.0",
		Summary:    "Have the next transaction fail if one of these keys changes before it.",
		Complexity: "O(1) for every key.",
		Arity:      -2, Flags: NoScript | Loading | Stale | Fast | AllowBusy,
		Categories: FastCategory | Transaction,
		Traits:     RunsInMulti,
		Keys:       []KeySpec{{Flags: RO, Index: 1, LastKey: -1, Step: 1}},
		Args:       []Arg{{Name: "key", Type: Key, Multiple: true, KeySpec: 1}},
	},
}

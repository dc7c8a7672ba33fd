package spec

// transactionsCommands are the transactions commands.
var transactionsCommands = []Command{
	{
		Name: "discard", Group: "transactions", Since: "2.0.0",
		Summary:    "",
		Complexity: "O(N), when N is the number of queued commands",
		Arity:      1, Flags: NoScript | Loading | Stale | Fast | AllowBusy,
		Categories: FastCategory | Transaction,
	},
	{
		Name: "exec", Group: "transactions", Since: "1.2.0",
		Summary:    "",
		Complexity: "Depends on commands in the transaction",
		Arity:      1, Flags: NoScript | Loading | Stale | SkipSlowlog,
		Categories: Slow | Transaction,
	},
	{
		Name: "multi", Group: "transactions", Since: "1.2.0",
		Summary:    "",
		Complexity: "O(1)",
		Arity:      1, Flags: NoScript | Loading | Stale | Fast | AllowBusy,
		Categories: FastCategory | Transaction,
	},
	{
		Name: "unwatch", Group: "transactions", Since: "2.2.0",
		Summary:    "",
		Complexity: "O(1)",
		Arity:      1, Flags: NoScript | Loading | Stale | Fast | AllowBusy,
		Categories: FastCategory | Transaction,
	},
	{
		Name: "watch", Group: "transactions", Since: "2.2.0",
		Summary:    "",
		Complexity: "O(1) for every key.",
		Arity:      -2, Flags: NoScript | Loading | Stale | Fast | AllowBusy,
		Categories: FastCategory | Transaction,
		Keys:       []KeySpec{{Flags: RO, Index: 1, LastKey: -1, Step: 1}},
		Args:       []Arg{{Name: "key", Type: Key, Multiple: true, KeySpec: 1}},
	},
}

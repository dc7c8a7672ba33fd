package spec

var hyperloglogCommands = []Command{
	{
		Name: "pfadd", Group: "hyperloglog", Since: "2.8.9",
		Summary:    "Add elements to a HyperLogLog, which is created if missing.",
		Complexity: "O(1) to add every element.",
		Arity:      -2, Flags: Write | DenyOOM | Fast,
		Categories: WriteCategory | HyperLogLog | FastCategory,
		Keys:       []KeySpec{{Flags: RW | Insert, Index: 1, Step: 1}},
		Args: []Arg{
			{Name: "key", Type: Key, KeySpec: 1},
			{Name: "element", Optional: true, Multiple: true},
		},
	},
	{
		Name: "pfcount", Group: "hyperloglog", Since: "2.8.9",
		Summary:    "Estimate how many different elements HyperLogLogs have seen together.",
		Complexity: "O(1) with a very small average constant time when called with a single key. O(N) with N being the number of keys, and much bigger constant times, when called with multiple keys.",
		Arity:      -2, Flags: ReadOnly | MayReplicate,
		Categories: Read | HyperLogLog | Slow,
		Keys: []KeySpec{
			{Notes: "RW because it may change the internal representation of the key, and propagate to replicas", Flags: RW | Access, Index: 1, LastKey: -1, Step: 1},
		},
		Args: []Arg{{Name: "key", Type: Key, Multiple: true, KeySpec: 1}},
	},
	{
		Name: "pfdebug", Group: "hyperloglog", Since: "2.8.9",
		Summary:    "Show the inside of a HyperLogLog.",
		Complexity: "N/A",
		Arity:      3, Flags: Write | DenyOOM | Admin,
		Categories: WriteCategory | HyperLogLog | AdminCategory | Slow | Dangerous,
		Keys:       []KeySpec{{Flags: RW | Access, Index: 2, Step: 1}},
		Doc:        SysCmd,
		Args: []Arg{
			{Name: "subcommand"},
			{Name: "key", Type: Key, KeySpec: 1},
		},
	},
	{
		Name: "pfmerge", Group: "hyperloglog", Since: "2.8.9",
		Summary:    "Merge HyperLogLogs into one.",
		Complexity: "O(N) to merge N HyperLogLogs, but with high constant times.",
		Arity:      -2, Flags: Write | DenyOOM,
		Categories: WriteCategory | HyperLogLog | Slow,
		Keys: []KeySpec{
			{Flags: RW | Access | Insert, Index: 1, Step: 1},
			{Flags: RO | Access, Index: 2, LastKey: -1, Step: 1},
		},
		Args: []Arg{
			{Name: "destkey", Type: Key, KeySpec: 1},
			{Name: "sourcekey", Type: Key, Optional: true, Multiple: true, KeySpec: 2},
		},
	},
	{
		Name: "pfselftest", Group: "hyperloglog", Since: "2.8.9",
		Summary:    "Test the HyperLogLog implementation.",
		Complexity: "N/A",
		Arity:      1, Flags: Admin,
		Categories: HyperLogLog | AdminCategory | Slow | Dangerous,
		Doc:        SysCmd,
	},
}

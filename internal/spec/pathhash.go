package spec

// pathhashCommands are the pathhash commands.
var pathhashCommands = []Command{
	{
		Name: "phcard", Group: "pathhash", Since: "", ValkeySince: "9.2.0",
		Summary:    "Count the entries of a path hash.",
		Complexity: "O(1)",
		Arity:      2, Flags: ReadOnly | Fast,
		Categories: Read | FastCategory | PathHash,
		Keys:       []KeySpec{{Flags: RO | Access, Index: 1, Step: 1}},
		Args:       []Arg{{Name: "key", Type: Key, KeySpec: 1}},
	},
	{
		Name: "phdel", Group: "pathhash", Since: "", ValkeySince: "9.2.0",
		Summary:    "Delete entries by their paths.",
		Complexity: "O(N*L) where N is the number of paths and L their length.",
		Arity:      -3, Flags: Write,
		Categories: WriteCategory | Slow | PathHash,
		Keys:       []KeySpec{{Flags: RW | Delete, Index: 1, Step: 1}},
		Args: []Arg{
			{Name: "key", Type: Key, KeySpec: 1},
			{Name: "path", Multiple: true},
		},
	},
	{
		Name: "phdelprefix", Group: "pathhash", Since: "", ValkeySince: "9.2.0",
		Summary:    "Delete all entries below a path.",
		Complexity: "O(L+N) where L is the length of the path and N the number of entries below it.",
		Arity:      3, Flags: Write,
		Categories: WriteCategory | Slow | PathHash,
		Keys:       []KeySpec{{Flags: RW | Delete, Index: 1, Step: 1}},
		Args: []Arg{
			{Name: "key", Type: Key, KeySpec: 1},
			{Name: "prefix"},
		},
	},
	{
		Name: "phexists", Group: "pathhash", Since: "", ValkeySince: "9.2.0",
		Summary:    "Tell whether there is an entry at a path.",
		Complexity: "O(L) where L is the length of the path.",
		Arity:      3, Flags: ReadOnly | Fast,
		Categories: Read | FastCategory | PathHash,
		Keys:       []KeySpec{{Flags: RO | Access, Index: 1, Step: 1}},
		Args: []Arg{
			{Name: "key", Type: Key, KeySpec: 1},
			{Name: "path"},
		},
	},
	{
		Name: "phget", Group: "pathhash", Since: "", ValkeySince: "9.2.0",
		Summary:    "Read fields of the entry at a path.",
		Complexity: "O(L+N) where L is the length of the path and N the number of fields.",
		Arity:      -4, Flags: ReadOnly | Fast,
		Categories: Read | FastCategory | PathHash,
		Keys:       []KeySpec{{Flags: RO | Access, Index: 1, Step: 1}},
		Args: []Arg{
			{Name: "key", Type: Key, KeySpec: 1},
			{Name: "path"},
			{Name: "field", Multiple: true},
		},
	},
	{
		Name: "phgetall", Group: "pathhash", Since: "", ValkeySince: "9.2.0",
		Summary:    "Read all fields of the entry at a path.",
		Complexity: "O(L+N) where L is the length of the path and N the number of fields.",
		Arity:      3, Flags: ReadOnly,
		Categories: Read | Slow | PathHash,
		Keys:       []KeySpec{{Flags: RO | Access, Index: 1, Step: 1}},
		Args: []Arg{
			{Name: "key", Type: Key, KeySpec: 1},
			{Name: "path"},
		},
	},
	{
		Name: "phscan", Group: "pathhash", Since: "", ValkeySince: "9.2.0",
		Summary:    "Go through the entries step by step.",
		Complexity: "O(L+N) for each call, where L is the length of the path and N the number of entries returned.",
		Arity:      -3, Flags: ReadOnly,
		Categories: Read | Slow | PathHash,
		Keys:       []KeySpec{{Flags: RO | Access, Index: 1, Step: 1}},
		Tips:       []string{"nondeterministic_output_order"},
		Args: []Arg{
			{Name: "key", Type: Key, KeySpec: 1},
			{Name: "cursor"},
			{Name: "prefix", Token: "PREFIX", Optional: true},
			{Name: "count", Type: Integer, Token: "COUNT", Optional: true},
			{Name: "withvalues", Type: PureToken, Token: "WITHVALUES", Optional: true},
		},
	},
	{
		Name: "phset", Group: "pathhash", Since: "", ValkeySince: "9.2.0",
		Summary:    "Write fields of the entry at a path.",
		Complexity: "O(L+N) where L is the length of the path and N the number of fields.",
		Arity:      -7, Flags: Write | DenyOOM | Fast,
		Categories: WriteCategory | FastCategory | PathHash,
		Keys:       []KeySpec{{Flags: RW | Update, Index: 1, Step: 1}},
		Args: []Arg{
			{Name: "key", Type: Key, KeySpec: 1},
			{Name: "path"},
			{Name: "condition", Type: OneOf, Optional: true, Args: []Arg{
				{Name: "fnx", Type: PureToken, Token: "FNX"},
				{Name: "fxx", Type: PureToken, Token: "FXX"},
			}},
			{Name: "fields", Type: Block, Token: "FIELDS", Args: []Arg{
				{Name: "numfields", Type: Integer},
				{Name: "data", Type: Block, Multiple: true, Args: []Arg{{Name: "field"}, {Name: "value"}}},
			}},
		},
	},
}

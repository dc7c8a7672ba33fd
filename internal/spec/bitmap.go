package spec

var bitmapCommands = []Command{
	{
		Name: "bitcount", Group: "bitmap", Since: "2.6.0",
		Summary:    "Count the bits that are set in a string or in a part of it.",
		Complexity: "O(N)",
		Arity:      -2, Flags: ReadOnly,
		Categories: Read | Bitmap | Slow,
		Keys:       []KeySpec{{Flags: RO | Access, Index: 1, Step: 1}},
		History:    []Change{{"7.0.0", "New options: `BYTE`, `BIT`."}},
		Args: []Arg{
			{Name: "key", Type: Key, KeySpec: 1},
			{Name: "range", Type: Block, Optional: true, Args: []Arg{
				{Name: "start", Type: Integer},
				{Name: "end", Type: Integer},
				bitUnit,
			}},
		},
	},
	{
		Name: "bitfield", Group: "bitmap", Since: "3.2.0",
		Summary:    "Read, write and add to integers of any width inside a string.",
		Complexity: "O(1) for each subcommand specified",
		Arity:      -2, Flags: Write | DenyOOM,
		Categories: WriteCategory | Bitmap | Slow,
		KeyCode:    appendBitfieldKey,
		Keys: []KeySpec{
			{Notes: "This command allows both access and modification of the key", Flags: RW | Access | Update | VariableFlags, Index: 1, Step: 1},
		},
		Args: []Arg{
			{Name: "key", Type: Key, KeySpec: 1},
			{Name: "operation", Type: OneOf, Optional: true, Multiple: true, Args: []Arg{
				{Name: "get-block", Type: Block, Token: "GET", Args: []Arg{
					{Name: "encoding"},
					{Name: "offset", Type: Integer},
				}},
				{Name: "write", Type: Block, Args: []Arg{
					{Name: "overflow-block", Type: OneOf, Token: "OVERFLOW", Optional: true, Args: []Arg{
						{Name: "wrap", Type: PureToken, Token: "WRAP"},
						{Name: "sat", Type: PureToken, Token: "SAT"},
						{Name: "fail", Type: PureToken, Token: "FAIL"},
					}},
					{Name: "write-operation", Type: OneOf, Args: []Arg{
						{Name: "set-block", Type: Block, Token: "SET", Args: []Arg{
							{Name: "encoding"},
							{Name: "offset", Type: Integer},
							{Name: "value", Type: Integer},
						}},
						{Name: "incrby-block", Type: Block, Token: "INCRBY", Args: []Arg{
							{Name: "encoding"},
							{Name: "offset", Type: Integer},
							{Name: "increment", Type: Integer},
						}},
					}},
				}},
			}},
		},
	},
	{
		Name: "bitfield_ro", Group: "bitmap", Since: "6.0.0",
		Summary:    "Read integers of any width inside a string.",
		Complexity: "O(1) for each subcommand specified",
		Arity:      -2, Flags: ReadOnly | Fast,
		Categories: Read | Bitmap | FastCategory,
		Keys:       []KeySpec{{Flags: RO | Access, Index: 1, Step: 1}},
		Args: []Arg{
			{Name: "key", Type: Key, KeySpec: 1},
			{Name: "get-block", Type: Block, Token: "GET", Optional: true, Multiple: true, MultipleToken: true, Args: []Arg{
				{Name: "encoding"},
				{Name: "offset", Type: Integer},
			}},
		},
	},
	{
		Name: "bitop", Group: "bitmap", Since: "2.6.0",
		Summary:    "Combine strings bit by bit and store the result.",
		Complexity: "O(N)",
		Arity:      -4, Flags: Write | DenyOOM,
		Categories: WriteCategory | Bitmap | Slow,
		Keys: []KeySpec{
			{Flags: OW | Update, Index: 2, Step: 1},
			{Flags: RO | Access, Index: 3, LastKey: -1, Step: 1},
		},
		Args: []Arg{
			{Name: "operation", Type: OneOf, Args: []Arg{
				{Name: "and", Type: PureToken, Token: "AND"},
				{Name: "or", Type: PureToken, Token: "OR"},
				{Name: "xor", Type: PureToken, Token: "XOR"},
				{Name: "not", Type: PureToken, Token: "NOT"},
				{Name: "diff", Type: PureToken, Token: "DIFF", Since: "8.2.0", Undocumented: true},
				{Name: "diff1", Type: PureToken, Token: "DIFF1", Since: "8.2.0", Undocumented: true},
				{Name: "andor", Type: PureToken, Token: "ANDOR", Since: "8.2.0", Undocumented: true},
				{Name: "one", Type: PureToken, Token: "ONE", Since: "8.2.0", Undocumented: true},
			}},
			{Name: "destkey", Type: Key, KeySpec: 1},
			{Name: "key", Type: Key, Multiple: true, KeySpec: 2},
		},
	},
	{
		Name: "bitpos", Group: "bitmap", Since: "2.8.7",
		Summary:    "Find the first bit that is set, or clear, in a string.",
		Complexity: "O(N)",
		Arity:      -3, Flags: ReadOnly,
		Categories: Read | Bitmap | Slow,
		Keys:       []KeySpec{{Flags: RO | Access, Index: 1, Step: 1}},
		History:    []Change{{"7.0.0", "New options: `BYTE`, `BIT`."}},
		Args: []Arg{
			{Name: "key", Type: Key, KeySpec: 1},
			{Name: "bit", Type: Integer},
			{Name: "range", Type: Block, Optional: true, Args: []Arg{
				{Name: "start", Type: Integer},
				{Name: "end-unit-block", Type: Block, Optional: true, Args: []Arg{
					{Name: "end", Type: Integer},
					bitUnit,
				}},
			}},
		},
	},
	{
		Name: "getbit", Group: "bitmap", Since: "2.2.0",
		Summary:    "Read one bit of a string.",
		Complexity: "O(1)",
		Arity:      3, Flags: ReadOnly | Fast,
		Categories: Read | Bitmap | FastCategory,
		Keys:       []KeySpec{{Flags: RO | Access, Index: 1, Step: 1}},
		Args: []Arg{
			{Name: "key", Type: Key, KeySpec: 1},
			{Name: "offset", Type: Integer},
		},
	},
	{
		Name: "setbit", Group: "bitmap", Since: "2.2.0",
		Summary:    "Write one bit of a string and return what it was.",
		Complexity: "O(1)",
		Arity:      4, Flags: Write | DenyOOM,
		Categories: WriteCategory | Bitmap | Slow,
		Keys:       []KeySpec{{Flags: RW | Access | Update, Index: 1, Step: 1}},
		Args: []Arg{
			{Name: "key", Type: Key, KeySpec: 1},
			{Name: "offset", Type: Integer},
			{Name: "value", Type: Integer},
		},
	},
}

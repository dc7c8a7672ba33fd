// Package spec is the command table: every command of the server as data.
//
// A row contains what is known about a command without running it: its name,
// arity, flags, ACL categories, key positions, arguments, options and
// documentation. COMMAND, COMMAND DOCS, GETKEYS, ACL, arity checks, option
// parsing, the coverage table of the docs and the random command generator of
// the tests all read it.
//
// The facts (names, arities, flags, key specs, argument trees) come from
// COMMAND and COMMAND DOCS of live servers and from Valkey's BSD-licensed
// command files. The summaries are our own words. The package also has the
// code that reads the rows: look-up, key positions, options and syntax lines.
// All of it is read-only. Where versions differ, the facts are those of Redis
// 7.4.
package spec

// Command is one row: a command, a container of subcommands, or a subcommand.
type Command struct {
	// Name is in lower case. For a subcommand it is its own name alone ("get" of
	// CONFIG GET).
	Name string
	// Group is the group in COMMAND DOCS: "string", "sorted-set", "connection",
	// ...
	Group string
	// Since is the version that introduced the command, as in COMMAND DOCS, empty
	// if Redis does not have it. ValkeySince is Valkey's version for commands
	// newer than the common ancestor, 7.2. Valkey lacks newer commands without a
	// ValkeySince.
	Since, ValkeySince string
	// Summary is one sentence in our own words.
	Summary string
	// Complexity is documented: "O(1)", "O(N) where N is ...".
	Complexity string
	// Arity counts the name (for a subcommand both names). A negative arity is a
	// minimum.
	Arity int
	// Flags are the flags in COMMAND.
	Flags Flag
	// Categories are all ACL categories in COMMAND, including the implied ones.
	Categories Category
	// Traits, EnabledBy, Channels and Script are facts that the server needs but
	// no command shows; see their types.
	Traits   Trait
	Channels ChannelUse
	Script   ScriptArg
	// EnabledBy is the setting, with the values no, yes and local, that allows
	// the command. It is empty if the command needs none. A container's does not
	// apply to its subcommands.
	EnabledBy string
	// Keys are the positions of the keys, empty if the command has none.
	Keys []KeySpec
	// KeyCode appends the keys of command lines that Keys does not describe. It
	// follows the key function of the real server, including its leniency.
	// Without KeyCode, counted keys are found by their number.
	KeyCode func(dst []KeyPos, args [][]byte) []KeyPos
	// Args is the argument tree without the command name.
	Args []Arg
	// Tips are the hints for proxies and clients ("request_policy:all_shards").
	Tips []string
	// History lists changes of behaviour: version, what changed.
	History []Change
	// DeprecatedSince and ReplacedBy are set for deprecated commands only.
	DeprecatedSince, ReplacedBy string
	// Doc holds documentation flags: Deprecated, and SysCmd for internal commands.
	Doc DocFlag
	// Subcommands are those of a container, sorted by name.
	Subcommands []Command
}

// Change is an entry in the history of a command or option.
type Change struct{ Version, What string }

// Flag is a set of command flags, named as in COMMAND.
type Flag uint32

// Command flags, in the order of COMMAND, which does not show MayReplicate and
// TouchesArbitraryKeys.
const (
	Write Flag = 1 << iota
	ReadOnly
	DenyOOM
	Module
	Admin
	PubSub
	NoScript
	Blocking
	Loading
	Stale
	SkipMonitor
	SkipSlowlog
	Asking
	Fast
	NoAuth
	MayReplicate
	NoMandatoryKeys
	NoAsyncLoading
	NoMulti
	MovableKeys
	AllowBusy
	TouchesArbitraryKeys
)

// Category is a set of ACL categories.
type Category uint32

// ACL categories, in the order of ACL CAT. Array came with Redis 8.8,
// PathHash with Valkey 9.2.
const (
	Keyspace Category = 1 << iota
	Read
	WriteCategory
	SetCategory
	SortedSet
	List
	Hash
	String
	Bitmap
	HyperLogLog
	Geo
	Stream
	PubSubCategory
	AdminCategory
	FastCategory
	Slow
	BlockingCategory
	Dangerous
	Connection
	Transaction
	Scripting
	Array
	PathHash
)

// DocFlag is a set of documentation flags.
type DocFlag uint8

// Documentation flags.
const (
	Deprecated DocFlag = 1 << iota
	SysCmd
)

// KeySpec describes where keys are and how the command uses them.
type KeySpec struct {
	Notes string
	Flags KeyFlag
	// The search begins at argument Index or, if Keyword is set, after that word,
	// which is searched from argument StartFrom on (negative: from the end
	// backwards). Unknown means that only code can find the beginning.
	Index     int
	Keyword   string
	StartFrom int
	Unknown   bool
	// The keys are every Step-th argument from the first key to LastKey (relative
	// to the first key; negative: from the end; -1 with a Limit of n: only the
	// first n-th part of the rest). If KeyNum is set, the number of keys is the
	// argument KeyNumIdx after the beginning, and the first key is FirstKey after
	// it. UnknownKeys means that only code can find the keys.
	LastKey, Step, Limit int
	KeyNum               bool
	KeyNumIdx, FirstKey  int
	UnknownKeys          bool
}

// KeyFlag describes how a command uses a key.
type KeyFlag uint16

// Key flags, in the order of COMMAND.
const (
	RO KeyFlag = 1 << iota
	RW
	OW
	RM
	Access
	Update
	Insert
	Delete
	NotKey
	Incomplete
	VariableFlags
)

// ArgType is the type of an argument.
type ArgType uint8

// Argument types, named as in COMMAND DOCS.
const (
	StringArg ArgType = iota
	Integer
	Double
	Key
	Pattern
	UnixTime
	PureToken
	OneOf
	Block
)

// Arg is a node of the argument tree.
type Arg struct {
	Name string
	Type ArgType
	// Display is the shown text, empty for Name. OneOf and Block show none.
	Display string
	// Token is the word before the value, or the word itself for PureToken.
	// EmptyToken means that the word is the empty string.
	Token      string
	EmptyToken bool
	// Since is the version that introduced the argument, empty if it is as old as
	// the command. COMMAND DOCS does not show it if it is Undocumented.
	Since        string
	Undocumented bool
	// Optional, Multiple (may repeat), MultipleToken (the token repeats too).
	Optional, Multiple, MultipleToken bool
	// KeySpec is 1 + the index in Command.Keys for Key arguments; 0 means none.
	KeySpec         int
	DeprecatedSince string
	// Args are the alternatives of OneOf or the members of Block.
	Args []Arg
}

// HasWord reports whether a word, in capitals, is in the command's argument tree.
func (c *Command) HasWord(word string) bool { return anyHasWord(c.Args, word) }

func anyHasWord(args []Arg, word string) bool {
	for i := range args {
		if args[i].Token == word || anyHasWord(args[i].Args, word) {
			return true
		}
	}
	return false
}

// Package spec is the command table: every command of the server as data.
//
// A row says what can be known about a command without running it: its name,
// arity, flags, ACL categories, where its keys are, which arguments and
// options it takes, and its documentation. COMMAND, COMMAND DOCS, GETKEYS,
// ACL, arity checks, option parsing, the coverage table of the docs and the
// random command generator of the tests all read it.
//
// The facts (names, arities, flags, key specs, argument trees) come from
// COMMAND and COMMAND DOCS of live servers and from Valkey's BSD-licensed
// command files; the summaries are our own words. Beside them is what reads them:
// look-up, key positions, options and the syntax lines. All of it is read-only.
// Where versions differ, the facts are those of Redis 7.4.
package spec

// Command is one row: a command, a container of subcommands, or a subcommand.
type Command struct {
	// Name in lower case; for a subcommand its own name alone ("get" of CONFIG GET).
	Name string
	// Group as COMMAND DOCS names it: "string", "sorted-set", "connection", ...
	Group string
	// Since is the version that introduced it, as COMMAND DOCS prints it; empty
	// if Redis has no such command. ValkeySince is Valkey's version for the
	// commands that are newer than the common ancestor, 7.2. A command newer
	// than 7.2 without ValkeySince is unknown to Valkey.
	Since, ValkeySince string
	// Summary is one sentence in our own words.
	Summary string
	// Complexity as documented: "O(1)", "O(N) where N is ...".
	Complexity string
	// Arity counts the name (for a subcommand both names); negative means "at least".
	Arity int
	// Flags as COMMAND reports them.
	Flags Flag
	// Categories are all ACL categories, the implied ones included, as COMMAND reports them.
	Categories Category
	// Traits, EnabledBy, Channels and Script are facts that the server needs and
	// that no command shows; see their types.
	Traits   Trait
	Channels ChannelUse
	Script   ScriptArg
	// EnabledBy names the setting, with the values no, yes and local, that allows
	// the command; empty if it needs none. Its subcommands have their own.
	EnabledBy string
	// Keys says where the keys stand; empty if the command has none.
	Keys []KeySpec
	// KeyCode appends the keys of command lines that Keys does not describe, as
	// the key function of the real server does, its leniency included. Without it
	// keys that are counted are found by their number.
	KeyCode func(dst []KeyPos, args [][]byte) []KeyPos
	// Args is the argument tree without the command name.
	Args []Arg
	// Tips are the hints for proxies and clients ("request_policy:all_shards").
	Tips []string
	// History lists changes of behaviour: version, what changed.
	History []Change
	// DeprecatedSince and ReplacedBy are set for deprecated commands.
	DeprecatedSince, ReplacedBy string
	// Doc holds documentation flags: Deprecated, and SysCmd for internal commands.
	Doc DocFlag
	// Subcommands of a container, sorted by name.
	Subcommands []Command
}

// Change is one line of a command's or option's history.
type Change struct{ Version, What string }

// Flag is a set of command flags. The names are those of COMMAND's reply.
type Flag uint32

// Command flags, in the order in which COMMAND lists them. COMMAND does not
// show MayReplicate and TouchesArbitraryKeys.
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

// KeySpec says where keys are and what is done with them.
type KeySpec struct {
	Notes string
	Flags KeyFlag
	// Begin search: at argument Index, or, if Keyword is set, after that word
	// looked for from argument StartFrom on (negative: from the end backwards).
	// Unknown means that only code can tell.
	Index     int
	Keyword   string
	StartFrom int
	Unknown   bool
	// Find keys: a range of every Step-th argument from the first key to
	// LastKey (relative to the first key; negative: from the end; -1 with a
	// Limit of n: only the first n-th part of what follows). Or, if KeyNum is
	// true, as many keys as the number KeyNumIdx arguments after the beginning
	// says, from FirstKey arguments after the beginning on. UnknownKeys means
	// that only code can tell.
	LastKey, Step, Limit int
	KeyNum               bool
	KeyNumIdx, FirstKey  int
	UnknownKeys          bool
}

// KeyFlag says how a command uses a key.
type KeyFlag uint16

// Key flags, in the order in which COMMAND lists them.
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
	// Display is the text to show for it; empty means Name. OneOf and Block show none.
	Display string
	// Token is the word before the value, or the word itself for PureToken.
	// EmptyToken means that the word is there and is the empty string.
	Token      string
	EmptyToken bool
	// Since is the version that introduced the argument, empty if as old as the
	// command. Those of Redis 8 are no part of the documentation.
	Since string
	// Optional, Multiple (may repeat), MultipleToken (the token repeats too).
	Optional, Multiple, MultipleToken bool
	// KeySpec is 1 + the index into Command.Keys for Key arguments; 0 is none.
	KeySpec         int
	DeprecatedSince string
	// Args are the alternatives of OneOf or the members of Block.
	Args []Arg
}

// Later tells whether the argument is newer than Redis 7.4, although its
// command is not: the documentation of the command, which is that of 7.4, has
// it not.
func (a *Arg) Later() bool { return a.Since >= "8" }

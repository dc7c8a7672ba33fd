package spec

// Names of bits, by bit number, as in COMMAND and COMMAND DOCS. A bit with an
// empty name is not printed.
var (
	flagNames = [...]string{
		"write", "readonly", "denyoom", "module", "admin", "pubsub", "noscript",
		"blocking", "loading", "stale", "skip_monitor", "skip_slowlog", "asking",
		"fast", "no_auth", "", "no_mandatory_keys", "no_async_loading",
		"no_multi", "movablekeys", "allow_busy", "",
	}
	categoryNames = [...]string{
		"keyspace", "read", "write", "set", "sortedset", "list", "hash", "string",
		"bitmap", "hyperloglog", "geo", "stream", "pubsub", "admin", "fast", "slow",
		"blocking", "dangerous", "connection", "transaction", "scripting", "array",
		"pathhash",
	}
	docFlagNames = [...]string{"deprecated", "syscmd"}
	keyFlagNames = [...]string{
		"RO", "RW", "OW", "RM", "access", "update", "insert", "delete", "not_key",
		"incomplete", "variable_flags",
	}
	argTypeNames = [...]string{
		"string", "integer", "double", "key", "pattern", "unix-time", "pure-token",
		"oneof", "block",
	}
)

func appendNames(dst []string, bits uint32, names []string) []string {
	for i, name := range names {
		if bits>>i&1 != 0 && name != "" {
			dst = append(dst, name)
		}
	}
	return dst
}

// AppendNames appends the names of the flags in f in the order of COMMAND. It
// leaves out flags that COMMAND does not show.
func (f Flag) AppendNames(dst []string) []string {
	return appendNames(dst, uint32(f), flagNames[:])
}

// AppendNames appends the names of the categories in c, without @, in the order of ACL CAT.
func (c Category) AppendNames(dst []string) []string {
	return appendNames(dst, uint32(c), categoryNames[:])
}

// AppendNames appends the names of the flags in f.
func (f DocFlag) AppendNames(dst []string) []string {
	return appendNames(dst, uint32(f), docFlagNames[:])
}

// AppendNames appends the names of the flags in f, in the order of COMMAND.
func (f KeyFlag) AppendNames(dst []string) []string {
	return appendNames(dst, uint32(f), keyFlagNames[:])
}

// CategoryNamed returns the category with a name, in lower case and without @.
// It returns 0 if there is none.
func CategoryNamed(name string) Category {
	for i, n := range categoryNames {
		if n == name {
			return 1 << i
		}
	}
	return 0
}

// String returns the name in COMMAND DOCS.
func (t ArgType) String() string {
	if int(t) >= len(argTypeNames) {
		return ""
	}
	return argTypeNames[t]
}

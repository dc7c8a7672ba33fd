package compat

// Change names a difference between versions.
type Change int

// Row says what a Change is: the version with which it came, where it shows, and what
// is so since then.
type Row struct{ Since, Where, What string }

// Changes returns the rows of all changes, the oldest first.
func Changes() []Row { return table[:] }

// The changes, in the order of their versions.
const (
	ListpackSets Change = iota
	ListpackLists
	ShortestDoubles
	HelloAtOnce
	HelloProto
	TimeoutBounds
	GroupIsGone
	ConsumersAsk
	ConsumersActive
	UnbalancedNames
	SetIDAfterDeleted
	SequenceIsSmall
	LogNothing
	LuaEnvironments
	LuaSetRepl
	ReloadLogs
	FunctionFormat
	ClientLibrary
	OffsetsFromTheEnd
	QueueAnything
	StrictCursors
	XReadInScripts
	LuaClock
	LuaLogLevel
	NegatableCounts
	RangesFirst
	NoValues
	LastEntry
	ElementExpiry
	ClientWatch
	SecretUsers
	ClientThread
	ClientTraffic
	ZeroChecksum
	ReplicaThread
	PolicyLRM
	ClientPipelines
	SlowCommands
	EventsOfElements

	changes
)

// aboutClients is where the fields of clients show.
const aboutClients = "CLIENT INFO, CLIENT LIST"

var table = [changes]Row{
	ListpackSets:      {"7.2", "OBJECT ENCODING of sets", "small sets whose members are not all integers are listpacks, as `set-max-listpack-entries` and `set-max-listpack-value` say"},
	ListpackLists:     {"7.2", "OBJECT ENCODING of lists", "small lists are listpacks"},
	ShortestDoubles:   {"7.2", "replies with doubles, arguments of `redis.call`", "numbers have the fewest digits that read back as the same number, not 17"},
	HelloAtOnce:       {"7.2", "HELLO", "an option changes nothing if a later one is an error"},
	HelloProto:        {"7.2", "HELLO", "the error for clients without a login names the protocol version"},
	TimeoutBounds:     {"7.2", "blocking commands", "timeouts that are too large are out of range"},
	GroupIsGone:       {"7.2", "XREADGROUP", "readers whose group or key has gone get the error of the command called again"},
	ConsumersAsk:      {"7.2", "XREADGROUP, XAUTOCLAIM", "consumers come into being when they ask, also if they get nothing"},
	ConsumersActive:   {"7.2", "XINFO", "`inactive` and `active-time` say when a consumer last got something; `idle` and `seen-time` when it last asked"},
	UnbalancedNames:   {"7.2", "XREAD, XREADGROUP", "the error for keys without ids names the command"},
	SetIDAfterDeleted: {"7.2", "XSETID", "the id can't be smaller than that of an entry that was deleted"},
	SequenceIsSmall:   {"7.2", "XADD", "an id `ms-*` whose sequence is exhausted is too small, not too large"},
	LogNothing:        {"7.2", "CONFIG SET loglevel", "`nothing` is a level"},
	LuaEnvironments:   {"7.2", "EVAL, FCALL", "`getfenv` and `setfenv` are there"},
	LuaSetRepl:        {"7.2", "EVAL, FCALL", "the text of the error of `redis.set_repl`"},
	ReloadLogs:        {"7.2", "DEBUG RELOAD", "the text of its error"},
	FunctionFormat:    {"7.2", "FUNCTION RESTORE", "payloads of release candidates of 7.0 have an error of their own"},
	ClientLibrary:     {"7.2", "CLIENT LIST, CLIENT INFO", "`lib-name` and `lib-ver`"},
	OffsetsFromTheEnd: {"7.4", "ZRANGE and its kin", "a negative offset of LIMIT counts from the other end in a skiplist"},
	QueueAnything:     {"7.4", "MULTI", "above `maxmemory`, commands that need no memory can be queued"},
	StrictCursors:     {"7.4", "SCAN, HSCAN, SSCAN, ZSCAN", "cursors with a sign are errors"},
	XReadInScripts:    {"7.4", "EVAL, FCALL", "scripts may call XREAD and XREADGROUP with BLOCK, which do not wait there"},
	LuaClock:          {"7.4", "EVAL, FCALL", "the library `os` is there, with `os.clock`"},
	LuaLogLevel:       {"7.4", "EVAL, FCALL", "the text of the error of `redis.log`"},
	NegatableCounts:   {"7.4", "LREM, LPOS", "the smallest integer is out of range"},
	RangesFirst:       {"7.4", "BITCOUNT, BITPOS", "the range is read before the key"},
	NoValues:          {"7.4", "HSCAN", "NOVALUES"},
	LastEntry:         {"7.4", "XREAD", "the id `+` is the last entry"},
	ElementExpiry:     {"7.4", "INFO", "`subexpiry` of a database"},
	ClientWatch:       {"7.4", aboutClients, "`watch`"},
	SecretUsers:       {"7.4", "SLOWLOG, MONITOR", "the names in ACL GETUSER and ACL DELUSER are redacted"},
	ClientThread:      {"8.0", aboutClients, "`io-thread`"},
	ClientTraffic:     {"8.2", aboutClients, "`tot-net-in`, `tot-net-out` and `tot-cmds`"},
	ZeroChecksum:      {"8.4", "RESTORE, FUNCTION RESTORE", "payloads with the checksum 0 are taken unchecked"},
	ReplicaThread:     {"8.6", "INFO", "`io-thread` of a replica"},
	PolicyLRM:         {"8.6", "CONFIG SET maxmemory-policy", "the error names `volatile-lrm` and `allkeys-lrm`"},
	ClientPipelines:   {"8.8", aboutClients, "`omem-shared`, `omem-unshared`, `read-events`, `avg-pipeline-len-sum` and `avg-pipeline-len-cnt`"},
	SlowCommands:      {"8.8", "INFO", "`slowlog_count`, `slowlog_time_ms_sum` and `slowlog_time_ms_max` of a command"},
	EventsOfElements:  {"8.8", "CONFIG SET notify-keyspace-events", "the error names all classes, and `A` does not show unless `a` is among them"},
}

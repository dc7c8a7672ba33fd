// Package archtest states which package of this module may import which, with
// reasons; its test enforces that. The policy is a statement of intent: a change
// that breaks a rule must either go elsewhere, or change the rule and its reason.
package archtest

// Patterns are separated by spaces: "./x" is a package of this module, "." the root
// of the module, "x/..." is x and everything below it, and anything else is an
// import path. The rules do not apply to test files.

// A room is a set of packages, with what they may import of this module. Each
// package is in one room: a new package needs an entry here. Packages that no room
// may import, such as those for tests, stay out of production code.
type room struct{ in, knows, why string }

var rooms = []room{
	{".", "./internal/clock ./internal/compat ./internal/cluster/... ./internal/command ./internal/config ./internal/engine ./internal/fault ./internal/fixture ./internal/inspector ./internal/linediff " +
		"./internal/module/... ./internal/network ./internal/notation ./internal/pubsub ./internal/record ./internal/resp ./internal/sentinel/... ./internal/slot ./internal/strict ./internal/transport ./internal/vfs",
		"only the root wires things together: the parts of a server, its transports, its modules and what tests ask of it"},
	{"./cmd/...", ". ./cmd/... ./internal/aof ./internal/rediscli",
		"the server in the binary can do nothing that an embedding program cannot; the tools beside it are rooms of their own"},
	{"./internal/rediscli", "./internal/resp", "a client knows the protocol and no server"},
	{"./examples/...", ".", "examples show what anyone can do"},
	{"./explore", ".", "what explores a server uses it as any test does"},

	{"./internal/engine", "./internal/acl ./internal/aof ./internal/clock ./internal/cluster ./internal/compat ./internal/config ./internal/datastruct/topk ./internal/datastruct/tree ./internal/event ./internal/fault ./internal/glob " +
		"./internal/journal ./internal/keyspace ./internal/latency ./internal/numfmt ./internal/pubsub ./internal/rdb ./internal/replication ./internal/resp ./internal/script ./internal/sentinel " +
		"./internal/slot ./internal/slowlog ./internal/snapshot ./internal/spec ./internal/strict ./internal/tracking ./internal/value ./internal/vfs ./internal/spawn",
		"the engine runs commands and knows none: they are handed to it as a table, by the root, and so are transports"},
	{"./internal/command", "./internal/acl ./internal/cluster ./internal/compat ./internal/config ./internal/datastruct/... ./internal/engine ./internal/event ./internal/glob ./internal/keyspace " +
		"./internal/latency ./internal/numfmt ./internal/pubsub ./internal/rdb ./internal/resp ./internal/script ./internal/sentinel ./internal/slot ./internal/slowlog ./internal/snapshot " +
		"./internal/spec ./internal/tracking ./internal/value",
		"handlers use the engine and the data; they know no transport, no file, no clock and no module"},
	{"./internal/module/array", "./internal/config ./internal/datastruct/tree ./internal/engine ./internal/ere ./internal/event ./internal/glob ./internal/numfmt " +
		"./internal/rdb ./internal/resp ./internal/snapshot ./internal/spec ./internal/value",
		"a module uses what any module could use: the engine, not the core handlers"},
	{"./internal/module/controls", "./internal/engine ./internal/fault ./internal/resp ./internal/spec ./internal/strict",
		"a module uses what any module could use: the engine, not the core handlers"},

	{"./internal/transport", "./internal/clock",
		"a transport carries bytes to and from a small interface; so any of them runs any session"},
	{"./internal/inspector", "./internal/clock ./internal/resp",
		"it sees the server as a client and an observer do, through an interface that the root implements"},
	{"./internal/config", "./internal/acl ./internal/compat ./internal/event ./internal/numfmt ./internal/resp ./internal/value",
		"settings are data: who uses one reads its field"},
	{"./internal/spec", "", "the command table is data that everybody reads, so it can depend on nobody"},
	{"./internal/acl", "./internal/glob ./internal/resp ./internal/spec",
		"who may do what is decided from the command table and the arguments alone: it can be understood without the server"},
	{"./internal/script", "./internal/compat ./internal/lua ./internal/numfmt ./internal/resp",
		"Lua stands behind an interface and can be replaced in one place"},
	{"./internal/lua", "./internal/numfmt", "the language knows nothing of the server that runs it"},

	{"./internal/keyspace", "./internal/datastruct/block ./internal/datastruct/dict ./internal/datastruct/tree ./internal/numfmt ./internal/slot ./internal/value",
		"databases know keys, times and values; commands, clients and files are above them"},
	{"./internal/value", "./internal/datastruct/... ./internal/numfmt",
		"types answer with Go values; how those look on the wire is for the commands"},
	{"./internal/datastruct/...", "./internal/datastruct/...",
		"structures are libraries: whoever changes the server need not read them, nor the other way round"},
	{"./internal/snapshot", "./internal/config ./internal/datastruct/listpack ./internal/keyspace ./internal/numfmt ./internal/rdb ./internal/resp ./internal/value",
		"it alone knows both the types and the format of files"},
	{"./internal/rdb/...", "./internal/rdb/... ./internal/datastruct/intset ./internal/datastruct/listpack",
		"a format calls back through an interface, so that it also reads files without a server"},
	{"./internal/journal", "./internal/resp",
		"the stream knows the form of commands, not what they do, nor who reads it"},
	{"./internal/aof", "./internal/clock ./internal/journal ./internal/rdb ./internal/resp ./internal/vfs",
		"the files know commands as bytes and a snapshot as something that is written: they can be crashed without a server"},
	{"./internal/replication", "./internal/journal ./internal/resp",
		"the protocol of replication is data: it can be tested without a server and without a connection"},
	{"./internal/vfs/...", "./internal/vfs", "the door to the file system knows nothing of what goes through it"},

	{"./internal/cluster", "",
		"who serves which slot is decided from messages, times and a small interface alone: so whole clusters are tested in no time"},
	{"./internal/cluster/bus", "./internal/cluster ./internal/outbox ./internal/spawn", "a transport carries the messages of nodes and does not read them"},
	{"./internal/sentinel", "./internal/glob ./internal/numfmt ./internal/resp",
		"who is down and who leads a failover is decided from answers, times and a small interface alone: so all of it is tested in no time"},
	{"./internal/sentinel/links", "./internal/outbox ./internal/resp ./internal/sentinel ./internal/spawn", "a transport carries what sentinels say and does not read it"},

	{"./internal/resp", "./internal/numfmt", "the protocol knows no server: clients, tests and the replication link use it alone"},
	{"./internal/pubsub", "./internal/glob", "who gets which message is decided without a server"},
	{"./internal/fault", "./internal/glob", "rules for faults match commands and decide; the engine makes the faults"},
	{"./internal/strict", "./internal/glob ./internal/notation ./internal/slot ./internal/spec",
		"what bites in production is found from the command table, the arguments and the reply: the engine asks, and refuses"},
	{"./internal/record", "./internal/clock ./internal/glob ./internal/notation ./internal/resp ./internal/spec",
		"records are of bytes on a connection: they are read and replayed without a server"},
	{"./internal/fixture", "./internal/keyspace ./internal/numfmt ./internal/resp ./internal/snapshot ./internal/value",
		"fixtures are text for the data of a database"},
	{"./internal/clock ./internal/compat ./internal/ere ./internal/event ./internal/glob ./internal/latency ./internal/linediff ./internal/network ./internal/notation ./internal/numfmt ./internal/outbox ./internal/slot ./internal/slowlog ./internal/tracking ./internal/spawn",
		"", "leaves: each can be understood, tested and replaced alone"},

	{"./internal/engine/enginetest", "./internal/engine ./internal/resp", "it is for the tests of what runs in an engine"},
	{"./internal/transcript/...", "./internal/transcript/... ./internal/linediff ./internal/notation",
		"transcripts judge the server: what they share with it is how they are written, and nothing that they judge"},
	{"./internal/archtest ./internal/attack ./internal/differential ./internal/effort ./internal/generated ./internal/oracle", "",
		"these are for tests: what they judge, their test files know"},
}

// A rule forbids imports or calls in packages.
type rule struct {
	in     string // the packages it applies to
	except string // exceptions among them
	deny   string // what they may not import or, in calls, mention
	allow  string // exceptions from deny
	why    string
}

// imports limits imports from outside this module.
var imports = []rule{
	{in: "./internal/datastruct/...", deny: "net/... time log/... os/...",
		why: "structures know no protocol, no clock and no files; what depends on time gets it as an argument"},
	{in: "./...", except: "./internal/transcript/... ./internal/effort ./internal/generated ./internal/oracle ./explore ./internal/engine/enginetest", deny: "testing/...",
		why: "production code carries nothing that is for tests"},
	{in: "./...", deny: "log",
		why: "logging goes through the *slog.Logger of Options: an embedding program decides where it ends up"},
	{in: "./...", deny: "C",
		why: "no cgo: one go build makes a static binary for every system"},
}

// calls limits the use of functions of other packages, whether called or passed on.
var calls = []rule{
	{in: "./...", except: "./internal/clock ./internal/transcript/... ./bench/...",
		deny: "time.Now time.Since time.Until time.Sleep time.After time.AfterFunc time.NewTimer time.NewTicker time.Tick",
		why:  "time comes from a clock.Clock, so that a test can hold and move it; what talks to real servers lives in real time"},
	{in: "./internal/...", except: "./internal/transcript/record", deny: "fmt.Print fmt.Printf fmt.Println",
		why: "standard output belongs to the embedding program; what is to be said goes through slog"},
	{in: "./...", except: "./cmd/... ./bench/... ./internal/transcript/record", deny: "os.Exit",
		why: "a library returns errors; only a main function ends the process"},
}

// requirements are the modules that go.mod may require: none.
var requirements = rule{
	why: "an embedding program inherits every requirement; each needs a reason that a reader of go.mod would accept"}

// names are forbidden names of packages.
var names = rule{deny: "common util utils helper helpers base manager managers misc shared",
	why: "a package is named for what it provides; these names attract whatever has no place"}

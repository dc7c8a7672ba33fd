// Package archtest states who may know whom in this module, with reasons; its
// test enforces it. Policy is a statement of intent: a change that breaks a
// rule either goes elsewhere or changes the rule and its reason.
package archtest

// A rule forbids packages something. Its fields hold patterns separated by
// spaces: "./x" is a package of this module, "." the module's root, "x/..." is
// x and all below it, and anything else an import path. Test files are free.
type rule struct {
	in     string // the packages it is for
	except string // those of them that it is not for
	deny   string // what they may not import or, in calls, mention
	allow  string // what of it they may all the same
	why    string
}

// imports is about import declarations.
var imports = []rule{
	{in: "./internal/datastruct/...", deny: "./...", allow: "./internal/datastruct/...",
		why: "structures are libraries: whoever changes the server need not read them, nor the other way round"},
	{in: "./internal/datastruct/...", deny: "net/... time log/... os/...",
		why: "structures know no protocol, no clock and no files; what depends on time gets it as an argument"},
	{in: "./internal/value/...", deny: "./internal/resp/...",
		why: "types answer with Go values; how those look on the wire is for the commands"},
	{in: "./internal/resp/...", deny: "./...", allow: "./internal/resp/... ./internal/numfmt",
		why: "the protocol knows no server: clients, tests and the replication link use it alone"},
	{in: "./internal/spec/...", deny: "./...", allow: "./internal/spec/...",
		why: "the command table is data that everybody reads, so it can depend on nobody"},
	{in: "./internal/acl/...", deny: "./...", allow: "./internal/spec ./internal/glob ./internal/resp",
		why: "who may do what is decided from the command table and the arguments alone: it can be understood without the server"},
	{in: "./internal/numfmt ./internal/glob ./internal/clock ./internal/notation", deny: "./...",
		why: "leaves: each can be understood, tested and replaced alone"},
	{in: "./...", except: ". ./internal/engine/... ./internal/command/... ./internal/module/...", deny: "./internal/engine/...",
		why: "handlers import the engine; everything else is called by it, through interfaces"},
	{in: "./...", except: ". ./internal/command/...", deny: "./internal/command/...",
		why: "the engine does not know its commands: they are handed to it as a table, by the root"},
	{in: "./...", except: ".", deny: "./internal/module/...", allow: "./internal/module/...",
		why: "modules plug in at the root, as the core commands do"},
	{in: "./internal/module/...", deny: "./internal/command/...",
		why: "a module uses what any module could use: the engine, not the core handlers"},
	{in: "./internal/transport/...", deny: "./...", allow: "./internal/transport/... ./internal/clock ./internal/fault",
		why: "a transport carries bytes to and from a small interface; so any of them runs any session"},
	{in: "./internal/rdb/...", deny: "./internal/keyspace/...",
		why: "a format calls back through an interface, so that it also reads files without a server"},
	{in: "./...", except: "./internal/script/...", deny: "./internal/lua/...",
		why: "Lua stands behind an interface and can be replaced in one place"},
	{in: "./internal/lua/...", deny: "./...", allow: "./internal/numfmt",
		why: "the language knows nothing of the server that runs it"},
	{in: "./internal/...", deny: ".",
		why: "only the root wires things together"},
	{in: "./cmd/...", deny: "./...", allow: ". ./cmd/... ./internal/rediscli",
		why: "the server in the binary can do nothing that an embedding program cannot"},
	{in: "./internal/rediscli/...", deny: "./...", allow: "./internal/resp",
		why: "a client knows the protocol and no server"},
	{in: "./internal/journal/...", deny: "./...", allow: "./internal/resp",
		why: "the stream knows the form of commands, not what they do, nor who reads it"},
	{in: "./internal/aof/...", deny: "./...", allow: "./internal/journal ./internal/vfs ./internal/resp ./internal/clock ./internal/rdb",
		why: "the files know commands as bytes and a snapshot as something that is written: they can be crashed without a server"},
	{in: "./internal/vfs/...", deny: "./...", allow: "./internal/vfs/...",
		why: "the door to the file system knows nothing of what goes through it"},
	{in: "./internal/transcript/...", deny: "./...", allow: "./internal/transcript/... ./internal/notation ./internal/linediff",
		why: "transcripts judge the server: what they share with it is how they are written, and nothing that they judge"},
	{in: "./...", except: "./internal/transcript/... ./explore ./internal/engine/enginetest", deny: "./internal/transcript/... ./internal/oracle ./internal/archtest ./internal/engine/enginetest ./internal/vfs/crashfs testing/...",
		why: "these are for tests; production code does not carry them"},
	{in: "./...", deny: "log",
		why: "logging goes through the *slog.Logger of Options: an embedding program decides where it ends up"},
	{in: "./...", deny: "C",
		why: "no cgo: one go build makes a static binary for every system"},
}

// calls is about functions of other packages, whether called or passed on.
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

// names are no names for packages.
var names = rule{deny: "common util utils helper helpers base manager managers misc shared",
	why: "a package is named for what it provides; these names attract whatever has no place"}

// Package command holds the handlers of the core commands, one file a group
// or a family.
//
// A handler is a function of an engine.Ctx; its comment begins with its
// syntax, as the command table has it. It reads its arguments in the order in
// which the real server reads them, returns errors before its first change,
// and says what it changed with Ctx.Changed. Variants of a command are one
// function that is bound with parameters.
package command

import (
	"sync"

	"github.com/resp-server/resp-server/internal/engine"
)

// Table returns the commands of the server: the command table joined with the
// handlers of this package. It is made once per process and immutable.
var Table = sync.OnceValue(func() *engine.Table { return engine.NewTable(groups()...) })

func groups() []engine.Handlers {
	return withHelp(
		accessControl,
		arrays,
		bitmaps,
		boundedCounters,
		client,
		clientTracking,
		connection,
		debugging,
		dumping,
		expiry,
		functions,
		geo,
		hashExpiry,
		hashImport,
		hashes,
		hashesEx,
		hyperLogLogs,
		introspection,
		iteration,
		keys,
		latencies,
		lists,
		memories,
		modules,
		monitoring,
		object,
		persistence,
		pubsubs,
		scripting,
		server,
		sets,
		slowLog,
		sorting,
		streams,
		strings,
		stringsEx,
		transactions,
		waiting,
		zalgebra,
		zpops,
		zranges,
		zsets,
	)
}

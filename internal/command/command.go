// Package command holds the handlers of the core commands. A file is called
// <group>.go or <group>_<what>.go, after the group in COMMAND DOCS, and
// registers the handlers that it declares.
//
// A handler is a function of an engine.Ctx. Its comment begins with the syntax
// from the command table. It reads its arguments in the same order as the real
// server, returns errors before its first change, and reports each change with
// Ctx.Changed. Variants of a command share a function, bound with parameters.
package command

import (
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/spec"
)

// Errors that commands of several files reply.
const (
	errNumKeys       resp.Error = "ERR numkeys should be greater than 0"
	errTooManyKeys   resp.Error = "ERR Number of keys can't be greater than number of args"
	errFieldCount    resp.Error = "ERR Number of fields must be a positive integer"
	errPopCount      resp.Error = "ERR count should be greater than 0"
	errCountPositive resp.Error = "ERR COUNT must be > 0"
	errLimit         resp.Error = "ERR LIMIT can't be negative"
)

// Modules returns the core commands: the command table joined with the handlers
// of this package.
func Modules() []engine.Module { return join(groups()) }

func join(groups []engine.Handlers) []engine.Module {
	all := engine.Handlers{}
	for _, g := range groups {
		for name, h := range g {
			if all[name] != nil {
				panic("command: two handlers for " + name)
			}
			all[name] = h
		}
	}
	return []engine.Module{{Rows: spec.Core(), Handlers: all}}
}

func groups() []engine.Handlers {
	return withHelp(
		aclCommands,
		bitfieldCommands,
		bitmapCommands,
		clientCommands,
		clusterCommands,
		commandCommands,
		configCommands,
		connectionCommands,
		debugCommands,
		dumpCommands,
		expireCommands,
		functionCommands,
		genericCommands,
		geoCommands,
		hashCommands,
		hashExpireCommands,
		hashGetexCommands,
		hashImportCommands,
		hyperLogLogCommands,
		infoCommands,
		latencyCommands,
		listBlockCommands,
		listCommands,
		listMovemCommands,
		memoryCommands,
		migrateCommands,
		moduleCommands,
		objectCommands,
		pubsubCommands,
		replicationCommands,
		saveCommands,
		scanCommands,
		scriptingCommands,
		serverCommands,
		setCommands,
		slowlogCommands,
		hotKeysCommands,
		sortCommands,
		streamCommands,
		streamDeleteCommands,
		streamGroupCommands,
		streamIdempotenceCommands,
		streamInfoCommands,
		streamReadCommands,
		stringCommands,
		stringDelexCommands,
		stringIncrexCommands,
		stringLCSCommands,
		stringNumberCommands,
		trackingCommands,
		transactionsCommands,
		waitCommands,
		zsetAlgebraCommands,
		zsetCommands,
		zsetPopCommands,
		zsetRangeCommands,
	)
}

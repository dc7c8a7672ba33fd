// Package command holds the handlers of the core commands. A file is called
// <group>.go or <group>_<what>.go, for the group that COMMAND DOCS names, and
// registers the handlers that stand in it.
//
// A handler is a function of an engine.Ctx; its comment begins with its
// syntax, as the command table has it. It reads its arguments in the order in
// which the real server reads them, returns errors before its first change,
// and says what it changed with Ctx.Changed. Variants of a command are one
// function that is bound with parameters.
package command

import (
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/spec"
)

// The errors that commands of several files answer.
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

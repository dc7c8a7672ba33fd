package command

import (
	"sync"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/module/array"
)

// Table returns the commands of the server, those of modules included.
var Table = sync.OnceValue(func() *engine.Table {
	return engine.NewTable(append(Modules(), array.Module())...)
})

package command

import (
	"sync"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/module/array"
	"github.com/resp-server/resp-server/internal/module/controls"
)

// Table returns the commands of the server and its modules.
var Table = sync.OnceValue(func() *engine.Table {
	return engine.NewTable(append(Modules(), array.Module(), controls.Module())...)
})

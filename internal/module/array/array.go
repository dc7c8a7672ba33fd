// Package array is the array type of Redis 8.8 with its commands: a sparse
// sequence of values by index, with a place where insertions go on.
//
// It is a module: it brings rows, handlers, a type, its form in RDB files and
// its events, and uses the engine as any module could.
package array

import (
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/rdb"
	"github.com/resp-server/resp-server/internal/snapshot"
	"github.com/resp-server/resp-server/internal/spec"
	"github.com/resp-server/resp-server/internal/value"
)

// Module returns what the server is to have of this package.
func Module() engine.Module {
	return engine.Module{Rows: [][]spec.Command{commands}, Handlers: handlers}
}

// kind is the type of arrays. Its number in digests is Redis's.
var kind = value.Register(value.Kind{Name: "array", Number: 7})

func init() { snapshot.Register(kind, rdb.KindArray, load, save) }

var (
	eventArSet      = event.New("arset", event.ClassArray)
	eventArMSet     = event.New("armset", event.ClassArray)
	eventArDel      = event.New("ardel", event.ClassArray)
	eventArDelRange = event.New("ardelrange", event.ClassArray)
	eventArInsert   = event.New("arinsert", event.ClassArray)
	eventArRing     = event.New("arring", event.ClassArray)
	eventArSeek     = event.New("arseek", event.ClassArray)
)

// limits are the bounds of the encodings, from the settings array-*.
type limits struct {
	sliceSize int // a power of two
	sparseMax int // slots in use of a sparse slice; 0: there are none
	sparseMin int // a dense slice with as few may become sparse
}

func limitsOf(c *config.Config) *limits {
	return &limits{sliceSize: int(c.ArraySliceSize), sparseMax: int(c.ArraySparseKMax), sparseMin: int(c.ArraySparseKMin)}
}

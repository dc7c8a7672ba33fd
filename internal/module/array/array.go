// Package array is the array type of Redis 8.8 with its commands: a sparse
// sequence of values by index, with an insertion cursor.
//
// It is a module: it adds rows, handlers, a type with its RDB form, events and
// settings. It uses the engine as any module could.
package array

import (
	"errors"
	"math"

	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/rdb"
	"github.com/resp-server/resp-server/internal/snapshot"
	"github.com/resp-server/resp-server/internal/spec"
	"github.com/resp-server/resp-server/internal/value"
)

// Module returns the module for the server.
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

// limits are the limits of the encodings.
type limits struct {
	sliceSize int // a power of two
	sparseMax int // slots in use of a sparse slice; 0: there are no sparse slices
	sparseMin int // a dense slice with at most this many may become sparse
}

var settings = config.Extend(
	config.Setting[limits]{
		Param: config.Param{Name: "array-slice-size", From: "Redis 8.8", Default: "4096"},
		Field: func(l *limits) *int { return &l.sliceSize }, Min: 256, Max: 65536,
		Check: func(l *limits) error {
			if l.sliceSize&(l.sliceSize-1) != 0 {
				return errors.New("array-slice-size must be a power of two")
			}
			return nil
		},
	},
	config.Setting[limits]{
		Param: config.Param{Name: "array-sparse-kmax", From: "Redis 8.8", Default: "10"},
		Field: func(l *limits) *int { return &l.sparseMax }, Max: math.MaxUint16,
		Check: func(l *limits) error {
			if l.sparseMax > 0 && l.sparseMax <= l.sparseMin {
				return errors.New("array-sparse-kmax must be greater than array-sparse-kmin when non-zero")
			}
			return nil
		},
	},
	config.Setting[limits]{
		Param: config.Param{Name: "array-sparse-kmin", From: "Redis 8.8", Default: "5"},
		Field: func(l *limits) *int { return &l.sparseMin }, Max: math.MaxUint16,
		Check: func(l *limits) error {
			if l.sparseMax > 0 && l.sparseMin >= l.sparseMax {
				return errors.New("array-sparse-kmin must be less than array-sparse-kmax")
			}
			return nil
		},
	},
)

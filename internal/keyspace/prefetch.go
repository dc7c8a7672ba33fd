package keyspace

import (
	"github.com/resp-server/resp-server/internal/datastruct/dict"
	"github.com/resp-server/resp-server/internal/value"
)

// PrefetchBatch is the maximum number of commands that Prefetch handles.
const PrefetchBatch = dict.PrefetchBatch

// Prefetch makes the processor load the memory for the probable look-ups of a
// pipeline's commands, all at the same time: the latency of memory is high,
// but many loads can overlap. args holds the first three arguments of n
// commands, nil where there is none; the first one may be a key. Prefetch
// changes nothing.
func (db *DB) Prefetch(args *[3][PrefetchBatch][]byte, n int) {
	var found [PrefetchBatch]Entry
	db.keys.Prefetch(args[0][:n], found[:n])
	for i := 0; i < n; {
		from := i
		for i++; i < n && found[i] == found[from]; i++ {
		}
		if found[from].IsZero() {
			continue
		}
		if v := found[from].Value(); v != nil && i-from > 1 {
			value.Prefetch(v, args[1][from:i], args[2][from:i])
		}
	}
}

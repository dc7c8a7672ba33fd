package keyspace

import (
	"github.com/resp-server/resp-server/internal/datastruct/dict"
	"github.com/resp-server/resp-server/internal/value"
)

// PrefetchBatch is how many commands Prefetch looks at.
const PrefetchBatch = dict.PrefetchBatch

// Prefetch has the processor load what commands of a pipeline will probably
// look up, for all of them at the same time: memory answers late, but many
// questions at once. It is told the first three arguments of n commands, nil
// where there is none; the first may be a key. Nothing is changed.
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

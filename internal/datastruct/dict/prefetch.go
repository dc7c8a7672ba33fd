package dict

import (
	"bytes"

	"github.com/resp-server/resp-server/internal/datastruct/hashing"
)

// PrefetchBatch is the maximum number of keys that Prefetch handles: the
// loaded memory must stay in the nearest cache until it is used.
const PrefetchBatch = 32

// Prefetch loads the memory that look-ups of the first PrefetchBatch keys will
// touch. It stores the elements that they will probably find in found, which
// must be as long as keys.
//
// A look-up in a big table waits three times for memory, one after the other.
// Here the processor waits for all keys at the same time, since the same step
// for two keys is independent. Prefetch changes nothing in the table. The
// guess is wrong if two keys have the same tag, so use a look-up where that
// matters.
func (d *Dict[E]) Prefetch(keys [][]byte, found []E) {
	if d.n == 0 {
		return
	}
	var hashes [PrefetchBatch]uint64
	var groups [PrefetchBatch]*group[E]
	n := min(len(keys), PrefetchBatch)
	for i, key := range keys[:n] {
		if i > 0 && bytes.Equal(key, keys[i-1]) {
			hashes[i], groups[i] = hashes[i-1], groups[i-1]
			continue
		}
		h := hashing.Sum64(key, d.seed)
		hashes[i] = h
		groups[i] = d.segmentOf(h).group(homeOf(h) & int(d.mask))
	}
	for i, grp := range groups[:n] {
		if match := zeroBytes(grp.ctrl ^ uint64(tagOf(hashes[i]))*lowBits); match != 0 {
			found[i] = grp.slots[firstByte(match)]
		}
	}
}

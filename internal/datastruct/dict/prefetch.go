package dict

import (
	"bytes"

	"github.com/resp-server/resp-server/internal/datastruct/hashing"
)

// PrefetchBatch is how many keys Prefetch looks at: what is loaded has to stay
// in the nearest cache until it is used.
const PrefetchBatch = 32

// Prefetch loads the memory that look-ups of the first PrefetchBatch keys will
// touch, and puts what they will probably find into the places of found, which
// is as long as keys.
//
// A look-up in a big table waits three times for memory, one after the other;
// here the processor waits for all keys at the same time, since a step for one
// key does not depend on the same step for another. Nothing is changed. The
// guess is right unless two keys have the same tag: who needs to know looks
// up.
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

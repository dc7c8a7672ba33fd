package dict

import "github.com/resp-server/resp-server/internal/datastruct/hashing"

// PrefetchBatch is how many keys Prefetch looks at: what is loaded has to stay
// in the nearest cache until it is used.
const PrefetchBatch = 32

// Prefetch loads the memory that look-ups of the first PrefetchBatch keys will
// touch. A look-up in a big table waits three times for memory, one after the
// other; here the processor waits for all keys at the same time, since a step
// for one key does not depend on the same step for another. It changes
// nothing and finds nothing; it returns a sum of what it has seen, so that no
// compiler takes it for idle.
func (d *Dict[E]) Prefetch(keys [][]byte) (seen uint64) {
	if d.depth() == 0 {
		return 0 // a small table is in the cache
	}
	var hashes [PrefetchBatch]uint64
	var groups [PrefetchBatch]*group[E]
	n := min(len(keys), PrefetchBatch)
	for i, key := range keys[:n] {
		h := hashing.Sum64(key, d.seed)
		hashes[i] = h
		groups[i] = d.dir[d.index(h)].group(homeOf(h) & int(d.mask))
	}
	var found [PrefetchBatch]E
	m := 0
	for i, grp := range groups[:n] {
		match := zeroBytes(grp.ctrl ^ uint64(tagOf(hashes[i]))*lowBits)
		if match != 0 {
			found[m] = grp.slots[firstByte(match)]
			m++
		}
	}
	for _, e := range found[:m] {
		seen += uint64(len(d.key(e)))
	}
	return seen
}

package keyspace

// sampledEntries is how many entries of a database are measured, and taken for
// as large as the rest, while nobody counts.
const sampledEntries = 1 << 14

// Count makes the keyspace count from now on what its entries take. It looks
// at each entry once; afterwards each write of a key costs a little.
func (ks *Keyspace) Count() {
	if ks.counting {
		return
	}
	ks.counting = true
	for _, db := range ks.dbs {
		if db != nil {
			db.bytes = 0
			for e := range db.All {
				db.bytes += db.measured(e)
			}
		}
	}
}

// StopCounting ends what Count began.
func (ks *Keyspace) StopCounting() { ks.counting = false }

// Counting reports whether Count was called.
func (ks *Keyspace) Counting() bool { return ks.counting }

// MemoryUse returns how many bytes the data take, the tables of keys and
// expiry times included: what was counted or else, of large databases, an
// estimate.
func (ks *Keyspace) MemoryUse() int64 {
	n := int64(0)
	for db := range ks.Used {
		n += db.Overhead() + db.DatasetUse()
	}
	return n
}

// Overhead returns the bytes of the tables of keys and expiry times.
func (db *DB) Overhead() int64 {
	keys, expires := db.Tables()
	return keys + expires
}

// Tables returns the bytes of the table of keys and of those of expiry times.
func (db *DB) Tables() (keys, expires int64) {
	const item, fill = 16, 4.0 / 3 // of trees
	n := float64(db.expires.Len()+db.elements.Len()) * item * fill
	return int64(db.keys.MemoryUse()), int64(n)
}

// DatasetUse returns the bytes of the keys and values.
func (db *DB) DatasetUse() int64 {
	if db.ks.counting {
		return db.bytes
	}
	var n, seen int64
	for e := range db.All {
		if seen == sampledEntries {
			break
		}
		n += int64(e.MemoryUse())
		seen++
	}
	if seen == 0 {
		return 0
	}
	return int64(float64(n) / float64(seen) * float64(db.Len()))
}

// Recount takes note of the size of a value that was written in place.
func (db *DB) Recount(e Entry) {
	if db.ks.counting && db.owns(e) {
		db.bytes -= db.use(e)
		db.bytes += db.measured(e)
	}
}

// replaced counts an entry that takes the place of another one.
func (db *DB) replaced(old Entry, found bool, e Entry) {
	if found {
		db.bytes -= db.use(old)
	}
	db.bytes += db.measured(e)
}

// use returns what an entry was counted with. A value that db may write has
// that number beside its key, since it may have been written meanwhile; all
// others are as large as they were.
func (db *DB) use(e Entry) int64 {
	if db.owns(e) {
		return e.counted()
	}
	return int64(e.MemoryUse())
}

// measured returns the size of an entry as it is now, for use to know.
func (db *DB) measured(e Entry) int64 {
	n := int64(e.MemoryUse())
	if db.owns(e) {
		e.setCounted(n)
	}
	return n
}

// RandomExpiring returns one of the entries that have an expiry time, each
// with the same probability.
func (db *DB) RandomExpiring(rand func() uint64) (Entry, bool) {
	n := db.expires.Len()
	if n == 0 {
		return Entry{}, false
	}
	x, ok := db.expires.At(int(rand() % uint64(n)))
	return x.entry, ok
}

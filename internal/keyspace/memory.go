package keyspace

// sampledEntries is the number of entries that are measured to estimate the
// size of a database while nothing is counted.
const sampledEntries = 1 << 14

// Count makes the keyspace keep count of the size of its entries. It visits
// each entry once; afterwards each write of a key costs a little more.
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

// MemoryUse returns the size of the data in bytes, including the tables of
// keys and expiry times: the counted size, or else an estimate for large
// databases.
func (ks *Keyspace) MemoryUse() int64 {
	n := int64(0)
	for db := range ks.Used {
		n += db.Overhead() + db.DatasetUse()
	}
	return n
}

// Overhead returns the size of the tables of keys and expiry times in bytes.
func (db *DB) Overhead() int64 {
	keys, expires := db.Tables()
	return keys + expires
}

// Tables returns the sizes of the table of keys and of the indexes of expiry
// times, in bytes.
func (db *DB) Tables() (keys, expires int64) {
	const item, fill = 16, 4.0 / 3 // of trees
	n := float64(db.expires.Len()+db.elements.Len()) * item * fill
	return int64(db.keys.MemoryUse()), int64(n)
}

// DatasetUse returns the size of the keys and values in bytes.
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

// Recount updates the counted size of a value that was written in place.
func (db *DB) Recount(e Entry) {
	if db.ks.counting && db.owns(e) {
		db.bytes -= db.use(e)
		db.bytes += db.measured(e)
	}
}

// replaced counts an entry that replaces another one.
func (db *DB) replaced(old Entry, found bool, e Entry) {
	if found {
		db.bytes -= db.use(old)
	}
	db.bytes += db.measured(e)
}

// use returns the counted size of an entry. For a value that db owns the label
// holds it, since the value may have been written since. Other values can't
// have changed.
func (db *DB) use(e Entry) int64 {
	if db.owns(e) {
		return e.counted()
	}
	return int64(e.MemoryUse())
}

// measured returns the current size of an entry and records it for use.
func (db *DB) measured(e Entry) int64 {
	n := int64(e.MemoryUse())
	if db.owns(e) {
		e.setCounted(n)
	}
	return n
}

// RandomExpiring returns an entry with an expiry time, each with the same
// probability.
func (db *DB) RandomExpiring(rand func() uint64) (Entry, bool) {
	n := db.expires.Len()
	if n == 0 {
		return Entry{}, false
	}
	x, ok := db.expires.At(int(rand() % uint64(n)))
	return x.entry, ok
}

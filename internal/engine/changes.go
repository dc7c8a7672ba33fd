package engine

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/resp-server/resp-server/internal/keyspace"
)

// Change says that a key is not what it was. Before or After is zero if there
// was or is none.
type Change struct {
	DB            int
	Key           []byte
	Before, After keyspace.Entry
}

// Changes calls yield with the keys whose value or expiry time is not that of a
// state, in the order of database and name: at most so many. n is how many there
// are in all. It costs O(number of keys); values are compared only where
// somebody wrote.
func (e *Engine) Changes(since *State, most int, yield func(Change)) (n int) {
	e.enter()
	defer e.leave()
	var list []Change
	for i := range max(e.core.Keyspace.Len(), since.data.Len()) {
		before, after := database(since.data, i), database(e.core.Keyspace, i)
		if after != nil {
			for now := range after.All {
				then, _ := get(before, now.Key())
				if !same(then, now) {
					list = append(list, Change{i, now.Key(), then, now})
				}
			}
		}
		if before != nil {
			for then := range before.All {
				if _, ok := get(after, then.Key()); !ok {
					list = append(list, Change{DB: i, Key: then.Key(), Before: then})
				}
			}
		}
	}
	slices.SortFunc(list, func(a, b Change) int { return cmp.Or(a.DB-b.DB, bytes.Compare(a.Key, b.Key)) })
	for _, c := range list[:min(most, len(list))] {
		yield(c)
	}
	return len(list)
}

func database(ks *keyspace.Keyspace, i int) *keyspace.DB {
	for db := range ks.Used {
		if db.Index() == i {
			return db
		}
	}
	return nil
}

func get(db *keyspace.DB, key []byte) (keyspace.Entry, bool) {
	if db == nil {
		return keyspace.Entry{}, false
	}
	return db.Get(key)
}

func same(a, b keyspace.Entry) bool {
	switch {
	case a == b:
		return true
	case a.IsZero() || b.IsZero():
		return false
	}
	return a.Type() == b.Type() && a.ExpireAt() == b.ExpireAt() && a.Digest() == b.Digest()
}

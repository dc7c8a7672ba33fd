package keyspace

import (
	"errors"
	"fmt"

	"github.com/resp-server/resp-server/internal/value"
)

// Check walks all databases and returns the first broken invariant of each:
// every key can be looked up and has a value that is not empty, the indexes
// contain exactly the expiry times of keys and elements, and the counted sizes
// match the entries. It is for tests.
func (ks *Keyspace) Check() error {
	var errs []error
	for i, db := range ks.dbs {
		switch {
		case db == nil:
			continue
		case db.ks != ks || db.index != i:
			errs = append(errs, fmt.Errorf("database %d is number %d of another server", i, db.index))
		}
		if err := db.check(); err != nil {
			errs = append(errs, fmt.Errorf("database %d: %w", i, err))
		}
	}
	return errors.Join(errs...)
}

func (db *DB) check() error {
	if err := errors.Join(db.keys.Check(), db.expires.Check(), db.elements.Check()); err != nil {
		return err
	}
	if e := db.last.Elem; !e.IsZero() && db.last != db.keys.Lookup(e.Key()) {
		return fmt.Errorf("key %q is no longer where it was found", e.Key())
	}
	expires, elements, bytes := 0, 0, int64(0)
	for e := range db.All {
		if err := db.checkEntry(e); err != nil {
			return fmt.Errorf("key %q: %w", e.Key(), err)
		}
		if e.ExpireAt() != 0 {
			expires++
		}
		if e.isObject() && e.elementAt() != 0 {
			elements++
		}
		bytes += db.use(e)
	}
	switch {
	case expires != db.expires.Len() || elements != db.elements.Len():
		return fmt.Errorf("%d keys expire and %d have elements that do, in the indexes are %d and %d",
			expires, elements, db.expires.Len(), db.elements.Len())
	case db.ks.counting && bytes != db.bytes:
		return fmt.Errorf("the entries take %d bytes, counted are %d", bytes, db.bytes)
	}
	return nil
}

func (db *DB) checkEntry(e Entry) error {
	if found, ok := db.Get(e.Key()); !ok || found != e {
		return errors.New("another one is found")
	}
	if at := e.ExpireAt(); at != 0 {
		if x, ok := db.expires.Get(expiry{at, e}); !ok || x.entry != e {
			return fmt.Errorf("it expires at %d, which is not in the index", at)
		}
	}
	if !e.isObject() {
		return nil
	}
	v := e.Value()
	next := int64(0)
	if x, ok := v.(value.Expirer); ok {
		next = x.NextExpiry()
	}
	if next != e.elementAt() {
		return fmt.Errorf("its next element expires at %d, noted is %d", next, e.elementAt())
	}
	if next != 0 {
		if x, ok := db.elements.Get(expiry{next, e}); !ok || x.entry != e {
			return fmt.Errorf("its next element expires at %d, which is not in the index", next)
		}
	}
	switch {
	case v.Empty():
		return errors.New("nothing is in it")
	case db.ks.counting && db.owns(e) && e.counted() != int64(e.MemoryUse()):
		return fmt.Errorf("it takes %d bytes, counted was %d", e.MemoryUse(), e.counted())
	}
	return value.Check(v)
}

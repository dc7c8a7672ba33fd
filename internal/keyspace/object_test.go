package keyspace

import (
	"bytes"
	"testing"
	"unsafe"

	"github.com/resp-server/resp-server/internal/value"
)

// TestLabels takes hashes with and without both kinds of times through all
// operations that change the label, under keys of all lengths.
func TestLabels(t *testing.T) {
	limits := &value.Limits{HashMaxListpackEntries: 10, HashMaxListpackValue: 10}
	names := [][]byte{{}, []byte("k"), bytes.Repeat([]byte("m"), 300), bytes.Repeat([]byte("l"), 1<<16-1), bytes.Repeat([]byte("x"), 1<<16+5)}
	for _, name := range names {
		for _, at := range []int64{0, 1 << 40} {
			for _, field := range []int64{0, 1 << 41} {
				ks := New(2, 1)
				db := ks.DB(0)
				h := value.NewHash(limits)
				db.Set(name, h, at)
				h.Set(limits, []byte("f"), []byte("v"), field)
				index(db, name)
				verify := func(when string, db *DB, key []byte, at, field int64) {
					t.Helper()
					e, ok := db.Get(key)
					if !ok || !bytes.Equal(e.Key(), key) || e.ExpireAt() != at || e.elementAt() != field || e.Type() != value.TypeHash {
						t.Fatalf("%s: key of %d bytes, found %v; expires at %d, elements at %d; want %d bytes, %d, %d",
							when, len(e.Key()), ok, e.ExpireAt(), e.elementAt(), len(key), at, field)
					}
					if v, _ := e.Value().(*value.Hash).Get([]byte("f"), nil); string(v) != "v" {
						t.Fatalf("%s: value %q", when, v)
					}
					if n, want := db.Expires(), min(at, 1); n != int(want) {
						t.Fatalf("%s: %d keys expire", when, n)
					}
					if n, want := db.ElementExpires(), min(field, 1); n != int(want) {
						t.Fatalf("%s: %d keys have elements that expire", when, n)
					}
				}
				verify("set", db, name, at, field)
				db.SetExpire(name, 77)
				verify("another time", db, name, 77, field)
				db.SetExpire(name, 0)
				verify("no time", db, name, 0, field)
				h.Set(limits, []byte("f"), []byte("v"), 5)
				index(db, name)
				verify("another time of the field", db, name, 0, 5)
				db.SetExpire(name, at)
				h.Set(limits, []byte("f"), []byte("v"), field)
				index(db, name)
				verify("as before", db, name, at, field)

				frozen := ks.Clone()
				other := append([]byte("to"), name...)
				e, _ := db.Get(name)
				db.Move(db, e, other) // shared with the clone
				verify("renamed", db, other, at, field)
				verify("in the clone", frozen.DB(0), name, at, field)
				e, _ = db.Get(other)
				db.Move(db, e, name) // owned
				verify("renamed again", db, name, at, field)
				e, _ = db.Get(name)
				ks.DB(1).Move(db, e, other)
				verify("moved", ks.DB(1), other, at, field)
				e, _ = ks.DB(1).Get(other)
				db.Share(ks.DB(1), e, name, at)
				db.Writable(name).(*value.Hash).Set(limits, []byte("f"), []byte("w"), 0)
				index(db, name)
				verify("copied", ks.DB(1), other, at, field)
				verify("in the clone at the end", frozen.DB(0), name, at, field)
			}
		}
	}
}

func index(db *DB, name []byte) {
	e, _ := db.Get(name)
	db.IndexElements(e)
}

func TestAValueHasOneKey(t *testing.T) {
	db := New(1, 1).DB(0)
	v := value.NewString([]byte("v"))
	db.Set([]byte("a"), v, 0)
	defer func() {
		if recover() == nil {
			t.Error("a value was stored under a second key")
		}
	}()
	db.Set([]byte("b"), v, 0)
}

func TestSizeOfSmallObjects(t *testing.T) {
	for name, size := range map[string]uintptr{
		"List": unsafe.Sizeof(value.List{}), "Set": unsafe.Sizeof(value.Set{}),
		"ZSet": unsafe.Sizeof(value.ZSet{}), "Hash": unsafe.Sizeof(value.Hash{}),
	} {
		if size > 48 {
			t.Errorf("a %s takes %d bytes, want at most 48", name, size)
		}
	}
}

package keyspace

import (
	"bytes"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/datastruct/block"
)

// TestWriteInPlace checks which string writes keep the entry in place.
func TestWriteInPlace(t *testing.T) {
	const short, long = "0123456789", "a text of more than 44 bytes, which is kept in the form raw"
	for _, test := range []struct {
		name    string
		old     string
		was     int64 // expiry time
		new     string
		at      int64
		inPlace bool
		shared  bool // with a clone
	}{
		{"integer", "1", 0, "-5", 0, true, false},
		{"same length", "x", 0, "y", 0, true, false},
		{"empty", "", 0, "", 0, true, false},
		{"shorter", short + "123456", 0, short + "12345", 0, true, false},
		{"of another size", short, 0, strings.Repeat("x", 40), 0, false, false},
		{"raw", long, 0, long[1:], 0, true, false},
		{"large", strings.Repeat("x", 100_000), 0, strings.Repeat("y", 99_000), 0, true, false},
		{"other expiry time", "x", 5, "y", 7, true, false},
		{"expiry time gone", "x", 5, "y", 0, false, false},
		{"new expiry time", "x", 0, "y", 7, false, false},
		{"integer becomes text", "1", 0, "x", 0, false, false},
		{"text becomes integer", "x", 0, "1", 0, false, false},
		{"embstr becomes raw", short, 0, long, 0, false, false},
		{"shared", "x", 5, "y", 5, false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			ks, key := New(1, 1), []byte("key")
			ks.Count()
			db := ks.DB(0)
			db.SetBytes(key, []byte(test.old), test.was)
			var clone *Keyspace
			if test.shared {
				clone = ks.Clone()
			}
			before, _ := db.Get(key)
			kept := before.Bytes(nil)
			ks.Access = 9
			db.SetBytes(key, []byte(test.new), test.at)
			e, _ := db.Get(key)
			if string(e.Bytes(nil)) != test.new || e.ExpireAt() != test.at || e.Access() != 9 {
				t.Errorf("%q, expires at %d, access %d", e.Bytes(nil), e.ExpireAt(), e.Access())
			}
			if got := e == before; got != (test.inPlace && !block.Poisons) {
				t.Errorf("written in place: %v", got)
			}
			if poisoned := bytes.HasPrefix(kept, []byte{0xA5}); test.inPlace && len(kept) > 1 && poisoned != block.Poisons {
				t.Errorf("the kept bytes changed to %.10q", kept)
			}
			if x, ok := db.NextExpiry(); ok != (test.at != 0) || ok && (x != e || db.Expires() != 1) {
				t.Error("the index of expiry times is wrong")
			}
			if db.DatasetUse() != int64(e.MemoryUse()) {
				t.Errorf("counted %d bytes, want %d", db.DatasetUse(), e.MemoryUse())
			}
			if clone != nil {
				e, _ := clone.DB(0).Get(key)
				if string(e.Bytes(nil)) != test.old || e.ExpireAt() != test.was {
					t.Errorf("the clone has %q, expires at %d", e.Bytes(nil), e.ExpireAt())
				}
			}
		})
	}
}

// TestMoveExpiryInPlace changes the expiry time of a string that has one.
func TestMoveExpiryInPlace(t *testing.T) {
	ks, key := New(1, 1), []byte("key")
	db := ks.DB(0)
	db.SetBytes(key, []byte("v"), 5)
	before, _ := db.Get(key)
	db.SetExpire(key, 7)
	if e, _ := db.Get(key); e != before || e.ExpireAt() != 7 {
		t.Errorf("the entry was replaced, or expires at %d", e.ExpireAt())
	}
	clone := ks.Clone()
	db.SetExpire(key, 9)
	for _, is := range []struct {
		db *DB
		at int64
	}{{db, 9}, {clone.DB(0), 7}} {
		if e, ok := is.db.NextExpiry(); !ok || e.ExpireAt() != is.at {
			t.Errorf("expires at %d, want %d", e.ExpireAt(), is.at)
		}
	}
}

package keyspace

import (
	"encoding/binary"
	"fmt"

	"github.com/resp-server/resp-server/internal/value"
)

// Digest returns a fingerprint of all keys and values, the same as DEBUG
// DIGEST in Redis. It shows whether a key has an expiry time, but not which.
// It costs O(size of the data).
func (ks *Keyspace) Digest() value.Digest {
	var all value.Digest
	for db := range ks.Used {
		all.Mix(number(db.index))
		for e := range db.All {
			var d value.Digest
			d.Mix(e.Key())
			e.digest(&d)
			all.Add(d[:])
		}
	}
	return all
}

// Digest returns a fingerprint of the value alone, as DEBUG DIGEST-VALUE does.
func (e Entry) Digest() value.Digest {
	var d value.Digest
	e.digest(&d)
	return d
}

func (e Entry) digest(d *value.Digest) {
	d.Mix(number(e.Type().Number()))
	switch v := e.Value().(type) {
	case nil:
		var scratch [20]byte
		d.Mix(e.Bytes(scratch[:]))
	case value.Digester:
		v.Digest(d)
	default:
		panic(fmt.Sprintf("keyspace: %T has no Digest method, see value.Digester", v))
	}
	if e.ExpireAt() != 0 {
		d.Add([]byte("!!expire!!"))
	}
}

func number(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }

// Package tracking records what clients may have cached, for CLIENT TRACKING: which
// clients have read which keys (Table), and which clients track all keys with a
// prefix (Prefixes).
//
// It sends nothing: it returns client ids and keys. The keys of all databases share
// one namespace, because invalidation messages name no database. The types belong
// to one engine and do not lock.
package tracking

import (
	"fmt"
	"slices"
)

// Table maps keys to the clients that read them. The zero Table is empty. Clients
// that have disconnected stay in it until their keys change: the caller must skip
// them.
type Table struct {
	place map[string]int32 // index into reads
	reads []read
	items int
}

// read is a key with its readers. Most keys have one reader, which needs no extra
// memory.
type read struct {
	key   string
	first uint64
	more  []uint64 // ascending
}

// Keys returns the number of keys in the table.
func (t *Table) Keys() int { return len(t.reads) }

// Items returns the number of pairs of a key and a client.
func (t *Table) Items() int { return t.items }

// Add records that a client has read a key. It costs a look-up, and allocates
// nothing if the pair is in the table.
func (t *Table) Add(key []byte, client uint64) {
	i, ok := t.place[string(key)]
	if !ok {
		if t.place == nil {
			t.place = make(map[string]int32)
		}
		name := string(key)
		t.place[name] = int32(len(t.reads))
		t.reads = append(t.reads, read{key: name, first: client})
		t.items++
		return
	}
	r := &t.reads[i]
	if r.first == client {
		return
	}
	at, ok := slices.BinarySearch(r.more, client)
	if !ok {
		r.more = slices.Insert(r.more, at, client)
		t.items++
	}
}

// Take removes a key and appends the clients that read it to dst.
func (t *Table) Take(dst []uint64, key []byte) []uint64 {
	i, ok := t.place[string(key)]
	if !ok {
		return dst
	}
	return t.remove(dst, i)
}

// TakeRandom is Take for a key chosen by random, which returns a number below n.
// The table must not be empty.
func (t *Table) TakeRandom(dst []uint64, random func(n int) int) (key string, clients []uint64) {
	i := int32(random(len(t.reads)))
	key = t.reads[i].key
	return key, t.remove(dst, i)
}

func (t *Table) remove(dst []uint64, i int32) []uint64 {
	r := t.reads[i]
	last := len(t.reads) - 1
	delete(t.place, r.key)
	if int(i) != last {
		t.reads[i] = t.reads[last]
		t.place[t.reads[i].key] = i
	}
	t.reads[last] = read{}
	t.reads = t.reads[:last]
	t.items -= 1 + len(r.more)
	return append(append(dst, r.first), r.more...)
}

// Clear removes all keys.
func (t *Table) Clear() { *t = Table{} }

// Check returns the first broken invariant. It is for tests.
func (t *Table) Check() error {
	if len(t.place) != len(t.reads) {
		return fmt.Errorf("%d places for %d keys", len(t.place), len(t.reads))
	}
	items := 0
	for i, r := range t.reads {
		if t.place[r.key] != int32(i) {
			return fmt.Errorf("%q is at %d, not at %d", r.key, i, t.place[r.key])
		}
		if !slices.IsSorted(r.more) || slices.Contains(r.more, r.first) {
			return fmt.Errorf("%q: clients %d, %v", r.key, r.first, r.more)
		}
		items += 1 + len(r.more)
	}
	if items != t.items {
		return fmt.Errorf("%d items, counted are %d", items, t.items)
	}
	return nil
}

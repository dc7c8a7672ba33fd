package tracking

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Prefixes maps key prefixes to the clients that track them, and collects changes
// until they are broadcast. The zero Prefixes is empty.
type Prefixes struct {
	list  []*audience // by prefix
	dirty bool        // some audience has changes
}

// audience has the clients of a prefix, in ascending order, and the changed keys
// with the last client that changed each, or 0.
type audience struct {
	prefix  string
	clients []uint64
	changed map[string]uint64
}

// Change is a changed key, with the last client that changed it, or 0.
type Change struct {
	Key string
	By  uint64
}

// Overlap reports whether some key has both prefixes.
func Overlap(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) }

// Len returns the number of prefixes.
func (p *Prefixes) Len() int { return len(p.list) }

func (p *Prefixes) find(prefix string) (int, bool) {
	return slices.BinarySearchFunc(p.list, prefix, func(a *audience, s string) int { return cmp.Compare(a.prefix, s) })
}

// Add subscribes a client to keys with a prefix, and reports whether that is new.
func (p *Prefixes) Add(prefix string, client uint64) bool {
	i, ok := p.find(prefix)
	if !ok {
		p.list = slices.Insert(p.list, i, &audience{prefix: prefix})
	}
	a := p.list[i]
	at, ok := slices.BinarySearch(a.clients, client)
	if !ok {
		a.clients = slices.Insert(a.clients, at, client)
	}
	return !ok
}

// Remove undoes Add.
func (p *Prefixes) Remove(prefix string, client uint64) {
	i, ok := p.find(prefix)
	if !ok {
		return
	}
	a := p.list[i]
	if at, ok := slices.BinarySearch(a.clients, client); ok {
		a.clients = slices.Delete(a.clients, at, at+1)
	}
	if len(a.clients) == 0 {
		p.list = slices.Delete(p.list, i, i+1)
	}
}

// Changed records that a key changed, for the next broadcast.
func (p *Prefixes) Changed(key []byte, by uint64) {
	for _, a := range p.list {
		if len(key) < len(a.prefix) || string(key[:len(a.prefix)]) != a.prefix {
			continue
		}
		if a.changed == nil {
			a.changed = make(map[string]uint64)
		}
		a.changed[string(key)] = by
		p.dirty = true
	}
}

// Broadcast calls yield for each prefix with changed keys, with prefixes and keys
// in order, and removes the changes.
func (p *Prefixes) Broadcast(yield func(clients []uint64, changes []Change)) {
	if !p.dirty {
		return
	}
	p.dirty = false
	for _, a := range p.list {
		if len(a.changed) == 0 {
			continue
		}
		changes := make([]Change, 0, len(a.changed))
		for _, key := range slices.Sorted(maps.Keys(a.changed)) {
			changes = append(changes, Change{key, a.changed[key]})
		}
		a.changed = nil
		yield(a.clients, changes)
	}
}

// Has reports whether a client tracks keys with a prefix.
func (p *Prefixes) Has(prefix string, client uint64) bool {
	i, ok := p.find(prefix)
	return ok && slices.Contains(p.list[i].clients, client)
}

// Pairs returns the number of pairs of a prefix and a client.
func (p *Prefixes) Pairs() (n int) {
	for _, a := range p.list {
		n += len(a.clients)
	}
	return n
}

// Check returns the first broken invariant. It is for tests.
func (p *Prefixes) Check() error {
	for i, a := range p.list {
		switch {
		case i > 0 && p.list[i-1].prefix >= a.prefix:
			return fmt.Errorf("prefix %q follows %q", a.prefix, p.list[i-1].prefix)
		case len(a.clients) == 0 || !slices.IsSorted(a.clients):
			return fmt.Errorf("prefix %q has the clients %v", a.prefix, a.clients)
		case len(a.changed) > 0 && !p.dirty:
			return fmt.Errorf("changes under %q are forgotten", a.prefix)
		}
	}
	return nil
}

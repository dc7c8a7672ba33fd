package value

import (
	"errors"
	"fmt"
	"math"
)

// Checker is a Content that can check its own invariants.
type Checker interface{ Check() error }

// Check walks the whole value and returns the first broken invariant: elements
// with an expiry time that are missing from its index, wrong counts or order,
// and broken structures. It is for tests.
func Check(v Value) error {
	switch v := v.(type) {
	case *List:
		if v.long != nil {
			return v.long.Check()
		}
		return v.pack().Validate(true)
	case *Set:
		return v.check()
	case *ZSet:
		return v.check()
	case *Hash:
		return v.check()
	case *Stream:
		return v.check()
	case *Foreign:
		if c, ok := v.content.(Checker); ok {
			return c.Check()
		}
	}
	return nil
}

func (s *Set) check() error {
	switch s.form {
	case setInts:
		if s.Empty() {
			return nil // Validate refuses empty intsets
		}
		return s.ints().Validate(true)
	case setPack:
		return s.pack().Validate(true)
	}
	return s.table.Check()
}

func (z *ZSet) check() error {
	if z.large == nil {
		if err := z.pack().Validate(true); err != nil {
			return err
		}
		return inOrder(z)
	}
	if err := errors.Join(z.large.members.Check(), z.large.order.Check()); err != nil {
		return err
	}
	n := 0
	for it := z.large.order.Seek(0); ; n++ {
		x, ok := it.Next()
		if !ok {
			break
		}
		if m, ok := z.large.members.Get(x.m.name()); !ok || m != x.m || m.score() != x.score {
			return fmt.Errorf("member %q with the score %v is not one of the set", x.m.name(), x.score)
		}
	}
	if n != z.large.members.Len() {
		return fmt.Errorf("%d members, %d in order", z.large.members.Len(), n)
	}
	return nil
}

func inOrder(z *ZSet) error {
	last := math.Inf(-1)
	for name, score := range z.All() {
		if !(score >= last) {
			return fmt.Errorf("member %q with the score %v follows one with %v", name, score, last)
		}
		last = score
	}
	return nil
}

func (h *Hash) check() error {
	if h.large == nil {
		return h.checkPack()
	}
	if err := h.large.fields.Check(); err != nil {
		return err
	}
	timed := 0
	for f := range h.large.fields.All() {
		if f.at() == 0 {
			continue
		}
		timed++
		if h.large.expires == nil {
			return fmt.Errorf("field %q expires, but there is no index", f.name())
		}
		if x, ok := h.large.expires.Get(fieldExpiry{f.at(), f}); !ok || x.f != f {
			return fmt.Errorf("field %q expires at %d, which nobody knows of", f.name(), f.at())
		}
	}
	if timed != h.large.expires.Len() {
		return fmt.Errorf("%d fields have a time, %d in order", timed, h.large.expires.Len())
	}
	if h.large.expires != nil {
		return h.large.expires.Check()
	}
	return nil
}

// checkPack also checks the order of a small hash: by time, with the fields
// without one last.
func (h *Hash) checkPack() error {
	if err := h.pack().Validate(true); err != nil {
		return err
	}
	if n := h.pack().Len(); n%h.step() != 0 {
		return fmt.Errorf("%d entries, %d a field", n, h.step())
	}
	last := int64(0)
	for pos := h.pack().First(); pos >= 0 && h.timed(); pos = h.nextField(pos) {
		at := h.timeAt(pos)
		if at != 0 && (at < last || last < 0) {
			return fmt.Errorf("a field with the time %d follows one with %d", at, last)
		}
		if last = at; at == 0 {
			last = -1
		}
	}
	return nil
}

func (s *Stream) check() error {
	if err := errors.Join(s.nodes.Check(), s.checkGroups()); err != nil {
		return err
	}
	total, size := int64(0), 0
	last := StreamID{}
	var tail *streamNode
	for it := s.nodes.Seek(0); ; {
		n, ok := it.Next()
		if !ok {
			break
		}
		tail = n
		live, err := n.check(&last)
		if err != nil {
			return fmt.Errorf("node %v: %w", n.id, err)
		}
		total += live
		size += len(n.pack)
	}
	if int(total) != s.length || size != s.size || tail != s.tail {
		return fmt.Errorf("length %d, size %d, tail %p: there are %d, %d, %p", s.length, s.size, s.tail, total, size, tail)
	}
	return nil
}

// check returns the number of entries that are not deleted. last is the id of
// the last entry of the previous node; check sets it to the last id of n.
func (n *streamNode) check(last *StreamID) (live int64, err error) {
	if err := n.pack.Validate(true); err != nil {
		return 0, err
	}
	dead := int64(0)
	e := n.begin()
	if e.id != n.id {
		return 0, fmt.Errorf("it begins with %v", e.id)
	}
	for ok := true; ok; ok = e.next() {
		if !last.Less(e.id) {
			return 0, fmt.Errorf("%v after %v", e.id, *last)
		}
		*last = e.id
		if e.flags&entryDeleted != 0 {
			dead++
		} else {
			live++
		}
	}
	if entries, deleted := n.counts(); entries != live || deleted != dead {
		return 0, fmt.Errorf("it counts %d, %d: there are %d, %d", entries, deleted, live, dead)
	}
	return live, nil
}

func (s *Stream) checkGroups() error {
	for g := range s.Groups {
		if err := g.check(); err != nil {
			return fmt.Errorf("group %q: %w", g.name, err)
		}
	}
	return nil
}

func (g *Group) check() error {
	used := map[uint32]bool{}
	pending := 0
	for c := range g.Consumers {
		if g.consumers[c.number] != c || used[c.number] {
			return fmt.Errorf("consumer %q has the number %d of another one", c.name, c.number)
		}
		used[c.number] = true
		for it := c.pending.Seek(0); ; pending++ {
			id, ok := it.Next()
			if !ok {
				break
			}
			if p, ok := g.Pending(id); !ok || p.consumer != c.number {
				return fmt.Errorf("%v of %q is not pending for it in the group", id, c.name)
			}
		}
	}
	for it := g.pending.Seek(0); ; {
		p, ok := it.Next()
		if !ok {
			break
		}
		if g.Owner(p) == nil {
			pending++
		}
	}
	if pending != g.pending.Len() {
		return fmt.Errorf("%d entries are pending for consumers and %d for the group", pending, g.pending.Len())
	}
	for _, n := range g.free {
		if used[n] || g.consumers[n] != nil {
			return fmt.Errorf("number %d is free and used", n)
		}
		used[n] = true
	}
	if len(used) != len(g.consumers) {
		return fmt.Errorf("%d numbers are known of %d", len(used), len(g.consumers))
	}
	return nil
}

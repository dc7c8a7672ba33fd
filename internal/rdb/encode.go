package rdb

import (
	"fmt"
	"slices"

	"github.com/resp-server/resp-server/internal/datastruct/listpack"
)

// kind chooses the type byte of a value.
func (e *encoder) kind(v Value) byte {
	switch v := v.(type) {
	case String:
		return typeString
	case *List:
		return typeListQuicklist2
	case *Set:
		switch {
		case v.Intset != nil:
			return typeSetIntset
		case v.Pack != nil && e.version >= 11:
			return typeSetPack
		}
		return typeSet
	case *SortedSet:
		if v.Pack != nil {
			return typeZSetPack
		}
		return typeZSet2
	case *Hash:
		switch {
		case v.PackTTL != nil:
			return typeHashPackTTL
		case v.Pack != nil:
			return typeHashPack
		case v.earliest() != 0:
			return typeHashTTL
		}
		return typeHash
	case *Stream:
		return e.streamType(v)
	case *Array:
		return typeArray
	}
	panic(fmt.Sprintf("rdb: no value: %T", v))
}

// streamType is that of the version, which is the same for all streams, or what holds
// all of this one.
func (e *encoder) streamType(s *Stream) byte {
	switch {
	case e.version >= 14 || s.released():
		return typeStream5
	case e.version >= 13 || s.Idempotency != nil:
		return typeStream4
	case e.version >= 11:
		return typeStream3
	}
	return typeStream2
}

// earliest returns the time when the first field expires, 0 if none does.
func (h *Hash) earliest() int64 {
	first := int64(0)
	for f := range h.Fields {
		if f.ExpireAt != 0 && (first == 0 || f.ExpireAt < first) {
			first = f.ExpireAt
		}
	}
	return first
}

// value writes a value after its type byte.
func (e *encoder) value(v Value) {
	switch v := v.(type) {
	case String:
		e.string(v)
	case *List:
		e.uint(uint64(len(v.Nodes)))
		for _, n := range v.Nodes {
			if n.Pack != nil {
				e.uint(nodePack)
				e.string(n.Pack)
			} else {
				e.uint(nodePlain)
				e.string(n.Plain)
			}
		}
	case *Set:
		e.set(v)
	case *SortedSet:
		if v.Pack != nil {
			e.string(v.Pack)
			return
		}
		e.uint(uint64(v.Len))
		for member, score := range v.Members {
			e.string(member)
			e.double(score)
		}
	case *Hash:
		e.hash(v)
	case *Stream:
		e.stream(v)
	case *Array:
		e.array(v)
	}
}

func (e *encoder) set(s *Set) {
	switch {
	case s.Intset != nil:
		e.string(s.Intset)
	case s.Pack != nil && e.version >= 11:
		e.string(s.Pack)
	case s.Pack != nil:
		e.uint(uint64(s.Pack.Len()))
		var number [20]byte
		eachElement(s.Pack, func(_ int, m listpack.Value) bool {
			e.string(text(m, number[:]))
			return true
		})
	default:
		e.uint(uint64(s.Len))
		for m := range s.Members {
			e.string(m)
		}
	}
}

func (e *encoder) hash(h *Hash) {
	if h.Pack != nil {
		e.string(h.Pack)
		return
	}
	if h.PackTTL != nil {
		first := int64(0)
		eachElement(h.PackTTL, func(i int, f listpack.Value) bool {
			first = f.Int
			return i < 2
		})
		e.time(first)
		e.string(h.PackTTL)
		e.needs(12)
		return
	}
	first := h.earliest()
	if first != 0 {
		e.time(first)
		e.needs(12)
	}
	e.uint(uint64(h.Len))
	for f := range h.Fields {
		if first != 0 {
			after := uint64(0)
			if f.ExpireAt != 0 {
				after = uint64(f.ExpireAt-first) + 1
			}
			e.uint(after)
		}
		e.string(f.Name)
		e.string(f.Value)
	}
}

func (e *encoder) needs(version int) {
	if e.version < version && e.err == nil {
		e.err = ErrVersion
	}
}

// later is needs for types that only newer servers have. It raises the version
// that DUMP writes.
func (e *encoder) later(version int) {
	e.needs(12)
	e.least = max(e.least, version)
}

func (e *encoder) array(a *Array) {
	e.later(14)
	e.uint(uint64(a.Len))
	if a.HasLast {
		e.uint(1)
		e.uint(a.Last)
	} else {
		e.uint(0)
	}
	for s := range a.Slots {
		e.uint(s.Index)
		e.uint(uint64(s.Kind))
		switch s.Kind {
		case SlotInt, SlotFloat:
			e.uint64(s.Number)
			e.flush(chunk)
		default:
			e.string(s.Text)
		}
	}
}

func (e *encoder) stream(s *Stream) {
	e.uint(uint64(len(s.Nodes)))
	var key [16]byte
	for _, n := range s.Nodes {
		e.string(appendRawID(key[:0], n.ID))
		e.string(n.Pack)
	}
	e.uint(s.Length)
	e.id(s.LastID)
	e.id(s.FirstID)
	e.id(s.MaxDeletedID)
	e.uint(s.EntriesAdded)
	e.uint(uint64(len(s.Groups)))
	kind := e.streamType(s)
	if kind == typeStream5 {
		e.later(14)
	}
	for i := range s.Groups {
		g := &s.Groups[i]
		e.group(g)
		if kind == typeStream5 {
			e.uint(uint64(len(g.Released)))
			for _, id := range g.Released {
				e.buf = appendRawID(e.buf, id)
				e.flush(chunk)
			}
		}
	}
	switch {
	case s.Idempotency != nil:
		e.idempotency(s.Idempotency)
	case kind >= typeStream4: // the types have it for all streams
		e.idempotency(&Idempotency{Duration: 100, MaxSize: 100})
	}
}

// released reports whether entries of the stream are pending for nobody.
func (s *Stream) released() bool {
	return slices.ContainsFunc(s.Groups, func(g Group) bool { return len(g.Released) > 0 })
}

func (e *encoder) idempotency(m *Idempotency) {
	e.later(13)
	e.uint(m.Duration)
	e.uint(m.MaxSize)
	e.uint(uint64(len(m.Producers)))
	for _, p := range m.Producers {
		e.string(p.Name)
		e.uint(uint64(len(p.Sent)))
		for _, s := range p.Sent {
			e.string(s.IID)
			e.id(s.ID)
		}
	}
	e.uint(m.Added)
	e.uint(m.Duplicates)
}

func (e *encoder) group(g *Group) {
	e.string(g.Name)
	e.id(g.LastID)
	e.uint(uint64(g.EntriesRead))
	e.uint(uint64(len(g.Pending)))
	of := make([][]StreamID, len(g.Consumers))
	for _, p := range g.Pending {
		e.buf = appendRawID(e.buf, p.ID)
		e.time(p.DeliveredAt)
		e.uint(p.Deliveries)
		if p.Consumer >= 0 {
			of[p.Consumer] = append(of[p.Consumer], p.ID)
		}
		e.flush(chunk)
	}
	e.uint(uint64(len(g.Consumers)))
	for i, c := range g.Consumers {
		e.string(c.Name)
		e.time(c.SeenAt)
		if e.version >= 11 {
			e.time(c.ActiveAt)
		}
		e.uint(uint64(len(of[i])))
		for _, id := range of[i] {
			e.buf = appendRawID(e.buf, id)
			e.flush(chunk)
		}
	}
}

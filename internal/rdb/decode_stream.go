package rdb

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/resp-server/resp-server/internal/datastruct/listpack"
)

// rawID reads an id of 16 bytes.
func (d *decoder) rawID() StreamID {
	p := d.next(16)
	if p == nil {
		return StreamID{}
	}
	return parseID(p)
}

func parseID(p []byte) StreamID {
	return StreamID{Ms: binary.BigEndian.Uint64(p), Seq: binary.BigEndian.Uint64(p[8:])}
}

func (d *decoder) stream(kind byte) Value {
	s := new(Stream)
	// first becomes the id of the first entry that is not deleted. Redis uses the
	// largest id for streams of older versions without one.
	first := StreamID{math.MaxUint64, math.MaxUint64}
	for left := d.uint(); left > 0 && d.err == nil; left-- {
		key := d.string()
		if d.err == nil && len(key) != 16 {
			d.fail("stream node with a key that is no id")
		}
		if d.err != nil {
			return nil
		}
		n := StreamNode{ID: parseID(key), Pack: d.string()}
		if d.err != nil {
			return nil
		}
		live, ok, valid := checkStreamPack(n)
		if !valid {
			d.fail("Stream listpack integrity check failed")
		}
		if ok && live.Compare(first) < 0 {
			first = live
		}
		s.Nodes = append(s.Nodes, n)
	}
	rising := func(a, b StreamNode) int { return a.ID.Compare(b.ID) }
	if !slices.IsSortedFunc(s.Nodes, rising) {
		slices.SortFunc(s.Nodes, rising)
	}
	for i := 1; i < len(s.Nodes); i++ {
		if s.Nodes[i].ID == s.Nodes[i-1].ID {
			d.fail("stream node twice")
		}
	}
	s.Length = d.uint()
	s.LastID = d.id()
	if kind >= typeStream2 {
		s.FirstID, s.MaxDeletedID = d.id(), d.id()
		s.EntriesAdded = d.uint()
	} else {
		s.FirstID, s.EntriesAdded = first, s.Length
	}
	if d.err == nil && s.Length > 0 && len(s.Nodes) == 0 {
		d.fail("stream length without entries")
	}
	var names dupes
	names.reset()
	for left := d.uint(); left > 0 && d.err == nil; left-- {
		g := d.group(kind, s)
		if d.err == nil && !names.add(g.Name) {
			d.fail("consumer group twice")
		}
		s.Groups = append(s.Groups, g)
	}
	if kind >= typeStream4 {
		s.Idempotency = d.idempotency()
	}
	return s
}

func (d *decoder) idempotency() *Idempotency {
	m := &Idempotency{Duration: d.uint(), MaxSize: d.uint()}
	if d.err == nil && (m.Duration == 0 || m.Duration > 86400 || m.MaxSize == 0 || m.MaxSize > 10000) {
		d.fail("invalid limits of a stream's producers")
	}
	var names dupes
	names.reset()
	for left := d.uint(); left > 0 && d.err == nil; left-- {
		p := Producer{Name: d.string()}
		if d.err == nil && !names.add(p.Name) {
			d.fail("producer twice")
		}
		for left := d.uint(); left > 0 && d.err == nil; left-- {
			p.Sent = append(p.Sent, Sent{IID: d.string(), ID: d.id()})
		}
		m.Producers = append(m.Producers, p)
	}
	m.Added, m.Duplicates = d.uint(), d.uint()
	return m
}

func (d *decoder) group(kind byte, s *Stream) Group {
	g := Group{Name: d.string(), LastID: d.id()}
	if kind >= typeStream2 {
		g.EntriesRead = int64(d.uint())
	} else {
		g.EntriesRead = s.distance(g.LastID)
	}
	for left := d.uint(); left > 0 && d.err == nil; left-- {
		g.Pending = append(g.Pending, Pending{ID: d.rawID(), DeliveredAt: d.time(), Deliveries: d.uint(), Consumer: -1})
	}
	rising := func(a, b Pending) int { return a.ID.Compare(b.ID) }
	if !slices.IsSortedFunc(g.Pending, rising) {
		slices.SortFunc(g.Pending, rising)
	}
	for i := 1; i < len(g.Pending); i++ {
		if g.Pending[i].ID == g.Pending[i-1].ID {
			d.fail("pending entry twice")
		}
	}
	var names dupes
	names.reset()
	for left := d.uint(); left > 0 && d.err == nil; left-- {
		c := Consumer{Name: d.string(), SeenAt: d.time()}
		if d.err == nil && !names.add(c.Name) {
			d.fail("Duplicate stream consumer detected")
		}
		c.ActiveAt = c.SeenAt
		if kind >= typeStream3 {
			c.ActiveAt = d.time()
		}
		for left := d.uint(); left > 0 && d.err == nil; left-- {
			id := d.rawID()
			i, ok := slices.BinarySearchFunc(g.Pending, id, func(p Pending, id StreamID) int { return p.ID.Compare(id) })
			if !ok || g.Pending[i].Consumer >= 0 {
				d.fail("entry pending for a consumer is not pending for the group, or twice")
				break
			}
			g.Pending[i].Consumer = len(g.Consumers)
		}
		g.Consumers = append(g.Consumers, c)
	}
	if kind >= typeStream5 {
		d.released(&g)
	}
	unowned := 0
	for _, p := range g.Pending {
		if p.Consumer < 0 {
			unowned++
		}
	}
	if unowned != len(g.Released) {
		d.fail("pending entry without a consumer")
	}
	return g
}

// released reads the pending entries without a consumer, and gives them to the
// consumer that stands for none.
func (d *decoder) released(g *Group) {
	var twice map[StreamID]bool
	for left := d.uint(); left > 0 && d.err == nil; left-- {
		id := d.rawID()
		i, ok := slices.BinarySearchFunc(g.Pending, id, func(p Pending, id StreamID) int { return p.ID.Compare(id) })
		if !ok || g.Pending[i].Consumer >= 0 || twice[id] {
			d.fail("entry pending for nobody is not pending for the group, or twice")
			return
		}
		if twice == nil {
			twice = map[StreamID]bool{}
		}
		twice[id] = true
		g.Released = append(g.Released, id)
	}
}

// distance returns the number of entries ever added up to an id, -1 if
// unknown. It is for groups of versions that did not count them.
func (s *Stream) distance(id StreamID) int64 {
	last := id.Compare(s.LastID)
	switch {
	case s.EntriesAdded == 0:
		return 0
	case s.Length == 0 && last < 1, last == 0:
		return int64(s.EntriesAdded)
	case last > 0:
		return -1
	}
	if s.MaxDeletedID == (StreamID{}) || s.MaxDeletedID.Compare(s.FirstID) < 0 {
		switch id.Compare(s.FirstID) {
		case -1:
			return int64(s.EntriesAdded - s.Length)
		case 0:
			return int64(s.EntriesAdded - s.Length + 1)
		}
	}
	return -1
}

// checkStreamPack validates the structure of a node:
//
//	<entries> <deleted> <n> <field>... 0                    the master entry
//	<flags> <ms> <seq> <value>... <elements>                an entry with its fields
//	<flags> <ms> <seq> <n> {<field> <value>}... <elements>  an entry with others
//
// and returns the id of the first entry that is not deleted, if there is one.
func checkStreamPack(node StreamNode) (first StreamID, live, valid bool) {
	if node.Pack.Validate(true) != nil {
		return first, false, false
	}
	pos, failed := node.Pack.First(), false
	number := func() int64 {
		if failed = failed || pos < 0; failed {
			return 0
		}
		var e listpack.Value
		e, pos = node.Pack.Read(pos)
		failed = !e.IsInt
		return e.Int
	}
	skip := func(n int64) {
		for ; n > 0 && !failed; n-- {
			if failed = pos < 0; !failed {
				pos = node.Pack.Next(pos)
			}
		}
	}
	entries, deleted, fields := number(), number(), number()
	if failed || entries < 0 || deleted < 0 || fields < 0 || entries > math.MaxInt64-deleted {
		return first, false, false
	}
	skip(fields)
	failed = failed || number() != 0
	for left := entries + deleted; left > 0 && !failed; left-- {
		flags, ms, seq := number(), number(), number()
		n, elements := fields, fields+3
		if flags&streamSameAs != 0 {
			skip(n)
		} else {
			n = number()
			if n < 0 || n > int64(len(node.Pack)) {
				return first, false, false
			}
			elements = 2*n + 4
			skip(2 * n)
		}
		failed = failed || number() != elements
		if flags&streamDeleted != 0 {
			deleted--
		} else if !failed && !live {
			first, live = StreamID{Ms: node.ID.Ms + uint64(ms), Seq: node.ID.Seq + uint64(seq)}, true
		}
	}
	return first, live, !failed && pos < 0 && deleted == 0
}

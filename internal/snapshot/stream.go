package snapshot

import (
	"math"

	"github.com/resp-server/resp-server/internal/datastruct/listpack"
	"github.com/resp-server/resp-server/internal/rdb"
	"github.com/resp-server/resp-server/internal/value"
)

func loadStream(v rdb.Value, env *Env) value.Value {
	from := v.(*rdb.Stream)
	s := value.NewStream()
	for _, n := range from.Nodes {
		s.AppendNode(value.StreamID(n.ID), n.Pack)
	}
	s.LastID, s.FirstID = value.StreamID(from.LastID), value.StreamID(from.FirstID)
	s.MaxDeletedID, s.EntriesAdded = value.StreamID(from.MaxDeletedID), from.EntriesAdded
	for i := range from.Groups {
		loadGroup(s, &from.Groups[i])
	}
	if m := from.Idempotency; m != nil && !unused(m, &env.Limits) {
		to := s.Remember(&env.Limits)
		to.Configure(int64(m.Duration), int64(m.MaxSize))
		to.Added, to.Duplicates = m.Added, m.Duplicates
		for _, p := range m.Producers {
			sent := make([]value.Sent, len(p.Sent))
			for i, s := range p.Sent {
				sent[i] = value.Sent{IID: string(s.IID), ID: value.StreamID(s.ID)}
			}
			to.Restore(string(p.Name), sent)
		}
	}
	return s
}

// unused reports whether a stream was never asked to remember anything: Redis
// 8.8 writes what is configured then.
func unused(m *rdb.Idempotency, l *value.Limits) bool {
	return len(m.Producers) == 0 && m.Added == 0 && m.Duplicates == 0 &&
		m.Duration == uint64(l.StreamIDMPDuration) && m.MaxSize == uint64(l.StreamIDMPMaxSize)
}

func loadGroup(s *value.Stream, from *rdb.Group) {
	g := s.AddGroup(from.Name, value.StreamID(from.LastID), from.EntriesRead)
	consumers := make([]*value.Consumer, len(from.Consumers))
	for i, c := range from.Consumers {
		consumers[i] = g.AddConsumer(c.Name, c.SeenAt)
		consumers[i].ActiveAt = c.ActiveAt
	}
	for _, p := range from.Pending {
		pending := value.Pending{ID: value.StreamID(p.ID), DeliveredAt: p.DeliveredAt, Deliveries: p.Deliveries}
		if p.Consumer >= 0 {
			g.SetPending(pending, consumers[p.Consumer])
		} else {
			g.Release(pending)
		}
	}
	for _, id := range from.Released { // once more, in their order
		p, _ := g.Pending(value.StreamID(id))
		g.Release(p)
	}
}

func saveStream(v value.Value) rdb.Value {
	s := v.(*value.Stream)
	to := &rdb.Stream{
		Nodes: make([]rdb.StreamNode, 0, s.NodeCount()), Length: uint64(s.Len()),
		LastID: rdb.StreamID(s.LastID), FirstID: rdb.StreamID(s.FirstID),
		MaxDeletedID: rdb.StreamID(s.MaxDeletedID), EntriesAdded: s.EntriesAdded,
	}
	s.Nodes(func(id value.StreamID, pack listpack.Pack) bool {
		to.Nodes = append(to.Nodes, rdb.StreamNode{ID: rdb.StreamID(id), Pack: pack})
		return true
	})
	for g := range s.Groups {
		to.Groups = append(to.Groups, saveGroup(g))
	}
	if m := s.Idempotency(); m != nil {
		to.Idempotency = saveIdempotency(m)
	}
	return to
}

func saveIdempotency(m *value.Idempotency) *rdb.Idempotency {
	to := &rdb.Idempotency{Duration: uint64(m.Duration), MaxSize: uint64(m.MaxSize), Added: m.Added, Duplicates: m.Duplicates}
	for pid, sent := range m.Producers(math.MinInt64) { // expired ones too, since there is no clock
		p := rdb.Producer{Name: []byte(pid), Sent: make([]rdb.Sent, len(sent))}
		for i, s := range sent {
			p.Sent[i] = rdb.Sent{IID: []byte(s.IID), ID: rdb.StreamID(s.ID)}
		}
		to.Producers = append(to.Producers, p)
	}
	return to
}

func saveGroup(g *value.Group) rdb.Group {
	to := rdb.Group{
		Name: []byte(g.Name()), LastID: rdb.StreamID(g.LastID), EntriesRead: g.EntriesRead,
		Pending: make([]rdb.Pending, 0, g.PendingCount()),
	}
	for _, id := range g.ReleasedIDs() {
		to.Released = append(to.Released, rdb.StreamID(id))
	}
	index := make(map[*value.Consumer]int, g.ConsumerCount())
	for c := range g.Consumers {
		index[c] = len(to.Consumers)
		to.Consumers = append(to.Consumers, rdb.Consumer{Name: []byte(c.Name()), SeenAt: c.SeenAt, ActiveAt: c.ActiveAt})
	}
	index[nil] = -1
	for it := g.PendingFrom(value.StreamID{}); ; {
		p, ok := it.Next()
		if !ok {
			return to
		}
		to.Pending = append(to.Pending, rdb.Pending{
			ID: rdb.StreamID(p.ID), DeliveredAt: p.DeliveredAt, Deliveries: p.Deliveries, Consumer: index[g.Owner(p)],
		})
	}
}

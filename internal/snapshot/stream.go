package snapshot

import (
	"github.com/resp-server/resp-server/internal/datastruct/listpack"
	"github.com/resp-server/resp-server/internal/rdb"
	"github.com/resp-server/resp-server/internal/value"
)

func loadStream(v rdb.Value, _ *Env) value.Value {
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
	return s
}

func loadGroup(s *value.Stream, from *rdb.Group) {
	g := s.AddGroup(from.Name, value.StreamID(from.LastID), from.EntriesRead)
	consumers := make([]*value.Consumer, len(from.Consumers))
	for i, c := range from.Consumers {
		if len(c.Name) == 0 && c.ActiveAt == released {
			continue
		}
		consumers[i] = g.AddConsumer(c.Name, c.SeenAt)
		consumers[i].ActiveAt = c.ActiveAt
	}
	for _, p := range from.Pending {
		pending := value.Pending{ID: value.StreamID(p.ID), DeliveredAt: p.DeliveredAt, Deliveries: p.Deliveries}
		if c := consumers[p.Consumer]; c != nil {
			g.SetPending(pending, c)
		} else {
			g.Release(pending)
		}
	}
}

// released is the ActiveAt of the consumer without a name that stands, in an
// RDB file, for entries that are pending for nobody: the format of Redis 7.4
// has none, and Redis then shows these as what they were.
const released = -2

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
	return to
}

func saveGroup(g *value.Group) rdb.Group {
	to := rdb.Group{
		Name: []byte(g.Name()), LastID: rdb.StreamID(g.LastID), EntriesRead: g.EntriesRead,
		Pending: make([]rdb.Pending, 0, g.PendingCount()),
	}
	index := make(map[*value.Consumer]int, g.ConsumerCount())
	if g.Released() > 0 && g.Consumer(nil) == nil {
		to.Consumers = append(to.Consumers, rdb.Consumer{ActiveAt: released})
	}
	for c := range g.Consumers {
		index[c] = len(to.Consumers)
		to.Consumers = append(to.Consumers, rdb.Consumer{Name: []byte(c.Name()), SeenAt: c.SeenAt, ActiveAt: c.ActiveAt})
	}
	index[nil] = 0 // no other name comes before the empty one
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

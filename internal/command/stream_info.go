package command

import (
	"github.com/resp-server/resp-server/internal/compat"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

var streamInfoCommands = engine.Handlers{
	"xinfo|consumers": xinfoConsumers,
	"xinfo|groups":    xinfoGroups,
	"xinfo|stream":    xinfoStream,
}

// streamToShow finds the stream in the arguments of XINFO.
func streamToShow(c *engine.Ctx) (*value.Stream, error) {
	s, err := engine.Find[*value.Stream](c, c.Args[2])
	if err == nil && s == nil {
		return nil, resp.ErrNoSuchKey
	}
	return s, err
}

// XINFO STREAM key [FULL [COUNT count]]
func xinfoStream(c *engine.Ctx) error {
	s, err := streamToShow(c)
	if err != nil {
		return err
	}
	n := len(c.Args)
	full := n > 3
	count := int64(10)
	if full && (n != 4 && n != 6 || !c.ArgIs(3, "full")) {
		return subcommandSyntax(c)
	}
	if n == 6 {
		if !c.ArgIs(4, "count") {
			return subcommandSyntax(c)
		}
		if count, err = c.ArgInt(5); err != nil {
			return err
		}
		if count < 0 {
			count = 10
		}
	}
	w := c.Out()
	pairs := 10
	if full {
		pairs = 9
	}
	idmp := s.Idempotency()
	if idmp != nil {
		pairs += 6
	}
	w.Map(pairs)
	infoNumber(w, "length", int64(s.Len()))
	infoNumber(w, "radix-tree-keys", int64(s.NodeCount()))
	infoNumber(w, "radix-tree-nodes", int64(s.RadixNodes()))
	infoID(w, "last-generated-id", s.LastID)
	infoID(w, "max-deleted-entry-id", s.MaxDeletedID)
	infoNumber(w, "entries-added", int64(s.EntriesAdded))
	infoID(w, "recorded-first-entry-id", s.FirstID)
	if idmp != nil { // Redis 8.6 always shows these fields, 7.4 never
		infoIdempotency(w, idmp, c.ShownMilli())
	}
	if !full {
		infoNumber(w, "groups", int64(s.GroupCount()))
		infoEntry(w, "first-entry", s.Range(value.StreamID{}, value.MaxStreamID))
		infoEntry(w, "last-entry", s.RangeBack(value.StreamID{}, value.MaxStreamID))
		return nil
	}
	w.BulkString("entries")
	writeEntries(w, s.Range(value.StreamID{}, value.MaxStreamID), count)
	w.BulkString("groups")
	w.Array(s.GroupCount())
	for g := range s.Groups {
		infoGroupFull(w, s, g, count, c.Since(compat.ConsumersActive))
	}
	return nil
}

// infoGroupFull writes a group with up to count pending entries, and up to
// count for each consumer; 0 means all.
func infoGroupFull(w *resp.Writer, s *value.Stream, g *value.Group, count int64, active bool) {
	released := g.Released()
	pairs := 7
	if released > 0 {
		pairs++
	}
	w.Map(pairs)
	infoName(w, g.Name())
	infoGroupRead(w, s, g)
	infoNumber(w, "pel-count", int64(g.PendingCount()))
	if released > 0 { // Redis 8.8 shows it for all groups, 7.4 has it for none
		infoNumber(w, "nacked-count", int64(released))
	}
	w.BulkString("pending")
	m := w.ArrayLater()
	n := 0
	for all := g.PendingFrom(value.StreamID{}); count == 0 || int64(n) < count; n++ {
		p, ok := all.Next()
		if !ok {
			break
		}
		w.Array(4)
		writeStreamID(w, p.ID)
		w.BulkString(g.Owner(p).Name())
		w.Integer(p.DeliveredAt)
		w.Integer(int64(p.Deliveries))
	}
	w.SetLen(m, n)
	w.BulkString("consumers")
	w.Array(g.ConsumerCount())
	for consumer := range g.Consumers {
		fields := 5
		if !active {
			fields--
		}
		w.Map(fields)
		infoName(w, consumer.Name())
		infoNumber(w, "seen-time", consumer.SeenAt)
		if active {
			infoNumber(w, "active-time", consumer.ActiveAt)
		}
		infoNumber(w, "pel-count", int64(consumer.PendingCount()))
		w.BulkString("pending")
		m := w.ArrayLater()
		n := 0
		for own := consumer.PendingFrom(value.StreamID{}); count == 0 || int64(n) < count; n++ {
			id, ok := own.Next()
			if !ok {
				break
			}
			p, _ := g.Pending(id)
			w.Array(3)
			writeStreamID(w, id)
			w.Integer(p.DeliveredAt)
			w.Integer(int64(p.Deliveries))
		}
		w.SetLen(m, n)
	}
}

// infoGroupRead writes the read position of a group.
func infoGroupRead(w *resp.Writer, s *value.Stream, g *value.Group) {
	infoID(w, "last-delivered-id", g.LastID)
	w.BulkString("entries-read")
	if g.EntriesRead == value.UnknownEntriesRead {
		w.Null()
	} else {
		w.Integer(g.EntriesRead)
	}
	w.BulkString("lag")
	if lag, ok := s.Lag(g); ok {
		w.Integer(lag)
	} else {
		w.Null()
	}
}

func infoName(w *resp.Writer, name string) {
	w.BulkString("name")
	w.BulkString(name)
}

func infoNumber(w *resp.Writer, name string, n int64) {
	w.BulkString(name)
	w.Integer(n)
}

func infoID(w *resp.Writer, name string, id value.StreamID) {
	w.BulkString(name)
	writeStreamID(w, id)
}

func infoEntry(w *resp.Writer, name string, it value.StreamIter) {
	w.BulkString(name)
	if it.Next() {
		writeEntry(w, &it)
	} else {
		w.Null()
	}
}

// XINFO GROUPS key
func xinfoGroups(c *engine.Ctx) error {
	s, err := streamToShow(c)
	if err != nil {
		return err
	}
	w := c.Out()
	w.Array(s.GroupCount())
	for g := range s.Groups {
		w.Map(6)
		infoName(w, g.Name())
		infoNumber(w, "consumers", int64(g.ConsumerCount()))
		infoNumber(w, "pending", int64(g.PendingCount()))
		infoGroupRead(w, s, g)
	}
	return nil
}

// XINFO CONSUMERS key group
func xinfoConsumers(c *engine.Ctx) error {
	s, err := streamToShow(c)
	if err != nil {
		return err
	}
	g := s.Group(c.Args[3])
	if g == nil {
		return errNoGroupOf(c.Args[2], c.Args[3])
	}
	now := c.ShownMilli()
	w := c.Out()
	w.Array(g.ConsumerCount())
	for consumer := range g.Consumers {
		active, fields := c.Since(compat.ConsumersActive), 4
		if !active {
			fields--
		}
		w.Map(fields)
		infoName(w, consumer.Name())
		infoNumber(w, "pending", int64(consumer.PendingCount()))
		infoNumber(w, "idle", max(now-consumer.SeenAt, 0))
		if !active {
			continue
		}
		inactive := int64(-1)
		if consumer.ActiveAt != -1 {
			inactive = now - consumer.ActiveAt
		}
		infoNumber(w, "inactive", inactive)
	}
	return nil
}

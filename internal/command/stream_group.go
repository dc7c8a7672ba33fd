package command

import (
	"cmp"
	"math"

	"github.com/resp-server/resp-server/internal/datastruct/tree"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

var streamGroupCommands = engine.Handlers{
	"xack":                  xack,
	"xautoclaim":            xautoclaim,
	"xclaim":                xclaim,
	"xgroup|create":         xgroupCreate,
	"xgroup|createconsumer": xgroupCreateConsumer,
	"xgroup|delconsumer":    xgroupDelConsumer,
	"xgroup|destroy":        xgroupDestroy,
	"xgroup|setid":          xgroupSetID,
	"xpending":              xpending,
}

const (
	errGroupExists      resp.Error = "BUSYGROUP Consumer Group name already exists"
	errGroupKey         resp.Error = "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically."
	errEntriesRead      resp.Error = "ERR value for ENTRIESREAD must be positive or -1"
	errClaimIdle        resp.Error = "ERR Invalid min-idle-time argument for XCLAIM"
	errClaimIdleOption  resp.Error = "ERR Invalid IDLE option argument for XCLAIM"
	errClaimTime        resp.Error = "ERR Invalid TIME option argument for XCLAIM"
	errClaimRetry       resp.Error = "ERR Invalid RETRYCOUNT option argument for XCLAIM"
	errAutoClaimIdle    resp.Error = "ERR Invalid min-idle-time argument for XAUTOCLAIM"
	errAutoClaimTooMany resp.Error = "ERR Insufficient memory, failed allocating transient memory, COUNT too high."
)

func errNoGroup(key, group []byte) error {
	return resp.Errorf("NOGROUP No such key '%s' or consumer group '%s'", key, group)
}

func errNoGroupOf(key, group []byte) error {
	return resp.Errorf("NOGROUP No such consumer group '%s' for key name '%s'", group, key)
}

// findGroup finds a group for reading. s and g are nil if it is missing.
func findGroup(c *engine.Ctx, key, name []byte) (*value.Stream, *value.Group, error) {
	s, err := engine.Find[*value.Stream](c, key)
	if err != nil {
		return nil, nil, err
	}
	return s, s.Group(name), nil
}

// thawGroup finds an existing group for writing.
func thawGroup(c *engine.Ctx, key, name []byte) (*value.Stream, *value.Group, error) {
	s, err := engine.FindToWrite[*value.Stream](c, key)
	if err != nil || s == nil {
		return nil, nil, err
	}
	return s, s.WritableGroup(name), nil
}

// xgroupOptions reads ENTRIESREAD and, with create, MKSTREAM.
func xgroupOptions(c *engine.Ctx, create bool) (mkstream bool, read int64, err error) {
	read = value.UnknownEntriesRead
	for i := 5; i < len(c.Args); i++ {
		switch {
		case create && c.ArgIs(i, "mkstream"):
			mkstream = true
		case c.ArgIs(i, "entriesread") && i+1 < len(c.Args):
			i++
			if read, err = c.ArgInt(i); err != nil {
				return false, 0, err
			}
			if read < 0 && read != value.UnknownEntriesRead {
				return false, 0, errEntriesRead
			}
		default:
			return false, 0, subcommandSyntax(c)
		}
	}
	return mkstream, read, nil
}

// XGROUP CREATE key group <id | $> [MKSTREAM] [ENTRIESREAD entries-read]
func xgroupCreate(c *engine.Ctx) error {
	mkstream, read, err := xgroupOptions(c, true)
	if err != nil {
		return err
	}
	key, name := c.Args[2], c.Args[3]
	s, err := engine.FindToWrite[*value.Stream](c, key)
	if err != nil {
		return err
	}
	if s == nil && !mkstream {
		return errGroupKey
	}
	if len(c.Args) > 8 {
		return subcommandSyntax(c)
	}
	var id value.StreamID
	if string(c.Args[4]) != "$" {
		if id, err = argStreamID(c, 4, 0); err != nil {
			return err
		}
	} else if s != nil {
		id = s.LastID
	}
	if s == nil {
		if s, err = engine.FindOrMake(c, key, newStream); err != nil {
			return err
		}
		c.Touched(key)
	}
	if s.AddGroup(name, id, read) == nil {
		return errGroupExists
	}
	c.Altered(key, event.XGroupCreate)
	return c.OK()
}

// groupToChange finds the group in the arguments of XGROUP.
func groupToChange(c *engine.Ctx) (*value.Stream, *value.Group, error) {
	key, name := c.Args[2], c.Args[3]
	s, g, err := thawGroup(c, key, name)
	switch {
	case err != nil:
		return nil, nil, err
	case s == nil:
		return nil, nil, errGroupKey
	case g == nil:
		return s, nil, errNoGroupOf(key, name)
	}
	return s, g, nil
}

// XGROUP SETID key group <id | $> [ENTRIESREAD entries-read]
func xgroupSetID(c *engine.Ctx) error {
	_, read, err := xgroupOptions(c, false)
	if err != nil {
		return err
	}
	s, g, err := groupToChange(c)
	if err != nil {
		return err
	}
	if len(c.Args) != 5 && len(c.Args) != 7 {
		return subcommandSyntax(c)
	}
	var id value.StreamID
	switch string(c.Args[4]) {
	case "$":
		id = s.LastID
	case "-":
	case "+":
		id = value.MaxStreamID
	default:
		if id, err = argStreamID(c, 4, 0); err != nil {
			return err
		}
	}
	g.LastID, g.EntriesRead = id, read
	c.Altered(c.Args[2], event.XGroupSetID)
	return c.OK()
}

// XGROUP DESTROY key group
func xgroupDestroy(c *engine.Ctx) error {
	key := c.Args[2]
	s, err := engine.FindToWrite[*value.Stream](c, key)
	if err != nil {
		return err
	}
	if s == nil {
		return errGroupKey
	}
	if !s.DeleteGroup(c.Args[3]) {
		return c.Integer(0)
	}
	c.Altered(key, event.XGroupDestroy)
	c.Wake(key) // blocked readers get an error, since the group is gone
	return c.Integer(1)
}

// XGROUP CREATECONSUMER key group consumer
func xgroupCreateConsumer(c *engine.Ctx) error {
	_, g, err := groupToChange(c)
	if err != nil {
		return err
	}
	if g.AddConsumer(c.Args[4], c.ShownMilli()) == nil {
		return c.Integer(0)
	}
	c.Altered(c.Args[2], event.XGroupCreateConsumer)
	return c.Integer(1)
}

// XGROUP DELCONSUMER key group consumer
func xgroupDelConsumer(c *engine.Ctx) error {
	_, g, err := groupToChange(c)
	if err != nil {
		return err
	}
	consumer := g.Consumer(c.Args[4])
	if consumer == nil {
		return c.Integer(0)
	}
	pending := consumer.PendingCount()
	g.DeleteConsumer(consumer)
	c.Altered(c.Args[2], event.XGroupDelConsumer)
	return c.Integer(pending)
}

// XACK key group id [id ...]
func xack(c *engine.Ctx) error {
	key, name := c.Args[1], c.Args[2]
	_, g, err := findGroup(c, key, name)
	if err != nil {
		return err
	}
	if g == nil {
		return c.Integer(0)
	}
	var few [8]value.StreamID
	ids, err := argStreamIDs(c, 3, len(c.Args), few[:0])
	if err != nil {
		return err
	}
	if _, g, err = thawGroup(c, key, name); err != nil {
		return err
	}
	n := 0
	for _, id := range ids {
		if g.Ack(id) {
			n++
			c.Altered(key, event.None)
		}
	}
	return c.Integer(n)
}

// XPENDING key group [[IDLE min-idle-time] start end count [consumer]]
func xpending(c *engine.Ctx) error {
	key, name := c.Args[1], c.Args[2]
	summary := len(c.Args) == 3
	if !summary && (len(c.Args) < 6 || len(c.Args) > 9) {
		return resp.ErrSyntax
	}
	var first, last value.StreamID
	var count, minIdle int64
	var consumer []byte
	var err error
	if !summary {
		i := 3
		if c.ArgIs(i, "idle") {
			if minIdle, err = c.ArgInt(4); err != nil {
				return err
			}
			if len(c.Args) < 8 {
				return resp.ErrSyntax
			}
			i = 5
		}
		if count, err = c.ArgInt(i + 2); err != nil {
			return err
		}
		if first, err = argRangeStart(c, i); err != nil {
			return err
		}
		if last, err = argRangeEnd(c, i+1); err != nil {
			return err
		}
		if i+3 < len(c.Args) {
			consumer = c.Args[i+3]
		}
	}
	_, g, err := findGroup(c, key, name)
	switch {
	case err != nil:
		return err
	case g == nil:
		return errNoGroup(key, name)
	case summary:
		return pendingSummary(c, g)
	}
	w := c.Out()
	p := pendingEntries{g: g, all: g.PendingFrom(first)}
	if consumer != nil {
		owner := g.Consumer(consumer)
		if owner == nil {
			return c.Array(0)
		}
		p.own, p.ofOne = owner.PendingFrom(first), true
	}
	m := w.ArrayLater()
	n := 0
	for int64(n) < count {
		e, ok := p.next()
		if !ok || last.Less(e.ID) {
			break
		}
		idle := c.ShownMilli() - e.DeliveredAt
		if minIdle != 0 && idle < minIdle {
			continue
		}
		w.Array(4)
		writeStreamID(w, e.ID)
		w.BulkString(g.Owner(e).Name())
		if g.Owner(e) == nil {
			w.Integer(-1)
		} else {
			w.Integer(max(idle, 0))
		}
		w.Integer(int64(e.Deliveries))
		n++
	}
	w.SetLen(m, n)
	return nil
}

// pendingEntries iterates over the pending entries of a group or of one
// consumer.
type pendingEntries struct {
	g     *value.Group
	all   tree.Iter[value.Pending]
	own   tree.Iter[value.StreamID]
	ofOne bool
}

func (p *pendingEntries) next() (value.Pending, bool) {
	if !p.ofOne {
		return p.all.Next()
	}
	id, ok := p.own.Next()
	if !ok {
		return value.Pending{}, false
	}
	return p.g.Pending(id)
}

func pendingSummary(c *engine.Ctx, g *value.Group) error {
	w := c.Out()
	w.Array(4)
	w.Integer(int64(g.PendingCount()))
	if g.PendingCount() == 0 {
		w.Null()
		w.Null()
		w.NullArray()
		return nil
	}
	all := g.PendingFrom(value.StreamID{})
	first, _ := all.Next()
	writeStreamID(w, first.ID)
	writeStreamID(w, g.LastPending())
	m := w.ArrayLater()
	n := 0
	for consumer := range g.Consumers {
		if count := consumer.PendingCount(); count > 0 {
			w.Array(2)
			w.BulkString(consumer.Name())
			w.BulkInt(int64(count))
			n++
		}
	}
	w.SetLen(m, n)
	return nil
}

// XCLAIM key group consumer min-idle-time id [id ...] [IDLE ms] [TIME unix-time-milliseconds] [RETRYCOUNT count] [FORCE] [JUSTID] [LASTID lastid]
func xclaim(c *engine.Ctx) error {
	key, name := c.Args[1], c.Args[2]
	_, g, err := findGroup(c, key, name)
	if err != nil {
		return err
	}
	if g == nil {
		return errNoGroup(key, name)
	}
	minIdle, err := c.ArgIntIn(4, math.MinInt64, math.MaxInt64, errClaimIdle)
	if err != nil {
		return err
	}
	var few [8]value.StreamID
	ids := few[:0]
	i := 5
	for ; i < len(c.Args); i++ {
		id, err := argStreamID(c, i, 0)
		if err != nil {
			break // may be an option
		}
		ids = append(ids, id)
	}
	now := c.ShownMilli()
	delivered, retries := int64(-1), int64(-1)
	force, justID := false, false
	var last value.StreamID
	for ; i < len(c.Args); i++ {
		more := i+1 < len(c.Args)
		switch {
		case c.ArgIs(i, "force"):
			force = true
		case c.ArgIs(i, "justid"):
			justID = true
		case c.ArgIs(i, "idle") && more:
			i++
			if delivered, err = c.ArgIntIn(i, math.MinInt64, math.MaxInt64, errClaimIdleOption); err != nil {
				return err
			}
			delivered = now - delivered
		case c.ArgIs(i, "time") && more:
			i++
			if delivered, err = c.ArgIntIn(i, math.MinInt64, math.MaxInt64, errClaimTime); err != nil {
				return err
			}
		case c.ArgIs(i, "retrycount") && more:
			i++
			if retries, err = c.ArgIntIn(i, math.MinInt64, math.MaxInt64, errClaimRetry); err != nil {
				return err
			}
		case c.ArgIs(i, "lastid") && more:
			i++
			if last, err = argStreamID(c, i, 0); err != nil {
				return err
			}
		default:
			return resp.Errorf("ERR Unrecognized XCLAIM option '%s'", c.Args[i])
		}
	}
	if delivered < 0 || delivered > now {
		delivered = now
	}
	s, g, err := thawGroup(c, key, name)
	if err != nil {
		return err
	}
	advanced := g.LastID.Less(last)
	if advanced {
		g.LastID = last
	}
	consumer, _ := seeConsumer(c, key, g, c.Args[3])
	journal := groupJournal{c, key, name, g}
	w := c.Out()
	m := w.ArrayLater()
	n := 0
	for _, id := range ids {
		p, had := g.Pending(id)
		it := s.Range(id, id)
		if !it.Next() {
			if had {
				journal.claim(p, cmp.Or(g.Owner(p), consumer))
				advanced = false // the XCLAIM carries LASTID
				g.Ack(id)
				c.Altered(key, event.None)
			}
			continue
		}
		if !had && !force || had && minIdle > 0 && now-p.DeliveredAt < minIdle {
			continue
		}
		if !had {
			p = value.Pending{ID: id, Deliveries: 1}
		}
		p.DeliveredAt = delivered
		if retries >= 0 {
			p.Deliveries = uint64(retries)
		} else if !justID {
			p.Deliver()
		}
		g.SetPending(p, consumer)
		consumer.ActiveAt = now
		if justID {
			writeStreamID(w, id)
		} else {
			writeEntry(w, &it)
		}
		n++
		journal.claim(p, consumer)
		advanced = false
		c.Altered(key, event.None)
	}
	if n > 0 {
		c.Idles(key, delivered)
	}
	if advanced {
		journal.setID()
		c.Altered(key, event.None)
	}
	w.SetLen(m, n)
	c.PropagateNothing() // the calls above propagated everything
	return nil
}

// XAUTOCLAIM key group consumer min-idle-time start [COUNT count] [JUSTID]
func xautoclaim(c *engine.Ctx) error {
	key, name := c.Args[1], c.Args[2]
	_, g, wrongKey := findGroup(c, key, name) // its error comes after those of the arguments
	minIdle, err := c.ArgIntIn(4, math.MinInt64, math.MaxInt64, errAutoClaimIdle)
	if err != nil {
		return err
	}
	first, err := argRangeStart(c, 5)
	if err != nil {
		return err
	}
	const triesPerEntry = 10
	count, justID := int64(100), false
	for i := 6; i < len(c.Args); i++ {
		switch {
		case c.ArgIs(i, "count") && i+1 < len(c.Args):
			i++
			if count, err = c.ArgIntIn(i, 1, math.MaxInt64/16, errCountPositive); err != nil {
				return err
			}
		case c.ArgIs(i, "justid"):
			justID = true
		default:
			return resp.ErrSyntax
		}
	}
	switch {
	case wrongKey != nil:
		return wrongKey
	case g == nil:
		return errNoGroup(key, name)
	case count >= maxAutoClaim:
		return errAutoClaimTooMany
	}
	s, g, err := thawGroup(c, key, name)
	if err != nil {
		return err
	}
	consumer, _ := seeConsumer(c, key, g, c.Args[3])
	journal := groupJournal{c, key, name, g}
	now := c.ShownMilli()
	var claimed, deleted []value.StreamID
	pending := g.PendingFrom(first)
	for tries := triesPerEntry * count; tries > 0 && count > 0; tries-- {
		p, ok := pending.Next()
		if !ok {
			break
		}
		next, _ := p.ID.Next()
		if !s.FindEntry(p.ID) {
			journal.claim(p, cmp.Or(g.Owner(p), consumer))
			g.Ack(p.ID)
			deleted = append(deleted, p.ID)
		} else {
			if minIdle > 0 && now-p.DeliveredAt < minIdle {
				continue
			}
			p.DeliveredAt = now
			if !justID {
				p.Deliver()
			}
			g.SetPending(p, consumer)
			consumer.ActiveAt = now
			claimed = append(claimed, p.ID)
			journal.claim(p, consumer)
		}
		c.Altered(key, event.None)
		count--
		pending = g.PendingFrom(next)
	}
	w := c.Out()
	w.Array(3)
	p, _ := pending.Next() // 0-0 after the last
	writeStreamID(w, p.ID)
	w.Array(len(claimed))
	for _, id := range claimed {
		if justID {
			writeStreamID(w, id)
		} else if it := s.Range(id, id); it.Next() {
			writeEntry(w, &it)
		}
	}
	w.Array(len(deleted))
	for _, id := range deleted {
		writeStreamID(w, id)
	}
	c.PropagateNothing() // the calls above propagated everything
	return nil
}

// maxAutoClaim is the first COUNT that exhausts a real server's address space.
const maxAutoClaim = 1 << 43

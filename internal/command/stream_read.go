package command

import (
	"math"
	"slices"
	"strconv"

	"github.com/resp-server/resp-server/internal/compat"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

var streamReadCommands = engine.Handlers{
	"xread":      xread,
	"xreadgroup": xreadgroup,
}

const (
	errReadGroupOption  resp.Error = "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead."
	errReadNoAck        resp.Error = "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead."
	errReadClaim        resp.Error = "ERR The CLAIM option is only supported by XREADGROUP. You called XREAD instead."
	errReadIdle         resp.Error = "ERR min-idle-time is not an integer or out of range"
	errReadIdleSign     resp.Error = "ERR min-idle-time must be a positive integer"
	errReadGroupMissing resp.Error = "ERR Missing GROUP option for XREADGROUP"
	errReadNew          resp.Error = "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option."
	errReadPlusZero     resp.Error = "ERR the stream last element ID is 0-0"

	errReadMeaningless = "ERR The %s ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer " +
		"by specifying a proper ID, or use the > ID to get new messages. The %[1]s ID would just return an empty result set."
)

// reading is a call of XREAD or XREADGROUP.
type reading struct {
	*engine.Ctx
	group, consumer []byte // nil for XREAD
	noack           bool
	claims          bool
	minIdle         int64 // of entries to claim, in milliseconds
	count           int64 // 0: all
	deadline        int64
	block           bool
	// keys are the streams and ids is the index of the first id in Args. The
	// reply has the entries above the ids in after. For XREADGROUP the largest id
	// stands for >, new entries.
	keys  [][]byte
	ids   int
	after []value.StreamID

	retry  int64 // when more entries become claimable; 0: never
	served int
	mark   resp.Mark // of the reply, once a stream is served
}

// XREAD [COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]
func xread(c *engine.Ctx) error { return read(c, false) }

// XREADGROUP GROUP group consumer [COUNT count] [BLOCK milliseconds] [CLAIM min-idle-time] [NOACK] STREAMS key [key ...] id [id ...]
func xreadgroup(c *engine.Ctx) error { return read(c, true) }

func read(c *engine.Ctx, group bool) error {
	r := reading{Ctx: c}
	if err := r.parse(group); err != nil {
		return err
	}
	var few [8]value.StreamID
	r.after = few[:0]
	for i, key := range r.keys {
		id, err := r.resolve(key, r.ids+i)
		if err != nil {
			return r.gone(key, err)
		}
		r.after = append(r.after, id)
	}
	for i, key := range r.keys {
		var err error
		if group {
			err = r.serveGroup(key, r.after[i])
		} else {
			err = r.serve(key, r.after[i])
		}
		if err != nil {
			return err
		}
	}
	if group {
		c.PropagateNothing() // the calls above propagated everything
	}
	switch {
	case r.served > 0:
		c.Out().SetLen(r.mark, r.served)
		return nil
	case !r.block:
		return c.NullArray()
	}
	if c.MayBlock() {
		for i, id := range r.after { // $ is the last entry of now, not of when the command runs again
			if string(c.Args[r.ids+i]) == "$" {
				c.SetArg(r.ids+i, id.Text())
			}
		}
	}
	return c.Block(engine.Wait{
		Keys: r.keys, Type: value.TypeStream, Gone: group, Deadline: r.deadline, TimeOut: (*engine.Ctx).NullArray,
		Claims: r.claims, MinIdle: r.minIdle, Retry: r.retry,
	})
}

// parse reads the options and finds the streams.
func (r *reading) parse(group bool) (err error) {
	for i := 1; i < len(r.Args); i++ {
		more := len(r.Args) - 1 - i
		switch {
		case r.ArgIs(i, "block") && more > 0:
			if r.InScript() && !r.Since(compat.XReadInScripts) {
				return resp.Errorf("ERR %s command is not allowed with BLOCK option from scripts", r.Args[0])
			}
			i++
			if r.deadline, err = r.ArgTimeoutMilli(i); err != nil {
				return err
			}
			r.block = true
		case r.ArgIs(i, "count") && more > 0:
			i++
			if r.count, err = r.ArgInt(i); err != nil {
				return err
			}
			r.count = max(r.count, 0)
		case r.ArgIs(i, "streams") && more > 0:
			if more%2 != 0 {
				symbol := "$"
				if !r.Since(compat.UnbalancedNames) {
					return resp.Error("ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.")
				}
				if group {
					symbol = ">"
				}
				return resp.Errorf("ERR Unbalanced '%s' list of streams: for each stream key an ID or '%s' must be specified.", r.Name(), symbol)
			}
			r.keys = r.Args[i+1 : i+1+more/2]
			r.ids = i + 1 + more/2
			if group && r.group == nil {
				return errReadGroupMissing
			}
			return nil
		case r.ArgIs(i, "group") && more > 1:
			if !group {
				return errReadGroupOption
			}
			r.group, r.consumer = r.Args[i+1], r.Args[i+2]
			i += 2
		case r.ArgIs(i, "noack"):
			if !group {
				return errReadNoAck
			}
			r.noack = true
		case r.ArgIs(i, "claim") && more > 0 && r.Table().Find([]byte("xreadgroup")).HasWord("CLAIM"):
			if !group {
				return errReadClaim
			}
			i++
			if r.minIdle, err = r.ArgIntIn(i, math.MinInt64, math.MaxInt64, errReadIdle); err != nil {
				return err
			}
			if r.minIdle < 0 {
				return errReadIdleSign
			}
			r.claims = true
		default:
			return resp.ErrSyntax
		}
	}
	return resp.ErrSyntax
}

// resolve reads an id argument. The caller replies entries above the result.
func (r *reading) resolve(key []byte, arg int) (value.StreamID, error) {
	s, err := engine.Find[*value.Stream](r.Ctx, key)
	if err != nil {
		return value.StreamID{}, err
	}
	if r.group != nil && s.Group(r.group) == nil {
		return value.StreamID{}, resp.Errorf("NOGROUP No such key '%s' or consumer group '%s' in XREADGROUP with GROUP option", key, r.group)
	}
	switch text := string(r.Args[arg]); text {
	case "$", "+":
		switch {
		case text == "+" && !r.Since(compat.LastEntry):
			return value.StreamID{}, errStreamID
		case r.group != nil:
			return value.StreamID{}, resp.Errorf(errReadMeaningless, text)
		case s == nil:
			return value.StreamID{}, nil
		case text == "$":
			return s.LastID, nil
		}
		id, ok := s.LastID.Prev()
		if !ok {
			return id, errReadPlusZero
		}
		return id, nil
	case ">":
		if r.group == nil {
			return value.StreamID{}, errReadNew
		}
		return value.MaxStreamID, nil
	}
	return argStreamID(r.Ctx, arg, 0)
}

// gone returns the error of a reader that waited until its group had gone.
func (r *reading) gone(key []byte, err error) error {
	if r.group == nil || !r.Again() || r.Since(compat.GroupIsGone) {
		return err
	}
	if s, wrong := engine.Find[*value.Stream](r.Ctx, key); s == nil || wrong != nil {
		return resp.Error("UNBLOCKED the stream key no longer exists")
	}
	return resp.Error("NOGROUP the consumer group this client was blocked on no longer exists")
}

// begin begins the reply for a stream.
func (r *reading) begin(key []byte) *resp.Writer {
	w := r.Out()
	if r.served == 0 {
		if r.Proto() == 3 {
			r.mark = w.MapLater()
		} else {
			r.mark = w.ArrayLater()
		}
	}
	r.served++
	if r.Proto() != 3 {
		w.Array(2)
	}
	w.Bulk(key)
	return w
}

// serve replies the entries of a stream above an id, if there are any.
func (r *reading) serve(key []byte, after value.StreamID) error {
	s, err := engine.Find[*value.Stream](r.Ctx, key)
	if err != nil || !after.Less(s.LastEntry()) {
		return err
	}
	first, _ := after.Next()
	writeEntries(r.begin(key), s.Range(first, value.MaxStreamID), r.count)
	return nil
}

// serveGroup delivers new entries to a consumer, or replays its pending
// entries above an id.
func (r *reading) serveGroup(key []byte, after value.StreamID) error {
	if _, err := engine.Find[*value.Stream](r.Ctx, key); err != nil {
		return err
	}
	s, err := engine.FindToWrite[*value.Stream](r.Ctx, key)
	if err != nil || s == nil {
		return err
	}
	g := s.WritableGroup(r.group)
	if !r.Since(compat.ConsumersAsk) && after == value.MaxStreamID && !g.LastID.Less(s.LastEntry()) {
		return nil
	}
	consumer, created := seeConsumer(r.Ctx, key, g, r.consumer)
	if created && r.noack {
		// Without NOACK the XCLAIMs of the entries create the consumer.
		r.Propagate([]byte("XGROUP"), []byte("CREATECONSUMER"), key, r.group, r.consumer)
	}
	if after != value.MaxStreamID {
		first, _ := after.Next()
		r.history(r.begin(key), s, g, consumer, first)
		return nil
	}
	var idle []value.Pending
	if r.claims {
		idle = r.idle(s, g)
	}
	if len(idle) == 0 && !g.LastID.Less(s.LastEntry()) {
		return nil
	}
	w := r.begin(key)
	m := w.ArrayLater()
	n := int64(0)
	journal := groupJournal{r.Ctx, key, r.group, g}
	for _, p := range idle {
		it := s.Range(p.ID, p.ID)
		it.Next()
		writeDelivery(w, &it, max(r.ShownMilli()-p.DeliveredAt, 0), p.Deliveries)
		p.DeliveredAt = r.ShownMilli()
		p.Deliver()
		g.SetPending(p, consumer)
		consumer.ActiveAt = r.ShownMilli()
		journal.claim(p, consumer)
		n++
	}
	advanced := false
	first, _ := g.LastID.Next()
	for it := s.Range(first, value.MaxStreamID); (r.count == 0 || n < r.count) && it.Next(); n++ {
		advanced = true
		s.Advance(g, it.ID)
		if r.claims {
			writeDelivery(w, &it, 0, 0)
		} else {
			writeEntry(w, &it)
		}
		if !r.noack {
			p := value.Pending{ID: it.ID, DeliveredAt: r.ShownMilli(), Deliveries: 1}
			g.SetPending(p, consumer)
			consumer.ActiveAt = r.ShownMilli()
			journal.claim(p, consumer)
		}
	}
	w.SetLen(m, int(n))
	if advanced {
		journal.setID()
	}
	r.Altered(key, event.None)
	r.Idles(key, r.ShownMilli())
	return nil
}

// writeDelivery writes an entry with its idle time and its number of earlier
// deliveries.
func writeDelivery(w *resp.Writer, it *value.StreamIter, idle int64, deliveries uint64) {
	w.Array(4)
	writeIDAndFields(w, it)
	w.Integer(idle)
	w.Integer(int64(deliveries))
}

// idle returns the entries to claim, up to count, the longest idle first. It
// leaves out deleted entries, and sets retry to the time when more become
// claimable. It takes O(P) time for P pending entries.
func (r *reading) idle(s *value.Stream, g *value.Group) (list []value.Pending) {
	now := r.ShownMilli()
	for pending := g.PendingFrom(value.StreamID{}); ; {
		p, ok := pending.Next()
		if !ok {
			break
		}
		if at := engine.AfterIdle(p.DeliveredAt, r.minIdle); at > now {
			if (r.retry == 0 || at < r.retry) && s.FindEntry(p.ID) {
				r.retry = at
			}
		} else if s.FindEntry(p.ID) {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, value.CompareIdle)
	if r.count > 0 && int64(len(list)) > r.count {
		list = list[:r.count]
	}
	return list
}

// history replies the pending entries of a consumer. That delivers the ones
// that still exist again.
func (r *reading) history(w *resp.Writer, s *value.Stream, g *value.Group, consumer *value.Consumer, first value.StreamID) {
	m := w.ArrayLater()
	n := int64(0)
	for pending := consumer.PendingFrom(first); r.count == 0 || n < r.count; n++ {
		id, ok := pending.Next()
		if !ok {
			break
		}
		if it := s.Range(id, id); it.Next() {
			writeEntry(w, &it)
			p, _ := g.Pending(id)
			p.DeliveredAt = r.ShownMilli()
			p.Deliver()
			g.SetPending(p, consumer)
		} else {
			w.Array(2)
			writeStreamID(w, id)
			w.NullArray()
		}
	}
	w.SetLen(m, int(n))
}

// seeConsumer returns a consumer for writing and updates its seen time. It
// creates the consumer if it is missing.
func seeConsumer(c *engine.Ctx, key []byte, g *value.Group, name []byte) (consumer *value.Consumer, created bool) {
	consumer = g.WritableConsumer(name)
	if consumer == nil {
		consumer = g.AddConsumer(name, c.ShownMilli())
		c.Altered(key, event.XGroupCreateConsumer)
		return consumer, true
	}
	consumer.SeenAt = c.ShownMilli()
	return consumer, false
}

// groupJournal propagates changes of a group with absolute times.
type groupJournal struct {
	*engine.Ctx
	key, name []byte
	g         *value.Group
}

// claim propagates the owner of a pending entry as an XCLAIM.
func (j groupJournal) claim(p value.Pending, consumer *value.Consumer) {
	if !j.Journaling() {
		return
	}
	j.Propagate([]byte("XCLAIM"), j.key, j.name, []byte(consumer.Name()), []byte("0"), p.ID.Text(),
		[]byte("TIME"), strconv.AppendInt(nil, p.DeliveredAt, 10),
		[]byte("RETRYCOUNT"), strconv.AppendUint(nil, p.Deliveries, 10),
		[]byte("FORCE"), []byte("JUSTID"), []byte("LASTID"), j.g.LastID.Text())
}

// setID propagates the read position of the group.
func (j groupJournal) setID() {
	if !j.Journaling() {
		return
	}
	j.Propagate([]byte("XGROUP"), []byte("SETID"), j.key, j.name, j.g.LastID.Text(),
		[]byte("ENTRIESREAD"), strconv.AppendInt(nil, j.g.EntriesRead, 10))
}

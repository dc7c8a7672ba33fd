package command

import (
	"math"
	"slices"
	"strconv"

	"github.com/resp-server/resp-server/internal/compat"
	"github.com/resp-server/resp-server/internal/datastruct/listpack"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

var streamCommands = engine.Handlers{
	"xadd":      xadd,
	"xdel":      xdel,
	"xlen":      xlen,
	"xrange":    xrange,
	"xrevrange": xrevrange,
	"xsetid":    xsetid,
	"xtrim":     xtrim,
}

const (
	errStreamID       resp.Error = "ERR Invalid stream ID specified as stream command argument"
	errIDZero         resp.Error = "ERR The ID specified in XADD must be greater than 0-0"
	errIDSmall        resp.Error = "ERR The ID specified in XADD is equal or smaller than the target stream top item"
	errIDsExhausted   resp.Error = "ERR The stream has exhausted the last possible ID, unable to add more items"
	errEntrySize      resp.Error = "ERR Elements are too large to be stored"
	errRangeStart     resp.Error = "ERR invalid start ID for the interval"
	errRangeEnd       resp.Error = "ERR invalid end ID for the interval"
	errTrimTwice      resp.Error = "ERR syntax error, MAXLEN and MINID options at the same time are not compatible"
	errTrimNothing    resp.Error = "ERR syntax error, XTRIM must be called with a trimming strategy"
	errMaxLenSign     resp.Error = "ERR The MAXLEN argument must be >= 0."
	errLimitSign      resp.Error = "ERR The LIMIT argument must be >= 0."
	errLimitAlone     resp.Error = "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy"
	errLimitExact     resp.Error = "ERR syntax error, LIMIT cannot be used without the special ~ option"
	errAddedSign      resp.Error = "ERR entries_added must be positive"
	errAddedSmall     resp.Error = "ERR The entries_added specified in XSETID is smaller than the target stream length"
	errSetIDSmall     resp.Error = "ERR The ID specified in XSETID is smaller than the target stream top item"
	errSetIDDeleted   resp.Error = "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id"
	errSetIDMaxDelete resp.Error = "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id"
)

// maxEntrySize limits the fields and values of an entry, in bytes.
const maxEntrySize = 1 << 30

func newStream(*value.Limits) *value.Stream { return value.NewStream() }

// argStreamID reads argument i as an id. seq replaces a missing sequence
// number. The ids - and + are valid in ranges only.
func argStreamID(c *engine.Ctx, i int, seq uint64) (value.StreamID, error) {
	id, ok := value.ParseStreamID(c.Args[i], seq)
	if !ok {
		return id, errStreamID
	}
	return id, nil
}

// argStreamIDs reads the arguments in a range as ids and appends them to ids,
// which has room for a few.
func argStreamIDs(c *engine.Ctx, from, to int, ids []value.StreamID) ([]value.StreamID, error) {
	for i := from; i < to; i++ {
		id, err := argStreamID(c, i, 0)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// argRangeStart reads an argument as the first id of a range.
func argRangeStart(c *engine.Ctx, i int) (value.StreamID, error) {
	id, open, err := argBound(c, i, 0)
	if err == nil && open {
		var ok bool
		if id, ok = id.Next(); !ok {
			return id, errRangeStart
		}
	}
	return id, err
}

// argRangeEnd reads an argument as the last id of a range.
func argRangeEnd(c *engine.Ctx, i int) (value.StreamID, error) {
	id, open, err := argBound(c, i, math.MaxUint64)
	if err == nil && open {
		var ok bool
		if id, ok = id.Prev(); !ok {
			return id, errRangeEnd
		}
	}
	return id, err
}

func argBound(c *engine.Ctx, i int, seq uint64) (id value.StreamID, open bool, err error) {
	switch b := c.Args[i]; {
	case string(b) == "-":
		return id, false, nil
	case string(b) == "+":
		return value.MaxStreamID, false, nil
	case len(b) > 1 && b[0] == '(':
		id, ok := value.ParseStreamID(b[1:], seq)
		if !ok {
			return id, true, errStreamID
		}
		return id, true, nil
	}
	id, err = argStreamID(c, i, seq)
	return id, false, err
}

func writeStreamID(w *resp.Writer, id value.StreamID) {
	var b [2*20 + 1]byte
	w.Bulk(id.AppendTo(b[:0]))
}

func writePackValue(w *resp.Writer, v listpack.Value) {
	if v.IsInt {
		w.BulkInt(v.Int)
	} else {
		w.Bulk(v.Str)
	}
}

// writeEntry writes an entry: its id, and its fields with their values.
func writeEntry(w *resp.Writer, it *value.StreamIter) {
	w.Array(2)
	writeIDAndFields(w, it)
}

func writeIDAndFields(w *resp.Writer, it *value.StreamIter) {
	writeStreamID(w, it.ID)
	w.Array(2 * it.Fields)
	for range it.Fields {
		name, v := it.Field()
		writePackValue(w, name)
		writePackValue(w, v)
	}
}

// writeEntries writes up to count entries, all if count is 0.
func writeEntries(w *resp.Writer, it value.StreamIter, count int64) {
	m := w.ArrayLater()
	n := int64(0)
	for (count == 0 || n < count) && it.Next() {
		writeEntry(w, &it)
		n++
	}
	w.SetLen(m, int(n))
}

// trimming holds the trimming options of XADD and XTRIM.
type trimming struct {
	value.Trim
	on bool
	at int // index of the threshold in Args
	// limitAt is the index of LIMIT's value in Args, or 0.
	limitAt int
	refs    bool // Refs is set
}

// arg reads a trimming option at argument i, if there is one, and returns the
// index of its last word.
func (t *trimming) arg(c *engine.Ctx, i int) (last int, found bool, err error) {
	more := len(c.Args) - 1 - i
	maxlen := c.ArgIs(i, "maxlen")
	switch {
	case !t.refs && argReferences(c, i, &t.Refs):
		t.refs = true
		return i, true, nil
	case more == 0:
		return i, false, nil
	case c.ArgIs(i, "limit"):
		if t.Limit, err = c.ArgInt(i + 1); err != nil {
			return i, false, err
		}
		if t.Limit < 0 {
			return i, false, errLimitSign
		}
		t.limitAt = i + 1
		return i + 1, true, nil
	case !maxlen && !c.ArgIs(i, "minid"):
		return i, false, nil
	case t.on:
		return i, false, errTrimTwice
	}
	i++
	if op := c.Args[i]; more >= 2 && len(op) == 1 && (op[0] == '~' || op[0] == '=') {
		t.WholeNodes = op[0] == '~'
		i++
	}
	if maxlen {
		if t.MaxLen, err = c.ArgInt(i); err != nil {
			return i, false, err
		}
		if t.MaxLen < 0 {
			return i, false, errMaxLenSign
		}
	} else {
		t.MaxLen = -1
		if t.MinID, err = argStreamID(c, i, 0); err != nil {
			return i, false, err
		}
	}
	t.on, t.at = true, i
	return i, true, nil
}

// check checks the options against each other, and sets the default limit of
// approximate trimming.
func (t *trimming) check(c *engine.Ctx) error {
	switch {
	case t.Limit != 0 && !t.on:
		return errLimitAlone
	case c.Cmd.Name == "xtrim" && !t.on:
		return errTrimNothing
	case t.limitAt > 0 && !t.WholeNodes:
		return errLimitExact
	case t.limitAt == 0 && t.WholeNodes:
		t.Limit = 10000
		if n := int64(c.Limits().StreamNodeMaxEntries); n > 0 && n < math.MaxInt64/100 {
			t.Limit = min(100*n, 1000000)
		}
	}
	return nil
}

// rewrite replaces an approximate trimming in args, a copy of the command's
// arguments, by an exact one with the same effect. What ~ removes depends on
// settings and on the nodes.
func (t *trimming) rewrite(args [][]byte, s *value.Stream) [][]byte {
	if !t.WholeNodes {
		return args
	}
	args[t.at-1] = []byte("=")
	if t.MaxLen >= 0 {
		args[t.at] = strconv.AppendInt(nil, int64(s.Len()), 10)
	} else {
		args[t.at] = s.FirstKept().Text()
	}
	if t.limitAt > 0 {
		args = slices.Delete(args, t.limitAt-1, t.limitAt+1)
	}
	return args
}

// argReferences reads argument i as KEEPREF, DELREF or ACKED, the options of
// Redis 8.2 for references to deleted entries.
func argReferences(c *engine.Ctx, i int, refs *value.References) bool {
	switch {
	case c.ArgIsNewer(i, "keepref"):
		*refs = value.KeepRefs
	case c.ArgIsNewer(i, "delref"):
		*refs = value.DropRefs
	case c.ArgIsNewer(i, "acked"):
		*refs = value.AckedOnly
	default:
		return false
	}
	return true
}

// XADD key [NOMKSTREAM] [KEEPREF | DELREF | ACKED] [IDMPAUTO pid | IDMP pid iid] [<MAXLEN | MINID> [= | ~] threshold [LIMIT count]] <* | id> field value [field value ...]
func xadd(c *engine.Ctx) error {
	var t trimming
	var sent idempotence
	var id value.StreamID
	noCreate, auto, autoSeq := false, false, false
	i := 2
	for ; i < len(c.Args); i++ {
		if string(c.Args[i]) == "*" {
			auto = true
			break
		}
		last, found, err := t.arg(c, i)
		if err != nil {
			return err
		}
		if found {
			i = last
			continue
		}
		if c.ArgIs(i, "nomkstream") {
			noCreate = true
			continue
		}
		if last, found, err = sent.arg(c, i); err != nil {
			return err
		}
		if found {
			i = last
			continue
		}
		var ok bool
		if id, autoSeq, ok = value.ParseStreamIDAuto(c.Args[i]); !ok {
			return errStreamID
		}
		if sent.on && !c.Session.Obeyed() { // the master has made up the id already
			return errIDMPID
		}
		break
	}
	if err := t.check(c); err != nil {
		return err
	}
	if i >= len(c.Args) {
		return c.WrongArity()
	}
	pairs := c.Args[i+1:]
	if len(pairs) < 2 || len(pairs)%2 == 1 {
		return c.WrongArity()
	}
	if !auto && !autoSeq && id.IsZero() {
		return errIDZero
	}
	key := c.Args[1]
	s, err := engine.FindToWrite[*value.Stream](c, key)
	if err != nil {
		return err
	}
	if s == nil && noCreate {
		return c.Null()
	}
	if sent.on {
		sent.identify(pairs)
		if known, ok := s.Idempotency().Find(sent.pid, sent.iid, c.ShownMilli()); ok {
			s.Idempotency().Duplicates++
			c.Altered(key, event.None)
			if c.Journaling() { // with the id, so that it adds nothing where the message is forgotten
				args := slices.Clone(c.Args)
				args[i] = known.Text()
				c.Propagate(args...)
			}
			writeStreamID(c.Out(), known)
			return nil
		}
	}
	last := value.StreamID{}
	if s != nil {
		last = s.LastID
	}
	if last == value.MaxStreamID {
		return errIDsExhausted
	}
	switch {
	case auto:
		id, _ = s.NextID(c.ShownMilli())
	case autoSeq && id.Ms == last.Ms:
		id.Seq = last.Seq + 1 // wraps to 0, which the check below refuses
	}
	if !last.Less(id) {
		if autoSeq && id.Ms == last.Ms && !c.Since(compat.SequenceIsSmall) {
			return errEntrySize
		}
		return errIDSmall
	}
	size := 0
	for _, b := range pairs {
		size += len(b)
	}
	if size > maxEntrySize {
		return errEntrySize
	}
	if s == nil {
		if s, err = engine.FindOrMake(c, key, newStream); err != nil {
			return err
		}
	}
	s.Add(c.Limits(), id, pairs)
	if sent.on {
		s.Remember(c.Limits()).Add(sent.pid, sent.iid, id, c.ShownMilli())
	}
	c.Changed(key, event.XAdd)
	if t.on && s.Trim(t.Trim) > 0 {
		c.Notify(key, event.XTrim)
	}
	if (auto || autoSeq || t.WholeNodes) && c.Journaling() {
		args := slices.Clone(c.Args)
		args[i] = id.Text()
		c.Propagate(t.rewrite(args, s)...)
	}
	writeStreamID(c.Out(), id)
	return nil
}

// XTRIM key <MAXLEN | MINID> [= | ~] threshold [LIMIT count] [KEEPREF | DELREF | ACKED]
func xtrim(c *engine.Ctx) error {
	var t trimming
	for i := 2; i < len(c.Args); i++ {
		last, found, err := t.arg(c, i)
		if err != nil {
			return err
		}
		if !found {
			return resp.ErrSyntax
		}
		i = last
	}
	if err := t.check(c); err != nil {
		return err
	}
	key := c.Args[1]
	s, err := engine.FindToWrite[*value.Stream](c, key)
	if err != nil {
		return err
	}
	if s == nil {
		return c.Integer(0)
	}
	n := s.Trim(t.Trim)
	if n > 0 {
		c.Changed(key, event.XTrim)
		if t.WholeNodes && c.Journaling() {
			c.Propagate(t.rewrite(slices.Clone(c.Args), s)...)
		}
	}
	return c.Integer64(n)
}

// XDEL key id [id ...]
func xdel(c *engine.Ctx) error {
	key := c.Args[1]
	s, err := engine.FindToWrite[*value.Stream](c, key)
	if err != nil {
		return err
	}
	if s == nil {
		return c.Integer(0)
	}
	var few [8]value.StreamID
	ids, err := argStreamIDs(c, 2, len(c.Args), few[:0])
	if err != nil {
		return err
	}
	n := 0
	for _, id := range ids {
		if s.Delete(id) {
			n++
		}
	}
	if n > 0 {
		c.Changed(key, event.XDel)
	}
	return c.Integer(n)
}

// XLEN key
func xlen(c *engine.Ctx) error {
	s, err := engine.Find[*value.Stream](c, c.Args[1])
	if err != nil {
		return err
	}
	return c.Integer(s.Len())
}

// XRANGE key start end [COUNT count]
func xrange(c *engine.Ctx) error { return rangeOf(c, 2, 3, (*value.Stream).Range) }

// XREVRANGE key end start [COUNT count]
func xrevrange(c *engine.Ctx) error { return rangeOf(c, 3, 2, (*value.Stream).RangeBack) }

func rangeOf(c *engine.Ctx, start, end int, entries func(s *value.Stream, first, last value.StreamID) value.StreamIter) error {
	first, err := argRangeStart(c, start)
	if err != nil {
		return err
	}
	last, err := argRangeEnd(c, end)
	if err != nil {
		return err
	}
	count, limited := int64(0), false
	for i := 4; i < len(c.Args); i += 2 {
		if !c.ArgIs(i, "count") || i+1 == len(c.Args) {
			return resp.ErrSyntax
		}
		if count, err = c.ArgInt(i + 1); err != nil {
			return err
		}
		limited = true
	}
	s, err := engine.Find[*value.Stream](c, c.Args[1])
	switch {
	case err != nil:
		return err
	case s == nil:
		return c.Array(0)
	case limited && count <= 0:
		// 7.4 replies a nil array for COUNT 0, but an empty one if the key is
		// missing.
		return c.NullArray()
	}
	writeEntries(c.Out(), entries(s, first, last), count)
	return nil
}

// XSETID key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-id]
func xsetid(c *engine.Ctx) error {
	id, err := argStreamID(c, 2, 0)
	if err != nil {
		return err
	}
	added, maxDeleted := int64(-1), value.StreamID{}
	for i := 3; i < len(c.Args); i += 2 {
		switch {
		case i+1 == len(c.Args):
			return resp.ErrSyntax
		case c.ArgIs(i, "entriesadded"):
			if added, err = c.ArgInt(i + 1); err != nil {
				return err
			}
			if added < 0 {
				return errAddedSign
			}
		case c.ArgIs(i, "maxdeletedid"):
			if maxDeleted, err = argStreamID(c, i+1, 0); err != nil {
				return err
			}
			if id.Less(maxDeleted) {
				return errSetIDMaxDelete
			}
		default:
			return resp.ErrSyntax
		}
	}
	key := c.Args[1]
	s, err := engine.FindToWrite[*value.Stream](c, key)
	switch {
	case err != nil:
		return err
	case s == nil:
		return resp.ErrNoSuchKey
	case id.Less(s.MaxDeletedID) && c.Since(compat.SetIDAfterDeleted):
		return errSetIDDeleted
	case s.Len() > 0 && id.Less(s.LastEntry()):
		return errSetIDSmall
	case added >= 0 && int64(s.Len()) > added:
		return errAddedSmall
	}
	s.LastID = id
	if added >= 0 {
		s.EntriesAdded = uint64(added)
	}
	if !maxDeleted.IsZero() {
		s.MaxDeletedID = maxDeleted
	}
	c.Altered(key, event.XSetID)
	return c.OK()
}

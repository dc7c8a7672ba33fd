package command

import (
	"math"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

var streamDeleteCommands = engine.Handlers{
	"xackdel": xackdel,
	"xdelex":  xdelex,
	"xnack":   xnack,
}

const (
	errIDCount    resp.Error = "ERR Number of IDs must be a positive integer"
	errIDMismatch resp.Error = "ERR The `numids` parameter must match the number of arguments"
	errIDsMissing resp.Error = "ERR IDS option is required"

	errNackMode     resp.Error = "ERR mode must be SILENT, FAIL, or FATAL"
	errNackCount    resp.Error = "ERR numids must be a positive integer"
	errNackMismatch resp.Error = "ERR number of IDs doesn't match numids"
	errNackRetry    resp.Error = "ERR Invalid RETRYCOUNT value, must be >= 0"
	errNackIDs      resp.Error = "ERR syntax error, expected IDS keyword"
)

// Replies for one entry of XDELEX and XACKDEL.
const (
	idUnknown  = -1
	idDeleted  = 1
	idRetained = 2 // a group still references the entry
)

// argDeletion reads the options of XDELEX and XACKDEL: the position of the
// ids, and the handling of references.
func argDeletion(c *engine.Ctx, from int) (ids, count int, refs value.References, err error) {
	given := false
	for i := from; i < len(c.Args); i++ {
		switch {
		case !given && argReferences(c, i, &refs):
			given = true
		case c.ArgIs(i, "ids") && i+1 < len(c.Args):
			n, err := c.ArgIntIn(i+1, 1, math.MaxInt64, errIDCount)
			if err != nil {
				return 0, 0, 0, err
			}
			if n > int64(len(c.Args)-i-2) {
				return 0, 0, 0, errIDMismatch
			}
			ids, count = i+2, int(n)
			i += 1 + count
		default:
			return 0, 0, 0, resp.ErrSyntax
		}
	}
	if ids == 0 {
		return 0, 0, 0, errIDsMissing
	}
	return ids, count, refs, nil
}

// unknownIDs replies "not found" for n ids.
func unknownIDs(c *engine.Ctx, n int) error {
	c.Array(n)
	for range n {
		c.Integer(idUnknown)
	}
	return nil
}

// XDELEX key [KEEPREF | DELREF | ACKED] IDS numids id [id ...]
func xdelex(c *engine.Ctx) error {
	key := c.Args[1]
	s, err := engine.FindToWrite[*value.Stream](c, key)
	if err != nil {
		return err
	}
	from, count, refs, err := argDeletion(c, 2)
	if err != nil {
		return err
	}
	if s == nil {
		return unknownIDs(c, count)
	}
	var few [8]value.StreamID
	ids, err := argStreamIDs(c, from, from+count, few[:0])
	if err != nil {
		return err
	}
	c.Array(count)
	deleted, unreferenced := false, false
	for _, id := range ids {
		switch {
		case refs == value.AckedOnly && s.Referenced(id): // an unknown id may be one that a group has not read yet
			c.Integer(idRetained)
			continue
		case s.Delete(id):
			deleted = true
			c.Integer(idDeleted)
		default:
			c.Integer(idUnknown)
		}
		if refs == value.DropRefs && s.Unreference(id) {
			unreferenced = true
		}
	}
	switch {
	case deleted:
		c.Changed(key, event.XDel)
	case unreferenced:
		c.Altered(key, event.None)
	}
	return nil
}

// XACKDEL key group [KEEPREF | DELREF | ACKED] IDS numids id [id ...]
func xackdel(c *engine.Ctx) error {
	key, name := c.Args[1], c.Args[2]
	_, g, err := findGroup(c, key, name)
	if err != nil {
		return err
	}
	from, count, refs, err := argDeletion(c, 3)
	if err != nil {
		return err
	}
	if g == nil {
		return unknownIDs(c, count)
	}
	var few [8]value.StreamID
	ids, err := argStreamIDs(c, from, from+count, few[:0])
	if err != nil {
		return err
	}
	s, g, err := thawGroup(c, key, name)
	if err != nil {
		return err
	}
	c.Array(count)
	deleted := false
	for _, id := range ids {
		if !g.Ack(id) {
			c.Integer(idUnknown)
			continue
		}
		c.Altered(key, event.None)
		switch {
		case refs == value.AckedOnly && s.Referenced(id):
			c.Integer(idRetained)
			continue
		case refs == value.DropRefs:
			s.Unreference(id)
		}
		if s.Delete(id) {
			deleted = true
		}
		c.Integer(idDeleted) // the id was acknowledged, even if the entry was gone
	}
	if deleted {
		c.Changed(key, event.XDel)
	}
	return nil
}

// XNACK key group <SILENT | FAIL | FATAL> IDS numids id [id ...] [RETRYCOUNT count] [FORCE]
func xnack(c *engine.Ctx) error {
	key, name := c.Args[1], c.Args[2]
	s, g, err := thawGroup(c, key, name)
	if err != nil {
		return err
	}
	if g == nil {
		return errNoGroup(key, name)
	}
	silent, fatal := c.ArgIs(3, "silent"), c.ArgIs(3, "fatal")
	if !silent && !fatal && !c.ArgIs(3, "fail") {
		return errNackMode
	}
	from, count := 0, 0
	retries, force := int64(-1), false
	for i := 4; i < len(c.Args); i++ {
		more := i+1 < len(c.Args)
		switch {
		case c.ArgIs(i, "ids") && more:
			n, err := c.ArgIntIn(i+1, 1, math.MaxInt32, errNackCount)
			if err != nil {
				return err
			}
			if from, count = i+2, int(n); count > len(c.Args)-from {
				return errNackMismatch
			}
			i = from + count - 1
		case c.ArgIs(i, "force"):
			force = true
		case c.ArgIs(i, "retrycount") && more:
			i++
			if retries, err = c.ArgInt(i); err != nil {
				return err
			}
			if retries < 0 {
				return errNackRetry
			}
		default:
			return resp.Errorf("ERR Unrecognized XNACK option '%s'", c.Args[i])
		}
	}
	if from == 0 {
		return errNackIDs
	}
	var few [8]value.StreamID
	ids, err := argStreamIDs(c, from, from+count, few[:0])
	if err != nil {
		return err
	}
	released := 0
	for _, id := range ids {
		p, had := g.Pending(id)
		if !had && (!force || !s.FindEntry(id)) {
			continue
		}
		p.ID, p.DeliveredAt = id, 0 // makes the entry claimable at once
		switch {
		case retries >= 0:
			p.Deliveries = uint64(retries)
		case fatal:
			p.Deliveries = math.MaxInt64
		case silent && p.Deliveries > 0:
			p.Deliveries--
		}
		g.Release(p)
		c.Altered(key, event.None)
		released++
	}
	if released > 0 {
		c.Idles(key, 0)
	}
	return c.Integer(released)
}

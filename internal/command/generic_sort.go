package command

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/numfmt"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/slot"
	"github.com/resp-server/resp-server/internal/value"
)

var sortCommands = engine.Handlers{
	"sort":    sort(false),
	"sort_ro": sort(true),
}

// sortOptions are the options of SORT.
type sortOptions struct {
	by          pattern // nil to compare the elements themselves
	unsorted    bool
	desc, alpha bool
	skip, count int64
	get         [][]byte
	store       []byte // nil replies the elements
}

// item is an element to be sorted.
type item struct {
	text  []byte
	by    []byte // compared if alpha; nil if there is none
	score float64
}

// SORT key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC | DESC] [ALPHA] [STORE destination]
// SORT_RO key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC | DESC] [ALPHA]
func sort(readOnly bool) engine.Handler {
	return func(c *engine.Ctx) error {
		o, err := readSortOptions(c, readOnly)
		if err != nil {
			return err
		}
		var v value.Collection
		if k, ok := c.Lookup(c.Args[1]); ok {
			if v, ok = k.Value().(value.Collection); !ok {
				return resp.ErrWrongType
			}
		}
		items, err := o.sorted(c, v)
		if err != nil {
			return err
		}
		if o.store != nil {
			return o.storeItems(c, items)
		}
		o.replyItems(c, items)
		return nil
	}
}

func readSortOptions(c *engine.Ctx, readOnly bool) (o sortOptions, err error) {
	o.count = -1
	all := c.MayReadAllKeys()
	for i := 2; i < len(c.Args); i++ {
		left := len(c.Args) - i - 1
		switch {
		case c.ArgIs(i, "asc"):
			o.desc = false
		case c.ArgIs(i, "desc"):
			o.desc = true
		case c.ArgIs(i, "alpha"):
			o.alpha = true
		case c.ArgIs(i, "limit") && left >= 2:
			if o.skip, err = c.ArgInt(i + 1); err != nil {
				return o, err
			}
			if o.count, err = c.ArgInt(i + 2); err != nil {
				return o, err
			}
			i += 2
		case c.ArgIs(i, "store") && left >= 1 && !readOnly:
			i++
			o.store = c.Args[i]
		case c.ArgIs(i, "by") && left >= 1:
			i++
			o.by = c.Args[i]
			if bytes.IndexByte(o.by, '*') < 0 {
				o.unsorted = true // holds even if another BY follows
			} else if elsewhere(c, o.by) {
				return o, resp.Error("ERR BY option of SORT denied in Cluster mode when keys formed by the pattern may be in different slots.")
			} else if !all {
				return o, resp.Error("ERR BY option of SORT denied due to insufficient ACL permissions.")
			}
		case c.ArgIs(i, "get") && left >= 1:
			if elsewhere(c, c.Args[i+1]) {
				return o, resp.Error("ERR GET option of SORT denied in Cluster mode when keys formed by the pattern may be in different slots.")
			}
			if !all {
				return o, resp.Error("ERR GET option of SORT denied due to insufficient ACL permissions.")
			}
			i++
			o.get = append(o.get, c.Args[i])
		default:
			return o, resp.ErrSyntax
		}
	}
	return o, nil
}

// elsewhere reports whether, in a cluster, keys formed by the pattern may be
// in another slot than the key to sort.
func elsewhere(c *engine.Ctx, pattern []byte) bool {
	if c.Cluster() == nil {
		return false
	}
	decides := pattern // the part of the pattern that determines the slot
	if tag := slot.Tag(pattern); len(tag) < len(pattern) {
		decides = pattern[:bytes.IndexByte(pattern, '{')+1+len(tag)]
	}
	return bytes.ContainsAny(decides, `*?[\`) || slot.Of(pattern) != slot.Of(c.Args[1])
}

// sorted returns the requested elements in order.
func (o *sortOptions) sorted(c *engine.Ctx, v value.Collection) ([]item, error) {
	if v == nil {
		return nil, nil
	}
	if o.unsorted && (o.store != nil || c.InScript()) && v.Type() == value.TypeSet {
		// Sort anyway: stored results, and results that a script sees, must not
		// depend on the order of a set's table.
		o.unsorted, o.alpha, o.by = false, true, nil
	}
	n := v.Len()
	first := int(min(max(o.skip, 0), int64(n)))
	last := n
	if o.count >= 0 {
		last = int(min(int64(first)+min(o.count, int64(n)), int64(n)))
	}
	if o.unsorted && v.Type() != value.TypeSet {
		return readItems(v, first, last-first, o.desc), nil
	}
	items := readItems(v, 0, n, false)
	if o.unsorted {
		return items[first:last], nil
	}
	if err := o.weigh(c, items); err != nil {
		return nil, err
	}
	if o.alpha {
		return smallest(items, last, o.compare)[first:], nil
	}
	return o.byScore(items, last)[first:], nil
}

// ranked is the score of an item and its index.
type ranked struct {
	score float64
	at    int
}

// byScore returns the first n items in the order of their scores. Sorting
// small structs moves less memory than sorting the items.
func (o *sortOptions) byScore(items []item, n int) []item {
	order := make([]ranked, len(items))
	for i := range items {
		order[i] = ranked{items[i].score, i}
	}
	order = smallest(order, n, func(a, b ranked) int {
		n := cmp.Compare(a.score, b.score)
		if n == 0 { // ties are broken by the elements, so that the order is defined
			n = bytes.Compare(items[a.at].text, items[b.at].text)
		}
		if o.desc {
			return -n
		}
		return n
	})
	sorted := make([]item, n)
	for i, r := range order {
		sorted[i] = items[r.at]
	}
	return sorted
}

// smallest moves the n first elements of a list, in the order of compare, to
// its front and returns them sorted. It uses a heap if n is small.
func smallest[T any](list []T, n int, compare func(a, b T) int) []T {
	if n <= len(list)/8 {
		heap := list[:n] // a heap with the largest element on top
		down := func(i int) {
			for {
				child := 2*i + 1
				if child >= n {
					return
				}
				if child+1 < n && compare(heap[child], heap[child+1]) < 0 {
					child++
				}
				if compare(heap[i], heap[child]) >= 0 {
					return
				}
				heap[i], heap[child] = heap[child], heap[i]
				i = child
			}
		}
		for i := n/2 - 1; i >= 0; i-- {
			down(i)
		}
		for i := n; n > 0 && i < len(list); i++ {
			if compare(list[i], heap[0]) < 0 {
				heap[0], list[i] = list[i], heap[0]
				down(0)
			}
		}
		list = heap
	}
	slices.SortFunc(list, compare)
	return list[:n]
}

// readItems returns n elements of a value.
func readItems(v value.Collection, skip, n int, backward bool) []item {
	items := make([]item, 0, n)
	if n == 0 {
		return items
	}
	var texts []byte
	ends := make([]int, 0, n)
	for e := range v.Elements(skip, backward) {
		texts = append(texts, e...)
		if ends = append(ends, len(texts)); len(ends) == n {
			break
		}
	}
	begin := 0
	for _, end := range ends {
		items = append(items, item{text: texts[begin:end:end]})
		begin = end
	}
	return items
}

// weigh finds the sort key of each item.
func (o *sortOptions) weigh(c *engine.Ctx, items []item) error {
	valid := true
	for i := range items {
		it := &items[i]
		by := it.text
		if o.by != nil {
			var ok bool
			if by, ok = lookupPattern(c, o.by, it.text); !ok {
				continue
			}
		}
		if o.alpha {
			it.by = by
			continue
		}
		score, ok := sortScore(by)
		it.score = score
		valid = valid && ok
	}
	if !valid {
		return resp.Error("ERR One or more scores can't be converted into double")
	}
	return nil
}

// sortScore reads a number as C's strtod does: it skips leading spaces, stops
// at the first zero byte, and reads an empty text as 0.
func sortScore(b []byte) (float64, bool) {
	if b, _, _ = bytes.Cut(b, []byte{0}); len(b) == 0 {
		return 0, true
	}
	return numfmt.ParseFloat(bytes.TrimLeft(b, " \t\n\v\f\r"))
}

// compare compares the sort keys as texts.
func (o *sortOptions) compare(a, b item) int {
	n := 0
	if a.by == nil || b.by == nil {
		n = cmp.Compare(existing(a.by), existing(b.by))
	} else {
		n = bytes.Compare(a.by, b.by)
	}
	if o.desc {
		return -n
	}
	return n
}

// existing returns 0 for a missing sort key and 1 for others: missing ones
// sort first.
func existing(b []byte) int {
	if b == nil {
		return 0
	}
	return 1
}

func (o *sortOptions) replyItems(c *engine.Ctx, items []item) {
	c.Array(len(items) * max(1, len(o.get)))
	for _, it := range items {
		if len(o.get) == 0 {
			c.Bulk(it.text)
		}
		for _, p := range o.get {
			if v, ok := lookupPattern(c, p, it.text); ok {
				c.Bulk(v)
			} else {
				c.Null()
			}
		}
	}
}

func (o *sortOptions) storeItems(c *engine.Ctx, items []item) error {
	if len(items) == 0 {
		if c.Delete(o.store) {
			c.Changed(o.store, event.Del)
		}
		return c.Integer(0)
	}
	l := value.NewQuickList(c.Limits())
	for _, it := range items {
		if len(o.get) == 0 {
			l.PushBack(it.text)
		}
		for _, p := range o.get {
			v, _ := lookupPattern(c, p, it.text)
			l.PushBack(v)
		}
	}
	l.Settle(c.Limits())
	n := l.Len()
	c.Overwrites(o.store, value.TypeList)
	c.Put(o.store, l, engine.NoExpiry)
	c.ChangedTimes(n, o.store, event.SortStore)
	return c.Integer(n)
}

// lookupPattern returns the text that a pattern of BY or GET selects for an
// element: the string "weight_*", the field "object_*->field", or for "#" the
// element itself.
func lookupPattern(c *engine.Ctx, p, element []byte) ([]byte, bool) {
	if len(p) == 1 && p[0] == '#' {
		return element, true
	}
	star := bytes.IndexByte(p, '*')
	if star < 0 {
		return nil, false
	}
	rest, field, isField := bytes.Cut(p[star+1:], []byte("->"))
	if len(field) == 0 {
		rest, isField = p[star+1:], false // an arrow at the end belongs to the key
	}
	key := slices.Concat(p[:star], element, rest)
	k, ok := c.Lookup(key)
	if !ok {
		return nil, false
	}
	if isField {
		h, ok := k.Value().(*value.Hash)
		if !ok {
			return nil, false
		}
		return getField(c, key, h, field, nil)
	}
	return stringValue(k)
}

// stringValue returns the bytes of a string, valid until the next write to it.
func stringValue(k keyspace.Entry) ([]byte, bool) {
	if k.Type() != value.TypeString {
		return nil, false
	}
	if b := k.Bytes(nil); b != nil {
		return b, true
	}
	return []byte{}, true
}

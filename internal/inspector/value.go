package inspector

import (
	"net/http"
	"strconv"
	"strings"
)

// Sizes of a window of a value.
const (
	elementsAtOnce = 100
	bytesAtOnce    = 16 << 10
)

// lengths has the command that says how many elements a value of a type has.
var lengths = map[string]string{"string": "STRLEN", "list": "LLEN", "set": "SCARD", "hash": "HLEN", "zset": "ZCARD", "stream": "XLEN", "array": "ARCOUNT"}

// key answers what a key is, without its value.
func key(q *request) (any, error) {
	k, err := q.key()
	if err != nil {
		return nil, err
	}
	db := q.db()
	row, ok := q.row(db, k)
	if !ok {
		return nil, &failure{http.StatusNotFound, "there is no such key"}
	}
	now, _ := q.server.Clock()
	v := map[string]any{
		"key": row.Key, "type": row.Type, "ttl": row.TTL, "size": row.Size, "encoding": row.Encoding, "now": now.UnixMilli(),
	}
	if command := lengths[row.Type]; command != "" {
		n, err := q.look(db, command, k)
		if err != nil {
			return nil, err
		}
		v["length"] = n.Integer
	}
	if idle, err := q.server.Look(db, "OBJECT", "IDLETIME", k); err == nil && idle.Err() == nil {
		v["idle"] = idle.Integer
	}
	if row.Type == "string" {
		head, err := q.look(db, "GETRANGE", k, "0", "3")
		if err != nil {
			return nil, err
		}
		if head.Str == "HYLL" {
			// With two keys PFCOUNT computes a union, and stores no result in either.
			if n, err := q.server.Look(db, "PFCOUNT", k, k); err == nil && n.Err() == nil {
				v["hyperloglog"] = n.Integer
			}
		}
		bits, err := q.look(db, "BITCOUNT", k, "0", strconv.Itoa(bytesAtOnce-1))
		if err != nil {
			return nil, err
		}
		v["bits"] = bits.Integer
	}
	if row.Type == "stream" {
		groups, err := groupsOf(q, db, k)
		if err != nil {
			return nil, err
		}
		v["groups"] = groups
	}
	return v, nil
}

// window answers a part of a value. at is where it begins: an offset in strings,
// lists and sorted sets, an id in streams, a cursor in hashes and sets. next is where
// the next part begins, "" after the last.
func window(q *request) (any, error) {
	k, err := q.key()
	if err != nil {
		return nil, err
	}
	db := q.db()
	kind, err := q.look(db, "TYPE", k)
	if err != nil {
		return nil, err
	}
	show := map[string]func(q *request, db int, k string) (part, error){
		"string": bytesOf, "list": listOf, "set": setOf, "hash": hashOf, "zset": sortedSetOf, "stream": streamOf, "array": arrayOf,
	}[kind.Str]
	switch {
	case kind.Str == "none":
		return nil, &failure{http.StatusNotFound, "the key is gone"}
	case show == nil:
		return nil, &failure{http.StatusNotImplemented, "values of this type are not shown"}
	}
	p, err := show(q, db, k)
	if p.Elements == nil {
		p.Elements = []any{}
	}
	return p, err
}

// part is a window of a value.
type part struct {
	Elements []any  `json:"elements"`
	Next     string `json:"next"`
}

// add adds an element to a part.
func (p *part) add(fields map[string]any) { p.Elements = append(p.Elements, fields) }

// offset returns the parameter at as an offset, and where a window that begins there
// ends.
func (q *request) offset(size int64) (from, to string, next int64) {
	n := max(q.number("at", 0), 0)
	return strconv.FormatInt(n, 10), strconv.FormatInt(n+size-1, 10), n + size
}

func bytesOf(q *request, db int, k string) (p part, err error) {
	from, to, next := q.offset(bytesAtOnce)
	r, err := q.look(db, "GETRANGE", k, from, to)
	if err != nil {
		return p, err
	}
	p.Elements = []any{whole(r.Str)}
	if len(r.Str) == bytesAtOnce {
		p.Next = strconv.FormatInt(next, 10)
	}
	return p, nil
}

func listOf(q *request, db int, k string) (p part, err error) {
	from, to, next := q.offset(elementsAtOnce)
	r, err := q.look(db, "LRANGE", k, from, to)
	if err != nil {
		return p, err
	}
	for i, e := range r.Elems {
		p.add(map[string]any{"index": next - elementsAtOnce + int64(i), "value": text(e.Str)})
	}
	if len(r.Elems) == elementsAtOnce {
		p.Next = strconv.FormatInt(next, 10)
	}
	return p, nil
}

func sortedSetOf(q *request, db int, k string) (p part, err error) {
	from, to, next := q.offset(elementsAtOnce)
	args := []string{"ZRANGE", k, from, to, "WITHSCORES"}
	if q.FormValue("reverse") != "" {
		args = append(args, "REV")
	}
	r, err := q.look(db, args...)
	if err != nil {
		return p, err
	}
	for i, e := range r.Elems {
		p.add(map[string]any{"rank": next - elementsAtOnce + int64(i), "value": text(e.Elems[0].Str), "score": e.Elems[1].Str})
	}
	if len(r.Elems) == elementsAtOnce {
		p.Next = strconv.FormatInt(next, 10)
	}
	return p, nil
}

// scanned returns a window of a collection that has no order.
func scanned(q *request, db int, command, k string) (elements []string, next string, err error) {
	at := q.FormValue("at")
	if at == "" {
		at = "0"
	}
	args := []string{command, k, at, "COUNT", strconv.Itoa(elementsAtOnce)}
	if match := q.FormValue("match"); match != "" {
		args[4] = strconv.Itoa(keysScanned)
		args = append(args, "MATCH", match)
	}
	for range stepsAtOnce {
		args[2] = at
		r, err := q.look(db, args...)
		if err != nil {
			return nil, "", err
		}
		for _, e := range r.Elems[1].Elems {
			elements = append(elements, e.Str)
		}
		if at = r.Elems[0].Str; at == "0" {
			return elements, "", nil
		}
		if len(elements) >= elementsAtOnce {
			break
		}
	}
	return elements, at, nil
}

func setOf(q *request, db int, k string) (p part, err error) {
	elements, next, err := scanned(q, db, "SSCAN", k)
	for _, e := range elements {
		p.add(map[string]any{"value": text(e)})
	}
	p.Next = next
	return p, err
}

// hashOf shows fields with their times to live, if any has one.
func hashOf(q *request, db int, k string) (p part, err error) {
	elements, next, err := scanned(q, db, "HSCAN", k)
	if err != nil {
		return p, err
	}
	p.Next = next
	args := []string{"HPTTL", k, "FIELDS", strconv.Itoa(len(elements) / 2)}
	for i := 0; i+1 < len(elements); i += 2 {
		args = append(args, elements[i])
	}
	ttls, err := q.server.Look(db, args...)
	for i := 0; i+1 < len(elements); i += 2 {
		fields := map[string]any{"field": whole(elements[i]), "value": text(elements[i+1])}
		if err == nil && i/2 < len(ttls.Elems) && ttls.Elems[i/2].Integer >= 0 {
			fields["ttl"] = ttls.Elems[i/2].Integer
		}
		p.add(fields)
	}
	return p, nil
}

// streamOf shows the newest entries first.
func streamOf(q *request, db int, k string) (p part, err error) {
	at := q.FormValue("at")
	if at == "" {
		at = "+"
	}
	r, err := q.look(db, "XREVRANGE", k, at, "-", "COUNT", strconv.Itoa(elementsAtOnce))
	if err != nil {
		return p, err
	}
	for _, e := range r.Elems {
		p.add(map[string]any{"id": e.Elems[0].Str, "fields": texts(e.Elems[1])})
	}
	if n := len(r.Elems); n == elementsAtOnce {
		p.Next = "(" + r.Elems[n-1].Elems[0].Str
	}
	return p, nil
}

// groupsOf returns the groups of a stream, with their consumers and the oldest of what
// is pending.
func groupsOf(q *request, db int, k string) ([]any, error) {
	all := []any{}
	groups, err := q.look(db, "XINFO", "GROUPS", k)
	if err != nil {
		return nil, err
	}
	for _, g := range groups.Elems {
		name := field(g, "name").Str
		consumers, err := q.look(db, "XINFO", "CONSUMERS", k, name)
		if err != nil {
			return nil, err
		}
		pending, err := q.look(db, "XPENDING", k, name, "-", "+", "20")
		if err != nil {
			return nil, err
		}
		all = append(all, map[string]any{
			"name": text(name), "last": field(g, "last-delivered-id").Str, "pending": field(g, "pending").Integer,
			"lag": shape(field(g, "lag")), "consumers": shape(consumers), "oldest": shape(pending),
		})
	}
	return all, nil
}

// arrayOf shows what is set in an array, from an index on.
func arrayOf(q *request, db int, k string) (p part, err error) {
	from := strings.TrimPrefix(q.FormValue("at"), "+")
	if from == "" {
		from = "0"
	}
	r, err := q.look(db, "ARSCAN", k, from, "18446744073709551614", "LIMIT", strconv.Itoa(elementsAtOnce))
	if err != nil {
		return p, err
	}
	var last uint64
	add := func(index, value string) {
		p.add(map[string]any{"index": index, "value": text(value)})
		last, _ = strconv.ParseUint(index, 10, 64)
	}
	for _, e := range r.Elems {
		if len(e.Elems) == 2 {
			add(strconv.FormatInt(e.Elems[0].Integer, 10), e.Elems[1].Str)
		}
	}
	if len(r.Elems) == elementsAtOnce {
		p.Next = strconv.FormatUint(last+1, 10)
	}
	return p, nil
}

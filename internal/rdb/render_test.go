package rdb

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/resp-server/resp-server/internal/datastruct/listpack"
	"github.com/resp-server/resp-server/internal/rdb/crc64"
)

// render formats an entry like the recorded contents: a line for the key and
// one for each element.
func render(e *Entry) string {
	var lines []string
	kind := ""
	switch v := e.Value.(type) {
	case String:
		kind, lines = "string", []string{quote(string(v))}
	case *List:
		kind = "list"
		for _, n := range v.Nodes {
			if n.Pack == nil {
				lines = append(lines, quote(string(n.Plain)))
			}
			for _, el := range packTexts(n.Pack) {
				lines = append(lines, quote(el))
			}
		}
	case *Set:
		kind = "set"
		switch {
		case v.Intset != nil:
			width := int(v.Intset[0])
			for p := v.Intset[8:]; len(p) > 0; p = p[width:] {
				lines = append(lines, quote(strconv.FormatInt(littleEndian(p[:width]), 10)))
			}
		case v.Pack != nil:
			for _, el := range packTexts(v.Pack) {
				lines = append(lines, quote(el))
			}
		default:
			for m := range v.Members {
				lines = append(lines, quote(string(m)))
			}
		}
		sort.Strings(lines)
	case *SortedSet:
		kind = "zset"
		var members []scored
		if v.Pack != nil {
			eachScored(v.Pack, func(m scored) {
				members = append(members, scored{slices.Clone(m.member), m.score})
			})
		} else {
			for m, score := range v.Members {
				members = append(members, scored{m, score})
			}
		}
		for _, m := range members {
			lines = append(lines, fmt.Sprintf("%s %s", quote(string(m.member)), score(m.score)))
		}
		sort.Strings(lines)
	case *Hash:
		kind = "hash"
		for _, f := range hashFields(v) {
			line := fmt.Sprintf("%s %s", quote(string(f.Name)), quote(string(f.Value)))
			if f.ExpireAt != 0 {
				line += fmt.Sprintf(" expires %d", f.ExpireAt)
			}
			lines = append(lines, line)
		}
		sort.Strings(lines)
	case *Stream:
		kind, lines = "stream", renderStream(v)
	case *Array:
		kind, lines = "array", []string{fmt.Sprintf("last %d %v", v.Last, v.HasLast)}
		for s := range v.Slots {
			lines = append(lines, fmt.Sprintf("%d kind %d %x %s", s.Index, s.Kind, s.Number, quote(string(s.Text))))
		}
	}
	head := fmt.Sprintf("%d %q %s", e.DB, e.Key, kind)
	if e.ExpireAt != 0 {
		head += fmt.Sprintf(" expires %d", e.ExpireAt)
	}
	return head + "\n  " + strings.Join(lines, "\n  ") + "\n"
}

// quote quotes a string, and abbreviates a very long one.
func quote(s string) string {
	if len(s) > 500 {
		return fmt.Sprintf("%q... %d bytes, checksum %016x", s[:20], len(s), crc64.Update(0, []byte(s)))
	}
	return strconv.Quote(s)
}

func score(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

func packTexts(p []byte) []string {
	var list []string
	if p != nil && !checkPack(p, func(_ int, e listpack.Value) bool {
		list = append(list, string(e.AppendTo(nil)))
		return true
	}) {
		panic("damaged listpack")
	}
	return list
}

func hashFields(h *Hash) []Field {
	var fields []Field
	tuple, pack := 2, h.Pack
	if h.PackTTL != nil {
		tuple, pack = 3, h.PackTTL
	}
	texts := packTexts(pack)
	for ; len(texts) > 0; texts = texts[tuple:] {
		f := Field{Name: []byte(texts[0]), Value: []byte(texts[1])}
		if tuple == 3 {
			f.ExpireAt, _ = strconv.ParseInt(texts[2], 10, 64)
		}
		fields = append(fields, f)
	}
	if h.Fields != nil {
		fields = slices.AppendSeq(fields, h.Fields)
	}
	return fields
}

func (id StreamID) text() string { return fmt.Sprintf("%d-%d", id.Ms, id.Seq) }

func renderStream(s *Stream) []string {
	lines := []string{fmt.Sprintf("length %d last %s first %s deleted %s added %d",
		s.Length, s.LastID.text(), s.FirstID.text(), s.MaxDeletedID.text(), s.EntriesAdded)}
	for _, n := range s.Nodes {
		texts := packTexts(n.Pack)
		number := func() int {
			n, _ := strconv.Atoi(texts[0])
			texts = texts[1:]
			return n
		}
		entries := number() + number()
		fields := texts[1:][:number()]
		texts = texts[len(fields)+1:]
		for range entries {
			flags, ms, seq := number(), number(), number()
			id := StreamID{n.ID.Ms + uint64(ms), n.ID.Seq + uint64(seq)}
			line := id.text()
			if flags&int(streamSameAs) != 0 {
				for _, f := range fields {
					line += fmt.Sprintf(" %s %s", quote(f), quote(texts[0]))
					texts = texts[1:]
				}
			} else {
				for range number() {
					line += fmt.Sprintf(" %s %s", quote(texts[0]), quote(texts[1]))
					texts = texts[2:]
				}
			}
			texts = texts[1:]
			if flags&int(streamDeleted) == 0 {
				lines = append(lines, line)
			}
		}
	}
	for _, g := range s.Groups {
		lines = append(lines, fmt.Sprintf("group %q last %s read %d", g.Name, g.LastID.text(), g.EntriesRead))
		for _, p := range g.Pending {
			lines = append(lines, fmt.Sprintf("pending %s %q at %d deliveries %d",
				p.ID.text(), g.Consumers[p.Consumer].Name, p.DeliveredAt, p.Deliveries))
		}
		for _, c := range g.Consumers {
			lines = append(lines, fmt.Sprintf("consumer %q seen %d active %d", c.Name, c.SeenAt, c.ActiveAt))
		}
	}
	if m := s.Idempotency; m != nil {
		lines = append(lines, fmt.Sprintf("idempotency %v", *m))
	}
	return lines
}

// contents reads all data from a server of version 7.4, in the same notation.
func (s *server) contents() string {
	s.t.Helper()
	var keys []string
	for db := range 16 {
		s.do("SELECT", strconv.Itoa(db))
		for _, key := range s.strings("KEYS", "*") {
			keys = append(keys, s.content(db, key))
		}
	}
	sort.Strings(keys)
	return strings.Join(keys, "")
}

func (s *server) content(db int, key string) string {
	s.t.Helper()
	kind := s.do("TYPE", key).(string)
	head := fmt.Sprintf("%d %q %s", db, key, kind)
	if at := s.do("PEXPIRETIME", key).(int64); at > 0 {
		head += fmt.Sprintf(" expires %d", at)
	}
	var lines []string
	switch kind {
	case "string":
		lines = []string{quote(s.do("GET", key).(string))}
	case "list":
		for _, v := range s.strings("LRANGE", key, "0", "-1") {
			lines = append(lines, quote(v))
		}
	case "set":
		for _, v := range s.strings("SMEMBERS", key) {
			lines = append(lines, quote(v))
		}
		sort.Strings(lines)
	case "zset":
		for v := range slices.Chunk(s.strings("ZRANGE", key, "0", "-1", "WITHSCORES"), 2) {
			f, err := strconv.ParseFloat(v[1], 64)
			if err != nil {
				s.t.Fatal(err)
			}
			lines = append(lines, fmt.Sprintf("%s %s", quote(v[0]), score(f)))
		}
		sort.Strings(lines)
	case "hash":
		for v := range slices.Chunk(s.strings("HGETALL", key), 2) {
			line := fmt.Sprintf("%s %s", quote(v[0]), quote(v[1]))
			if at := s.strings("HPEXPIRETIME", key, "FIELDS", "1", v[0])[0]; at != "-1" {
				line += " expires " + at
			}
			lines = append(lines, line)
		}
		sort.Strings(lines)
	case "stream":
		lines = s.streamContent(key)
	}
	return head + "\n  " + strings.Join(lines, "\n  ") + "\n"
}

func (s *server) streamContent(key string) []string {
	info := table(s.do("XINFO", "STREAM", key, "FULL", "COUNT", "0"))
	lines := []string{fmt.Sprintf("length %v last %v first %v deleted %v added %v", info["length"],
		info["last-generated-id"], info["recorded-first-entry-id"], info["max-deleted-entry-id"], info["entries-added"])}
	for _, entry := range s.do("XRANGE", key, "-", "+").([]any) {
		line := entry.([]any)[0].(string)
		for _, v := range entry.([]any)[1].([]any) {
			line += " " + quote(v.(string))
		}
		lines = append(lines, line)
	}
	for _, g := range info["groups"].([]any) {
		group := table(g)
		read := group["entries-read"]
		if read == nil {
			read = -1
		}
		lines = append(lines, fmt.Sprintf("group %q last %v read %v", group["name"], group["last-delivered-id"], read))
		for _, p := range group["pending"].([]any) {
			p := p.([]any)
			lines = append(lines, fmt.Sprintf("pending %v %q at %v deliveries %v", p[0], p[1], p[2], p[3]))
		}
		for _, c := range group["consumers"].([]any) {
			c := table(c)
			lines = append(lines, fmt.Sprintf("consumer %q seen %v active %v", c["name"], c["seen-time"], c["active-time"]))
		}
	}
	return lines
}

// table converts a flat list of names and values.
func table(reply any) map[string]any {
	m := make(map[string]any)
	for pair := range slices.Chunk(reply.([]any), 2) {
		m[pair[0].(string)] = pair[1]
	}
	return m
}

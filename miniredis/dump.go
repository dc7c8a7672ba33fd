package miniredis

import (
	"fmt"
	"strings"
)

// DumpMaxLineLen is how long a value may be in Dump before it is cut.
var DumpMaxLineLen = 60

// Dump returns the data of the database of Select as text, for people.
func (m *Miniredis) Dump() string {
	db := m.db()
	var b strings.Builder
	for _, k := range db.Keys() {
		fmt.Fprintf(&b, "- %s\n", k)
		for _, line := range db.lines(k) {
			fmt.Fprintf(&b, "   %s\n", line)
		}
	}
	return b.String()
}

// lines returns what a key holds, an element a line.
func (db *RedisDB) lines(k string) (lines []string) {
	quoteAll := func(list []string) {
		for _, s := range list {
			lines = append(lines, shorten(s))
		}
	}
	switch t := db.Type(k); t {
	case "string":
		s, _ := db.Get(k)
		lines = append(lines, shorten(s))
	case "hash":
		fields, _ := db.HKeys(k)
		for _, f := range fields {
			lines = append(lines, f+": "+shorten(db.HGet(k, f)))
		}
	case "list":
		list, _ := db.List(k)
		quoteAll(list)
	case "set":
		members, _ := db.Members(k)
		quoteAll(members)
	case "zset":
		elements, _ := db.elements(k)
		for _, e := range elements {
			lines = append(lines, fmt.Sprintf("%f: %s", e.Array()[1].Float(), shorten(e.Array()[0].Text())))
		}
	case "stream":
		entries, _ := db.Stream(k)
		for _, e := range entries {
			lines = append(lines, e.ID)
			for i := 0; i+1 < len(e.Values); i += 2 {
				lines = append(lines, "   "+shorten(e.Values[i])+": "+shorten(e.Values[i+1]))
			}
		}
	default:
		lines = append(lines, "(a "+t+")")
	}
	return lines
}

// shorten quotes a value, and cuts a long one.
func shorten(s string) string {
	if len(s) <= DumpMaxLineLen {
		return fmt.Sprintf("%q", s)
	}
	size := fmt.Sprintf("...(%d)", len(s))
	return fmt.Sprintf("%q%s", s[:max(DumpMaxLineLen-len(size), 0)], size)
}

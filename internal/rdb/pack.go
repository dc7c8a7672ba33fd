package rdb

import "github.com/resp-server/resp-server/internal/datastruct/listpack"

// checkPack validates an untrusted listpack, and reports whether it is valid
// and each returns true for all elements. Elements share its memory.
func checkPack(p listpack.Pack, each func(i int, e listpack.Value) bool) bool {
	return p.Validate(true) == nil && eachElement(p, each)
}

// eachElement walks a valid listpack until each returns false.
func eachElement(p listpack.Pack, each func(i int, e listpack.Value) bool) bool {
	for i, pos := 0, p.First(); pos >= 0; i++ {
		var e listpack.Value
		if e, pos = p.Read(pos); !each(i, e) {
			return false
		}
	}
	return true
}

// text returns the element as a string. It formats a number into room.
func text(e listpack.Value, room []byte) []byte {
	if e.IsInt {
		return e.AppendTo(room[:0])
	}
	return e.Str
}

// add appends an element of an older structure, as a number if it is the
// canonical text of one.
func add(p listpack.Pack, e listpack.Value) listpack.Pack {
	if e.IsInt {
		return p.AppendInt(e.Int)
	}
	return p.Append(e.Str)
}

// dupes finds duplicate elements.
type dupes struct{ seen map[string]struct{} }

// reset starts a new collection.
func (d *dupes) reset() {
	if d.seen == nil || len(d.seen) > 1024 {
		d.seen = make(map[string]struct{})
	}
	clear(d.seen)
}

// add reports whether b is new.
func (d *dupes) add(b []byte) bool {
	n := len(d.seen)
	d.seen[string(b)] = struct{}{}
	return len(d.seen) > n
}

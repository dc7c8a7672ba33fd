package rdb

import "github.com/resp-server/resp-server/internal/datastruct/listpack"

// checkPack checks a listpack from untrusted hands, walks it, and says whether
// it is in order and each element pleases the caller. Elements share its memory.
func checkPack(p listpack.Pack, each func(i int, e listpack.Value) bool) bool {
	return p.Validate(true) == nil && eachElement(p, each)
}

// eachElement walks a listpack known to be in order until the caller has enough.
func eachElement(p listpack.Pack, each func(i int, e listpack.Value) bool) bool {
	for i, pos := 0, p.First(); pos >= 0; i++ {
		var e listpack.Value
		if e, pos = p.Read(pos); !each(i, e) {
			return false
		}
	}
	return true
}

// text is the element as a string, in room if it is a number.
func text(e listpack.Value, room []byte) []byte {
	if e.IsInt {
		return e.AppendTo(room[:0])
	}
	return e.Str
}

// add appends an element of an older structure, as a number if it reads like one.
func add(p listpack.Pack, e listpack.Value) listpack.Pack {
	if e.IsInt {
		return p.AppendInt(e.Int)
	}
	return p.Append(e.Str)
}

// dupes finds elements that come twice.
type dupes struct{ seen map[string]struct{} }

// reset starts a new collection.
func (d *dupes) reset() {
	if d.seen == nil || len(d.seen) > 1024 {
		d.seen = make(map[string]struct{})
	}
	clear(d.seen)
}

// add says whether b is new.
func (d *dupes) add(b []byte) bool {
	n := len(d.seen)
	d.seen[string(b)] = struct{}{}
	return len(d.seen) > n
}

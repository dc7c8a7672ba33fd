package value

import "github.com/resp-server/resp-server/internal/datastruct/dict"

// Prefetch prepares a big hash, set or sorted set for the commands of a
// pipeline. Each command mostly needs a single element, and this way their
// look-ups wait for memory together (see dict.Prefetch). second and third are
// arguments of each command; Prefetch guesses which one names the element. It
// changes nothing.
func Prefetch(v Value, second, third [][]byte) {
	switch v := v.(type) { // not a method, since a call through an interface lets the arguments escape
	case *Hash: // HGET key field, HSET key field value
		if v.large != nil {
			prefetch(v.large.fields, second, field.name)
		}
	case *Set: // SADD key member
		prefetch(v.table, second, setMember.bytes)
	case *ZSet: // ZSCORE key member, ZADD key score member
		if third[0] != nil {
			second = third
		}
		if v.large != nil {
			prefetch(v.large.members, second, member.name)
		}
	}
}

// prefetch also loads the elements themselves, which contain their names.
func prefetch[E comparable](table *dict.Dict[E], names [][]byte, name func(E) []byte) (seen int) {
	var none E
	var found [dict.PrefetchBatch]E
	if table == nil {
		return 0
	}
	table.Prefetch(names, found[:len(names)])
	for _, e := range found[:len(names)] {
		if e != none {
			seen += len(name(e))
		}
	}
	return seen
}

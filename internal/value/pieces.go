package value

import "github.com/resp-server/resp-server/internal/datastruct/dict"

// Pieces returns the number of pieces of memory that Redis counts for the
// value when it decides whether to free it in the background: the nodes of a
// quicklist, the elements of a table, roughly the nodes of a stream and the
// pending entries of its groups, and 1 for anything else.
func Pieces(v Value) int {
	switch v := v.(type) {
	case *List:
		if v.Encoding() == "quicklist" {
			return v.long.Nodes()
		}
	case *Set:
		if v.table != nil {
			return v.Len()
		}
	case *ZSet:
		if v.large != nil {
			return v.Len()
		}
	case *Hash:
		if v.large != nil {
			return v.Len()
		}
	case *Stream:
		n := v.NodeCount() // each has at least one node of the radix tree
		if n < 100 {
			n = v.RadixNodes()
		}
		for g := range v.Groups {
			n += v.GroupCount() * (1 + g.PendingCount()) // assumes that all groups are like the first one
			break
		}
		return n
	}
	return 1
}

// TableStats returns the statistics of a value's hash table, false if it has
// none.
func TableStats(v Value) (s dict.Stats, ok bool) {
	switch v := v.(type) {
	case *Set:
		if v.table != nil {
			return v.table.Stats(), true
		}
	case *ZSet:
		if v.large != nil {
			return v.large.members.Stats(), true
		}
	case *Hash:
		if v.large != nil {
			return v.large.fields.Stats(), true
		}
	}
	return s, false
}

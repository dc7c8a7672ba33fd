package value

import "github.com/resp-server/resp-server/internal/datastruct/dict"

// Pieces returns of how many pieces of memory Redis would make the value, as it
// counts them to decide whether to free a value in the background: the nodes of
// a quicklist, the elements of a table, about the nodes of a stream and of what
// its groups wait for, and one for anything else.
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
		n := v.NodeCount() // of which each has a node at least
		if n < 100 {
			n = v.RadixNodes()
		}
		for g := range v.Groups {
			n += v.GroupCount() * (1 + g.PendingCount()) // all groups for like the first
			break
		}
		return n
	}
	return 1
}

// TableStats returns how the hash table of a value is filled, false if it has
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

package snapshot

import (
	"github.com/resp-server/resp-server/internal/datastruct/listpack"
	"github.com/resp-server/resp-server/internal/rdb"
	"github.com/resp-server/resp-server/internal/value"
)

// maxListNode is a size in bytes above the limit of a node under any setting.
const maxListNode = 64 << 10

// loadList keeps the nodes as they are, as Redis does, whatever the limits
// now: DUMP shows them. It splits only a node that no server would have made,
// since each change to such a node costs time in proportion to its size.
func loadList(v rdb.Value, env *Env) value.Value {
	l := value.NewQuickList(&env.Limits)
	for _, n := range v.(*rdb.List).Nodes {
		switch {
		case n.Pack == nil:
			l.AppendPlain(n.Plain)
		case len(n.Pack) <= maxListNode:
			l.AppendPack(n.Pack)
		default:
			for pos := n.Pack.First(); pos >= 0; {
				var e listpack.Value
				e, pos = n.Pack.Read(pos)
				l.PushBack(e.AppendTo(nil))
			}
		}
	}
	l.Settle(&env.Limits)
	return l
}

func saveList(v value.Value) rdb.Value {
	l, to := v.(*value.List), new(rdb.List)
	for i := 0; ; i++ {
		data, plain, ok := l.Node(i)
		switch {
		case !ok:
			return to
		case plain:
			to.Nodes = append(to.Nodes, rdb.Node{Plain: data})
		default:
			to.Nodes = append(to.Nodes, rdb.Node{Pack: listpack.Pack(data)})
		}
	}
}

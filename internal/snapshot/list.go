package snapshot

import (
	"github.com/resp-server/resp-server/internal/datastruct/listpack"
	"github.com/resp-server/resp-server/internal/rdb"
	"github.com/resp-server/resp-server/internal/value"
)

func loadList(v rdb.Value, env *Env) value.Value {
	l := value.NewQuickList(&env.Limits)
	for _, n := range v.(*rdb.List).Nodes {
		if n.Pack != nil {
			l.AppendPack(n.Pack)
		} else {
			l.AppendPlain(n.Plain)
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

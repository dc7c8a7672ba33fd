package command

import (
	"fmt"
	"log/slog"
	"strconv"

	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/datastruct/listpack"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

// debugListpack writes the elements of a listpack to the log. Redis prints
// them on standard output and replies with the same text.
func debugListpack(c *engine.Ctx) error {
	k, ok := c.Peek(c.Args[2])
	if !ok {
		return resp.ErrNoSuchKey
	}
	var p listpack.Pack
	switch v := k.Value().(type) {
	case *value.Hash:
		p, _ = v.Pack()
	case *value.List:
		if v.Encoding() == "listpack" {
			p, _, _ = v.Node(0)
		}
	case *value.Set:
		if s, ok := v.Pack(); ok {
			p = s
		}
	case *value.ZSet:
		p = v.Packed()
	}
	if p == nil {
		return resp.Error("ERR Not a listpack encoded object.")
	}
	c.Log.Info("listpack", "key", string(c.Args[2]), "bytes", len(p), "elements", p.Len(), "content", packText(p))
	return c.Simple("Listpack structure printed on stdout")
}

// packText formats the elements of a listpack with their positions.
func packText(p listpack.Pack) string {
	var b []byte
	for pos := p.First(); pos >= 0; pos = p.Next(pos) {
		b = fmt.Appendf(b, "%d:%q ", pos, p.AppendTo(nil, pos))
	}
	return string(b)
}

// debugQuicklist writes the nodes of a long list to the log.
func debugQuicklist(c *engine.Ctx) error {
	k, ok := c.Peek(c.Args[2])
	if !ok {
		return resp.ErrNoSuchKey
	}
	l, ok := k.Value().(*value.List)
	if !ok || l.Encoding() != "quicklist" {
		return resp.Error("ERR Not a quicklist encoded object.")
	}
	full := false
	if len(c.Args) == 4 {
		n, _ := c.ArgInt(3)
		full = n != 0
	}
	c.Log.Info("quicklist", "key", string(c.Args[2]), "elements", l.Len())
	for i := 0; ; i++ {
		data, plain, ok := l.Node(i)
		if !ok {
			break
		}
		attrs := []any{slog.Int("node", i), slog.Int("bytes", len(data)), slog.Bool("plain", plain)}
		switch {
		case full && plain:
			attrs = append(attrs, slog.String("content", strconv.Quote(string(data))))
		case full:
			attrs = append(attrs, slog.String("content", packText(data)))
		}
		c.Log.Info("quicklist node", attrs...)
	}
	return c.Simple("Quicklist structure printed on stdout")
}

// debugPackedThreshold sets the size from which an element gets a node of its
// own.
func debugPackedThreshold(c *engine.Ctx) error {
	const most = 1<<32 - 1<<20
	n, err := config.ParseMemory(string(c.Args[2]))
	if err != nil || n < 0 || n > most {
		return resp.Error("ERR argument must be a memory value bigger than 1 and smaller than 4gb")
	}
	c.SetPlainFrom(int(n))
	return c.OK()
}

// describeQuicklist returns the part of DEBUG OBJECT for long lists. The
// server compresses nothing; ql_compressed reflects the setting.
func describeQuicklist(c *engine.Ctx, l *value.List) string {
	nodes, size := 0, 0
	for data, _, ok := l.Node(0); ok; data, _, ok = l.Node(nodes) {
		nodes++
		size += len(data)
	}
	compressed := 1
	if p, ok := config.Find("list-compress-depth"); ok && c.Config.Get(p) == "0" {
		compressed = 0
	}
	return fmt.Sprintf(" ql_nodes:%d ql_avg_node:%.2f ql_listpack_max:%d ql_compressed:%d ql_uncompressed_size:%d",
		nodes, float64(l.Len())/float64(nodes), l.Fill(), compressed, size)
}

package respserver

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/resp-server/resp-server/internal/datastruct/listpack"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/numfmt"
	"github.com/resp-server/resp-server/internal/rdb"
	"github.com/resp-server/resp-server/internal/snapshot"
)

// Reload replaces the data by what a snapshot keeps of them, while all connections
// stay open. It fails if the two differ.
func (s *Server) Reload() (err error) {
	s.engine.Run(func(c *engine.Core) {
		var file bytes.Buffer
		now := c.NowMilli()
		err = snapshot.Save(&file, c.Keyspace, snapshot.SaveOptions{Now: now, AccessTimes: true})
		if err != nil {
			return
		}
		var l *snapshot.Loaded
		l, err = snapshot.Load(&file, snapshot.LoadOptions{Env: *c.Env(), Databases: c.Keyspace.Len()})
		if err != nil {
			return
		}
		was, is := digest(c.Keyspace, now), digest(l.Keyspace, now)
		if !slices.Equal(was, is) {
			err = fmt.Errorf("the data changed: %d keys were\n%q\n%d keys are\n%q", len(was), was, len(is), is)
			return
		}
		keepEncodings(c.Keyspace, l.Keyspace)
		c.Adopt(l.Keyspace)
	})
	return err
}

// keepEncodings restores the encoding of values that have another one after the
// snapshot. Such values were once larger, were computed, or are from a time with
// other limits: a value keeps its encoding, while a snapshot chooses it anew.
func keepEncodings(from, to *keyspace.Keyspace) {
	for db := range to.Used {
		src := from.DB(db.Index())
		var differ []keyspace.Entry
		for e := range db.All {
			if was, ok := src.Get(e.Key()); ok && was.Encoding() != e.Encoding() {
				differ = append(differ, was)
			}
		}
		for _, e := range differ {
			db.Share(src, e, e.Key(), e.ExpireAt())
		}
	}
}

// digest renders all keys, in an order that does not depend on their table.
func digest(ks *keyspace.Keyspace, now int64) (keys []string) {
	var dumper snapshot.Dumper
	for db := range ks.Used {
		for e := range db.All {
			if at := e.ExpireAt(); at != 0 && at <= now {
				continue
			}
			content := []string(nil)
			payload, err := dumper.Dump(e)
			if err == nil {
				content, err = elements(payload)
			}
			if err != nil {
				content = []string{err.Error()}
			}
			keys = append(keys, fmt.Sprintf("%d %q expires %d used %d: %s %q", db.Index(), e.Key(), e.ExpireAt(), e.Access(), e.Type(), content))
		}
	}
	slices.Sort(keys)
	return keys
}

// elements renders the contents of a payload, whatever its encoding, and sorts
// unordered elements.
func elements(payload []byte) (all []string, err error) {
	v, err := rdb.DecodeDump(payload)
	if err != nil {
		return nil, err
	}
	text := func(p listpack.Pack) (all []string) {
		if p == nil {
			return nil
		}
		for pos := p.First(); pos >= 0; {
			var e listpack.Value
			e, pos = p.Read(pos)
			all = append(all, string(e.AppendTo(nil)))
		}
		return all
	}
	var pack listpack.Pack
	group := 1 // number of pack entries per element
	switch v := v.(type) {
	case rdb.String:
		return []string{string(v)}, nil
	case *rdb.List:
		for _, n := range v.Nodes {
			if n.Pack == nil {
				all = append(all, string(n.Plain))
				continue
			}
			all = append(all, text(n.Pack)...)
		}
		return all, nil
	case *rdb.Set:
		if v.Intset != nil {
			for i := range v.Intset.Len() {
				all = append(all, fmt.Sprint(v.Intset.At(i)))
			}
		} else if pack = v.Pack; pack == nil {
			for m := range v.Members {
				all = append(all, string(m))
			}
		}
	case *rdb.SortedSet:
		if pack, group = v.Pack, 2; pack == nil {
			for m, score := range v.Members {
				all = append(all, string(m)+" "+string(numfmt.AppendFloat(nil, score)))
			}
		}
	case *rdb.Hash:
		if pack, group = v.Pack, 2; v.PackTTL != nil {
			pack, group = v.PackTTL, 3
		} else if pack == nil {
			for f := range v.Fields {
				all = append(all, fmt.Sprintf("%s %s %d", f.Name, f.Value, f.ExpireAt))
			}
		}
	default:
		return []string{string(payload)}, nil
	}
	for e := range slices.Chunk(text(pack), group) {
		if _, isZSet := v.(*rdb.SortedSet); isZSet { // a score may be written in several ways
			if f, err := strconv.ParseFloat(e[1], 64); err == nil {
				e[1] = string(numfmt.AppendFloat(nil, f))
			}
		}
		line := strings.Join(e, " ")
		if _, isHash := v.(*rdb.Hash); isHash && group == 2 {
			line += " 0"
		}
		all = append(all, line)
	}
	slices.Sort(all)
	return all, nil
}

package command

import (
	"slices"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

// hashImport are the hash commands of Redis 8.10. There hashes with the same
// fields share them, in an encoding of their own; here they are as others are,
// with their fields in the same order.
var hashImport = engine.Handlers{
	"himport|discard":    himportDiscard,
	"himport|discardall": himportDiscardAll,
	"himport|prepare":    himportPrepare,
	"himport|set":        himportSet,
}

const (
	errFieldTwice resp.Error = "ERR duplicate field name in fieldset"
	errNoFieldset resp.Error = "ERR no such fieldset"
	errValueCount resp.Error = "ERR value count does not match fieldset field count"
)

// HIMPORT PREPARE fieldset-name field [field ...]
func himportPrepare(c *engine.Ctx) error {
	fields := c.Args[3:]
	f := &engine.Fieldset{Fields: make([]string, len(fields)), Places: make([]int, len(fields))}
	for i := range fields {
		f.Places[i] = i
	}
	slices.SortFunc(f.Places, func(i, j int) int { return slices.Compare(fields[i], fields[j]) })
	for i, at := range f.Places {
		f.Fields[i] = string(fields[at])
		if i > 0 && f.Fields[i] == f.Fields[i-1] {
			return errFieldTwice
		}
	}
	c.SetFieldset(c.Args[2], f)
	return c.OK()
}

// HIMPORT SET key fieldset-name value [value ...]
func himportSet(c *engine.Ctx) error {
	key := c.Args[2]
	if k, ok := c.Peek(key); ok && k.Type() != value.TypeHash {
		return resp.ErrWrongType
	}
	f := c.Fieldsets()[string(c.Args[3])]
	if f == nil {
		return errNoFieldset
	}
	values := c.Args[4:]
	if len(values) != len(f.Fields) {
		return errValueCount
	}
	h := value.NewHash(c.Limits())
	if len(values) > c.Limits().HashMaxListpackEntries {
		h.Reserve(c.Limits(), len(values))
	}
	for i, name := range f.Fields {
		h.Set(c.Limits(), []byte(name), values[f.Places[i]], 0)
	}
	c.Put(key, h, engine.NoExpiry)
	if c.Journaling() {
		k, _ := c.Peek(key)
		payload, err := c.Dumper().Dump(k)
		if err != nil {
			return err
		}
		c.Propagate([]byte("RESTORE"), key, []byte("0"), payload, []byte("REPLACE"))
	}
	c.ChangedTimes(len(values), key, event.HSet)
	return c.OK()
}

// HIMPORT DISCARD fieldset-name
func himportDiscard(c *engine.Ctx) error {
	name := string(c.Args[2])
	_, ok := c.Fieldsets()[name]
	delete(c.Fieldsets(), name)
	return c.Truth(ok)
}

// HIMPORT DISCARDALL
func himportDiscardAll(c *engine.Ctx) error {
	n := len(c.Fieldsets())
	clear(c.Fieldsets())
	return c.Integer(n)
}

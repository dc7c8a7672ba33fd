package command

import (
	"slices"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

// hashImportCommands are the hash commands of Redis 8.10. Redis has an
// encoding for them in which hashes with the same fields share the field
// names. Here the hashes have the usual encodings, with the fields in the same
// order.
var hashImportCommands = engine.Handlers{
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

// fieldset is a list of fields that a client prepared with HIMPORT PREPARE.
type fieldset struct {
	// fields are sorted; places are the index of each field's value in the
	// arguments of HIMPORT SET.
	fields []string
	places []int
}

// fieldsets are the fieldsets of a client, or of a running script, by name.
type fieldsets map[string]*fieldset

// fieldsetsExtra is the name of the session extra that holds the fieldsets.
const fieldsetsExtra = "fieldsets"

func fieldsetsOf(c *engine.Ctx) fieldsets {
	sets, _ := c.Extra(fieldsetsExtra).(fieldsets)
	return sets
}

// MemoryUse implements engine.Extra.
func (f fieldsets) MemoryUse() (n int) {
	for name, set := range f {
		n += len(name) + 24*len(set.fields)
		for _, field := range set.fields {
			n += len(field)
		}
	}
	return n
}

// HIMPORT PREPARE fieldset-name field [field ...]
func himportPrepare(c *engine.Ctx) error {
	fields := c.Args[3:]
	f := &fieldset{fields: make([]string, len(fields)), places: make([]int, len(fields))}
	for i := range fields {
		f.places[i] = i
	}
	slices.SortFunc(f.places, func(i, j int) int { return slices.Compare(fields[i], fields[j]) })
	for i, at := range f.places {
		f.fields[i] = string(fields[at])
		if i > 0 && f.fields[i] == f.fields[i-1] {
			return errFieldTwice
		}
	}
	sets := fieldsetsOf(c)
	if sets == nil {
		sets = fieldsets{}
		c.SetExtra(fieldsetsExtra, sets)
	}
	sets[string(c.Args[2])] = f
	return c.OK()
}

// HIMPORT SET key fieldset-name value [value ...]
func himportSet(c *engine.Ctx) error {
	key := c.Args[2]
	if k, ok := c.Peek(key); ok && k.Type() != value.TypeHash {
		return resp.ErrWrongType
	}
	f := fieldsetsOf(c)[string(c.Args[3])]
	if f == nil {
		return errNoFieldset
	}
	values := c.Args[4:]
	if len(values) != len(f.fields) {
		return errValueCount
	}
	h := value.NewHash(c.Limits())
	if len(values) > c.Limits().HashMaxListpackEntries {
		h.Reserve(c.Limits(), len(values))
	}
	for i, name := range f.fields {
		h.Set(c.Limits(), []byte(name), values[f.places[i]], 0)
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
	var told [][]byte
	for _, name := range f.fields {
		told = appendTold(c, told, []byte(name))
	}
	c.ChangedElements(len(values), key, event.HSet, told)
	return c.OK()
}

// HIMPORT DISCARD fieldset-name
func himportDiscard(c *engine.Ctx) error {
	name := string(c.Args[2])
	sets := fieldsetsOf(c)
	_, ok := sets[name]
	delete(sets, name)
	if len(sets) == 0 {
		c.SetExtra(fieldsetsExtra, nil)
	}
	return c.Truth(ok)
}

// HIMPORT DISCARDALL
func himportDiscardAll(c *engine.Ctx) error {
	n := len(fieldsetsOf(c))
	c.SetExtra(fieldsetsExtra, nil)
	return c.Integer(n)
}

package command

import (
	"github.com/resp-server/resp-server/internal/datastruct/hyperloglog"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

var hyperLogLogCommands = engine.Handlers{
	"pfadd":      pfadd,
	"pfcount":    pfcount,
	"pfdebug":    pfdebug,
	"pfmerge":    pfmerge,
	"pfselftest": pfselftest,
}

const (
	errNotHyperLogLog     resp.Error = "WRONGTYPE Key is not a valid HyperLogLog string value."
	errCorruptHyperLogLog resp.Error = "INVALIDOBJ Corrupted HLL object detected"
)

// hyperLogLogAt finds a HyperLogLog to write in place. It returns nil if the
// key is missing.
func hyperLogLogAt(c *engine.Ctx, key []byte) (*value.String, error) {
	k, ok, err := findText(c, key)
	if !ok {
		return nil, err
	}
	if !hyperloglog.Valid(k.Bytes(nil)) {
		return nil, errNotHyperLogLog
	}
	return c.WritableText(key)
}

func makeHyperLogLog(c *engine.Ctx, key []byte) *value.String {
	s := value.NewString(hyperloglog.New())
	c.Put(key, s, engine.NoExpiry)
	return s
}

// PFADD key [element [element ...]]
func pfadd(c *engine.Ctx) error {
	key := c.Args[1]
	s, err := hyperLogLogAt(c, key)
	if err != nil {
		return err
	}
	updated := s == nil
	if updated {
		s = makeHyperLogLog(c, key)
	}
	b, sparseMax := s.Grow(0), c.Limits().HLLSparseMaxBytes
	for _, element := range c.Args[2:] {
		var changed bool
		if b, changed, err = hyperloglog.Add(b, element, sparseMax); err != nil {
			s.Replace(b) // keep what was added before the corruption was found
			c.Changed(key, event.None)
			return errCorruptHyperLogLog
		}
		updated = updated || changed
	}
	if updated {
		hyperloglog.Invalidate(b)
		s.Replace(b)
		c.Changed(key, event.PFAdd)
	}
	return c.Truth(updated)
}

// PFCOUNT key [key ...]
func pfcount(c *engine.Ctx) error {
	if len(c.Args) > 2 {
		var union hyperloglog.Registers
		if _, err := unite(c, &union); err != nil {
			return err
		}
		return c.Integer64(int64(union.Count()))
	}
	key := c.Args[1]
	b, ok, err := c.Text(key)
	if err != nil {
		return err
	}
	if !ok {
		return c.Integer(0)
	}
	if !hyperloglog.Valid(b) {
		return errNotHyperLogLog
	}
	n, ok := hyperloglog.Cached(b)
	if !ok {
		if n, err = hyperloglog.Count(b); err != nil {
			return errCorruptHyperLogLog
		}
		s, err := c.WritableText(key)
		if err != nil {
			return err
		}
		hyperloglog.SetCached(s.Grow(0), n)
		c.Changed(key, event.None) // the cached estimate is part of the value, so propagate it
	}
	return c.Integer64(int64(n))
}

// unite merges all keys of the command and reports whether one was dense.
func unite(c *engine.Ctx, union *hyperloglog.Registers) (dense bool, err error) {
	for _, key := range c.Args[1:] {
		b, ok, err := c.Text(key)
		switch {
		case err != nil:
			return false, err
		case !ok:
			continue
		case !hyperloglog.Valid(b):
			return false, errNotHyperLogLog
		case union.Merge(b) != nil:
			return false, errCorruptHyperLogLog
		}
		dense = dense || hyperloglog.IsDense(b)
	}
	return dense, nil
}

// PFMERGE destkey [sourcekey [sourcekey ...]]
func pfmerge(c *engine.Ctx) error {
	var union hyperloglog.Registers
	dense, err := unite(c, &union)
	if err != nil {
		return err
	}
	key := c.Args[1]
	s, err := hyperLogLogAt(c, key)
	if err != nil {
		return err
	}
	if s == nil {
		s = makeHyperLogLog(c, key)
	}
	b := s.Grow(0)
	if dense {
		if b, err = hyperloglog.ToDense(b); err != nil {
			return errCorruptHyperLogLog
		}
	}
	if b, err = union.Store(b, c.Limits().HLLSparseMaxBytes); err != nil {
		return errCorruptHyperLogLog
	}
	hyperloglog.Invalidate(b)
	s.Replace(b)
	c.Changed(key, event.PFAdd)
	return c.OK()
}

// PFDEBUG subcommand key
func pfdebug(c *engine.Ctx) error {
	key := c.Args[2]
	s, err := hyperLogLogAt(c, key)
	if err != nil {
		return err
	}
	if s == nil {
		return resp.Error("ERR The specified key does not exist")
	}
	b := s.Bytes()
	switch {
	case c.ArgIs(1, "getreg"):
		if b, _, err = makeDense(c, key, s); err != nil {
			return err
		}
		c.Array(hyperloglog.NumRegisters)
		for i := range hyperloglog.NumRegisters {
			c.Integer(int(hyperloglog.Register(b, i)))
		}
		return nil
	case c.ArgIs(1, "decode"):
		if hyperloglog.IsDense(b) {
			return resp.Error("ERR HLL encoding is not sparse")
		}
		return c.Bulk(hyperloglog.AppendRuns(nil, b))
	case c.ArgIs(1, "encoding"):
		if hyperloglog.IsDense(b) {
			return c.Simple("dense")
		}
		return c.Simple("sparse")
	case c.ArgIs(1, "todense"):
		_, converted, err := makeDense(c, key, s)
		if err != nil {
			return err
		}
		return c.Truth(converted)
	}
	return resp.Errorf("ERR Unknown PFDEBUG subcommand '%s'", c.Args[1])
}

func makeDense(c *engine.Ctx, key []byte, s *value.String) (b []byte, converted bool, err error) {
	b = s.Bytes()
	if hyperloglog.IsDense(b) {
		return b, false, nil
	}
	if b, err = hyperloglog.ToDense(b); err != nil {
		return nil, false, errCorruptHyperLogLog
	}
	s.Replace(b)
	c.Changed(key, event.None)
	return b, true, nil
}

// PFSELFTEST
func pfselftest(c *engine.Ctx) error {
	if err := hyperloglog.SelfTest(c.Rand.Uint64, c.Limits().HLLSparseMaxBytes); err != nil {
		return resp.Error("ERR TESTFAILED " + err.Error())
	}
	return c.OK()
}

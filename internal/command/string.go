package command

import (
	"strconv"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/spec"
)

var strings = engine.Handlers{
	"get": get,
	"set": set,
}

// GET key
func get(c *engine.Ctx) error {
	b, ok, err := c.Text(c.Args[1])
	if err != nil {
		return err
	}
	if !ok {
		return c.Null()
	}
	return c.Bulk(b)
}

// SET key value [NX | XX] [GET] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]
func set(c *engine.Ctx) error {
	o, err := c.Options(3)
	if err != nil {
		return err
	}
	at, err := c.ExpireOption(&o)
	if err != nil {
		return err
	}
	key := c.Args[1]
	if o.Has(spec.WordGET) { // the old value is the answer, whether or not the new one is stored
		if err := get(c); err != nil {
			return err
		}
	}
	if o.Has(spec.WordNX) || o.Has(spec.WordXX) {
		if c.Exists(key) == o.Has(spec.WordNX) {
			if o.Has(spec.WordGET) {
				return nil
			}
			return c.Null()
		}
	}
	if o.Has(spec.WordKEEPTTL) {
		at = engine.KeepTTL
	}
	c.SetBytes(key, c.Args[2], at)
	c.Changed(key, "set")
	if at > 0 {
		c.Notify(key, "expire")
		// Relative times must not be counted again by whoever replays this.
		c.Propagate(c.Args[0], key, c.Args[2], []byte("PXAT"), strconv.AppendInt(nil, at, 10))
	}
	if o.Has(spec.WordGET) {
		return nil
	}
	return c.OK()
}

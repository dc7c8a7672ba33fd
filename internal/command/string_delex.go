package command

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/resp-server/resp-server/internal/datastruct/hashing"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/spec"
	"github.com/resp-server/resp-server/internal/value"
)

// stringDelexCommands are the string commands of Redis 8.4 and Valkey 9.0.
var stringDelexCommands = engine.Handlers{
	"delex":   delex,
	"delifeq": delifeq,
	"digest":  digest,
	"msetex":  msetex,
}

// DIGEST key
func digest(c *engine.Ctx) error {
	text, ok, err := c.Text(c.Args[1])
	if err != nil {
		return err
	}
	if !ok {
		return c.Null()
	}
	return c.BulkString(fmt.Sprintf("%016x", hashing.XXH3(text)))
}

// textMeets reports whether a text meets a condition of SET or DELEX.
func textMeets(text []byte, w spec.Word, want []byte) (bool, error) {
	switch w {
	case spec.WordIFEQ:
		return bytes.Equal(text, want), nil
	case spec.WordIFNE:
		return !bytes.Equal(text, want), nil
	}
	if len(want) != 16 {
		return false, resp.Error("ERR must be exactly 16 hexadecimal characters")
	}
	// Despite the error's text, a digest with invalid characters just matches
	// nothing.
	sum, err := strconv.ParseUint(string(want), 16, 64)
	same := err == nil && sum == hashing.XXH3(text)
	return same == (w == spec.WordIFDEQ), nil
}

// DELEX key [IFEQ ifeq-value | IFNE ifne-value | IFDEQ ifdeq-digest | IFDNE ifdne-digest]
func delex(c *engine.Ctx) error {
	key := c.Args[1]
	switch len(c.Args) {
	case 2:
		return c.Truth(deleteKey(c, key))
	case 4:
	default:
		return c.WrongArity()
	}
	k, ok := c.Lookup(key)
	if !ok {
		return c.Integer(0)
	}
	if k.Type() != value.TypeString {
		return resp.Error("ERR Key should be of string type if conditions are specified")
	}
	o, err := c.Options(2)
	if err != nil {
		return resp.Error("ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE")
	}
	for i := range c.Cmd.Options {
		if w := c.Cmd.Options[i].Word; o.Has(w) {
			var room [32]byte
			if ok, err = textMeets(k.Bytes(room[:0]), w, c.Args[3]); err != nil {
				return err
			}
		}
	}
	return c.Truth(ok && deleteKey(c, key))
}

// DELIFEQ key value
func delifeq(c *engine.Ctx) error {
	key := c.Args[1]
	k, ok, err := findText(c, key)
	if err != nil {
		return err
	}
	var room [32]byte
	return c.Truth(ok && bytes.Equal(k.Bytes(room[:0]), c.Args[2]) && deleteKey(c, key))
}

// deleteKey deletes the first key and reports whether it existed.
func deleteKey(c *engine.Ctx, key []byte) bool {
	if !c.DeleteInstead(key, false) {
		return false
	}
	c.Changed(key, event.Del)
	return true
}

// MSETEX numkeys key value [key value ...] [NX | XX] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]
func msetex(c *engine.Ctx) error {
	n, err := c.ArgIntIn(1, 1, math.MaxInt32, resp.Error("ERR invalid numkeys value"))
	if err != nil {
		return err
	}
	if n > int64(len(c.Args)-2)/2 {
		return resp.Error("ERR wrong number of key-value pairs")
	}
	end := 2 + 2*int(n)
	pairs := c.Args[2:end]
	o, err := c.Options(end)
	if err != nil {
		return err
	}
	at, err := c.ExpireOption(&o)
	if err != nil {
		return err
	}
	if o.Has(spec.WordNX) || o.Has(spec.WordXX) {
		for i := 0; i < len(pairs); i += 2 {
			if c.Exists(pairs[i]) == o.Has(spec.WordNX) {
				return c.Integer(0)
			}
		}
	}
	timed := at != engine.NoExpiry
	if o.Has(spec.WordKEEPTTL) {
		at = engine.KeepTTL
	}
	for i := 0; i < len(pairs); i += 2 {
		c.Overwrites(pairs[i], value.TypeString)
		c.SetBytes(pairs[i], pairs[i+1], at)
		if timed {
			c.Notify(pairs[i], event.Expire) // before the other event, unlike SET
		}
		c.Changed(pairs[i], event.Set)
	}
	if relative := max(o.At(spec.WordEX), o.At(spec.WordPX)); relative > 0 && c.Journaling() {
		args := slices.Clone(c.Args)
		args[relative-1], args[relative] = []byte("PXAT"), strconv.AppendInt(nil, at, 10)
		c.Propagate(args...)
	}
	return c.Integer(1)
}

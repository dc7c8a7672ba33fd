package engine

import (
	"math"
	"strings"

	"github.com/resp-server/resp-server/internal/compat"
	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/numfmt"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/spec"
	"github.com/resp-server/resp-server/internal/value"
)

// Ctx is the context of a handler: the arguments of its command, its session, the
// data, and the reply. The methods that reply return nil, so that a handler's last
// line can be `return c.Integer(n)`.
type Ctx struct {
	*Core
	Session *Session
	// Args are the words of the command, its name first. They are valid only until
	// the handler returns: it must copy what it stores.
	Args [][]byte
	// Cmd is the row of the command.
	Cmd *Command

	// Outcome is the command's result, for observers that look after it has run.
	Outcome Outcome

	w *resp.Writer
	// again is set while a blocked command runs once more.
	again *wait
	// nested: the command runs inside EXEC or a script, where nothing may block.
	nested bool
	// scripted: it runs inside a script.
	scripted bool
	// shown are the arguments for MONITOR and SLOWLOG if they are not Args.
	shown   [][]byte
	scratch [32]byte
}

// InScript reports whether a script calls the command.
func (c *Ctx) InScript() bool { return c.scripted }

// Reply returns the reply of the command, for observers that look after it has run.
func (c *Ctx) Reply() []byte { return c.w.Buf[c.Outcome.mark:] }

// OK replies "+OK".
func (c *Ctx) OK() error { c.w.Simple("OK"); return nil }

// Simple replies a status line.
func (c *Ctx) Simple(s string) error { c.w.Simple(s); return nil }

// Integer replies a number.
func (c *Ctx) Integer(n int) error { c.w.Integer(int64(n)); return nil }

// Integer64 replies a number.
func (c *Ctx) Integer64(n int64) error { c.w.Integer(n); return nil }

// Truth replies the integer 1 or 0, the usual yes and no.
func (c *Ctx) Truth(b bool) error {
	if b {
		return c.Integer(1)
	}
	return c.Integer(0)
}

// Bulk replies a string.
func (c *Ctx) Bulk(b []byte) error { c.w.Bulk(b); return nil }

// BulkString replies a string.
func (c *Ctx) BulkString(s string) error { c.w.BulkString(s); return nil }

// Null replies the nil of the protocol: a nil bulk string in RESP2.
func (c *Ctx) Null() error { c.w.Null(); return nil }

// NullArray replies the nil of the protocol: a nil array in RESP2.
func (c *Ctx) NullArray() error { c.w.NullArray(); return nil }

// Double replies a floating point number; a bulk string in RESP2.
func (c *Ctx) Double(f float64) error { c.w.Double(f); return nil }

// Array begins an array of n replies, which must follow.
func (c *Ctx) Array(n int) error { c.w.Array(n); return nil }

// Map begins a map of n pairs, which must follow; an array in RESP2.
func (c *Ctx) Map(n int) error { c.w.Map(n); return nil }

// Set begins a set of n replies, which must follow; an array in RESP2.
func (c *Ctx) Set(n int) error { c.w.Set(n); return nil }

// Out returns the writer of the reply, for everything else.
func (c *Ctx) Out() *resp.Writer { return c.w }

// Proto returns the protocol version that the reply is for.
func (c *Ctx) Proto() int { return c.w.Proto }

// DB returns the selected database.
func (c *Ctx) DB() *keyspace.DB { return c.Keyspace.DB(c.Session.db) }

// Limits returns the bounds of the compact encodings.
func (c *Ctx) Limits() *value.Limits { return &c.limits }

// ArgInt reads argument i as an integer.
func (c *Ctx) ArgInt(i int) (int64, error) {
	n, ok := numfmt.ParseInt(c.Args[i])
	if !ok {
		return 0, resp.ErrNotInteger
	}
	return n, nil
}

// ArgIntIn reads argument i as an integer from lo to hi. It returns err for other
// numbers and other text.
func (c *Ctx) ArgIntIn(i int, lo, hi int64, err error) (int64, error) {
	n, ok := numfmt.ParseInt(c.Args[i])
	if !ok || n < lo || n > hi {
		return 0, err
	}
	return n, nil
}

// ArgFloat reads argument i as a floating point number.
func (c *Ctx) ArgFloat(i int) (float64, error) {
	f, ok := numfmt.ParseFloat(c.Args[i])
	if !ok {
		return 0, resp.ErrNotFloat
	}
	return f, nil
}

// ArgDB reads argument i as the number of a database.
func (c *Ctx) ArgDB(i int) (int, error) {
	n, err := c.ArgInt(i)
	if err != nil {
		return 0, err
	}
	if int64(int32(n)) != n {
		return 0, resp.Errorf("ERR value is out of range, value must between %d and %d", math.MinInt32, math.MaxInt32)
	}
	if n < 0 || n >= int64(c.Keyspace.Len()) {
		return 0, resp.ErrDBIndex
	}
	return int(n), nil
}

// ArgIs reports whether argument i is a lower-case word, in any case.
func (c *Ctx) ArgIs(i int, word string) bool { return EqualFold(c.Args[i], word) }

// ArgIsNewer is ArgIs for a word that is newer than the command: the edition of the
// server may lack it.
func (c *Ctx) ArgIsNewer(i int, word string) bool {
	return c.ArgIs(i, word) && c.Cmd.HasWord(strings.ToUpper(word))
}

// Name is the full name of the command in lower case, as errors show it.
func (c *Ctx) Name() string { return c.Cmd.FullName }

// WrongArity is the error for a wrong number of arguments that the command's arity
// still allows.
func (c *Ctx) WrongArity() error { return wrongArity(c.Cmd) }

// maxOptions bounds how many different options one call can have.
const maxOptions = 24

// Options are the options of one call: their words and where they stand.
type Options struct {
	words [maxOptions]spec.Word
	at    [maxOptions]uint16
	n     int
}

// Has reports whether an option was given.
func (o *Options) Has(w spec.Word) bool { return o.find(w) >= 0 }

// At returns the index of the first value of an option in Args, 0 if the
// option was not given.
func (o *Options) At(w spec.Word) int {
	if i := o.find(w); i >= 0 {
		return int(o.at[i]) + 1
	}
	return 0
}

func (o *Options) find(w spec.Word) int {
	for i := range o.n {
		if o.words[i] == w {
			return i
		}
	}
	return -1
}

// Options reads the arguments from the given one to the end as options of the
// command table. An unknown word, a missing value and two options that exclude
// each other are syntax errors. The handler reads the values, in the order that it
// wants. An option may be repeated: the last one counts.
func (c *Ctx) Options(from int) (o Options, err error) {
next:
	for i := from; i < len(c.Args); i++ {
		for k := range c.Cmd.Options {
			opt := &c.Cmd.Options[k]
			if !EqualFold(c.Args[i], opt.Text) {
				continue
			}
			if i+int(opt.Values) >= len(c.Args) || o.excludes(c.Cmd.Options, opt) {
				return o, resp.ErrSyntax
			}
			o.put(opt.Word, i)
			i += int(opt.Values)
			continue next
		}
		return o, resp.ErrSyntax
	}
	return o, nil
}

func (o *Options) put(w spec.Word, at int) {
	i := o.find(w)
	if i < 0 {
		i = o.n
		o.n++
	}
	o.words[i], o.at[i] = w, uint16(at)
}

// excludes reports whether an option was given that excludes opt.
func (o *Options) excludes(all []spec.Option, opt *spec.Option) bool {
	if opt.Group == 0 {
		return false
	}
	for k := range all {
		if all[k].Group == opt.Group && all[k].Word != opt.Word && o.Has(all[k].Word) {
			return true
		}
	}
	return false
}

// ExpireOption reads the option EX, PX, EXAT or PXAT and returns the expiry time;
// NoExpiry without such an option.
func (c *Ctx) ExpireOption(o *Options) (at int64, err error) {
	for _, w := range [...]spec.Word{spec.WordEX, spec.WordPX, spec.WordEXAT, spec.WordPXAT} {
		if i := o.At(w); i > 0 {
			seconds := w == spec.WordEX || w == spec.WordEXAT
			absolute := w == spec.WordEXAT || w == spec.WordPXAT
			return c.ArgExpiry(i, seconds, absolute)
		}
	}
	return NoExpiry, nil
}

// ArgExpiry reads argument i as the expiry time of a new value, which must be
// positive, and returns it as ExpireAt does.
func (c *Ctx) ArgExpiry(i int, seconds, absolute bool) (at int64, err error) {
	n, err := c.ArgInt(i)
	if err != nil {
		return 0, err
	}
	if n <= 0 || seconds && n > math.MaxInt64/1000 {
		return 0, c.InvalidExpiry()
	}
	if seconds {
		n *= 1000
	}
	if !absolute {
		if n > math.MaxInt64-c.ExpiryMilli() {
			return 0, c.InvalidExpiry()
		}
		return n + c.ExpiryMilli(), nil
	}
	return c.ExpiryOfUnix(n), nil
}

// InvalidExpiry is the error for an expiry time out of range.
func (c *Ctx) InvalidExpiry() error {
	return resp.Errorf("ERR invalid expire time in '%s' command", c.Name())
}

// ArgTimeout reads argument i as a timeout in seconds, which may have a
// fraction, and returns the deadline for Wait.
func (c *Ctx) ArgTimeout(i int) (deadline int64, err error) {
	f, ok := numfmt.ParseFloat(c.Args[i])
	if !ok {
		if _, ok := numfmt.ParseLongDouble(c.Args[i]); !ok {
			return 0, resp.ErrTimeoutFloat
		}
		// Redis reads a long double here, which has room for 1e400.
		f = math.Inf(1)
		if c.Args[i][0] == '-' {
			f = -f
		}
	}
	ms := math.Ceil(f * 1000)
	if ms < math.MinInt64 {
		return 0, resp.ErrTimeoutSign
	}
	if ms >= math.MaxInt64 {
		if !c.Since(compat.TimeoutBounds) {
			return 0, resp.ErrTimeoutSign // it overflows
		}
		return 0, resp.ErrTimeoutRange
	}
	return c.deadline(int64(ms))
}

// ArgTimeoutMilli reads argument i as a timeout in whole milliseconds.
func (c *Ctx) ArgTimeoutMilli(i int) (deadline int64, err error) {
	ms, ok := numfmt.ParseInt(c.Args[i])
	if !ok {
		return 0, resp.ErrTimeoutInt
	}
	return c.deadline(ms)
}

func (c *Ctx) deadline(ms int64) (int64, error) {
	switch now := c.NowMilli(); {
	case ms < 0:
		return 0, resp.ErrTimeoutSign
	case ms == 0:
		return 0, nil
	case ms+now < 0 && c.Since(compat.TimeoutBounds):
		return 0, resp.ErrTimeoutRange
	case ms+now < 0:
		return 1, nil // it overflows to a time that has passed
	default:
		return ms + now, nil
	}
}

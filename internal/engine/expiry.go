package engine

import (
	"math"

	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/spec"
)

// ExpireOption reads EX, PX, EXAT or PXAT, whichever was given, and returns
// the time in milliseconds since 1970; NoExpiry if none was.
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

// ArgExpiry reads argument i as the time of expiry of a new value, which must
// be positive, and returns it in milliseconds since 1970.
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
		if n > math.MaxInt64-c.NowMilli() {
			return 0, c.InvalidExpiry()
		}
		n += c.NowMilli()
	}
	return n, nil
}

// InvalidExpiry is the error for a time of expiry that makes no sense.
func (c *Ctx) InvalidExpiry() error {
	return resp.Errorf("ERR invalid expire time in '%s' command", c.Name())
}

// WrongArity is the error for a number of arguments that the arity of the
// command does not exclude.
func (c *Ctx) WrongArity() error { return wrongArity(c.Cmd) }

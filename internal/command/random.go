package command

import (
	"math"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/resp"
)

// maxRandom limits the random elements, in bytes, that one command replies to
// a client without an output limit. A real server allocates until the system
// kills it; here that would kill the embedding program.
const maxRandom = 1 << 30

// randomCount reads "count [word]" of HRANDFIELD and ZRANDMEMBER.
func randomCount(c *engine.Ctx, word string) (count int64, pairs bool, err error) {
	count, err = argNegatable(c, 2)
	if err != nil {
		return 0, false, err
	}
	pairs = len(c.Args) == 4 && c.ArgIs(3, word)
	switch {
	case len(c.Args) > 3 && !pairs:
		return 0, false, resp.ErrSyntax
	case pairs && (count < -math.MaxInt64/2 || count > math.MaxInt64/2):
		return 0, false, resp.ErrValueRange
	}
	return count, pairs, nil
}

// randomReply begins the reply of a random choice from size elements and
// returns how many follow: distinct ones for a positive count, any for a
// negative one. Pairs are nested in RESP3 only.
func randomReply(c *engine.Ctx, count int64, size int, pairs bool) (n int) {
	switch {
	case size == 0:
	case count >= 0:
		n = int(min(count, int64(size)))
	default:
		n = int(-count)
	}
	if pairs && c.Proto() == 2 {
		c.Array(2 * n)
	} else {
		c.Array(n)
	}
	return n
}

// repeat calls write, which adds a random element to the reply, n times or
// until the output limit is reached. Without an output limit it stops after
// most bytes with an error.
func repeat(out *resp.Writer, most, n int, write func()) error {
	unlimited := out.Limit == 0
	if unlimited {
		out.Limit = len(out.Buf) + most
	}
	for range n {
		if write(); out.Full {
			break
		}
	}
	if !unlimited {
		return nil
	}
	full := out.Full
	out.Limit, out.Full = 0, false
	if full {
		return resp.ErrValueRange
	}
	return nil
}

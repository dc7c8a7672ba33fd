package command

import (
	"testing"

	"github.com/resp-server/resp-server/internal/resp"
)

// TestRepeat checks that a long reply stops at the output limit. Without an
// output limit that is an error, and repeat sets no limit for later replies.
func TestRepeat(t *testing.T) {
	for _, c := range []struct {
		limit, n int
		want     error
		full     bool
	}{{0, 10, nil, false}, {0, 1e9, resp.ErrValueRange, false}, {500, 10, nil, false}, {500, 1e9, nil, true}} {
		out := resp.Writer{Limit: c.limit}
		calls := 0
		err := repeat(&out, 1000, c.n, func() { calls++; out.BulkString("member") })
		if err != c.want || out.Full != c.full || out.Limit != c.limit || calls > 1000 {
			t.Errorf("limit %d, %d elements: %v, full %v, limit %d, %d calls", c.limit, c.n, err, out.Full, out.Limit, calls)
		}
	}
}

package examples

import (
	"testing"

	respserver "github.com/resp-server/resp-server"
)

func TestCounts(t *testing.T) {
	srv := respserver.StartTest(t) // any Redis client can connect to srv.Addr()
	srv.Do(t.Context(), "INCR", "visits")
	if reply, err := srv.Do(t.Context(), "INCR", "visits"); err != nil || reply.Int != 2 {
		t.Errorf("got %v, %v", reply, err)
	}
}

package examples

import (
	"testing"

	respserver "github.com/resp-server/resp-server"
)

func TestCounts(t *testing.T) {
	srv := respserver.StartTest(t) // any Redis client can connect to srv.Addr()
	srv.Must("INCR", "visits")
	if n := srv.Must("INCR", "visits").Int(); n != 2 {
		t.Errorf("got %d", n)
	}
}

package examples

import (
	"testing"
	"time"

	respserver "github.com/resp-server/resp-server"
)

func TestSessionExpires(t *testing.T) {
	srv := respserver.StartTest(t)
	srv.Must("SET", "session", "ann", "EX", 3600)
	srv.Advance(time.Hour) // everything due has happened when this returns
	if !srv.Must("GET", "session").IsNull() {
		t.Error("the session is still there")
	}
}

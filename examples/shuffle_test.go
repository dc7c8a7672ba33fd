package examples

import (
	"slices"
	"testing"

	respserver "github.com/resp-server/resp-server"
)

func TestOrder(t *testing.T) {
	srv := respserver.StartTest(t, respserver.Options{Shuffle: true})
	srv.Must("SADD", "users", "ann", "ben", "cid", "dan")
	users := srv.Must("SMEMBERS", "users").Strings() // in some order
	slices.Sort(users)
	if !slices.Equal(users, []string{"ann", "ben", "cid", "dan"}) {
		t.Errorf("got %q", users)
	}
}

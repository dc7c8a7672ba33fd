package examples

import (
	"testing"

	respserver "github.com/resp-server/resp-server"
)

func TestParallel(t *testing.T) {
	fixture := respserver.StartTest(t)
	fixture.Must("HSET", "user:1", "name", "ann") // once, however long it takes
	for _, name := range []string{"ben", "cid", "dan"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := fixture.Fork(t) // takes no time, and is independent
			srv.Must("HSET", "user:1", "name", name)
			if got := srv.Must("HGET", "user:1", "name").Text(); got != name {
				t.Errorf("got %s", got)
			}
		})
	}
}

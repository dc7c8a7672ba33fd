package examples

import (
	"testing"

	respserver "github.com/resp-server/resp-server"
)

func TestWorkersDoNotMeet(t *testing.T) {
	srv := respserver.StartTest(t, respserver.Options{Config: []string{"spaces yes"}})
	srv.Must("SET", "fixture", "seeded once")
	for _, name := range []string{"worker-1", "worker-2"} {
		t.Run(name, func(t *testing.T) {
			space, err := srv.Space(name) // the server that redis://space%3Aworker-1:x@... leads to
			if err != nil {
				t.Fatal(err)
			}
			if n, err := space.Do(t.Context(), "INCR", "n"); err != nil || n.Int() != 1 {
				t.Errorf("got %v, %v", n, err)
			}
			if got, err := space.Do(t.Context(), "GET", "fixture"); err != nil || got.Text() != "seeded once" {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

package examples

import (
	"testing"

	respserver "github.com/resp-server/resp-server"
)

func TestLookInside(t *testing.T) {
	srv := respserver.StartTest(t, respserver.Options{Inspector: "127.0.0.1:0"})
	srv.Must("SET", "greeting", "hello")
	t.Log("open", srv.InspectorURL()) // and set a breakpoint here
}

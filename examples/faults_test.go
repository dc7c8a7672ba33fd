package examples

import (
	"context"
	"fmt"
	"io"
	"testing"

	respserver "github.com/resp-server/resp-server"
)

// A client that retries when a connection breaks can't know whether the server
// has executed the command.
func TestRetryCountsTwice(t *testing.T) {
	srv := respserver.StartTest(t)
	srv.Inject(respserver.Fault{Command: "INCR", Times: 1, Close: respserver.AfterExecution})
	for range 2 { // the first try, and the retry
		conn, err := srv.Dial(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(conn, "INCR visits\r\n")
		if _, err := io.ReadFull(conn, make([]byte, len(":1\r\n"))); err == nil {
			break
		}
	}
	if n := srv.Must("GET", "visits").Int(); n != 2 {
		t.Errorf("counted %d times", n)
	}
}

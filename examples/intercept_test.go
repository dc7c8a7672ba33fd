package examples

import (
	"fmt"
	"io"
	"testing"

	respserver "github.com/resp-server/resp-server"
)

func TestProprietaryCommand(t *testing.T) {
	srv := respserver.StartTest(t)
	srv.Intercept(
		func(name string) bool { return name == "VENDOR.LIMIT" },
		func(c *respserver.Call) {
			if srv.Must("INCR", "calls").Int() > 2 {
				io.WriteString(c.Client, "-ERR too many calls\r\n")
				return
			}
			c.Run("ECHO", c.Args[1])
		},
	)
	conn, err := srv.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "VENDOR.LIMIT a\r\nVENDOR.LIMIT b\r\nVENDOR.LIMIT c\r\n")
	const want = "$1\r\na\r\n$1\r\nb\r\n-ERR too many calls\r\n"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != want {
		t.Errorf("got %q, %v", got, err)
	}
}

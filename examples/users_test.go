package examples

import (
	"fmt"
	"io"
	"testing"

	respserver "github.com/resp-server/resp-server"
)

func TestNeedsNoMore(t *testing.T) {
	srv := respserver.StartTest(t, respserver.Options{Users: []respserver.User{
		{Name: "default", Password: "secret", Role: respserver.App, Keys: []string{"user:*"}},
	}})
	conn, err := srv.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(conn, "AUTH secret\r\nSET user:1 ann\r\n")
	if _, err := io.ReadFull(conn, make([]byte, len("+OK\r\n+OK\r\n"))); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(conn, "SET order:1 x\r\n")
	reply := make([]byte, len("-NOPERM"))
	if _, err := io.ReadFull(conn, reply); err != nil || string(reply) != "-NOPERM" {
		t.Errorf("got %q, %v", reply, err)
	}
}

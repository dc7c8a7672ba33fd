package miniredis_test

import (
	"io"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/proto"
	respserver "github.com/resp-server/resp-server"
)

func TestReplyGetsLost(t *testing.T) {
	m := miniredis.RunT(t)
	srv := miniredis.Respserver(m) // the server behind it
	rec := srv.Record()
	srv.Inject(respserver.Fault{Command: "INCR", Times: 1, Close: respserver.AfterExecution})

	c, err := proto.Dial(m.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Do("INCR", "n"); err != io.EOF {
		t.Errorf("got %v", err)
	}
	m.CheckGet(t, "n", "1")
	rec.Expect(t, "INCR n", respserver.Times(1))
}

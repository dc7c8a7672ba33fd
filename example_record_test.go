package respserver_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	respserver "github.com/resp-server/resp-server"
)

func ExampleServer_Record() {
	TestSignUp := func(t *testing.T) {
		srv := respserver.StartTest(t)
		rec := srv.Record()
		// Here the code under test signs up Ann.
		srv.Must("SET", "user:1", "Ann")
		srv.Must("SADD", "users", 1)

		rec.Expect(t, "SET user:* *", respserver.Times(1))
		rec.ExpectOrder(t, "SET user:1 *", "SADD users 1")
		rec.ExpectNoOther(t)
		rec.ExpectRoundTrips(t, respserver.AtMost(2))
		rec.ExpectNoRuns(t, 10) // no N+1 problem
	}
	_ = TestSignUp
}

func ExampleRecording_Commands() {
	srv, err := respserver.Start(respserver.Options{NoListen: true})
	if err != nil {
		panic(err)
	}
	defer srv.Close()
	rec := srv.Record()
	srv.Do(context.Background(), "SET", "user:1", "Ann")
	srv.Do(context.Background(), "GET", "user:1")
	for _, c := range rec.Commands() {
		fmt.Println(c, "->", c.Reply)
	}
	// Output:
	// SET user:1 Ann -> OK
	// GET user:1 -> "Ann"
}

func ExampleReplay() {
	srv, err := respserver.Start(respserver.Options{})
	if err != nil {
		panic(err)
	}
	defer srv.Close()
	record := strings.NewReader(`
> SET n 1
OK
> INCR n
(integer) 3
`)
	result, err := respserver.Replay(context.Background(), record, func(ctx context.Context) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", srv.Addr())
	})
	fmt.Println(result.Commands, err)
	for _, d := range result.Differences {
		fmt.Println(d)
	}
	// Output:
	// 2 <nil>
	// line 4: INCR n
	//   recorded
	//     (integer) 3
	//   now
	//     (integer) 2
}

package respserver_test

import (
	"context"
	"fmt"
	"time"

	respserver "github.com/resp-server/resp-server"
)

func Example() {
	srv, err := respserver.Start(respserver.Options{})
	if err != nil {
		panic(err)
	}
	defer srv.Close()
	// Any client may connect to srv.Addr(). Without one:
	ctx := context.Background()
	srv.Do(ctx, "SET", "greeting", "hello")
	reply, err := srv.Do(ctx, "GET", "greeting")
	fmt.Println(reply.Text(), err)
	// Output: hello <nil>
}

// Time stands still until the test moves it.
func ExampleManualClock() {
	clock := respserver.NewManualClock(time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC))
	srv, err := respserver.Start(respserver.Options{NoListen: true, Clock: clock})
	if err != nil {
		panic(err)
	}
	defer srv.Close()
	ctx := context.Background()
	srv.Do(ctx, "SET", "session", "alice", "EX", 60)
	clock.Advance(59 * time.Second)
	before, _ := srv.Do(ctx, "GET", "session")
	clock.Advance(time.Second)
	after, _ := srv.Do(ctx, "GET", "session")
	fmt.Println(before.Text(), after.IsNull())
	// Output: alice true
}

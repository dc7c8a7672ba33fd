package respserver_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
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

// newServer starts a server for the examples that follow.
func newServer(o respserver.Options) *respserver.Server {
	o.NoListen = true
	srv, err := respserver.Start(o)
	if err != nil {
		panic(err)
	}
	return srv
}

// Time stands still until the test moves it.
func ExampleManualClock() {
	clock := respserver.NewManualClock(time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC))
	srv := newServer(respserver.Options{Clock: clock})
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

// The conversions take a reply as what the command is known to answer.
func ExampleReply() {
	srv := newServer(respserver.Options{})
	defer srv.Close()
	do := func(args ...any) respserver.Reply {
		reply, err := srv.Do(context.Background(), args...)
		if err != nil {
			panic(err)
		}
		return reply
	}
	do("HSET", "user:1", "name", "alice", "visits", 3)
	do("ZADD", "scores", 1.5, "alice", 2, "bob")

	fmt.Println(do("HINCRBY", "user:1", "visits", 1).Int())
	fmt.Println(do("HGETALL", "user:1").StringMap())
	fmt.Println(do("ZRANGE", "scores", 0, -1).Strings())
	fmt.Println(do("ZRANGE", "scores", 0, -1, "WITHSCORES").Map()["alice"].Float())
	fmt.Println(do("SET", "lock", "me", "NX").Bool(), do("SET", "lock", "you", "NX").Bool())
	fmt.Println(do("GET", "nosuch").IsNull(), do("EXISTS", "user:1").Bool())
	// Output:
	// 4
	// map[name:alice visits:4]
	// [alice bob]
	// 1.5
	// true false
	// true true
}

func ExampleError() {
	srv := newServer(respserver.Options{})
	defer srv.Close()
	ctx := context.Background()
	srv.Do(ctx, "RPUSH", "list", "a")
	_, err := srv.Do(ctx, "GET", "list")
	var reply respserver.Error
	if errors.As(err, &reply) {
		fmt.Println(reply.Code())
	}
	fmt.Println(err)
	// Output:
	// WRONGTYPE
	// WRONGTYPE Operation against a key holding the wrong kind of value
}

// DialContext is the dialer of a client library; here there is none.
func ExampleServer_DialContext() {
	srv := newServer(respserver.Options{})
	defer srv.Close()
	var dial func(ctx context.Context, network, addr string) (net.Conn, error) = srv.DialContext

	conn, err := dial(context.Background(), "tcp", "127.0.0.1:6379")
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "PING\r\n")
	in := bufio.NewScanner(conn)
	in.Scan()
	fmt.Println(in.Text())
	// Output: +PONG
}

// A consumer waits for a job, or until its time is up.
func ExampleServer_WaitBlocked() {
	clock := respserver.NewManualClock(time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC))
	srv := newServer(respserver.Options{Clock: clock})
	defer srv.Close()
	ctx := context.Background()
	jobs := make(chan respserver.Reply)
	consume := func() {
		job, _ := srv.Do(ctx, "BLPOP", "jobs", 30)
		jobs <- job
	}

	go consume()
	srv.WaitBlocked(ctx, 1)
	srv.Do(ctx, "RPUSH", "jobs", "first")
	fmt.Println((<-jobs).Strings())

	go consume()
	srv.WaitBlocked(ctx, 1)
	clock.Advance(30 * time.Second)
	fmt.Println((<-jobs).IsNull())
	// Output:
	// [jobs first]
	// true
}

// A program can bring its own listener: here a plain one, but it could be one of
// tls.NewListener.
func ExampleServer_Serve() {
	srv := newServer(respserver.Options{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	ended := make(chan error)
	go func() { ended <- srv.Serve(l) }()

	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		panic(err)
	}
	fmt.Fprint(conn, "ECHO hello\r\nQUIT\r\n")
	text, _ := io.ReadAll(conn)
	fmt.Printf("%q\n", text)
	srv.Close()
	fmt.Println(<-ended)
	// Output:
	// "$5\r\nhello\r\n+OK\r\n"
	// respserver: server closed
}

// Users are lines of redis.conf. Do has all permissions, whatever the users may do.
func ExampleOptions_users() {
	srv := newServer(respserver.Options{Config: []string{
		"user default off",
		"user reader on >secret ~app:* +@read",
	}})
	defer srv.Close()
	ctx := context.Background()
	srv.Do(ctx, "SET", "app:name", "shop")

	conn, err := srv.Dial(ctx)
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	in := bufio.NewScanner(conn)
	for _, command := range []string{"GET app:name", "AUTH reader secret", "STRLEN app:name", "SET app:name store", "GET other"} {
		fmt.Fprintf(conn, "%s\r\n", command)
		in.Scan()
		fmt.Println(in.Text())
	}
	// Output:
	// -NOAUTH Authentication required.
	// +OK
	// :4
	// -NOPERM User reader has no permissions to run the 'set' command
	// -NOPERM No permissions to access a key
}
